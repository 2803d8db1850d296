/**
 * Verifies a presentation (RFC 9901, section 7.3; draft-ietf-oauth-sd-jwt-vc, section "Verification and Processing").
 * Everything is asked for: what is not shown, not known or not fresh is a refusal, and each refusal has its code.
 */

import { type ErrorCode, isYitongError, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { ReportModel } from '../model/model.js';
import { digestOf, matchDisclosures, splitSdJwt } from './disclosures.js';
import { checkSignature, type JwsCodes, parseJws } from './jws.js';
import { type IssuerTrust, publicJwk, trustedKey } from './keys.js';
import {
  checkPayload,
  checkSection,
  checkWhole,
  type DisclosedSection,
  HASH,
  modelOf,
  type Payload,
  PROOF_TYPE,
  sectionName,
  TYP,
  VCT,
} from './shape.js';
import { checkStatus } from './status/token.js';

export interface VerifyOptions {
  readonly trust: IssuerTrust;
  /**
   * What the verifier gave for this one question, at least 16 characters; that it is taken once is for the caller to
   * see to.
   */
  readonly nonce: string;
  /** Who the verifier is. */
  readonly audience: string;
  /** Ids of domains that must be disclosed of every subject; never empty. */
  readonly required: readonly string[];
  /** `uscc:…` of companies that must be among the subjects; default none: then the caller compares names. */
  readonly subjects?: readonly string[];
  /** Fetches a status list token of the issuer, as text. */
  readonly fetchStatus: (uri: string) => Promise<string>;
  /**
   * `accept` takes credentials without a holder's key: nobody knows then who presents them, or for whom. Default
   * `refuse`.
   */
  readonly unbound?: 'accept' | 'refuse';
  /** Seconds since the holder signed; default 300. */
  readonly maxAge?: number;
  /** Seconds by which clocks may differ; default 30. */
  readonly skew?: number;
  /** ms since 1970 */
  readonly now: number;
}

interface VerifiedReport {
  readonly claims: Omit<Payload, '_sd' | '_sd_alg' | 'sections'>;
  readonly sections: readonly DisclosedSection[];
  /** Whether the presenter proved to be the holder. */
  readonly bound: boolean;
  /** Where everything was disclosed: the report as it was issued. */
  readonly model?: ReportModel;
}

export type Verification =
  | { readonly ok: true; readonly report: VerifiedReport }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

const CREDENTIAL: JwsCodes = {
  malformed: 'credential_malformed',
  type: 'credential_type',
  algorithm: 'credential_algorithm',
  signature: 'credential_signature',
};
const PROOF: JwsCodes = {
  malformed: 'holder_proof_invalid',
  type: 'holder_proof_invalid',
  algorithm: 'credential_algorithm',
  signature: 'holder_proof_invalid',
};
const PROOF_CLAIMS = ['aud', 'iat', 'nonce', 'sd_hash'].join();
const PLACE = { file: 'the credential' };
const MIN_NONCE = 16;

const refuse = (code: ErrorCode, why: string): never => {
  throw new YitongError(code, why);
};

async function checkProof(
  proof: string,
  before: string,
  cnf: NonNullable<Payload['cnf']>,
  { nonce, audience, maxAge = 300, skew = 30, now }: VerifyOptions,
): Promise<void> {
  const holder = publicJwk(cnf.jwk) ?? refuse('credential_malformed', 'the key of the holder is not on P-256');
  const jws = parseJws(proof, PROOF_TYPE, PROOF);
  await checkSignature(jws, holder.key, PROOF);
  const { aud, iat, nonce: said, sd_hash } = jws.payload;
  if (Object.keys(jws.payload).sort().join() !== PROOF_CLAIMS || !Number.isSafeInteger(iat))
    refuse('holder_proof_invalid', 'the proof does not say exactly what it must');
  if (sd_hash !== digestOf(before)) refuse('holder_proof_digest', 'what is presented is not what the holder signed');
  if (aud !== audience) refuse('holder_proof_audience', 'the presentation was made for somebody else');
  if (said !== nonce) refuse('holder_proof_nonce', 'the presentation answers another question');
  const age = now / 1000 - (iat as number);
  if (age > maxAge || age < -skew)
    refuse('holder_proof_time', 'the presentation was made too long ago, or in the future');
}

async function verified(text: string, options: VerifyOptions): Promise<VerifiedReport> {
  const { trust, required, subjects = [], fetchStatus, unbound = 'refuse', skew = 30, now } = options;
  const { jwt, disclosures, proof, before } = splitSdJwt(text);
  const jws = parseJws(jwt, TYP, CREDENTIAL);
  // before its signature only what is needed to find the key
  if (jws.payload['iss'] !== trust.issuer) refuse('credential_issuer', 'the credential is of another issuer');
  await checkSignature(jws, trustedKey(trust, jws.header, now), CREDENTIAL);

  if (jws.payload['vct'] !== VCT) refuse('credential_type', 'the credential is no report');
  if (jws.payload['_sd_alg'] !== HASH) refuse('credential_algorithm', `only \`${HASH}\` is allowed for digests`);
  const payload = checkPayload(jws.payload, PLACE);
  const seconds = now / 1000;
  if (seconds >= payload.exp) refuse('credential_expired', 'the credential has expired');
  if (payload.nbf > seconds + skew || payload.iat > seconds + skew)
    refuse('credential_not_yet_valid', 'the credential is not valid yet');

  const { _sd, _sd_alg, sections: hidden, ...claims } = payload;
  const [top, inner] = matchDisclosures(disclosures, [_sd, hidden._sd]) as [Map<string, unknown>, Map<string, unknown>];
  for (const name of top.keys())
    if (name !== 'whole') refuse('credential_malformed', 'a disclosure has a name that a report does not have');
  const sections = [...inner].map(([name, value]) => {
    const section = checkSection(value, PLACE);
    if (section.subject >= claims.subjects.length || name !== sectionName(section.subject, section.domain.id))
      refuse('credential_malformed', 'a section stands under another name');
    return section;
  });
  const whole = top.has('whole') ? checkWhole(top.get('whole'), PLACE) : undefined;

  if (payload.cnf === undefined) {
    if (proof !== undefined) refuse('holder_proof_unexpected', 'the credential is bound to no key');
    if (unbound !== 'accept')
      refuse('holder_proof_missing', 'the credential is bound to no key, so anybody may have presented it');
  } else {
    await checkProof(
      proof ?? refuse('holder_proof_missing', 'the credential is bound to a key, and nothing is signed with it'),
      before,
      payload.cnf,
      options,
    );
  }

  for (const subject of subjects)
    if (!claims.subjects.some((one) => one.subject === subject))
      refuse('credential_claim_missing', 'the report is about other companies');
  for (const domain of required) {
    for (const index of claims.subjects.keys())
      if (!inner.has(sectionName(index, domain)))
        refuse('credential_claim_missing', `the domain \`${domain}\` is not disclosed of every subject`);
  }
  // last, since it goes over the network
  await checkStatus(payload.status.status_list, { trust, fetchStatus, now, skew });

  const model = modelOf(payload, sections, whole);
  return { claims, sections, bound: payload.cnf !== undefined, ...present({ model }) };
}

/**
 * @param text as it came; any bytes
 * @returns a refusal with its code, for whatever is wrong with the presentation
 * @throws YitongError `bad_request` for a call that would check too little: a nonce shorter than 16 characters, no
 * audience, nothing required
 */
export async function verifyPresentation(text: string, options: VerifyOptions): Promise<Verification> {
  const { nonce, audience, required } = options;
  if (
    typeof nonce !== 'string' ||
    nonce.length < MIN_NONCE ||
    typeof audience !== 'string' ||
    audience === '' ||
    !Array.isArray(required) ||
    required.length === 0
  ) {
    throw new YitongError(
      'bad_request',
      `say a nonce of at least ${String(MIN_NONCE)} characters, an audience and the domains that are required`,
    );
  }
  try {
    return { ok: true, report: await verified(text, options) };
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return { ok: false, code: error.code, message: error.message };
  }
}

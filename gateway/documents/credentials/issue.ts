/**
 * Issues the SD-JWT VC (RFC 9901, draft-ietf-oauth-sd-jwt-vc) of a report: one disclosure for each subject and domain.
 */
import { hash, randomBytes } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import type { ReportModel } from '../model/model.js';
import type { StatusPlace, StatusStore } from '../model/status.js';
import { digestOf } from './disclosures.js';
import { ALGORITHM } from './jws.js';
import { type DocumentKey, publicJwk } from './keys.js';
import { disclosedSection, HASH, openClaims, sectionName, VCT, type Whole } from './shape.js';
import { statusUri } from './status/token.js';

interface IssueOptions {
  /** https address under which metadata and status lists are published. */
  readonly issuer: string;
  readonly key: DocumentKey;
  readonly statuses: StatusStore;
  /** The holder's public key; without it whoever has the credential can present it. */
  readonly holder?: unknown;
  /** ms since 1970 */
  readonly expiresAt: number;
}

export interface IssuedVc {
  /** For the holder only: it has all disclosures. */
  readonly text: string;
  /** What `revoke` takes. */
  readonly status: StatusPlace;
  /** SHA-256 (base64url) of the text. */
  readonly digest: string;
}

/**
 * Digests of one subject are filled up with decoys to a multiple of this, so that their number does not tell how many
 * domains the report has.
 */
export const PADDED_TO = 64;

const hasher = (data: string | ArrayBuffer): Uint8Array =>
  hash('sha256', typeof data === 'string' ? data : Buffer.from(data), 'buffer');
/** 128 bits each (RFC 9901, section 9.3), fetched some at a time: a large report takes thousands. */
function salts(): () => string {
  let pool = Buffer.alloc(0);
  return () => {
    if (pool.length === 0) pool = randomBytes(16 * 256);
    const salt = pool.toString('base64url', 0, 16);
    pool = pool.subarray(16);
    return salt;
  };
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

/**
 * The place in the status list is durable before the credential exists.
 * @throws YitongError `bad_request` for a holder's key that is not P-256, or an end that is not behind the report's
 * time; `bad_config` for an issuer that is no https address
 */
export async function issueVc(
  model: ReportModel,
  { issuer, key, statuses, holder, expiresAt }: IssueOptions,
): Promise<IssuedVc> {
  if (!URL.canParse(issuer) || new URL(issuer).protocol !== 'https:' || issuer.endsWith('/'))
    throw new YitongError('bad_config', 'the issuer must be an https address without `/` at its end');
  const bound = holder === undefined ? undefined : publicJwk(holder);
  if (holder !== undefined && bound === undefined)
    throw new YitongError('bad_request', "the holder's key must be a public JWK on P-256");
  const issuedAt = seconds(Date.parse(model.issuedAt));
  if (!(seconds(expiresAt) > issuedAt)) throw new YitongError('bad_request', 'a credential ends after it begins');

  const place = await statuses.allocate();
  const whole: Whole = { domains: model.domains.map(({ id }) => id), salts: model.sections.map(({ salt }) => salt) };
  const sections = Object.fromEntries(
    model.sections.map((section) => [
      sectionName(section.subject, whole.domains[section.domain] ?? ''),
      disclosedSection(model, section),
    ]),
  );
  const names = Object.keys(sections);
  if (names.length !== model.subjects.length * model.domains.length || names.length !== model.sections.length)
    throw new YitongError('internal', 'the report lacks a section, or has one twice');
  const padded = model.subjects.length * Math.ceil(model.domains.length / PADDED_TO) * PADDED_TO;
  const payload = {
    iss: issuer,
    vct: VCT,
    iat: issuedAt,
    nbf: issuedAt,
    exp: seconds(expiresAt),
    ...(bound === undefined ? {} : { cnf: { jwk: bound.jwk } }),
    status: { status_list: { idx: place.index, uri: statusUri(issuer, place.list) } },
    ...openClaims(model),
    whole,
    sections,
  };
  // `sections` has names of its own, which the library's types of frames cannot say
  const frame = { _sd: ['whole'], sections: { _sd: names, _sd_decoy: padded - names.length } };
  // loaded with the first credential: most workers never write one
  const { SDJwtVcInstance } = await import('@sd-jwt/sd-jwt-vc');
  const library = new SDJwtVcInstance({
    hasher,
    hashAlg: HASH,
    saltGenerator: salts(),
    signAlg: ALGORITHM,
    signer: async (data) => Buffer.from(await key.sign(Buffer.from(data))).toString('base64url'),
  });
  const text = await library.issue(payload as never, frame as never, {
    header: { kid: key.kid, ...(key.x5c.length === 0 ? {} : { x5c: [...key.x5c] }) },
  });
  return { text, status: place, digest: digestOf(text) };
}

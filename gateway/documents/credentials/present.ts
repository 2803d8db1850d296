/**
 * What a holder does with a credential: choose domains, and sign for one verifier and one question (RFC 9901, section
 * 4.3).
 */
import { type KeyObject, sign } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { digestOf, splitSdJwt } from './disclosures.js';
import { isObject, jsonOf, signJws } from './jws.js';
import { PROOF_TYPE, sectionParts } from './shape.js';

export interface PresentOptions {
  /** As the verifier gave it, and who the verifier is. */
  readonly nonce: string;
  readonly audience: string;
  /** Private, P-256; needed where the credential is bound to a key. */
  readonly holderKey?: KeyObject;
  /** Indexes of subjects; default all. */
  readonly subjects?: readonly number[];
  /** Everything: all domains, and their order. Then `domains` is not looked at. */
  readonly everything?: boolean;
  /** ms since 1970 */
  readonly now: number;
}

/**
 * Discloses these domains and nothing else.
 * @throws YitongError `bad_request` for a domain that the report has not, or a key that is missing or not asked for;
 * `credential_malformed`
 */
export async function present(
  vc: string,
  domains: readonly string[],
  { nonce, audience, holderKey, subjects, everything = false, now }: PresentOptions,
): Promise<string> {
  const { jwt, disclosures, proof } = splitSdJwt(vc);
  const payload = jsonOf(jwt.split('.')[1] ?? '');
  if (proof !== undefined || !isObject(payload))
    throw new YitongError('credential_malformed', 'this is not a credential as it was issued');
  if ((payload['cnf'] !== undefined) !== (holderKey !== undefined)) {
    throw new YitongError(
      'bad_request',
      holderKey === undefined
        ? 'the credential is bound to a key; present it with that key'
        : 'the credential is bound to no key',
    );
  }
  const chosen = new Set(domains);
  const seen = new Set<string>();
  const shownDisclosures = disclosures.filter(({ name }) => {
    if (everything) return true;
    const part = sectionParts(name);
    if (part === undefined || !chosen.has(part.domain) || subjects?.includes(part.subject) === false) return false;
    seen.add(part.domain);
    return true;
  });
  if (!everything && seen.size !== chosen.size)
    throw new YitongError('bad_request', 'a domain that was chosen is not in the report');
  const shown = [jwt, ...shownDisclosures.map(({ text }) => text), ''].join('~');
  if (holderKey === undefined) return shown;
  const signed = { iat: Math.floor(now / 1000), aud: audience, nonce, sd_hash: digestOf(shown) };
  return (
    shown +
    (await signJws({ typ: PROOF_TYPE }, signed, (bytes) =>
      sign('sha256', bytes, { key: holderKey, dsaEncoding: 'ieee-p1363' }),
    ))
  );
}

/** What a holder does with a credential: choose domains, and sign for one verifier and one question (RFC 9901, section 4.3). */
import { sign, type KeyObject } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { splitSdJwt } from './disclosures.js';
import { library } from './issue.js';
import { isObject, jsonOf } from './jws.js';

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
 * @throws YitongError `bad_request` for a domain that the report has not, or a key that is missing or not asked for; `credential_malformed`
 */
export async function present(vc: string, domains: readonly string[], { nonce, audience, holderKey, subjects, everything = false, now }: PresentOptions): Promise<string> {
  const { jwt, disclosures, proof } = splitSdJwt(vc);
  const payload = jsonOf(jwt.split('.')[1] ?? '');
  if (proof !== undefined || !isObject(payload)) throw new YitongError('credential_malformed', 'this is not a credential as it was issued');
  if ((payload['cnf'] !== undefined) !== (holderKey !== undefined)) {
    throw new YitongError('bad_request', holderKey === undefined ? 'the credential is bound to a key; present it with that key' : 'the credential is bound to no key');
  }
  const chosen = new Set(domains);
  const sections: Record<string, true> = {};
  const seen = new Set<string>();
  for (const { name, value } of disclosures) {
    const [, subject, domain] = /^(\d+):(.*)$/s.exec(name) ?? [];
    if (subject === undefined || domain === undefined || !isObject(value)) continue;
    if (!everything && (!chosen.has(domain) || subjects?.includes(Number(subject)) === false)) continue;
    sections[name] = true;
    seen.add(domain);
  }
  if (!everything && domains.some((domain) => !seen.has(domain))) throw new YitongError('bad_request', 'a domain that was chosen is not in the report');
  const frame = { ...(everything ? { whole: true } : {}), sections };
  const kb = holderKey === undefined ? {} : { kb: { payload: { iat: Math.floor(now / 1000), aud: audience, nonce } } };
  return library(holderKey === undefined ? {} : { holder: (bytes) => sign('sha256', bytes, { key: holderKey, dsaEncoding: 'ieee-p1363' }) }).present(vc, frame as never, kb);
}

/**
 * The parts of an SD-JWT (RFC 9901, section 4) and their matching to digests (section 7.1), as strictly as it is
 * written there. The library decodes too, but takes disclosures that nothing refers to, digests that occur twice, and
 * names that overwrite claims.
 */
import { hash } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { jsonOf } from './jws.js';

interface Disclosure {
  /** As it stands in the SD-JWT. */
  readonly text: string;
  readonly digest: string;
  readonly name: string;
  readonly value: unknown;
}

interface Parts {
  /** The issuer's JWS. */
  readonly jwt: string;
  readonly disclosures: readonly Disclosure[];
  /** The holder's proof. */
  readonly proof: string | undefined;
  /** What the proof is about: everything up to the last `~`. */
  readonly before: string;
}

/** Characters, and disclosures, that are looked at; 100 companies and 41 domains, full of records, are below 10 M. */
const MAX_LENGTH = 32 << 20;
const MAX_DISCLOSURES = 20_000;
const ALPHABET = /^[A-Za-z0-9_.~-]+$/;
const RESERVED: ReadonlySet<string> = new Set(['_sd', '...', '_sd_alg']);

const malformed = (why: string): YitongError => new YitongError('credential_malformed', why);

export const digestOf = (text: string): string => hash('sha256', text, 'base64url');

function disclosureOf(encoded: string): Disclosure {
  const parts = jsonOf(encoded);
  if (!Array.isArray(parts) || parts.length !== 3) throw malformed('a disclosure is not a salt, a name and a value');
  const [salt, name, value] = parts as readonly unknown[];
  if (typeof salt !== 'string' || typeof name !== 'string' || RESERVED.has(name))
    throw malformed('a disclosure is not a salt, a name and a value');
  // a value with digests of its own is refused by the shape that it must have
  return { text: encoded, digest: digestOf(encoded), name, value };
}

/** @throws YitongError `credential_malformed`, `credential_digest_twice` */
export function splitSdJwt(text: string): Parts {
  if (text.length > MAX_LENGTH || !ALPHABET.test(text)) throw malformed('this is no SD-JWT');
  const end = text.lastIndexOf('~');
  if (end < 0) throw malformed('this is no SD-JWT: nothing ends with `~`');
  const [jwt = '', ...encoded] = text.slice(0, end).split('~');
  if (encoded.length > MAX_DISCLOSURES) throw malformed('there are too many disclosures');
  const disclosures = encoded.map(disclosureOf);
  if (new Set(disclosures.map(({ digest }) => digest)).size !== disclosures.length)
    throw new YitongError('credential_digest_twice', 'a disclosure is presented twice');
  const proof = text.slice(end + 1);
  return { jwt, disclosures, proof: proof === '' ? undefined : proof, before: text.slice(0, end + 1) };
}

/**
 * Sorts disclosures by the list of digests that refers to them.
 * @param lists each place of the payload where digests stand
 * @returns for each place, name to value
 * @throws YitongError `credential_digest_twice`, `credential_disclosure_stray`, `credential_malformed` where two have
 * one name
 */
export function matchDisclosures(
  disclosures: readonly Disclosure[],
  lists: readonly (readonly string[])[],
): Map<string, unknown>[] {
  const places = new Map<string, number>();
  for (const [place, digests] of lists.entries()) {
    for (const digest of digests) {
      if (places.has(digest))
        throw new YitongError('credential_digest_twice', 'a digest stands twice in the credential');
      places.set(digest, place);
    }
  }
  const found = lists.map(() => new Map<string, unknown>());
  for (const { digest, name, value } of disclosures) {
    const place = places.get(digest);
    if (place === undefined)
      throw new YitongError('credential_disclosure_stray', 'a disclosure belongs to no digest of the credential');
    if (found[place]?.has(name) === true) throw malformed('two disclosures have one name');
    found[place]?.set(name, value);
  }
  return found;
}

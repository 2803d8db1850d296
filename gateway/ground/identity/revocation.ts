/** Revocation lists (RFC 5280, section 5): read and verified once, looked up on each request without any crypto. */

import { verify, type X509Certificate } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { certificateFacts, pemBlocks } from './certificate.js';
import {
  BIT_STRING,
  content,
  context,
  cursor,
  encoded,
  extensions,
  GENERALIZED_TIME,
  INTEGER,
  inside,
  OID,
  SEQUENCE,
  type Serial,
  serialHex,
  time,
  UTC_TIME,
  whole,
} from './der.js';
import { rulesOf } from './rules.js';

/** Signature algorithm → digest; null where the algorithm has its own. RSA-PSS and what is older is refused. */
export const DIGESTS: ReadonlyMap<string, string | null> = new Map([
  ['2a8648ce3d040302', 'sha256'], // ecdsa-with-SHA256
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2a864886f70d01010b', 'sha256'], // sha256WithRSAEncryption
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2b6570', null], // Ed25519
  ['2b6571', null], // Ed448
]);

interface RevocationList {
  /** DER of the issuer's name, hex. */
  readonly issuer: string;
  /** ms since 1970 */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** CRL number (section 5.2.3), where the list has one. */
  readonly number?: bigint;
  readonly revoked: ReadonlyMap<Serial, number>;
}

interface ParsedList extends RevocationList {
  readonly signed: Buffer;
  readonly algorithm: string;
  readonly signature: Buffer;
}

const CRL_NUMBER = '551d14';

const refuse = (why: string): never => {
  throw new YitongError('revocation_unknown', `the revocation list ${why}`);
};

/**
 * A list that covers only a part of an issuer's certificates, or speaks for other issuers, says so in a critical
 * extension: refused.
 */
function parse(der: Buffer): ParsedList {
  const outer = cursor(der, whole(der, SEQUENCE));
  const body = outer.take(SEQUENCE);
  const algorithm = outer.take(SEQUENCE);
  const signature = content(der, outer.take(BIT_STRING));
  outer.done();
  // the first byte counts unused bits, none in a signature
  if (signature[0] !== 0) refuse('has a signature of broken bytes');
  const fields = cursor(der, body);
  fields.optional(INTEGER);
  if (!encoded(der, fields.take(SEQUENCE)).equals(encoded(der, algorithm))) refuse('names two signature algorithms');
  const issuer = encoded(der, fields.take(SEQUENCE)).toString('hex');
  const thisUpdate = fields.optional(UTC_TIME, GENERALIZED_TIME) ?? refuse('has no `thisUpdate`');
  const nextUpdate = fields.optional(UTC_TIME, GENERALIZED_TIME) ?? refuse('has no `nextUpdate`');
  const entries = fields.optional(SEQUENCE);
  const wrapper = fields.optional(context(0));
  fields.done();
  const more = wrapper === undefined ? [] : extensions(der, cursor(der, wrapper).take(SEQUENCE));
  if (more.some(({ critical }) => critical)) refuse('has a critical extension, so it is a partial or an indirect one');
  const numbered = more.find(({ oid }) => oid === CRL_NUMBER)?.value;
  const number =
    numbered === undefined ? undefined : BigInt(`0x0${content(numbered, whole(numbered, INTEGER)).toString('hex')}`);
  const revoked = new Map<Serial, number>();
  if (entries !== undefined) {
    for (const entry of inside(der, entries)) {
      const parts = cursor(der, entry);
      const serial = content(der, parts.take(INTEGER)).toString('hex');
      const date = parts.optional(UTC_TIME, GENERALIZED_TIME) ?? refuse('has an entry without a date');
      const more = parts.optional(SEQUENCE);
      if (more !== undefined && extensions(der, more).some(({ critical }) => critical))
        refuse('has an entry with a critical extension');
      parts.done();
      revoked.set(serialHex(serial), time(der, date));
    }
  }
  return {
    issuer,
    thisUpdate: time(der, thisUpdate),
    nextUpdate: time(der, nextUpdate),
    ...present({ number }),
    revoked,
    signed: encoded(der, body),
    algorithm: content(der, cursor(der, algorithm).take(OID)).toString('hex'),
    signature: signature.subarray(1),
  };
}

/**
 * Reads one list and verifies that `issuer` signed it.
 * @throws YitongError `revocation_unknown` or `certificate_invalid`
 */
export function readRevocationList(
  pem: string,
  issuers: readonly X509Certificate[],
): RevocationList & { readonly signer: X509Certificate } {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  const { signed, algorithm, signature, ...list } = parse(der);
  const digest = DIGESTS.get(algorithm);
  if (digest === undefined) return refuse('is signed by an algorithm that is not taken');
  // RFC 5280, section 6.3.3 (f): a CA whose key is not for lists makes none
  const signer = issuers.find(
    (issuer) =>
      certificateFacts(issuer).subjectDer === list.issuer &&
      rulesOf(issuer).may.list &&
      verify(digest, signed, issuer.publicKey, signature),
  );
  return signer === undefined ? refuse('is not signed by a certificate of its anchor') : { ...list, signer };
}

type RevocationStatus = 'good' | 'revoked' | 'unknown';

/** The lists of one anchor. */
export interface Revocation {
  /**
   * Takes the lists of a PEM file in the place of those held. A list older than the one held (by `thisUpdate` or CRL
   * number) is left out, so that nobody brings a revoked certificate back with an old file. Nothing changes if it
   * throws.
   * @returns why a list was left out; empty if all were taken
   * @throws YitongError `revocation_unknown`
   */
  replace(pem: string): readonly string[];
  /**
   * @param issuer who issued: `issuerId` of its rules, so that a CA whose certificate was made anew under its key is
   * the same
   * @param now ms since 1970
   */
  status(issuer: string, serial: Serial, now: number): RevocationStatus;
  /** Whether a list held revokes it, also one whose term is over: what was called back stays so. */
  revokes(issuer: string, serial: Serial): boolean;
  /** ms since 1970: the earliest `nextUpdate` of a list held; undefined if none is held. */
  due(): number | undefined;
  /** ms since 1970: the earliest instant at which a list held stops to count; undefined if none is held. */
  validUntil(): number | undefined;
  /** By `issuerId` of the certificate that signed. */
  held(): ReadonlyMap<string, RevocationList>;
}

/** Why `list` may not stand in the place of `held`; undefined if it may. */
function older(list: RevocationList, held: RevocationList | undefined): string | undefined {
  if (held === undefined) return undefined;
  if (list.thisUpdate < held.thisUpdate)
    return `of ${iso(list.thisUpdate)} is older than the one in force, of ${iso(held.thisUpdate)}`;
  if (list.number !== undefined && held.number !== undefined && list.number < held.number)
    return `has number ${String(list.number)}, lower than that of the one in force, ${String(held.number)}`;
  return undefined;
}
const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * @param grace ms after `nextUpdate` in which a list still counts
 * @param before whose lists go on until newer ones come
 */
export function makeRevocation(issuers: readonly X509Certificate[], grace: number, before?: Revocation): Revocation {
  const known = new Set(issuers.map((issuer) => rulesOf(issuer).issuerId));
  let lists: ReadonlyMap<string, RevocationList> = new Map(
    [...(before?.held() ?? [])].filter(([signer]) => known.has(signer)),
  );
  const earliest = (): number | undefined =>
    lists.size === 0 ? undefined : Math.min(...[...lists.values()].map(({ nextUpdate }) => nextUpdate));
  return {
    replace(pem) {
      const blocks = pemBlocks(pem, 'X509 CRL');
      if (blocks.length === 0) refuse('file holds no `X509 CRL` block');
      const next = new Map(lists);
      const left: string[] = [];
      for (const block of blocks) {
        const { signer, ...list } = readRevocationList(block, issuers);
        const id = rulesOf(signer).issuerId;
        const why = older(list, next.get(id));
        if (why === undefined) next.set(id, list);
        else left.push(`a revocation list ${why}`);
      }
      lists = next;
      return left;
    },
    status(issuer, serial, now) {
      const list = lists.get(issuer);
      // written so that a time that is no number refuses
      if (list === undefined || !(now < list.nextUpdate + grace)) return 'unknown';
      return list.revoked.has(serial) ? 'revoked' : 'good';
    },
    revokes: (issuer, serial) => lists.get(issuer)?.revoked.has(serial) === true,
    due: earliest,
    validUntil() {
      const due = earliest();
      return due === undefined ? undefined : due + grace;
    },
    held: () => lists,
  };
}

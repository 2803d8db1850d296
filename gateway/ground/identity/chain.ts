/**
 * Chains of certificates (RFC 5280, section 6): built here, of links that were verified, to an anchor that is declared.
 * What a peer shows beside its own certificate is material only: names and key ids say where a link may be, and the
 * signature says whether it is one.
 */
import type { X509Certificate } from 'node:crypto';
import type { Serial } from './der.js';
import { allows } from './names.js';
import { letsServe, type Rules, rulesOf } from './rules.js';

/** Certificates from the leaf's issuer to the root, at most. */
const MAX_ABOVE = 7;
/**
 * Signatures that are looked at for one leaf, at most: a peer may show certificates that fit one another in any number
 * of ways.
 */
const MAX_SIGNATURES = 64;
/** Pairs of certificates that are held against each other, at most. */
const MAX_PAIRS = 4096;
const MAX_PATHS = 8;

interface Roots {
  /** The roots, and intermediates. */
  readonly certificates: readonly X509Certificate[];
}

export interface Path<Anchor> {
  readonly anchor: Anchor;
  /** Each certificate below the root: who issued it (`issuerId` of its rules), and its serial number. */
  readonly links: readonly { readonly issuer: string; readonly serial: Serial }[];
  /** ms since 1970: the span in which all of its certificates are good, from ≤ now < until. */
  readonly from: number;
  readonly until: number;
}

/** Whether one certificate signed another, by both fingerprints: kept by whoever asks again. */
export type Verified = Map<string, boolean>;

function signed(below: X509Certificate, above: X509Certificate, verified: Verified, spend: () => void): boolean {
  const link = `${below.fingerprint256} ${above.fingerprint256}`;
  const known = verified.get(link);
  if (known !== undefined) return known;
  spend();
  let good: boolean;
  try {
    good = below.verify(above.publicKey);
  } catch {
    good = false;
  }
  verified.set(link, good);
  return good;
}

/** Why a leaf may not be used; undefined if it may. */
function leafFault(rules: Rules): string | undefined {
  const { fault, weakKey, weakSignature, ca, constraints, may } = rules;
  return (
    fault ??
    weakKey ??
    weakSignature ??
    (ca || constraints !== undefined ? 'a CA is no client' : may.sign ? undefined : 'its key may not sign')
  );
}

/**
 * Why `rules` may not issue the last of `below` (leaf first), although it signed it; undefined if it may.
 * @param trusted it is known by its bytes, so nobody's signature under it counts
 */
function issuerFault(rules: Rules, below: readonly Rules[], trusted: boolean): string | undefined {
  const own = rules.fault ?? rules.weakKey ?? (trusted ? undefined : rules.weakSignature);
  if (own !== undefined) return own;
  if (!rules.ca || !rules.may.certify) return 'an issuer is no CA';
  // CAs that issue themselves are no further step
  if (below.slice(1).filter(({ selfIssued }) => !selfIssued).length > rules.pathLength)
    return 'the chain is longer than an issuer allows';
  const { constraints } = rules;
  if (
    constraints !== undefined &&
    below.some((one, at) => (at === 0 || !one.selfIssued) && !allows(constraints, one.names))
  )
    return 'an issuer does not allow a name';
  return undefined;
}

/**
 * Why the certificates, leaf first, are no chain for the purpose although each signed the one before; undefined if they
 * are.
 */
function faultOf(chain: readonly Rules[], purpose: string): string | undefined {
  for (const [i, rules] of chain.entries()) {
    const fault = i === 0 ? leafFault(rules) : issuerFault(rules, chain.slice(0, i), i === chain.length - 1);
    if (fault !== undefined) return fault;
    if (i === 0 ? rules.purposes?.has(purpose) !== true : !letsServe(rules, purpose))
      return i === 0 ? 'its extended key usage does not name the purpose' : 'an issuer is not one for the purpose';
  }
  return undefined;
}

/** For chains of other purposes, whose order is given: whether a leaf may sign at all. */
export const standsAlone = (leaf: X509Certificate): boolean => leafFault(rulesOf(leaf)) === undefined;

/**
 * The same: whether `above` issued the last of `below` (leaf first), and may. Dates and revocation are not looked at.
 */
export function issues(above: X509Certificate, below: readonly X509Certificate[]): boolean {
  const last = below[below.length - 1];
  return (
    last?.checkIssued(above) === true &&
    last.verify(above.publicKey) &&
    issuerFault(
      rulesOf(above),
      below.map(rulesOf),
      above.fingerprint256 === last.fingerprint256 || rulesOf(above).selfIssued,
    ) === undefined
  );
}

interface Request<Anchor extends Roots> {
  readonly leaf: X509Certificate;
  /** What the peer showed beside it, in any order. */
  readonly shown: readonly X509Certificate[];
  readonly anchors: readonly Anchor[];
  /** Extended key usage that the leaf must name, as `CLIENT_AUTH`. */
  readonly purpose: string;
  readonly verified?: Verified;
}

/**
 * All ways from the leaf to a root of an anchor. Dates and revocation are not looked at, since they change while the
 * chain stands. `untrusted`: no verified link leads to an anchor; `invalid`: those that do may not be used so, with why
 * in words.
 */
export type Paths<Anchor> =
  | { readonly kind: 'paths'; readonly paths: readonly Path<Anchor>[] }
  | { readonly kind: 'untrusted' }
  | { readonly kind: 'invalid'; readonly why: string };

const TOO_MUCH = Symbol('too much');

export function pathsOf<Anchor extends Roots>({
  leaf,
  shown,
  anchors,
  purpose,
  verified = new Map(),
}: Request<Anchor>): Paths<Anchor> {
  const declared = new Map(
    anchors.flatMap((anchor) => anchor.certificates.map((one) => [one.fingerprint256, anchor] as const)),
  );
  const all = [
    ...anchors.flatMap(({ certificates }) => certificates),
    ...shown.filter(({ fingerprint256 }) => !declared.has(fingerprint256)),
  ];
  const pool = [...new Map(all.map((one) => [one.fingerprint256, one])).values()];
  const paths: Path<Anchor>[] = [];
  let why: string | undefined = declared.has(leaf.fingerprint256) ? 'a CA is no client' : undefined;
  let [signatures, pairs] = [0, 0];
  const spend = (): void => {
    if (++signatures > MAX_SIGNATURES) throw TOO_MUCH;
  };

  const arrive = (chain: readonly X509Certificate[], anchor: Anchor): void => {
    const rules = chain.map(rulesOf);
    const fault = faultOf(rules, purpose);
    if (fault !== undefined) {
      why ??= fault;
      return;
    }
    paths.push({
      anchor,
      links: rules.slice(0, -1).map(({ serial }, i) => ({ serial, issuer: rules[i + 1]?.issuerId ?? '' })),
      from: Math.max(...rules.map(({ notBefore }) => notBefore)),
      until: Math.min(...rules.map(({ notAfter }) => notAfter)),
    });
    if (paths.length > MAX_PATHS) throw TOO_MUCH;
  };

  const climb = (chain: readonly X509Certificate[]): void => {
    const last = chain[chain.length - 1];
    if (last === undefined || chain.length > MAX_ABOVE) return;
    for (const above of pool) {
      if (++pairs > MAX_PAIRS) throw TOO_MUCH;
      if (
        chain.includes(above) ||
        above.fingerprint256 === leaf.fingerprint256 ||
        !last.checkIssued(above) ||
        !signed(last, above, verified, spend)
      )
        continue;
      const anchor = declared.get(above.fingerprint256);
      // an anchor ends where it names itself: a CA of it that does not is judged by the one above, which may revoke it
      if (anchor !== undefined && rulesOf(above).selfIssued) arrive([...chain, above], anchor);
      else climb([...chain, above]);
    }
  };

  try {
    climb([leaf]);
  } catch (error) {
    if (error === TOO_MUCH) return { kind: 'invalid', why: 'there are more ways to an issuer than are looked at' };
    return { kind: 'invalid', why: 'a certificate cannot be read' };
  }
  if (paths.length > 0) return { kind: 'paths', paths };
  return why === undefined ? { kind: 'untrusted' } : { kind: 'invalid', why };
}

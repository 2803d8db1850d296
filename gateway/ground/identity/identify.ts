/**
 * Who is at the other end of a connection. TLS proves that the peer has the key; the chain is verified here once more,
 * and bound to a client.
 */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ErrorCode } from '../../../contracts/errors.js';
import type { Client, PolicySet } from '../../../policies/types.js';
import type { TrustAnchor } from './anchors.js';
import { type CertificateFacts, certificateFacts } from './certificate.js';
import { type Path, type Paths, pathsOf, type Verified } from './chain.js';
import { CLIENT_AUTH } from './rules.js';

const CODES = [
  'certificate_required',
  'certificate_invalid',
  'certificate_untrusted',
  'certificate_expired',
  'certificate_not_yet_valid',
  'certificate_revoked',
  'revocation_unknown',
  'certificate_unnamed',
  'certificate_ambiguous',
  'anchor_not_entitled',
  'client_unknown',
  'client_suspended',
] as const satisfies readonly ErrorCode[];
type RefusalCode = (typeof CODES)[number];
export type Identity =
  | { readonly kind: 'client'; readonly client: Client }
  | { readonly kind: 'refused'; readonly code: RefusalCode };

/** One object a code. */
const refused = Object.freeze(Object.fromEntries(CODES.map((code) => [code, { kind: 'refused', code }]))) as {
  readonly [code in RefusalCode]: Identity;
};

/** Whom a gateway knows at one time; a new object means that something has changed. */
export interface Known {
  readonly policies: Pick<PolicySet, 'clients'>;
  readonly anchors: readonly TrustAnchor[];
}

/** What a connection's certificates say; read once a connection. */
interface Presented {
  readonly certificate: X509Certificate;
  readonly leaf: CertificateFacts;
  /** What the peer showed beside it: nothing of it is verified. */
  readonly shown: readonly X509Certificate[];
  /** What TLS found wrong with the chain. */
  readonly fault: RefusalCode | undefined;
  /** Signatures that were looked at: they stay what they are when anchors change. */
  readonly verified: Verified;
  /** The ways to an anchor, and whom the certificate is bound to by each, under `known`. */
  known: Known | undefined;
  anchors: readonly TrustAnchor[] | undefined;
  ways: Paths<TrustAnchor>;
  identities: readonly Identity[];
}

/** Longer chains are none that we verify the revocation of. */
const MAX_CHAIN = 8;

/**
 * Leaf first, then what was shown with it: Node puts together what fits by name and key id, and looks at no signature.
 */
function shownBy(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let at = socket.getPeerCertificate(true);
  for (;;) {
    const { raw, issuerCertificate: above } = at as Partial<typeof at>;
    if (raw === undefined) return chain;
    chain.push(new X509Certificate(raw));
    if (above === undefined || above === at || chain.length > MAX_CHAIN) return chain;
    at = above;
  }
}

/** What OpenSSL found wrong with the dates, if it was that. Node's types take the code for an Error. */
function datesOf(error: unknown): RefusalCode | undefined {
  if (error === 'CERT_HAS_EXPIRED') return 'certificate_expired';
  return error === 'CERT_NOT_YET_VALID' ? 'certificate_not_yet_valid' : undefined;
}

function read(socket: TLSSocket): Presented | RefusalCode {
  const [certificate, ...shown] = shownBy(socket);
  if (certificate === undefined) return 'certificate_required';
  if (shown.length >= MAX_CHAIN) return 'certificate_invalid';
  return {
    certificate,
    shown,
    leaf: certificateFacts(certificate),
    verified: new Map(),
    known: undefined,
    anchors: undefined,
    ways: { kind: 'untrusted' },
    identities: [],
    fault: socket.authorized ? undefined : (datesOf(socket.authorizationError) ?? 'certificate_invalid'),
  };
}

/** The three ways of binding as text; kinds cannot meet, since each begins with its name. */
const bound = {
  spiffe: (uri: string): string => `spiffe\n${uri}`,
  subject: (issuer: string, subject: string): string => `subject\n${issuer}\n${subject}`,
  key: (sha256: string): string => `key\n${sha256}`,
};

/** A client of this installation and the gateway of a region never meet, whatever names they have. */
const within = (region: string | undefined, key: string): string => `${region ?? ''}\n${key}`;

function bindingKey({ binding }: Client): string {
  switch (binding.kind) {
    case 'spiffe':
      return bound.spiffe(binding.uri);
    case 'subject':
      return bound.subject(binding.issuer, binding.subject);
    case 'key':
      return bound.key(binding.sha256);
  }
}

/** Exactly one client, whom the anchor may name. A certificate that fits two clients fits none. */
function bind(leaf: CertificateFacts, anchor: TrustAnchor, index: ReadonlyMap<string, Client>): Identity {
  // SPIFFE X.509-SVID, section 2: exactly one URI
  const uri = leaf.uris.length === 1 ? leaf.uris[0] : undefined;
  const keys = [
    bound.subject(leaf.issuer, leaf.subject),
    bound.key(leaf.keySha256),
    ...(uri === undefined ? [] : [bound.spiffe(uri)]),
  ];
  const found = new Set(keys.flatMap((key) => index.get(within(anchor.region, key)) ?? []));
  const [client] = found;
  if (found.size > 1 || leaf.uris.length > 1) return refused.certificate_ambiguous;
  if (client === undefined) return uri === undefined ? refused.certificate_unnamed : refused.client_unknown;
  if (anchor.authorities !== '*' && !anchor.authorities.has(client.authority)) return refused.anchor_not_entitled;
  return client.status === 'active' ? { kind: 'client', client } : refused.client_suspended;
}

interface IdentifierParts {
  /** What is in force now. */
  inForce(): Known;
  /** ms since 1970 */
  now(): number;
}

/** Why a way to an anchor does not lead there now; undefined while it does. */
function barOf(
  { anchor, links, from, until }: Path<TrustAnchor>,
  anchors: readonly TrustAnchor[],
  time: number,
): RefusalCode | undefined {
  // written so that a time that is no number refuses
  if (!(time >= from)) return 'certificate_not_yet_valid';
  if (!(time < until)) return 'certificate_expired';
  for (const { issuer, serial } of links) {
    // whoever revokes it: a CA may stand below two anchors, one of which has no list
    if (anchors.some(({ revocation }) => revocation?.revokes(issuer, serial) === true)) return 'certificate_revoked';
    const status = anchor.revocation?.status(issuer, serial, time) ?? 'good';
    if (status !== 'good') return status === 'revoked' ? 'certificate_revoked' : 'revocation_unknown';
  }
  return undefined;
}

/**
 * The server must ask for certificates without refusing (`serverTlsOptions`), so that a refusal has a code.
 * Certificates are read once a connection, and the ways to an anchor are looked for when anchors change; dates,
 * revocation of each certificate of the chain, the anchor and the client's status are looked at on each call. Both must
 * agree, TLS and the chain that is built here.
 */
export function makeIdentifier({ inForce, now }: IdentifierParts): (socket: TLSSocket) => Identity {
  const connections = new WeakMap<TLSSocket, Presented | RefusalCode>();
  let indexed: Known | undefined;
  let clients: ReadonlyMap<string, Client> = new Map();

  const present = (socket: TLSSocket): Presented | RefusalCode => {
    const held = connections.get(socket);
    if (held !== undefined) return held;
    let presented: Presented | RefusalCode;
    try {
      presented = read(socket);
    } catch {
      // whatever cannot be read is not let in
      presented = 'certificate_invalid';
    }
    connections.set(socket, presented);
    return presented;
  };

  const resolve = (presented: Presented, known: Known): void => {
    if (indexed !== known) {
      clients = new Map(
        [...known.policies.clients.values()].map((client) => [within(client.region, bindingKey(client)), client]),
      );
      indexed = known;
    }
    const { certificate, shown, verified } = presented;
    if (presented.anchors !== known.anchors)
      presented.ways = pathsOf({ leaf: certificate, shown, anchors: known.anchors, purpose: CLIENT_AUTH, verified });
    presented.anchors = known.anchors;
    presented.identities =
      presented.ways.kind === 'paths'
        ? presented.ways.paths.map(({ anchor }) => bind(presented.leaf, anchor, clients))
        : [];
    presented.known = known;
  };

  return (socket) => {
    const presented = present(socket);
    if (typeof presented === 'string') return refused[presented];
    const time = now();
    const known = inForce();
    if (presented.known !== known) resolve(presented, known);
    const { ways, identities, fault } = presented;
    // of a chain that leads nowhere nothing else is said: whoever made it up chose its dates as well
    if (ways.kind === 'untrusted') return refused.certificate_untrusted;
    if (fault !== undefined) return refused[fault];
    if (ways.kind === 'invalid') return refused.certificate_invalid;
    let why: Identity | undefined;
    for (const [i, path] of ways.paths.entries()) {
      const bar = barOf(path, known.anchors, time);
      const identity = bar === undefined ? (identities[i] ?? refused.client_unknown) : refused[bar];
      if (identity.kind === 'client') return identity;
      why ??= identity;
    }
    return why ?? refused.certificate_untrusted;
  };
}

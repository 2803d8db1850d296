/** Who is at the other end of a connection. Verification itself is TLS's; this binds a verified certificate to a client. */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ErrorCode } from '../../contracts/errors.js';
import type { Client, PolicySet } from '../../policies/types.js';
import type { TrustAnchor } from './anchors.js';
import { certificateFacts, type CertificateFacts } from './certificate.js';

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
export type RefusalCode = (typeof CODES)[number];
export type Identity = { readonly kind: 'client'; readonly client: Client } | { readonly kind: 'refused'; readonly code: RefusalCode };

/** One object a code. */
const refused = Object.freeze(Object.fromEntries(CODES.map((code) => [code, { kind: 'refused', code }]))) as { readonly [code in RefusalCode]: Identity };

/** Whom a gateway knows at one time; a new object means that something has changed. */
export interface Known {
  readonly policies: Pick<PolicySet, 'clients'>;
  readonly anchors: readonly TrustAnchor[];
}

/** What a connection's certificates say; read once a connection. */
interface Presented {
  readonly leaf: CertificateFacts;
  /** The span in which every certificate of the chain is good. */
  readonly from: number;
  readonly until: number;
  /** Each certificate below the root with its issuer's fingerprint. */
  readonly links: readonly { readonly issuer: string; readonly serial: string }[];
  /** Fingerprint of the certificate that the chain ends at. */
  readonly top: string;
  /** What TLS found wrong with the chain. */
  readonly fault: RefusalCode | undefined;
  /** The anchor above the chain, and whom the certificate is bound to, under `known`. */
  known: Known | undefined;
  anchor: TrustAnchor | undefined;
  identity: Identity;
}

/** Longer chains are none that we verify the revocation of. */
const MAX_CHAIN = 8;

/** Leaf first. Node ends the chain at a root, which names itself as its issuer. */
function chainOf(socket: TLSSocket): X509Certificate[] {
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
  const chain = chainOf(socket);
  if (chain.length === 0) return 'certificate_required';
  if (chain.length > MAX_CHAIN) return 'certificate_invalid';
  const facts = chain.map(certificateFacts);
  const [leaf, top] = [facts[0], facts[facts.length - 1]];
  if (leaf === undefined || top === undefined) return 'certificate_untrusted';
  const links = facts.slice(0, -1).map(({ serial }, index) => ({ serial, issuer: facts[index + 1]?.fingerprint ?? '' }));
  // a trusted certificate that is presented as the leaf itself has no issuer to ask
  const alone = links.length === 0;
  return {
    leaf, links, top: top.fingerprint, known: undefined, anchor: undefined, identity: refused.client_unknown,
    fault: socket.authorized ? (alone ? 'certificate_invalid' : undefined) : (datesOf(socket.authorizationError) ?? 'certificate_invalid'),
    from: Math.max(...facts.map(({ notBefore }) => notBefore)),
    until: Math.min(...facts.map(({ notAfter }) => notAfter)),
  };
}

/** The three ways of binding as text; kinds cannot meet, since each begins with its name. */
const bound = {
  spiffe: (uri: string): string => `spiffe\n${uri}`,
  subject: (issuer: string, subject: string): string => `subject\n${issuer}\n${subject}`,
  key: (sha256: string): string => `key\n${sha256}`,
};

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
  const keys = [bound.subject(leaf.issuer, leaf.subject), bound.key(leaf.keySha256), ...(uri === undefined ? [] : [bound.spiffe(uri)])];
  const found = new Set(keys.flatMap((key) => index.get(key) ?? []));
  const [client] = found;
  if (found.size > 1 || leaf.uris.length > 1) return refused.certificate_ambiguous;
  if (client === undefined) return uri === undefined ? refused.certificate_unnamed : refused.client_unknown;
  if (anchor.authorities !== '*' && !anchor.authorities.has(client.authority)) return refused.anchor_not_entitled;
  return client.status === 'active' ? { kind: 'client', client } : refused.client_suspended;
}

export interface IdentifierParts {
  /** What is in force now. */
  inForce(): Known;
  /** ms since 1970 */
  now(): number;
}

/**
 * The server must ask for certificates without refusing (`serverTlsOptions`), so that a refusal has a code. Certificates are read once
 * a connection; dates, revocation of each certificate of the chain, the anchor and the client's status are looked at on each call.
 */
export function makeIdentifier({ inForce, now }: IdentifierParts): (socket: TLSSocket) => Identity {
  const connections = new WeakMap<TLSSocket, Presented | RefusalCode>();
  let indexed: Known | undefined;
  let roots: ReadonlyMap<string, TrustAnchor> = new Map();
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
      roots = new Map(known.anchors.flatMap((anchor) => anchor.certificates.map((certificate) => [certificate.fingerprint256, anchor] as const)));
      clients = new Map([...known.policies.clients.values()].map((client) => [bindingKey(client), client]));
      indexed = known;
    }
    presented.anchor = roots.get(presented.top);
    presented.identity = presented.anchor === undefined ? refused.certificate_untrusted : bind(presented.leaf, presented.anchor, clients);
    presented.known = known;
  };

  return (socket) => {
    const presented = present(socket);
    if (typeof presented === 'string') return refused[presented];
    const time = now();
    const known = inForce();
    if (presented.known !== known) resolve(presented, known);
    // of a chain that leads nowhere nothing else is said: whoever made it up chose its dates as well
    if (presented.anchor === undefined) return refused.certificate_untrusted;
    if (presented.fault !== undefined) return refused[presented.fault];
    if (!(time >= presented.from)) return refused.certificate_not_yet_valid;
    if (!(time < presented.until)) return refused.certificate_expired;
    const { revocation } = presented.anchor;
    if (revocation !== undefined) {
      for (const { issuer, serial } of presented.links) {
        const status = revocation.status(issuer, serial, time);
        if (status === 'revoked') return refused.certificate_revoked;
        if (status === 'unknown') return refused.revocation_unknown;
      }
    }
    return presented.identity;
  };
}

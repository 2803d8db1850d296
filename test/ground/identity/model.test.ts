/**
 * Random certificates, lists and anchors against a small model that knows who signed what, since it made them. Names
 * and key ids always fit, so only signatures tell a chain from a forged one; TLS is taken to have found nothing, so
 * only what is verified here decides.
 */

import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import t from 'tap';
import { authorityId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { makeAnchor, type TrustAnchor } from '../../../gateway/ground/identity/anchors.js';
import { makeIdentifier } from '../../../gateway/ground/identity/identify.js';
import {
  CLIENT_AUTH,
  type Keys,
  KeyUsageFlags,
  make,
  makeEc,
  makeList,
  nextSerial,
  pemOf,
  SERVER_AUTH,
} from './make.js';
import { clientsOf, spiffe } from './server.js';

const DAY = 86_400_000;
const now = Math.floor(Date.now() / 1000) * 1000;
const CASES = 250;

/** mulberry32 */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % sides;
  };
}

const keys: Record<string, Keys> = {};
for (const name of ['A', 'B', 'I', 'J', 'evil', 'own']) keys[name] = await makeEc();
const key = (name: string): Keys => keys[name] ?? keys['evil']!;
const ROOTS = ['A', 'B'];
const ISSUERS = ['A', 'B', 'I', 'J'];

interface Entry {
  readonly name: string;
  readonly key: string;
  readonly issuer: string;
  readonly signer: string;
  readonly serial: string;
  readonly ca: boolean;
  readonly certify: boolean;
  readonly pathLength: number | undefined;
  /** Whether its purposes let it serve a client. */
  readonly serves: boolean;
  readonly dates: 'good' | 'over' | 'early';
  readonly certificate: X509Certificate;
}

type Plan = Omit<Entry, 'certificate'>;
const SPANS = { good: [-DAY, DAY], over: [-2 * DAY, -DAY], early: [DAY, 2 * DAY] } as const;

async function entry(plan: Plan, leaf: boolean): Promise<Entry> {
  const [from, until] = SPANS[plan.dates];
  const certificate = await make({
    subject: plan.name,
    keys: key(plan.key),
    issuer: plan.issuer,
    signer: key(plan.signer),
    serial: plan.serial,
    ca: plan.ca,
    // what stands there always fits
    issuerKeyId: key(plan.issuer),
    keyId: key(plan.name),
    ...present({ pathLength: plan.pathLength }),
    usages: plan.ca
      ? plan.certify
        ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
        : KeyUsageFlags.cRLSign
      : KeyUsageFlags.digitalSignature,
    purposes: leaf ? (plan.serves ? [CLIENT_AUTH] : [SERVER_AUTH]) : plan.serves ? null : [SERVER_AUTH],
    uris: leaf ? ['spiffe://yitong.example/client/alpha'] : [],
    notBefore: new Date(now + from),
    notAfter: new Date(now + until),
  });
  return { ...plan, certificate };
}

interface Declared {
  readonly id: string;
  readonly entries: readonly Entry[];
  readonly entitled: boolean;
  /** By the name of an issuer of this anchor: the serial numbers that it calls back. Undefined: no lists at all. */
  readonly lists: ReadonlyMap<string, ReadonlySet<string>> | undefined;
}

/** All ways that a signature allows, from the leaf to a root that is declared; leaf first. */
function waysOf(
  leaf: Entry,
  shown: readonly Entry[],
  declared: readonly Declared[],
): { readonly chain: readonly Entry[]; readonly anchor: Declared }[] {
  const ways: { chain: readonly Entry[]; anchor: Declared }[] = [];
  const all = [...declared.flatMap(({ entries }) => entries), ...shown];
  const climb = (chain: readonly Entry[]): void => {
    const last = chain[chain.length - 1];
    for (const above of all) {
      if (last === undefined || chain.includes(above) || above.name !== last.issuer || above.key !== last.signer)
        continue;
      const anchor = declared.find(({ entries }) => entries.includes(above));
      if (anchor !== undefined && above.name === above.issuer) ways.push({ chain: [...chain, above], anchor });
      else climb([...chain, above]);
    }
  };
  climb([leaf]);
  return ways;
}

function judge(
  { chain, anchor }: { readonly chain: readonly Entry[]; readonly anchor: Declared },
  declared: readonly Declared[],
): string {
  const [leaf, ...above] = chain;
  if (leaf === undefined || leaf.ca || !leaf.serves) return 'certificate_invalid';
  for (const [i, one] of above.entries()) {
    const between = above.slice(0, i).filter(({ name, issuer }) => name !== issuer).length;
    if (!one.ca || !one.certify || !one.serves || (one.pathLength !== undefined && between > one.pathLength))
      return 'certificate_invalid';
  }
  if (chain.some(({ dates }) => dates === 'early')) return 'certificate_not_yet_valid';
  if (chain.some(({ dates }) => dates === 'over')) return 'certificate_expired';
  for (const [i, { serial }] of chain.slice(0, -1).entries()) {
    const issuer = above[i];
    // a list speaks for a name and the key that signs it; those of this model are signed by the key that the name
    // should have
    const listed = (one: Declared): ReadonlySet<string> | undefined =>
      issuer?.key === issuer?.name ? one.lists?.get(issuer?.name ?? '') : undefined;
    if (declared.some((one) => listed(one)?.has(serial) === true)) return 'certificate_revoked';
    if (anchor.lists !== undefined && listed(anchor) === undefined) return 'revocation_unknown';
  }
  return anchor.entitled ? 'client' : 'anchor_not_entitled';
}

/** What Node makes of the chain that a peer shows. */
function socketOf(leaf: Entry, shown: readonly Entry[]): TLSSocket {
  let above: object | undefined;
  for (const { certificate } of [...shown].reverse())
    above = { raw: certificate.raw, ...present({ issuerCertificate: above }) };
  const chain = { raw: leaf.certificate.raw, ...present({ issuerCertificate: above }) };
  return { authorized: true, authorizationError: null, getPeerCertificate: () => chain } as unknown as TLSSocket;
}

async function anchorOf({ id, entries, entitled, lists }: Declared): Promise<TrustAnchor> {
  const authorities = [authorityId(entitled ? 'tax' : 'court')];
  const ca = entries.map(({ certificate }) => pemOf(certificate)).join('');
  if (lists === undefined) return makeAnchor({ id, ca, authorities, noCrlBecause: 'this one has no list' });
  const crl = (await Promise.all([...lists].map(([name, serials]) => makeList(name, key(name), [...serials])))).join(
    '',
  );
  return makeAnchor({ id, ca, authorities, crl });
}

t.test(
  `${String(CASES)} random worlds: who comes in is who the model lets in, and why not is one of its reasons`,
  async (t) => {
    const seen = new Map<string, number>();
    for (let seed = 1; seed <= CASES; seed++) {
      const roll = dice(seed);
      const one = <T>(list: readonly T[]): T => list[roll(list.length)]!;
      const rarely = (sides: number): boolean => roll(sides) === 0;
      const dates = (): Entry['dates'] => (rarely(14) ? one(['over', 'early'] as const) : 'good');
      const root = (name: string): Promise<Entry> =>
        entry(
          {
            name,
            key: name,
            issuer: name,
            signer: name,
            serial: nextSerial(),
            ca: true,
            certify: true,
            pathLength: rarely(3) ? roll(2) : undefined,
            serves: true,
            dates: 'good',
          },
          false,
        );
      const [a, b] = [await root('A'), await root('B')];
      const between: Entry[] = [];
      for (let i = roll(5); i > 0; i--) {
        const name = one(rarely(3) ? ISSUERS : ['I', 'I', 'J']);
        // one that names itself is a CA under its next key
        const issuer = rarely(4) ? name : one(ISSUERS);
        between.push(
          await entry(
            {
              name,
              key: rarely(4) ? 'evil' : name,
              issuer,
              signer: rarely(5) ? 'evil' : issuer,
              serial: nextSerial(),
              ca: !rarely(14),
              certify: !rarely(14),
              pathLength: rarely(5) ? roll(2) : undefined,
              serves: !rarely(14),
              dates: dates(),
            },
            false,
          ),
        );
      }
      const issuer = between.length > 0 && !rarely(3) ? one(between).name : one(ISSUERS);
      const leaf = await entry(
        {
          name: 'alpha',
          key: 'own',
          issuer,
          signer: rarely(5) ? 'evil' : issuer,
          serial: nextSerial(),
          ca: rarely(20),
          certify: true,
          pathLength: undefined,
          serves: !rarely(12),
          dates: dates(),
        },
        true,
      );
      // a CA that is declared beside its root has a list as well
      const beside = between.filter(
        ({ ca, certify, name, key: by, signer }) =>
          ca && certify && name === by && signer !== 'evil' && !ROOTS.includes(name) && rarely(2),
      );
      const serials = [leaf, ...between].map(({ serial }) => serial);
      const lists = (entries: readonly Entry[]): Declared['lists'] =>
        rarely(2)
          ? undefined
          : new Map(
              [...new Set(entries.map(({ name }) => name))].map((name) => [
                name,
                new Set(serials.filter(() => rarely(10))),
              ]),
            );
      const [ofA, ofB] = [[a, ...beside], [b]];
      const declared: readonly Declared[] = [
        { id: 'a', entries: ofA, entitled: !rarely(4), lists: lists(ofA) },
        { id: 'b', entries: ofB, entitled: !rarely(3), lists: lists(ofB) },
      ];
      const shown = between.filter((_, i) => !rarely(8) || i === 0);
      const known = { policies: clientsOf(spiffe('alpha')), anchors: await Promise.all(declared.map(anchorOf)) };
      const identity = makeIdentifier({ inForce: () => known, now: () => now })(socketOf(leaf, shown));
      const got = identity.kind === 'client' ? 'client' : identity.code;
      const ways = waysOf(
        leaf,
        shown.filter((entry) => !beside.includes(entry)),
        declared,
      );
      const wanted = new Set(ways.map((way) => judge(way, declared)));
      // OpenSSL takes a certificate whose key may not sign certificates for no issuer at all
      if (wanted.size === 0 || ways.every(({ chain }) => chain.slice(1).some(({ ca, certify }) => !ca || !certify)))
        wanted.add('certificate_untrusted');
      seen.set(got, (seen.get(got) ?? 0) + 1);
      if (wanted.has('client') ? got !== 'client' : !wanted.has(got)) {
        t.fail(`seed ${String(seed)}: ${got}, and the model says ${[...wanted].join(', ')}`);
        return;
      }
    }
    t.comment([...seen].map(([code, count]) => `${code} ${String(count)}`).join(', '));
    for (const code of [
      'client',
      'certificate_untrusted',
      'certificate_invalid',
      'certificate_expired',
      'certificate_not_yet_valid',
      'certificate_revoked',
      'revocation_unknown',
      'anchor_not_entitled',
    ]) {
      t.ok((seen.get(code) ?? 0) > 0, `${code} came up`);
    }
  },
);

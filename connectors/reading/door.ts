/** Where an HTTP source may go: the hosts that its feed lists, over TLS, and no address that its feed does not mean. */
import { type LookupAddress, lookup as lookUp } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { YitongError } from '../../contracts/errors.js';
import { aboveCeiling, type Ceiling, hostAndPort } from './ceiling.js';

/**
 * Never meant: this host's neighbours on the link (cloud metadata among them), groups, addresses that hold another one
 * (but ::ffff:0:0/96, which is judged as what it holds), what is not assigned.
 */
const forbidden = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.88.99.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  forbidden.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['100::', 64],
  ['fe80::', 10],
  ['ff00::', 8],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['2001::', 32],
] as const)
  forbidden.addSubnet(net, bits, 'ipv6');
const inner = new BlockList();
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['198.18.0.0', 15],
] as const)
  inner.addSubnet(net, bits, 'ipv4');
inner.addSubnet('fc00::', 7, 'ipv6');
inner.addSubnet('fec0::', 10, 'ipv6');
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

type AddressKind = 'public' | 'private' | 'loopback' | 'forbidden';

/** @param address an IP address; one that is none is forbidden */
export function addressKind(address: string): AddressKind {
  const version = isIP(address);
  if (version === 0) return 'forbidden';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (loopback.check(address, family)) return 'loopback';
  if (forbidden.check(address, family)) return 'forbidden';
  return inner.check(address, family) ? 'private' : 'public';
}

interface DoorOptions {
  /** `host` (port 443) or `host:port`. */
  readonly allowHosts: readonly string[];
  /** What no feed may go beyond; looked at for each request, redirects included. */
  readonly ceiling: Ceiling;
  /** Private and loopback addresses are meant. */
  readonly allowPrivate: boolean;
}

export interface Door {
  /** @throws YitongError `source_unavailable` if requests may not go there */
  check(url: URL): void;
  /**
   * For sockets: what the check of an address allows is what is connected to, so that a name cannot change its mind in
   * between.
   */
  lookup(plain: boolean): LookupFunction;
}

const refuse = (why: string): YitongError => new YitongError('source_unavailable', why);
const bare = (hostname: string): string => (hostname.startsWith('[') ? hostname.slice(1, -1) : hostname);

/** Of `allowHosts` without a port. */
export const USUAL_PORT = 443;

export function makeDoor({ allowHosts, ceiling, allowPrivate }: DoorOptions): Door {
  const allowed = new Set(allowHosts.map((host) => hostAndPort(host, USUAL_PORT)));
  /** Why a request may not go to the address; undefined if it may. Without TLS only this machine may be asked. */
  const whyRefused = (address: string, plain: boolean): string | undefined => {
    const kind = addressKind(address);
    if (kind === 'forbidden') return 'has an address to which no request may go';
    if (kind !== 'public' && !allowPrivate) return 'has a private address, and `allowPrivate` is not set';
    return plain && kind !== 'loopback' ? 'is to be reached without TLS' : undefined;
  };
  return {
    check(url) {
      const host = `\`${url.host}\``;
      const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
      if (url.protocol !== 'https:' && url.protocol !== 'http:')
        throw refuse('an address is neither `https` nor `http`');
      if (url.username !== '' || url.password !== '')
        throw refuse('an address holds a user or a password; name them by reference in `headers`');
      if (!allowed.has(`${url.hostname}:${port}`)) throw refuse(`${host} is not one of \`allowHosts\``);
      if (!ceiling.allows(`${url.hostname}:${port}`, USUAL_PORT)) throw refuse(aboveCeiling(url.host));
      const name = bare(url.hostname);
      if (isIP(name) !== 0) {
        const why = whyRefused(name, url.protocol === 'http:');
        if (why !== undefined) throw refuse(`${host} ${why}`);
      } else if (url.protocol === 'http:' && name !== 'localhost') throw refuse(`${host} is to be reached without TLS`);
    },
    lookup: (plain) => (hostname, options, callback) => {
      lookUp(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
        if (error !== null) return callback(error, []);
        const good = addresses.filter(({ address }) => whyRefused(address, plain) === undefined);
        const [first] = good;
        if (first === undefined)
          return callback(refuse(`\`${hostname}\` ${whyRefused(addresses[0]?.address ?? '', plain) ?? ''}`), []);
        if (options.all === true) callback(null, good);
        else callback(null, first.address, first.family);
      });
    },
  };
}

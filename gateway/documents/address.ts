/**
 * The address of the people's port as others know it: what documents, codes, credentials and sign-ins name. From the
 * configuration, else from the port that is really open; what a request calls its host is somebody's word, and goes for
 * nothing.
 */
import { YitongError } from '../../contracts/errors.js';
import type { GatewayContext } from './context.js';

/** Hosts by which one and the same loopback port is reached. */
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** Every address of the machine: none in particular. */
const ANY: ReadonlySet<string> = new Set(['', '0.0.0.0', '::', '::0', '0:0:0:0:0:0:0:0']);

/**
 * Where a port is reached that listens on `host`; undefined where that is every address, or the port is not open yet.
 */
export function peopleAddress(host: string, port: number): string | undefined {
  if (ANY.has(host) || port === 0) return undefined;
  return `https://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

type Needs = Pick<GatewayContext, 'settings' | 'peopleAddress'>;

/**
 * Without a slash at its end.
 * @param host as a request names it: only to tell the names of this machine apart, which a browser keeps cookies for
 * one by one
 * @throws YitongError `address_unknown`, before anything is made that would name it
 */
export function publicAddress({ settings: { people, gateway }, peopleAddress: open }: Needs, host?: string): string {
  if (people.publicUrl !== '') return people.publicUrl;
  const own = open === undefined ? peopleAddress(gateway.peopleHost, gateway.peoplePort) : open();
  if (own === undefined)
    throw new YitongError(
      'address_unknown',
      "set `people.publicUrl` to the address by which people reach the people's port",
    );
  const { hostname, port } = new URL(own);
  if (host !== undefined && LOOPBACK.has(hostname)) {
    const asked = /^(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})$/.exec(host);
    if (asked !== null && asked[2] === port) return `https://${host}`;
  }
  return own;
}

/** The address at which a code is looked up. @throws YitongError `address_unknown` */
export const lookupUrl = (code: string, context: Needs, host?: string): string =>
  `${publicAddress(context, host)}/verify/${code}`;

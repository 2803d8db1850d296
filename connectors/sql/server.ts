/** How a feed names a database server, alike for all databases: address, user, password by reference, TLS. */

import { isIP } from 'node:net';
import { parseDuration } from '../../contracts/duration.js';
import { type Place, YitongError } from '../../contracts/errors.js';
import { present } from '../../contracts/present.js';
import type { Workspace } from '../../contracts/types.js';
import { checkReach, filesRoots } from '../reading/ceiling.js';
import { addressKind } from '../reading/door.js';
import { type Reference, readSecret, readText, secretSchema } from '../reading/secrets.js';

/** The keys of a feed's `source` by which a database is reached. */
export interface ServerSource {
  /** `host` or `host:port`; IPv6 in brackets. */
  readonly server: string;
  readonly database: string;
  readonly user: string;
  readonly password?: Reference;
  /** Absent: verified against the system's authorities, and none on loopback. `false`: in clear. */
  readonly tls?: false | { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly connectTimeout?: string;
  readonly statementTimeout?: string;
}

const name = { type: 'string', minLength: 1, maxLength: 128 } as const;
const file = { type: 'string', minLength: 1, maxLength: 400 } as const;

/** Their JSON schemas. */
export const SERVER_PROPERTIES = {
  server: { type: 'string', pattern: '^(?:[A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\])(?::[0-9]{1,5})?$' },
  database: name,
  user: name,
  password: secretSchema,
  tls: {
    anyOf: [
      { const: false },
      {
        type: 'object',
        additionalProperties: false,
        properties: { ca: file, cert: file, key: file },
        dependentRequired: { cert: ['key'], key: ['cert'] },
      },
    ],
  },
  connectTimeout: { type: 'string' },
  statementTimeout: { type: 'string' },
} as const;
export const SERVER_REQUIRED = ['server', 'database', 'user'] as const;

/** A server as its feed means it, its secrets read. */
export interface Server {
  /** As the feed writes it, for messages. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  /** In PEM. Undefined: in clear. The server's certificate is verified always. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  /** ms */
  readonly connectTimeout: number;
  /** ms of one statement; a batch of rows is one. */
  readonly statementTimeout: number;
}

interface Surroundings {
  readonly workspace: Pick<Workspace, 'dir' | 'settings'>;
  readonly baseDir: string;
  readonly place: Place;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const MAX_PEM = 1_048_576;
const CONNECT_TIMEOUT = 15_000;
const STATEMENT_TIMEOUT = 600_000;

/** @returns ms @throws YitongError `bad_feed` */
export function durationOf(text: string | undefined, otherwise: number, key: string, place: Place): number {
  const ms = text === undefined ? otherwise : parseDuration(text);
  if (ms === undefined)
    throw new YitongError('bad_feed', `\`source.${key}\` must be a duration like \`PT30S\``, { place });
  return ms;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIP(host) !== 0 && addressKind(host) === 'loopback');

/**
 * Where it is, without going there.
 * @throws YitongError `bad_feed` if it cannot be meant, or the operator's ceiling of hosts is below it
 */
export function addressOf(
  source: Pick<ServerSource, 'server'>,
  defaultPort: number,
  workspace: Surroundings['workspace'],
  place: Place,
): { readonly host: string; readonly port: number } {
  const found = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(source.server);
  const host = found?.[1] ?? found?.[2];
  const port = found?.[3] === undefined ? defaultPort : Number(found[3]);
  if (host === undefined || port < 1 || port > 65_535)
    throw new YitongError('bad_feed', '`source.server` must be `host` or `host:port`', { place });
  if (isIP(host) !== 0 && addressKind(host) === 'forbidden')
    throw new YitongError('bad_feed', '`source.server` is an address to which no connection may go', { place });
  checkReach(workspace, source.server, defaultPort, place);
  return { host, port };
}

/** @throws YitongError `bad_feed` if it cannot be meant, or a secret is not there */
export async function resolveServer(
  source: ServerSource,
  defaultPort: number,
  { workspace, baseDir, place, env }: Surroundings,
): Promise<Server> {
  const { host, port } = addressOf(source, defaultPort, workspace, place);
  const ground = { baseDir, roots: filesRoots({ baseDir, workspace }) };
  const pem = async (path: string | undefined): Promise<string | undefined> =>
    path === undefined ? undefined : readText(path, ground, MAX_PEM, place);
  const said = source.tls === undefined && isLoopback(host) ? false : source.tls;
  const given = said === false ? {} : (said ?? {});
  const [ca, cert, key] = [await pem(given.ca), await pem(given.cert), await pem(given.key)];
  return {
    name: source.server,
    host,
    port,
    database: source.database,
    user: source.user,
    password: source.password === undefined ? undefined : await readSecret(source.password, ground, place, env),
    tls:
      said === false
        ? undefined
        : {
            ...present({ ca, cert, key }),
          },
    connectTimeout: durationOf(source.connectTimeout, CONNECT_TIMEOUT, 'connectTimeout', place),
    statementTimeout: durationOf(source.statementTimeout, STATEMENT_TIMEOUT, 'statementTimeout', place),
  };
}

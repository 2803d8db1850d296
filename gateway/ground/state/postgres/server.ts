/** A PostgreSQL server as the settings name it. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { addressKind } from '../../../../connectors/reading/door.js';
import { type Place, YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';

const POSTGRES_PORT = 5432;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** PEM. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** How a pool reaches a server, and what it may ask of it. */
export interface PostgresServer {
  /** The first that is no standby is used, in this order from the one that was used last. */
  readonly addresses: readonly Address[];
  readonly database: string;
  readonly user: string;
  /** Read with each new connection. */
  readonly password: () => string;
  /** Read with each new connection. Undefined: in clear. The certificate of the server is verified always. */
  readonly tls: (() => TlsFiles) | undefined;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** A standby will do, for what is only read. */
  readonly standby?: boolean;
}

/** What settings say of a server: those of `state`, and of whatever else is kept on one. */
export interface ServerSettings {
  readonly servers: readonly string[];
  readonly database: string;
  readonly tls: boolean;
  readonly plainAllowed: boolean;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIP(host) !== 0 && addressKind(host) === 'loopback');

interface Login {
  /** The section of the settings, for messages. */
  readonly section: string;
  readonly user: string;
  /** The setting that names the file of the password, and what it says. */
  readonly passwordKey: string;
  readonly passwordFile: string;
  /** What relative paths begin from. */
  readonly baseDir: string;
  readonly place: Place;
}

/** @throws YitongError `bad_config` where an address cannot be meant, a file cannot be read, or the way is not safe */
export function serverOf(settings: ServerSettings, login: Login): PostgresServer {
  const { section, user, passwordKey, passwordFile, baseDir, place } = login;
  const addresses = settings.servers.map((text) => addressOf(text, section, place));
  const beyond = addresses.find(({ host }) => !isLoopback(host));
  if (!settings.tls && beyond !== undefined && !settings.plainAllowed)
    throw new YitongError(
      'bad_config',
      `\`${section}.tls\` is false, and \`${beyond.host}\` is not this machine: what goes there could be read and ` +
        `changed on the way; only \`${section}.plainAllowed\` allows it`,
      { place },
    );
  const read = (key: string, file: string): string => {
    const path = resolve(baseDir, file);
    try {
      return readFileSync(path, 'utf8');
    } catch (cause) {
      throw new YitongError('bad_config', `\`${section}.${key}\` cannot be read`, { place: { file: path }, cause });
    }
  };
  const pem = (key: 'caFile' | 'certFile' | 'keyFile'): string | undefined =>
    settings[key] === '' ? undefined : read(key, settings[key]);
  const tls = settings.tls
    ? (): TlsFiles => present({ ca: pem('caFile'), cert: pem('certFile'), key: pem('keyFile') })
    : undefined;
  const password = (): string => (passwordFile === '' ? '' : read(passwordKey, passwordFile).trim());
  // what cannot be read is said at the start, and not at the first question
  tls?.();
  password();
  return {
    addresses,
    database: settings.database,
    user,
    password,
    tls,
    connections: settings.connections,
    connectTimeoutMs: settings.connectTimeoutMs,
    statementTimeoutMs: settings.statementTimeoutMs,
    lockTimeoutMs: settings.lockTimeoutMs,
  };
}

function addressOf(text: string, section: string, place: Place): Address {
  const found = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = found?.[3] === undefined ? POSTGRES_PORT : Number(found[3]);
  if (host === undefined || port < 1 || port > 65_535)
    throw new YitongError('bad_config', `\`${section}.servers\` holds what is not \`host\` or \`host:port\``, {
      place,
    });
  if (isIP(host) !== 0 && addressKind(host) === 'forbidden')
    throw new YitongError('bad_config', `\`${section}.servers\` holds an address to which no connection may go`, {
      place,
    });
  return { host, port };
}

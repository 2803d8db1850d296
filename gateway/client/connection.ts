/**
 * Where the gateway is and who asks: certificate and key, from texts or from files that are read again when they
 * change.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';

/** PEM. */
export interface Credentials {
  /** Authorities that may have issued the gateway's certificate. */
  readonly ca: string;
  /** With the certificates between it and its authority. */
  readonly cert: string;
  readonly key: string;
}

export interface Connection extends Credentials {
  /** `https://host:port` of the mTLS port */
  readonly api: string;
}

export interface FileConnection {
  readonly api: string;
  /** Paths of PEM files. A new certificate is used from the first request after both of its files were replaced. */
  readonly files: Credentials;
}

/** The files that `yitong pki issue` and `yitong up` make for a client. @param pki folder of the authority */
export const credentialFiles = (pki: string, client: string): Credentials => ({
  ca: join(pki, 'ca.pem'),
  cert: join(pki, 'clients', client, 'cert.pem'),
  key: join(pki, 'clients', client, 'key.pem'),
});

/** Reads `<pki>/ca.pem` and `<pki>/clients/<client>/{cert,key}.pem` once. */
export async function connectionOf(api: string, pki: string, client: string): Promise<Connection> {
  const files = credentialFiles(pki, client);
  const [ca, cert, key] = await Promise.all([files.ca, files.cert, files.key].map((file) => readFile(file, 'utf8')));
  return { api, ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
}

/** ms between two looks at the files. */
const LOOK = 1000;

/** One agent, and how many requests are under way on it. */
export interface Held {
  readonly agent: Agent;
  release(): void;
}

export interface Agents {
  /** The agent for a request that begins now; to be released when its answer is over. */
  take(): Held;
  close(): void;
}

interface Used {
  readonly agent: Agent;
  taken: number;
  replaced: boolean;
}

/** @param maxConnections at once */
export function agentsOf(connection: Connection | FileConnection, maxConnections: number): Agents {
  const make = ({ ca, cert, key }: Credentials): Used => ({
    agent: new Agent({ keepAlive: true, maxSockets: maxConnections, ca, cert, key }),
    taken: 0,
    replaced: false,
  });
  const drop = (used: Used): void => {
    if (used.replaced && used.taken === 0) used.agent.destroy();
  };
  const files = 'files' in connection ? connection.files : undefined;
  const stamp = ({ ca, cert, key }: Credentials): string =>
    [ca, cert, key].map((file) => `${String(statSync(file).mtimeMs)} ${String(statSync(file).ino)}`).join(' ');
  const read = ({ ca, cert, key }: Credentials): Credentials => ({
    ca: readFileSync(ca, 'utf8'),
    cert: readFileSync(cert, 'utf8'),
    key: readFileSync(key, 'utf8'),
  });
  let seen = files === undefined ? '' : stamp(files);
  let looked = Date.now();
  let now = make('files' in connection ? read(connection.files) : connection);

  /** Takes new files once they fit each other: between the two writes of whoever replaces them they do not. */
  function look(paths: Credentials): void {
    looked = Date.now();
    try {
      const found = stamp(paths);
      if (found === seen) return;
      const credentials = read(paths);
      if (!new X509Certificate(credentials.cert).checkPrivateKey(createPrivateKey(credentials.key))) return;
      seen = found;
      const before = now;
      now = make(credentials);
      before.replaced = true;
      drop(before);
    } catch {
      // a file that is missing or half written is looked at again; until then the certificate in use goes on
    }
  }

  return {
    take() {
      if (files !== undefined && Date.now() - looked >= LOOK) look(files);
      const used = now;
      used.taken++;
      let released = false;
      return {
        agent: used.agent,
        release() {
          if (released) return;
          released = true;
          used.taken--;
          drop(used);
        },
      };
    },
    close: () => now.agent.destroy(),
  };
}

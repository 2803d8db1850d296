/** Two installations beside each other, each with its own root, policies, people and log, and a road between them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { readVkey } from '../../gateway/log/store/vkey.js';
import { type City, city, cli } from './city.js';
import { run } from './command.js';

export type Json = Readonly<Record<string, unknown>>;

/** As an editor or a deployment does it: the new file is there at once. */
export async function put(path: string, content: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(content));
  await rename(`${path}.new`, path);
}
export const read = async (path: string): Promise<Json> => JSON.parse(await readFile(path, 'utf8')) as Json;

/** The network between two gateways, which can be away. */
export interface Road {
  readonly address: string;
  to(api: string): void;
  cut(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function road(): Promise<Road> {
  let target: URL | undefined;
  let server: Server | undefined;
  let port = 0;
  const sockets = new Set<Socket>();
  const open = async (): Promise<void> => {
    server = createServer((near) => {
      const far = dial(Number(target?.port), target?.hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => (sockets.delete(one), other.destroy()));
        one.pipe(other);
      }
    });
    await new Promise<void>((done) => server?.listen(port, '127.0.0.1', done));
    const at = server.address();
    port = typeof at === 'object' && at !== null ? at.port : 0;
  };
  const cut = async (): Promise<void> => {
    const closed = new Promise<void>((done) => (server === undefined ? done() : server.close(() => done())));
    for (const socket of sockets) socket.destroy();
    await closed;
    server = undefined;
  };
  await open();
  return {
    address: `https://127.0.0.1:${String(port)}`,
    to: (api) => void (target = new URL(api)),
    cut,
    mend: open,
    close: cut,
  };
}

export interface Installation extends City {
  readonly region: string;
  readonly workspace: string;
  readonly road: Road;
}

/** `yitong init` and `yitong up`, under a name among regions. */
export async function installation(
  t: Test,
  dir: string,
  region: string,
  prepare: (workspace: string) => Promise<void> = async () => undefined,
): Promise<Installation> {
  const workspace = join(dir, region);
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const way = await road();
  t.teardown(() => way.close());
  const settings = await read(join(workspace, 'yitong.json'));
  await put(join(workspace, 'yitong.json'), {
    ...settings,
    region: { id: region, address: way.address, withinMs: 3000, timeoutMs: 1500 },
  });
  await prepare(workspace);
  const up = await city(t, { workspace });
  way.to(up.api);
  return Object.assign(up, { region, workspace, road: way });
}

/** One exchange: what `from` exports stands in the workspace of `to`. */
export async function introduce(from: Installation, to: Installation): Promise<void> {
  const file = join(from.workspace, `${from.region}.region.json`);
  const exported = await run('region', 'export', '--workspace', from.workspace, '--data', from.data, '--out', file);
  if (exported.code !== 0) throw new Error(exported.stderr);
  const vkey = readVkey(from.data);
  const accepted = await run(
    'region',
    'accept',
    file,
    '--workspace',
    to.workspace,
    '--authority',
    'office',
    '--vkey',
    vkey,
  );
  if (accepted.code !== 0) throw new Error(accepted.stderr);
}

export interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly bytes: Buffer;
  readonly body: Json;
}

/** Lines of a batch; `act` is done once some of it has come. */
export function stream(
  server: { readonly api: string; readonly pki: string },
  folder: string,
  body: unknown,
  requestId: string,
  act: () => Promise<unknown>,
): Promise<{ readonly lines: readonly Json[]; readonly ms: number }> {
  const lines: string[] = [];
  let acted = 0;
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL('/v1/query/batch', server.api),
      {
        method: 'POST',
        agent: false,
        ca: readFileSync(join(server.pki, 'ca.pem')),
        cert: readFileSync(join(folder, 'cert.pem')),
        key: readFileSync(join(folder, 'key.pem')),
        headers: { 'content-type': 'application/json', 'x-request-id': requestId },
      },
      (response) => {
        let rest = '';
        let begun = false;
        response.setEncoding('utf8').on('data', (chunk: string) => {
          const parts = (rest + chunk).split('\n');
          rest = parts.pop() ?? '';
          lines.push(...parts);
          if (begun || lines.length < 20) return;
          begun = true;
          act().then(() => (acted = performance.now()), reject);
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            lines: lines.map((line) => JSON.parse(line) as Json),
            ms: Math.round(performance.now() - acted),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

/** One request on a connection of its own, with the certificate in `folder` under the root of `server`. */
export function post(
  server: { readonly api: string; readonly pki: string },
  folder: string,
  path: string,
  body?: unknown,
  requestId?: string,
): Promise<Said> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, server.api),
      {
        method: payload === undefined ? 'GET' : 'POST',
        agent: false,
        ca: readFileSync(join(server.pki, 'ca.pem')),
        cert: readFileSync(join(folder, 'cert.pem')),
        key: readFileSync(join(folder, 'key.pem')),
        headers: {
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(parts);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes,
            body: JSON.parse(bytes.toString('utf8')) as Json,
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(payload);
  });
}

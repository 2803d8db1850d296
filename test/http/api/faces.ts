/**
 * Both faces of a worker over the reference city, its registers empty, with every audit entry kept for reading: for
 * what holds of each route.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import type { Test } from 'tap';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { inForceOf } from '../../../gateway/answer/inforce/snapshot.js';
import { openLmdbViewReader, openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import type { WorkerContext } from '../../../gateway/documents/context.js';
import { readSettings } from '../../../gateway/ground/config/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import type { SelfService } from '../../../gateway/ground/identity/own-certificates.js';
import type { Person } from '../../../gateway/ground/identity/person.js';
import type { Provider } from '../../../gateway/ground/identity/provider.js';
import { buildApp } from '../../../gateway/http/app.js';
import { type People, SESSION_COOKIE } from '../../../gateway/http/plugins/people.js';
import { clearOf } from '../../../gateway/log/entries/answer-digest.js';
import type { EntryDraft, Journal } from '../../../gateway/log/entries/port.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import { loadPolicies } from '../../../policies/load.js';
import type { RawAnswer, RawRequest } from '../../e2e/ask.js';

export interface Route {
  readonly method: string;
  /** As it is declared: `/v1/catalogue/:id`. */
  readonly url: string;
}

/** All routes as the router itself tells them: one line a route, `└── /v1/query (POST)`. */
export function routesOf(app: Pick<FastifyInstance, 'printRoutes'>): readonly Route[] {
  const stack: string[] = [];
  return app
    .printRoutes({ commonPrefix: false, includeHooks: false })
    .split('\n')
    .flatMap((line) => {
      const found = /^((?:│ {3}| {4})*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line);
      if (found === null) return [];
      stack.length = (found[1] ?? '').length / 4;
      stack.push(found[2] ?? '');
      return (found[3] ?? '')
        .split(', ')
        .filter((method) => method !== '' && method !== 'HEAD')
        .map((method) => ({ method, url: stack.join('') }));
    });
}

export interface Entry {
  readonly body: Readonly<Record<string, unknown>>;
  readonly draft: EntryDraft;
}

export interface Faces {
  readonly dataDir: string;
  readonly api: FastifyInstance;
  readonly people: FastifyInstance & { readonly people: People };
  /** Made durable, in order. */
  readonly entries: readonly Entry[];
  /** Written without being waited for. */
  readonly notes: readonly Readonly<Record<string, unknown>>[];
  /** What the process log said. */
  readonly log: readonly string[];
  /** While false, the journal takes nothing. */
  healthy: boolean;
  /** Over TLS, as a client of the city. */
  ask(request: RawRequest, client: string): Promise<RawAnswer>;
  /** On the people's port; `as` signs somebody in. */
  visit(request: RawRequest, as?: Pick<Person, 'roles'> & Partial<Person>): Promise<RawAnswer>;
  /** The cookie of who is signed in with these roles. */
  cookie(as: Pick<Person, 'roles'> & Partial<Person>): Promise<string>;
  /** The form token of who is signed in with these roles. */
  csrf(as: Pick<Person, 'roles'> & Partial<Person>): Promise<string>;
}

export interface FacesOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly dataDir?: string;
  /** Where the people's port is said to be open; default: as the settings say. */
  readonly listening?: string;
  readonly provider?: Provider;
  /** As in a development city; default: as in production. */
  readonly certificates?: SelfService;
}

/** A request of the examples of the API's description, by its operation. */
export function exampleOf(operation: string): {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly request?: unknown;
} {
  const folder = join(packageRoot(), 'policies', 'api-examples');
  const name = readdirSync(folder).find((one) => one === `${operation}.json`);
  return {
    parameters: {},
    ...(name === undefined ? {} : (JSON.parse(readFileSync(join(folder, name), 'utf8')) as object)),
  };
}

export async function faces(
  t: Test,
  { settings: given = {}, dataDir: own, listening, provider, certificates }: FacesOptions = {},
): Promise<Faces> {
  const dataDir = own ?? (await mkdtemp(join(tmpdir(), 'yitong-test-')));
  if (own === undefined) t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const workspace = await loadWorkspace(packageRoot());
  const policies = await loadPolicies(workspace);
  const inForce = inForceOf(policies, [], workspace);
  const writer = await openLmdbViewWriter({ dir: join(dataDir, 'view'), workspace });
  const view = openLmdbViewReader({ dir: join(dataDir, 'view'), workspace });
  const entries: Entry[] = [];
  const notes: Record<string, unknown>[] = [];
  const log: string[] = [];
  let asking = '';
  let healthy = true;
  const journal: Journal = {
    append(draft) {
      if (!healthy) return Promise.reject(new YitongError('audit_unavailable', 'the disk is full'));
      entries.push({ body: JSON.parse(clearOf(draft)) as Record<string, unknown>, draft });
      return Promise.resolve({
        id: `w1:${String(entries.length)}`,
        json: `{"journal":"w1","seq":${String(entries.length)}}`,
      });
    },
    note: (draft) => void notes.push(JSON.parse(draft.clear) as Record<string, unknown>),
    healthy: true,
    close: () => Promise.resolve(),
  };
  const context: WorkerContext = {
    workspace,
    settings: readSettings({ ...workspace.settings, ...given }, { file: 'yitong.json' }, {}),
    view,
    journal,
    inForce: () => inForce,
    identify: () => {
      const found = [...policies.clients.values()].find(({ id }) => id === asking);
      return found === undefined ? { kind: 'refused', code: 'client_unknown' } : { kind: 'client', client: found };
    },
    bus: () => Promise.reject(new YitongError('bus_unavailable', 'no bus here')),
    dataDir,
    now: Date.now,
    ...(listening === undefined ? {} : { peopleAddress: () => listening }),
    ...present({ provider, certificates }),
  };
  const pki = await mkdtemp(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rm(pki, { recursive: true, force: true }));
  await initPki(pki);
  const files = await issueServer(pki);
  const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
  const api = (await buildApp('api', context, {
    https: { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') },
    logger,
  })) as Faces['api'];
  const people = (await buildApp(
    'people',
    { ...context, described: () => api.describe() },
    { logger },
  )) as Faces['people'];
  await api.listen({ host: '127.0.0.1', port: 0 });
  await people.ready();
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  t.teardown(async () => {
    agent.destroy();
    await api.close();
    await people.close();
    await view.close();
    await writer.close();
  });
  const { port } = api.server.address() as AddressInfo;
  const sessions = new Map<string, { readonly token: string; readonly csrf: string }>();
  const sessionOf = async (
    as: Pick<Person, 'roles'> & Partial<Person>,
  ): Promise<{ readonly token: string; readonly csrf: string }> => {
    const key = JSON.stringify(as);
    let known = sessions.get(key);
    if (known === undefined) {
      const { token, session } = await people.people.sessions.create({
        id: `test|${as.roles.join('-')}`,
        name: '某人',
        subjects: [],
        ...as,
      });
      sessions.set(key, (known = { token, csrf: session.csrf }));
    }
    return known;
  };
  return {
    dataDir,
    api,
    people,
    entries,
    notes,
    log,
    get healthy() {
      return healthy;
    },
    set healthy(is) {
      healthy = is;
    },
    ask({ method = 'GET', path, body, headers = {} }, client) {
      const whole = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
      const payload = body === undefined ? undefined : Buffer.from(whole as string);
      return new Promise((resolve, reject) => {
        asking = client;
        const sent = httpsRequest(
          {
            host: '127.0.0.1',
            port,
            path,
            method,
            agent,
            headers: {
              ...(payload === undefined
                ? {}
                : { 'content-type': 'application/json', 'content-length': payload.length }),
              ...headers,
            },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('error', reject);
            response.on('end', () =>
              resolve({
                status: response.statusCode ?? 0,
                headers: response.headers,
                text: Buffer.concat(chunks).toString('utf8'),
                bytes: Buffer.concat(chunks),
              }),
            );
          },
        );
        sent.on('error', reject);
        sent.end(payload);
      });
    },
    async visit({ method = 'GET', path, body, headers = {} }, as) {
      const cookie = as === undefined ? {} : { cookie: `${SESSION_COOKIE}=${(await sessionOf(as)).token}` };
      const form = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
      const payload =
        body === undefined
          ? {}
          : {
              payload: typeof body === 'string' ? body : new URLSearchParams(body as Record<string, string>).toString(),
            };
      const answer = await people.inject({
        method: method as 'GET',
        url: path,
        headers: { host: 'people.test', accept: 'application/json, */*;q=0.5', ...form, ...cookie, ...headers },
        ...payload,
      });
      return { status: answer.statusCode, headers: answer.headers as RawAnswer['headers'], text: answer.body };
    },
    cookie: async (as) => `${SESSION_COOKIE}=${(await sessionOf(as)).token}`,
    csrf: async (as) => (await sessionOf(as)).csrf,
  };
}

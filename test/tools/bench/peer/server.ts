/**
 * The peer of `query-peer`: what a department would write by hand in the gateway's place. Fastify over mTLS, `pg`,
 * Cedar, and an audit row that is committed before the first byte of the answer leaves. argv[2]: `{ workspace, pki,
 * url, variant, connections }`, `variant` `tuned` or `plain`; prints its port.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import Fastify from 'fastify';
import { Pool } from 'pg';
import { loadWorkspace } from '../../../../contracts/workspace.js';
import { loadPolicies } from '../../../../policies/load.js';
import type { Client } from '../../../../policies/types.js';
import { type Asked, askedSchema, datasetsJson, type Plan, planOf } from './answer.js';
import { Rules } from './rules.js';
import { plain, type ReadAndNote, tuned } from './store.js';

export interface PeerOptions {
  /** Folder of the workspace whose contracts and policies hold. */
  readonly workspace: string;
  /** Folder of the development authority. */
  readonly pki: string;
  /** Of the database that `fillPeer` filled. */
  readonly url: string;
  readonly variant: 'tuned' | 'plain';
  /** Of the pool. */
  readonly connections: number;
}

const { workspace: folder, pki, url, variant, connections } = JSON.parse(process.argv[2] ?? '{}') as PeerOptions;
const keeps = variant === 'tuned';
const workspace = await loadWorkspace(folder);
const policies = await loadPolicies(workspace);
const rules = new Rules(workspace, policies);
const pool = new Pool({ connectionString: url, max: connections, idleTimeoutMillis: 0, keepAlive: true });
const readAndNote: ReadAndNote = keeps ? tuned(pool) : plain(pool);

const clients = new Map<string, Client>();
for (const client of policies.clients.values())
  if (client.binding.kind === 'spiffe') clients.set(`URI:${client.binding.uri}`, client);
const known = new WeakMap<TLSSocket, Client>();

/** By the one name in its certificate; TLS has checked the chain. */
function clientOf(socket: TLSSocket): Client | undefined {
  const before = keeps ? known.get(socket) : undefined;
  if (before !== undefined) return before;
  const names = socket.getPeerCertificate().subjectaltname?.split(', ') ?? [];
  const client = names.length === 1 ? clients.get(names[0] ?? '') : undefined;
  if (client !== undefined) known.set(socket, client);
  return client;
}

const plans = new Map<string, Plan>();
const MAX_PLANS = 2000;

function planFor(client: Client, asked: Asked, now: number): Plan {
  const make = (): Plan => planOf(asked.datasets.map((dataset) => rules.rule(client, asked, dataset, now)));
  if (!keeps) return make();
  // which parts of a case are stated counts, not what they say
  const stated = Object.entries(asked.case ?? {}).flatMap(([part, text]) => (text === '' ? [] : [part]));
  const key = JSON.stringify([client.id, asked.purpose, stated.sort(), asked.datasets]);
  let plan = plans.get(key);
  if (plan === undefined || now >= plan.until) {
    plan = make();
    if (plans.size >= MAX_PLANS) plans.clear();
    plans.set(key, plan);
  }
  return plan;
}

let seen: Promise<ReadonlyMap<string, string>> | undefined;
let seenAt = 0;
/** ms after which it is read again when it is next asked. */
const SEEN = 1000;

/** Up to when each source was seen. Nobody is answered by what could not be read. */
function sourcesSeen(now: number): Promise<ReadonlyMap<string, string>> {
  if (seen === undefined || !keeps || now - seenAt > SEEN) {
    seenAt = now;
    seen = pool
      .query<{ dataset: string; source_time: string }>('SELECT dataset, source_time FROM seen')
      .then(({ rows }) => new Map(rows.map((row) => [row.dataset, row.source_time])));
    seen.catch(() => (seen = undefined));
  }
  return seen;
}

let count = 0;
const begun = Date.now().toString(36);
const app = Fastify({
  logger: false,
  genReqId: () => `${begun}-${(count++).toString(36).padStart(8, '0')}`,
  https: {
    ca: readFileSync(join(pki, 'ca.pem')),
    cert: readFileSync(join(pki, 'server', 'cert.pem')),
    key: readFileSync(join(pki, 'server', 'key.pem')),
    requestCert: true,
    rejectUnauthorized: true,
  },
});
app.post<{ Body: Asked }>('/v1/query', { schema: { body: askedSchema } }, async (request, reply) => {
  const client = clientOf(request.raw.socket as TLSSocket);
  if (client === undefined) return reply.code(401).send({ code: 'client_unknown' });
  const asked = request.body;
  const colon = asked.subject.indexOf(':');
  const scheme = workspace.schemes.get(asked.subject.slice(0, Math.max(colon, 0)));
  const parsed = scheme?.parse(asked.subject.slice(colon + 1));
  if (scheme === undefined || parsed?.ok !== true) return reply.code(400).send({ code: 'bad_subject' });
  const now = Date.now();
  const time = new Date(now).toISOString();
  const plan = planFor(client, asked, now);
  // before the records: what is said of a source may be older than what is read, never younger
  const sources = await sourcesSeen(now);
  const rows = await readAndNote(
    {
      requestId: request.id,
      time,
      client: client.id,
      authority: client.authority,
      purpose: asked.purpose,
      stated: JSON.stringify(asked.case ?? {}),
      subject: `${scheme.id}:${parsed.key}`,
      decisions: plan.decisions,
    },
    plan.reads,
  );
  const datasets = datasetsJson(plan, sources, rows, now);
  const head = `{"requestId":"${request.id}","time":"${time}",`;
  if (plan.reads.length === 0)
    return reply
      .code(403)
      .header('content-type', 'application/problem+json')
      .send(`${head}"code":"denied","datasets":${datasets}}`);
  return reply.header('content-type', 'application/json; charset=utf-8').send(`${head}"datasets":${datasets}}`);
});
// what went wrong is for whoever runs it, not for whoever asks
app.setErrorHandler((error: { readonly validation?: unknown }, _request, reply) => {
  if (error.validation !== undefined) return reply.code(400).send({ code: 'bad_request' });
  process.stderr.write(`${String(error)}\n`);
  return reply.code(503).send({ code: 'audit_unavailable' });
});
// a connection that waits in the pool may fail; the next question takes another
pool.on('error', (error) => process.stderr.write(`${error.message}\n`));
await Promise.all(Array.from({ length: connections }, () => pool.query('SELECT 1')));
await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${(app.server.address() as AddressInfo).port}\n`);
process.once('SIGTERM', () => void app.close().then(() => pool.end()));

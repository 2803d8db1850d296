/**
 * A gateway over records in memory: real TLS, policies, projection and services, and every audit entry kept for
 * reading.
 */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Test } from 'tap';
import { compileSchema, encodeRecord } from '../../../contracts/avro.js';
import { fieldsOf } from '../../../contracts/fields.js';
import { authorityId, type DatasetId, fieldPath, subjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import uscc from '../../../contracts/subjects/uscc.js';
import type { AvroSchema, Contract, ContractVersion, Workspace } from '../../../contracts/types.js';
import { inForceOf } from '../../../gateway/answer/inforce/snapshot.js';
import type { ViewReader } from '../../../gateway/answer/view/port.js';
import type { WorkerContext } from '../../../gateway/documents/context.js';
import { readSettings } from '../../../gateway/ground/config/index.js';
import { buildApp } from '../../../gateway/http/app.js';
import { clearOf } from '../../../gateway/log/entries/answer-digest.js';
import type { EntryDraft, Journal } from '../../../gateway/log/entries/port.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import type { Client, Grant, Purpose, Rule } from '../../../policies/types.js';
import { grant as baseGrant, client, contract, policySet, workspace } from '../../policies/city.js';

const title = { zh: '项', en: 'item' };
const named = (name: string, type: unknown, more: object = {}) => ({
  name,
  type,
  title,
  classification: 'internal',
  ...more,
});
const schema: AvroSchema = {
  type: 'record',
  name: 'Company',
  fields: [
    named('key', 'string'),
    named('name', 'string'),
    named('area', 'string'),
    named('capital', ['null', { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 }]),
    named('opened', { type: 'int', logicalType: 'date' }),
    named('staff', 'int'),
    named('tags', { type: 'array', items: 'string' }),
    {
      name: 'members',
      title,
      type: {
        type: 'array',
        items: { type: 'record', name: 'Member', fields: [named('who', 'string'), named('role', 'string')] },
      },
    },
  ],
};
export interface Company {
  readonly key: string;
  readonly name: string;
  readonly area: string;
  readonly capital: string | null;
  readonly opened: string;
  readonly staff: number;
  readonly tags: readonly string[];
  readonly members: readonly { readonly who: string; readonly role: string }[];
}

export const KEYS = Array.from({ length: 400 }, (_, n) => uscc.make(n));
export const subjectOf = (n: number): string => subjectKey('uscc', KEYS[n] ?? '');
export const NOW = Date.parse('2026-06-01T12:00:00+08:00');

export const company = (n: number, parts: Partial<Company> = {}): Company => ({
  key: KEYS[n] ?? '',
  name: `示例${String(n)}（上海）有限公司`,
  area: n % 2 === 0 ? '310104' : '320500',
  capital: '1000.50',
  opened: '2019-04-28',
  staff: 12,
  tags: ['高新', '出口'],
  members: [
    { who: '王小明', role: 'chair' },
    { who: '李四', role: 'member' },
  ],
  ...parts,
});

export const grant = (
  id: string,
  fields: readonly (string | Grant['fields'][number])[],
  parts: Partial<Grant> = {},
): Grant =>
  baseGrant(id, {
    delivery: ['query', 'verify'],
    ...parts,
    fields: fields.map((field) =>
      typeof field === 'string' ? { path: fieldPath(field), as: 'value' as const } : field,
    ),
  });

export interface World {
  /** What was made durable, in order; its subject parts with it. */
  readonly entries: readonly {
    readonly body: Readonly<Record<string, unknown>>;
    readonly text: string;
    readonly draft: EntryDraft;
  }[];
  readonly notes: readonly Readonly<Record<string, unknown>>[];
  /** Subjects for which the view was read. */
  readonly reads: readonly string[];
  /** Everything that the process log said. */
  readonly log: readonly string[];
  now: number;
  /** Resolves an append only when it does. */
  gate: (chunk: Readonly<Record<string, unknown>>) => Promise<void>;
  post(
    path: string,
    body: unknown,
    as?: string,
  ): Promise<{ readonly status: number; readonly text: string; readonly json: Readonly<Record<string, unknown>> }>;
  /** The answer's head as soon as it is there; its body is the caller's to read, or to give up. */
  open(path: string, body: unknown, as?: string): Promise<IncomingMessage>;
  readonly dataDir: string;
  readonly workspace: Workspace;
}

export async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function serverPair(dir: string): Promise<{ cert: string; key: string }> {
  await initPki(dir);
  const files = await issueServer(dir);
  return { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') };
}

export interface WorldOptions {
  readonly grants: readonly Grant[];
  readonly records?: readonly Company[];
  /** Of `tax.debts`. */
  readonly contract?: Partial<Contract>;
  /** Whose lifecycles and calendars there are; default none. */
  readonly layers?: readonly string[];
  /** As the records were before: what a question about a past moment reads. Default: the same. */
  readonly past?: readonly Company[];
  readonly clients?: readonly Client[];
  readonly rules?: readonly Rule[];
  readonly purposes?: readonly Purpose[];
  /** Of policies and grants. */
  readonly version?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** ISO 8601; undefined: never loaded. */
  readonly loaded?: string | undefined;
  readonly dataDir?: string;
  /** Folder of services; default the built one. */
  readonly services?: URL;
}

export async function world(t: Test, options: WorldOptions): Promise<World> {
  const version: ContractVersion = {
    version: 1,
    schemaId: 1,
    schema,
    type: compileSchema(schema),
    fields: fieldsOf(schema),
  };
  const debts: Contract = {
    ...contract('tax.debts'),
    versions: [version],
    latest: version,
    updateFrequency: 86_400_000,
    ...options.contract,
  };
  const cases: Contract = {
    ...contract('court.cases'),
    versions: [{ ...version, schemaId: 2 }],
    latest: { ...version, schemaId: 2 },
    updateFrequency: 86_400_000,
  };
  const base = workspace([debts, cases]);
  const space: Workspace = {
    ...base,
    schemes: new Map([['uscc', uscc]]),
    ...(options.layers === undefined
      ? {}
      : {
          layers: options.layers,
          authorities: new Map([
            ...base.authorities,
            [authorityId('data-bureau'), { id: authorityId('data-bureau'), name: title, area: '310000' }],
          ]),
        }),
    schemasById: new Map([
      [1, { contract: debts, version }],
      [2, { contract: cases, version: cases.latest }],
    ]),
  };
  const bodiesOf = (records: readonly Company[]): ReadonlyMap<string, readonly Buffer[]> => {
    const bodies = new Map<string, Buffer[]>();
    for (const record of records) {
      const encoded = encodeRecord(version, record);
      if (!encoded.ok) throw new Error(JSON.stringify(encoded.problems));
      const subject = subjectKey('uscc', record.key);
      bodies.set(subject, [...(bodies.get(subject) ?? []), encoded.body]);
    }
    return bodies;
  };
  const bodies = bodiesOf(options.records ?? [company(0), company(1)]);
  const before = options.past === undefined ? bodies : bodiesOf(options.past);
  const reads: string[] = [];
  const loaded = 'loaded' in options ? options.loaded : new Date(NOW - 1000).toISOString();
  const view: ViewReader = {
    read(subject, datasets, at, visit) {
      reads.push(subject);
      for (const [i, id] of datasets.entries()) {
        for (const [n, bytes] of ((at.kind === 'now' ? bodies : before).get(subject) ?? []).entries()) {
          if (
            visit(i, {
              recordId: String(n),
              schemaId: id === 'tax.debts' ? 1 : 2,
              contractVersion: 1,
              partition: 0,
              offset: n,
              publishedAt: NOW - 500,
              sourceTime: NOW - 1000,
              position: '',
              bytes,
              start: 0,
              end: bytes.length,
            }) === false
          )
            break;
        }
      }
      return datasets.map(() => 'ok');
    },
    datasetState: (dataset) => ({
      records: 0,
      versions: 0,
      poisoned: 0,
      ...(loaded === undefined
        ? {}
        : {
            complete: {
              dataset,
              sourceTime: loaded,
              snapshot: true,
              rows: 1,
              state: 'complete' as const,
              receivedAt: NOW,
            },
          }),
    }),
    cut: (datasets: readonly DatasetId[]) => Object.fromEntries(datasets.map((id) => [id, [1]])),
    subjects: () => Promise.resolve({ subjects: [] }),
    close: () => Promise.resolve(),
  };
  const entries: { body: Record<string, unknown>; text: string; draft: EntryDraft }[] = [];
  const notes: Record<string, unknown>[] = [];
  const log: string[] = [];
  const journal: Journal = {
    async append(draft) {
      const body = JSON.parse(clearOf(draft)) as Record<string, unknown>;
      await made.gate(body);
      entries.push({ body, text: clearOf(draft) + (draft.subject?.json ?? ''), draft });
      return { id: `w1:${String(entries.length)}`, json: `{"journal":"w1","seq":${String(entries.length)}}` };
    },
    note: (draft) => void notes.push(JSON.parse(draft.clear) as Record<string, unknown>),
    healthy: true,
    close: () => Promise.resolve(),
  };
  const clients = options.clients ?? [client('alpha')];
  const { rules, purposes, version: policyVersion = 'test' } = options;
  const set = {
    ...policySet({
      clients,
      grants: options.grants,
      ...present({ rules, purposes }),
    }),
    version: policyVersion,
  };
  const inForce = inForceOf(set, [], space);
  let asking = 'alpha';
  // before all that could ask for it: a timer may while the rest is made
  const time = { now: NOW };
  const pair = await serverPair(await folder(t));
  const dataDir = options.dataDir ?? (await folder(t));
  const context: WorkerContext = {
    workspace: space,
    settings: readSettings({ gateway: options.settings ?? {} }, { file: 'yitong.json' }, {}),
    view,
    journal,
    inForce: () => inForce,
    identify: () => {
      const found = clients.find(({ id }) => id === asking);
      return found === undefined ? { kind: 'refused', code: 'client_unknown' } : { kind: 'client', client: found };
    },
    bus: () => Promise.reject(new Error('no bus here')),
    dataDir,
    now: () => time.now,
  };
  const stream = { write: (line: string) => void log.push(line) };
  const app = await buildApp('api', context, {
    https: pair,
    logger: pino({ level: 'trace' }, stream),
    ...present({ services: options.services }),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  t.teardown(async () => {
    agent.destroy();
    await app.close();
  });
  const open: World['open'] = (path, body, as = 'alpha') =>
    new Promise((resolve, reject) => {
      asking = as;
      const request = httpsRequest(
        {
          host: '127.0.0.1',
          port,
          path,
          method: 'POST',
          agent,
          headers: { 'content-type': 'application/json', 'x-request-id': 'r-1' },
        },
        resolve,
      );
      request.on('error', reject);
      request.end(JSON.stringify(body));
    });
  const made: World = {
    entries,
    notes,
    reads,
    log,
    dataDir,
    open,
    workspace: space,
    get now() {
      return time.now;
    },
    set now(ms) {
      time.now = ms;
    },
    gate: () => Promise.resolve(),
    async post(path, body, as) {
      const response = await open(path, body, as);
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
      const ndjson = String(response.headers['content-type']).includes('ndjson');
      return {
        status: response.statusCode ?? 0,
        text,
        json: ndjson ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
    },
  };
  return made;
}

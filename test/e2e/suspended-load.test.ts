/**
 * A provider suspends a grant while everything of it is used at two gateways: questions to both, a subscription, a file
 * in pieces. After five seconds nothing of it is given any more, anywhere. (Of a file that is read slowly what has left
 * is with its reader; that nothing more leaves is `ground/sockets/connections.test.ts`.)
 *
 * Short here; by hand with YITONG_TEST_RATE=1000 (questions a second, of both together) and YITONG_TEST_SECONDS=15.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openBus } from '../../connectors/bus/open.js';
import { dataTopic, HEADER, type OutRecord } from '../../connectors/bus/port.js';
import { encodeFramed } from '../../contracts/avro.js';
import { subjectKey } from '../../contracts/ids.js';
import uscc from '../../contracts/subjects/uscc.js';
import type { ContractVersion } from '../../contracts/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { type Client, GatewayError, type OrderedFile } from '../../gateway/client/index.js';
import { kafkaForTest } from '../support/servers/kafka.js';
import { load } from '../tools/bench/servers.js';
import { ask, until } from './ask.js';
import type { City } from './city.js';
import { pairOfCities } from './pair.js';

const RATE = Number(process.env['YITONG_TEST_RATE'] ?? 40);
/** Of the load before the suspension. */
const SECONDS = Number(process.env['YITONG_TEST_SECONDS'] ?? 4);
t.setTimeout(700_000 + SECONDS * 1000);

const DATASET = 'transport.vehicle-certificates';
const PURPOSE = 'open-transport-company';
const DESK = 'market-desk';
const SUBJECTS = 4000;
/** ms within which it is refused everywhere. */
const WITHIN = 5000;
const subjects = Array.from({ length: SUBJECTS }, (_, n) => subjectKey('uscc', uscc.make(n + 5000)));
const officer = { id: 'o-1', role: 'sharing-officer' } as const;
const head = { id: 'h-1', role: 'sharing-head' } as const;
const application = {
  basis: ['道路运输条例第二十四条'],
  item: '000118011000',
  purposes: [PURPOSE],
  scenario: '核验道路运输证',
  truthful: true,
  contact: { office: '登记审批处', phone: '021-00000000' },
  necessity: '依法核验，申请人无需另行提交证明',
  datasets: [
    {
      dataset: DATASET,
      fields: ['name', 'certificateNumber', 'status'].map((path) => ({ path, reason: '核验许可状态' })),
      rows: { all: true },
      delivery: ['query', 'batch', 'file', 'subscription'],
      frequency: '每次受理时查询',
      callsADay: 100_000_000,
      from: '2026-01-01',
      until: '2035-12-31',
      systems: [DESK],
      contractors: [],
    },
  ],
};

/** A system of another department than the provider's, without a rate of its own. */
function deskOfMarket(workspace: string): void {
  const client = {
    authority: 'samr',
    name: { zh: '登记窗口', en: 'Registration desk' },
    identity: { spiffe: `spiffe://yunzhou.example/client/${DESK}` },
    status: 'active',
  };
  const dir = join(workspace, 'policies/clients');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `${DESK}.json`), JSON.stringify(client));
}

function certificate(version: ContractVersion, n: number): OutRecord {
  const subject = subjects[n % SUBJECTS] ?? '';
  const encoded = encodeFramed(version, {
    uscc: subject.slice('uscc:'.length),
    name: `第${String(n)}次变更的运输公司`,
    certificateNumber: `示例${String(n % SUBJECTS)}`,
    plate: { number: '示A00000', colour: '黄' },
    vehicleKind: 'van',
    totalMass: 18_000,
    axles: 2,
    registeredOn: '2025-01-01',
    inspectedUntil: '2027-01-01',
    issuedOn: '2025-01-01',
    validUntil: '2029-01-01',
    status: 'valid',
    positioning: true,
  });
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.problems));
  return {
    subject,
    recordId: `示例${String(n % SUBJECTS)}`,
    value: encoded.body,
    headers: {
      [HEADER.sourceTime]: new Date().toISOString(),
      [HEADER.position]: String(n),
      [HEADER.contractVersion]: '1',
      [HEADER.sequence]: `1.${String(n + 1)}`,
    },
  };
}

/** From the draft to the first use; what it is granted is answered by both. */
async function granted(provider: Client, desk: Client): Promise<string> {
  const draft = await desk.openMatter({
    machine: 'application',
    act: 'draft',
    content: application,
    officer,
    key: 'k-1',
  });
  const { id } = draft;
  const part = DATASET;
  await desk.actOnMatter(id, { act: 'approve', officer: head });
  await desk.actOnMatter(id, { act: 'file', officer });
  const fields = application.datasets[0]?.fields.map(({ path }) => ({ path, decision: 'agree' }));
  await provider.actOnMatter(id, { act: 'propose', part, content: { fields }, officer });
  await provider.actOnMatter(id, { act: 'agree', part, officer: head });
  // of its first dataset and first system
  return `a-${id}-0-0`;
}

/** Of each way: when the last was given, and how many were. ms since 1970 */
class Given {
  readonly last: Record<string, number> = {};
  readonly count: Record<string, number> = {};
  readonly codes = new Map<string, Set<string>>();
  stopped = false;
  note(way: string): void {
    this.last[way] = Date.now();
    this.count[way] = (this.count[way] ?? 0) + 1;
  }
  /** Again and again until all is over; what is refused is noted, and whatever else ends it. */
  async again(way: string, pause: number, once: () => Promise<boolean>): Promise<void> {
    while (!this.stopped) {
      try {
        if (await once()) this.note(way);
      } catch (error) {
        const code = error instanceof GatewayError ? error.code : 'broken';
        this.codes.set(way, (this.codes.get(way) ?? new Set()).add(code));
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

async function firstPiece(desk: Client, file: OrderedFile, from: number): Promise<boolean> {
  for await (const piece of desk.fileContent(file, from)) return piece.length > 0;
  return false;
}

/** Questions at a rate, from a process of its own, until they are ended. */
const asking = (town: City, core: number) => {
  const marks = join(town.data, '..', `load-${String(core)}`);
  mkdirSync(marks);
  const bodies = join(marks, 'bodies');
  const lines = subjects.map((subject) => JSON.stringify({ purpose: PURPOSE, subject, datasets: [{ id: DATASET }] }));
  writeFileSync(bodies, lines.join('\n'));
  const own = join(town.pki, 'clients', DESK);
  const ended = load(
    {
      port: Number(new URL(town.api).port),
      ca: join(town.pki, 'ca.pem'),
      cert: join(own, 'cert.pem'),
      key: join(own, 'key.pem'),
      connections: 8,
      warmupMs: 0,
      ms: 600_000,
      path: '/v1/query',
      bodies,
      pid: 0,
      perSecond: RATE / 2,
      marks,
    },
    core,
  );
  return {
    ended,
    isAnswered: () => existsSync(join(marks, 'begun')),
    end: () => writeFileSync(join(marks, 'end'), ''),
  };
};

t.test('refused everywhere within five seconds of the suspension', async (t) => {
  const broker = kafkaForTest(t);
  if (broker === undefined) return;
  const pair = await pairOfCities(t, broker, { companies: 5 });
  if (pair === undefined) return;
  deskOfMarket(pair.workspace);
  const [east, west] = [await pair.start('east'), await pair.start('west')];
  const space = await loadWorkspace(pair.workspace);
  const version = space.contracts.get(DATASET as never)?.latest;
  if (version === undefined) throw new Error('no such dataset');
  const bus = await openBus({
    driver: 'kafka',
    brokers: [broker],
    clientId: `${pair.prefix}-test`,
    groupId: `${pair.prefix}-test`,
    replication: 1,
    minInsyncReplicas: 1,
  });
  t.teardown(() => bus.close());
  const producer = await bus.producer();
  const topic = dataTopic(space.prefix, DATASET);
  for (let n = 0; n < SUBJECTS; n += 500)
    await producer.send(
      topic,
      Array.from({ length: 500 }, (_, i) => certificate(version, n + i)),
    );
  const provider = await west.as('transport-licensing');
  const [deskEast, deskWest] = [await east.as(DESK), await west.as(DESK)];
  const grant = await granted(provider, deskEast);

  const question = { purpose: PURPOSE, subject: subjects.at(-1) ?? '', datasets: [{ id: DATASET }] };
  for (const town of [east, west])
    await until(
      'the answer',
      async () => {
        const { status, text } = await ask(town.api, town.pki, DESK, {
          method: 'POST',
          path: '/v1/query',
          body: question,
        });
        return { status, text: text.slice(0, 700) };
      },
      ({ status, text }) => status === 200 && text.includes('certificateNumber'),
      240_000,
    );
  await deskEast.subscribe('changes', {
    purpose: PURPOSE,
    datasets: [{ id: DATASET }],
    way: 'poll',
    subjects: subjects.slice(0, 50),
  });
  const { id } = await deskWest.orderFile({ purpose: PURPOSE, dataset: DATASET, format: 'ndjson' });
  const file = await until(
    'the file',
    () => deskWest.file(id),
    ({ state }) => state === 'ready',
    120_000,
  );

  const given = new Given();
  t.teardown(() => (given.stopped = true));
  let after: string | undefined;
  let n = SUBJECTS;
  const ways = [
    // whoever is told is given by the changes, not by the answer
    given.again('subscription', 10, async () => {
      const told = await deskEast.changes('changes', { wait: 1, ...(after === undefined ? {} : { after }) });
      after = told.next;
      return told.changes.some(({ record }) => record !== undefined);
    }),
    given.again('publishing', 100, async () => {
      // of those that are told
      await producer.send(topic, [certificate(version, SUBJECTS * n + (n % 50))]);
      n++;
      return false;
    }),
    given.again('file', 50, () => firstPiece(deskWest, file, Math.floor(Math.random() * ((file.bytes ?? 1) - 1)))),
  ];
  await until(
    'changes, and pieces of the file',
    () => Promise.resolve(given.count),
    (count) => ['subscription', 'file'].every((way) => (count[way] ?? 0) > 2),
  );

  const found = await provider.openMatter({
    machine: 'misuse',
    act: 'find',
    content: { grant },
    fields: { found: '用于广告营销', ground: 'art-40-2' },
    officer,
    key: 'misuse-1',
  });
  const loads = [asking(east, 0), asking(west, 1)];
  await until(
    'questions to be answered by both',
    () => Promise.resolve(loads.map(({ isAnswered }) => isAnswered())),
    (are) => are.every(Boolean),
    60_000,
  );
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const begun = Date.now();
  await provider.actOnMatter(found.id, { act: 'suspend-own', fields: { reason: '先行暂停共享' }, officer });
  const durable = Date.now();
  // whatever is late by more than it may be
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, durable + WITHIN + 3000 - Date.now())));
  for (const { end } of loads) end();
  const answered = await Promise.all(loads.map(({ ended }) => ended));
  given.stopped = true;
  await Promise.all(ways);

  const since = (at: number): number => at - begun;
  const last: Record<string, number> = {
    'questions east': since(answered[0]?.lastOkAt ?? 0),
    'questions west': since(answered[1]?.lastOkAt ?? 0),
    ...Object.fromEntries(Object.entries(given.last).map(([way, at]) => [way, since(at)])),
  };
  t.comment(`the act took ${String(durable - begun)} ms`);
  t.comment(`ms from the act to the last that was given: ${JSON.stringify(last)}`);
  t.comment(`questions a second: ${answered.map(({ perSecond }) => Math.round(perSecond)).join(', ')}`);
  t.comment(`refused as ${[...given.codes].map(([way, codes]) => `${way}: ${[...codes].join()}`).join('; ')}`);
  for (const [way, ms] of Object.entries(last)) {
    t.ok(ms < WITHIN, `${way}: the last ${String(ms)} ms after the act was sent`);
    t.ok(ms > -5000, `${way}: some were given until then`);
  }
  for (const { errors } of answered) t.ok(errors > 0, 'and then refused');
  for (const way of ['subscription', 'file']) t.ok(given.codes.get(way)?.has('denied'), `${way} is denied`);
});

/**
 * No file but the records themselves, no metric, no line of a log and no topic beside theirs names a company; and one
 * that is erased is found by nothing.
 */
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { kafkaForTest } from '../support/servers/kafka.js';
import { ask, until } from './ask.js';
import { city, cli } from './city.js';
import { type Conversation, converse, forgotten, SAID } from './conversation.js';
import { companies, stories } from './stories.js';
import { contentOf, filesOf, RECORDS, spellings, topicsOf, traces } from './traces.js';

t.setTimeout(300_000);
const DATASET = 'samr.company-register';
function put(file: string, content: object): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(content));
}

/** @param beside what else could name a subject, by where it stands */
async function forgets(t: Test, more: object, beside: () => Promise<ReadonlyMap<string, Buffer>>): Promise<void> {
  const workspace = join(t.testdir(), 'bank');
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  const settings = (dir: string) =>
    JSON.parse(readFileSync(join(dir, 'yitong.json'), 'utf8')) as { readonly synthetic?: object };
  put(join(workspace, 'yitong.json'), {
    ...settings(workspace),
    synthetic: settings(packageRoot()).synthetic,
    ...more,
  });
  put(join(workspace, 'policies/clients/bank.json'), {
    authority: 'samr',
    name: { zh: 'bank', en: 'bank' },
    identity: { spiffe: 'spiffe://yunzhou.example/client/bank' },
    status: 'active',
  });
  put(join(workspace, 'policies/grants/bank-register.json'), {
    client: 'bank',
    dataset: DATASET,
    fields: ['uscc', { path: 'name', as: 'match' }],
    rows: { all: true },
    purposes: ['change-company'],
    from: '2026-01-01',
    until: '2099-12-31',
    legalBasis: ['test'],
    requires: [],
    subjectNotice: { mode: 'immediate' },
    status: 'active',
    delivery: ['query', 'verify', 'batch'],
    batchLimit: 60,
  });
  const running = await city(t, { workspace, args: ['--companies', '40'], env: { YITONG_GATEWAY_WORKERS: '2' } });
  const subjects = await companies(running.data);
  const [erased = '', other = ''] = subjects;
  // read when the first one signs in
  put(join(workspace, 'policies/people.json'), [
    { id: 'applicant', name: '申请人', roles: ['subject'], subjects: [erased] },
    { id: 'officer', name: '经办人', roles: ['case-officer'], authority: 'samr' },
  ]);
  const asked = (subject: string) => ({ purpose: 'change-company', subject, case: { caseId: 'B-7', actor: 'Zhou' } });

  async function everything(subject: string): Promise<void> {
    const bank = await running.as('bank');
    await bank.query({ ...asked(subject), datasets: [{ id: DATASET }] });
    await bank.verify({ ...asked(subject), claims: [{ dataset: DATASET, field: 'name', value: 'a guess' }] });
    for await (const line of bank.batch({
      purpose: 'change-company',
      subjects: [subject, other],
      datasets: [{ id: DATASET }],
    }))
      t.ok(line.subject);
    const denied = await ask(running.api, running.pki, stories.denied.client, {
      method: 'POST',
      path: '/v1/query',
      body: { purpose: stories.denied.purpose, subject, datasets: stories.denied.datasets.map((id) => ({ id })) },
    });
    t.equal(denied.status, 403);
    // malformed in ways that invite an error message to repeat what it was given
    for (const body of [
      { purpose: 'change-company', subject: subject.toLowerCase(), datasets: [{ id: DATASET }] },
      { purpose: 'change-company', subject, datasets: [{ id: subject }] },
      { subject },
      `{"subject":"${subject}"`,
    ]) {
      t.ok((await ask(running.api, running.pki, 'bank', { method: 'POST', path: '/v1/query', body })).status >= 200);
    }
    await ask(running.api, running.pki, 'bank', { path: `/v1/nothing/${subject}` });
    await ask(running.api, running.pki, 'bank', { path: `/v1/receipts/${subject}` });
    const pushed = await ask(running.api, running.pki, stories.push.publisher, {
      method: 'POST',
      path: `/v1/datasets/${stories.push.reader.dataset}/records`,
      body: {
        sourceTime: new Date().toISOString(),
        records: [{ position: 'p1', value: { checkNumber: 'A1', uscc: subject.slice(5), unknown: subject } }],
      },
    });
    t.equal(pushed.status, 200, pushed.text);
  }

  const metrics = async (): Promise<string> => (await fetch(`${running.health}/metrics`)).text();
  async function scan(live = true): Promise<void> {
    const texts = filesOf(running.data);
    for (const folder of ['log', 'journal', 'audit/bodies', 'audit/keys', 'audit/index', 'state'])
      t.ok(
        [...texts.keys()].some((file) => file.startsWith(`${folder}/`)),
        `${folder} is looked through`,
      );
    if (live) {
      texts.set('/metrics', Buffer.from(await metrics()));
      t.ok((texts.get('/metrics')?.length ?? 0) > 1000);
    }
    texts.set('stderr of all processes', Buffer.from(running.said()));
    for (const [where, bytes] of await beside()) texts.set(where, bytes);
    t.same(traces(texts, [erased, other, ...Object.values(SAID)]), []);
  }
  /** Until the log holds all that was done: its length has not changed for longer than the sequencer pauses. */
  async function settled(): Promise<void> {
    const entries = async (): Promise<string | undefined> => /^yitong_log_entries (\d+)$/m.exec(await metrics())?.[1];
    for (let before = await entries(), same = 0; same < 3; ) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      const now = await entries();
      same = now === before ? same + 1 : 0;
      before = now;
    }
  }

  const run = async (...args: string[]): Promise<string> =>
    (
      await promisify(execFile)(process.execPath, [
        cli,
        ...args,
        '--data',
        running.data,
        '--workspace',
        workspace,
        '--json',
      ])
    ).stdout;
  const search = async (
    ...args: string[]
  ): Promise<
    readonly { readonly index: number; readonly body: { readonly subject?: { readonly pseudonym: string } } }[]
  > => JSON.parse(await run('audit', 'search', ...args)) as [];

  await everything(erased);
  const talk: Conversation = await converse(t, running, { applicant: 'applicant', officer: 'officer' });
  await settled();
  const before = await search('--subject', erased);
  t.ok(before.length >= 3, `${before.length} entries about it`);
  await scan();

  const outcome = JSON.parse(
    await run('audit', 'erase', erased, '--reason', 'a court said so', '--legal-basis', 'PIPL Art.47'),
  ) as { erased: boolean; by: number };
  t.equal(outcome.erased, true);
  t.same(await search('--subject', erased), [], 'nothing is found by the subject');
  t.ok((await search('--subject', other)).length > 0);
  t.same(await search('--case', 'B-7'), [], 'nor by the case');
  t.match(await search('--action', 'erasure'), [{ index: outcome.by }]);
  await until(
    'that the workers have forgotten its key',
    async () => (await talk.officer.get(running, '/console/calls')).text.includes(SAID.help),
    (is) => !is,
  );
  await forgotten(t, running, talk);
  t.match(JSON.parse(await run('audit', 'verify')), { ok: true, erased: before.length });
  const pseudonym = before[0]?.body.subject?.pseudonym ?? '';
  t.match(pseudonym, /^[0-9a-f]{32}$/);

  // the workers held its key in memory: what comes now has another pseudonym
  await everything(erased);
  await settled();
  const again = await search('--subject', erased);
  t.ok(again.length >= 3);
  t.ok(again.every(({ body }) => body.subject?.pseudonym !== pseudonym));
  await scan();
  await running.stop();
  t.match(JSON.parse(await run('audit', 'verify')), { ok: true, erased: before.length, newer: 0 });
  await scan(false);
}

t.test('the scan finds what it looks for, however it is written or packed, and names what it leaves out', (t) => {
  const subject = 'uscc:91350100M000100Y43';
  for (const [how, word] of spellings(subject)) {
    for (const before of ['', 'x', 'xy'])
      t.ok(
        traces(new Map([['a file', Buffer.concat([Buffer.from(before), word, Buffer.from('…')])]]), [subject]).some(
          (one) => one === `a file has the ${how}`,
        ),
        how,
      );
  }
  for (const offset of [0, 1, 2]) {
    const text = Buffer.from(Buffer.from(`${'-'.repeat(offset)}${subject}, and more`).toString('base64'));
    t.ok(traces(new Map([['a file', text]]), [subject]).includes(`a file has the subject, base64 at ${offset}`));
  }
  t.match(
    traces(new Map([['a file', Buffer.concat([Buffer.from('head'), gzipSync(`{"subject":"${subject}"}`)])]]), [
      subject,
    ]),
    [/subject, packed/, /key, packed/],
  );
  t.same(traces(new Map([['a file', Buffer.from('uscc:91350100M000100Y44')]]), [subject]), []);
  t.same(Object.keys(RECORDS), ['bus', 'view', 'names', 'connectors', 'spool', 'quarantine']);
  t.end();
});

t.test('a running city names no company beside its records, and forgets one that is erased', (t) =>
  forgets(t, {}, () => Promise.resolve(new Map())),
);

const broker = kafkaForTest(t);
if (broker !== undefined) {
  void t.test(
    'on Kafka as well: there is no topic but those of the records and the watermarks, and no watermark names a company',
    async (t) => {
      const prefix = `erased-x${randomBytes(4).toString('hex')}`;
      const { contracts } = await loadWorkspace(packageRoot());
      const records = [...contracts.keys()].map((id) => `${prefix}.${id}`);
      const controls = [
        ...new Set([...contracts.keys()].map((id) => `${prefix}.${id.slice(0, id.indexOf('.'))}._control`)),
      ];
      let looked = 0;
      await forgets(
        t,
        {
          prefix,
          bus: {
            driver: 'kafka',
            brokers: [broker],
            clientId: prefix,
            groupId: prefix,
            replication: 1,
            minInsyncReplicas: 1,
          },
        },
        async () => {
          const topics = await topicsOf(broker, prefix);
          t.same(
            topics.filter((name) => !records.includes(name) && !controls.includes(name)),
            [],
            'no copy of the log goes to a topic',
          );
          const others = topics.filter((name) => !records.includes(name));
          t.ok(others.length > 0);
          looked++;
          return contentOf(broker, others);
        },
      );
      t.equal(looked, 3);
      const register = await contentOf(broker, [`${prefix}.${DATASET}`]);
      const [text = Buffer.alloc(0)] = [...register.values()];
      t.match(text.toString('latin1'), /uscc:/, 'what is read from topics is what stands in them');
    },
  );
}

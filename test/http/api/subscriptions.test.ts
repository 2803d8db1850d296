/** Changes over HTTP: what is decided, on record, told, and to whom a cursor belongs. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { subjectKey } from '../../../contracts/ids.js';
import uscc from '../../../contracts/subjects/uscc.js';
import { readSettings } from '../../../gateway/ground/config/index.js';
import { buildApp } from '../../../gateway/http/app.js';
import { clearOf } from '../../../gateway/log/entries/answer-digest.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import type { Client, Grant } from '../../../policies/types.js';
import { client } from '../../policies/city.js';
import { ALL, AREA, alpha, grantOf, INSIDE, type World, world } from '../../procedures/subscriptions/world.js';

t.setTimeout(120_000);

const beta = client('beta');
const [ONE = '', TWO = ''] = [1, 2].map((n) => subjectKey('uscc', uscc.make(n)));
const asked = (parts: object = {}) => ({ purpose: 'credit', way: 'poll', datasets: [{ id: ALL }], ...parts });

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}
interface Port {
  readonly here: World;
  ask(method: string, path: string, body?: unknown, as?: string): Promise<Answer>;
  /** Clear parts of entries, in order. */
  entries(): readonly Readonly<Record<string, unknown>>[];
}

function folder(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function port(t: Test, grants: readonly Grant[], clients: readonly Client[] = [alpha(), beta]): Promise<Port> {
  const here = await world(t, grants, clients);
  const pki = folder(t);
  await initPki(pki);
  const files = await issueServer(pki);
  let asking = 'alpha';
  const app = await buildApp(
    'api',
    {
      workspace: here.workspace,
      settings: readSettings({}, { file: 'yitong.json' }, {}),
      view: here.view,
      journal: here.journal,
      inForce: here.inForce,
      identify: () => {
        const found = here.inForce().policies.clients.get(asking as Client['id']);
        return found === undefined ? { kind: 'refused', code: 'client_unknown' } : { kind: 'client', client: found };
      },
      bus: () => Promise.resolve(here.bus),
      dataDir: folder(t),
      now: Date.now,
    },
    { https: { cert: await readFile(files.cert), key: await readFile(files.key) } },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  t.teardown(async () => {
    agent.destroy();
    await app.close();
  });
  const { port: number } = app.server.address() as AddressInfo;
  return {
    here,
    entries: () => here.entries.map((draft) => JSON.parse(clearOf(draft)) as Readonly<Record<string, unknown>>),
    ask: async (method, path, body, as = 'alpha') => {
      asking = as;
      const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
        const headers = body === undefined ? {} : { 'content-type': 'application/json' };
        const sent = httpsRequest({ host: '127.0.0.1', port: number, path, method, agent, headers }, resolve);
        sent.on('error', reject);
        sent.end(body === undefined ? undefined : JSON.stringify(body));
      });
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
      return { status: response.statusCode ?? 0, text, lines };
    },
  };
}

const CHANGES = '/v1/subscriptions/mine/changes';
const after = (cursor: unknown, wait = 0): string =>
  `${CHANGES}?wait=${String(wait)}&after=${encodeURIComponent(String(cursor))}`;

t.test('what changes is told once it is on record, behind a cursor, and only what is granted', async (t) => {
  const { here, ask, entries } = await port(t, [grantOf(ALL)]);
  await here.publish([{ dataset: ALL, subject: ONE, recordId: 'a', name: 'before', area: INSIDE }]);
  await here.settled();
  t.match((await ask('PUT', '/v1/subscriptions/mine', asked())).lines[0], {
    id: 'mine',
    datasets: [{ id: ALL, effect: 'allow' }],
  });
  const nothing = await ask('GET', `${CHANGES}?wait=0`);
  t.match(nothing.lines, [{ changes: 0, receipt: {} }], 'it begins with what changes from then on');
  const waiting = ask('GET', after(nothing.lines[0]?.['next'], 60));
  await here.publish([
    { dataset: ALL, subject: ONE, recordId: 'a', name: 'one', area: INSIDE },
    { dataset: ALL, subject: ONE, recordId: 'a' },
  ]);
  const { lines, text, status } = await waiting;
  t.equal(status, 200, 'it waits for the first');
  await here.settled();
  const rest = await ask('GET', after(lines.at(-1)?.['next']));
  const all = [...lines.slice(0, -1), ...rest.lines.slice(0, -1)];
  t.match(all.at(-1), { dataset: ALL, subject: ONE, kind: 'removed' }, 'that it is gone is told');
  t.notMatch(text, /never granted|before/, 'no field that is not granted, and nothing of before');
  const released = entries().filter(({ type }) => type === 'released');
  t.match(released.at(-2), {
    delivery: 'subscription',
    purpose: 'credit',
    datasets: [{ dataset: ALL, fields: ['name'] }],
  });
  const before = text.slice(0, text.indexOf('{"next"'));
  t.equal(released.at(-2)?.['bodySha256'], createHash('sha256').update(before).digest('base64url'));
  t.ok(
    here.entries.some(({ subject }) => subject?.subject === ONE),
    'whom it is about finds it',
  );
});

t.test('a cursor is of one subscription of one client', async (t) => {
  const { ask } = await port(t, [
    grantOf(ALL),
    grantOf(AREA, { client: beta.id, dataset: ALL, rows: { kind: 'all' } }),
  ]);
  for (const as of ['alpha', 'beta']) await ask('PUT', '/v1/subscriptions/mine', asked(), as);
  await ask('PUT', '/v1/subscriptions/other', asked());
  const next = (await ask('GET', `${CHANGES}?wait=0`)).lines[0]?.['next'];
  t.equal((await ask('GET', after(next))).status, 200);
  t.match((await ask('GET', after(next), undefined, 'beta')).lines[0], { code: 'bad_cursor' });
  t.match((await ask('GET', after(next).replace('mine', 'other'))).lines[0], { code: 'bad_cursor' });
  const changed = String(next).replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
  t.match((await ask('GET', after(changed))).lines[0], { code: 'bad_cursor' });
  await ask('DELETE', '/v1/subscriptions/mine');
  t.match((await ask('GET', after(next))).lines[0], { code: 'not_found' });
  await ask('PUT', '/v1/subscriptions/mine', asked());
  t.match((await ask('GET', after(next))).lines[0], { code: 'bad_cursor' }, 'nor of one of that name that was ended');
  t.match((await ask('GET', '/v1/subscriptions', undefined, 'beta')).lines[0], { subscriptions: [{ id: 'mine' }] });
});

t.test('who waits when the grant ends is denied, on record, and is told nothing of what comes then', async (t) => {
  const { here, ask, entries } = await port(t, [grantOf(ALL)]);
  await ask('PUT', '/v1/subscriptions/mine', asked());
  const waiting = ask('GET', `${CHANGES}?wait=60`);
  here.grant([grantOf(ALL, { status: 'suspended' })]);
  await here.publish([{ dataset: ALL, subject: ONE, recordId: 'a', name: 'secretly', area: INSIDE }]);
  const { status, text, lines } = await waiting;
  t.equal(status, 403);
  t.match(lines[0], { code: 'denied', datasets: [{ reason: 'grant_suspended' }] });
  t.notMatch(text, /secretly/);
  t.match(entries().at(-1), { type: 'released', datasets: [{ effect: 'deny', reason: 'grant_suspended' }] });
  here.grant([grantOf(ALL)]);
  await here.settled();
  t.match((await ask('GET', `${CHANGES}?wait=0`)).lines, [{ record: { name: 'secretly' } }, {}], 'another one begins');
});

t.test('a signal names nobody, whoever asks for more', async (t) => {
  const { here, ask, entries } = await port(t, [grantOf(ALL, { signals: true })]);
  const made = await ask('PUT', '/v1/subscriptions/mine', asked({ subjects: [ONE, TWO] }));
  t.match(made.lines[0], { subjects: 2, datasets: [{ signals: true }] });
  const names = made.lines[0]?.['pseudonyms'] as readonly { readonly subject: string; readonly pseudonym: string }[];
  await here.publish([{ dataset: ALL, subject: TWO, recordId: 'a', name: 'told to nobody', area: INSIDE }]);
  await here.settled();
  const { text, lines } = await ask('GET', `${CHANGES}?wait=0`);
  t.match(lines, [
    { kind: 'changed', subject: names.find(({ subject }) => subject === TWO)?.pseudonym },
    { changes: 1 },
  ]);
  t.notMatch(text, /uscc|told to nobody|"key"/);
  t.match(
    entries().findLast(({ type }) => type === 'released'),
    { datasets: [{ signals: true, records: 1 }] },
  );
});

t.test('a client has a hundred subscriptions at most', async (t) => {
  const { ask } = await port(t, [grantOf(ALL)]);
  const put = (name: string): Promise<Answer> => ask('PUT', `/v1/subscriptions/${name}`, asked());
  for (let i = 0; i < 100; i++) t.equal((await put(`s${String(i)}`)).status, 200);
  t.match((await put('more')).lines[0], { code: 'too_many_subscriptions' });
  t.equal((await put('s7')).status, 200, 'one that is there is changed');
  await ask('DELETE', '/v1/subscriptions/s7');
  t.equal((await put('more')).status, 200, 'where one ends there is room');
});

t.test('what may not be subscribed to is refused', async (t) => {
  const { ask, entries } = await port(t, [
    grantOf(ALL, { delivery: ['query'] }),
    grantOf(AREA, { requires: ['caseId'] }),
  ]);
  for (const [body, of] of [
    [asked(), { code: 'denied', datasets: [{ reason: 'not_granted' }] }],
    [asked({ datasets: [{ id: AREA }] }), { code: 'denied', datasets: [{ reason: 'case_required' }] }],
    [asked({ datasets: [{ id: 'tax.nothing' }] }), { code: 'denied', datasets: [{ reason: 'not_granted' }] }],
    [asked({ way: 'webhook' }), { code: 'bad_request' }],
    [asked({ url: 'https://elsewhere.example' }), { code: 'bad_request' }],
    [asked({ subjects: ['uscc:1'] }), { code: 'bad_subject' }],
  ] as const) {
    const before = entries().length;
    t.match((await ask('PUT', '/v1/subscriptions/mine', body)).lines[0], of);
    t.ok(of.code !== 'denied' || entries().length > before, 'a denial is on record');
  }
  t.match((await ask('GET', '/v1/subscriptions')).lines[0], { subscriptions: [] }, 'and nothing was made');
});

/**
 * An operator finds each metric of a running city in docs/metrics.md and each of the page in the city; no label grows
 * with who asks or what is asked.
 */
import { equal, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Held, State } from '../../../connectors/publish/index.js';
import { loadCalendars } from '../../../contracts/calendar.js';
import { errorTable } from '../../../contracts/errors.js';
import { loadLifecycles } from '../../../contracts/lifecycle/load.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot, packageVersion, runningUp } from '../../../gateway/ground/files/places.js';
import { PARTS } from '../../../gateway/operate/metrics/parts.js';
import { loadPolicies } from '../../../policies/load.js';
import { isReasonCode } from '../../../policies/replay.js';
import { ask, until } from '../../e2e/ask.js';
import { companies, stories } from '../../e2e/stories.js';
import { serve } from '../../http/api/serve.js';
import { childrenOf } from '../../tools/bench/servers.js';
import { asked, targets } from './dashboard.js';
import { prometheusForTest } from './prometheus.js';
import {
  documented,
  documentedLabels,
  parsed,
  promtool,
  promtoolForTest,
  rules,
  rulesFile,
  type Scraped,
} from './rules.js';
import { textOf, watched } from './town.js';

t.setTimeout(350_000);

const town = await watched(t);
const { gateway, addresses } = town;
const { api, pki } = gateway;
const everybody = await companies(gateway.data);
const [subject = '', other = ''] = everybody;
const { allowed, denied, push } = stories;
const CASE = { item: 'X', caseId: 'B-20261126-7', actor: 'Zhou' };

// traffic that is right and traffic that tries to become a label
const post = (client: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  ask(api, pki, client, { method: 'POST', path, body, headers });
equal(
  (
    await post(
      allowed.client,
      '/v1/query',
      { purpose: allowed.purpose, subject, case: CASE, datasets: allowed.datasets.map((id) => ({ id })) },
      { 'x-request-id': 'R-of-Zhou' },
    )
  ).status,
  200,
);
equal(
  (
    await post(denied.client, '/v1/query', {
      purpose: denied.purpose,
      subject,
      datasets: [...denied.datasets, `x.y-${subject.slice(-6).toLowerCase()}`].map((id) => ({ id })),
    })
  ).status,
  403,
);
for (const path of [
  `/v1/nothing/${subject}`,
  `/v1/receipts/${subject}`,
  `/v1/catalogue/${subject}`,
  `/${encodeURIComponent('王小明')}`,
])
  ok((await ask(api, pki, allowed.client, { path })).status >= 400);
equal(
  (await post(allowed.client, '/v1/query', { purpose: subject, subject: other.toLowerCase(), datasets: [] })).status,
  400,
);
equal((await ask(api, pki, allowed.client, { method: 'DELETE', path: '/v1/query' })).status, 405);
equal(
  (
    await post(push.publisher, `/v1/datasets/${push.reader.dataset}/records`, {
      sourceTime: new Date().toISOString(),
      records: [{ position: subject, value: { checkNumber: 'A1', uscc: subject.slice(5), surplus: '王小明' } }],
    })
  ).status,
  200,
);
await fetch(`${gateway.people.replace('https:', 'http:')}/`).catch(() => undefined);

const scrape = async (of: keyof typeof addresses): Promise<string> => textOf(`${addresses[of]}/metrics`);
const parts = ['gateway', 'witness', 'connector'] as const;
await until(
  'a checkpoint of the witness',
  () => scrape('witness'),
  (text) => /^yitong_witness_cosigned_total\{.*\} [1-9]/m.test(text),
);
// a checkpoint may be on its way just now: the witness cosigned when it was asked last
await until(
  'the gateway knows its witness',
  () => scrape('gateway'),
  (text) => /^yitong_witness_up\{.*state="cosigned".*\} 1$/m.test(text),
);
await until(
  "the connector's first run",
  () => scrape('connector'),
  (text) => /^yitong_ready\{part="connector"\} 1$/m.test(text),
);
await until(
  'the quarantined row',
  () => scrape('gateway'),
  (text) => /^yitong_quarantine_rows\{dataset="transport.weighbridge-checks"\} 1$/m.test(text),
);
const texts = new Map(await Promise.all(parts.map(async (part) => [part, await scrape(part)] as const)));
const scraped: readonly Scraped[] = [...texts.values()].map(parsed);
const samples = scraped.flatMap((one) => one.samples);
const value = (family: string, labels: Readonly<Record<string, string>>): number | undefined =>
  samples.find(
    (one) => one.family === family && Object.entries(labels).every(([label, text]) => one.labels[label] === text),
  )?.value;

t.test('each exported metric stands on the page with its type and labels, and each of the page is exported', (t) => {
  const page = documented();
  const exported = new Map(scraped.flatMap(({ types }) => [...types]));
  t.strictSame(
    [...exported.keys()].filter((name) => !page.has(name)),
    [],
    'not on the page',
  );
  t.strictSame(
    [...page.keys()].filter((name) => !exported.has(name)),
    [],
    'only on the page',
  );
  for (const [name, type] of exported) t.equal(page.get(name)?.type, type, name);
  for (const { helps } of scraped)
    for (const [name, help] of helps) {
      t.ok(help.length > 10, `${name} says what it is`);
      t.equal(page.get(name)?.meaning, help, `the page says the same of ${name}`);
    }
  for (const { family, labels } of samples)
    t.strictSame(
      Object.keys(labels)
        .filter((label) => label !== 'le')
        .sort(),
      [...(page.get(family)?.labels ?? [])].sort(),
      family,
    );
  t.ok(new Set(samples.map(({ family }) => family)).size > 60);
  t.end();
});

t.test('the values of each label come from the workspace, the routes or a table', async (t) => {
  const workspace = await loadWorkspace(town.workspace);
  const policies = await loadPolicies(workspace);
  const { app, people } = await serve(t);
  const routes = (url: string): boolean =>
    url === 'none' ||
    [app, people].some((face) =>
      ['GET', 'POST', 'HEAD'].some((method) => face.hasRoute({ method: method as 'GET', url })),
    );
  const among =
    (...values: readonly string[]) =>
    (text: string): boolean =>
      values.includes(text);
  const datasets = new Set<string>([...workspace.contracts.keys(), 'office.shops']);
  const { lifecycles: all } = await loadLifecycles({ layers: workspace.layers, authorities: workspace.authorities });
  const calendars = await loadCalendars(workspace.layers);
  const lifecycles = [...all.values()];
  const known: Readonly<Record<string, (text: string) => boolean>> = {
    part: among('gateway', 'witness', 'connector'),
    version: among(packageVersion()),
    node: among(process.versions.node),
    of: among('this', 'any'),
    process: among('supervisor', 'writer', 'feeds', 'worker-1', 'worker-2', 'connector', 'witness'),
    port: among('api', 'people'),
    route: routes,
    status: (text) => /^[1-5]\d\d$/.test(text) || among('current', 'stale', 'never-loaded', 'unavailable')(text),
    code: (text) => text in errorTable,
    dataset: (text) => datasets.has(text) || text === '(unknown)',
    feed: (text) => datasets.has(text),
    effect: among('allow', 'deny'),
    reason: (text) => text === '' || isReasonCode(text),
    client: (text) => [...policies.clients.keys()].some((id) => id === text),
    way: among('poll', 'webhook', 'topic', 'out', 'in'),
    outcome: among(
      'published',
      'unchanged',
      'merged',
      'quarantined',
      'skipped',
      'spooled',
      'genuine',
      'changed',
      'revoked',
      'unknown',
      'named',
      'unsure',
      'off-topic',
      'asked',
      'answered',
      'not-understood',
      'handed-over',
      'submitted',
    ),
    state: (text) =>
      among(
        'starting',
        'complete',
        'refused',
        'nothing-new',
        'failing',
        'failed',
        'waiting',
        'cosigned',
        'unreachable',
        'following',
        'stopped',
      )(text) || lifecycles.some(({ states }) => text in states),
    witness: among('witness.test/w1'),
    replica: among(),
    log: among('yitong.example/log', 'unknown'),
    rule: (text) => readdirSync(join(packageRoot(), 'gateway/procedures/watch/rules')).includes(`${text}.ts`),
    anchor: (text) => text === 'development',
    calendar: (text) => calendars.has(text),
    kind: among(...Object.keys(PARTS), 'positions', 'cases', 'use'),
    store: among('view', 'bus'),
    certificate: among('server', 'documents', 'replica'),
    lifecycle: (text) => lifecycles.some(({ id }) => id === text),
    clock: (text) => lifecycles.some(({ clocks }) => text in clocks),
    task: among(
      ...['watching', 'searching', 'clocks', 'names', 'view-look', 'state-sweep', 'sequencer-lease'],
      ...[
        'erasures',
        'case-terms',
        'case-steps',
        'case-acts',
        'case-errands',
        'subscriptions',
        'quality',
        'notices',
        'files',
      ],
      'sharing-supply',
    ),
    measure: among('completeness', 'validity', 'freshness', 'accepted'),
    region: among(),
    channel: among('mail', 'hook'),
    le: (text) => text === '+Inf' || Number(text) > 0,
  };
  t.strictSame([...documentedLabels()].sort(), Object.keys(known).sort(), 'the page says the same of the same labels');
  const strange = new Set(
    samples.flatMap(({ family, labels }) =>
      Object.entries(labels)
        .filter(([label, text]) => known[label]?.(text) !== true)
        .map(([label, text]) => `${family}{${label}="${text}"}`),
    ),
  );
  t.strictSame([...strange], []);
  for (const text of new Set(
    samples.flatMap(({ labels }) =>
      Object.entries(labels)
        .filter(([label]) => label !== 'le')
        .map(([, text]) => text),
    ),
  ))
    t.notMatch(text, /[0-9A-HJ-NPQRTUWXY]{15}|\d{5}|[^ -~]|Zhou|B-2026/, text);
});

t.test('the numbers tell what happened', (t) => {
  t.equal(value('yitong_decisions_total', { dataset: allowed.datasets[0], effect: 'allow' }), 1);
  t.equal(value('yitong_decisions_total', { dataset: denied.datasets[1], effect: 'deny' }), 1);
  t.equal(
    value('yitong_decisions_total', { dataset: '(unknown)', effect: 'deny' }),
    1,
    'a dataset that there is not is no label of its own',
  );
  t.equal(value('yitong_errors_total', { code: 'denied' }), 1);
  t.equal(value('yitong_errors_total', { code: 'method_not_allowed' }), 1);
  t.equal(value('yitong_requests_total', { port: 'api', route: '/v1/query', status: '200' }), 1);
  t.equal(value('yitong_client_requests_total', { client: denied.client }), 1);
  t.equal(value('yitong_pushed_records_total', { dataset: push.reader.dataset, outcome: 'quarantined' }), 1);
  t.ok((value('yitong_tls_failures_total', { port: 'people' }) ?? 0) >= 1, 'plain HTTP on a TLS port');
  t.ok(samples.some(({ family, value: entries }) => family === 'yitong_journal_entries_total' && entries > 0));
  t.equal(value('yitong_witness_up', { witness: 'witness.test/w1', state: 'cosigned' }), 1);
  t.equal(value('yitong_dataset_status', { dataset: allowed.datasets[0], status: 'current' }), 1);
  t.ok((value('yitong_dataset_records', { dataset: 'samr.company-register' }) ?? 0) >= everybody.length);
  t.ok((value('yitong_view_lag_seconds', { dataset: 'samr.company-register' }) ?? 99) < 30);
  t.equal(value('yitong_bus_up', {}), 1);
  t.ok((value('yitong_view_bytes', {}) ?? 0) > 100_000);
  t.equal(value('yitong_feed_rows_total', { feed: 'office.shops', outcome: 'published' }), 3);
  t.equal(value('yitong_feed_state', { feed: 'office.shops', state: 'complete' }), 1);
  t.ok(
    (value('yitong_feed_rows_total', { feed: 'samr.company-register', outcome: 'published' }) ?? 0) >= everybody.length,
    "feeds under `up` stand on the gateway's port",
  );
  t.equal(
    samples.filter(({ family, value: up }) => family === 'yitong_process_up' && up === 1).length,
    4,
    'writer, feeds and two workers',
  );
  t.end();
});

t.test('a withdrawal that is held back is counted whoever left it out, a run or a system that pushes', async (t) => {
  const { dataset } = push.reader;
  const counted =
    (count: number) =>
    (text: string): boolean =>
      parsed(text).samples.some(
        ({ family, labels, value: held }) =>
          family === 'yitong_feed_held_withdrawals' && labels['feed'] === dataset && held === count,
      );
  const hold = async (put: readonly Held[], remove: readonly Held[]): Promise<void> => {
    const state = State.open(gateway.data);
    await state.changeHeld(dataset, put, remove);
    await state.close();
  };
  const left: Held = { subject, recordId: 'A1', since: new Date().toISOString(), by: ['row'], positions: ['2'] };
  await hold([left], []);
  await t.resolves(
    until('the figure', () => scrape('gateway'), counted(1)),
    'held',
  );
  await hold([], [left]);
  await t.resolves(
    until('the figure again', () => scrape('gateway'), counted(0)),
    'and given free',
  );
});

t.test('what a worker counted stays when it is gone, and its restart is counted', async (t) => {
  const total = (text: string): number =>
    parsed(text)
      .samples.filter(
        ({ family, labels }) =>
          family === 'yitong_requests_total' && labels['status'] === '200' && labels['route'] === '/v1/query',
      )
      .reduce((sum, { value: n }) => sum + n, 0);
  for (let i = 0; i < 6; i++)
    await post(allowed.client, '/v1/query', {
      purpose: allowed.purpose,
      subject,
      case: CASE,
      datasets: [{ id: allowed.datasets[0] }],
    });
  const before = total(await scrape('gateway'));
  t.equal(before, 7);
  const started = parsed(await scrape('gateway')).samples.find(
    ({ family, labels }) => family === 'yitong_process_start_time_seconds' && labels['process'] === 'worker-1',
  )?.value;
  const [worker] = childrenOf(runningUp(gateway.data)?.pid ?? 0, 'worker.js').filter((pid) =>
    readFileSync(`/proc/${String(pid)}/environ`, 'utf8').includes('YITONG_SLOT=1'),
  );
  if (worker === undefined) throw new Error('the worker was not found');
  process.kill(worker, 'SIGKILL');
  const after = await until(
    'the worker again',
    () => scrape('gateway'),
    (text) =>
      /^yitong_process_restarts_total\{process="worker-1"\} 1$/m.test(text) &&
      /^yitong_process_up\{process="worker-1"\} 1$/m.test(text),
    120_000,
  );
  t.equal(total(after), before, 'a sum does not fall because a process ended');
  t.not(
    parsed(after).samples.find(
      ({ family, labels }) => family === 'yitong_process_start_time_seconds' && labels['process'] === 'worker-1',
    )?.value,
    started,
  );
});

if (promtoolForTest(t) === true) {
  void t.test('Prometheus finds nothing wrong with any of the three', (t) => {
    for (const [part, text] of texts) {
      const { ok: taken, said } = promtool(['check', 'metrics'], text);
      t.ok(taken && said.trim() === '', `${part}: ${said}`);
    }
    t.end();
  });
}

t.test('a Prometheus that scrapes all three evaluates every rule, calls nobody, and answers every panel', async (t) => {
  const prometheus = await prometheusForTest(t, Object.values(addresses), rulesFile);
  if (prometheus === undefined) return;
  interface Group {
    readonly name: string;
    readonly rules: readonly {
      readonly name: string;
      readonly health: string;
      readonly lastError?: string;
      readonly alerts?: readonly { readonly state: string }[];
    }[];
  }
  const { activeTargets } = await until(
    'three targets',
    () =>
      prometheus.ask<{ readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[] }>(
        'targets',
      ),
    ({ activeTargets: all }) => all.length === 3 && all.every(({ health }) => health === 'up'),
    30_000,
  );
  t.strictSame(
    activeTargets.map(({ lastError }) => lastError),
    ['', '', ''],
  );
  const { groups } = await until(
    'the rules',
    () => prometheus.ask<{ readonly groups: readonly Group[] }>('rules'),
    ({ groups: all }) =>
      all.length > 0 && all.every((group) => group.rules.every(({ health }) => health !== 'unknown')),
    30_000,
  );
  t.strictSame(
    groups.flatMap((group) =>
      group.rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError ?? ''}`),
    ),
    [],
  );
  t.equal(groups.flatMap((group) => group.rules).length, rules().length);
  t.strictSame(
    groups.flatMap((group) =>
      group.rules.filter(({ alerts = [] }) => alerts.some(({ state }) => state === 'firing')).map(({ name }) => name),
    ),
    [],
    'a healthy city is quiet',
  );
  // of what a city like this one has none: replicas, alerts, terms that ran out, tickets, feeds that fail, databases,
  // refusals of its witness
  const none =
    /Replica lag|Watching alerts|Terms of law|Open tickets|Feeds that fail|State of feeds|Checkpoints cosigned/;
  const silent = async (): Promise<readonly string[]> => {
    const empty = await Promise.all(
      targets.map(async ({ title, expr }) =>
        (
          await prometheus.ask<{ readonly result: readonly unknown[] }>(
            `query?query=${encodeURIComponent(asked(expr))}`,
          )
        ).result.length === 0
          ? [title]
          : [],
      ),
    );
    return empty.flat().filter((title) => !none.test(title));
  };
  t.strictSame(await until('an answer for each panel', silent, (titles) => titles.length === 0, 30_000), []);
});

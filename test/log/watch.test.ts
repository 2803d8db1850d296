import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { present } from '../../contracts/present.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { startWatching, type Watcher, type WatchOptions } from '../../gateway/procedures/watch/follow.js';
import { loadRules, readThresholds } from '../../gateway/procedures/watch/rule.js';
import { type Alert, openAlerts } from '../../gateway/procedures/watch/store.js';
import { type Draft, type StoredLog, storedLog } from './stored.js';

const START = Date.parse('2026-03-02T02:00:00Z');
const rules = await loadRules();
const thresholds = readThresholds(
  rules,
  {
    purpose: { learnDays: 0 },
    subject: { clients: 3, minutes: 60 },
    actor: { cases: 5 },
    enumeration: { sequence: 6 },
  },
  { file: 'yitong.json' },
);

/** Entry `n`; clients, subjects and cases as the parts say. */
const draft = (
  n: number,
  parts: { client?: string; subject?: string; purpose?: string; actor?: string; caseId?: string; more?: object } = {},
): Draft => ({
  clear: {
    type: 'released',
    time: new Date(START + n * 1000).toISOString(),
    requestId: `r-${n}`,
    client: parts.client ?? 'counter',
    authority: 'tax',
    purpose: parts.purpose ?? 'licence',
    stated: [],
    policyVersion: 'v',
    datasets: [{ dataset: 'samr.company', effect: 'allow', fields: ['name'], records: 1 }],
    bodySha256: 'x',
    bytes: 1,
    ...parts.more,
  },
  subject: parts.subject ?? `uscc:${String((n * 7919) % 1000).padStart(4, '0')}-${n % 7}AAAAA`,
  details: { ...present({ actor: parts.actor }), caseId: parts.caseId ?? `case-${n}` },
});

interface Records {
  readonly recorded: string[];
  watch(more?: Partial<WatchOptions>): Watcher;
}
function records(t: Test, data: string): Records {
  const recorded: string[] = [];
  return {
    recorded,
    watch: (more = {}) =>
      startWatching({
        dataDir: data,
        rules,
        thresholds,
        now: Date.now,
        interval: 0,
        settle: 0,
        record: async ({ id }) => void recorded.push(id),
        onError: (error) => t.fail(String(error)),
        ...more,
      }),
  };
}
async function alertsOf(data: string): Promise<readonly Alert[]> {
  const store = openAlerts(auditLayout(data).alerts);
  const list = store.list();
  await store.close();
  return list;
}
function opened(t: Test): { data: string; log: StoredLog } {
  const data = t.testdir();
  const log = storedLog(data);
  t.teardown(() => log.close());
  return { data, log };
}

t.test('an alert names its entries, and nobody', async (t) => {
  const { data, log } = opened(t);
  const { watch, recorded } = records(t, data);
  log.add(Array.from({ length: 300 }, (_, n) => draft(n)));
  log.add([300, 301, 302].map((n) => draft(n, { client: `other-${n}`, subject: 'uscc:SECRETSUBJECT' })));
  log.add(Array.from({ length: 5 }, (_, i) => draft(303 + i, { actor: '王经办', caseId: `king-${i}` })));
  log.add(
    Array.from({ length: 8 }, (_, i) => draft(308 + i, { client: 'prober', subject: `uscc:91350100M0001${i}0Y43` })),
  );
  log.add([draft(316, { purpose: 'curiosity' })]);
  const watcher = watch();
  t.equal(await watcher.runOnce(), 317);
  t.equal(await watcher.runOnce(), 0);
  await watcher.stop();
  const alerts = await alertsOf(data);
  const named = Object.fromEntries(alerts.map(({ rule, entries }) => [rule, entries]));
  t.same(named, {
    subject: [300, 301, 302],
    actor: [303, 304, 305, 306, 307],
    enumeration: [308, 309, 310, 311, 312, 313],
    purpose: [316],
  });
  t.same([...recorded].sort(), alerts.map(({ id }) => id).sort());
  t.ok(alerts.every((alert) => alert.recorded));
  t.notMatch(JSON.stringify(alerts), /SECRETSUBJECT|王经办|king-|M0001/, 'pseudonyms and references only');
});

t.test(
  'whoever is refused again and again is told, known or not, also across a restart; no alert names an address ' +
    'or a person',
  async (t) => {
    const { data, log } = opened(t);
    const { watch, recorded } = records(t, data);
    const few = readThresholds(rules, { refusals: { refusals: 10, knocks: 50, sources: 6 } }, { file: 'yitong.json' });
    const time = (n: number): string => new Date(START + n * 60_000).toISOString();
    const refused = (n: number, who: object): Draft => ({
      clear: {
        type: 'refused',
        time: time(n),
        requestId: `r-${String(n)}`,
        port: 'api',
        route: 'GET /v1/reports/:id',
        code: 'not_found',
        ...who,
      },
    });
    const knock = (n: number, source: string, count: number): Draft => ({
      clear: {
        type: 'refused_before_identity',
        time: time(n),
        source,
        minute: time(n),
        code: 'certificate_required',
        count,
      },
    });
    const to = async (drafts: readonly Draft[]): Promise<readonly Alert[]> => {
      const before = new Set((await alertsOf(data)).map(({ id }) => id));
      log.add(drafts);
      // each time another process
      const watcher = watch({ thresholds: few });
      await watcher.runOnce();
      await watcher.stop();
      return (await alertsOf(data)).filter(({ id, rule }) => rule === 'refusals' && !before.has(id));
    };
    t.same(
      await to(Array.from({ length: 9 }, (_, n) => refused(n, { client: 'prober', authority: 'tax' }))),
      [],
      'nine',
    );
    t.match(
      await to([refused(9, { client: 'prober', authority: 'tax' })]),
      [{ client: 'prober', facts: { refusals: 10, minutes: 60 }, entries: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }],
      'the tenth',
    );
    t.same(
      await to(Array.from({ length: 5 }, (_, n) => refused(10 + n, { client: 'prober', authority: 'tax' }))),
      [],
      'once',
    );
    t.same(
      await to(Array.from({ length: 30 }, (_, n) => refused(20 + 10 * n, { client: 'clumsy', authority: 'tax' }))),
      [],
      'six an hour are nothing',
    );

    const person = await to(
      Array.from({ length: 10 }, (_, n) => ({
        ...refused(400 + n, { roles: ['auditor'] }),
        subject: 'person:city|curious',
      })),
    );
    t.match(person, [{ subject: /^[0-9a-f]{32}$/, facts: { refusals: 10 } }]);
    t.same(await to([knock(500, '203.0.113.7', 49)]), []);
    t.match(await to([knock(501, '203.0.113.7', 3), knock(502, '203.0.113.7', 900)]), [{ facts: { knocks: 52 } }]);
    t.match(
      await to(Array.from({ length: 7 }, (_, n) => knock(600 + n, `198.51.100.${String(n)}`, 2))),
      [{ facts: { sources: 6 } }],
      'from many addresses',
    );

    const all = await alertsOf(data);
    t.equal(recorded.length, all.length);
    t.notMatch(JSON.stringify(all), /203\.0\.113|198\.51\.100|curious/);
  },
);

t.test('a crash before an alert is on record loses none and tells none twice', async (t) => {
  const { data, log } = opened(t);
  const { watch, recorded } = records(t, data);
  log.add(Array.from({ length: 200 }, (_, n) => draft(n)));
  log.add([200, 201, 202].map((n) => draft(n, { client: `other-${n}`, subject: 'uscc:SUBJECT' })));
  // the journal is away when the alert is found: it is stored, and its entry is still due
  const failing = watch({ record: () => Promise.reject(new Error('the journal is away')) });
  await t.rejects(failing.runOnce(), /away/);
  await failing.stop();
  t.match(await alertsOf(data), [{ rule: 'subject', recorded: false }]);
  const after = watch();
  await after.runOnce();
  await after.runOnce();
  await after.stop();
  t.equal(recorded.length, 1);

  // the process ended after the entry was written and before that was noted: the entry is met in the log
  const store = openAlerts(auditLayout(data).alerts);
  const [alert] = store.list();
  await store.close();
  log.add([203, 204, 205].map((n) => draft(n, { client: `again-${n}`, subject: 'uscc:OTHER' })));
  const second: Alert[] = [];
  const dying = watch({
    record: async (found) => {
      second.push(found);
      throw new Error('it ends here');
    },
  });
  await t.rejects(dying.runOnce(), /ends here/);
  await dying.stop();
  t.equal(second.length, 1);
  log.add([
    {
      clear: {
        type: 'administration',
        time: new Date(START).toISOString(),
        action: 'alert_raised',
        by: 'watch',
        target: second[0]?.id,
      },
    },
  ]);
  const last = watch({ settle: 60_000 });
  await last.runOnce();
  await last.stop();
  t.equal(recorded.length, 1, 'no second entry');
  t.same(
    (await alertsOf(data)).map((one) => [one.rule, one.recorded]),
    [
      ['subject', true],
      ['subject', true],
    ],
  );
  t.not(second[0]?.id, alert?.id);
});

t.test('a process killed at any entry finds what one that was not killed finds', async (t) => {
  const folder = t.testdir({ killed: {}, whole: {} });
  const drafts = Array.from({ length: 600 }, (_, n) => {
    if ([0, 13, 29].includes(n % 40))
      return draft(n, { client: `c-${n % 40}`, subject: `uscc:HOT-${Math.floor(n / 40)}` });
    if (n % 11 === 0) return draft(n, { actor: `a-${Math.floor(n / 120)}` });
    return draft(n, n % 97 === 0 ? { purpose: `p-${n}` } : {});
  });
  const [data, other] = ['killed', 'whole'].map((name) => join(folder, name)) as [string, string];
  for (const dir of [data, other]) {
    const log = storedLog(dir);
    log.add(drafts);
    await log.close();
  }
  const child = new URL('./watch-until-killed.js', import.meta.url).pathname;
  const signals = [0, 118, 241, 399, 560].map(
    (at) => spawnSync(process.execPath, [child, data, String(at)], { stdio: ['ignore', 'ignore', 'inherit'] }).signal,
  );
  t.ok(signals.filter((signal) => signal === 'SIGKILL').length > 2, signals.join());
  for (const dir of [data, other]) {
    const watcher = records(t, dir).watch();
    await watcher.runOnce();
    await watcher.stop();
  }
  // pseudonyms are of each folder, and so are the ids that are made of them
  const seen = (alerts: readonly Alert[]): string[] =>
    alerts.map(({ rule, entries, facts }) => JSON.stringify([rule, entries, facts])).sort();
  const [survived, expected] = [await alertsOf(data), await alertsOf(other)];
  t.ok(expected.length > 15, `${expected.length} alerts`);
  t.same(seen(survived), seen(expected));
  t.ok(survived.every(({ recorded }) => recorded));
});

t.test('an alert is acknowledged once', async (t) => {
  const { data, log } = opened(t);
  log.add([draft(0), draft(1, { purpose: 'curiosity' })]);
  const watcher = records(t, data).watch();
  await watcher.runOnce();
  await watcher.stop();
  const store = openAlerts(auditLayout(data).alerts);
  t.teardown(() => store.close());
  const id = store.list()[0]?.id ?? '';
  t.equal(store.acknowledge('nothing', { at: 1, pseudonym: 'p', enc: 'e' }), false);
  t.equal(store.acknowledge(id, { at: 1, pseudonym: 'p', enc: 'e' }), true);
  t.equal(store.acknowledge(id, { at: 2, pseudonym: 'q', enc: 'f' }), false);
  t.match(store.get(id), { acknowledged: { at: 1, pseudonym: 'p' } });
  t.same(store.counts(), { purpose: 1 });
});

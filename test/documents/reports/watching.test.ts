/**
 * Watched documents: each change once, in order, on record before it can be read, told to whoever watches and to nobody
 * else.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { stateOf } from '../../../gateway/documents/reports/change-kinds.js';
import { eachInTurn } from '../../../gateway/documents/reports/each-in-turn.js';
import { openWatched, type Watched } from '../../../gateway/documents/reports/watched-documents.js';
import { watchedIn } from '../../../gateway/documents/reports/watched-in-state.js';
import { startWatching } from '../../../gateway/documents/reports/watching.js';
import { resultOf, watchOf } from '../../../gateway/http/api/documents/bulk.js';
import { until } from '../../e2e/ask.js';
import { company, entry, NOW, openWorld, PENALTIES, penalty, REGISTER, type ReportWorld } from './world.js';

t.setTimeout(180_000);
const DAY = 86_400_000;

interface Desk {
  readonly made: ReportWorld;
  readonly watched: Watched;
  readonly failures: unknown[];
  effects: number;
  round(): Promise<void>;
  issue(n: number): Promise<string>;
  /** As the service does. */
  watch(client: string, code: string, length: number): Promise<void>;
}

async function desk(t: Test): Promise<Desk> {
  const made = await openWorld();
  const { state, dataDir } = made.context;
  const watched = state === undefined ? openWatched(dataDir) : watchedIn(state);
  const failures: unknown[] = [];
  for (const n of [0, 1]) await made.put(REGISTER, company(n), '', entry(`云州第${String(n)}有限公司`));
  await made.put(PENALTIES, company(0), 'old', penalty('2025-01-01'));
  await made.seen();
  const one: Desk = {
    made,
    watched,
    failures,
    effects: 0,
    round: () => watching.round(),
    issue: async (n) =>
      (
        await made.reports.issue(
          made.request({ as: company(n), subjects: [company(n)], domains: ['market-regulation', 'taxation'] }),
          made.asking(),
        )
      ).code,
    async watch(client, code, length) {
      const asked = await watchOf(
        await made.reports.verifyCode(code, { requestId: 'v', by: client }),
        made.now + length,
        made.reports.keptUntil,
      );
      await watched.watch(client, asked === undefined ? [] : [asked], made.now);
    },
  };
  const watching = startWatching(
    { ...made.context, tickets: { effects: { version: () => one.effects } } as never },
    made.reports,
    watched,
    (error) => failures.push(error),
    2 ** 31 - 1,
  );
  t.teardown(async () => {
    await watching.stop();
    await watched.close();
    await made.close();
  });
  return one;
}

void t.test('a revocation is told to each client that watches, once, without a record that has moved', async (t) => {
  const one = await desk(t);
  const { made, watched } = one;
  const code = await one.issue(0);
  for (const client of ['broker', 'bank']) await one.watch(client, code, 30 * DAY);
  await one.round();
  const { issued } = await made.reports.verifyCode(code, made.asking());
  const { revokedAt } = await made.reports.revoke(issued?.id ?? '', '出具对象有误', made.asking());
  await one.round();
  await one.round();
  for (const client of ['broker', 'bank'])
    t.match(await watched.changes(client, 0, 10), [{ number: 1, outcome: 'revoked', at: revokedAt, sections: [] }]);
  t.equal((await watched.changes('bank', 0, 10)).length, 1);
  t.strictSame(
    made.entries
      .filter(({ body }) => body['outcome'] === 'revoked')
      .map(({ body }) => body['by'])
      .sort(),
    ['bank', 'broker'],
    'on record, each',
  );
  t.match(
    resultOf(await made.reports.verifyCode(code, made.asking()), () => []),
    { outcome: 'revoked', revokedAt, sections: undefined },
  );
  t.strictSame(one.failures, []);
});

void t.test(
  'a change is told once to each client that watches, with a number of its own, and to nobody else',
  async (t) => {
    const one = await desk(t);
    const { made, watched } = one;
    const [own, other] = [await one.issue(0), await one.issue(1)];
    for (const client of ['broker', 'bank']) await one.watch(client, own, 30 * DAY);
    await one.watch('bank', other, 30 * DAY);
    await one.round();
    t.strictSame(await watched.changes('bank', 0, 10), [], 'nothing has changed yet');
    await made.put(
      PENALTIES,
      company(0),
      'new',
      penalty('2025-05-01', { conduct: { summary: '绝密的新违法事实', endedOn: '2025-05-01', place: null } }),
    );
    await one.round();
    await one.round();
    const [change, ...more] = await watched.changes('broker', 0, 10);
    t.match(change, {
      number: 1,
      outcome: 'changed',
      sections: [{ subject: 0, domain: 'market-regulation', changes: ['added'] }],
    });
    t.strictSame(more, []);
    t.equal((await watched.changes('bank', 0, 10)).length, 1, 'the other document of the bank stands as it did');
    t.strictSame(await watched.changes('counter', 0, 10), []);
    await made.withdraw(PENALTIES, company(0), 'old');
    await made.withdraw(PENALTIES, company(0), 'new');
    await one.round();
    t.match(
      await watched.changes('broker', 1, 10),
      [{ number: 2, sections: [{ changes: ['withdrawn'] }] }],
      'in order, from where the client stands',
    );
    t.strictSame(await watched.changes('broker', 0, 1), [change], 'page by page');
    t.strictSame(one.failures, []);
    t.notMatch(
      (await made.stored()).toString('latin1'),
      new RegExp(`${own}|market-regulation|withdrawn|${company(0).slice(5)}`),
      'what changed, the code and the company read as nothing on disk',
    );
  },
);

void t.test('a department that does not answer for a while is no change', async (t) => {
  const one = await desk(t);
  const code = await one.issue(0);
  await one.watch('bank', code, 30 * DAY);
  await one.round();
  one.made.grants((grant) => (grant.dataset === PENALTIES ? undefined : grant));
  one.effects++;
  await one.round();
  t.strictSame(await one.watched.changes('bank', 0, 10), []);
  t.match(await one.made.reports.verifyCode(code, one.made.asking()), { outcome: 'genuine' });
});

void t.test('an objection, a repair and the end of a term are told although no register has moved', async (t) => {
  const one = await desk(t);
  const { made } = one;
  await made.put(PENALTIES, company(1), 'older', penalty('2022-01-01'));
  await one.watch('bank', await one.issue(1), 1000 * DAY);
  await one.round();
  for (const marks of [{ marks: () => ['objection'] }, { hidden: () => 'repaired' }, {}]) {
    made.marks = { marks: () => [], hidden: () => undefined, ...marks } as ReportWorld['marks'];
    one.effects++;
    await one.round();
  }
  for (const day of ['2027-01-01', '2027-01-02']) {
    made.now = Date.parse(`${day}T08:00:00+08:00`);
    await one.round();
  }
  t.strictSame(one.failures, []);
  t.strictSame(
    (await one.watched.changes('bank', 0, 10)).map(({ outcome, at, sections }) => [
      outcome,
      at.slice(0, 10),
      sections[0]?.changes,
    ]),
    [
      ['changed', '2026-11-26', ['objection']],
      ['changed', '2026-11-26', ['repaired']],
      ['genuine', '2026-11-26', undefined],
      ['changed', '2027-01-02', ['expired']],
    ],
  );
});

void t.test('nothing can be read before it is on record; what could not be recorded is told later', async (t) => {
  const one = await desk(t);
  const { made, watched } = one;
  await one.watch('bank', await one.issue(0), 30 * DAY);
  await one.round();
  await made.put(PENALTIES, company(0), 'new', penalty('2025-05-01'));
  made.gate = () => Promise.reject(new Error('the disk is full'));
  await one.round();
  t.strictSame(await watched.changes('bank', 0, 10), []);
  t.match(one.failures, [{ message: 'the disk is full' }]);
  const before = made.entries.length;
  made.gate = () => Promise.resolve();
  await one.round();
  t.equal((await watched.changes('bank', 0, 10)).length, 1);
  const told = made.entries
    .slice(before)
    .map(({ body }) => [body['type'], body['by'] ?? body['client'], body['outcome']]);
  t.strictSame(told, [
    ['released', 'credit-report-centre', undefined],
    ['verified', 'bank', 'changed'],
  ]);
});

void t.test(
  'a watch ends when it was to end, and never later than its document is kept; what was told can be read a week longer',
  async (t) => {
    const one = await desk(t);
    const { made, watched } = one;
    const code = await one.issue(0);
    await one.watch('bank', code, 10 * DAY);
    await one.watch('broker', code, 5000 * DAY);
    t.equal((await watched.all(NOW)).find(({ client }) => client === 'broker')?.until, NOW + 1095 * DAY);
    await one.watch('bank', code, DAY);
    t.equal(
      (await watched.all(NOW)).find(({ client }) => client === 'bank')?.until,
      NOW + 10 * DAY,
      'given anew for a shorter time it ends no earlier',
    );
    await one.round();
    await made.put(PENALTIES, company(0), 'new', penalty('2025-05-01'));
    await one.round();
    made.now = NOW + 11 * DAY;
    await made.put(PENALTIES, company(0), 'newer', penalty('2025-06-01'));
    await one.round();
    t.strictSame(
      [(await watched.changes('bank', 0, 10)).length, (await watched.changes('broker', 0, 10)).length],
      [1, 2],
    );
    await watched.sweep(NOW + 18 * DAY);
    t.strictSame(
      [(await watched.changes('bank', 0, 10)).length, (await watched.changes('broker', 0, 10)).length],
      [0, 2],
    );
    t.equal(await watched.last('bank'), 1, 'its numbers go on');
  },
);

void t.test('of an erased company nothing can be read any more, and its watch ends', async (t) => {
  const one = await desk(t);
  await one.watch('bank', await one.issue(0), 30 * DAY);
  await one.round();
  await one.made.put(PENALTIES, company(0), 'new', penalty('2025-05-01'));
  await one.round();
  t.equal((await one.watched.changes('bank', 0, 10)).length, 1);
  await one.made.erase(company(0));
  await until(
    'the key to be forgotten',
    () => one.watched.changes('bank', 0, 10),
    (changes) => changes.length === 0,
  );
  one.effects++;
  await one.round();
  t.strictSame(await one.watched.all(NOW), []);
});

void t.test('one worker watches at a time, another one once it has gone or died', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'yitong-test-'));
  const watched = openWatched(dir);
  t.teardown(async () => {
    await watched.close();
    await rm(dir, { recursive: true });
  });
  t.strictSame(
    [await watched.lease('a', NOW), await watched.lease('b', NOW + 1000), await watched.lease('a', NOW + 2000)],
    [true, false, true],
  );
  t.strictSame(
    [await watched.lease('b', NOW + 4000), await watched.lease('b', NOW + 4500)],
    [false, true],
    'what is not renewed ends',
  );
  await watched.release('a');
  t.equal(await watched.lease('a', NOW + 4600), false, "nobody ends another's");
  await watched.release('b');
  t.equal(await watched.lease('a', NOW + 4600), true);
});

void t.test('a client watches ten thousand documents and not one more', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'yitong-test-'));
  const watched = openWatched(dir);
  t.teardown(async () => {
    await watched.close();
    await rm(dir, { recursive: true });
  });
  const some = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ id: String(from + i), until: NOW + DAY, state: 's' }));
  await watched.watch('bank', some(0, 9999), NOW);
  await t.rejects(watched.watch('bank', some(9999, 2), NOW), { code: 'too_many_watched' });
  t.equal((await watched.all(NOW)).length, 9999, 'then none of them is');
  await watched.watch('bank', [...some(0, 10), ...some(9999, 1)], NOW);
  await watched.watch('broker', some(0, 1), NOW);
  await watched.sweep(NOW + DAY);
  await watched.watch('bank', some(20_000, 10_000), NOW + DAY);
  t.equal((await watched.all(NOW)).length, 10_000, 'those that are over do not count');
});

void t.test(
  'results come in the order of what was asked, whatever order they are ready in, and one failure fails all',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (turns, most) => {
        let under = 0;
        let highest = 0;
        const results = await eachInTurn(
          turns.map((count, at) => ({ count, at })),
          async ({ count, at }) => {
            highest = Math.max(highest, ++under);
            for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
            under--;
            return at;
          },
          most,
        );
        return highest <= most && JSON.stringify(results) === JSON.stringify(turns.map((_, at) => at));
      }),
    );
    let begun = 0;
    await t.rejects(
      eachInTurn(
        Array.from({ length: 100 }, (_, i) => i),
        (i) => (begun++, i === 3 ? Promise.reject(new Error('the disk is full')) : Promise.resolve(i)),
        2,
      ),
      { message: 'the disk is full' },
    );
    t.ok(begun < 10, 'and no more are begun');
  },
);

void t.test('a result says whom, when and where, and nothing of what the document says', async (t) => {
  const one = await desk(t);
  const { made } = one;
  const code = await one.issue(0);
  const verified = await made.reports.verifyCode(code, made.asking());
  const result = resultOf(verified, () => [{ name: 'n', key: 'k' }]);
  t.match(result, {
    outcome: 'genuine',
    report: 'credit',
    purpose: 'listing',
    range: { from: '2016-11-26' },
    whom: [{ name: 'n' }],
    sections: [],
    comparedAt: new Date(NOW).toISOString(),
  });
  t.notMatch(JSON.stringify(result), /年度报告|facts|云州证券|records/);
  t.strictSame(
    resultOf(await made.reports.verifyCode('0000-0000-0000-0000-0000-0000-0000', made.asking()), () => []),
    { outcome: 'unknown' },
  );
  t.not(
    stateOf(verified.issued!.model, undefined),
    stateOf({ sections: [] }, undefined),
    'the kept state is salted with the document',
  );
});

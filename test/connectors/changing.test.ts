/**
 * A register that changes: what has left is withdrawn, what may still be there is held by name, and what is on record
 * is answered.
 */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseMapping } from '../../connectors/mapping/index.js';
import type { GatewayContext } from '../../gateway/documents/context.js';
import { pushing } from '../../gateway/http/api/records/push.js';
import { digit9, feed as makeFeed } from './fixtures.js';
import { openOffice } from './office.js';
import { sendingBy } from './sending.js';

const key = (n: number): string => digit9.make(n);
/** The same with one digit mistyped. */
const mistyped = (n: number): string => `${(Number(key(n)[0]) + 1) % 10}${key(n).slice(1)}`;
const line = (of: string, name: string): string => `${of},${name},`;
const text = (lines: readonly string[], title = 'name'): string => `code,${title},status\n${lines.join('\n')}\n`;
const many = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => line(key(from + i), `n${from + i}`));
let clock = Date.parse('2024-01-01T00:00:00Z');
function put(path: string, content: string): void {
  writeFileSync(path, content);
  clock += 60_000;
  utimesSync(path, new Date(clock), new Date(clock));
}
const upper = parseMapping(
  {
    fields: {
      code: { from: 'code', steps: [{ key: 'digit9' }] },
      name: { from: 'name', steps: ['upper'] },
      status: { from: 'status' },
    },
  },
  'feed.json',
);
const titled = parseMapping(
  {
    fields: { code: { from: 'code', steps: [{ key: 'digit9' }] }, name: { from: 'title' }, status: { from: 'status' } },
  },
  'feed.json',
);

async function folder(t: Test) {
  const dir = t.testdir();
  mkdirSync(join(dir, 'in'));
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  const source = { kind: 'csv', folder: 'in' };
  return {
    office,
    drop: (name: string, content: string) => put(join(dir, 'in', name), content),
    run: (feed: object = {}, options: Readonly<Record<string, string>> = {}) =>
      office.run({ source, ...feed }, { options }),
  };
}

t.test('a drop folder that is read again is never taken through its past', async (t) => {
  const { office, drop, run } = await folder(t);
  drop('day-1.csv', text(many(0, 20)));
  await run();
  drop('day-2.csv', text(many(0, 21)));
  await run();
  const before = (await office.records()).length;
  for (const [what, feed, options] of [
    ['a new mapping', { mapping: upper }, {}],
    ['again', { mapping: upper }, { again: 'true' }],
  ] as const) {
    const report = await run(feed, options);
    t.match([report.state, report.withdrawn], ['complete', 0], what);
    t.equal((await office.current())[`digit9:${key(20)}|`], 'N20', `${what}: the addition is on record`);
  }
  t.strictSame(
    (await office.records()).slice(before).filter(({ value }) => value === null),
    [],
    'nothing was withdrawn in between',
  );
});

t.test('`--once --accept-shrink` on a folder takes the newest file, once', async (t) => {
  const { office, drop, run } = await folder(t);
  drop('day-1.csv', text(many(0, 40)));
  await run();
  drop('day-2.csv', text(many(0, 10)));
  t.equal((await run()).state, 'refused');
  t.match(await run({}, { acceptShrink: 'true' }), { state: 'complete', rows: 10, withdrawn: 30 });
  t.equal(Object.keys(await office.current()).length, 10);
});

t.test('a pushed snapshot with one mistyped key withdraws no company', async (t) => {
  const office = await openOffice(t.testdir());
  t.teardown(() => office.close());
  const context = {
    workspace: office.workspace,
    dataDir: office.dataDir,
    now: Date.now,
    bus: async () => office.bus,
    settings: { gateway: { handlerTimeoutMs: 10_000 } },
  };
  const push = pushing(context as unknown as GatewayContext);
  const feed = makeFeed({ kind: 'http-push' });
  let pushes = 0;
  const send = (codes: readonly string[]) =>
    push.publish(
      office.contract,
      feed,
      {
        sourceTime: new Date((clock += 60_000)).toISOString(),
        snapshot: true,
        records: codes.map((code, i) => ({ position: `${(pushes += 1)}`, value: { code, name: `n${i}` } })),
      },
      () => undefined,
      undefined,
    );
  const codes = Array.from({ length: 20 }, (_, i) => key(i));
  await send(codes);
  const outcome = await send(codes.map((code, i) => (i === 7 ? mistyped(7) : code)));
  t.match([outcome.withdrawn, outcome.held], [0, 1]);
  t.equal((await office.current())[`digit9:${key(7)}|`], 'n7');
  t.match(await send(codes), { withdrawn: 0, held: undefined }, 'mended');
  t.match(await send(codes.filter((_, i) => i !== 7)), { withdrawn: 1 }, 'and then it left');
  await push.close();
});

t.test('a record that is held is not held any more once it is pushed, whatever else the push holds', async (t) => {
  const office = await openOffice(t.testdir());
  t.teardown(() => office.close());
  const context = {
    workspace: office.workspace,
    dataDir: office.dataDir,
    now: Date.now,
    bus: async () => office.bus,
    settings: { gateway: { handlerTimeoutMs: 10_000 } },
  };
  const push = pushing(context as unknown as GatewayContext);
  t.teardown(() => push.close());
  const feed = makeFeed({ kind: 'http-push' }, { maxWithdrawShare: 0.5 });
  const send = (snapshot: boolean, codes: readonly string[]) =>
    push.publish(
      office.contract,
      feed,
      {
        sourceTime: new Date((clock += 60_000)).toISOString(),
        snapshot,
        records: codes.map((code) => ({ position: `${clock} ${code}`, value: { code, name: `n${code}` } })),
      },
      () => undefined,
      undefined,
    );
  await send(true, [key(1), key(2), key(3)]);
  t.match(await send(true, [key(1), key(2), mistyped(3)]), { held: 1 });
  t.equal(office.state.held(office.contract.id).length, 1);
  await send(false, [key(3)]);
  t.strictSame(
    office.state.held(office.contract.id),
    [],
    'a stale hold would have somebody withdraw what is on record',
  );
  t.match(
    await send(true, [key(1), key(2), mistyped(3)]),
    { withdrawn: 0, held: 1 },
    'its row stands in the register as before',
  );
  await send(true, [key(1), key(2), key(3), mistyped(3)]);
  t.match(
    await send(true, [key(1), key(2), mistyped(3)]),
    { withdrawn: 1, held: undefined },
    'a register that names both has said that they are two',
  );
});

t.test('one key mended and another mistyped in the same run: neither company is withdrawn', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  const register = (wrong: number) =>
    put(join(dir, 'in.csv'), text(many(0, 20).map((row, i) => (i === wrong ? line(mistyped(i), `n${i}`) : row))));
  register(-1);
  await office.run();
  for (const wrong of [3, 8, 3, 5]) {
    register(wrong);
    t.match(await office.run(), { state: 'complete', withdrawn: 0, notes: { withdrawals_held: 1 } });
    t.equal(Object.keys(await office.current()).length, 20);
    t.strictSame(
      office.state.held(office.contract.id).map(({ subject }) => subject),
      [`digit9:${key(wrong)}`],
      'held by name',
    );
  }
});

t.test('a row that nobody can read for weeks holds nothing but what it held when it was new', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  const register = (...lines: readonly string[]) => put(join(dir, 'in.csv'), text(lines));
  register(...many(0, 30), line('not a number', 'somebody'));
  t.match(await office.run(), { published: 30, quarantined: 1 });
  for (let left = 1; left < 4; left++) {
    register(...many(left, 30), line('not a number', 'somebody'));
    t.match(
      await office.run(),
      { state: 'complete', withdrawn: 1, notes: { withdrawals_held: undefined } },
      'what leaves is withdrawn',
    );
  }
  register(...many(5, 30), line('not a number', 'somebody'), line('??', 'nobody knows'));
  t.match(
    await office.run(),
    { withdrawn: 0, notes: { withdrawals_held: 2 } },
    'a new one that fits nobody holds all that left with it',
  );
  register(...many(6, 30), line('not a number', 'somebody'), line('??', 'nobody knows'));
  t.match(await office.run(), { withdrawn: 1, notes: { withdrawals_held: 2 } }, 'and nothing that leaves later');
  register(...many(6, 30), line('not a number', 'somebody'));
  t.match(
    await office.run(),
    { withdrawn: 2, notes: { withdrawals_held: undefined } },
    'once it is gone, they are withdrawn',
  );
});

t.test('what a new row cannot be is withdrawn: it fits by the rest of its row', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  t.teardown(() => office.close());
  put(join(dir, 'in.csv'), text(many(0, 30)));
  await office.run();
  put(join(dir, 'in.csv'), text([...many(2, 30), line(mistyped(0), 'n0')]));
  t.match(await office.run(), { withdrawn: 1, notes: { withdrawals_held: 1 } });
  const current = await office.current();
  t.match([current[`digit9:${key(0)}|`], current[`digit9:${key(1)}|`]], ['n0', undefined]);
});

t.test(
  'a header that changed blocks a folder until the mapping fits, and older files do not block it again',
  async (t) => {
    const { office, drop, run } = await folder(t);
    drop('day-1.csv', text(many(0, 20)));
    await run();
    drop('day-2.csv', text(many(0, 21), 'title'));
    await t.rejects(run(), { code: 'bad_feed' });
    t.match(await run({ mapping: titled }), { state: 'complete', published: 1 });
    t.match(await run({ mapping: titled }), { state: 'nothing-new' });
    t.equal(Object.keys(await office.current()).length, 21);
    // additions: the old ones stay as they were
    const dir = join(t.testdirName, 'additions');
    mkdirSync(join(dir, 'in'), { recursive: true });
    const other = await openOffice(dir);
    t.teardown(() => other.close());
    const additions = (mapping: object) =>
      other.run({ source: { kind: 'csv', folder: 'in' }, snapshot: false, ...mapping });
    put(join(dir, 'in', '1.csv'), text(many(0, 3)));
    await additions({});
    put(join(dir, 'in', '2.csv'), text(many(3, 5), 'title'));
    await t.rejects(additions({}), { code: 'bad_feed' });
    t.match(await additions({ mapping: titled }), {
      state: 'complete',
      published: 2,
      notes: { files_of_another_form: 1 },
    });
    t.equal(Object.keys(await other.current()).length, 5);
  },
);

t.test('a run that died between the bus and its own memory leaves nothing that nobody withdraws', async (t) => {
  const dir = t.testdir();
  let cut = false;
  const office = await openOffice(dir, {
    bus: (bus) =>
      sendingBy(bus, async (producer, topic, records) => {
        const acks = await producer.send(topic, records);
        if (cut) throw Object.assign(new Error('cut off'));
        return acks;
      }),
  });
  t.teardown(() => office.close());
  put(join(dir, 'in.csv'), text(many(0, 20)));
  await office.run();
  put(join(dir, 'in.csv'), text([...many(0, 19), line(key(19), 'renamed'), line(key(77), 'new')]));
  cut = true;
  await t.rejects(office.run());
  cut = false;
  t.equal(Object.keys(await office.current()).length, 21, 'the bus has it');
  put(join(dir, 'in.csv'), text(many(0, 20)));
  await office.run();
  t.strictSame(
    [(await office.current())[`digit9:${key(77)}|`], (await office.current())[`digit9:${key(19)}|`]],
    [undefined, 'n19'],
    'what left before the next run is withdrawn, and what was changed back is as it is',
  );
});

t.test(
  'a connector that lost what it remembers learns it from its topic, and withdraws what left meanwhile',
  async (t) => {
    const dir = t.testdir();
    const first = await openOffice(dir);
    put(join(dir, 'in.csv'), text(many(0, 20)));
    await first.run();
    put(join(dir, 'in.csv'), text([...many(1, 20), line(key(30), 'n30')]));
    await first.run();
    const before = (await first.records()).length;
    await first.close();
    rmSync(join(dir, 'data'), { recursive: true });
    const office = await openOffice(dir);
    t.teardown(() => office.close());
    put(join(dir, 'in.csv'), text([...many(2, 19), line(key(19), 'renamed'), line(key(30), 'n30')]));
    t.match(await office.run(), { published: 1, unchanged: 18, withdrawn: 1, notes: { topic_not_read: undefined } });
    t.equal((await office.records()).length, before + 2, 'nothing is published twice');
    t.strictSame(
      [
        (await office.current())[`digit9:${key(1)}|`],
        (await office.current())[`digit9:${key(19)}|`],
        Object.keys(await office.current()).length,
      ],
      [undefined, 'renamed', 19],
    );
  },
);

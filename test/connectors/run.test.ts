import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RunReport } from '../../connectors/run.js';
import { digit9 } from './fixtures.js';
import { openOffice } from './office.js';

const row = (n: number, name: string, status = '') => `${digit9.make(n)},${name},${status}`;
const file = (...rows: readonly string[]) => `code,name,status\n${rows.join('\n')}\n`;
const rows = (from: number, to: number, name = 'n') =>
  Array.from({ length: to - from }, (_, i) => row(from + i, `${name}${from + i}`));
const counts = ({ rows, published, unchanged, merged, quarantined, skipped, withdrawn, state }: RunReport) => [
  rows,
  published,
  unchanged,
  merged,
  quarantined,
  skipped,
  withdrawn,
  state,
];

/** Puts a file in place with a modification time that differs from the last. */
let clock = Date.parse('2024-01-01T00:00:00Z');
function put(dir: string, text: string): void {
  writeFileSync(join(dir, 'in.csv'), text);
  clock += 60_000;
  utimesSync(join(dir, 'in.csv'), new Date(clock), new Date(clock));
}

t.test('every row is accounted for, and only what changed is published', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  const mapping = {
    mapping: {
      skip: { column: 'status', equals: 'other' },
      fields: {
        code: { from: 'code', steps: [{ key: 'digit9' }] },
        name: { from: 'name' },
        status: { from: 'status' },
      },
    },
  } as const;
  put(
    dir,
    file(
      ...rows(0, 1200),
      row(1, 'n1'),
      row(2, 'another'),
      `123456789,bad,`,
      `x${digit9.make(7)},lower,`,
      row(8, ''),
      row(9, 'x', 'other'),
      'short',
    ),
  );
  const first = await office.run(mapping);
  t.strictSame(counts(first), [1207, 1201, 0, 1, 4, 1, 0, 'complete']);
  t.strictSame(first.codes, { conflicting_duplicate: 1, bad_check_digit: 1, missing_value: 1, bad_row: 1 });
  t.strictSame(first.notes, { key_normalised: 1 });
  const [record] = await office.records();
  t.match(record?.headers, {
    [office.HEADER.position]: /^in\.csv#\d+$/,
    [office.HEADER.sourceTime]: /^2024-/,
    [office.HEADER.contractVersion]: '1',
  });
  t.equal((await office.run(mapping)).state, 'nothing-new');

  put(dir, file(...rows(0, 1199), row(1199, 'renamed'), row(2000, 'new'), `x${digit9.make(7)},lower,`));
  const second = await office.run(mapping);
  t.strictSame(counts(second), [1202, 2, 1200, 0, 0, 0, 0, 'complete']);
  t.strictSame(await office.quarantine(), [], 'rows that became good have left');
  t.match((await office.watermarks()).at(-1), {
    dataset: 'test.companies',
    snapshot: true,
    rows: 1202,
    state: 'complete',
  });
  await office.close();
});

t.test('a register that is delivered unchanged stays current', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  put(dir, file(...rows(0, 3)));
  await office.run();
  const later = new Date('2024-08-01T00:00:00Z');
  utimesSync(join(dir, 'in.csv'), later, later);
  t.match(await office.run(), { state: 'nothing-new', rows: 0 });
  t.match((await office.watermarks()).at(-1), { state: 'complete', sourceTime: '2024-08-01T00:00:00.000Z', rows: 3 });
  await office.close();
});

t.test('a company that left the register is withdrawn, a register that was cut short is not believed', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  put(dir, file(...rows(0, 100)));
  await office.run();
  put(dir, file(...rows(0, 95)));
  t.strictSame(counts(await office.run()), [95, 0, 95, 0, 0, 0, 5, 'complete']);
  t.equal(Object.keys(await office.current()).length, 95);
  const gone = (await office.records()).filter(({ value }) => value === null);
  t.strictSame(
    gone.map(({ headers }) => headers[office.HEADER.reason]),
    new Array(5).fill('left_snapshot'),
  );

  put(dir, file(...rows(0, 50)));
  const cut = await office.run();
  t.strictSame(counts(cut), [50, 0, 50, 0, 0, 0, 0, 'refused']);
  t.match(cut.notes, { snapshot_shrunk: 45 });
  t.match((await office.watermarks()).at(-1), { state: 'refused' });
  t.equal(Object.keys(await office.current()).length, 95);
  utimesSync(join(dir, 'in.csv'), new Date('2024-09-01T00:00:00Z'), new Date('2024-09-01T00:00:00Z'));
  t.equal((await office.run()).state, 'nothing-new');
  t.not(
    (await office.watermarks()).at(-1)?.sourceTime,
    '2024-09-01T00:00:00.000Z',
    'a refused snapshot is not believed because it comes again',
  );

  t.strictSame(counts(await office.run({}, { options: { acceptShrink: 'true' } })), [
    50,
    0,
    50,
    0,
    0,
    0,
    45,
    'complete',
  ]);
  t.equal(Object.keys(await office.current()).length, 50);
  put(dir, file(...rows(0, 95)));
  t.strictSame(counts(await office.run()), [95, 45, 50, 0, 0, 0, 0, 'complete'], 'they come back as they were');
  t.equal(Object.keys(await office.current()).length, 95);
  await office.close();
});

t.test('a row that cannot be read does not take its record away', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  put(dir, file(...rows(0, 20)));
  await office.run({ maxWithdrawShare: 1 });
  put(dir, file(...rows(0, 18), row(18, ''), row(19, 'n19')));
  t.strictSame(
    counts(await office.run({ maxWithdrawShare: 1 })),
    [20, 0, 19, 0, 1, 0, 0, 'complete'],
    'a row that names its record keeps it',
  );
  put(dir, file(...rows(0, 18), '999999999,n18,', row(19, 'n19')));
  const held = await office.run({ maxWithdrawShare: 1 });
  t.strictSame(counts(held), [20, 0, 19, 0, 1, 0, 0, 'complete']);
  t.match(held.notes, { withdrawals_held: 1 });
  put(dir, file(...rows(0, 18), row(19, 'n19')));
  t.equal((await office.run({ maxWithdrawShare: 1 })).withdrawn, 1);
  writeFileSync(join(dir, 'in.csv'), Buffer.concat([Buffer.from(file(...rows(0, 5))), Buffer.from([0xff, 10])]));
  const wrong = await office.run({ maxWithdrawShare: 1 });
  t.strictSame(counts(wrong), [1, 0, 0, 0, 1, 0, 0, 'refused']);
  t.equal(Object.keys(await office.current()).length, 19);
  await office.close();
});

t.test('where the last of two rows counts, it counts on every run and is not published again', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  const text = file(row(1, 'a'), row(2, 'x'), row(1, 'b'), row(1, 'b'));
  put(dir, text);
  t.strictSame(counts(await office.run({ onDuplicate: 'last' })), [4, 3, 0, 1, 0, 0, 0, 'complete']);
  put(dir, `${text}\n`);
  t.strictSame(counts(await office.run({ onDuplicate: 'last' })), [4, 0, 1, 3, 0, 0, 0, 'complete']);
  t.equal((await office.current())[`digit9:${digit9.make(1)}|`], 'b');
  put(dir, file(row(1, 'a'), row(2, 'x')));
  t.strictSame(counts(await office.run({ onDuplicate: 'last' })), [2, 1, 1, 0, 0, 0, 0, 'complete']);
  t.equal((await office.current())[`digit9:${digit9.make(1)}|`], 'a');
  await office.close();
});

t.test('what was quarantined is kept for its owner only, with the reason and never a value in it', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  put(dir, file(row(1, 'a'), '123456789,secret name,'));
  await office.run();
  const [entry] = await office.quarantine();
  t.match(entry, {
    position: 'in.csv#2',
    rowNumber: 2,
    problems: [{ code: 'bad_check_digit', field: 'code' }],
    cells: { name: 'secret name' },
  });
  t.notMatch(JSON.stringify(entry?.problems), /secret|123456789/);
  t.equal(statSync(join(dir, 'data', 'quarantine', 'test.companies.mdb')).mode & 0o777, 0o600);
  t.equal(statSync(join(dir, 'data', 'quarantine')).mode & 0o777, 0o700);
  await office.close();
});

t.test('a bus that fails leaves a failed watermark, and the next run publishes what is missing once', async (t) => {
  const dir = t.testdir();
  let broken = true;
  let sends = 0;
  const office = await openOffice(dir, {
    bus: (bus) => ({
      driver: bus.driver,
      ensureTopics: (specs) => bus.ensureTopics(specs),
      topicState: (topic) => bus.topicState(topic),
      clusterId: () => bus.clusterId(),
      consume: (options) => bus.consume(options),
      close: () => bus.close(),
      async producer() {
        const producer = await bus.producer();
        return {
          close: () => producer.close(),
          async send(topic, records) {
            if (broken && !topic.endsWith('_control') && ++sends > 1) throw new Error('no bus');
            return producer.send(topic, records);
          },
        };
      },
    }),
  });
  put(dir, file(...rows(0, 3000)));
  await t.rejects(office.run(), { message: 'no bus' });
  t.match((await office.watermarks()).at(-1), { state: 'failed' });
  broken = false;
  const after = await office.run();
  t.equal(after.published + after.unchanged, 3000);
  t.equal(Object.keys(await office.current()).length, 3000);
  t.equal((await office.records()).length, 3000);
  await office.close();
});

t.test(
  'a topic that was deleted and made anew gets all of the source again, though nothing changed there',
  async (t) => {
    const dir = t.testdir();
    let id = 'first';
    const office = await openOffice(dir, {
      bus: (bus) => ({
        driver: bus.driver,
        ensureTopics: (specs) => bus.ensureTopics(specs),
        topicState: async (topic) => {
          const state = await bus.topicState(topic);
          return state === undefined ? undefined : { ...state, id };
        },
        clusterId: () => bus.clusterId(),
        consume: (options) => bus.consume(options),
        close: () => bus.close(),
        producer: () => bus.producer(),
      }),
    });
    put(dir, file(...rows(0, 50)));
    t.match(await office.run(), { published: 50 });
    t.match(await office.run(), { state: 'nothing-new' });
    id = 'second';
    t.match(await office.run(), { state: 'complete', published: 50 });
    t.match(await office.run(), { state: 'nothing-new' });
    await office.close();
  },
);

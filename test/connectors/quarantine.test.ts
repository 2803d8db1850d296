import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openSession } from '../../connectors/publish/index.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { retryQuarantine } from '../../connectors/retry.js';
import { digit9, feed } from './fixtures.js';
import { openOffice } from './office.js';

const now = () => new Date('2024-06-01T00:00:00Z');

t.test('rows that a mapping held back are published once it is corrected', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  const [a, b, c] = [digit9.make(1), digit9.make(2), digit9.make(3)];
  writeFileSync(
    join(dir, 'in.csv'),
    `code,name,status\n${a},one,old\n${b},two,new\n${c},three,odd\n${a},other,old\nshort\n`,
  );
  const strict = feed(
    { kind: 'csv', path: 'in.csv' },
    {},
    { status: { from: 'status', steps: [{ codes: { old: 'o' } }] } },
  );
  const report = await office.run({ mapping: strict.mapping });
  t.strictSame(report.codes, { not_in_codelist: 2, conflicting_duplicate: 1, bad_row: 1 });

  const corrected = feed(
    { kind: 'csv', path: 'in.csv' },
    {},
    { status: { from: 'status', steps: [{ codes: { old: 'o', new: 'n' } }] } },
  );
  const quarantine = Quarantine.open(office.dataDir, office.contract.id, now);
  const options = {
    workspace: office.workspace,
    feed: corrected,
    bus: office.bus,
    state: office.state,
    quarantine,
    now,
  };
  t.match(await retryQuarantine(options), { tried: 3, published: 1, stillBad: 1, unreadable: 1 });
  t.strictSame(Object.values(await office.current()).sort(), ['one', 'two']);
  const conflict = (await quarantine.list()).find(({ problems }) => problems[0]?.code === 'conflicting_duplicate');
  t.match(await retryQuarantine({ ...options, ids: [conflict?.id ?? ''] }), { tried: 1, published: 1 });
  t.strictSame(Object.values(await office.current()).sort(), ['other', 'two']);
  t.equal(quarantine.count(), 2);
  await t.rejects(retryQuarantine({ ...options, ids: ['nothing'] }), { code: 'not_found' });
  await quarantine.close();
  await office.close();
});

t.test('rows of one cause are found together, a page at a time, while others come and go', async (t) => {
  const office = await openOffice(t.testdir());
  const quarantine = Quarantine.open(office.dataDir, office.contract.id, now);
  // a model: which position has which cause
  const held = new Map<string, string>();
  const causes = [
    { code: 'bad_value', field: 'a' },
    { code: 'bad_value', field: 'b' },
    { code: 'bad_row', field: '' },
  ] as const;
  for (let step = 0; step < 600; step++) {
    const position = `in.csv#${String(Math.floor(Math.random() * 300))}`;
    if (Math.random() < 0.3) {
      quarantine.good(position);
      held.delete(position);
      continue;
    }
    const cause = causes[Math.floor(Math.random() * causes.length)] ?? causes[0];
    const row = {
      position,
      rowNumber: step,
      sourceTime: '2024-06-01T00:00:00Z',
      problems: [{ ...cause, reason: 'x' }],
    };
    quarantine.add(row, 'run');
    held.set(position, JSON.stringify(cause));
  }
  await quarantine.flushed();
  const counted = await quarantine.causes();
  for (const cause of causes) {
    const expected = [...held].filter(([, one]) => one === JSON.stringify(cause)).map(([position]) => position);
    t.equal(
      counted.find(({ code, field }) => code === cause.code && field === cause.field)?.rows ?? 0,
      expected.length,
      'as many as there are',
    );
    for (const limit of [1, 10, 1000]) {
      const found: string[] = [];
      for (let after: string | undefined = ''; after !== undefined; ) {
        const page: Awaited<ReturnType<Quarantine['rowsOf']>> = await quarantine.rowsOf(cause, {
          after,
          limit,
        });
        t.ok(page.rows.length <= limit);
        found.push(...page.rows.map(({ position }) => position));
        after = page.next;
      }
      t.same(found.toSorted(), expected.toSorted(), `each once, ${String(limit)} a page`);
    }
  }
  t.ok(
    counted.every(({ rows }, i) => rows <= (counted[i - 1]?.rows ?? Infinity)),
    'the most frequent first',
  );
  await quarantine.close();
  await office.close();
});

t.test('what a department pushes twice is published once, and an old retry does not undo a new value', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  const quarantine = Quarantine.open(office.dataDir, office.contract.id, now);
  const publisher = await openSession({
    workspace: office.workspace,
    contract: office.contract,
    bus: office.bus,
    state: office.state,
    quarantine,
    now,
    rememberPositions: true,
    maxWithdrawShare: 1,
    run: 'test',
  });
  const code = digit9.make(9);
  const row = (position: string, name: string) => ({
    position,
    rowNumber: 0,
    sourceTime: '2024-05-01T00:00:00.000Z',
    value: { code, name },
  });
  const statuses = async (...rows: Parameters<typeof publisher.publish>[0]) =>
    (await publisher.publish(rows)).map(({ status, code: problem }) => problem ?? status);
  t.strictSame(await statuses(row('1', 'a'), row('2', 'b')), ['published', 'published']);
  t.strictSame(await statuses(row('1', 'a'), row('2', 'b')), ['unchanged', 'unchanged']);
  t.strictSame(await statuses(row('1', 'other'), row('3', 'b')), ['conflicting_duplicate', 'unchanged']);
  t.strictSame(Object.values(await office.current()), ['b']);
  t.strictSame(
    await statuses(
      { ...row('4', 'x'), value: { code, name: 'x', surplus: 1 } },
      { ...row('5', 'x'), value: { code: '1', name: 'x' } },
      { ...row('6', 'x'), value: { code } },
    ),
    ['surplus_field', 'bad_value', 'missing_value'],
  );
  t.strictSame(await statuses({ ...row('7', 'x'), value: { code, name: 'x'.repeat(30_000) } }), ['record_too_large']);
  const withdrawal = {
    position: '8',
    rowNumber: 0,
    sourceTime: '2024-05-02T00:00:00.000Z',
    withdraw: { subject: `digit9:${code}`, recordId: '', reason: 'closed' },
  };
  t.strictSame(await statuses(withdrawal), ['published']);
  t.strictSame(await statuses(withdrawal), ['unchanged']);
  t.strictSame(await office.current(), {});
  await publisher.close();
  await quarantine.close();
  await office.close();
});

t.test('the record id tells records apart whatever stands in its fields', async (t) => {
  const { joinRecordId } = await import('../../connectors/publish/identity.js');
  t.equal(joinRecordId(['a|b', 'c']), 'a%7Cb|c');
  t.equal(joinRecordId(['a', 'b|c']), 'a|b%7Cc');
  t.equal(joinRecordId(['%7C', null, 7, true]), '%257C||7|true');
});

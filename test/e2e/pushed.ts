/** Publishing over HTTP, and reading what changed: by the part of the suite that changes things. */

import type { Test } from 'tap';
import { present } from '../../contracts/present.js';
import type { DatasetAnswer, PublishBody, QueryBody } from '../../gateway/client/index.js';
import { ask, until } from './ask.js';
import { entries, run } from './command.js';
import { stories } from './stories.js';
import { first, query, type Town } from './suite.js';

const { publisher, reader } = stories.push;
type Value = Readonly<Record<string, unknown>>;

const numbers = (answer: DatasetAnswer): unknown[] => answer.records.map(({ record }) => record['checkNumber']);
const masses = (answer: DatasetAnswer): unknown[] => answer.records.map(({ record }) => record['totalMass']);

/** Returns a question whose answer stands at the end. */
export async function pushed(t: Test, town: Town): Promise<{ readonly client: string; readonly body: QueryBody }> {
  const { city: running } = town;
  const [subject = '', other = ''] = town.companies;
  const { client, purpose, dataset } = reader;
  const body: QueryBody = { purpose, subject, datasets: [{ id: dataset }] };
  const look = async (more: Partial<QueryBody> = {}): Promise<DatasetAnswer> =>
    first(await query(running, client, { ...body, ...more }));
  const value = (checkNumber: string, more: Value = {}, of = subject): Value => ({
    checkNumber,
    uscc: of.slice('uscc:'.length),
    name: null,
    plate: '云XA2421',
    station: '望江渡口超限检测站',
    checkedAt: '2026-08-14T01:12:40.000Z',
    totalMass: 40_000,
    limit: 49_000,
    overloaded: false,
    position: null,
    ...more,
  });
  const station = await running.as(publisher);
  t.teardown(() => station.close());
  const push = async (records: PublishBody['records'], more: Partial<PublishBody> = {}) =>
    (await station.publish(dataset, { sourceTime: new Date().toISOString(), ...more, records })).results;

  await t.test('a dataset that nobody has pushed to is never-loaded, not empty', async (t) => {
    t.match(await look(), { status: 'never-loaded', records: [], sourceTime: undefined });
  });

  await t.test('what a station pushes is seen, and comes once though it is pushed twice', async (t) => {
    const records = [
      { position: 'a1', value: value('A1') },
      { position: 'a2', value: value('A2') },
    ];
    t.strictSame(await push(records), [
      { position: 'a1', status: 'published' },
      { position: 'a2', status: 'published' },
    ]);
    const seen = await until(
      'both checks',
      look,
      (answer) => answer.records.length === 2 && answer.status === 'current',
    );
    t.strictSame(numbers(seen), ['A1', 'A2']);
    t.strictSame(
      seen.records[0]?.record,
      {
        checkNumber: 'A1',
        uscc: subject.slice(5),
        plate: '云XA2421',
        station: '望江渡口超限检测站',
        checkedAt: '2026-08-14T01:12:40.000Z',
        totalMass: 40_000,
        limit: 49_000,
        overloaded: false,
      },
      'as it was pushed, in the granted fields',
    );
    t.strictSame(await push(records), [
      { position: 'a1', status: 'unchanged' },
      { position: 'a2', status: 'unchanged' },
    ]);
    t.strictSame(
      await push([{ position: 'a1', value: value('A1', { totalMass: 1 }) }]),
      [{ position: 'a1', status: 'quarantined', code: 'conflicting_duplicate' }],
      'one position, one content',
    );
    await push([{ position: 'a3', value: value('A3') }]);
    const then = await until('the third check', look, (answer) => answer.records.length !== 2);
    t.strictSame(numbers(then), ['A1', 'A2', 'A3']);
    t.strictSame(masses(then), [40_000, 40_000, 40_000]);
    t.strictSame(then.records.slice(0, 2), seen.records, 'the first two are the same versions as before');
  });

  await t.test('a record that breaks the contract is quarantined under its code, and the others go on', async (t) => {
    const results = await push([
      { position: 'b1', value: value('B1', {}, `${subject.slice(0, -1)}${subject.endsWith('A') ? 'B' : 'A'}`) },
      { position: 'b2', value: value('B2', { note: 'internal' }) },
      { position: 'b3', value: value('B3') },
      { position: 'b4', value: { checkNumber: 'B4' } },
    ]);
    t.strictSame(results, [
      { position: 'b1', status: 'quarantined', code: 'bad_check_digit' },
      { position: 'b2', status: 'quarantined', code: 'surplus_field' },
      { position: 'b3', status: 'published' },
      { position: 'b4', status: 'quarantined', code: 'missing_value' },
    ]);
    t.strictSame(numbers(await until('the good one', look, (answer) => answer.records.length === 4)), [
      'A1',
      'A2',
      'A3',
      'B3',
    ]);
    // exit 1: there is something to look at
    const quarantine = (...args: string[]) =>
      run('quarantine', ...args, '--workspace', town.workspace, '--data', running.data, '--json');
    const list = await quarantine('list');
    t.equal(list.code, 0);
    const { datasets } = JSON.parse(list.stdout) as {
      datasets: { dataset: string; rows: { id: string; position: string }[] }[];
    };
    const rows = datasets.find((one) => one.dataset === dataset)?.rows ?? [];
    for (const position of ['b1', 'b2', 'b4'])
      t.ok(
        rows.some((row) => row.position === position),
        `${position} is on the list`,
      );
    const retried = await quarantine('retry', dataset, String(rows.find(({ position }) => position === 'b2')?.id));
    t.equal(retried.code, 1);
    t.match(
      JSON.parse(retried.stdout),
      { tried: 1, published: 0, stillBad: 1 },
      'a row that is as bad as it was stays there',
    );
  });

  await t.test('a withdrawal takes one record away', async (t) => {
    t.strictSame(await push([{ position: 'w1', withdraw: { subject, recordId: 'B3' }, reason: 'entered in error' }]), [
      { position: 'w1', status: 'published' },
    ]);
    t.strictSame(numbers(await until('the withdrawal', look, (answer) => answer.records.length === 3)), [
      'A1',
      'A2',
      'A3',
    ]);
    const other = await push([{ position: 'w1', withdraw: { subject, recordId: 'A1' }, reason: 'entered in error' }]);
    t.strictSame(
      other,
      [{ position: 'w1', status: 'quarantined', code: 'conflicting_duplicate' }],
      'another withdrawal under the same position is not lost in silence',
    );
  });

  await t.test('a source that was seen at a day to come is refused, and what it said is not current', async (t) => {
    const { status, text } = await ask(running.api, running.pki, publisher, {
      method: 'POST',
      path: `/v1/datasets/${dataset}/records`,
      body: { sourceTime: '2999-01-01T00:00:00Z', records: [{ position: 'ahead', value: value('X') }] },
    });
    t.match({ status, problem: JSON.parse(text) as Value }, { status: 400, problem: { code: 'source_time_ahead' } });
    t.strictSame(numbers(await look()), ['A1', 'A2', 'A3'], 'nothing of it was published');
  });

  await t.test('only the authority of a dataset publishes to it; what does not exist is refused alike', async (t) => {
    const refused = async (who: string, id: string) => {
      const { status, text } = await ask(running.api, running.pki, who, {
        method: 'POST',
        path: `/v1/datasets/${id}/records`,
        body: { sourceTime: new Date().toISOString(), records: [{ position: 'x', value: value('X') }] },
      });
      const { requestId: _, ...problem } = JSON.parse(text) as Value;
      return { status, problem };
    };
    const foreign = await refused('one-stop-counter', dataset);
    t.match(foreign, { status: 403, problem: { code: 'not_publisher' } });
    t.strictSame(await refused('one-stop-counter', 'transport.no-such-dataset'), foreign);
    t.match(
      await refused(publisher, 'transport.penalties'),
      { status: 403, problem: { code: 'not_publisher' } },
      'a dataset that another connector feeds',
    );
    t.strictSame(numbers(await look()), ['A1', 'A2', 'A3']);
  });

  await t.test('as of before a change the old value stands; a cut gives the same answer for good', async (t) => {
    const before = await query(running, client, { ...body, returnCut: true });
    if (before.cut === undefined) throw new Error('no cut came');
    t.strictSame(
      await push([
        { position: 'c1', value: value('A1', { totalMass: 52_000, overloaded: true }) },
        { position: 'c2', value: value('C2') },
      ]).then((all) => all.map(({ status }) => status)),
      ['published', 'published'],
    );
    const after = await until(
      'the change',
      look,
      (answer) => masses(answer).includes(52_000) && answer.records.length === 4,
    );
    const changedAt = Date.parse(after.records[0]?.provenance.publishedAt ?? '');
    const asOf = (time: number) =>
      until(
        'an answer as of then',
        () => look({ asOf: new Date(time).toISOString() }),
        ({ status }) => status !== 'not_yet',
      );
    t.strictSame((await asOf(changedAt - 1)).records, first(before).records);
    t.strictSame(
      (await asOf(changedAt)).records.filter(({ record }) => record['checkNumber'] === 'A1'),
      after.records.slice(0, 1),
    );
    t.match(
      await look({ asOf: new Date(Date.now() + 3_600_000).toISOString() }),
      { status: 'not_yet', records: [] },
      'the future is not known',
    );
    t.strictSame((await look({ cut: before.cut })).records, first(before).records);
    await push([{ position: 'c3', withdraw: { subject, recordId: 'A2' }, reason: 'gone' }]);
    await until('the withdrawal', look, (answer) => answer.records.length === 3);
    t.strictSame(
      (await look({ cut: before.cut })).records,
      first(before).records,
      'also after what it holds was withdrawn',
    );
    const ahead = Object.fromEntries(
      Object.entries(before.cut).map(([topic, offsets]) => [topic, offsets.map((offset) => offset + 1_000_000)]),
    );
    t.match(await look({ cut: ahead }), { status: 'not_yet', records: [] });
  });

  await t.test('pages by cursor are the whole, each record once, at a cut or now', async (t) => {
    await push(
      Array.from({ length: 12 }, (_, i) => ({ position: `p${i}`, value: value(`P${String(i).padStart(2, '0')}`) })),
    );
    await push([{ position: 'o1', value: value('O1', {}, other) }]);
    const whole = await until('fifteen checks', look, (answer) => answer.records.length === 15);
    const { cut } = await query(running, client, { ...body, returnCut: true });
    if (cut === undefined) throw new Error('no cut came');
    const pages = async (limit: number, at: Partial<QueryBody>) => {
      const records: DatasetAnswer['records'][number][] = [];
      let cursor: string | undefined;
      let turns = 0;
      do {
        const page = await look({
          ...at,
          datasets: [{ id: dataset, limit, ...present({ cursor }) }],
        });
        t.ok(page.records.length <= limit);
        records.push(...page.records);
        cursor = page.cursor;
        turns++;
      } while (cursor !== undefined && turns < 30);
      return { records, turns };
    };
    t.strictSame(await pages(4, {}), { records: [...whole.records], turns: 4 });
    t.strictSame(
      await pages(5, {}),
      { records: [...whole.records], turns: 3 },
      'no empty page after the last full one',
    );
    const page = await look({ cut, datasets: [{ id: dataset, limit: 5 }] });
    await push([{ position: 'q1', withdraw: { subject, recordId: 'P11' }, reason: 'gone' }]);
    await until('the withdrawal', look, (answer) => answer.records.length === 14);
    const rest = await look({
      cut,
      datasets: [{ id: dataset, limit: 100, ...present({ cursor: page.cursor }) }],
    });
    t.strictSame([...page.records, ...rest.records], [...whole.records], 'at a cut, pages do not shift');
  });

  await t.test('a snapshot withdraws what it lacks, unless that is too much', async (t) => {
    const now = await look();
    const all = now.records.map(({ record }) =>
      value(String(record['checkNumber']), { totalMass: record['totalMass'], overloaded: record['overloaded'] }),
    );
    const rows = (values: readonly Value[]) =>
      [...values, value('O1', {}, other)].map((one, i) => ({ position: `s${i}`, value: one }));
    await t.rejects(push(rows(all.slice(0, 5)), { snapshot: true }), { code: 'snapshot_shrunk', status: 422 });
    t.strictSame((await look()).records, now.records, 'nothing is withdrawn');
    const refused = await until(
      'the entry of the refusal',
      async () =>
        (await entries<{ readonly detail?: Value }>(running.data, '--type', 'administration')).filter(
          ({ detail }) => detail?.['refused'] === 'snapshot_shrunk',
        ),
      (found) => found.length > 0,
    );
    t.match(
      refused,
      [{ by: publisher, target: dataset, detail: { published: 0, unchanged: 6, withdrawn: 0 } }],
      'and the attempt is on record',
    );
    const statuses = await push(rows(all.slice(1)), { snapshot: true }).then((results) =>
      results.map(({ status }) => status),
    );
    t.ok(
      statuses.length === 14 && statuses.every((status) => status === 'unchanged'),
      'what stands is not published again',
    );
    const then = await until('the withdrawal', look, (answer) => answer.records.length === 13);
    t.strictSame(then.records, now.records.slice(1), 'only the one that the snapshot lacks is gone');
    t.equal((await look({ subject: other })).records.length, 1, 'and other companies keep theirs');
  });
  return { client, body };
}

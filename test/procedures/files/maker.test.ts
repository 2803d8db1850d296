/**
 * Files are made of what a batch would say, in each form; each chunk is on record; what ends meanwhile ends them, and
 * whoever dies over one leaves nothing that could be taken for whole.
 */
import { hash } from 'node:crypto';
import t, { type Test } from 'tap';
import { fieldPath } from '../../../contracts/ids.js';
import { destroySharedKey } from '../../../gateway/log/entries/sealing-keys.js';
import { TAKEN_OVER_AFTER } from '../../../gateway/procedures/files/maker.js';
import type { FileOrder } from '../../../gateway/procedures/files/store.js';
import type { Grant } from '../../../policies/types.js';
import { type OpenState, SHARED, sharedState } from '../../support/shared-state.js';
import { ALL, AREA, alpha, grantOf, INSIDE, SECRET, type Version, type World, world } from '../subscriptions/world.js';
import { avro, batchOf, csv, NEVER, ndjson, type Replica, replica, subjects } from './world.js';

t.setTimeout(120_000);

const WAYS: Partial<Grant> = { delivery: ['batch', 'file'], batchLimit: 1000 };
const all = grantOf(ALL, {
  ...WAYS,
  fields: [
    { path: fieldPath('name'), as: 'value' },
    { path: fieldPath('area'), as: 'masked' },
    { path: fieldPath('key'), as: 'exists' },
  ],
});
const area = grantOf(AREA, WAYS);

/** Names with all that a form has to keep apart; the third subject has more records than an answer. */
function versions(): Version[] {
  const names = ['甲公司', 'a,b', 'say "no"', '', 'two\r\nlines', '=1+1', 'é'];
  return subjects.flatMap((subject, n): Version[] => {
    const of = (dataset: typeof ALL, recordId: string): Version => ({
      dataset,
      subject,
      recordId,
      name: `${names[n % names.length] ?? ''}`,
      area: n % 3 === 0 ? `${INSIDE}01` : '440100',
    });
    if (n % 8 === 5) return [of(AREA, 'only-there')];
    const many = n === 2 ? 9 : 1 + (n % 2);
    return [...Array.from({ length: many }, (_, i) => of(ALL, `r${String(i)}`)), of(AREA, 'c')];
  });
}

async function filled(t: Test, grants: readonly Grant[] = [all, area]): Promise<World> {
  const made = await world(t, grants);
  await made.publish(versions());
  await made.settled();
  return made;
}

const includedIn = (made: World, order: FileOrder): readonly { subject: string; chunk: number; records: number }[] =>
  made.entries.flatMap(({ clear, subject }) => {
    const body = JSON.parse(clear) as {
      type: string;
      requestId: string;
      chunk: number;
      datasets: { records: number }[];
    };
    if (body.type !== 'included' || body.requestId !== `${order.id}.${String(order.attempt)}`) return [];
    return [{ subject: subject?.subject ?? '', chunk: body.chunk, records: body.datasets[0]?.records ?? 0 }];
  });

async function equalsBatch(t: Test, made: World, here: Replica): Promise<void> {
  const told = await batchOf(made, alpha(), subjects);
  t.ok(told.length > 50);
  t.notMatch(JSON.stringify(told), SECRET);
  const byKey = (rows: readonly { subject: unknown }[]): readonly string[] => rows.map((r) => JSON.stringify(r)).sort();

  const lines = await here.order();
  const listed = await here.order({ subjects: subjects.slice(0, 12) });
  const blocks = await here.order({ format: 'avro' });
  const table = await here.order({ format: 'csv' });
  const inArea = await here.order({ dataset: AREA, format: 'ndjson' });
  for (let i = 0; i < 5; i++) t.equal(await here.maker.next(NEVER), true);
  t.equal(await here.maker.next(NEVER), false, 'all are made');
  t.strictSame(here.troubles, []);

  const bytes = await here.bytes(lines);
  t.strictSame(byKey(ndjson(bytes)), byKey(told));
  const ready = await here.look(lines);
  t.match(ready, {
    state: 'ready',
    made: { bytes: bytes.length, sha256: hash('sha256', bytes, 'hex') },
    progress: { records: told.length },
  });
  t.strictSame(
    ndjson(await here.bytes(listed)),
    await batchOf(made, alpha(), subjects.slice(0, 12)),
    'a list is answered in its order',
  );

  const rows = await avro(await here.bytes(blocks));
  t.strictSame(
    byKey(
      rows.map(({ subject, record, provenance }) => ({
        subject,
        record,
        provenance: {
          ...(provenance as object),
          ...Object.fromEntries(
            ['publishedAt', 'sourceTime'].map((name) => [
              name,
              new Date((provenance as Record<string, number>)[name] ?? 0).toISOString(),
            ]),
          ),
        },
      })),
    ).map((text) => text.replaceAll(/"(version|contractVersion|publishedAt|sourceTime)"/g, '"$1"')),
    byKey(told),
  );

  const [head, ...cells] = csv(await here.bytes(table));
  t.strictSame(head, [
    'subject',
    'record.key.exists',
    'record.name',
    'record.area.masked',
    'provenance.version',
    'provenance.publishedAt',
    'provenance.sourceTime',
    'provenance.contractVersion',
    'marks',
  ]);
  t.strictSame(
    byKey(cells.map((row) => ({ subject: row[0], row }))),
    byKey(
      told.map(({ subject, record, provenance }) => ({
        subject,
        row: [
          subject,
          String((record['key'] as { exists: boolean }).exists),
          record['name'],
          (record['area'] as { masked: string }).masked,
          provenance['version'],
          provenance['publishedAt'],
          provenance['sourceTime'],
          String(provenance['contractVersion']),
          undefined,
        ],
      })),
    ),
  );

  const inside = await batchOf(made, alpha(), subjects, AREA);
  t.ok(inside.length > 0 && inside.length < subjects.length);
  t.strictSame(byKey(ndjson(await here.bytes(inArea))), byKey(inside), 'rows of an area only');
}

async function onRecord(t: Test, made: World, here: Replica): Promise<void> {
  const absent = subjects[5] ?? '';
  const listed = await here.order({ subjects: subjects.slice(0, 12) });
  const inArea = await here.order({ dataset: AREA });
  for (let i = 0; i < 2; i++) await here.maker.next(NEVER);
  const [first, second] = [await here.look(listed), await here.look(inArea)];
  if (first === undefined || second === undefined) throw new Error('they are not there');
  const included = includedIn(made, first);
  t.strictSame(
    included.map(({ subject }) => subject),
    subjects.slice(0, 12),
    'each listed one has an entry, by which it is found',
  );
  t.equal(included.find(({ subject }) => subject === absent)?.records, 0, 'also who has no record');
  t.strictSame([...new Set(included.map(({ chunk }) => chunk))], [0, 1, 2]);
  const told = ndjson(await here.bytes(inArea));
  t.strictSame(
    includedIn(made, second)
      .map(({ subject }) => subject)
      .sort(),
    [...new Set(told.map(({ subject }) => subject))].sort(),
    'of all that may be seen only who is in it',
  );
  const bytes = await here.bytes(listed);
  const digests = made.entries.flatMap(({ clear }) => {
    const body = JSON.parse(clear) as { type: string; requestId: string; bodySha256: string; delivery?: string };
    if (body.type !== 'released' || body.requestId !== `${first.id}.1`) return [];
    t.equal(body.delivery, 'file');
    return [body.bodySha256];
  });
  const lines = bytes.toString().split(/(?<=\n)/);
  const parts = [0, 1, 2].map((chunk) => {
    const own = new Set(subjects.slice(chunk * 5, chunk * 5 + 5));
    return lines.filter((line) => own.has((JSON.parse(line) as { subject: (typeof subjects)[0] }).subject)).join('');
  });
  t.strictSame(
    digests,
    parts.map((part) => hash('sha256', part, 'base64url')),
    'and the digests of the chunks in the log are those of the bytes',
  );
}

async function ends(t: Test, made: World, open: OpenState): Promise<void> {
  let work: (order: FileOrder, chunk: number) => Promise<void> | void = () => undefined;
  const here = await replica(t, made, await open(), { chunk: 5, beforeChunk: (order, chunk) => work(order, chunk) });
  const atChunk =
    (n: number, what: () => unknown): typeof work =>
    async (_, chunk) => {
      if (chunk !== n) return;
      work = () => undefined;
      await what();
    };

  work = atChunk(3, () => made.grant([{ ...all, status: 'suspended' }]));
  const suspended = await here.order();
  await here.maker.next(NEVER);
  t.match(await here.look(suspended), { state: 'stopped', reason: 'grant_suspended' });
  t.strictSame(here.left(), [], 'nothing of it is left');
  t.equal(includedIn(made, { ...suspended, attempt: 1 }).at(-1)?.chunk, 2, 'nor was more put on record');

  made.grant([all]);
  work = atChunk(2, () => made.grant([all], [alpha({ status: 'suspended' })]));
  const client = await here.order();
  await here.maker.next(NEVER);
  t.match(await here.look(client), { state: 'stopped', reason: 'client_suspended' });

  made.grant([all]);
  work = atChunk(2, () => made.grant([{ ...all, fields: [{ path: fieldPath('area'), as: 'value' }] }]));
  const narrowed = await here.order();
  await here.maker.next(NEVER);
  t.match(await here.look(narrowed), { state: 'ordered', attempt: 1 }, 'decided otherwise, it is begun anew');
  await here.maker.next(NEVER);
  t.match(await here.look(narrowed), { state: 'ready', attempt: 2 });
  t.notMatch((await here.bytes(narrowed)).toString(), '甲公司', 'without what was granted before');

  made.grant([all]);
  work = atChunk(2, () => here.store.remove('alpha', ended.id));
  const ended = await here.order();
  await here.maker.next(NEVER);
  // it says how far it is once a second only, so it may have come to its end before it saw that
  t.equal(await here.look(ended), undefined, 'ended by its client, it does not come back');
  t.equal(here.left().filter((name) => name.startsWith(ended.id)).length, 0);

  const stop = new AbortController();
  work = atChunk(4, () => stop.abort());
  const stopping = await here.order();
  await here.maker.next(stop.signal);
  t.match(await here.look(stopping), { state: 'ordered', attempt: 1, faults: 0 });
  await here.maker.next(NEVER);
  t.match(await here.look(stopping), { state: 'ready', attempt: 2 }, 'begun anew after a restart');
  t.strictSame(here.troubles, []);
}

async function dies(t: Test, made: World, open: OpenState): Promise<void> {
  let now = Date.now();
  const clock = { now: () => now, chunk: 5 };
  // as if its process were killed there: what it was at stays as it is
  let hangs = (): void => undefined;
  const hang = (is: boolean): Promise<void> | void => {
    if (!is) return;
    hangs();
    return new Promise<void>(() => undefined);
  };
  const dead = await replica(t, made, await open(), { ...clock, beforeChunk: (_, n) => hang(n === 3) });
  const dying = (maker: Replica['maker']): Promise<void> =>
    new Promise((resolve) => {
      hangs = resolve;
      void maker.next(NEVER);
    });
  const order = await dead.order();
  await dying(dead.maker);
  t.match(await dead.look(order), { state: 'making' });

  const other = await replica(t, made, await open(), clock);
  t.equal(await other.maker.next(NEVER), false, 'it is at work, as far as anybody knows');
  now += TAKEN_OVER_AFTER + 1;
  t.equal(await other.maker.next(NEVER), true);
  t.match(await other.look(order), { state: 'ready', attempt: 2, faults: 1, replica: { folder: other.folder.id } });
  const told = await batchOf(made, alpha(), subjects);
  t.equal(ndjson(await other.bytes(order)).length, told.length, 'begun anew, and whole');

  // the maker of a replica dies each time: it is not begun for ever
  let current = await other.order();
  for (let i = 0; i < 4; i++) {
    now += TAKEN_OVER_AFTER + 1;
    const doomed = await replica(t, made, await open(), { ...clock, beforeChunk: () => hang(true) });
    await dying(doomed.maker);
    current = (await other.look(current)) ?? current;
  }
  now += TAKEN_OVER_AFTER + 1;
  await other.maker.next(NEVER);
  t.match(await other.look(current), { state: 'failed', reason: 'internal' });
}

for (const kind of SHARED) {
  t.test(`on a state that is ${kind}`, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return t.pass('this machine has none of that kind');
    const made = await filled(t);
    const here = await replica(t, made, await open(), { chunk: 5 });
    await t.test('a file says what a batch says, in each form', (t) => equalsBatch(t, made, here));
    await t.test('each chunk is on record, and each subject in it', (t) => onRecord(t, made, here));
    await t.test('what ends while it is made ends it', (t) => ends(t, made, open));
    made.grant([all, area]);
    await t.test('who dies over it leaves nothing', (t) => dies(t, made, open));
    await t.test('an erased subject is on no list any more', async (t) => {
      made.grant([all, area]);
      const order = await here.order({ subjects: subjects.slice(0, 3) });
      await destroySharedKey(here.store.state, subjects[1] ?? '');
      await new Promise((resolve) => setTimeout(resolve, 1100));
      await here.maker.next(NEVER);
      const told = new Set(ndjson(await here.bytes(order)).map(({ subject }) => subject));
      t.strictSame(told, new Set([subjects[0], subjects[2]]));
    });
  });
}

/**
 * A cursor tells nothing and is good for one question only: what a grant withholds is not to be found by asking from
 * where one likes.
 */

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { datasetId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { client, purpose } from '../../policies/city.js';
import { company, folder, grant, subjectOf, type World, type WorldOptions, world } from './world.js';

const records = [
  ...Array.from({ length: 5 }, (_, n) => company(0, { name: `company ${String(n)}` })),
  ...Array.from({ length: 3 }, () => company(1)),
];
const clients = [client('alpha'), client('beta')];
const purposes = [purpose('credit'), purpose('audit')];
const grants = clients.flatMap(({ id }) =>
  ['tax.debts', 'court.cases'].map((dataset) =>
    grant(`${id}-${dataset.replace('.', '-')}`, ['name', 'area'], {
      client: id,
      dataset: datasetId(dataset),
      purposes: purposes.map((one) => one.id),
    }),
  ),
);
const city = (t: Parameters<typeof world>[0], parts: Partial<WorldOptions> = {}): Promise<World> =>
  world(t, { records, clients, purposes, grants, ...parts });

interface Question {
  readonly client?: string;
  readonly purpose?: string;
  readonly subject?: string;
  readonly id?: string;
  readonly fields?: readonly string[];
  readonly limit?: number;
  readonly cursor?: string;
  readonly at?: object;
}
const ask = (
  { post }: World,
  {
    client: by,
    purpose = 'credit',
    subject = subjectOf(0),
    id = 'tax.debts',
    fields = ['name'],
    limit = 2,
    cursor,
    at = {},
  }: Question = {},
) => post('/v1/query', { purpose, subject, datasets: [{ id, fields, limit, ...present({ cursor }) }], ...at }, by);

interface Page {
  readonly names: readonly string[];
  readonly cursor: string;
}
const pageOf = ({ json }: Awaited<ReturnType<typeof ask>>): Page => {
  const [dataset] = json['datasets'] as readonly {
    readonly records: readonly { readonly record: { readonly name: string } }[];
    readonly cursor?: string;
  }[];
  return { names: dataset?.records.map(({ record }) => record.name) ?? [], cursor: dataset?.cursor ?? '' };
};

t.test('pages by cursor are the whole, also with another limit and with the cut of the first', async (t) => {
  const here = await city(t);
  const first = pageOf(await ask(here));
  const second = pageOf(await ask(here, { cursor: first.cursor, limit: 1 }));
  const third = pageOf(await ask(here, { cursor: second.cursor }));
  t.same(
    [...first.names, ...second.names, ...third.names],
    records.slice(0, 5).map(({ name }) => name),
  );
  t.equal(third.cursor, '');
  const cut = { 'yitong.tax.debts': [1] };
  const begun = await ask(here, { at: { returnCut: true } });
  const given = begun.json['cut'] as object;
  t.same(
    pageOf(await ask(here, { cursor: pageOf(begun).cursor, at: { cut: given } })).names,
    ['company 2', 'company 3'],
    'the state of the first page is the state of the next',
  );
  t.match(
    (await ask(here, { cursor: pageOf(begun).cursor, at: { cut } })).json,
    { status: 400, code: 'bad_cursor' },
    'another state is another question',
  );
  t.match((await ask(here, { cursor: first.cursor, at: { asOf: '2026-05-01T00:00:00Z' } })).json, {
    status: 400,
    code: 'bad_cursor',
  });
});

t.test('nobody makes a cursor, and none tells what it holds', async (t) => {
  const here = await city(t);
  const { cursor } = pageOf(await ask(here));
  t.notMatch(Buffer.from(cursor, 'base64url').toString('latin1'), /^1$/, 'the record id is not to be read in it');
  const lengths = new Set(
    (await Promise.all([1, 2, 3].map((limit) => ask(here, { limit })))).map((answer) => pageOf(answer).cursor.length),
  );
  t.equal(lengths.size, 1, 'nor how long it is');
  const whole = Buffer.from(cursor, 'base64url');
  const changed = Array.from({ length: 12 }, (_, n) => {
    const bytes = Buffer.from(whole);
    const at = Math.floor((n * (bytes.length - 1)) / 11);
    bytes[at]! ^= 1;
    return bytes.toString('base64url');
  });
  const made = ['', '0', '1', '/', '~~~', 'zzzz', 'é', randomBytes(60).toString('base64url')].map((text) =>
    Buffer.from(text).toString('base64url'),
  );
  const answers = await Promise.all(
    [...made, ...changed, whole.subarray(0, 20).toString('base64url'), 'not base64 url!'].map((one) =>
      ask(here, { cursor: one }),
    ),
  );
  t.same(
    [...new Set(answers.map(({ text }) => text))].map((text) => (JSON.parse(text) as { code: string }).code),
    ['bad_cursor'],
    'one answer, whatever it was',
  );
});

t.test('a cursor is good for its client and its question, under the policies by which it was made', async (t) => {
  const dataDir = await folder(t);
  const here = await city(t, { dataDir });
  const { cursor } = pageOf(await ask(here));
  const others: readonly Question[] = [
    { client: 'beta' },
    { purpose: 'audit' },
    { subject: subjectOf(1) },
    { id: 'court.cases' },
    { fields: ['name', 'area'] },
    { fields: ['area'] },
  ];
  for (const other of others) {
    t.equal((await ask(here, other)).status, 200, 'the question itself is answered');
    t.match((await ask(here, { ...other, cursor })).json, { status: 400, code: 'bad_cursor' }, JSON.stringify(other));
  }
  t.equal((await ask(here, { cursor })).status, 200);
  const later = await city(t, { dataDir });
  t.equal((await ask(later, { cursor })).status, 200, 'a restart, or another worker of the same folder, knows it');
  const changed = await city(t, { dataDir, version: 'next' });
  t.match(
    (await ask(changed, { cursor })).json,
    { status: 400, code: 'bad_cursor' },
    'other grants: ask from the start',
  );
});

t.test('a denied dataset says the same with any cursor, and the view is not read for a bad one', async (t) => {
  const here = await city(t, { grants: [grant('debts', ['name'])] });
  const { text } = await ask(here, { id: 'court.cases' });
  t.equal(
    (await ask(here, { id: 'court.cases', cursor: 'MQ' })).text.replace(/"seq":\d+/, ''),
    text.replace(/"seq":\d+/, ''),
  );
  t.equal((await ask(here, { cursor: 'MQ' })).status, 400);
  t.same(here.reads, []);
});

t.test("replicas with one key know each other's cursors; with keys of their own they refuse them", async (t) => {
  const cursorKeyFile = join(await folder(t), 'cursor-key');
  await writeFile(cursorKeyFile, randomBytes(32).toString('hex'), { mode: 0o600 });
  const [one, two, apart] = [
    await city(t, { settings: { cursorKeyFile } }),
    await city(t, { settings: { cursorKeyFile } }),
    await city(t),
  ];
  const { cursor } = pageOf(await ask(one));
  t.same(pageOf(await ask(two, { cursor })).names, ['company 2', 'company 3']);
  t.match((await ask(apart, { cursor })).json, { code: 'bad_cursor' });
  const short = join(await folder(t), 'short');
  await writeFile(short, 'secret', { mode: 0o600 });
  await t.rejects(city(t, { settings: { cursorKeyFile: short } }), { code: 'bad_config' });
});

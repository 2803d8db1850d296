import { createHash } from 'node:crypto';
import { once } from 'node:events';
import t from 'tap';
import { fieldPath } from '../../../contracts/ids.js';
import { client, PERMIT_ALL, rule } from '../../policies/city.js';
import { company, grant, KEYS, subjectOf, type World, world } from './world.js';

const some = (n: number): string[] => Array.from({ length: n }, (_, i) => subjectOf(i));
const batch = (n: number, parts: object = {}) => ({
  purpose: 'credit',
  subjects: some(n),
  datasets: [{ id: 'tax.debts' }],
  ...parts,
});
const granted = (parts: Parameters<typeof grant>[2] = {}) =>
  grant('one', ['key', 'name'], { delivery: ['batch'], batchLimit: 400, ...parts });
const companies = (n: number, name?: string) =>
  Array.from({ length: n }, (_, i) => company(i, name === undefined ? {} : { name }));

interface Line {
  readonly subject?: string;
  readonly datasets?: readonly { readonly status: string; readonly records: readonly { readonly record: object }[] }[];
  readonly chunk?: number;
  readonly receipt?: object;
  readonly summary?: object;
  readonly problem?: { readonly code: string };
}
const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
const released = (here: World) => here.entries.map(({ body }) => body).filter(({ type }) => type === 'released');

/** Resolves once `of` gives the same for a while. */
async function settled(of: () => number): Promise<number> {
  for (let last = -1, same = 0; ; ) {
    const now = of();
    same = now === last ? same + 1 : 0;
    last = now;
    if (same === 10) return now;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

t.test('a service reads many subjects in one stream, each chunk with its entry, each subject findable', async (t) => {
  const here = await world(t, { grants: [granted()], records: companies(240) });
  const { status, text } = await here.post('/v1/query/batch', batch(250, { case: { item: 'i', caseId: 'c' } }));
  t.equal(status, 200);
  const lines = linesOf(text);
  t.same(
    lines.flatMap(({ subject }) => subject ?? []),
    some(250),
    'in the order of the request',
  );
  t.same(
    lines[3]?.datasets?.[0]?.records.map(({ record }) => record),
    [{ key: KEYS[3], name: '示例3（上海）有限公司' }],
  );
  t.match(
    lines.find(({ subject }) => subject === subjectOf(245)),
    { datasets: [{ status: 'current', records: [] }] },
  );
  t.same(
    lines.flatMap(({ chunk, receipt }) => (chunk === undefined ? [] : [[chunk, receipt !== undefined]])),
    [
      [0, true],
      [1, true],
      [2, true],
    ],
  );
  t.same(lines.at(-1), { summary: { requestId: 'r-1', subjects: 250, chunks: 3, records: 240 } });
  t.match(released(here), [
    { delivery: 'batch', chunk: 0, subjects: 100, datasets: [{ dataset: 'tax.debts', grant: 'one', records: 100 }] },
    { chunk: 1, subjects: 100 },
    { chunk: 2, subjects: 50, datasets: [{ records: 40 }] },
  ]);
  // the digest is over the lines of the chunk in front of its receipt
  const chunks = text.split(/^\{"chunk".*\n/m);
  t.same(
    released(here).map(({ bodySha256 }) => bodySha256),
    chunks.slice(0, 3).map((chunk) => createHash('sha256').update(chunk).digest('base64url')),
  );
  const included = here.entries.filter(({ body }) => body['type'] === 'included');
  t.same(
    included.map(({ draft }) => draft.subject?.subject),
    some(250),
  );
  t.match(included[0]?.body, {
    client: 'alpha',
    purpose: 'credit',
    chunk: 0,
    datasets: [{ dataset: 'tax.debts', records: 1 }],
  });
  t.same(
    JSON.parse(included[0]?.draft.subject?.json ?? ''),
    { item: 'i', caseId: 'c' },
    'what may name somebody is sealed',
  );
});

t.test('more subjects than the grant allows, or no grant for batches, is denied and on record', async (t) => {
  const here = await world(t, {
    grants: [
      granted({ batchLimit: 5 }),
      grant('two', ['name'], { client: client('beta').id, delivery: ['query', 'batch'] }),
    ],
    clients: [client('alpha'), client('beta')],
  });
  t.match((await here.post('/v1/query/batch', batch(6))).json, {
    status: 403,
    code: 'denied',
    datasets: [{ status: 'denied', reason: 'batch_limit' }],
    receipt: { seq: 1 },
  });
  t.match(
    (await here.post('/v1/query/batch', batch(1), 'beta')).json,
    { code: 'denied', datasets: [{ reason: 'not_granted' }] },
    'without a limit there is no batch',
  );
  t.match(released(here), [
    { delivery: 'batch', subjects: 6, datasets: [{ effect: 'deny', reason: 'batch_limit' }] },
    {},
  ]);
  t.same(here.reads, []);
  t.equal((await here.post('/v1/query/batch', batch(5))).status, 200);
});

t.test('a batch with a malformed or a repeated subject is refused by its place', async (t) => {
  const here = await world(t, { grants: [granted()] });
  const bad = await here.post('/v1/query/batch', batch(0, { subjects: [subjectOf(0), 'uscc:SECRETKEY'] }));
  t.match(bad.json, { code: 'bad_subject', detail: /^`subjects.1`/ });
  t.notMatch(bad.text, 'SECRETKEY');
  t.match(
    (
      await here.post(
        '/v1/query/batch',
        batch(0, { subjects: [subjectOf(0), subjectOf(1), subjectOf(0).toLowerCase()] }),
      )
    ).json,
    { code: 'bad_request', detail: '`subjects.2` is the same as `subjects.0`; name each once' },
  );
  t.equal((await here.post('/v1/query/batch', batch(0))).json['code'], 'bad_request');
  t.same(here.reads, []);
});

t.test('no byte of a chunk leaves before its entries are durable, and none at all if they cannot be', async (t) => {
  const here = await world(t, { grants: [granted()], records: companies(30), settings: { batchChunk: 10 } });
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const second = new Promise<void>((resolve) => {
    here.gate = (body) =>
      body['chunk'] === 1 && body['type'] === 'included' ? (resolve(), opened) : Promise.resolve();
  });
  const response = await here.open('/v1/query/batch', batch(30));
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await second;
  await settled(() => text.length);
  t.equal(linesOf(text).at(-1)?.chunk, 0, 'the first chunk, and nothing behind it');
  open();
  await once(response, 'end');
  t.same(linesOf(text).at(-1)?.summary, { requestId: 'r-1', subjects: 30, chunks: 3, records: 30 });

  const failing = await world(t, { grants: [granted()], records: companies(30), settings: { batchChunk: 10 } });
  failing.gate = (body) => (body['chunk'] === 2 ? Promise.reject(new Error('disk full')) : Promise.resolve());
  const lines = linesOf((await failing.post('/v1/query/batch', batch(30))).text);
  t.same(
    lines.flatMap(({ subject }) => subject ?? []),
    some(20),
  );
  t.match(lines.at(-1), { problem: { code: 'internal' } });
  t.match(failing.log.join(''), 'disk full', 'the operator is told');
});

t.test('a slow client holds the batch back, and one that leaves ends it, on record', async (t) => {
  const here = await world(t, {
    grants: [granted()],
    records: companies(400, '长'.repeat(35_000)),
    settings: { batchChunk: 10 },
  });
  const slow = await here.open('/v1/query/batch', batch(400));
  const held = await settled(() => released(here).length);
  t.ok(held < 30, `${String(held)} of 40 chunks were made for a client that reads nothing`);
  let length = 0;
  for await (const chunk of slow) length += (chunk as Buffer).length;
  t.equal(released(here).length, 40);
  t.ok(length > 40_000_000);

  const leaving = await here.open('/v1/query/batch', batch(400));
  await once(leaving, 'readable');
  leaving.destroy();
  const made = await settled(() => here.entries.length + here.notes.length);
  t.ok(made < 800);
  await settled(() => here.notes.length);
  const completed = here.notes.filter(({ type }) => type === 'completed');
  t.ok(completed.every(({ client }) => client === 'alpha'));
  t.match(
    completed.flatMap(({ answers }) => answers),
    [{ aborted: false, bytes: length }, { aborted: true }],
  );
});

t.test('rows outside the grant stay out of a batch, and a grant that ends ends the batch', async (t) => {
  const rows = await world(t, {
    grants: [granted({ rows: { kind: 'area', field: fieldPath('area'), areas: ['31'] } })],
    records: companies(4),
  });
  t.same(
    linesOf((await rows.post('/v1/query/batch', batch(4))).text).flatMap(
      ({ datasets }) => datasets?.[0]?.records.length ?? [],
    ),
    [1, 0, 1, 0],
  );

  const ending = await world(t, {
    grants: [granted({ until: '2026-06-01' })],
    records: companies(30),
    settings: { batchChunk: 10 },
  });
  ending.gate = (body) => {
    if (body['chunk'] === 1) ending.now = Date.parse('2026-06-02T00:00:00+08:00');
    return Promise.resolve();
  };
  const lines = linesOf((await ending.post('/v1/query/batch', batch(30))).text);
  t.same(
    lines.flatMap(({ subject }) => subject ?? []),
    some(20),
  );
  t.match(lines.at(-1), { problem: { code: 'denied' } });

  const policy = rule('t/no-batch', 'forbid (principal, action == Action::"batch", resource);');
  const forbidden = await world(t, { grants: [granted()], rules: [PERMIT_ALL, policy] });
  t.match((await forbidden.post('/v1/query/batch', batch(1))).json, {
    code: 'denied',
    datasets: [{ reason: 'policy' }],
  });
});

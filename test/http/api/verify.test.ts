import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import t from 'tap';
import { fieldPath } from '../../../contracts/ids.js';
import { compared } from '../../../gateway/http/api/verify/compare.js';
import { openGuesses } from '../../../gateway/http/api/verify/guesses.js';
import type { Grant } from '../../../policies/types.js';
import { client } from '../../policies/city.js';
import { company, folder, grant, KEYS, NOW, subjectOf, type World, world } from './world.js';

const match = (...paths: string[]): Grant['fields'] => paths.map((path) => ({ path: fieldPath(path), as: 'match' }));
const ALL = match('key', 'name', 'capital', 'opened', 'staff', 'tags', 'members[].who');

interface Claimed {
  readonly result: string;
  readonly reason?: string;
}
const claimsOf = (json: Readonly<Record<string, unknown>>): readonly Claimed[] => json['claims'] as Claimed[];
type Value = string | number | boolean;
const body = (subject: string, ...claims: readonly (readonly [field: string, value: Value, dataset?: string])[]) => ({
  purpose: 'credit',
  subject,
  claims: claims.map(([field, value, dataset = 'tax.debts']) => ({ dataset, field, value })),
});
const results = async (
  here: World,
  subject: string,
  ...claims: readonly (readonly [string, Value, string?])[]
): Promise<string[]> =>
  claimsOf((await here.post('/v1/verify', body(subject, ...claims))).json).map(
    ({ result, reason }) => reason ?? result,
  );

t.test('what is stated in another way of writing the same is recognised, and nothing else is', async (t) => {
  const here = await world(t, {
    grants: [grant('one', ALL)],
    settings: { verifyGuesses: 100 },
    records: [company(0), company(1, { capital: null })],
  });
  const same: [string, Value][] = [
    ['key', KEYS[0] ?? ''],
    ['key', ` ${(KEYS[0] ?? '').toLowerCase()} `],
    ['name', ' 示例0（上海）有限公司 '],
    ['capital', '1000.5'],
    ['capital', 1000.5],
    ['capital', '1000.50'],
    ['opened', '2019-04-28'],
    ['staff', 12],
    ['staff', '12'],
    ['tags', '出口'],
    ['members[].who', '李四'],
  ];
  t.same(
    await results(here, subjectOf(0), ...same),
    same.map(() => 'match'),
  );
  const other: [string, Value][] = [
    ['key', KEYS[1] ?? ''],
    ['name', '示例0(上海)有限公司'],
    ['name', '示例0'],
    ['capital', '1000.51'],
    ['capital', '100050'],
    ['opened', '2019-04-29'],
    ['staff', 1.2],
    ['staff', '120'],
    ['tags', '高'],
    ['members[].who', '李'],
  ];
  t.same(
    await results(here, subjectOf(0), ...other),
    other.map(() => 'mismatch'),
  );
  t.same(
    await results(here, subjectOf(1), ['capital', '1000.50']),
    ['mismatch'],
    'a value that is not on record is not told from another',
  );
  t.same(await results(here, subjectOf(2), ['name', 'x']), ['no_record']);
  t.same(
    await results(
      here,
      subjectOf(0),
      ['capital', 'much'],
      ['opened', '28/04/2019'],
      ['staff', true],
      ['key', 'x'],
      ['members', 'x'],
    ),
    ['bad_value', 'bad_value', 'bad_value', 'bad_value', 'not_comparable'],
  );
});

t.test('a claim that is not granted is answered by the same bytes whether or not the subject exists', async (t) => {
  const forms: Grant['fields'] = [
    ...match('name'),
    { path: fieldPath('opened'), as: 'exists' },
    { path: fieldPath('capital'), as: 'band', bands: ['<5'] },
  ];
  const here = await world(t, { grants: [grant('one', forms), grant('two', match('staff'), { delivery: ['query'] })] });
  const ask = (subject: string, ...claims: readonly (readonly [string, Value, string?])[]) =>
    here.post('/v1/verify', body(subject, ...claims));
  const essence = (text: string) => text.replace(/,"receipt".*$/, '');
  const claims = [
    ['area', '310104'],
    ['opened', '2019-04-28'],
    ['capital', '1000.50'],
    ['nothing', 'x'],
    ['name', 'x', 'court.cases'],
    ['name', 'x', 'nobody.nothing'],
  ] as const;
  const known = await ask(subjectOf(0), ...claims);
  const unknown = await ask(subjectOf(9), ...claims);
  t.equal(known.status, 403);
  t.equal(essence(known.text), essence(unknown.text));
  t.same(
    claimsOf(known.json).map(({ reason }) => reason),
    [
      'field_not_granted',
      'not_released_as_value',
      'not_released_as_value',
      'field_not_granted',
      'not_granted',
      'not_granted',
    ],
  );
  t.same(here.reads, [], 'the view was not looked at');
  t.match(
    here.entries.map((entry) => entry.body),
    [
      {
        type: 'released',
        delivery: 'verify',
        datasets: [{ effect: 'deny' }, { effect: 'deny' }, { dataset: '(unknown)' }],
      },
      {},
    ],
  );
  // beside a claim that is answered
  const mixed = await Promise.all(
    [subjectOf(0), subjectOf(9)].map((subject) => ask(subject, ['name', 'x'], ['area', 'y'])),
  );
  t.same(
    mixed.map(({ json }) => claimsOf(json)[1]),
    Array(2).fill({ dataset: 'tax.debts', field: 'area', result: 'not_answered', reason: 'field_not_granted' }),
  );
  t.same(
    mixed.map(({ json }) => claimsOf(json)[0]?.result),
    ['mismatch', 'no_record'],
  );
});

t.test(
  'each verification is on record before its answer, with what was found and without what was claimed',
  async (t) => {
    const here = await world(t, { grants: [grant('one', ALL)] });
    let answered = false;
    let durable = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      here.gate = () => (resolve(), new Promise((go) => (durable = go)));
    });
    const asking = here
      .post('/v1/verify', {
        ...body(subjectOf(0), ['name', '独一无二'], ['staff', 12]),
        case: { item: 'i-1', caseId: 'c-1' },
      })
      .then((answer) => ((answered = true), answer));
    await waiting;
    t.equal(answered, false);
    durable();
    const { json } = await asking;
    t.match(json, { requestId: 'r-1', receipt: { journal: 'w1', seq: 1 } });
    t.match(
      here.entries.map((entry) => entry.body),
      [
        {
          type: 'released',
          client: 'alpha',
          purpose: 'credit',
          delivery: 'verify',
          datasets: [{ dataset: 'tax.debts', grant: 'one', effect: 'allow', fields: ['name', 'staff'], records: 1 }],
        },
      ],
    );
    t.same(JSON.parse(here.entries[0]?.draft.subject?.json ?? ''), {
      item: 'i-1',
      caseId: 'c-1',
      results: ['mismatch', 'match'],
    });
    t.notMatch(here.entries[0]?.text, '独一无二');
  },
);

t.test('nobody finds a value by trying: ten different ones in a day, counted over restarts and workers', async (t) => {
  const options = {
    grants: [grant('one', ALL), grant('two', ALL, { client: client('beta').id })],
    clients: [client('alpha'), client('beta')],
    records: [company(0, { staff: 77 }), company(1)],
  };
  const here = await world(t, options);
  const guess = (n: number, world = here, subject = subjectOf(0)) => results(world, subject, ['staff', n]);
  for (let n = 0; n < 10; n++) t.same(await guess(n), ['mismatch']);
  t.same(await guess(77), ['guess_limit'], 'also where it would match');
  t.same(await guess(3), ['mismatch'], 'what was claimed before may be claimed again');
  t.same(await results(here, subjectOf(0), ['staff', '3.0']), ['mismatch'], 'however it is written');
  t.same(await results(here, subjectOf(0), ['opened', '2019-04-28']), ['match'], 'another field');
  t.same(await guess(12, here, subjectOf(1)), ['match'], 'another subject');
  t.same(
    claimsOf((await here.post('/v1/verify', body(subjectOf(0), ['staff', 77]), 'beta')).json)[0]?.result,
    'match',
    'another client',
  );
  for (let n = 0; n < 10; n++) await guess(n, here, subjectOf(9));
  t.same(await guess(77, here, subjectOf(9)), ['guess_limit'], 'nor does the limit tell who exists');
  // a second worker on the same data folder
  const other = await world(t, { ...options, dataDir: here.dataDir });
  t.same(await guess(77, other), ['guess_limit']);
  here.now += 86_400_000 - 1;
  t.same(await guess(77), ['guess_limit']);
  here.now += 1;
  t.same(await guess(77), ['match'], 'the window has passed');
});

t.test('what a killed worker had counted is counted for those that live', async (t) => {
  const dir = await folder(t);
  const child = spawn(process.execPath, [fileURLToPath(new URL('guess-until-killed.js', import.meta.url)), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const guesses = openGuesses(dir, 10);
  const guess = (value: string) => ({ client: 'a', subject: 's', dataset: 'd', field: 'f', value });
  t.same(await guesses.admit([guess('new'), guess('9')], 1000), [false, true]);
  await guesses.close();
  const bytes = await readFile(join(dir, 'guesses'));
  t.notOk(bytes.includes('subject-in-the-clear'), 'the file names nobody');
});

t.test('claims of one request count like claims of many', async (t) => {
  const here = await world(t, { grants: [grant('one', ALL)], settings: { verifyGuesses: 3 } });
  t.same(
    await results(
      here,
      subjectOf(0),
      ['staff', 1],
      ['staff', 2],
      ['staff', 1],
      ['staff', 3],
      ['staff', 12],
      ['staff', 2],
    ),
    ['mismatch', 'mismatch', 'mismatch', 'mismatch', 'guess_limit', 'mismatch'],
  );
});

t.test('a match takes the same steps as a mismatch, wherever it is found', (t) => {
  const steps = (claimed: string): { found: boolean; normalised: unknown[] } => {
    const normalised: unknown[] = [];
    const found = compared(claimed, (value) => (normalised.push(value), String(value))).with(['a', 'b', 'c', null]);
    return { found, normalised };
  };
  const [first, last, none] = [steps('a'), steps('c'), steps('d')];
  t.same([first.found, last.found, none.found], [true, true, false]);
  t.same(first.normalised, none.normalised);
  t.same(last.normalised, none.normalised);
  t.end();
});

t.test('a client whose grant is limited to areas or to a list of subjects learns nothing of the rest', async (t) => {
  const records = [
    company(0, { area: '310104', staff: 1 }),
    company(0, { area: '320500', staff: 2 }),
    company(1, { area: '320500', staff: 3 }),
  ];
  const area = await world(t, {
    records,
    grants: [grant('one', match('staff'), { rows: { kind: 'area', field: fieldPath('area'), areas: ['31'] } })],
  });
  t.same(await results(area, subjectOf(0), ['staff', 1], ['staff', 2]), ['match', 'mismatch']);
  t.same(await results(area, subjectOf(1), ['staff', 3]), ['no_record'], 'as of somebody who is not there');
  const listed = await world(t, {
    records,
    grants: [grant('one', match('staff'), { rows: { kind: 'subjects', subjects: [subjectOf(0)] } })],
  });
  t.same(await results(listed, subjectOf(0), ['staff', 2]), ['match']);
  t.same(await results(listed, subjectOf(1), ['staff', 3]), ['no_record']);
});

t.test('nothing on record is only said of a dataset that is current', async (t) => {
  const stale = await world(t, { grants: [grant('one', ALL)], loaded: new Date(NOW - 3 * 86_400_000).toISOString() });
  t.same(await results(stale, subjectOf(9), ['staff', 1]), ['stale']);
  t.same(await results(stale, subjectOf(0), ['staff', 12]), ['match']);
  const empty = await world(t, { grants: [grant('one', ALL)], loaded: undefined });
  t.same(await results(empty, subjectOf(9), ['staff', 1]), ['never-loaded']);
});

t.test(
  'a grant for comparing gives its value to nobody: not by query, verification, error, entry or log',
  async (t) => {
    const secret = {
      name: '甲乙丙丁独家',
      capital: '73519.46',
      opened: '1987-03-09',
      staff: 48_611,
      tags: ['标记秘密'],
      members: [{ who: '张秘密', role: 'hidden-role' }],
    };
    const here = await world(t, {
      grants: [grant('one', [...ALL, ...match('members[].role')])],
      records: [company(0, secret)],
      settings: { verifyGuesses: 1000, ratePerMinute: 1_000_000 },
    });
    const raw = [
      secret.name,
      secret.capital,
      secret.opened,
      String(secret.staff),
      ...secret.tags,
      '张秘密',
      'hidden-role',
    ];
    const fields = [
      'name',
      'capital',
      'opened',
      'staff',
      'tags',
      'members',
      'members[].who',
      'members[].role',
      'nothing',
    ];
    const wrong = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.integer(),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom('1987-03-10', '甲乙', '', '73519'),
    );
    const request = fc.oneof(
      fc.record({
        path: fc.constant('/v1/verify'),
        body: fc
          .array(
            fc.record({
              dataset: fc.constantFrom('tax.debts', 'court.cases'),
              field: fc.constantFrom(...fields),
              value: wrong,
            }),
            { minLength: 1, maxLength: 5 },
          )
          .map((claims) => ({ purpose: 'credit', subject: subjectOf(0), claims })),
      }),
      fc.record({
        path: fc.constant('/v1/query'),
        body: fc
          .record({ fields: fc.subarray(fields, { minLength: 1 }), dryRun: fc.boolean() })
          .map(({ fields, dryRun }) => ({
            purpose: 'credit',
            subject: subjectOf(0),
            datasets: [{ id: 'tax.debts', fields }],
            dryRun,
          })),
      }),
      fc.record({ path: fc.constantFrom('/v1/query', '/v1/verify'), body: fc.jsonValue() }),
    );
    await fc.assert(
      fc.asyncProperty(request, async ({ path, body }) => {
        const { text } = await here.post(path, body);
        return raw.every((value) => !text.includes(value));
      }),
      { numRuns: 150 },
    );
    // and with the right values, once each: that they match is all that is said
    const right = await here.post(
      '/v1/verify',
      body(
        subjectOf(0),
        ['name', secret.name],
        ['capital', secret.capital],
        ['opened', secret.opened],
        ['staff', secret.staff],
        ['tags', '标记秘密'],
        ['members[].who', '张秘密'],
        ['members[].role', 'hidden-role'],
      ),
    );
    t.same(
      claimsOf(right.json).map(({ result }) => result),
      Array(7).fill('match'),
    );
    const said = [
      right.text,
      ...here.entries.map(({ text }) => text),
      ...here.notes.map((note) => JSON.stringify(note)),
      ...here.log,
    ].join('\n');
    for (const value of raw) t.notOk(said.includes(value), 'in no entry and no log');
  },
);

/** A department without a shell sees what of its records was held back, mends it, and has it published. */

import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { present } from '../../contracts/present.js';
import uscc from '../../contracts/subjects/uscc.js';
import { ask, until } from './ask.js';
import { city, cli } from './city.js';
import { entries } from './command.js';

t.setTimeout(120_000);

type Json = Readonly<Record<string, unknown>>;
const workspace = join(t.testdir(), 'workspace');
execFileSync(process.execPath, [cli, 'init', workspace]);
const file = (path: string): string => join(workspace, path);
const read = async (path: string): Promise<Json> => JSON.parse(await readFile(file(path), 'utf8')) as Json;
const write = (path: string, content: object): Promise<void> => writeFile(file(path), JSON.stringify(content));

const FEED = 'connectors/feeds/office/shops.json';
const feed = (await read(FEED)) as { readonly mapping: { readonly fields: Json } };
const dated = (...forms: string[]): object => ({
  ...feed,
  schedule: 'PT1H',
  mapping: {
    ...feed.mapping,
    fields: { ...feed.mapping.fields, openedOn: { from: '开业日期', steps: ['trim', { date: forms }] } },
  },
});
await write(FEED, dated('yyyy-MM-dd'));
const keys = [1, 2, 3, 4, 5].map((n) => uscc.make(n));
await writeFile(
  file('inbox/shops.csv'),
  [
    '统一社会信用代码,店铺名称,所在区,开业日期,座位数',
    ...keys.map((key, i) => `${key},店${String(i)},东湖区,${i === 0 ? '2024-03-18' : '2025/06/01'},4`),
  ].join('\n'),
);

// the same rows once more as a second dataset, pushed over HTTP
for (const name of [
  'contract.json',
  'v1.avsc',
  'examples/valid/shop.json',
  'examples/invalid/missing_value--no-name.json',
]) {
  const to = file(`contracts/datasets/office/stalls/${name}`);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(
    to,
    (await readFile(file(`contracts/datasets/office/shops/${name}`), 'utf8')).replace('"Shop"', '"Stall"'),
  );
}
await write('connectors/feeds/office/stalls.json', { source: { kind: 'http-push' }, schedule: 'push' });
execFileSync(process.execPath, [cli, 'contracts', 'register', '--workspace', workspace]);
await write('contracts/datasets/office/authority.json', await read('contracts/datasets/office/authority.json'));
await mkdir(file('contracts/datasets/other'));
await write('contracts/datasets/other/authority.json', await read('contracts/datasets/office/authority.json'));
await write('policies/clients/stranger.json', {
  ...(await read('policies/clients/front-desk.json')),
  authority: 'other',
  identity: { spiffe: 'spiffe://yitong.example/client/stranger' },
});
await write('yitong.json', { ...(await read('yitong.json')), gateway: { workers: 2 } });

const town = await city(t, { workspace });
const speak = async (
  client: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly json: Json }> => {
  const { status, text } = await ask(town.api, town.pki, client, {
    method,
    path: `/v1/datasets/${path}`,
    ...present({ body }),
  });
  return { status, json: JSON.parse(text) as Json };
};
interface Row {
  readonly id: string;
  readonly position: string;
  readonly problems: readonly Json[];
  readonly cells?: Json;
  readonly value?: Json;
}
interface Listed {
  readonly count: number;
  readonly rows: readonly Row[];
  readonly next?: string;
}
const list = async (dataset: string, query = ''): Promise<Listed> =>
  JSON.parse(
    (await ask(town.api, town.pki, 'front-desk', { path: `/v1/datasets/${dataset}/quarantine${query}` })).text,
  ) as Listed;
const acts = async (action: string): Promise<readonly Json[]> =>
  (await entries<Json>(town.data, '--type', 'administration')).filter((body) => body['action'] === action);

t.test(
  'the authority sees position, code, field and reason; what the row held only if it asks, and then it is on record',
  async (t) => {
    const all = await list('office.shops');
    t.equal(all.count, 4);
    t.match(all.rows[0], {
      position: /^shops.csv#/,
      rowNumber: Number,
      sourceTime: /^\d{4}-/,
      firstSeen: /^\d{4}-/,
      problems: [{ code: 'bad_value', field: 'openedOn', reason: String }],
    });
    t.notMatch(JSON.stringify(all), /店1|2025\/06/, 'no content');
    const first = await list('office.shops', '?limit=3');
    const second = await list('office.shops', `?limit=3&after=${first.next ?? ''}`);
    t.same([...first.rows, ...second.rows], all.rows);
    t.same([first.rows.length, second.rows.length, second.next], [3, 1, undefined]);
    const whole = await list('office.shops', '?rows=true&limit=1');
    t.match(whole.rows, [{ cells: { 开业日期: '2025/06/01', 所在区: '东湖区' } }]);
    const shown = await until(
      'the entries',
      () => acts('quarantine_shown'),
      (found) => found.length === 4,
    );
    t.match(
      shown.find(({ detail }) => (detail as Json)['contents'] === true),
      { by: 'front-desk', target: 'office.shops', detail: { rows: 1, ids: [whole.rows[0]?.id] } },
    );
    t.notMatch(JSON.stringify(shown), /店|2025\/06/);
    t.match(await speak('front-desk', 'GET', 'office.shops/quarantine?limit=0'), {
      status: 400,
      json: { code: 'bad_request' },
    });
    t.match(await speak('front-desk', 'GET', 'office.shops/quarantine?rows=all'), {
      status: 400,
      json: { code: 'bad_request' },
    });
  },
);

t.test('another authority is told the same of it as of what does not exist', async (t) => {
  for (const [method, path, body] of [
    ['GET', 'quarantine', undefined],
    ['POST', 'quarantine/retry', {}],
  ] as const) {
    const [real, none] = [
      await speak('stranger', method, `office.shops/${path}`, body),
      await speak('stranger', method, `office.nothing/${path}`, body),
    ];
    const { requestId: one, ...said } = real.json;
    const { requestId: other, ...unknown } = none.json;
    t.not(one, other);
    t.equal(real.status, 403);
    t.same(said, unknown);
    t.match(said, { code: 'not_publisher' });
  }
});

t.test('rows of a mended mapping are published by a retry, and a retry that comes again changes nothing', async (t) => {
  const { rows } = await list('office.shops');
  const positions = rows.map(({ position }) => position);
  const [one = '', ...others] = positions;
  t.match(
    await speak('front-desk', 'POST', 'office.shops/quarantine/retry', {}),
    { status: 200, json: { results: positions.map(() => ({ status: 'quarantined', code: 'bad_value' })) } },
    'nothing is mended yet',
  );
  await write(FEED, dated('yyyy-MM-dd', 'yyyy/MM/dd'));
  t.same((await speak('front-desk', 'POST', 'office.shops/quarantine/retry', { positions: [one, 'nowhere#1'] })).json, {
    results: [
      { position: one, status: 'published' },
      { position: 'nowhere#1', status: 'absent' },
    ],
  });
  t.equal((await list('office.shops')).count, 3);
  const { results } = (await speak('front-desk', 'POST', 'office.shops/quarantine/retry', {})).json as {
    results: { position: string; status: string }[];
  };
  t.same(
    results.map(({ position, status }) => `${position} ${status}`).sort(),
    others.map((position) => `${position} published`).sort(),
  );
  t.match(await list('office.shops'), { count: 0, rows: [] });
  t.same((await speak('front-desk', 'POST', 'office.shops/quarantine/retry', {})).json, { results: [] });
  t.same((await speak('front-desk', 'POST', 'office.shops/quarantine/retry', { positions })).json, {
    results: positions.map((position) => ({ position, status: 'absent' })),
  });
  await until(
    'the shop',
    async () =>
      JSON.parse(
        (
          await ask(town.api, town.pki, 'front-desk', {
            method: 'POST',
            path: '/v1/query',
            body: { purpose: 'permit-check', subject: `uscc:${keys[4] ?? ''}`, datasets: [{ id: 'office.shops' }] },
          })
        ).text,
      ) as { datasets: { records: unknown[] }[] },
    (answer) => answer.datasets[0]?.records.length === 1,
  );
  const retried = await until(
    'the entry',
    async () => (await acts('quarantine_retried')).find(({ detail }) => (detail as Json)['published'] === 3),
    (found) => found !== undefined,
  );
  t.match(retried, { by: 'front-desk', target: 'office.shops', detail: { tried: 3, stillBad: 0 } });
});

t.test(
  'what one worker holds back, another shows, retries and forgets; pushes through both go one after another',
  async (t) => {
    const push = (records: readonly object[]) =>
      speak('front-desk', 'POST', 'office.stalls/records', { sourceTime: new Date().toISOString(), records });
    const value = (n: number, name: string, more: Json = {}): Json => ({
      uscc: uscc.make(n),
      name,
      district: null,
      openedOn: null,
      seats: null,
      ...more,
    });
    // each request on a connection of its own, so that the workers take them in turn
    await push([{ position: 'p1', value: value(1, 'a') }]);
    const held = await push([
      { position: 'p1', value: value(1, 'b') },
      { position: 'p2', value: value(2, 'c', { surplus: 1 }) },
    ]);
    t.match(
      held.json,
      {
        results: [
          { status: 'quarantined', code: 'conflicting_duplicate' },
          { status: 'quarantined', code: 'surplus_field' },
        ],
      },
      'also by the worker that did not take it first',
    );
    for (let i = 0; i < 3; i++) t.equal((await list('office.stalls')).count, 2);
    t.match(
      (await speak('front-desk', 'POST', 'office.stalls/quarantine/retry', {})).json,
      { results: [{ position: 'p2', status: 'quarantined', code: 'surplus_field' }] },
      'which of two counts is for a person to say',
    );
    t.same((await speak('front-desk', 'POST', 'office.stalls/quarantine/retry', { positions: ['p1'] })).json, {
      results: [{ position: 'p1', status: 'published' }],
    });
    // whoever takes it: the row leaves the quarantine when it comes again and is good
    for (const name of ['c', 'c']) await push([{ position: 'p2', value: value(2, name) }]);
    for (let i = 0; i < 3; i++) t.equal((await list('office.stalls')).count, 0);

    const statuses = (
      await Promise.all(
        Array.from({ length: 40 }, (_, n) => push([{ position: `q${String(n)}`, value: value(9, 'same') }])),
      )
    ).flatMap(({ json }) => (json['results'] as { status: string }[]).map(({ status }) => status));
    t.same(
      [
        statuses.filter((status) => status === 'published').length,
        statuses.filter((status) => status === 'unchanged').length,
      ],
      [1, 39],
      'one record that comes forty times at once is published once',
    );
  },
);

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadFeeds } from '../../connectors/feeds.js';
import { contract, workspace } from './fixtures.js';

const api = {
  kind: 'http',
  url: 'https://api.example/list',
  allowHosts: ['api.example'],
  since: { parameter: 'since' },
} as const;
const good = {
  source: { kind: 'csv', path: 'in.csv' },
  schedule: 'P1D',
  snapshot: true,
  mapping: {
    fields: {
      code: { from: 'c', steps: [{ key: 'digit9' }] },
      name: { from: 'n' },
      status: { from: 's', steps: [{ codes: { old: 'o' } }] },
    },
  },
};

t.test('an officer’s feed is read with its defaults, or refused with the file and what is wrong in it', async (t) => {
  const dir = t.testdir({ connectors: { feeds: { test: {} } } });
  const base = contract();
  const fields = base.latest.fields.map((info) => (info.path === 'status' ? { ...info, codelist: 'states' } : info));
  const latest = { ...base.latest, fields };
  const title = { zh: '状态', en: 'states' };
  const space = {
    ...workspace({ ...base, latest, versions: [latest] }),
    layers: [dir],
    codelists: new Map([['states', { id: 'states', name: title, codes: new Map([['o', title]]) }]]),
  };
  const path = join(dir, 'connectors', 'feeds', 'test', 'companies.json');
  const load = (feed: object) => {
    writeFileSync(path, JSON.stringify(feed));
    return loadFeeds(space);
  };
  const feeds = [...(await load(good)).values()];
  t.match(feeds, [
    {
      dataset: 'test.companies',
      authority: 'test',
      snapshot: true,
      maxWithdrawShare: 0.1,
      onDuplicate: 'quarantine',
      file: path,
    },
  ]);

  const { mapping, ...rest } = good;
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ ...good, sheduled: 1 }, /unknown key `sheduled`/],
    [{ ...good, source: { kind: 'csv', path: 'a', colour: 'red' } }, /unknown key `colour`/],
    [{ ...good, source: { kind: 'csv' } }, /one of `path` and `folder`/],
    [{ ...good, source: { kind: 'csv', path: 'a', folder: 'b' } }, /one of `path` and `folder`/],
    [{ ...good, source: { kind: 'csv', folder: 'b', settle: 'soon' } }, /`source.settle` must be a duration/],
    [{ ...good, source: { kind: 'csv', path: 'a', header: ['c', 'n'] } }, /`source.header` lacks the column `s`/],
    [
      { ...good, source: { kind: 'json', path: 'a', format: 'lines', items: '/data' } },
      /`source.items` is a place in a document/,
    ],
    [{ ...good, source: { kind: 'xlsx', path: 'a', headerRow: 3, firstRow: 2 } }, /`source.firstRow` must stand below/],
    [
      {
        ...good,
        source: { kind: 'fixed-width', path: 'a', unit: 'bytes', columns: [{ name: 'c', start: 1, length: 9 }] },
      },
      /`source.columns` lacks the column `n`/,
    ],
    [{ ...good, source: api }, /`snapshot` cannot be true where `source.since`/],
    [
      { ...good, snapshot: false, source: { ...api, url: 'https://elsewhere.example/x' } },
      /`source.url`: `elsewhere.example` is not one of `allowHosts`/,
    ],
    [{ ...good, snapshot: false, source: { ...api, timeout: 'long' } }, /`source.timeout` must be a duration/],
    [{ ...good, snapshot: false, source: { ...api, tls: { cert: 'a.pem' } } }, /`source.tls` must have both/],
    [{ ...good, source: { kind: 'telepathy' } }, /`source.kind` must be one of/],
    [{ ...good, schedule: 'sometimes' }, /`schedule` must be/],
    [{ ...good, schedule: 'push' }, /go together/],
    [rest, /lacks the key `mapping`/],
    [{ ...good, mapping: { ...mapping, note: 'x' } }, /`mapping` has the unknown key `note`/],
    [{ ...good, mapping: { fields: { ...mapping.fields, nothing: { from: 'x' } } } }, /no field `nothing`/],
    [{ ...good, mapping: { fields: { code: { from: 'c' } } } }, /required field `name`/],
    [
      { ...good, mapping: { fields: { ...mapping.fields, status: { from: 's', steps: [{ codes: { old: 'x' } }] } } } },
      /the code `x`, which the code list `states` does not have/,
    ],
    [{ ...good, mapping: { fields: { ...mapping.fields, status: { const: 'y' } } } }, /the code `y`/],
  ];
  for (const [feed, message] of cases)
    await t.rejects(load(feed), { code: 'bad_feed', message, extra: { place: { file: path } } }, String(message));
  t.equal(
    (await load({ source: { kind: 'http-push' }, schedule: 'push' })).size,
    1,
    'records that are pushed need no mapping',
  );
  await load(good);
  mkdirSync(join(dir, 'connectors', 'feeds', 'nobody'));
  writeFileSync(join(dir, 'connectors', 'feeds', 'nobody', 'x.json'), JSON.stringify(good));
  await t.rejects(loadFeeds(space), { code: 'bad_feed', message: /no contract of `nobody.x`/ });
});

t.test('no feed reaches a host that the operator did not allow, whatever it says itself', async (t) => {
  const dir = t.testdir({ connectors: { feeds: { test: {} } } });
  const path = join(dir, 'connectors', 'feeds', 'test', 'companies.json');
  const load = (allowHosts: unknown, source: object = api) => {
    writeFileSync(path, JSON.stringify({ ...good, snapshot: false, source }));
    return loadFeeds({
      ...workspace(),
      dir,
      layers: [dir],
      settings: { connectors: allowHosts === undefined ? {} : { allowHosts } },
    });
  };
  for (const allowed of [undefined, ['api.example'], ['API.example:443', 'other.example']])
    t.equal((await load(allowed)).size, 1);
  for (const allowed of [[], ['other.example'], ['api.example:8443'], ['example']]) {
    await t.rejects(load(allowed), {
      code: 'bad_feed',
      message: /`api.example` is not one of `connectors.allowHosts`/,
      extra: { place: { file: path } },
    });
  }
  await t.rejects(
    load(['api.example'], { ...api, allowHosts: ['api.example', 'mirror.example'] }),
    { message: /`mirror.example`/ },
    'not for a redirect either',
  );
  const table = { server: 'db.example', database: 'd', user: 'u' };
  for (const [source, port] of [
    [{ kind: 'postgres', ...table, table: 't', key: ['id'], updated: 'at' }, 5432],
    [{ kind: 'mysql', ...table, table: 't', key: ['id'], updated: 'at' }, 3306],
    [{ kind: 'postgres-logical', ...table, table: 'public.t' }, 5432],
  ] as const) {
    for (const allowed of [undefined, ['db.example'], [`DB.example:${port}`]])
      t.equal((await load(allowed, source)).size, 1);
    for (const allowed of [[], ['api.example'], ['db.example:443']])
      await t.rejects(
        load(allowed, source),
        { code: 'bad_feed', message: /`db.example` is not one of `connectors.allowHosts`/ },
        source.kind,
      );
  }
  const file = join(dir, 'yitong.json');
  await t.rejects(load('api.example'), { code: 'bad_config', extra: { place: { file } } });
  await t.rejects(loadFeeds({ ...workspace(), dir, layers: [dir], settings: { connectors: { allowHost: [] } } }), {
    code: 'bad_config',
    message: /unknown key `allowHost`/,
  });
});

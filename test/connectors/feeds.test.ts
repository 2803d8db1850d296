import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadFeeds } from '../../connectors/feeds.js';
import { contract, workspace } from './fixtures.js';

const good = {
  source: { kind: 'csv', path: 'in.csv' },
  schedule: 'P1D',
  snapshot: true,
  mapping: { fields: { code: { from: 'c', steps: [{ key: 'digit9' }] }, name: { from: 'n' }, status: { from: 's', steps: [{ codes: { old: 'o' } }] } } },
};

t.test('an officer’s feed is read with its defaults, or refused with the file and what is wrong in it', async (t) => {
  const dir = t.testdir({ connectors: { feeds: { test: {} } } });
  const base = contract();
  const fields = base.latest.fields.map((info) => (info.path === 'status' ? { ...info, codelist: 'states' } : info));
  const latest = { ...base.latest, fields };
  const title = { zh: '状态', en: 'states' };
  const space = { ...workspace({ ...base, latest, versions: [latest] }), layers: [dir], codelists: new Map([['states', { id: 'states', name: title, codes: new Map([['o', title]]) }]]) };
  const path = join(dir, 'connectors', 'feeds', 'test', 'companies.json');
  const load = (feed: object) => {
    writeFileSync(path, JSON.stringify(feed));
    return loadFeeds(space);
  };
  const feeds = [...(await load(good)).values()];
  t.match(feeds, [{ dataset: 'test.companies', authority: 'test', snapshot: true, maxWithdrawShare: 0.1, onDuplicate: 'quarantine', file: path }]);

  const { mapping, ...rest } = good;
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ ...good, sheduled: 1 }, /unknown key `sheduled`/],
    [{ ...good, source: { kind: 'csv', path: 'a', colour: 'red' } }, /unknown key `colour`/],
    [{ ...good, source: { kind: 'telepathy' } }, /`source.kind` must be one of/],
    [{ ...good, schedule: 'sometimes' }, /`schedule` must be/],
    [{ ...good, schedule: 'push' }, /go together/],
    [rest, /lacks the key `mapping`/],
    [{ ...good, mapping: { ...mapping, note: 'x' } }, /`mapping` has the unknown key `note`/],
    [{ ...good, mapping: { fields: { ...mapping.fields, nothing: { from: 'x' } } } }, /no field `nothing`/],
    [{ ...good, mapping: { fields: { code: { from: 'c' } } } }, /required field `name`/],
    [{ ...good, mapping: { fields: { ...mapping.fields, status: { from: 's', steps: [{ codes: { old: 'x' } }] } } } }, /the code `x`, which the code list `states` does not have/],
    [{ ...good, mapping: { fields: { ...mapping.fields, status: { const: 'y' } } } }, /the code `y`/],
  ];
  for (const [feed, message] of cases) await t.rejects(load(feed), { code: 'bad_feed', message, extra: { place: { file: path } } }, String(message));
  t.equal((await load({ source: { kind: 'http-push' }, schedule: 'push' })).size, 1, 'records that are pushed need no mapping');
  await load(good);
  mkdirSync(join(dir, 'connectors', 'feeds', 'nobody'));
  writeFileSync(join(dir, 'connectors', 'feeds', 'nobody', 'x.json'), JSON.stringify(good));
  await t.rejects(loadFeeds(space), { code: 'bad_feed', message: /no contract of `nobody.x`/ });
});

/** 上海市社会信用条例 Art.35(2), 37, 38: what a register declares to be given to nobody is given by no way of asking. */

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { authorityId, fieldPath } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { NotGiven } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { openTickets } from '../../../gateway/procedures/lifecycles/tickets.js';
import { client } from '../../policies/city.js';
import { act } from '../../procedures/acts.js';
import { type Company, company, grant, NOW, subjectOf, type World, world } from './world.js';

const RULE: NotGiven = {
  ended: fieldPath('opened'),
  years: 5,
  repaired: { field: fieldPath('area'), values: ['repaired'] },
  basis: ['上海市社会信用条例第三十五条第二款'],
};
const DAY = 86_400_000;
/** NOW is 2026-06-01 in Shanghai. */
const RECORDS = [
  company(0, { name: 'kept', opened: '2021-06-01' }),
  company(0, { name: 'over', opened: '2021-05-31' }),
  company(0, { name: 'mended', opened: '2025-01-01', area: 'repaired' }),
];
const granted = grant('one', ['key', 'name'], { delivery: ['query', 'batch', 'verify'], batchLimit: 10 });

/** A layer with the city's procedures and working days, and nothing else. */
function procedures(t: Test): string {
  const dir = t.testdirName;
  for (const part of ['contracts/lifecycles', 'contracts/calendars'])
    cpSync(join(packageRoot(), part), join(dir, part), { recursive: true });
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const openWorld = (
  t: Test,
  parts: { readonly notGiven?: NotGiven; readonly records?: readonly Company[]; readonly past?: readonly Company[] } = {
    notGiven: RULE,
  },
): Promise<World> =>
  world(t, {
    grants: [granted],
    records: parts.records ?? RECORDS,
    ...present({ past: parts.past }),
    contract: { kind: 'penalty', ...present({ notGiven: parts.notGiven }) },
    layers: [procedures(t)],
  });

type Answered = {
  readonly datasets: readonly { readonly records: readonly { readonly record: { readonly name: string } }[] }[];
};
const namesOf = (answer: unknown): string[] =>
  (answer as Answered).datasets.flatMap(({ records }) => records.map(({ record }) => record.name));
const question = { purpose: 'credit', datasets: [{ id: 'tax.debts' }] };

async function everyWay(
  here: World,
  more: object = {},
): Promise<{ query: string[]; batch: string[]; verify: string[] }> {
  const query = namesOf((await here.post('/v1/query', { ...question, subject: subjectOf(0), ...more })).json);
  const lines = (await here.post('/v1/query/batch', { ...question, subjects: [subjectOf(0)], ...more })).text.split(
    '\n',
  );
  const batch = namesOf(JSON.parse(lines[0] ?? '{}'));
  const names = ['kept', 'over', 'mended'];
  const claims = names.map((value) => ({ dataset: 'tax.debts', field: 'name', value }));
  const { json } = await here.post('/v1/verify', { purpose: 'credit', subject: subjectOf(0), claims });
  const verify = (json['claims'] as readonly { readonly result: string }[]).flatMap(({ result }, i) =>
    result === 'match' ? [names[i] ?? ''] : [],
  );
  return { query, batch, verify };
}

t.test('Art.35(2), 38: what is past its term or repaired is given by no way of asking, to the day', async (t) => {
  t.same(
    await everyWay(await openWorld(t, {})),
    { query: ['kept', 'over', 'mended'], batch: ['kept', 'over', 'mended'], verify: ['kept', 'over', 'mended'] },
    'a register that declares nothing gives all',
  );
  const here = await openWorld(t);
  t.same(await everyWay(here), { query: ['kept'], batch: ['kept'], verify: ['kept'] }, 'on the last day of its term');
  here.now = NOW + DAY;
  t.same(
    await everyWay(here),
    { query: [], batch: [], verify: [] },
    'the day after, also under plans that were made before',
  );
});

t.test('Art.37, 38: what was deleted or taken down on a ticket is given by no way of asking', async (t) => {
  const here = await openWorld(t);
  const tickets = await openTickets({ dataDir: here.dataDir, workspace: here.workspace, now: () => here.now, lag: 0 });
  t.teardown(() => tickets.close());
  const system = { kind: 'client', client: { ...client('tax-system'), authority: authorityId('tax') } } as const;
  const centre = {
    kind: 'person',
    person: { id: 'zhou', name: 'zhou', roles: ['credit-centre' as const], subjects: [], authority: 'data-bureau' },
  } as const;
  const { head } = await tickets.open(
    'repair',
    { dataset: 'tax.debts', subject: subjectOf(0), recordId: '0' },
    act(system, 'tell-revoked', { decision: '云复决〔2026〕1号' }),
  );
  t.same((await everyWay(here)).query, ['kept'], 'told is not yet deleted');
  await tickets.act(head.id, act(centre, 'delete'));
  const deadline = Date.now() + 20_000;
  while ((await everyWay(here)).query.length > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50));
  t.same(await everyWay(here), { query: [], batch: [], verify: [] });
});

t.test('asked how it was before, a register does not give what it gives to nobody now', async (t) => {
  const past = [
    company(0, { name: 'kept', opened: '2021-06-01' }),
    company(0, { name: 'over', opened: '2021-05-31' }),
    company(0, { name: 'mended', opened: '2025-01-01' }),
    company(0, { name: 'withdrawn since', opened: '2025-01-01' }),
  ];
  const then = { asOf: new Date(NOW - 30 * DAY).toISOString() };
  t.same(
    namesOf(
      (await (await openWorld(t, { past })).post('/v1/query', { ...question, subject: subjectOf(0), ...then })).json,
    ),
    ['kept', 'over', 'mended', 'withdrawn since'],
    'a register that declares nothing',
  );
  const here = await openWorld(t, { notGiven: RULE, past });
  t.same(namesOf((await here.post('/v1/query', { ...question, subject: subjectOf(0), ...then })).json), ['kept']);
});

t.test(
  'the credit platform’s own register declares it, and a declaration that could never hold is refused',
  async (t) => {
    const { contracts } = await loadWorkspace(packageRoot());
    t.match(
      [...contracts.values()]
        .filter(({ notGiven }) => notGiven !== undefined)
        .map(({ id, notGiven }) => [id, notGiven?.years, notGiven?.basis.length]),
      [['data-bureau.collected-penalties', 5, 3]],
    );
    const { makeContract, checkContractFile } = await import('../../../contracts/contract.js');
    const { readFile } = await import('node:fs/promises');
    const collected = [...contracts.values()].find(({ notGiven }) => notGiven !== undefined);
    if (collected === undefined) throw new Error('no such register');
    const place = { file: join(collected.dir, 'contract.json') };
    const file = JSON.parse(await readFile(place.file, 'utf8')) as { notGiven: object };
    for (const [change, message] of [
      [{ ended: 'name' }, /`notGiven.ended` names `name`, which is no date/],
      [{ ended: 'nothing' }, /is no date of/],
      [{ repaired: { field: 'repair.on', values: ['x'] } }, /`notGiven.repaired` names `repair.on`/],
    ] as const) {
      t.throws(
        () =>
          makeContract(
            collected.id,
            collected.dir,
            checkContractFile({ ...file, notGiven: { ...file.notGiven, ...change } }, place),
            collected.versions,
            place,
          ),
        { code: 'bad_contract', message },
      );
    }
    t.throws(() => checkContractFile({ ...file, notGiven: { ...file.notGiven, basis: [] } }, place), {
      code: 'bad_contract',
    });
  },
);

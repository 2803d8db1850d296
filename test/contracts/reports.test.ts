/**
 * Definitions of reports: the reference city's load, a folder is enough for another, and whatever refers to nothing is
 * refused with its file.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { leftOut, loadReports } from '../../contracts/reports.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { loadPolicies } from '../../policies/load.js';
import { run } from '../e2e/command.js';

t.setTimeout(120_000);
const root = packageRoot();

/** A definition as it stands in a file, changed in ways that its type would forbid. */
// biome-ignore lint/suspicious/noExplicitAny: definitions are broken at any place
type Json = Record<string, any>;

/** Reports of the reference city. */
const folders = readdirSync(join(root, 'contracts/reports')).sort();

function workspaceWith(t: Test, id: string, change: (definition: Json) => void): string {
  const dir = join(t.testdir(), 'city');
  // with what stands beside it, as the picture of a seal
  cpSync(join(root, 'contracts/reports/credit'), join(dir, 'contracts/reports', id), { recursive: true });
  const settings = JSON.parse(readFileSync(join(root, 'yitong.json'), 'utf8')) as Json;
  writeFileSync(join(dir, 'yitong.json'), JSON.stringify({ ...settings, extends: root }));
  mkdirSync(join(dir, 'connectors'));
  cpSync(join(root, 'connectors/population.json'), join(dir, 'connectors/population.json'));
  const definition = JSON.parse(readFileSync(join(root, 'contracts/reports/credit/report.json'), 'utf8')) as Json;
  change(definition);
  writeFileSync(join(dir, 'contracts/reports', id, 'report.json'), JSON.stringify(definition));
  return dir;
}

void t.test(
  'the reference city has the report on 41 domains over its registers, and a second one of few',
  async (t) => {
    const workspace = await loadWorkspace(root);
    const reports = await loadReports(workspace);
    t.strictSame([...reports.keys()].sort(), folders, 'each folder is a report');
    t.ok(reports.has('food-safety'));
    const credit = reports.get('credit');
    t.equal(credit?.domains.length, 41);
    t.equal(
      credit?.domains.every(({ datasets }) => datasets.length > 0),
      true,
      'each answered by a register',
    );
    t.strictSame(
      new Set(credit?.domains.map(({ value }) => value)),
      new Set(workspace.codelists.get('domains')?.codes.keys()),
    );
    t.match(credit?.notes, [{ en: /stand-in, not the official/ }]);
    t.strictSame(credit?.kinds.get('penalty')?.term, { years: 5, basis: ['上海市社会信用条例第三十五条'] });
    for (const report of reports.values())
      t.strictSame(leftOut(report, workspace.contracts), [], `${report.id} leaves no register out`);
  },
);

void t.test(
  'a register that is shared for the credit report is read by one, and no grant lets the report’s client see ' +
    'what no report reads',
  async (t) => {
    const workspace = await loadWorkspace(root);
    const reports = await loadReports(workspace);
    const read = new Set<string>(
      [...reports.values()].flatMap(({ datasets, register }) => [
        register.contract.id,
        ...datasets.map(({ contract }) => contract.id),
      ]),
    );
    const shared = [...workspace.contracts.values()]
      .filter(({ sharing }) => JSON.stringify(sharing.conditions ?? {}).includes('专用信用报告'))
      .map(({ id }) => id);
    t.strictSame(
      shared.filter((id) => !read.has(id)),
      [],
      'what is owed in tax, and what a court enforces, is shared for other ends',
    );
    const grants = [...(await loadPolicies(workspace)).grants.values()].filter(
      ({ client }) => client === 'credit-report-centre',
    );
    t.strictSame(
      grants.map(({ dataset }) => dataset).filter((id) => !read.has(id)),
      [],
    );
    t.strictSame(
      [...read].filter((id) => !grants.some(({ dataset }) => dataset === id)),
      [],
      'and each that is read is granted',
    );
  },
);

void t.test('a report is added by its folder; what leaves a register out is noted', async (t) => {
  const dir = workspaceWith(t, 'short', (definition) => {
    definition['domains'] = [
      {
        id: 'market-regulation',
        title: { zh: '市场监管', en: 'Market regulation' },
        value: '市场监管',
        datasets: ['samr.penalties'],
      },
    ];
    definition['datasets'] = { 'samr.penalties': 'penalty' };
  });
  const workspace = await loadWorkspace(dir);
  const reports = await loadReports(workspace);
  t.strictSame([...reports.keys()].sort(), [...folders, 'short'].sort());
  const short = reports.get('short');
  if (short === undefined) throw new Error('it is not there');
  t.strictSame(
    leftOut(short, workspace.contracts).map(({ dataset, domains }) => [dataset, domains]),
    [
      ['samr.dishonesty-list', ['market-regulation']],
      ['samr.enforcement-measures', ['market-regulation']],
    ],
  );
  const checked = await run('contracts', 'check', '--workspace', dir, '--json');
  t.equal(checked.code, 0, checked.stdout);
  const { findings } = JSON.parse(checked.stdout) as { findings: readonly { readonly dataset: string }[] };
  t.match(
    findings.filter(({ dataset }) => dataset === 'reports/short'),
    [
      { severity: 'note', message: 'leaves `samr.dishonesty-list` out of market-regulation' },
      { severity: 'note', message: 'leaves `samr.enforcement-measures` out of market-regulation' },
    ],
  );
});

const refused: readonly (readonly [string, (definition: Json) => void, RegExp])[] = [
  ['an unknown key', (d) => (d['colour'] = 'red'), /unknown key `colour`/],
  ['an unknown dataset', (d) => (d['datasets']['samr.nothing'] = 'penalty'), /unknown dataset `samr.nothing`/],
  [
    'a dataset of persons',
    (d) => (d['datasets']['health.food-handler-certificates'] = 'penalty'),
    /is keyed by `cn-id`/,
  ],
  ['an unknown layout', (d) => (d['datasets']['fire.penalties'] = 'nothing'), /unknown layout `nothing`/],
  [
    'a dataset of another kind',
    (d) => (d['datasets']['fire.penalties'] = 'dishonesty-list'),
    /records of the kind `penalty`, not `dishonesty`/,
  ],
  [
    'what a court holds',
    (d) => (
      (d['layouts']['courts'] = { kind: 'judgment', ended: 'closedOn', facts: ['caseNumber'] }),
      (d['datasets']['court.judgment-debtors'] = 'courts')
    ),
    /layouts/,
  ],
  [
    'a court’s register under another kind',
    (d) => (d['datasets']['court.judgment-debtors'] = 'dishonesty-list'),
    /records of the kind `judgment`, not `dishonesty`/,
  ],
  ['an unknown kind', (d) => (d['layouts']['penalty']['kind'] = 'rumour'), /layouts/],
  ['a kind without a term', (d) => delete d['kinds']['dishonesty'], /kind `dishonesty`, which `kinds` does not have/],
  ['a fact that is no field', (d) => d['layouts']['penalty']['facts'].push('colour'), /the fact `colour` is no field/],
  ['a fact that holds others', (d) => d['layouts']['penalty']['facts'].push('conduct'), /holds other fields/],
  ['an end that is no date', (d) => (d['layouts']['penalty']['ended'] = 'name'), /`ended` `name` of `.+` is no date/],
  ['a domain that is no text', (d) => (d['layouts']['penalty']['domain'] = 'decidedOn'), /is no text/],
  ['a repair that is no field', (d) => (d['layouts']['penalty']['repaired']['field'] = 'repair.colour'), /no field/],
  ['an exclusion without its basis', (d) => delete d['layouts']['penalty']['excludes'][0]['basis'], /layouts/],
  [
    'an exclusion by a code that no record can have',
    (d) => d['layouts']['penalty']['excludes'][0]['values'].push('simple'),
    /`excludes` names `simple`, which is no code of `penalty-procedures`/,
  ],
  [
    'an exclusion by free text',
    (d) => (d['layouts']['penalty']['excludes'][0]['field'] = 'name'),
    /`excludes` `name` of `.+` has no code list/,
  ],
  [
    'a tier of no list of tiers',
    (d) => (d['layouts']['penalty']['display']['tier'] = 'procedure'),
    /`display.tier` `procedure` of `.+` has no code list of display tiers/,
  ],
  ['a term without its basis', (d) => (d['kinds']['penalty']['term'] = { years: 5 }), /kinds/],
  ['a domain twice', (d) => d['domains'].push(d['domains'][0]), /stands twice/],
  [
    'a domain that its register does not serve',
    (d) => (d['domains'][0]['datasets'] = ['fire.penalties']),
    /does not serve the domain/,
  ],
  [
    'a register that no domain names',
    (d) => (d['domains'] = d['domains'].filter((one: Json) => one['id'] !== 'tobacco-monopoly')),
    /no domain names the dataset `tobacco.penalties`/,
  ],
  ['a domain without registers', (d) => (d['domains'][0]['datasets'] = []), /domains/],
  ['an unknown issuer', (d) => (d['issuer'] = 'nobody'), /unknown authority `nobody`/],
  ['a relation that is no field', (d) => (d['subjects']['relations'][0]['in'] = 'cousins'), /the relation `parent`/],
  ['a retention that is no duration', (d) => (d['retention'] = 'P3Y'), /`retention`/],
  ['words in one language', (d) => delete d['title']['en'], /title/],
];

void t.test('whatever a definition gets wrong is refused with its file', async (t) => {
  const base = await loadWorkspace(root);
  for (const [what, change, message] of refused) {
    await t.test(what, async (t) => {
      const dir = workspaceWith(t, 'wrong', change);
      const workspace = { ...base, layers: [dir, ...base.layers] };
      await t.rejects(loadReports(workspace), {
        code: 'bad_report',
        message,
        extra: { place: { file: join(dir, 'contracts/reports/wrong/report.json') } },
      });
      const told: string[] = [];
      t.strictSame(
        [...(await loadReports(workspace, (report) => told.push(report))).keys()],
        ['credit', 'food-safety'],
        'a check goes on with the others',
      );
      t.strictSame(told, ['wrong']);
    });
  }
});

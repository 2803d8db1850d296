/**
 * An entry of the catalogue from its draft to the file of the workspace (政务数据共享条例 Art.16, 17): what was published is
 * shown and written, nothing else is, and not before.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { dayOf } from '../../contracts/calendar.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { city, cli } from './city.js';
import { type Ended, run } from './command.js';

t.setTimeout(300_000);

const DATASET = 'samr.enforcement-measures';
const PLACE = 'contracts/datasets/samr/enforcement-measures/contract.json';
interface Contract extends Readonly<Record<string, unknown>> {
  readonly description: Readonly<Record<'zh' | 'en', string>>;
  readonly assessments: Readonly<Record<'secrecy' | 'personalInformation', { readonly role: string }>>;
}
const contractIn = (file: string): Contract => JSON.parse(readFileSync(file, 'utf8')) as Contract;
const officer = { id: 'o-1', role: 'sharing-officer' } as const;

t.test('a published entry comes into the workspace as it was published', async (t) => {
  const workspace = join(t.testdir(), 'city');
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  const town = await city(t, { workspace });
  const [samr, bureau] = [await town.as('food-inspector'), await town.as('credit-report-centre')];
  const file = join(workspace, PLACE);
  const before = contractIn(join(packageRoot(), PLACE));
  const { approval: _, assessments, ...contract } = before;
  const written = {
    zh: '市场监管领域对企业采取的行政强制措施，含解除日期。',
    en: 'Enforcement measures with their end.',
  };
  const { id } = await samr.openMatter({
    machine: 'entry',
    act: 'draft',
    content: { dataset: DATASET, contract: { ...contract, description: written } },
    officer,
    key: 'entry-1',
  });
  const asked = (as: string, ...more: readonly string[]): Promise<Ended> =>
    run('sharing', 'entry', id, '--as', as, '--workspace', workspace, '--data', town.data, ...more);

  const steps: readonly (() => Promise<unknown>)[] = [
    () =>
      samr.actOnMatter(id, {
        act: 'assess',
        fields: { secrecy: '不涉密', 'personal-information': '不含个人信息' },
        officer,
      }),
    () => samr.actOnMatter(id, { act: 'approve', officer: { id: 'h-1', role: 'department-head' } }),
    () => samr.actOnMatter(id, { act: 'submit', officer }),
  ];
  for (const step of [async () => undefined, ...steps]) {
    await step();
    const early = await asked('food-inspector', '--write');
    t.match(early, { code: 1, stdout: /act_refused/ }, 'it is not published');
    t.notOk(existsSync(file), 'and nothing is written');
  }
  await bureau.actOnMatter(id, { act: 'publish', officer: { id: 'b-1', role: 'sharing-authority' } });

  t.match(await asked('transport-licensing'), { code: 1, stdout: /not_found/ }, 'who is no party is told nothing');
  const shown = await asked('food-inspector', '--json');
  t.match(JSON.parse(shown.stdout), {
    dataset: DATASET,
    changed: true,
    wrote: false,
    contract: { description: written },
  });
  t.notOk(existsSync(file), 'shown is not written');
  const said = await asked('food-inspector');
  t.match(said.stdout, /^\+ .*含解除日期/m);
  t.match(said.stdout, /^- .*药品监管/m);

  t.match(await asked('food-inspector', '--write'), { code: 0, stdout: /contracts check/ });
  const after = contractIn(file);
  const { steps: done } = await samr.matter(id);
  const day = (act: string): string => dayOf(Date.parse(done.find((step) => step.act === act)?.at ?? ''));
  t.strictSame(after.description, written);
  t.strictSame(after['approval'], { role: '部门负责人', date: day('approve') });
  t.strictSame(
    after.assessments,
    {
      secrecy: { role: assessments.secrecy.role, date: day('assess') },
      personalInformation: { role: assessments.personalInformation.role, date: day('assess') },
    },
    'who assesses keeps their office',
  );
  t.strictSame(Object.keys(after), Object.keys(before), 'members stand in the order of before');
  const { description: __, approval: ___, assessments: ____, ...kept } = after;
  const { description: _____, ...given } = contract;
  t.strictSame(kept, given, 'nothing else is another');
  t.match(JSON.parse((await asked('food-inspector', '--write', '--json')).stdout), { changed: false, wrote: false });
  const checked = await run('contracts', 'check', '--workspace', workspace);
  t.equal(checked.code, 0, checked.stdout + checked.stderr);
});

/** 政务数据共享条例 Art.27(3): no contract breaks, no delivery goes and no grant ends before it was negotiated and filed. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { findingsOf, readDeclared } from '../../../gateway/answer/inforce/declared.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { servicesIn } from '../../../gateway/procedures/sharing/filings.js';
import { sharedState } from '../../support/shared-state.js';
import { people, supplied, townOver } from './town.js';
import { asContent, person } from './world.js';

t.setTimeout(300_000);
const ASKED = 'tax.tax-arrears';
const NOW = Date.parse('2026-03-02T09:00:00+08:00');
const before = await loadWorkspace(packageRoot());

interface Contract {
  approval: { role: string; date: string };
  sharing: { delivery: string[]; conditions: object };
}

/** The next state of the city's content, with another contract of the dataset. */
function nextCity(t: Test, change: (contract: Contract) => void): string {
  const dir = join(t.testdir(), 'city');
  const name = 'contracts/datasets/tax/tax-arrears';
  mkdirSync(join(dir, 'contracts/datasets/tax'), { recursive: true });
  cpSync(join(packageRoot(), name), join(dir, name), { recursive: true });
  const settings = JSON.parse(readFileSync(join(packageRoot(), 'yitong.json'), 'utf8')) as object;
  writeFileSync(join(dir, 'yitong.json'), JSON.stringify({ ...settings, extends: packageRoot() }));
  const file = join(dir, name, 'contract.json');
  const contract = JSON.parse(readFileSync(file, 'utf8')) as Contract;
  // approved anew, so that nothing else stands in its way
  contract.approval.date = '2026-12-01';
  change(contract);
  writeFileSync(file, JSON.stringify(contract));
  return dir;
}

t.test(
  'a change of what applications were granted is refused until it was filed, and only that change passes',
  async (t) => {
    const state = await (await sharedState(t, 'embedded'))?.();
    if (state === undefined) return;
    const town = await townOver(t, state, { now: () => NOW });
    const dir = nextCity(
      t,
      ({ sharing }) => void (sharing.delivery = sharing.delivery.filter((way) => way !== 'verify')),
    );
    const errors = async () =>
      (await findingsOf(await readDeclared(dir), before, await servicesIn(state, NOW)))
        .filter(({ severity }) => severity === 'error')
        .map(({ code, dataset }) => `${dataset}: ${code}`);
    t.strictSame(await errors(), [], 'nobody is given it by an application');
    await supplied(town);
    t.strictSame(await errors(), [`${ASKED}: service_change_unfiled`]);

    const file = async (content: object): Promise<string> => {
      const { head, state: opened } = await town.open('service-change', people.taxOfficer, 'propose', {
        content: asContent({ dataset: ASKED, ...content }),
        fields: { change: '调整提供方式', reason: '系统升级，改为查询方式' },
      });
      await town.does(head.id, people.taxHead, 'consent-to-it');
      for (const part of Object.keys(opened.parts))
        await town.does(head.id, person('sharing-officer', part), 'agree', { part, fields: { position: '没有意见' } });
      await town.does(head.id, people.taxOfficer, 'file', { fields: { record: '已逐一协商并形成记录' } });
      return head.id;
    };
    await file({ change: 'contract' });
    t.strictSame(await errors(), [`${ASKED}: service_change_unfiled`], 'another change was filed');
    const filed = await file({ change: 'delivery', delivery: ['verify'] });
    t.strictSame(await errors(), []);
    await town.does(filed, people.taxOfficer, 'take-effect');
    t.strictSame(await errors(), [`${ASKED}: service_change_unfiled`], 'a filing is for one change');

    const conditions = nextCity(t, ({ sharing }) => {
      sharing.conditions = { scope: { zh: '仅限本市', en: 'this city' }, use: { zh: '行政审批', en: 'permits' } };
    });
    t.match(
      (
        await findingsOf(await readDeclared(conditions), before, { ...(await servicesIn(state, NOW)), filed: [] })
      ).filter(({ severity }) => severity === 'error'),
      [{ code: 'service_change_unfiled', message: /transport-licensing would feel it/ }],
    );
  },
);

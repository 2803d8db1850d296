/**
 * The smallest set of fields that a declared use needs, and why each of them is in it: what forms and rules of bundles
 * and reports of the same purpose read of the dataset, and what grants of that purpose hold already (政务数据共享条例
 * Art.21: an application states scope and use). Whatever nothing asks for is not proposed. Pure.
 */
import { namesOf } from '../../../../contracts/bundle/rule.js';
import type { Bundle, Elements } from '../../../../contracts/bundle/types.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import type { Contract } from '../../../../contracts/types.js';
import type { PolicySet } from '../../../../policies/types.js';
import { wantedElements } from '../../../procedures/cases/readings.js';

/** What of a workspace says what a purpose reads. */
export interface Readers {
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly elements: Elements;
  readonly reports: ReadonlyMap<string, ReportDefinition>;
  readonly policies: Pick<PolicySet, 'grants' | 'clients'>;
}

/** By path, why the field is needed; the first reason is the strongest. */
type Smallest = ReadonlyMap<string, readonly Localised[]>;

/** Of a rule, a field of a branch is the field that it stands in where only that is declared. */
const pathOf = (contract: Contract, name: string): string | undefined =>
  contract.latest.fields.find(({ path }) => path === name)?.path;

function ofBundle(bundle: Bundle, elements: Elements, contract: Contract): readonly (readonly [string, Localised])[] {
  const found: (readonly [string, Localised])[] = [];
  for (const id of wantedElements(bundle, elements)) {
    const element = elements.elements.get(id);
    for (const source of element?.registers ?? []) {
      if (source.contract.id !== contract.id || element === undefined) continue;
      const says = {
        zh: `“${bundle.title.zh}”的表单由此填写“${element.title.zh}”`,
        en: `forms of “${bundle.title.en}” take “${element.title.en}” from it`,
      };
      found.push([source.field, says]);
      if (source.record !== undefined)
        found.push([
          source.record.field,
          { zh: `“${bundle.title.zh}”按此找到对应的记录`, en: `“${bundle.title.en}” finds the record by it` },
        ]);
    }
  }
  for (const fact of bundle.facts.values()) {
    if (fact.contract.id !== contract.id) continue;
    for (const name of namesOf(fact.where.rule))
      found.push([
        name,
        {
          zh: `“${bundle.title.zh}”据此判断“${fact.title.zh}”`,
          en: `“${bundle.title.en}” tells “${fact.title.en}” by it`,
        },
      ]);
  }
  return found;
}

function ofReport(report: ReportDefinition, contract: Contract): readonly (readonly [string, Localised])[] {
  const says = { zh: `报告“${report.title.zh}”列示此项`, en: `the report “${report.title.en}” tells it` };
  const facts = report.datasets
    .filter((one) => one.contract.id === contract.id)
    .flatMap(({ layout }) => layout.facts.map(({ field }): readonly [string, Localised] => [field.path, says]));
  const register =
    report.register.contract.id === contract.id
      ? report.register.fields.map((path): readonly [string, Localised] => [path, says])
      : [];
  return [...facts, ...register];
}

/** Needed for nothing but to find the subject where no use is known. */
export function smallestSet(
  contract: Contract,
  purpose: string,
  { bundles, elements, reports, policies }: Readers,
): Smallest {
  const found = new Map<string, Localised[]>();
  const add = (name: string, why: Localised): void => {
    const path = pathOf(contract, name);
    if (path === undefined) return;
    const whys = found.get(path) ?? [];
    if (!whys.some(({ zh }) => zh === why.zh)) found.set(path, [...whys, why]);
  };
  add(contract.subject.field, { zh: '主体标识，用于找到记录', en: 'finds the record of a subject' });
  for (const bundle of bundles.values())
    if (bundle.purpose === purpose) for (const [path, why] of ofBundle(bundle, elements, contract)) add(path, why);
  for (const report of reports.values())
    if (report.purpose === purpose) for (const [path, why] of ofReport(report, contract)) add(path, why);
  for (const grant of policies.grants.values()) {
    if (grant.dataset !== contract.id || !grant.purposes.some((one) => one === purpose)) continue;
    const client = policies.clients.get(grant.client)?.name;
    for (const { path } of grant.fields)
      add(path, {
        zh: `“${client?.zh ?? '其他应用'}”为同一用途已获授权`,
        en: `“${client?.en ?? grant.client}” has it for the same purpose`,
      });
  }
  return found;
}

/**
 * What ids of the workspace are called by people. An id that the workspace does not know (any more) has no name:
 * English pages show it, Chinese ones say what it is.
 */
import { durationInWords } from '../../../contracts/duration.js';
import type { ReportDefinition } from '../../../contracts/reports.js';
import type { Contract, Localised, Workspace } from '../../../contracts/types.js';
import type { ContractNames } from '../../../policies/explain.js';
import { roleNames } from '../../ground/identity/person.js';
import type { Language } from '../../ground/language/language.js';
import { UNKNOWN } from '../../log/entries/events.js';
import type { GatewayContext } from '../context.js';

type Naming = (id: string | undefined) => string | undefined;
export type ReportNames = ReadonlyMap<string, Pick<ReportDefinition, 'title' | 'purposes' | 'domains'>>;

export interface Names {
  readonly client: Naming;
  /** Of a grant, or of a report where there is one. */
  readonly purpose: (id: string | undefined, report?: string) => string | undefined;
  readonly authority: Naming;
  readonly dataset: Naming;
  readonly report: Naming;
  readonly domain: (report: string | undefined, id: string) => string;
  /** Whose grant it is, and to what. */
  readonly grant: Naming;
  /** Of a grant that is in force the articles that it names. */
  readonly basis: (grant: string | undefined) => readonly string[];
  readonly role: Naming;
  /**
   * Who did something, as its entry says `by`: a client, an authority, a role, a program of ours, or whoever was on the
   * public page.
   */
  readonly verifier: (by: string) => string;
  /** The title of a path of the dataset's latest contract. */
  readonly field: (dataset: string, path: string) => string;
}

/** As an entry says `by`, of what is neither a client nor a person. */
const PROGRAMS: Readonly<Record<string, Localised>> = {
  'public page': { zh: '公开核验页', en: 'the public page' },
  person: { zh: '已登录的人员', en: 'somebody who signed in' },
  gateway: { zh: '本系统', en: 'the gateway' },
  watch: { zh: '日志监测', en: 'the watch of the log' },
  operator: { zh: '运维人员', en: 'the operator' },
  restore: { zh: '备份恢复', en: 'the restore' },
  expiry: { zh: '到期销毁', en: 'expiry' },
  seed: { zh: '示例数据', en: 'the sample data' },
};

/** Titles of datasets and fields, for whoever has a workspace and no page. */
export function contractNames({ contracts }: Pick<Workspace, 'contracts'>): ContractNames {
  const known: ReadonlyMap<string, Contract> = contracts;
  return {
    dataset: (id) => known.get(id)?.name,
    field: (dataset, path) => known.get(dataset)?.latest.fields.find((field) => field.path === path)?.title,
  };
}

export function namesOf(
  { workspace, inForce }: Pick<GatewayContext, 'workspace' | 'inForce'>,
  language: Language,
  reports: ReportNames = new Map(),
): Names {
  const { clients, purposes, grants } = inForce().policies;
  const without =
    (zh: string) =>
    (id: string): string =>
      language === 'zh' ? zh : id;
  const named = (map: ReadonlyMap<string, { readonly name: Localised }>, unknown: string): Naming => {
    const nameless = without(unknown);
    return (id) => (id === undefined ? undefined : (map.get(id)?.name[language] ?? nameless(id)));
  };
  const contracts: ReadonlyMap<string, Contract> = workspace.contracts;
  const roles: Readonly<Record<string, Localised>> = roleNames;
  const authorities: ReadonlyMap<string, { readonly name: Localised }> = workspace.authorities;
  const authority = named(authorities, '未登记的单位');
  const client = named(clients, '未登记的应用');
  const dataset = named(contracts, '已停用的数据集');
  const granted: ReadonlyMap<
    string,
    { readonly client: string; readonly dataset: string; readonly legalBasis: readonly string[] }
  > = grants;
  const nameless = without('未登记');
  const found = (table: Readonly<Record<string, Localised>>, id: string): string | undefined =>
    Object.hasOwn(table, id) ? table[id]?.[language] : undefined;
  function verifier(by: string): string {
    const known = (clients as ReadonlyMap<string, { readonly authority: string; readonly name: Localised }>).get(by);
    if (known !== undefined) return `${authority(known.authority) ?? ''} · ${known.name[language]}`;
    return found(PROGRAMS, by) ?? authorities.get(by)?.name[language] ?? found(roles, by) ?? nameless(by);
  }
  const stated: ReadonlyMap<string, { readonly name: Localised }> = purposes;
  const titles = new Map<string, ReadonlyMap<string, string>>();
  return {
    client,
    authority,
    dataset,
    verifier,
    purpose(id, report) {
      if (id === undefined) return undefined;
      if (id === UNKNOWN) return language === 'zh' ? '未登记的用途' : 'a purpose that is not known here';
      const purposesOfReport = report === undefined ? undefined : reports.get(report)?.purposes;
      const ofReport =
        purposesOfReport === undefined
          ? [...reports.values()].flatMap(({ purposes: all }) => all.get(id) ?? [])[0]
          : purposesOfReport.get(id);
      return (
        (report === undefined ? undefined : ofReport?.[language]) ??
        stated.get(id)?.name[language] ??
        ofReport?.[language] ??
        without('未登记的用途')(id)
      );
    },
    report: (id) => (id === undefined ? undefined : (reports.get(id)?.title[language] ?? without('已停用的报告')(id))),
    domain: (report, id) =>
      (report === undefined ? undefined : reports.get(report)?.domains.find((one) => one.id === id)?.title[language]) ??
      without('已停用的领域')(id),
    grant(id) {
      const one = id === undefined ? undefined : granted.get(id);
      return one === undefined
        ? id === undefined
          ? undefined
          : without('已撤销的授权')(id)
        : `${client(one.client) ?? ''} · ${dataset(one.dataset) ?? ''}`;
    },
    basis: (grant) => (grant === undefined ? [] : (granted.get(grant)?.legalBasis ?? [])),
    role: (id) => (id === undefined ? undefined : (found(roles, id) ?? nameless(id))),
    field(of, path) {
      let known = titles.get(of);
      if (known === undefined) {
        known = new Map(
          (contracts.get(of)?.latest.fields ?? []).map((field): [string, string] => [
            field.path,
            field.title[language],
          ]),
        );
        titles.set(of, known);
      }
      return known.get(path) ?? without('未登记的字段')(path);
    },
  };
}

/** A duration of the workspace's files in words: `PT1H` → `1 小时`. */
export const durationOf = (text: string, language: Language): string => durationInWords(text)?.[language] ?? text;

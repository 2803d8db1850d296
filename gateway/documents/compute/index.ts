/**
 * A report's model, computed from the registers as they are now. Nothing here is on record yet, so nothing of it may
 * leave.
 */
import { canonicalJson } from '../../../contracts/canonical.js';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { daysToDate } from '../../../contracts/logical.js';
import type { DomainDefinition, ReportDefinition } from '../../../contracts/reports.js';
import type { Localised } from '../../../contracts/types.js';
import { dayOf } from '../../../policies/dates.js';
import type { Client } from '../../../policies/types.js';
import { type Plan, Plans } from '../../answer/question/plan.js';
import type { StatedCase } from '../../answer/question/request.js';
import { statusOf } from '../../answer/question/status.js';
import { type AskedDataset, openReader, planOf, type Reader, type Row } from '../../answer/registers/read.js';
import type { GatewayContext } from '../context.js';
import type { RecordMarks } from '../model/marks.js';
import type { Day, LeftOut, ReportModel, ReportSubject } from '../model/model.js';
import { textAt } from '../words/facts.js';
import { salted, sha256 } from './digest.js';
import { type Answering, type Sectioned, sectionsOf } from './sections.js';

/** What a report is about, checked. */
export interface Order {
  readonly definition: ReportDefinition;
  readonly subjects: readonly (Omit<ReportSubject, 'subject'> & { readonly subject: SubjectKey })[];
  /** In the order of the definition. */
  readonly domains: readonly DomainDefinition[];
  readonly from: Day;
  readonly to: Day;
  readonly purpose: string;
  readonly bearer: string;
  /** Companies that it names and does not read. */
  readonly leftOut?: readonly LeftOut[];
}

export interface Computed extends Pick<Sectioned, 'keys' | 'untold'> {
  readonly model: ReportModel;
  readonly plan: Plan;
  readonly client: Client;
  readonly started: number;
  /** Records told, by subject and then by the plan's dataset. */
  readonly counts: readonly (readonly number[])[];
  /** Registers that are denied now. */
  readonly denied: ReadonlySet<string>;
  /** Registers that the definition reads for these domains. */
  readonly read: ReadonlySet<string>;
}

export interface Computing {
  readonly reader: Reader;
  /** The client under which a report's registers are asked. @throws YitongError `client_unknown`, `client_suspended` */
  clientOf(definition: ReportDefinition): Client;
  /** The plan over the register of subjects alone. */
  registerPlan(definition: ReportDefinition, stated: StatedCase | undefined): Plan;
  compute(order: Order, stated: StatedCase | undefined, progress?: (done: number) => void): Promise<Computed>;
}

export const dayIn = (instant: number): Day => daysToDate(dayOf(instant)) ?? '';

const registerOf = ({ register }: ReportDefinition): AskedDataset => ({
  id: register.contract.id,
  fields: register.fields,
  needs: [],
});

/** Which registers the domains need, by index into the definition's, and what of them. */
function askedOf({ definition, domains }: Order): ReadonlyMap<number, AskedDataset> {
  const needed = [...new Set(domains.flatMap(({ datasets }) => datasets))].sort((a, b) => a - b);
  return new Map(
    needed.map((at) => {
      const { contract, layout } = definition.datasets[at]!;
      const needs = [
        layout.domain,
        layout.began,
        layout.ended,
        layout.repaired?.field,
        layout.displayUntil,
        layout.display?.tier,
        layout.display?.from,
        ...layout.excludes.map(({ field }) => field),
      ].filter((path) => path !== undefined);
      return [
        at,
        {
          id: contract.id,
          needs,
          fields: [...new Set([...needs, ...layout.facts.map(({ field }) => field.path as string)])],
        },
      ];
    }),
  );
}

/**
 * Kinds of records of which the report tells in some of its domains only, or in none: said, so that their absence is
 * not taken for none. Of the definition alone, whatever domains are asked for: who is shown some of them does not learn
 * from it which the others are.
 */
function unsharedKinds({ kinds, datasets, domains }: ReportDefinition): Localised[] {
  return [...kinds].flatMap(([kind, { title }]) => {
    const sharing = domains.filter((domain) => domain.datasets.some((at) => datasets[at]?.layout.kind === kind));
    if (sharing.length === domains.length) return [];
    if (sharing.length === 0)
      return [
        {
          zh: `${title.zh}：目前没有部门共享，本报告不含此类信息。`,
          en: `${title.en}: no authority shares them at present; this report says nothing of them.`,
        },
      ];
    return [
      {
        zh: `${title.zh}：目前共享此类信息的领域为${sharing.map((domain) => domain.title.zh).join('、')}；其他领域的“无记录”不涉及此类信息。`,
        en:
          `${title.en}: shared at present in ` +
          `${sharing.map((domain) => domain.title.en.toLowerCase()).join(', ')}; in any other domain “none on ` +
          'record” says nothing of them.',
      },
    ];
  });
}

const NO_NAME: Localised = {
  zh: '部分主体在登记簿中没有记录，其名称以统一社会信用代码代替。',
  en: 'Some subjects are not in the register; their codes stand in place of their names.',
};

export function openComputing(
  { workspace, view, inForce, now }: Pick<GatewayContext, 'workspace' | 'view' | 'inForce' | 'now'>,
  marks: RecordMarks,
): Computing {
  const plans = new Plans({
    workspace,
    inForce,
    delivery: 'query',
    closing: { hidden: (record) => marks.hidden({ ...record, version: '' }), now },
  });
  const reader = openReader(view);

  function clientOf(definition: ReportDefinition): Client {
    const client = inForce().policies.clients.get(definition.client as Client['id']);
    if (client === undefined)
      throw new YitongError('client_unknown', `the client of the report \`${definition.id}\` is not registered`);
    if (client.status !== 'active')
      throw new YitongError('client_suspended', `the client of the report \`${definition.id}\` is suspended`);
    return client;
  }

  return {
    reader,
    clientOf,
    registerPlan: (definition, stated) =>
      planOf(plans, clientOf(definition), definition.purpose, [registerOf(definition)], stated, now()),

    async compute(order, stated, progress) {
      const { definition, domains, from, to } = order;
      const client = clientOf(definition);
      const started = now();
      const asked = askedOf(order);
      const plan = planOf(
        plans,
        client,
        definition.purpose,
        [registerOf(definition), ...asked.values()],
        stated,
        started,
      );
      const at = new Map<string, number>(plan.readIds.map((id, i) => [id, i]));
      // freshness before records: a watermark may be older than what is read, never younger
      const answering = new Map(
        [...asked].map(([index, { id }]): [number, Answering] => {
          const dataset = definition.datasets[index]!;
          const planned = plan.datasets.find((one) => one.id === id);
          if (planned?.allowed === undefined) return [index, { dataset, fresh: undefined, partial: true }];
          return [
            index,
            {
              dataset,
              fresh: statusOf(dataset.contract, view.datasetState(id), started),
              partial: planned.decision.rows.kind !== 'all',
            },
          ];
        }),
      );
      const subjects = order.subjects.map(({ subject }) => subject);
      const { rows, cut } = await reader.all(plan, subjects, progress);
      const of = (subject: number, id: string): readonly Row[] => rows[subject]?.[at.get(id) ?? -1] ?? [];
      const { bodies, keys, untold } = sectionsOf({
        definition,
        domains,
        subjects,
        answering,
        marks,
        codelists: workspace.codelists,
        rowsOf: (subject, dataset) => of(subject, definition.datasets[dataset]?.contract.id ?? ''),
        reckoning: { today: dayIn(started), from, to },
      });
      const names = subjects.map((_, s) =>
        textAt(of(s, definition.register.contract.id)[0]?.value, definition.register.name),
      );
      const counts = subjects.map((_, s) =>
        plan.datasets.map(({ id }) => (id === definition.register.contract.id ? of(s, id).length : 0)),
      );
      const index = new Map(plan.datasets.map(({ id }, i) => [id, i]));
      keys.flat().forEach((key) => {
        const [subject, dataset] = JSON.parse(key) as [number, string];
        const own = counts[subject];
        const i = index.get(dataset);
        if (own !== undefined && i !== undefined) own[i] = (own[i] ?? 0) + 1;
      });
      const time = new Date(started).toISOString();
      const model: ReportModel = {
        format: 'yitong-report/1',
        report: definition.id,
        definition: definition.digest,
        title: definition.title,
        issuer: definition.issuer.name,
        synthetic: workspace.synthetic,
        issuedAt: time,
        cut: { time, digest: sha256(canonicalJson(cut)) },
        range: { from, to },
        purpose: {
          id: order.purpose,
          name: definition.purposes.get(order.purpose) ?? { zh: order.purpose, en: order.purpose },
        },
        bearer: order.bearer,
        subjects: order.subjects.map((subject, s) => ({ ...subject, name: names[s] ?? subject.name })),
        domains: domains.map(({ id, title }) => ({ id, title })),
        ...(order.leftOut === undefined || order.leftOut.length === 0 ? {} : { leftOut: order.leftOut }),
        sections: salted(bodies),
        notes: [
          ...definition.notes,
          ...unsharedKinds(definition),
          ...(names.some((name) => name === undefined) ? [NO_NAME] : []),
        ],
      };
      const denied = new Set(
        [...answering.values()].flatMap(({ dataset, fresh }) => (fresh === undefined ? [dataset.contract.id] : [])),
      );
      return {
        model,
        keys,
        untold,
        plan,
        client,
        started,
        counts,
        denied,
        read: new Set([...asked.values()].map(({ id }) => id)),
      };
    },
  };
}

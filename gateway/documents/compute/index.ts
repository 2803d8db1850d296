/**
 * A report's model, computed from the registers as they are now. Nothing here is on record yet, so nothing of it may
 * leave.
 */
import { canonicalJson } from '../../../contracts/canonical.js';
import { YitongError } from '../../../contracts/errors.js';
import type { DatasetId, SubjectKey } from '../../../contracts/ids.js';
import { daysToDate } from '../../../contracts/logical.js';
import type { DomainDefinition, ReportDefinition } from '../../../contracts/reports.js';
import type { Localised } from '../../../contracts/types.js';
import { dayOf } from '../../../policies/dates.js';
import type { Client } from '../../../policies/types.js';
import { type Plan, Plans } from '../../answer/question/plan.js';
import type { StatedCase } from '../../answer/question/request.js';
import { statusOf } from '../../answer/question/status.js';
import { type AskedDataset, openReader, planOf, type Reader, type Row } from '../../answer/registers/read.js';
import type { Cut, DatasetState } from '../../answer/view/port.js';
import type { GatewayContext } from '../context.js';
import type { Day, LeftOut, ReportModel, ReportSubject } from '../model/model.js';
import type { RecordMarks } from '../model/record-marks.js';
import { textAt } from '../words/facts.js';
import { salted, sha256 } from './digest.js';
import { type Answering, type Body, type Sectioned, sectionsOf } from './sections.js';

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

type ComputingNeeds = Pick<GatewayContext, 'workspace' | 'view' | 'inForce' | 'now'>;

export const openComputing = (context: ComputingNeeds, marks: RecordMarks): Computing =>
  new RegisterComputing(context, marks);

/** Rows of a subject, by its place in the order, in a dataset. */
type RowsOf = (subject: number, dataset: string) => readonly Row[];

class RegisterComputing implements Computing {
  readonly reader: Reader;
  readonly #context: ComputingNeeds;
  readonly #marks: RecordMarks;
  readonly #plans: Plans;

  constructor(context: ComputingNeeds, marks: RecordMarks) {
    const { workspace, view, inForce, now } = context;
    this.#context = context;
    this.#marks = marks;
    this.#plans = new Plans({
      workspace,
      inForce,
      delivery: 'query',
      closing: { hidden: (record) => marks.hidden({ ...record, version: '' }), now },
    });
    this.reader = openReader(view);
  }

  clientOf(definition: ReportDefinition): Client {
    const client = this.#context.inForce().policies.clients.get(definition.client as Client['id']);
    if (client === undefined)
      throw new YitongError('client_unknown', `the client of the report \`${definition.id}\` is not registered`);
    if (client.status !== 'active')
      throw new YitongError('client_suspended', `the client of the report \`${definition.id}\` is suspended`);
    return client;
  }

  registerPlan(definition: ReportDefinition, stated: StatedCase | undefined): Plan {
    return this.#plan(definition, this.clientOf(definition), [], stated, this.#context.now());
  }

  /** Over the register of subjects, and these datasets. */
  #plan(
    definition: ReportDefinition,
    client: Client,
    datasets: readonly AskedDataset[],
    stated: StatedCase | undefined,
    now: number,
  ): Plan {
    return planOf(this.#plans, client, definition.purpose, [registerOf(definition), ...datasets], stated, now);
  }

  async compute(order: Order, stated: StatedCase | undefined, progress?: (done: number) => void): Promise<Computed> {
    const { definition } = order;
    const client = this.clientOf(definition);
    const started = this.#context.now();
    const asked = askedOf(order);
    const plan = this.#plan(definition, client, [...asked.values()], stated, started);
    const subjects = order.subjects.map(({ subject }) => subject);
    const { rows, cut, states } = await this.reader.all(plan, subjects, progress);
    const answering = this.#answering(definition, asked, plan, states, started);
    const places = new Map<string, number>(plan.readIds.map((id, i) => [id, i]));
    const rowsOf: RowsOf = (subject, dataset) => rows[subject]?.[places.get(dataset) ?? -1] ?? [];
    const { bodies, keys, untold } = this.#sections(order, answering, rowsOf, started);
    return {
      model: this.#model(order, namesOf(order, rowsOf), bodies, { started, cut }),
      keys,
      untold,
      plan,
      client,
      started,
      counts: countsOf(order, plan, keys, rowsOf),
      denied: deniedOf(answering),
      read: new Set([...asked.values()].map(({ id }) => id)),
    };
  }

  /** How each register can be answered for, by its index in the definition. */
  #answering(
    definition: ReportDefinition,
    asked: ReadonlyMap<number, AskedDataset>,
    plan: Plan,
    states: ReadonlyMap<DatasetId, DatasetState>,
    started: number,
  ): ReadonlyMap<number, Answering> {
    const answering = new Map<number, Answering>();
    for (const [index, { id }] of asked) {
      const dataset = definition.datasets[index]!;
      const planned = plan.datasets.find((one) => one.id === id);
      const state = states.get(id);
      answering.set(
        index,
        planned?.allowed === undefined || state === undefined
          ? { dataset, fresh: undefined, partial: true }
          : {
              dataset,
              fresh: statusOf(dataset.contract, state, started),
              partial: planned.decision.rows.kind !== 'all',
            },
      );
    }
    return answering;
  }

  #sections(
    { definition, domains, subjects, from, to }: Order,
    answering: ReadonlyMap<number, Answering>,
    rowsOf: RowsOf,
    started: number,
  ): Sectioned {
    return sectionsOf({
      definition,
      domains,
      subjects: subjects.map(({ subject }) => subject),
      answering,
      marks: this.#marks,
      codelists: this.#context.workspace.codelists,
      rowsOf: (subject, dataset) => rowsOf(subject, definition.datasets[dataset]?.contract.id ?? ''),
      reckoning: { today: dayIn(started), from, to },
    });
  }

  #model(
    order: Order,
    names: readonly (string | undefined)[],
    bodies: readonly Body[],
    { started, cut }: { readonly started: number; readonly cut: Cut },
  ): ReportModel {
    const { definition, domains, from, to, purpose, bearer, leftOut = [] } = order;
    const time = new Date(started).toISOString();
    return {
      format: 'yitong-report/1',
      report: definition.id,
      definition: definition.digest,
      title: definition.title,
      issuer: definition.issuer.name,
      synthetic: this.#context.workspace.synthetic,
      issuedAt: time,
      cut: { time, digest: sha256(canonicalJson(cut)) },
      range: { from, to },
      purpose: { id: purpose, name: definition.purposes.get(purpose) ?? { zh: purpose, en: purpose } },
      bearer,
      subjects: order.subjects.map((subject, s) => ({ ...subject, name: names[s] ?? subject.name })),
      domains: domains.map(({ id, title }) => ({ id, title })),
      ...(leftOut.length === 0 ? {} : { leftOut }),
      sections: salted(bodies),
      notes: [
        ...definition.notes,
        ...unsharedKinds(definition),
        ...(names.some((name) => name === undefined) ? [NO_NAME] : []),
      ],
    };
  }
}

/** Of each subject its name in the register; undefined where it is not there. */
const namesOf = ({ definition: { register }, subjects }: Order, rowsOf: RowsOf): readonly (string | undefined)[] =>
  subjects.map((_, s) => textAt(rowsOf(s, register.contract.id)[0]?.value, register.name));

/** Records told, by subject and then by the plan's dataset: of the register its rows, else what stands in sections. */
function countsOf(
  { definition: { register }, subjects }: Order,
  plan: Plan,
  keys: Sectioned['keys'],
  rowsOf: RowsOf,
): readonly (readonly number[])[] {
  const counts = subjects.map((_, s) =>
    plan.datasets.map(({ id }) => (id === register.contract.id ? rowsOf(s, id).length : 0)),
  );
  const places = new Map<string, number>(plan.datasets.map(({ id }, i) => [id, i]));
  for (const key of keys.flat()) {
    const [subject, dataset] = JSON.parse(key) as [number, string];
    const ofSubject = counts[subject];
    const place = places.get(dataset);
    if (ofSubject !== undefined && place !== undefined) ofSubject[place] = (ofSubject[place] ?? 0) + 1;
  }
  return counts;
}

const deniedOf = (answering: ReadonlyMap<number, Answering>): ReadonlySet<string> =>
  new Set([...answering.values()].flatMap(({ dataset, fresh }) => (fresh === undefined ? [dataset.contract.id] : [])));

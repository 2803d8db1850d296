/**
 * What an application for sharing says (政务数据共享条例 Art.20), what is missing of it, and the grants that come of a
 * reply. Pure.
 */
import { type Acts, basisProblem } from '../../../contracts/acts.js';
import { type FormFaults, YitongError } from '../../../contracts/errors.js';
import { type AuthorityId, authorityOf, type DatasetId, type FieldPath } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Contract, Delivery, Localised, Workspace } from '../../../contracts/types.js';
import { shape } from '../../../contracts/validate.js';
import { knowsField } from '../../../policies/fields.js';
import type { GrantFile } from '../../../policies/shapes.js';
import type { PolicySet, ReleaseAs } from '../../../policies/types.js';

interface AskedField {
  readonly path: string;
  readonly as?: ReleaseAs;
  readonly bands?: readonly string[];
  /** Why the use needs it. */
  readonly reason?: string;
}

export interface AskedDataset {
  readonly dataset: string;
  readonly fields?: readonly AskedField[];
  readonly rows?: GrantFile['rows'];
  readonly delivery?: readonly Delivery[];
  readonly batchLimit?: number;
  readonly signals?: true;
  /** How often it is asked or handed over, in words: 实时, 每日. */
  readonly frequency?: string;
  readonly callsADay?: number;
  /** ISO dates, Asia/Shanghai, both inclusive. */
  readonly from?: string;
  readonly until?: string;
  /** Clients of the requester. */
  readonly systems?: readonly string[];
  /** Who builds or runs them for it (Art.36); empty: nobody. */
  readonly contractors?: readonly string[];
  readonly requires?: readonly ('item' | 'caseId' | 'actor')[];
  readonly subjectNotice?: GrantFile['subjectNotice'];
}

/** A draft may lack anything; what is filed lacks nothing. */
export interface Application {
  /** Acts with their articles, in force. */
  readonly basis?: readonly string[];
  /** Code of the matter that the duty is, of the applicant's own list. */
  readonly item?: string;
  /** Purposes of the workspace. */
  readonly purposes?: readonly string[];
  readonly scenario?: string;
  readonly necessity?: string;
  /** The statement that it is true, lawful and necessary (Art.20(2)). */
  readonly truthful?: boolean;
  readonly datasets: readonly AskedDataset[];
  /** An office, not a person. */
  readonly contact?: { readonly office?: string; readonly phone?: string };
}

interface FieldReply {
  readonly path: string;
  readonly decision: 'agree' | 'refuse';
  /** Of one that is refused. */
  readonly reason?: string;
}

export interface Reply {
  readonly fields: readonly FieldReply[];
  /** Which of the entry's own conditions it names; others cannot be set (Art.15). */
  readonly conditions?: readonly ('scope' | 'use')[];
  /** For whoever asked. */
  readonly note?: string;
}

const text = (most = 2000): object => ({ type: 'string', maxLength: most });
const texts = (most = 400): object => ({
  type: 'array',
  uniqueItems: true,
  maxItems: 50,
  items: { ...text(most), minLength: 1 },
});
const closed = (required: readonly string[], properties: object): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});
const day = { type: 'string', format: 'date' };
const releases = { enum: ['value', 'match', 'exists', 'count', 'band', 'masked'] };

const applicationSchema = closed(['datasets'], {
  basis: texts(),
  item: text(60),
  purposes: texts(120),
  scenario: text(),
  necessity: text(),
  truthful: { type: 'boolean' },
  contact: closed([], { office: text(200), phone: text(60) }),
  datasets: {
    type: 'array',
    minItems: 1,
    maxItems: 30,
    items: closed(['dataset'], {
      dataset: { type: 'string', minLength: 1, maxLength: 250 },
      fields: {
        type: 'array',
        maxItems: 300,
        items: closed(['path'], {
          path: { type: 'string', minLength: 1, maxLength: 400 },
          as: releases,
          bands: texts(100),
          reason: text(1000),
        }),
      },
      rows: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
        properties: {
          all: { const: true },
          area: closed(['field', 'areas'], {
            field: text(400),
            areas: {
              type: 'array',
              minItems: 1,
              uniqueItems: true,
              items: { type: 'string', pattern: '^[0-9A-Za-z-]{1,20}$' },
            },
          }),
          subjects: { ...texts(200), maxItems: 1000 },
        },
      },
      delivery: {
        type: 'array',
        uniqueItems: true,
        items: { enum: ['query', 'verify', 'batch', 'file', 'subscription'] },
      },
      batchLimit: { type: 'integer', minimum: 0, maximum: 10_000 },
      signals: { const: true },
      frequency: text(200),
      callsADay: { type: 'integer', minimum: 1, maximum: 1_000_000_000 },
      from: day,
      until: day,
      systems: texts(120),
      contractors: texts(200),
      requires: { type: 'array', uniqueItems: true, items: { enum: ['item', 'caseId', 'actor'] } },
      subjectNotice: closed(['mode'], {
        mode: { enum: ['immediate', 'delayed', 'withheld'] },
        legalBasis: text(400),
        delay: text(40),
      }),
    }),
  },
});
export const readApplication = shape<Application>(applicationSchema, 'act_incomplete');

const replySchema = closed(['fields'], {
  fields: {
    type: 'array',
    minItems: 1,
    maxItems: 300,
    items: closed(['path', 'decision'], {
      path: { type: 'string', minLength: 1, maxLength: 400 },
      decision: { enum: ['agree', 'refuse'] },
      reason: text(1000),
    }),
  },
  conditions: { type: 'array', uniqueItems: true, items: { enum: ['scope', 'use'] } },
  note: text(),
});
export const readReply = shape<Reply>(replySchema, 'act_incomplete');

/** What one thing that is missing is called: member → words. */
interface Missing {
  readonly at: string;
  readonly words: Localised;
}

const said = (value: string | undefined): boolean => value !== undefined && value.trim().length >= 4;
const some = (value: readonly unknown[] | undefined): boolean => value !== undefined && value.length > 0;

function missingOfDataset(asked: AskedDataset, index: number): readonly Missing[] {
  const at = (member: string): string => `datasets.${String(index)}.${member}`;
  const found: Missing[] = [];
  const need = (there: boolean, member: string, zh: string, en: string): void => {
    if (!there)
      found.push({ at: at(member), words: { zh: `“${asked.dataset}”：${zh}`, en: `${asked.dataset}: ${en}` } });
  };
  need(some(asked.fields), 'fields', '未选择数据项', 'no field is chosen');
  for (const [number, { path, reason }] of (asked.fields ?? []).entries())
    need(
      said(reason),
      `fields.${String(number)}.reason`,
      `数据项 ${path} 未写明用途`,
      `why \`${path}\` is needed is not said`,
    );
  need(asked.rows !== undefined, 'rows', '未写明使用范围', 'which records is not said');
  need(some(asked.delivery), 'delivery', '未选择共享方式', 'no way of sharing is chosen');
  need(
    asked.frequency !== undefined && asked.frequency.trim() !== '',
    'frequency',
    '未写明使用频率',
    'how often is not said',
  );
  need(asked.callsADay !== undefined, 'callsADay', '未写明每日调用量', 'the calls a day are not said');
  need(
    asked.from !== undefined && asked.until !== undefined,
    'until',
    '未写明使用时限',
    'from when until when is not said',
  );
  need(some(asked.systems), 'systems', '未写明使用系统', 'no system is named');
  need(
    asked.contractors !== undefined,
    'contractors',
    '未写明是否有受托方',
    'whether a contractor takes part is not said',
  );
  return found;
}

/** Everything that is missing, at once; empty: it can be filed. */
export function missingIn(application: Application): readonly Missing[] {
  const found: Missing[] = [];
  const need = (there: boolean, at: string, zh: string, en: string): void => {
    if (!there) found.push({ at, words: { zh, en } });
  };
  const { basis, item, purposes, scenario, necessity, truthful, contact, datasets } = application;
  need(some(basis), 'basis', '未写明使用依据', 'no act and article is named');
  need(item !== undefined && item.trim() !== '', 'item', '未写明事项编码', 'no code of a matter is named');
  need(some(purposes), 'purposes', '未选择使用目的', 'no purpose is named');
  need(said(scenario), 'scenario', '未写明使用场景', 'the scenario is not said');
  need(said(necessity), 'necessity', '未写明必要性', 'why it is necessary is not said');
  need(
    truthful === true,
    'truthful',
    '未作出真实性、合法性、必要性承诺',
    'that it is true, lawful and necessary is not stated',
  );
  need(
    said(contact?.office) && (contact?.phone ?? '').trim() !== '',
    'contact',
    '未写明联系处室和电话',
    'no office and telephone is named',
  );
  return [...found, ...datasets.flatMap(missingOfDataset)];
}

/** @throws YitongError `act_incomplete` naming all of it, once */
export function refuseMissing(missing: readonly Missing[]): void {
  if (missing.length === 0) return;
  const faults: FormFaults = Object.fromEntries(missing.map(({ at, words }) => [at, words]));
  throw new YitongError(
    'act_incomplete',
    `missing: ${missing.map(({ at, words }) => `\`${at}\` (${words.en})`).join('; ')}`,
    { faults },
  );
}

/** What an application is checked against. */
export interface ApplicationGround {
  readonly workspace: Workspace;
  readonly policies: Pick<PolicySet, 'clients' | 'purposes'>;
  readonly acts?: Acts;
  /** `2026-03-31` */
  readonly today: string;
}

const refuse = (what: string): never => {
  throw new YitongError('act_incomplete', what);
};

/** @throws YitongError `act_refused` for what the workspace does not have, and for what is not shared */
function contractOf(workspace: Workspace, dataset: string): Contract {
  const contract = workspace.contracts.get(dataset as DatasetId);
  if (contract === undefined) throw new YitongError('act_refused', `there is no dataset \`${dataset}\``);
  const { attribute, refusal } = contract.sharing;
  if (attribute === 'none')
    throw new YitongError(
      'act_refused',
      `\`${dataset}\` is not shared: ${refusal?.reason.en ?? ''} (${refusal?.legalBasis.join('；') ?? ''})`,
    );
  return contract;
}

/**
 * What is said is known: datasets, fields, purposes, own systems, acts in force. What is not said may be missing.
 * @param requester whose systems
 * @throws YitongError `act_refused`, `act_incomplete`
 */
export function checkKnown(application: Application, requester: string, ground: ApplicationGround): void {
  const { workspace, policies, acts, today } = ground;
  const { datasets, purposes = [], basis = [] } = application;
  if (new Set(datasets.map(({ dataset }) => dataset)).size !== datasets.length)
    refuse('`datasets` names one dataset twice');
  for (const purpose of purposes)
    if (!policies.purposes.has(purpose as never)) refuse(`there is no purpose \`${purpose}\``);
  for (const one of basis) {
    const problem = acts === undefined ? undefined : basisProblem(one, acts, { from: today });
    if (problem !== undefined) refuse(`\`basis\`: ${problem}`);
  }
  for (const { dataset, fields = [], delivery = [], systems = [], from, until } of datasets) {
    const contract = contractOf(workspace, dataset);
    if (authorityOf(contract.id) === (requester as AuthorityId))
      throw new YitongError('act_refused', `\`${dataset}\` is the department's own`);
    for (const { path } of fields)
      if (path === '*' || !knowsField(contract, path as FieldPath)) refuse(`\`${dataset}\` has no field \`${path}\``);
    if (new Set(fields.map(({ path }) => path)).size !== fields.length) refuse('`fields` names one field twice');
    for (const way of delivery)
      if (!contract.sharing.delivery.includes(way)) refuse(`\`${dataset}\` is not delivered by \`${way}\``);
    for (const system of systems)
      if (policies.clients.get(system as never)?.authority !== requester)
        throw new YitongError('act_refused', `\`${system}\` is no system of the department that applies`);
    if (from !== undefined && until !== undefined && from > until) refuse('`from` is after `until`');
    if (until !== undefined && until < today) refuse('`until` is over');
  }
}

/** Each field of what was asked is answered once, a refusal with its reason, conditions only those of the entry. */
export function checkReply(reply: Reply, asked: AskedDataset, workspace: Workspace): void {
  const contract = contractOf(workspace, asked.dataset);
  const paths = new Set((asked.fields ?? []).map(({ path }) => path));
  for (const { path, decision, reason } of reply.fields) {
    if (!paths.delete(path)) refuse(`\`${path}\` was not asked for, or is answered twice`);
    if (decision === 'refuse' && !said(reason)) refuse(`\`${path}\` is refused without a reason`);
  }
  if (paths.size > 0) refuse(`not answered: ${[...paths].join(', ')}`);
  for (const condition of reply.conditions ?? [])
    if (contract.sharing.conditions?.[condition] === undefined)
      throw new YitongError('act_refused', 'a reply sets no condition that the published entry does not list (Art.15)');
}

/** All of what was asked. */
export const agreedWhole = ({ fields = [] }: AskedDataset): Reply => ({
  fields: fields.map(({ path }) => ({ path, decision: 'agree' })),
});

/**
 * The grants that come of a reply, one for each system, as files hold them; none where all fields are refused.
 * @param matter its id @param index of the dataset in the application
 */
export function grantsOf(
  matter: string,
  application: Application,
  index: number,
  reply: Reply,
  today: string,
): ReadonlyMap<string, GrantFile> {
  const asked = application.datasets[index];
  const agreed = new Set(reply.fields.filter(({ decision }) => decision === 'agree').map(({ path }) => path));
  const fields = (asked?.fields ?? []).filter(({ path }) => agreed.has(path));
  if (asked === undefined || fields.length === 0) return new Map();
  const { dataset, rows = { all: true }, delivery = [], from = today, until = today, systems = [] } = asked;
  const granted = {
    dataset,
    fields: fields.map(({ path, as, bands }) => (as === undefined ? path : { path, as, ...present({ bands }) })),
    rows,
    purposes: application.purposes ?? [],
    delivery,
    ...present({ batchLimit: asked.batchLimit, callsADay: asked.callsADay, signals: asked.signals }),
    from: from > today ? from : today,
    until,
    legalBasis: application.basis ?? [],
    requires: asked.requires ?? [],
    subjectNotice: asked.subjectNotice ?? { mode: 'immediate' as const },
    status: 'active' as const,
  };
  return new Map(
    systems.map((client, number) => [`a-${matter}-${String(index)}-${String(number)}`, { client, ...granted }]),
  );
}

/** What is asked of the peer, and the JSON of what it answers. */
import { isFresh } from '../../../../contracts/freshness.js';
import type { Contract } from '../../../../contracts/types.js';

export interface Asked {
  readonly purpose: string;
  /** Key scheme and key, `uscc:9131…`. */
  readonly subject: string;
  readonly case?: { readonly item?: string; readonly caseId?: string; readonly actor?: string };
  readonly datasets: readonly { readonly id: string; readonly fields?: readonly string[] }[];
}

/** Of a request's body, as Fastify's own check of it; what this service does not know is refused. */
export const askedSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['purpose', 'subject', 'datasets'],
  properties: {
    purpose: { type: 'string', minLength: 1, maxLength: 200 },
    subject: { type: 'string', minLength: 1, maxLength: 200 },
    case: {
      type: 'object',
      additionalProperties: false,
      properties: {
        item: { type: 'string', maxLength: 200 },
        caseId: { type: 'string', maxLength: 200 },
        actor: { type: 'string', maxLength: 200 },
      },
    },
    datasets: {
      type: 'array',
      minItems: 1,
      maxItems: 50,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id'],
        properties: {
          id: { type: 'string', minLength: 1, maxLength: 200 },
          fields: { type: 'array', maxItems: 500, uniqueItems: true, items: { type: 'string', maxLength: 200 } },
        },
      },
    },
  },
} as const;

/** What of a record is shown: all of a value, or these of its members. */
export type Selection = true | ReadonlyMap<string, Selection>;

/** @param paths of leaves: `name`, `address.city`, `members[].role` */
export function selectionOf(paths: readonly string[]): Selection {
  const root = new Map<string, Selection>();
  for (const path of paths) {
    const parts = path.split('.').map((part) => (part.endsWith('[]') ? part.slice(0, -2) : part));
    let at = root;
    for (const [i, part] of parts.entries()) {
      const below = at.get(part);
      if (i === parts.length - 1) at.set(part, true);
      else if (below instanceof Map) at = below;
      else if (below === undefined) {
        const next = new Map<string, Selection>();
        at.set(part, next);
        at = next;
      } else break;
    }
  }
  return root;
}

/** The members of a record that are shown, in the order in which the record has them. */
function shown(value: unknown, selection: Selection): unknown {
  if (selection === true || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => shown(item, selection));
  const picked: Record<string, unknown> = {};
  for (const name in value) {
    const below = selection.get(name);
    if (below !== undefined) picked[name] = shown((value as Record<string, unknown>)[name], below);
  }
  return picked;
}

/** A row of the table of records: dataset, the record's JSON, the JSON of its provenance. */
export type Row = readonly [dataset: string, body: string, provenance: string];

/** What is answered of one dataset. */
export type Ruling = { readonly id: string; readonly until: number } & (
  | { readonly reason: string }
  | {
      readonly reason: undefined;
      readonly contract: Contract;
      readonly grant: string;
      /** Paths of the leaves that are released. */
      readonly fields: readonly string[];
      readonly selection: Selection;
      readonly withheld: readonly { readonly field: string; readonly reason: string }[];
    }
);

/** What one question comes to before anything is read; kept with what never changes of its answer. */
export interface Plan {
  readonly until: number;
  readonly rulings: readonly Ruling[];
  /** Ids of the datasets that are read. */
  readonly reads: readonly string[];
  /** JSON of the decisions, for the audit row. */
  readonly decisions: string;
  /** Of each ruling, what stands before its status and after its records; of a denial, all of it and nothing. */
  readonly texts: readonly (readonly [before: string, after: string])[];
}

export function planOf(rulings: readonly Ruling[]): Plan {
  return {
    until: Math.min(...rulings.map(({ until }) => until)),
    rulings,
    reads: rulings.flatMap((ruling) => (ruling.reason === undefined ? [ruling.id] : [])),
    decisions: JSON.stringify(
      rulings.map((ruling) =>
        ruling.reason === undefined
          ? { dataset: ruling.id, effect: 'allow', grant: ruling.grant, fields: ruling.fields }
          : { dataset: ruling.id, effect: 'deny', reason: ruling.reason },
      ),
    ),
    texts: rulings.map((ruling) => {
      const id = JSON.stringify(ruling.id);
      if (ruling.reason !== undefined) {
        const reason = JSON.stringify(ruling.reason);
        return [`{"id":${id},"status":"denied","reason":${reason},"records":[],"withheld":[]}`, ''];
      }
      const { contract, grant, withheld } = ruling;
      const authority = JSON.stringify(contract.authority);
      return [
        `{"id":${id},"authority":${authority},"grant":${JSON.stringify(grant)},"status":"`,
        `],"withheld":${JSON.stringify(withheld)}}`,
      ];
    }),
  };
}

/**
 * The JSON of an answer's datasets.
 * @param seen dataset → ISO 8601, up to when its source was seen in full
 * @param rows sorted by record within a dataset
 * @param now ms since 1970
 */
export function datasetsJson(plan: Plan, seen: ReadonlyMap<string, string>, rows: readonly Row[], now: number): string {
  let text = '[';
  for (const [i, ruling] of plan.rulings.entries()) {
    const [before, after] = plan.texts[i] ?? ['', ''];
    if (i > 0) text += ',';
    text += before;
    if (ruling.reason !== undefined) continue;
    const time = seen.get(ruling.id);
    if (time === undefined) text += 'never-loaded","records":[';
    else {
      const fresh = isFresh(Date.parse(time), ruling.contract.updateFrequency, now);
      text += `${fresh ? 'current' : 'stale'}","sourceTime":"${time}","records":[`;
    }
    let first = true;
    for (const [dataset, body, provenance] of rows) {
      if (dataset !== ruling.id) continue;
      const record = JSON.stringify(shown(JSON.parse(body), ruling.selection));
      text += `${first ? '' : ','}{"record":${record},"provenance":${provenance}}`;
      first = false;
    }
    text += after;
  }
  return `${text}]`;
}

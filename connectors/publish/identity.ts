/** Who a record is about and which of that subject's records it is. */
import type { FieldProblem } from '../../contracts/errors.js';
import { type FieldPath, type SubjectKey, subjectKey } from '../../contracts/ids.js';
import type { Contract, KeyScheme } from '../../contracts/types.js';
import type { Cell } from '../reading/port.js';

export type JsonForm = { readonly [field: string]: Cell };

export interface Identity {
  readonly subject: SubjectKey;
  readonly recordId: string;
  /** The value, its key in normal form. */
  readonly value: JsonForm;
  readonly normalised: boolean;
}

export type Identified =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** What can be read of a row that does not name its record; each absent where it cannot be read. */
export interface Partly {
  readonly subject?: SubjectKey;
  readonly recordId?: string;
}

/** As the view holds them. */
const MAX_SUBJECT = 255;
const MAX_RECORD_ID = 1024;

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as { readonly [field: string]: unknown })[name];
  }
  return at;
}

/** A copy down the path only: the caller's object is not ours to change. */
function withValue(value: JsonForm, path: readonly string[], leaf: string): JsonForm {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  return { ...value, [name]: rest.length === 0 ? leaf : withValue(value[name] as JsonForm, rest, leaf) };
}

const escape = (text: string): string =>
  text.includes('%') || text.includes('|') ? text.replaceAll('%', '%25').replaceAll('|', '%7C') : text;

/** JSON scalars joined with `|`; `|` and `%` within one are percent-escaped; null is the empty text. */
export const joinRecordId = (parts: readonly unknown[]): string =>
  parts
    .map((part) =>
      part === null || part === undefined ? '' : escape(typeof part === 'string' ? part : JSON.stringify(part)),
    )
    .join('|');

/** Compiled for one contract. */
export function identifier(
  contract: Contract,
  schemes: ReadonlyMap<string, KeyScheme>,
): {
  of(value: JsonForm): Identified /** @param failed fields that could not be read */;
  partly(value: JsonForm, failed?: ReadonlySet<string>): Partly /** Fields that say which record a value is. */;
  readonly naming: ReadonlySet<string>;
  subject(text: string): SubjectKey | FieldProblem;
} {
  const { field, scheme: schemeId } = contract.subject;
  const scheme = schemes.get(schemeId);
  if (scheme === undefined)
    throw new Error(`the contract \`${contract.id}\` names the unknown key scheme \`${schemeId}\``);
  const path = field.split('.');
  const ids: readonly (readonly [FieldPath, readonly string[]])[] = contract.recordId.map((id) => [id, id.split('.')]);
  const required = new Set<string>(contract.latest.fields.filter(({ nullable }) => !nullable).map((info) => info.path));
  const fail = (code: FieldProblem['code'], at: string, reason: string): Identified => ({
    ok: false,
    problems: [{ code, field: at, reason }],
  });
  return {
    of(value) {
      const raw = valueAt(value, path);
      if (typeof raw !== 'string')
        return fail(
          raw === undefined || raw === null ? 'missing_value' : 'bad_value',
          field,
          'the subject key must be a text',
        );
      const key = scheme.parse(raw);
      if (!key.ok) return fail(key.code, field, key.reason);
      const subject = subjectKey(schemeId, key.key);
      if (subject.includes('|') || Buffer.byteLength(subject) > MAX_SUBJECT)
        return fail('bad_value', field, `the subject key must be at most ${MAX_SUBJECT} bytes without a bar`);
      const absent = ids.find(([id, below]) => required.has(id) && (valueAt(value, below) ?? null) === null);
      // without it, two records of the subject would be one
      if (absent !== undefined) return fail('missing_value', absent[0], 'has no value, and says which record it is');
      const recordId = ids.length === 0 ? '' : joinRecordId(ids.map(([, below]) => valueAt(value, below)));
      if (recordId.length > MAX_RECORD_ID / 3 && Buffer.byteLength(recordId) > MAX_RECORD_ID) {
        return fail('bad_value', ids[0]?.[0] ?? field, `the record id is longer than ${MAX_RECORD_ID} bytes`);
      }
      return {
        ok: true,
        identity: {
          subject,
          recordId,
          value: key.key === raw ? value : withValue(value, path, key.key),
          normalised: key.key !== raw,
        },
      };
    },
    naming: new Set<string>([field, ...contract.recordId]),
    partly(value, failed = new Set()) {
      const raw = failed.has(field) ? undefined : valueAt(value, path);
      const key = typeof raw === 'string' ? scheme.parse(raw) : undefined;
      const unread =
        ids.length === 0 || ids.some(([id, below]) => failed.has(id) || valueAt(value, below) === undefined);
      return {
        ...(key?.ok === true ? { subject: subjectKey(schemeId, key.key) } : {}),
        ...(unread ? {} : { recordId: joinRecordId(ids.map(([, below]) => valueAt(value, below))) }),
      };
    },
    subject(text) {
      const bare = text.startsWith(`${schemeId}:`) ? text.slice(schemeId.length + 1) : text;
      const key = scheme.parse(bare);
      return key.ok ? subjectKey(schemeId, key.key) : { code: key.code, field, reason: key.reason };
    },
  };
}

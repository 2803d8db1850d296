/**
 * What the services that answer about subjects share: parts of their requests, as TypeBox, and how a subject is read.
 */

import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { YitongError } from '../../../contracts/errors.js';
import { datasetId, fieldPath, purposeId, type SubjectKey, schemeOf, subjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { parseTraceparent } from '../../../contracts/tracing.js';
import type { Contract, KeyScheme } from '../../../contracts/types.js';
import { saysSomething } from '../../../contracts/visible.js';
import { releasedSubjectJson } from '../../log/entries/events.js';

export const strict = { additionalProperties: false };
export const id = (what: string) => Type.String({ minLength: 1, maxLength: 200, description: what });

export const caseSchema = Type.Object(
  {
    item: Type.Optional(id('事项编码: code of the administrative item')),
    caseId: Type.Optional(id('办件编号: number of the case at hand')),
    actor: Type.Optional(id('经办人: who handles it, as the client names them')),
  },
  { ...strict, description: 'what the client says it is working on; kept as its assertion' },
);
export type StatedCase = Static<typeof caseSchema>;

/** Whether a question says for what it is asked; whether it may be asked for that is decided, and on record. */
export function statesPurpose(body: unknown): boolean {
  const stated = (body as { readonly purpose?: unknown } | null | undefined)?.purpose;
  return stated !== undefined && stated !== null && stated !== '';
}

/** Before anything else of a question is looked at. @throws YitongError `purpose_required` */
export function checkPurpose(body: unknown): void {
  if (typeof body === 'object' && body !== null && !Array.isArray(body) && !statesPurpose(body))
    throw new YitongError('purpose_required', '`purpose` is missing: nothing is asked without one');
}

/**
 * For every route whose body has a `case`, as soon as the body is known to be in order.
 * @throws YitongError `bad_case`
 */
export function checkCase(body: unknown): void {
  const stated = (body as { readonly case?: unknown } | null | undefined)?.case;
  if (typeof stated !== 'object' || stated === null) return;
  for (const [part, text] of Object.entries(stated)) {
    if (typeof text === 'string' && !saysSomething(text))
      throw new YitongError('bad_case', `\`case.${part}\` holds no letter and no digit; leave out what is not known`);
  }
}

export const askerSchema = Type.Object(
  {
    client: Type.String({ maxLength: 120, pattern: '^[a-z][a-z0-9-]*$' }),
    authority: Type.String({ maxLength: 120, pattern: '^[a-z][a-z0-9-]*$' }),
    legalBasis: Type.Array(Type.String({ minLength: 1, maxLength: 400 }), { minItems: 1, maxItems: 50 }),
  },
  {
    ...strict,
    description: 'only of the gateway of another region, and always of it: for which client of its own it asks',
  },
);

/**
 * For the entry of a question, as JSON text: for whom the gateway of another region asks; undefined of a client.
 * @throws YitongError `bad_request` where a region does not say it, or somebody else does
 */
export function askerOf(
  { region }: { readonly region?: string },
  asker: Static<typeof askerSchema> | undefined,
): string | undefined {
  if ((region === undefined) !== (asker === undefined))
    throw new YitongError('bad_request', '`asker` is said by the gateway of another region, and by nobody else');
  return asker === undefined ? undefined : JSON.stringify(asker);
}

export const purposeSchema = id('a purpose of the workspace, e.g. `licence-review`');
export const subjectSchema = id('key scheme and key, e.g. `uscc:91310000…`');
export const datasetSchema = id('`<authority>.<dataset>`');
export const fieldSchema = id('a field path: `name`, `address.city`, `members[].role`');

export const STATUSES = [
  'current',
  'stale',
  'unavailable',
  'never-loaded',
  'denied',
  'not_yet',
  'history_not_kept',
] as const;
export type DatasetStatus = (typeof STATUSES)[number];

/** What a plan is made for: one client asks these datasets for one purpose. */
export interface Asked {
  readonly purpose: string;
  readonly case?: StatedCase;
  readonly datasets: readonly { readonly id: string; readonly fields?: readonly string[] }[];
  /** Of a subscription: only that something changed is asked for. */
  readonly signals?: boolean;
}

/** @throws YitongError `bad_subject`; the message names the rule, never the key */
export function parseSubject(text: string, schemes: ReadonlyMap<string, KeyScheme>): SubjectKey {
  const colon = text.indexOf(':');
  const scheme = schemes.get(text.slice(0, Math.max(colon, 0)));
  if (scheme === undefined)
    throw new YitongError(
      'bad_subject',
      `a subject is written \`scheme:key\`; schemes are ${[...schemes.keys()].join(', ')}`,
    );
  const parsed = scheme.parse(text.slice(colon + 1));
  if (!parsed.ok) throw new YitongError('bad_subject', `not a valid key of scheme \`${scheme.id}\`: ${parsed.reason}`);
  return subjectKey(scheme.id, parsed.key);
}

/** @throws YitongError `bad_subject` where a dataset to be read is keyed by another scheme */
export function checkScheme(contracts: Iterable<Contract>, subject: SubjectKey): void {
  const scheme = schemeOf(subject);
  for (const contract of contracts) {
    if (contract.subject.scheme !== scheme) {
      throw new YitongError(
        'bad_subject',
        `\`${contract.id}\` is keyed by \`${contract.subject.scheme}\`, so it cannot be asked by another scheme`,
      );
    }
  }
}

function written(text: string, parse: (text: string) => unknown, how: string): void {
  try {
    parse(text);
  } catch {
    // the name itself is not repeated: whatever stands where a name should may be somebody's number
    throw new YitongError('bad_identifier', how);
  }
}

/**
 * Names that are none are the caller's mistake and are told. Well-written names of nothing are answered as what is not
 * granted is, so that nobody learns what exists. @throws YitongError `bad_identifier`
 */
export function checkNames({ purpose, datasets }: Asked): void {
  written(purpose, purposeId, '`purpose` is written in lower-case words joined by hyphens');
  for (const { id: dataset, fields } of datasets) {
    written(dataset, datasetId, 'a dataset is written `<authority>.<dataset>`, in lower-case words joined by hyphens');
    for (const field of fields ?? [])
      written(field, fieldPath, 'a field is written as its path: `name`, `address.city`, `members[].role`');
  }
}

/** Unique dataset ids: asking twice would read twice and count twice. */
export function checkUnique(datasets: readonly { readonly id: string }[]): void {
  if (datasets.length > 1 && new Set(datasets.map(({ id: name }) => name)).size !== datasets.length)
    throw new YitongError('bad_request', 'name each dataset once');
}

/** Of a `traceparent`, what every version begins with. */
const TRACEPARENT_LENGTH = 55;
/**
 * For the entry of a request: its caller's trace context (W3C Trace Context; anything else is not repeated), else that
 * of its span here.
 */
export function traceOf({
  headers: { traceparent },
  span,
}: Pick<FastifyRequest, 'headers' | 'span'>): string | undefined {
  if (typeof traceparent === 'string' && parseTraceparent(traceparent) !== undefined)
    return traceparent.slice(0, TRACEPARENT_LENGTH);
  return span?.traceparent;
}

/**
 * What of a request may name somebody, for the sealed part of its entry: item, case, actor, and words that the
 * workspace does not know.
 * @param results of claims, in their order
 */
export function sealedOf(
  stated: StatedCase | undefined,
  unknown: object | undefined,
  results?: readonly string[],
): string {
  if (unknown !== undefined || results !== undefined)
    return JSON.stringify({
      ...stated,
      ...present({ asked: unknown, results }),
    });
  return stated === undefined ? '{}' : releasedSubjectJson(stated);
}

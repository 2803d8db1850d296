/**
 * Branded identifiers. A string from outside becomes one of these in exactly one place, the parsers below;
 * inside the code nobody re-checks.
 */
import { YitongError } from './errors.js';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `samr`: the folder name under `contracts/datasets/`. Lower-case letters, digits, hyphens. */
export type AuthorityId = Branded<'AuthorityId'>;
/** `samr.company-register`: `<authority>.<dataset>`, as it stands in topics, URLs and requests. */
export type DatasetId = Branded<'DatasetId'>;
/** `uscc:91310000MA1FL0000X`: key scheme, colon, normalised subject key. */
export type SubjectKey = Branded<'SubjectKey'>;
/** A field path in a record: `name`, `address.city`, `members[].role`. */
export type FieldPath = Branded<'FieldPath'>;
export type ClientId = Branded<'ClientId'>;
export type GrantId = Branded<'GrantId'>;
export type PurposeId = Branded<'PurposeId'>;

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const PATH = /^[A-Za-z_][A-Za-z0-9_]*(?:\[\])?(?:\.[A-Za-z_][A-Za-z0-9_]*(?:\[\])?)*$/;
const FORBIDDEN = new Set(['__proto__', 'prototype', 'constructor']);
const MAX_ID = 120;

function named<T extends string>(what: string, text: string): T {
  if (text.length > MAX_ID || !NAME.test(text)) {
    throw new YitongError(
      'bad_identifier',
      `${what} \`${text.slice(0, MAX_ID)}\` must be lower-case words joined by hyphens`,
    );
  }
  return text as T;
}

/** @throws YitongError `bad_identifier` */
export const authorityId = (text: string): AuthorityId => named('authority', text);
/** @throws YitongError `bad_identifier` */
export const clientId = (text: string): ClientId => named('client', text);
/** @throws YitongError `bad_identifier` */
export const grantId = (text: string): GrantId => named('grant', text);
/** @throws YitongError `bad_identifier` */
export const purposeId = (text: string): PurposeId => named('purpose', text);

/** @throws YitongError `bad_identifier` */
export function datasetId(text: string): DatasetId {
  const [authority, dataset, ...rest] = text.split('.');
  named('authority', authority ?? '');
  named('dataset', dataset ?? '');
  if (rest.length > 0)
    throw new YitongError('bad_identifier', 'a dataset id has exactly one dot: `<authority>.<dataset>`');
  return text as DatasetId;
}

/** @throws YitongError `bad_identifier` */
export function fieldPath(text: string): FieldPath {
  if (text.length > 400 || !PATH.test(text) || text.split(/[.[\]]+/).some((part) => FORBIDDEN.has(part))) {
    throw new YitongError('bad_identifier', 'a field path is written `a`, `a.b` or `a[].b`');
  }
  return text as FieldPath;
}

/** `samr.company-register` → `samr` */
export const authorityOf = (id: DatasetId): AuthorityId => id.slice(0, id.indexOf('.')) as AuthorityId;
/** `samr.company-register` → `company-register` */
export const datasetNameOf = (id: DatasetId): string => id.slice(id.indexOf('.') + 1);
/** Joins what a key scheme has normalised already. */
export const subjectKey = (scheme: string, normalised: string): SubjectKey => `${scheme}:${normalised}` as SubjectKey;
/** `uscc:91310000MA1FL0000X` → `uscc`; empty where the text has no scheme. */
export const schemeOf = (subject: string): string => subject.slice(0, Math.max(subject.indexOf(':'), 0));
/** `uscc:91310000MA1FL0000X` → `91310000MA1FL0000X`; the whole text where it has no scheme. */
export const keyOf = (subject: string): string => subject.slice(subject.indexOf(':') + 1);

/** The key of a record, as it stands in a topic and wherever a record of one dataset is named. A subject has no bar. */
export const recordKey = (subject: string, recordId: string): string => `${subject}|${recordId}`;
/** What stands before the first bar of a record's key. */
export const recordSubject = (key: string): string => key.slice(0, key.indexOf('|'));

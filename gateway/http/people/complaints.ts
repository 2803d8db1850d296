/**
 * A subject's complaint about one entry of the log. It is a ticket of the lifecycle that is about uses, where the
 * workspace has one; where it has none, and before there were such tickets, an entry itself, which nobody answers. Its
 * text stands under the subject's key, so that it goes with the subject.
 */

import { authorityOf, type DatasetId } from '../../../contracts/ids.js';
import type { Localised } from '../../../contracts/localised.js';
import type { Workspace } from '../../../contracts/types.js';
import type { Deed } from '../../log/entries/recorder.js';
import type { FoundEntry } from '../../log/search/index.js';

export const COMPLAINTS = { type: 'administration', action: 'complaint' } as const;
export const MAX_COMPLAINT = 2000;
/** Whose room they are. */
export const COMPLAINT_ROLE = 'auditor';

export interface Complaint {
  /** Index of the entry that it is about. */
  readonly about: number;
  /** Index of the complaint's own entry. */
  readonly entry: number;
  /** ISO 8601 UTC */
  readonly at: string;
  /** Undefined where the subject was erased. */
  readonly text?: string;
  readonly subject?: string;
}

/** What a complaint is about, as the `dataset` of its ticket says it. */
export function useWords({ authorities }: Pick<Workspace, 'authorities'>, id: string): Localised {
  const all: ReadonlyMap<string, { readonly name: Localised }> = authorities;
  const name = all.get(authorityOf(id as DatasetId))?.name;
  return name === undefined
    ? { zh: '文书的出具或核验', en: 'a document' }
    : { zh: `${name.zh}使用数据`, en: `use by ${name.en}` };
}

export const complaintDeed = (about: number, subject: string, text: string): Deed => ({
  action: COMPLAINTS.action,
  role: 'subject',
  target: `entry:${about}`,
  subject,
  about: { text },
});

/** Undefined if the entry is no complaint. */
export function complaintOf({ index, body, opened }: FoundEntry): Complaint | undefined {
  const about = /^entry:(\d{1,15})$/.exec(typeof body['target'] === 'string' ? body['target'] : '')?.[1];
  if (body.action !== COMPLAINTS.action || about === undefined) return undefined;
  const { text } = (opened?.details ?? {}) as { readonly text?: unknown };
  return {
    about: Number(about),
    entry: index,
    at: body.time ?? '',
    ...(typeof text === 'string' ? { text } : {}),
    ...(opened === undefined ? {} : { subject: opened.subject }),
  };
}

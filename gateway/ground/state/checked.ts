/** What may be asked of a store: checked before it is asked, alike for every driver. */
import { type Change, type DocumentsQuery, MOST_BYTES, MOST_CHANGES, StateConflict } from './port.js';

/** In no name, so that a text behind all that begin with another can be made. */
const LAST = '\u{10ffff}';
// control characters, halves of surrogate pairs, and the last one of all
const REFUSED = /[\p{Cc}\p{Cs}\u{10ffff}]/u;
const MOST_NAME = 512;
const MOST_PAGE = 1000;

export function checkName(name: string, what: string): string {
  if (typeof name !== 'string' || name === '' || Buffer.byteLength(name) > MOST_NAME || REFUSED.test(name))
    throw new TypeError(`${what} is no name of 1 to ${String(MOST_NAME)} bytes without control characters`);
  return name;
}

/** Of what a name may begin with: also nothing. */
export const checkPrefix = (prefix: string, what: string): string => (prefix === '' ? prefix : checkName(prefix, what));

/** What is behind all names that begin so, and before all others that are behind it. */
export const behindAll = (prefix: string): string => `${prefix}${LAST}`;

export function checkCount(value: number, what: string, least = 0): number {
  if (!Number.isSafeInteger(value) || value < least)
    throw new TypeError(`${what} is no integer of ${String(least)} or more`);
  return value;
}

export const checkLimit = (limit: number): number => Math.min(MOST_PAGE, checkCount(limit, 'a limit', 1));

/** Where a page of documents begins and ends. */
export interface PageRange {
  readonly by: 'link' | 'owner' | 'id';
  readonly descending: boolean;
  readonly limit: number;
  /** Of links; of an owner both are its name. */
  readonly from: string;
  readonly to: string;
  /** Behind this one, in the direction of the page. */
  readonly afterLink: string;
  readonly afterId: string;
}

/** Between link and id in a cursor: in no name. */
const BETWEEN = '\n';
export const cursorOf = (by: PageRange['by'], link: string, id: string): string =>
  by === 'link' ? `${link}${BETWEEN}${id}` : id;

export function pageRange({ link, owner, after, limit = 100, descending = false }: DocumentsQuery): PageRange {
  if (link !== undefined && owner !== undefined) throw new TypeError('documents are asked for by link or by owner');
  const by = link !== undefined ? 'link' : owner !== undefined ? 'owner' : 'id';
  const from =
    link !== undefined ? checkPrefix(link, 'a link') : owner === undefined ? '' : checkName(owner, 'an owner');
  const to = by === 'link' ? behindAll(from) : from;
  const first = descending ? { afterLink: to, afterId: by === 'link' ? '' : LAST } : { afterLink: '', afterId: '' };
  const cut = after?.indexOf(BETWEEN) ?? -1;
  const begin =
    after === undefined
      ? first
      : by === 'link'
        ? { afterLink: after.slice(0, Math.max(cut, 0)), afterId: after.slice(cut + 1) }
        : { afterLink: '', afterId: after };
  return { by, descending, limit: checkLimit(limit), from, to, ...begin };
}

/** A commit as drivers take it. */
interface CheckedCommit {
  readonly changes: readonly Change[];
  /** As JSON, about. */
  readonly bytes: number;
}

/** @throws TypeError */
export function checkedCommit(changes: readonly Change[]): CheckedCommit {
  if (changes.length === 0 || changes.length > MOST_CHANGES)
    throw new TypeError(`a commit has 1 to ${String(MOST_CHANGES)} changes`);
  const touched = new Set<string>();
  const checked = changes.map((change) => {
    const subject = subjectOf(change);
    if (subject !== undefined) {
      if (touched.has(subject)) throw new TypeError(`a commit changes one thing twice: \`${change.do}\``);
      touched.add(subject);
    }
    return checkedChange(change);
  });
  const bytes = Buffer.byteLength(JSON.stringify(checked));
  if (bytes > MOST_BYTES) throw new TypeError(`a commit has at most ${String(MOST_BYTES)} bytes`);
  return { changes: checked, bytes };
}

function subjectOf(change: Change): string | undefined {
  switch (change.do) {
    case 'append':
    case 'drop':
    case 'expect-events':
      return `stream\n${change.stream}`;
    case 'put':
    case 'remove':
    case 'expect-document':
      return `document\n${change.kind}\n${change.id}`;
    case 'count':
      return `counter\n${change.counter}`;
    case 'set':
      return `set\n${change.set}`;
    case 'expect-lease':
      return `lease\n${change.lease}`;
    case 'send':
      return undefined;
  }
}

const optional = (value: number | undefined, what: string): void =>
  void (value === undefined || checkCount(value, what));

function checkedChange(change: Change): Change {
  switch (change.do) {
    case 'append':
      checkName(change.stream, 'a stream');
      optional(change.after, 'a number of events');
      if (change.events.length === 0) throw new TypeError('nothing is appended');
      for (const event of change.events) checkBody(event);
      return change;
    case 'drop':
    case 'expect-events':
      checkName(change.stream, 'a stream');
      optional(change.after, 'a number of events');
      return change;
    case 'put':
      checkDocument(change);
      if (change.owner !== undefined) checkName(change.owner, 'an owner');
      optional(change.until, 'an end');
      checkBody(change.body);
      for (const link of change.links ?? []) checkName(link, 'a link');
      return { ...change, links: [...new Set(change.links)].sort(byBytes) };
    case 'remove':
    case 'expect-document':
      checkDocument(change);
      return change;
    case 'count':
      checkName(change.counter, 'a counter');
      checkCount(change.by, 'a count', Number.MIN_SAFE_INTEGER);
      if (change.most !== undefined) checkCount(change.most, 'a most', Number.MIN_SAFE_INTEGER);
      optional(change.until, 'an end');
      return change;
    case 'set':
      checkSet(change);
      return change;
    case 'send':
      checkName(change.topic, 'a topic');
      checkName(change.key, 'a key');
      return change;
    case 'expect-lease':
      checkName(change.lease, 'a lease');
      checkCount(change.token, 'a token');
      return change;
  }
}

function checkDocument({
  kind,
  id,
  version,
}: {
  readonly kind: string;
  readonly id: string;
  readonly version?: number;
}): void {
  checkName(kind, 'a kind');
  checkName(id, 'an id');
  optional(version, 'a version');
}

function checkSet({ set, version, put = {}, remove = [] }: Extract<Change, { do: 'set' }>): void {
  checkName(set, 'a set');
  optional(version, 'a version');
  for (const [member, value] of Object.entries(put)) {
    checkName(member, 'a member');
    checkBody(value);
  }
  for (const member of remove) {
    checkName(member, 'a member');
    if (Object.hasOwn(put, member)) throw new TypeError('a member is put and removed');
  }
}

function checkBody(body: unknown): void {
  if (body === undefined) throw new TypeError('a value is missing');
}

/** The order of names in every store. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Why a commit was refused, as it is remembered. */
export type ConflictReason = 'events' | 'there' | 'gone' | 'version' | 'most' | 'set' | 'lease';

const WORDS: Readonly<Record<ConflictReason, string>> = {
  events: 'the stream has another number of events',
  there: 'there is such a document already',
  gone: 'there is no such document',
  version: 'the document has another version',
  most: 'the counter would be higher than it may be',
  set: 'the set has another version',
  lease: 'the lease is not held under this token any more',
};

export const conflict = (change: number, reason: ConflictReason): StateConflict =>
  new StateConflict(change, WORDS[reason]);

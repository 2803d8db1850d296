/**
 * The State port: what people and services did (reports, codes, tickets, sign-ins, suspensions, limits), where every
 * process that is to know it finds it. Drivers: `lmdb/` (one replica, its processes share the file) and `postgres/`
 * (any number of replicas). One conformance suite runs on both (`test/support/conformance/state.ts`).
 *
 * Promises of every driver:
 * - a commit is made whole or not at all, and is durable when its promise resolves;
 * - commits stand in one order: each has a revision that is higher than that of every commit before it, and who sees a
 *   commit sees all before it. What is read after a commit has resolved, by whichever process, shows it;
 * - `changes` gives every commit after a revision, complete and in order;
 * - what is past its `until` is given by no read, counts as absent in every condition, and is removed by `sweep`;
 * - where the store does not answer, `state_unavailable`; never an empty answer instead.
 *
 * Names (kinds, ids, streams, links, counters, sets, members, owners, topics, keys, holders) are texts of 1 to 512
 * UTF-8 bytes without control characters; they are ordered by their bytes. A value is JSON, of at most `MOST_BYTES`
 * with all else of its commit; bytes stand in it as base64. What is not so is a fault of the program: `TypeError`.
 */
import type { KeyObject } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json | undefined };

/** Bytes of one commit as JSON. */
export const MOST_BYTES = 16_777_216;
/** Changes of one commit. */
export const MOST_CHANGES = 1000;
/** ms for which the outcome of a commit is remembered under its id, and its changes are kept for watchers. */
export const REMEMBERED = 86_400_000;

export interface StateEvent {
  /** Within its stream, from 1. */
  readonly number: number;
  readonly revision: number;
  /** ms since 1970, by the clock of the store. */
  readonly at: number;
  readonly body: Json;
}

export interface StateDocument {
  readonly kind: string;
  readonly id: string;
  /** Revision of the commit that wrote it last; never used again, also where the document is removed and made anew. */
  readonly version: number;
  /** Whose it is, so that all of it can be found and removed: a subject, a person. */
  readonly owner?: string;
  /** Under which it is found; in order of their bytes. */
  readonly links: readonly string[];
  /** ms since 1970; from then on it is not there. */
  readonly until?: number;
  readonly body: Json;
}

export interface DocumentsQuery {
  /** Documents with a link that begins so, in the order of their links, then ids; once for each such link. */
  readonly link?: string;
  /** Documents of this owner, in the order of their ids. Not together with `link`. */
  readonly owner?: string;
  /** `next` of the page before. */
  readonly after?: string;
  /** Default 100, at most 1000. */
  readonly limit?: number;
  /** The other way round: with a time in the links the newest comes first. */
  readonly descending?: boolean;
}

export interface DocumentsPage {
  readonly documents: readonly StateDocument[];
  /** Absent where there are no more. */
  readonly next?: string;
}

export interface VersionedSet {
  /** Revision of the commit that changed it last; 0 where none has. */
  readonly version: number;
  readonly members: ReadonlyMap<string, Json>;
}

/**
 * One change of a commit. A stream, document, counter, set or lease occurs at most once in a commit. Conditions are
 * looked at in the order of the changes, all of them before anything is changed.
 */
export type Change =
  /** @param after how many events the stream has; absent: however many */
  | { readonly do: 'append'; readonly stream: string; readonly after?: number; readonly events: readonly Json[] }
  /** Removes a whole stream. */
  | { readonly do: 'drop'; readonly stream: string; readonly after?: number }
  /** @param version that it has, 0 where there may be none; absent: whatever is there is replaced */
  | {
      readonly do: 'put';
      readonly kind: string;
      readonly id: string;
      readonly version?: number;
      readonly owner?: string;
      readonly links?: readonly string[];
      readonly until?: number;
      readonly body: Json;
    }
  | { readonly do: 'remove'; readonly kind: string; readonly id: string; readonly version?: number }
  /**
   * Adds `by` (an integer, may be below 0) and is refused where more than `most` would come of it. A counter begins at
   * 0, with `until` as its end; a counter that is there keeps the end that it has.
   */
  | {
      readonly do: 'count';
      readonly counter: string;
      readonly by: number;
      readonly most?: number;
      readonly until?: number;
    }
  | {
      readonly do: 'set';
      readonly set: string;
      readonly version?: number;
      readonly put?: Readonly<Record<string, Json>>;
      readonly remove?: readonly string[];
    }
  /** A message for the bus. Those of one topic and key are sent in the order of their commits. */
  | {
      readonly do: 'send';
      readonly topic: string;
      readonly key: string;
      /** Base64; null withdraws. */
      readonly value: string | null;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Conditions only. */
  | { readonly do: 'expect-document'; readonly kind: string; readonly id: string; readonly version: number }
  | { readonly do: 'expect-events'; readonly stream: string; readonly after: number }
  | { readonly do: 'expect-lease'; readonly lease: string; readonly token: number };

export interface Commit {
  /** Of this commit, and the version of all that it wrote. */
  readonly revision: number;
  /** ms since 1970, by the clock of the store. */
  readonly at: number;
  /** What came of the counters that it counted. */
  readonly counts: Readonly<Record<string, number>>;
  /** It had been made before, under the same id. */
  readonly repeated: boolean;
}

/** `state_conflict`: a condition of a commit does not hold; nothing was changed. */
export class StateConflict extends YitongError {
  /** @param change which one, from 0, in the changes of the commit */
  constructor(
    readonly change: number,
    reason: string,
  ) {
    super('state_conflict', `change ${String(change + 1)} of the commit: ${reason}; read again what it builds on`);
  }
}

export type Subject = 'stream' | 'document' | 'counter' | 'set';

/** What was changed, without what it says: who wants to know that reads it. */
export interface Changed {
  readonly revision: number;
  readonly of: Subject;
  /** The kind of a document; else the name itself. */
  readonly name: string;
  /** Of a document. */
  readonly id?: string;
}

export interface ChangesPage {
  /** Whole commits only. */
  readonly changes: readonly Changed[];
  /** To go on from. Not above the newest revision when this was read. */
  readonly next: number;
  /** There may be more at once. */
  readonly more: boolean;
  /**
   * Changes after `since` are not kept any more, or the store has been put back to before them: `changes` is empty,
   * what is watched must be read anew, and is watched from `next` on.
   */
  readonly lost: boolean;
}

export interface OutboxMessage {
  /** Grows in the order of commits. */
  readonly number: number;
  readonly at: number;
  readonly topic: string;
  readonly key: string;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Lease {
  /** Higher than that of every holder before; the same while one holder renews it in time. */
  readonly token: number;
  /** ms since 1970, by the clock of the store. */
  readonly until: number;
}

export interface StateHealth {
  /** Whether the last word from the store was an answer. */
  readonly answers: boolean;
  /** ms since the store answered last; since it was opened where it never did. */
  readonly age: number;
  /** Why it does not, in words without addresses of people or content. */
  readonly reason?: string;
  /** Whether commits of other processes are heard of before they are asked for; absent where nobody listens. */
  readonly hears?: boolean;
}

export interface State {
  readonly driver: 'embedded' | 'postgres';
  /** Under which shared secrets stand in it wrapped (`secret.ts`), where the installation has one. */
  readonly installationKey?: KeyObject;
  /**
   * The data folder in which it stands, where keys of subjects are those of that folder, and uploads files of it;
   * undefined where both stand in the state.
   */
  readonly folder?: string;
  /** In order, after the event of that number; default from the first, at most 1000 unless `limit` says less. */
  events(stream: string, after?: number, limit?: number): Promise<readonly StateEvent[]>;
  document(kind: string, id: string): Promise<StateDocument | undefined>;
  /** Those that are there, in no order; at most 1000 ids. */
  documentsById(kind: string, ids: readonly string[]): Promise<readonly StateDocument[]>;
  documents(kind: string, query?: DocumentsQuery): Promise<DocumentsPage>;
  /** 0 where it is not there. */
  counter(name: string): Promise<number>;
  /** Those whose name begins so, by name. */
  counters(prefix: string): Promise<ReadonlyMap<string, number>>;
  set(name: string): Promise<VersionedSet>;
  /**
   * @param id of the caller's, once for each commit that is meant: made again with the same id within a day, nothing is
   * changed, and the same is said as the first time. Default: a random one
   * @throws StateConflict; YitongError `state_unavailable`: it may have been made or not, and may be made again with
   * the same id
   */
  commit(changes: readonly Change[], id?: string): Promise<Commit>;
  /** The revision of the newest commit. */
  revision(): Promise<number>;
  /** Commits after `since`; about `limit` changes, default 1000. */
  changes(since: number, limit?: number): Promise<ChangesPage>;
  /** Calls back soon after another process may have committed; only a hint, and some may never come. */
  onHint(hint: () => void): () => void;
  /** Messages that were not marked as sent, in order; default 100. */
  outbox(limit?: number): Promise<readonly OutboxMessage[]>;
  /** Marks them as sent: they are gone. */
  sent(numbers: readonly number[]): Promise<void>;
  /**
   * Takes or renews a lease for `ms`.
   * @returns undefined while somebody else holds it
   */
  lease(name: string, holder: string, ms: number): Promise<Lease | undefined>;
  /** Gives it back before its time; nothing where it is not held so any more. */
  release(name: string, token: number): Promise<void>;
  /** Removes about `limit` of what is past its time. @returns how much it was; 0 where there was nothing */
  sweep(limit?: number): Promise<number>;
  /** Without asking the store. */
  health(): StateHealth;
  close(): Promise<void>;
}

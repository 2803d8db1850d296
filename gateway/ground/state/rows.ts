/**
 * The contents of a state as rows, alike for both drivers, for whoever takes them from one to the other: with the
 * versions, revisions and times that they have. Not among them is what is of the day: outcomes of commits, and the list
 * of changes. Leases come given back, with their tokens, which only grow.
 */
import type { Json } from './port.js';

export const PARTS = ['documents', 'events', 'counters', 'sets', 'members', 'outbox', 'leases'] as const;
export type Part = (typeof PARTS)[number];

/**
 * | part | row |
 * |---|---|
 * | documents | kind, id, version, owner or null, links, until or null, body |
 * | events | stream, number, revision, at, body |
 * | counters | counter, count, until or null |
 * | sets | set, version |
 * | members | set, member, value |
 * | outbox | number, at, topic, key, value or null, headers |
 * | leases | lease, holder, token |
 */
export type StateRow = readonly Json[];

/** Of a row, how many of its members are its key. */
export const KEYS: Readonly<Record<Part, number>> = {
  documents: 2,
  events: 2,
  counters: 1,
  sets: 1,
  members: 2,
  outbox: 1,
  leases: 1,
};

export interface RowSource {
  /** Of the newest commit. */
  revision(): Promise<number>;
  /** All rows of a part, some at a time, in an order of the driver's. */
  rows(part: Part): AsyncIterable<readonly StateRow[]>;
}

export interface RowTarget extends RowSource {
  /** Whether there is nothing of people or services in it. */
  isEmpty(): Promise<boolean>;
  write(part: Part, rows: readonly StateRow[]): Promise<void>;
  /** Commits go on behind this revision; whoever followed changes reads everything anew. */
  goOnFrom(revision: number): Promise<void>;
}

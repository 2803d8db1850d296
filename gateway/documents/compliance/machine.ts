/**
 * The states of a compliance code, and every way from one to another. Pure: whoever calls it brings the time and writes
 * the record down.
 *
 *     created ──scan──▶ scanned ──confirm──▶ confirmed ──release──▶ answered
 *        └──────────refuse──┴───────refuse───────┴──────▶ refused
 *     created, scanned and confirmed end by themselves: expired
 */
import type { ErrorCode } from '../../../contracts/errors.js';
import type { Day } from '../model/model.js';

export type CodeState = 'created' | 'scanned' | 'confirmed' | 'refused' | 'answered' | 'expired';

/** What is asked, and nothing else is answered. */
export interface Question {
  /** Whose domains they are. */
  readonly report: string;
  /** Ids of domains, each once. */
  readonly domains: readonly string[];
  /** Both included. */
  readonly from: Day;
  readonly to: Day;
}

/**
 * Who scanned. `key` tells one from another: a client's id, a person's id, a session; `name` is what the company is
 * shown.
 */
export interface Scanner {
  readonly kind: 'client' | 'person' | 'public';
  readonly key: string;
  /** Absent of a public page: nobody knows who it is. */
  readonly name?: string;
  readonly authority?: string;
}

/** What the company is shown, and what it confirms. */
export interface Asked {
  readonly scanner: Scanner;
  readonly question: Question;
  /** Four digits that stand on both screens. */
  readonly number: string;
}

export interface CodeRecord {
  /** As it was last written; `stateAt` tells what it is now. */
  readonly state: Exclude<CodeState, 'expired'>;
  /** ms since 1970 */
  readonly madeAt: number;
  /** When the state ends by itself. */
  readonly until: number;
  /** Gone a while after nothing more can come of the code. */
  readonly live?: {
    /** The person who made it; nobody else confirms. */
    readonly owner: string;
    readonly subject: string;
    readonly asked?: Asked;
    /** SHA-256 of what the scanner collects with. */
    readonly ticket?: string;
  };
}

export type CodeEvent =
  | { readonly kind: 'scan'; readonly asked: Asked; readonly ticket: string }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'release' };

/** How long each state lasts, ms: to be scanned, to be confirmed, to be collected. */
export const TERMS = { created: 60_000, scanned: 120_000, confirmed: 60_000 } as const;

export const stateAt = ({ state, until }: CodeRecord, now: number): CodeState =>
  (state === 'created' || state === 'scanned' || state === 'confirmed') && now >= until ? 'expired' : state;

/** Why an event does not happen in a state. Where there is none, it does. */
const REFUSALS: Readonly<Record<CodeEvent['kind'], Readonly<Partial<Record<CodeState, ErrorCode>>>>> = {
  scan: {
    scanned: 'code_used',
    confirmed: 'code_used',
    refused: 'code_used',
    answered: 'code_used',
    expired: 'code_expired',
  },
  confirm: {
    created: 'code_changed',
    confirmed: 'code_used',
    refused: 'code_refused',
    answered: 'code_used',
    expired: 'code_expired',
  },
  refuse: { refused: 'code_refused', answered: 'code_used', expired: 'code_expired' },
  release: {
    created: 'code_not_confirmed',
    scanned: 'code_not_confirmed',
    refused: 'code_refused',
    answered: 'code_used',
    expired: 'code_expired',
  },
};

export const made = (owner: string, subject: string, now: number): CodeRecord => ({
  state: 'created',
  madeAt: now,
  until: now + TERMS.created,
  live: { owner, subject },
});

/** @returns the record behind the event, or why the event does not happen */
export function step(
  record: CodeRecord,
  event: CodeEvent,
  now: number,
): { readonly record: CodeRecord } | { readonly code: ErrorCode } {
  const state = stateAt(record, now);
  // a code that was scanned once is used, also when nothing came of it
  const code = event.kind === 'scan' && record.state !== 'created' ? 'code_used' : REFUSALS[event.kind][state];
  if (code !== undefined) return { code };
  const { madeAt, live } = record;
  if (live === undefined) return { code: 'code_expired' };
  switch (event.kind) {
    case 'scan':
      return {
        record: {
          state: 'scanned',
          madeAt,
          until: now + TERMS.scanned,
          live: { ...live, asked: event.asked, ticket: event.ticket },
        },
      };
    case 'confirm':
      return { record: { state: 'confirmed', madeAt, until: now + TERMS.confirmed, live } };
    case 'refuse':
      return { record: { state: 'refused', madeAt, until: now, live } };
    case 'release':
      return { record: { state: 'answered', madeAt, until: now, live } };
  }
}

/**
 * The sequencer's commit point: how long the log is and how far each journal has been taken into it. Changed by
 * compare-and-swap.
 */
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { readVersion, swapVersion } from '../../ground/files/versions.js';
import type { Position } from '../proof/journal-position.js';

export interface JournalState extends Position {
  /** Never read again: it vanished or was rolled back, and the log says so. */
  readonly dead?: boolean;
}

export interface SequencerState {
  readonly version: 1;
  readonly origin: string;
  readonly size: number;
  /** The signed note. Empty before the first one. */
  readonly checkpoint: string;
  readonly journals: Readonly<Record<string, JournalState>>;
  /** The state before it: what is in place for certain while this run's files are still written. */
  readonly before: { readonly size: number; readonly journals: Readonly<Record<string, JournalState>> };
  /** File of the staged run that leads from `before` to here. */
  readonly staged: string;
  /** The sequencer's own entries, as if they came from a journal of this id. */
  readonly own: { readonly journal: string; readonly seq: number };
}

const number = { type: 'integer', minimum: 0 };
/** JSON schema of how far journals are in a log. */
export const journalStates = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    required: ['segment', 'offset', 'lastSeq', 'chain'],
    properties: {
      segment: number,
      offset: number,
      lastSeq: number,
      chain: { type: 'string' },
      dead: { type: 'boolean' },
    },
  },
};
const check = shape<SequencerState>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['version', 'origin', 'size', 'checkpoint', 'journals', 'before', 'staged', 'own'],
    properties: {
      version: { const: 1 },
      origin: { type: 'string' },
      size: number,
      checkpoint: { type: 'string' },
      journals: journalStates,
      before: {
        type: 'object',
        additionalProperties: false,
        required: ['size', 'journals'],
        properties: { size: number, journals: journalStates },
      },
      staged: { type: 'string', pattern: '^[0-9a-f-]{1,60}$' },
      own: {
        type: 'object',
        additionalProperties: false,
        required: ['journal', 'seq'],
        properties: { journal: { type: 'string' }, seq: number },
      },
    },
  },
  'log_invalid',
);

/** Undefined before the first run. @param dir `AuditLayout.state` @throws YitongError `log_invalid` */
export function readState(dir: string): { readonly state: SequencerState; readonly version: number } | undefined {
  const found = readVersion(dir);
  if (found === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(found.text) as unknown;
  } catch (cause) {
    throw new YitongError('log_invalid', 'the state of the sequencer is not JSON', { place: { file: dir }, cause });
  }
  return { state: check(value, { file: dir }), version: found.number };
}

/** False if another sequencer has made the version behind `after`. */
export function swapState(dir: string, after: number, state: SequencerState): boolean {
  return swapVersion(dir, after, `${JSON.stringify(state)}\n`);
}

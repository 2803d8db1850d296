/** The sequencer's commit point: one file that says how long the log is and how far each journal has been taken into it. */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { replaceFile } from '../durable.js';
import type { Position } from '../journal/reader.js';

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
  /** The sequencer's own entries, as if they came from a journal of this id. */
  readonly own: { readonly journal: string; readonly seq: number };
}

const number = { type: 'integer', minimum: 0 };
const check = shape<SequencerState>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['version', 'origin', 'size', 'checkpoint', 'journals', 'own'],
    properties: {
      version: { const: 1 },
      origin: { type: 'string' },
      size: number,
      checkpoint: { type: 'string' },
      journals: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          additionalProperties: false,
          required: ['segment', 'offset', 'lastSeq', 'chain'],
          properties: { segment: number, offset: number, lastSeq: number, chain: { type: 'string' }, dead: { type: 'boolean' } },
        },
      },
      own: { type: 'object', additionalProperties: false, required: ['journal', 'seq'], properties: { journal: { type: 'string' }, seq: number } },
    },
  },
  'log_invalid',
);

/** Undefined before the first run. @throws YitongError `log_invalid` */
export function readState(file: string): SequencerState | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch (cause) {
    throw new YitongError('log_invalid', 'the state of the sequencer is not JSON', { place: { file }, cause });
  }
  return check(value, { file });
}

export function writeState(file: string, state: SequencerState): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, `${JSON.stringify(state)}\n`, { mode: 0o600 });
}

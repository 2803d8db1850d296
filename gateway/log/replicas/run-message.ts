/**
 * What the replica that sequences sends to the others so that each keeps a copy of the log: a run before it is signed,
 * the word that one was committed, or a part of what stands in the log already, for a copy that is behind.
 */
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { REPLICA_NAME } from '../../ground/config/audit.js';
import { type BodyRecord, packRecords, unpackRecord } from '../store/bodies.js';
import { type JournalState, journalStates } from '../store/state.js';
import { type Claim, claimSchema } from './epoch.js';

/** Bytes of one message, at most. */
export const MOST_MESSAGE = 96 << 20;

/** Size and root of a tree; the root is base64, empty where the size is 0. */
export interface Tree {
  readonly size: number;
  readonly root: string;
}

/** What a state of the sequencer becomes by a run; its checkpoint comes when it is signed. */
export interface NextState extends Tree {
  readonly journals: Readonly<Record<string, JournalState>>;
  readonly own: { readonly journal: string; readonly seq: number };
}

interface MessageHead {
  /** Absent in the copy that a replica keeps on its own disk. */
  readonly claim?: Claim;
  readonly origin: string;
  /** The newest checkpoint that the sender committed, a signed note; empty before the first. */
  readonly checkpoint: string;
  /** The newest that it published, with the witnesses' lines; empty before the first. */
  readonly published: string;
  /** Log index of the first record. */
  readonly first: number;
  /** Of a run that is to be signed. */
  readonly next?: NextState;
  /** With the last part of what a copy lacks: the state that `checkpoint` belongs to. */
  readonly reached?: NextState;
  /** By journal in `next`, the replica whose it is. */
  readonly journalsOf?: Readonly<Record<string, string>>;
  /** Of records that are erased or whose term is over: place among them, by which entry. */
  readonly gone?: readonly { readonly at: number; readonly by: number; readonly expired: boolean }[];
}

export interface RunMessage extends MessageHead {
  readonly records: readonly BodyRecord[];
  /** Of each record, what the log publishes. */
  readonly commitments: readonly Buffer[];
}

export type RunAnswer =
  /** The copy has all that the sender committed, and the run, durable. */
  | { readonly kind: 'ready' }
  /** It has less: it wants what stands from this log index on. */
  | { readonly kind: 'behind'; readonly size: number }
  | { readonly kind: 'refused'; readonly reason: string };

const whole = { type: 'integer', minimum: 0 };
const nextState = {
  type: 'object',
  additionalProperties: false,
  required: ['size', 'root', 'journals', 'own'],
  properties: {
    size: whole,
    root: { type: 'string', maxLength: 64 },
    journals: journalStates,
    own: {
      type: 'object',
      additionalProperties: false,
      required: ['journal', 'seq'],
      properties: { journal: { type: 'string', maxLength: 60 }, seq: whole },
    },
  },
};
const note = { type: 'string', maxLength: 20_000 };
const checkHead = shape<MessageHead & { readonly lengths: readonly number[] }>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['origin', 'checkpoint', 'published', 'first', 'lengths'],
    properties: {
      claim: claimSchema,
      origin: { type: 'string', maxLength: 200 },
      checkpoint: note,
      published: note,
      first: whole,
      next: nextState,
      reached: nextState,
      journalsOf: { type: 'object', additionalProperties: { type: 'string', pattern: REPLICA_NAME } },
      gone: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['at', 'by', 'expired'],
          properties: { at: whole, by: whole, expired: { type: 'boolean' } },
        },
      },
      lengths: { type: 'array', items: whole },
    },
  },
  'bad_request',
);
const HASH = 32;

/** Length of the head in four bytes, the head as JSON, the commitments, the records. */
export function encodeRun({ records, commitments, ...head }: RunMessage): Buffer {
  const { bytes, lengths } = packRecords(records);
  const json = Buffer.from(JSON.stringify({ ...head, lengths }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, ...commitments, bytes]);
}

/** @throws YitongError `bad_request` where it is not so written */
export function decodeRun(bytes: Buffer): RunMessage {
  const wrong = (cause?: unknown): YitongError =>
    new YitongError(
      'bad_request',
      'this is no part of a log as replicas send it',
      cause === undefined ? {} : { cause },
    );
  const end = bytes.length < 4 ? Infinity : 4 + bytes.readUInt32BE(0);
  if (end > bytes.length) throw wrong();
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8', 4, end)) as unknown;
  } catch (cause) {
    throw wrong(cause);
  }
  const { lengths, ...head } = checkHead(value, { file: 'replica port' });
  const commitments = lengths.map((_, i) => bytes.subarray(end + i * HASH, end + (i + 1) * HASH));
  let at = end + lengths.length * HASH;
  const records = lengths.map((length) => {
    const record = at + length > bytes.length ? undefined : unpackRecord(bytes, at, length);
    if (record === undefined) throw wrong();
    at += length;
    return record;
  });
  return { ...head, commitments, records };
}

/**
 * A batch, chunk by chunk. For each: decide anew (a grant may have ended, a client may have been suspended since the
 * last), read, make the entries durable, and only then hand the bytes out. Nothing is made before it is asked for, so a
 * slow client costs one chunk of memory.
 */

import { hash } from 'node:crypto';
import { type ErrorCode, errorTable, isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { SubjectKey } from '../../../../contracts/ids.js';
import type { Client } from '../../../../policies/types.js';
import type { answerBuilder } from '../../../answer/question/build.js';
import { recordMany } from '../../../answer/question/on-record.js';
import type { Plan, Plans } from '../../../answer/question/plan.js';
import { NOW, readingOf, subjectHead } from '../../../answer/question/reading.js';
import type { ViewReader } from '../../../answer/view/port.js';
import { countError } from '../../../ground/counts/counts.js';
import type { Journal } from '../../../log/entries/port.js';
import type { BatchRequest } from './schema.js';

interface BatchParts {
  readonly client: Client;
  readonly request: BatchRequest;
  /** Parsed, each once, in the order of the request. */
  readonly subjects: readonly SubjectKey[];
  readonly requestId: string;
  readonly traceparent: string | undefined;
  /** For whom the gateway of another region asks, as JSON text. */
  readonly asker: string | undefined;
}

interface BatchTools {
  readonly plans: Plans;
  readonly view: ViewReader;
  readonly build: ReturnType<typeof answerBuilder>;
  readonly journal: Journal;
  readonly now: () => number;
  /** Subjects a chunk. */
  readonly size: number;
  /** Why the client may no longer be answered; undefined while it may. */
  readonly refused: () => ErrorCode | undefined;
  /** Whether the process ends before a long batch would. */
  readonly ending: () => boolean;
  /** Told of what ends a batch that has begun, since its status has left. */
  readonly failed: (error: unknown) => void;
}

const line = (value: object): Buffer => Buffer.from(`${JSON.stringify(value)}\n`, 'utf8');
function problemLine(code: ErrorCode, requestId: string): Buffer {
  countError(code);
  return line({
    problem: {
      type: `urn:yitong:error:${code}`,
      title: errorTable[code].title,
      status: errorTable[code].status,
      code,
      requestId,
    },
  });
}

/**
 * The bytes of each chunk in turn, then those of the last line. A batch that may not go on ends with an entry of its
 * own. A failure of the first chunk is thrown; later ones become the last line.
 */
export async function* batchChunks(parts: BatchParts, tools: BatchTools): AsyncGenerator<Buffer, void, undefined> {
  const { client, request, subjects, requestId } = parts;
  const { plans, size, now, refused, ending, failed } = tools;
  let records = 0;
  let chunk = 0;
  for (let from = 0; from < subjects.length; from += size) {
    const code = refused();
    const started = now();
    const plan = plans.make(client, request, started, subjects.length);
    try {
      if (ending())
        throw new YitongError('shutting_down', 'the gateway stops; ask again for the subjects that are not answered');
      if (code !== undefined || plan.read.length === 0)
        return yield await ended(parts, tools, plan, code, chunk, subjects.length - from, started);
      const made = await oneChunk(parts, tools, plan, subjects.slice(from, from + size), chunk, started);
      records += made.records;
      yield made.bytes;
    } catch (error) {
      if (chunk === 0) throw error;
      failed(error);
      return yield problemLine(isYitongError(error) ? error.code : 'internal', requestId);
    }
    chunk++;
  }
  yield line({ summary: { requestId, subjects: subjects.length, chunks: chunk, records } });
}

/** The last line of a batch that may not go on, once that is on record. @param left subjects that are not answered */
async function ended(
  { requestId, traceparent, asker }: BatchParts,
  { journal }: BatchTools,
  plan: Plan,
  code: ErrorCode | undefined,
  chunk: number,
  left: number,
  started: number,
): Promise<Buffer> {
  const body = problemLine(code ?? 'denied', requestId);
  const parts = {
    time: new Date(started).toISOString(),
    requestId,
    traceparent,
    records: [],
    bodySha256: hash('sha256', body, 'base64url'),
    bytes: body.length,
    chunk,
    subjects: left,
    asker,
  };
  await journal.append({ clear: (code === undefined ? plan.template : plan.refusal(code))(parts) });
  return body;
}

async function oneChunk(
  parts: BatchParts,
  { view, build, journal }: BatchTools,
  plan: Plan,
  subjects: readonly SubjectKey[],
  chunk: number,
  started: number,
): Promise<{ bytes: Buffer; records: number }> {
  const { client, request, requestId, traceparent, asker } = parts;
  const pieces: Buffer[] = [];
  const included: { subject: SubjectKey; counts: readonly number[] }[] = [];
  const from = await readingOf(view, subjects, plan);
  for (const subject of subjects) {
    const answer = build(from, subjectHead(subject), request.datasets, plan, subject, NOW, false, started);
    pieces.push(answer.body, NEWLINE);
    included.push({ subject, counts: answer.counts });
  }
  const body = Buffer.concat(pieces);
  const receipt = await recordMany(journal, {
    plan,
    client,
    purpose: request.purpose,
    stated: request.case,
    requestId,
    traceparent,
    time: new Date(started).toISOString(),
    chunk,
    asker,
    bodySha256: hash('sha256', body, 'base64url'),
    bytes: body.length,
    included,
  });
  const end = Buffer.from(
    `{"chunk":${String(chunk)},"subjects":${String(subjects.length)},"receipt":${receipt.json}}\n`,
    'utf8',
  );
  const records = included.reduce((sum, { counts }) => counts.reduce((all, count) => all + count, sum), 0);
  return { bytes: Buffer.concat([body, end]), records };
}

const NEWLINE = Buffer.from('\n');

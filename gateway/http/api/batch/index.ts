/**
 * POST /v1/query/batch: many subjects at once, under the grant's own limit, as a stream of lines; each chunk on record
 * before it leaves.
 */

import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ErrorCode, errorTable, isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { SubjectKey } from '../../../../contracts/ids.js';
import type { KeyScheme } from '../../../../contracts/types.js';
import { answerBuilder } from '../../../answer/question/build.js';
import { openCursors } from '../../../answer/question/cursors.js';
import { denialOf } from '../../../answer/question/denial.js';
import { withReceipt } from '../../../answer/question/receipt.js';
import { askerOf, checkScheme, parseSubject, traceOf } from '../../../answer/question/request.js';
import { deniedSchema } from '../../../answer/question/schemas.js';
import { freshness } from '../../../answer/question/status.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { refusedNow } from '../../plugins/identity.js';
import { markedOf } from '../../plugins/marks.js';
import { plansFor } from '../../plugins/plans.js';
import { callCounter } from '../../plugins/volumes.js';
import { batchChunks } from './chunks.js';
import { type BatchRequest, batchSchema, linesSchema } from './schema.js';

const ERRORS: readonly ErrorCode[] = [
  'denied',
  'purpose_required',
  'volume_exhausted',
  'bad_identifier',
  'bad_subject',
  'bad_case',
  'view_unavailable',
];

/** @throws YitongError `bad_subject`, `bad_request`, saying which by its place and never by its key */
function parseSubjects(texts: readonly string[], schemes: ReadonlyMap<string, KeyScheme>): SubjectKey[] {
  const places = new Map<SubjectKey, number>();
  return texts.map((text, place) => {
    let subject: SubjectKey;
    try {
      subject = parseSubject(text, schemes);
    } catch (error) {
      if (!isYitongError(error)) throw error;
      throw new YitongError(error.code, `\`subjects.${String(place)}\`: ${error.message}`, { cause: error });
    }
    const before = places.get(subject);
    if (before !== undefined)
      throw new YitongError(
        'bad_request',
        `\`subjects.${String(place)}\` is the same as \`subjects.${String(before)}\`; name each once`,
      );
    places.set(subject, place);
    return subject;
  });
}

/** `first`, and then the rest as it is asked for. */
async function* following(
  first: Buffer,
  rest: AsyncGenerator<Buffer, void, undefined>,
  sent: (bytes: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  sent(first.length);
  yield first;
  // left early (the client is gone), this ends `rest` as well
  for await (const bytes of rest) {
    sent(bytes.length);
    yield bytes;
  }
}

const service: Service = {
  port: 'api',
  register(app, context: GatewayContext) {
    const { completions, workspace, view, journal, now } = context;
    const { maxDatasets, maxRecords, batchChunk } = context.settings.gateway;
    const plans = plansFor(context, 'batch');
    const counted = callCounter(app, context);
    const cursors = openCursors(context.dataDir, context.settings.gateway.cursorKeyFile);
    const build = answerBuilder(freshness(view), maxRecords, cursors, markedOf(app, context));

    app.post<{ Body: BatchRequest }>(
      '/v1/query/batch',
      {
        // `curl --json` and others ask for JSON whatever they expect; lines of JSON are what they get
        config: {
          regions: true,
          errors: ERRORS,
          offers: ['application/x-ndjson', 'application/json'],
        },
        schema: {
          operationId: 'batch',
          summary: 'ask about many subjects at once',
          description:
            'For grants with the delivery `batch`, up to their `batchLimit` of subjects. The answer is a ' +
            'stream; what it is made from is decided and read chunk by chunk.',
          tags: ['query'],
          body: batchSchema(maxDatasets, maxRecords),
          produces: ['application/x-ndjson'],
          response: { 200: linesSchema, 403: deniedSchema },
        },
        // lines are bytes already; the schema above is for OpenAPI
        serializerCompiler: () => JSON.stringify,
      },
      async (request, reply) => {
        const asked = request.body;
        const client = clientOf(request);
        const asker = askerOf(client, asked.asker);
        const subjects = parseSubjects(asked.subjects, workspace.schemes);
        const started = now();
        const plan = plans.make(client, asked, started, subjects.length);
        const traceparent = traceOf(request);
        if (plan.read.length === 0) {
          const body = Buffer.from(denialOf(plan, request.id), 'utf8');
          const receipt = await journal.append({
            clear: plan.template({
              time: new Date(started).toISOString(),
              requestId: request.id,
              traceparent,
              records: [],
              bodySha256: hash('sha256', body, 'base64url'),
              bytes: body.length,
              subjects: subjects.length,
              asker,
            }),
          });
          const whole = withReceipt(body, receipt.json);
          completions.watch(request, reply, client.id, () => whole.length);
          return reply.code(errorTable.denied.status).header('content-type', 'application/problem+json').send(whole);
        }
        for (const subject of subjects) checkScheme(plan.contracts, subject);
        if (plan.volumes !== undefined) await counted(plan, { request, started });
        const refused = (): ErrorCode | undefined => refusedNow(context, request, client);
        const failed = (error: unknown): void =>
          request.log.error({ err: error, requestId: request.id }, 'batch failed');
        const chunks = batchChunks(
          { client, request: asked, subjects, requestId: request.id, traceparent, asker },
          {
            plans,
            view,
            build,
            journal,
            now,
            size: batchChunk,
            refused,
            ending: context.ending ?? (() => false),
            failed,
          },
        );
        // the first is made before the head is sent, so that what fails at once has its status
        const first = await chunks.next();
        let bytes = 0;
        completions.watch(request, reply, client.id, () => bytes);
        const stream = Readable.from(
          following(first.value ?? Buffer.alloc(0), chunks, (length) => (bytes += length)),
          { objectMode: false },
        );
        return reply.code(200).header('content-type', 'application/x-ndjson; charset=utf-8').send(stream);
      },
    );
  },
};
export default service;

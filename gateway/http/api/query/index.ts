/**
 * POST /v1/query: one subject, several departments, for a stated purpose.
 *
 * The order is the promise: decide, read, build, make the entry durable, and only then send the first byte.
 */

import { Type } from 'typebox';
import { errorTable, YitongError } from '../../../../contracts/errors.js';
import { type Answer, answerBuilder, isoCache } from '../../../answer/question/build.js';
import { openCursors } from '../../../answer/question/cursors.js';
import { denialOf } from '../../../answer/question/denial.js';
import type { Plan } from '../../../answer/question/plan.js';
import { RECEIPT_ROOM, withReceipt } from '../../../answer/question/receipt.js';
import { askerOf, checkScheme, parseSubject, sealedOf, traceOf } from '../../../answer/question/request.js';
import { deniedSchema } from '../../../answer/question/schemas.js';
import { freshness } from '../../../answer/question/status.js';
import type { ReadPoint } from '../../../answer/view/port.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { DIGEST_TO_COME } from '../../../log/entries/answer-digest.js';
import type { EntryDraft } from '../../../log/entries/port.js';
import { markedOf } from '../../plugins/marks.js';
import { plansFor } from '../../plugins/plans.js';
import { callCounter } from '../../plugins/volumes.js';
import { dryRun } from './dry.js';
import { answerSchema, dryRunSchema, type QueryRequest, querySchema } from './schema.js';

function readPoint(query: QueryRequest): ReadPoint {
  if (query.asOf !== undefined && query.cut !== undefined)
    throw new YitongError('bad_request', 'give `asOf` or `cut`, not both');
  if (query.cut !== undefined) return { kind: 'cut', cut: query.cut };
  return query.asOf === undefined ? { kind: 'now' } : { kind: 'asOf', time: Date.parse(query.asOf) };
}

const config = {
  regions: true,
  errors: [
    'denied',
    'purpose_required',
    'volume_exhausted',
    'bad_identifier',
    'bad_subject',
    'bad_cursor',
    'bad_case',
    'view_unavailable',
  ],
} as const;

const service: Service = {
  port: 'api',
  register(app, context: GatewayContext) {
    const { completions, workspace, view, journal, now } = context;
    const { maxDatasets, maxRecords } = context.settings.gateway;
    const plans = plansFor(context, 'query');
    const cursors = openCursors(context.dataDir, context.settings.gateway.cursorKeyFile);
    const build = answerBuilder(freshness(view), maxRecords, cursors, markedOf(app, context));

    const iso = isoCache();
    const counted = callCounter(app, context);

    app.post<{ Body: QueryRequest }>(
      '/v1/query',
      {
        config,
        schema: {
          operationId: 'query',
          summary: 'ask about a subject across departments, for a stated purpose',
          description:
            'Each dataset answers with its status and source time, also where no record matches. Fields that ' +
            'are not released are named under `withheld`. The receipt is the last member; the digest in the ' +
            'log is over the answer without it.',
          tags: ['query'],
          body: querySchema(maxDatasets, maxRecords),
          response: { 200: Type.Union([answerSchema, dryRunSchema]), 403: deniedSchema },
        },
        // answers are bytes already; the schema above is for OpenAPI
        serializerCompiler: () => JSON.stringify,
      },
      async (request, reply) => {
        const query = request.body;
        const started = now();
        const client = clientOf(request);
        const asker = askerOf(client, query.asker);
        const { span } = request;
        span?.step('decide');
        const subject = parseSubject(query.subject, workspace.schemes);
        const at = readPoint(query);
        const plan = plans.for(client, query, started);
        const allowed = plan.read.length > 0;
        if (allowed) checkScheme(plan.contracts, subject);
        const time = iso(started);
        // the id is ours or of a pattern without quotes (app.ts)
        const head = `{"requestId":"${request.id}","time":"${time}",`;
        const dry = query.dryRun === true;
        if (plan.volumes !== undefined && !dry) await counted(plan, { request, started, subject, stated: query.case });
        span?.step('read');
        // a view in place is read without waiting
        const from = allowed && !dry && view.fetch !== undefined ? await view.fetch([subject], plan.readIds, at) : view;
        const answer: Answer = dry
          ? unread(dryRun(plan, head), plan)
          : allowed
            ? build(from, head, query.datasets, plan, subject, at, query.returnCut === true, started, RECEIPT_ROOM)
            : unread(Buffer.from(denialOf(plan, request.id), 'utf8'), plan);
        const draft: EntryDraft = {
          clear: plan.template({
            time,
            requestId: request.id,
            traceparent: traceOf(request),
            asOf: query.asOf,
            records: answer.counts,
            bodySha256: DIGEST_TO_COME,
            bytes: answer.body.length,
            dryRun: dry,
            asker,
          }),
          subject: { subject, json: sealedOf(query.case, plan.unknown) },
          answer: answer.body,
        };
        span?.step('audit');
        const receipt = await journal.append(draft);
        span?.step('respond');
        const whole = withReceipt(answer.body, receipt.json, answer.room);
        completions.watch(request, reply, client.id, () => whole.length);
        const ok = allowed || dry;
        return reply
          .code(ok ? 200 : errorTable.denied.status)
          .header('content-type', ok ? 'application/json; charset=utf-8' : 'application/problem+json')
          .send(whole);
      },
    );
  },
};
export default service;

/** An answer for which no record was read. */
const unread = (body: Buffer, plan: Plan): Answer => ({ body, room: body, counts: plan.datasets.map(() => 0) });

/**
 * POST /v1/query: one subject, several departments, for a stated purpose.
 *
 * The order is the promise: decide, read, build, make the entry durable, and only then send the first byte.
 */
import { hash } from 'node:crypto';
import { Type } from 'typebox';
import { errorTable, YitongError } from '../../../contracts/errors.js';
import { subjectKey, type SubjectKey } from '../../../contracts/ids.js';
import type { KeyScheme } from '../../../contracts/types.js';
import { completedBody, releasedSubjectJson } from '../../audit/events.js';
import type { EntryDraft } from '../../audit/port.js';
import { clientOf, type GatewayContext, type Service } from '../../context.js';
import type { ReadPoint } from '../../view/port.js';
import { answerBuilder, type Answer } from './answer.js';
import { Plans, type Plan } from './plan.js';
import { answerSchema, querySchema, type QueryRequest } from './schema.js';
import { freshness } from './status.js';

/** @throws YitongError `bad_subject`; the message names the rule, never the key */
export function parseSubject(text: string, schemes: ReadonlyMap<string, KeyScheme>): SubjectKey {
  const colon = text.indexOf(':');
  const scheme = schemes.get(text.slice(0, Math.max(colon, 0)));
  if (scheme === undefined) throw new YitongError('bad_subject', `a subject is written \`scheme:key\`; schemes are ${[...schemes.keys()].join(', ')}`);
  const parsed = scheme.parse(text.slice(colon + 1));
  if (!parsed.ok) throw new YitongError('bad_subject', `not a valid key of scheme \`${scheme.id}\`: ${parsed.reason}`);
  return subjectKey(scheme.id, parsed.key);
}

function readPoint(query: QueryRequest): ReadPoint {
  if (query.asOf !== undefined && query.cut !== undefined) throw new YitongError('bad_request', 'give `asOf` or `cut`, not both');
  if (query.cut !== undefined) return { kind: 'cut', cut: query.cut };
  return query.asOf === undefined ? { kind: 'now' } : { kind: 'asOf', time: Date.parse(query.asOf) };
}

/** The same bytes whether or not the subject exists: nothing here has looked at the view. */
function denial(plan: Plan, requestId: string): string {
  const { status, title } = errorTable.denied;
  return `{"type":"urn:yitong:error:denied","title":${JSON.stringify(title)},"status":${status},"code":"denied","requestId":${JSON.stringify(requestId)},"datasets":[${plan.datasets.map(({ denied }) => denied).join(',')}]}`;
}

/** An answer's bytes with its receipt as the last member. */
export function withReceipt(body: Buffer, receipt: string): Buffer {
  const tail = `,"receipt":${receipt}}`;
  const whole = Buffer.allocUnsafe(body.length - 1 + Buffer.byteLength(tail));
  body.copy(whole, 0, 0, body.length - 1);
  whole.write(tail, body.length - 1);
  return whole;
}

function checkSchemes(plan: Plan, subject: SubjectKey): void {
  const scheme = subject.slice(0, subject.indexOf(':'));
  for (const { contract } of plan.read) {
    if (contract.subject.scheme !== scheme) {
      throw new YitongError('bad_subject', `\`${contract.id}\` is keyed by \`${contract.subject.scheme}\`, so it cannot be asked by another scheme`);
    }
  }
}

/** Unique dataset ids: asking twice would read twice and count twice. */
function checkUnique(query: QueryRequest): void {
  if (query.datasets.length > 1 && new Set(query.datasets.map(({ id }) => id)).size !== query.datasets.length) {
    throw new YitongError('bad_request', 'name each dataset once');
  }
}

const service: Service = {
  port: 'api',
  register(app, context: GatewayContext) {
    const { workspace, view, journal, now } = context;
    const { maxDatasets, maxRecords } = context.settings.gateway;
    const plans = new Plans({ workspace, decider: context.decider, purposes: context.purposes });
    const build = answerBuilder(view, freshness(view), maxRecords);

    app.post<{ Body: QueryRequest }>(
      '/v1/query',
      {
        schema: {
          summary: 'ask about a subject across departments, for a stated purpose',
          description:
            'Each dataset answers with its status and source time, also where no record matches. Fields that are not released are named under `withheld`. The receipt is the last member; the digest in the log is over the answer without it.',
          tags: ['query'],
          body: querySchema(maxDatasets, maxRecords),
          response: { 200: answerSchema, 403: Type.Object({}, { additionalProperties: true }) },
        },
        // answers are bytes already; the schema above is for OpenAPI
        serializerCompiler: () => JSON.stringify,
      },
      async (request, reply) => {
        const query = request.body;
        const started = now();
        const client = clientOf(request);
        checkUnique(query);
        const subject = parseSubject(query.subject, workspace.schemes);
        const at = readPoint(query);
        const plan = plans.for(client, query, started);
        const allowed = plan.read.length > 0;
        if (allowed) checkSchemes(plan, subject);
        const answer: Answer = allowed ? build(query, plan, subject, at, request.id, started) : refused(denial(plan, request.id), plan, started);
        const draft: EntryDraft = {
          clear: plan.template({
            time: answer.time,
            requestId: request.id,
            traceparent: traceOf(request.headers['traceparent']),
            item: query.case?.item,
            asOf: query.asOf,
            records: answer.counts,
            bodySha256: answer.digest,
            bytes: answer.body.length,
          }),
          subject: { subject, json: sealed(query, plan) },
        };
        const receipt = await journal.append(draft);
        const whole = withReceipt(answer.body, receipt.json);
        const completed = (): void =>
          journal.note({
            clear: completedBody({
              time: new Date(now()).toISOString(),
              requestId: request.id,
              client: client.id,
              status: reply.raw.statusCode,
              bytes: whole.length,
              microseconds: Math.round(reply.elapsedTime * 1000),
              aborted: !reply.raw.writableFinished,
            }),
          });
        // a client may have gone while its entry was being made durable
        if (reply.raw.closed) completed();
        else reply.raw.once('close', completed);
        return reply
          .code(allowed ? 200 : errorTable.denied.status)
          .header('content-type', allowed ? 'application/json; charset=utf-8' : 'application/problem+json')
          .send(whole);
      },
    );
  },
};
export default service;

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
/** W3C Trace Context, level 1; anything else is not repeated. */
export const traceOf = (header: string | string[] | undefined): string | undefined => (typeof header === 'string' && TRACEPARENT.test(header) ? header : undefined);

/** What of a request may name somebody: case, actor, and words that the workspace does not know. */
function sealed(query: QueryRequest, plan: Plan): string {
  if (plan.unknown !== undefined) return JSON.stringify({ ...query.case, asked: plan.unknown });
  return query.case === undefined ? '{}' : releasedSubjectJson(query.case);
}

function refused(text: string, plan: Plan, now: number): Answer {
  const body = Buffer.from(text, 'utf8');
  return { body, time: new Date(now).toISOString(), digest: hash('sha256', body, 'base64url'), counts: plan.datasets.map(() => 0) };
}

/**
 * POST /v1/verify (核验): whether what somebody states is what a department has on record. The value never leaves.
 *
 * The order: decide, count the guess, read and compare, make the entry and the count durable, and only then answer.
 * What is denied is decided before the view is looked at, so its bytes are the same for any subject.
 */
import { join } from 'node:path';
import { errorTable } from '../../../../contracts/errors.js';
import { denialHead } from '../../../answer/question/denial.js';
import { withReceipt } from '../../../answer/question/receipt.js';
import { askerOf, checkScheme, parseSubject, sealedOf, traceOf } from '../../../answer/question/request.js';
import { freshness } from '../../../answer/question/status.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { secretIn } from '../../../ground/state/secret.js';
import { DIGEST_TO_COME } from '../../../log/entries/answer-digest.js';
import { plansFor } from '../../plugins/plans.js';
import { callCounter } from '../../plugins/volumes.js';
import { askedOf, type Ready, readyClaims } from './claims.js';
import { comparisons } from './compare.js';
import { type Guesses, guessesIn, openGuesses } from './guesses.js';
import { claimReader, type Verified } from './read.js';
import { deniedClaimsSchema, type VerifyRequest, verifiedSchema, verifySchema } from './schema.js';

function claimsJson({ claims }: VerifyRequest, results: readonly Verified[]): string {
  const texts = claims.map(({ dataset, field }, i) => {
    const { result, reason, json } = results[i] ?? { result: 'not_answered', reason: 'error', json: '' };
    const why = reason === undefined ? '' : `,"reason":"${reason}"`;
    return `{"dataset":${JSON.stringify(dataset)},"field":${JSON.stringify(field)},"result":"${result}"${why}${json}}`;
  });
  return `"claims":[${texts.join(',')}]`;
}

/**
 * The claims that may be compared: those over the limit of guesses become `guess_limit`, whether or not they would
 * match.
 */
async function limited(
  guesses: Guesses,
  claims: readonly Ready[],
  client: string,
  subject: string,
  now: number,
): Promise<Ready[]> {
  const open = claims.flatMap((claim) =>
    claim.kind === 'compare' ? [{ client, subject, dataset: claim.id, field: claim.path, value: claim.value }] : [],
  );
  const admitted = open.length === 0 ? [] : await guesses.admit(open, now);
  let i = 0;
  return claims.map((claim) =>
    claim.kind !== 'compare' || admitted[i++] === true ? claim : { kind: 'not_answered', reason: 'guess_limit' },
  );
}

const config = {
  regions: true,
  errors: [
    'denied',
    'purpose_required',
    'volume_exhausted',
    'bad_identifier',
    'bad_subject',
    'bad_case',
    'view_unavailable',
  ],
} as const;

const service: Service = {
  port: 'api',
  register(app, context: GatewayContext) {
    const { completions, workspace, view, journal, now } = context;
    const { verifyGuesses } = context.settings.gateway;
    const plans = plansFor(context, 'verify');
    const counted = callCounter(app, context);
    const comparison = comparisons(workspace.schemes);
    const read = claimReader(freshness(view), workspace);
    // opened at the first request: most gateways verify nothing
    let guesses: Guesses | undefined;
    app.addHook('onClose', async () => guesses?.close());

    app.post<{ Body: VerifyRequest }>(
      '/v1/verify',
      {
        config,
        schema: {
          operationId: 'verify',
          summary: 'compare what somebody states with what departments have on record, without seeing it',
          description:
            `For fields that a grant releases as \`match\` or \`value\` by \`verify\`. At most ` +
            `${String(verifyGuesses)} different values a client, subject and field in 24 hours; then ` +
            `\`guess_limit\`. Values are compared in normal form: keys by their scheme, numbers by value, text ` +
            'in NFC without white space at its ends, nothing else folded.',
          tags: ['verify'],
          body: verifySchema,
          response: { 200: verifiedSchema, 403: deniedClaimsSchema },
        },
        // answers are bytes already; the schema above is for OpenAPI
        serializerCompiler: () => JSON.stringify,
      },
      async (request, reply) => {
        const asked = request.body;
        const started = now();
        const time = new Date(started).toISOString();
        const client = clientOf(request);
        const asker = askerOf(client, asked.asker);
        const { span } = request;
        span?.step('decide');
        const subject = parseSubject(asked.subject, workspace.schemes);
        const plan = plans.for(client, askedOf(asked), started);
        const allowed = plan.read.length > 0;
        if (allowed) checkScheme(plan.contracts, subject);
        if (plan.volumes !== undefined) await counted(plan, { request, started, subject, stated: asked.case });
        guesses ??=
          context.state === undefined
            ? openGuesses(join(context.dataDir, 'verify'), verifyGuesses)
            : guessesIn(context.state, verifyGuesses, await secretIn(context.state, 'guesses'));
        const claims = await limited(guesses, readyClaims(asked.claims, plan, comparison), client.id, subject, started);
        span?.step('read');
        const compares = claims.some(({ kind }) => kind === 'compare');
        const from =
          compares && view.fetch !== undefined ? await view.fetch([subject], plan.readIds, { kind: 'now' }) : view;
        const { results, records } = compares ? read(from, claims, plan, subject, started) : unread(claims);
        const head = allowed ? `{"requestId":${JSON.stringify(request.id)},"time":"${time}",` : denialHead(request.id);
        const body = Buffer.from(`${head}${claimsJson(asked, results)}}`, 'utf8');
        let at = 0;
        span?.step('audit');
        const receipt = await journal.append({
          clear: plan.template({
            time,
            requestId: request.id,
            traceparent: traceOf(request),
            records: plan.datasets.map((dataset) => (dataset.allowed === undefined ? 0 : (records[at++] ?? 0))),
            bodySha256: DIGEST_TO_COME,
            bytes: body.length,
            asker,
          }),
          subject: {
            subject,
            json: sealedOf(
              asked.case,
              plan.unknown,
              results.map(({ result }) => result),
            ),
          },
          answer: body,
        });
        span?.step('respond');
        const whole = withReceipt(body, receipt.json);
        completions.watch(request, reply, client.id, () => whole.length);
        return reply
          .code(allowed ? 200 : errorTable.denied.status)
          .header('content-type', allowed ? 'application/json; charset=utf-8' : 'application/problem+json')
          .send(whole);
      },
    );
  },
};
export default service;

/** Nothing may be compared, so nothing is read. */
const unread = (claims: readonly Ready[]): { results: Verified[]; records: number[] } => ({
  results: claims.map((claim) => ({
    result: 'not_answered',
    reason: claim.kind === 'not_answered' ? claim.reason : 'error',
    json: '',
  })),
  records: [],
});

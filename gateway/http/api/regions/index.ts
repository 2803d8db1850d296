/**
 * POST /v1/regions/{region}/query and …/verify: a question that another region's gateway answers (跨省通办).
 *
 * Both decide and both log, under one id. The order is the promise: decide, make it durable that it is asked, send it,
 * make durable what was answered, and only then pass that on.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, errorTable } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { saysSomething } from '../../../../contracts/visible.js';
import { decideAsk } from '../../../../policies/regions.js';
import type { Region } from '../../../../policies/types.js';
import { withReceipt } from '../../../answer/question/receipt.js';
import { checkNames, checkUnique, parseSubject, sealedOf, traceOf } from '../../../answer/question/request.js';
import { type FarAnswer, FarRegions } from '../../../answer/regions/far.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { countError, countRegion } from '../../../ground/counts/counts.js';
import { DIGEST_TO_COME } from '../../../log/entries/answer-digest.js';
import { regionBody, UNKNOWN } from '../../../log/entries/events.js';
import { answerSha256 } from '../../../log/proof/promised.js';
import {
  type FarQuery,
  type FarVerify,
  farAnswerSchema,
  farDeniedSchema,
  farQuerySchema,
  farVerifySchema,
  paramsSchema,
} from './schema.js';

type Way = 'query' | 'verify';
type Asked = FastifyRequest<{ Params: { region: string }; Body: FarQuery | FarVerify }>;

const datasetsOf = (body: FarQuery | FarVerify): readonly string[] =>
  'claims' in body ? [...new Set(body.claims.map(({ dataset }) => dataset))] : body.datasets.map(({ id }) => id);

/** What every entry of one question has. */
type Entry = Omit<Parameters<typeof regionBody>[0], 'time' | 'step'>;

/** A question while it is on its way. */
class Transaction {
  readonly #context: GatewayContext;
  readonly #request: Asked;
  readonly #way: Way;
  readonly #far: FarRegions;

  constructor(context: GatewayContext, far: FarRegions, request: Asked, way: Way) {
    this.#context = context;
    this.#far = far;
    this.#request = request;
    this.#way = way;
  }

  async run(reply: FastifyReply): Promise<FastifyReply> {
    const { body, params, span } = this.#request;
    const { inForce, settings, workspace, now } = this.#context;
    const client = clientOf(this.#request);
    const datasets = datasetsOf(body);
    span?.step('decide');
    checkNames({ purpose: body.purpose, datasets: datasets.map((id) => ({ id })) });
    if (!('claims' in body)) checkUnique(body.datasets);
    const subject = parseSubject(body.subject, workspace.schemes);
    const { policies, purposes } = inForce();
    // one that has no name among regions has no certificate for them
    const region = settings.region.id === '' ? undefined : policies.regions.get(params.region);
    const wanted = { client: client.id, purpose: body.purpose, datasets, delivery: this.#way };
    const decision = decideAsk(region, wanted, now());
    const offered = new Set(region?.offer.datasets);
    const entry: Entry = {
      requestId: this.#request.id,
      ...present({ traceparent: traceOf(this.#request) }),
      region: region?.id ?? UNKNOWN,
      client: client.id,
      authority: client.authority,
      purpose: purposes.has(body.purpose) ? body.purpose : UNKNOWN,
      delivery: this.#way,
      stated: Object.entries(body.case ?? {}).flatMap(([part, text]) => (saysSomething(text) ? [part] : [])),
      asked: datasets.map((id) => (offered.has(id) ? id : UNKNOWN)),
      policyVersion: policies.version,
    };
    const sealed = { subject, json: sealedOf(body.case, undefined) };
    if (decision.effect === 'deny' || region === undefined) {
      const reason = decision.effect === 'deny' ? decision.reason : 'not_granted';
      const bytes = this.#problem('denied', { by: 'here', reason });
      return this.#passOn(reply, 'denied', bytes, { ...entry, step: 'denied', reason }, sealed);
    }
    span?.step('audit');
    const { legalBasis } = decision;
    await this.#context.journal.append({
      clear: regionBody({ ...entry, time: this.#time(), step: 'asked', legalBasis }),
      subject: sealed,
    });
    span?.step('read');
    const asker = { client: client.id, authority: client.authority, legalBasis };
    const answer = await this.#far.ask(region.offer, {
      path: `/v1/${this.#way}`,
      body: Buffer.from(JSON.stringify({ ...body, asker })),
      requestId: this.#request.id,
      traceparent: traceOf(this.#request),
    });
    return await this.#answered(reply, region, answer, entry, sealed);
  }

  /** What came back, on record and then passed on. */
  async #answered(
    reply: FastifyReply,
    { id }: Region,
    answer: FarAnswer,
    entry: Entry,
    sealed: { readonly subject: string; readonly json: string },
  ): Promise<FastifyReply> {
    const attempts = { attempts: answer.attempts };
    // whoever was called back while the region was asked is told nothing
    const after = this.#context.inForce().policies.regions.get(id);
    if (after?.status !== 'active') {
      const reason = 'grant_suspended';
      const bytes = this.#problem('denied', { by: 'here', reason });
      return this.#passOn(reply, 'denied', bytes, { ...entry, ...attempts, step: 'denied', reason }, sealed);
    }
    if (answer.kind === 'away') {
      const bytes = this.#problem('region_unavailable', { by: id });
      void reply.header('retry-after', String(answer.again));
      return this.#passOn(reply, 'region_unavailable', bytes, { ...entry, ...attempts, step: 'unavailable' }, sealed);
    }
    const said = readAnswer(answer.bytes);
    const theirs = { theirs: { ...present({ receipt: said?.receipt }), answerSha256: answerSha256(answer.bytes) } };
    if (answer.status === 200 && said?.receipt !== undefined) {
      const head = `{"requestId":"${this.#request.id}","time":"${this.#time()}","region":"${id}","answer":`;
      const bytes = Buffer.concat([Buffer.from(head), answer.bytes, Buffer.from('}')]);
      return this.#passOn(reply, undefined, bytes, { ...entry, ...attempts, ...theirs, step: 'answered' }, sealed);
    }
    const code = said?.code ?? 'internal';
    const denied = answer.status === errorTable.denied.status && code === 'denied' && said?.receipt !== undefined;
    const [own, step] = denied ? (['denied', 'denied_there'] as const) : (['region_refused', 'refused_there'] as const);
    const bytes = this.#problem(own, { by: id, said: code }, denied ? answer.bytes : undefined);
    return this.#passOn(reply, own, bytes, { ...entry, ...attempts, ...theirs, said: code, step }, sealed);
  }

  /** @param answer bytes of the region's answer, which stand in it as they are */
  #problem(code: ErrorCode, more: object, answer?: Buffer): Buffer {
    countError(code);
    const { status, title } = errorTable[code];
    const head = JSON.stringify({
      type: `urn:yitong:error:${code}`,
      title,
      status,
      code,
      requestId: this.#request.id,
      ...more,
    });
    if (answer === undefined) return Buffer.from(head);
    return Buffer.concat([Buffer.from(`${head.slice(0, -1)},"answer":`), answer, Buffer.from('}')]);
  }

  /** @param code undefined of an answer */
  async #passOn(
    reply: FastifyReply,
    code: ErrorCode | undefined,
    body: Buffer,
    entry: Omit<Parameters<typeof regionBody>[0], 'time'>,
    subject: { readonly subject: string; readonly json: string },
  ): Promise<FastifyReply> {
    this.#request.span?.step('audit');
    const receipt = await this.#context.journal.append({
      clear: regionBody({ ...entry, time: this.#time(), bodySha256: DIGEST_TO_COME, bytes: body.length }),
      subject,
      answer: body,
    });
    if (entry.region !== UNKNOWN) countRegion(entry.region, 'out', entry.step, this.#context.now());
    this.#request.span?.step('respond');
    const whole = withReceipt(body, receipt.json);
    this.#context.completions.watch(this.#request, reply, clientOf(this.#request).id, () => whole.length);
    return reply
      .code(code === undefined ? 200 : errorTable[code].status)
      .header('content-type', code === undefined ? 'application/json; charset=utf-8' : 'application/problem+json')
      .send(whole);
  }

  #time(): string {
    return new Date(this.#context.now()).toISOString();
  }
}

interface Said {
  readonly code?: ErrorCode;
  /** As JSON text. */
  readonly receipt?: string;
}

/** What of a region's answer is looked at; undefined where it is none of a gateway. */
function readAnswer(bytes: Buffer): Said | undefined {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as { readonly code?: unknown; readonly receipt?: unknown } | null;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const { code, receipt } = value;
    return {
      ...(typeof code === 'string' && Object.hasOwn(errorTable, code) ? { code: code as ErrorCode } : {}),
      ...(typeof receipt === 'object' && receipt !== null ? { receipt: JSON.stringify(receipt) } : {}),
    };
  } catch {
    return undefined;
  }
}

const WAYS: Readonly<Record<Way, string>> = {
  query: 'ask another region about a subject, for a stated purpose',
  verify: 'compare what somebody states with what another region has on record, without seeing it',
};

const service: Service = {
  port: 'api',
  register(app, context: GatewayContext) {
    const { maxDatasets, maxRecords } = context.settings.gateway;
    const far = new FarRegions({
      settings: context.settings.region,
      dir: context.workspace.dir,
      now: context.now,
      onFault: (region, error) => app.log.warn({ region, err: error }, 'a region did not answer'),
    });
    app.addHook('onClose', () => far.close());
    const bodies = { query: farQuerySchema(maxDatasets, maxRecords), verify: farVerifySchema };
    for (const way of ['query', 'verify'] as const) {
      app.post<{ Params: { region: string }; Body: FarQuery | FarVerify }>(
        `/v1/regions/:region/${way}`,
        {
          config: {
            errors: ['denied', 'bad_identifier', 'bad_subject', 'bad_case', 'region_refused', 'region_unavailable'],
          },
          schema: {
            operationId: way === 'query' ? 'queryRegion' : 'verifyRegion',
            summary: WAYS[way],
            description:
              `As \`POST /v1/${way}\`, of a region whose file is in force. Both gateways decide and have it on ` +
              "record under one `requestId`; the answer has both receipts, the region's as the last member of " +
              '`answer`. `by` says who denied it.',
            tags: ['regions'],
            params: paramsSchema,
            body: bodies[way],
            response: { 200: farAnswerSchema, 403: farDeniedSchema, 502: farDeniedSchema, 503: farDeniedSchema },
          },
          // answers are bytes already; the schema above is for OpenAPI
          serializerCompiler: () => JSON.stringify,
        },
        (request, reply) => new Transaction(context, far, request, way).run(reply),
      );
    }
  },
};
export default service;

/**
 * POST /v1/region-cases: what the gateway of another region brings of a case (跨省通办). And the other way: errands of
 * cases here are carried to other regions by one worker at a time.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { decideCase } from '../../../../policies/regions.js';
import type { Region } from '../../../../policies/types.js';
import { withReceipt } from '../../../answer/question/receipt.js';
import { traceOf } from '../../../answer/question/request.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { countRegion } from '../../../ground/counts/counts.js';
import { DIGEST_TO_COME } from '../../../log/entries/answer-digest.js';
import { administrationBody, regionBody, UNKNOWN } from '../../../log/entries/events.js';
import { answerSha256, type Promised } from '../../../log/proof/promised.js';
import { checkPromise } from '../../../procedures/cases/abroad.js';
import { type ErrandBody, errandBody } from '../../../procedures/cases/errand-body.js';
import { sendErrands } from '../../../procedures/cases/errand-sending.js';
import type { WaitingErrand } from '../../../procedures/cases/errands.js';
import { caseDeskOf } from '../../../procedures/cases/opened.js';

type Desk = ReturnType<typeof caseDeskOf>;
type Brought = FastifyRequest<{ Body: ErrandBody }>;

/** Uploads come with an item; each is no larger than one that people upload. */
const MOST_BYTES = 67_108_864;
/** ms between two looks whether there is a state yet, in which something could wait. */
const LOOK = 1000;

/** What came, taken or not. */
class Reception {
  readonly #context: GatewayContext;
  readonly #desk: Desk;

  constructor(context: GatewayContext, desk: Desk) {
    this.#context = context;
    this.#desk = desk;
  }

  async take(request: Brought): Promise<Buffer> {
    const { inForce, now, settings } = this.#context;
    const { body } = request;
    const client = clientOf(request);
    const { policies } = inForce();
    const region = policies.regions.get(client.region ?? '');
    if (region === undefined) throw new YitongError('not_found', 'the region is not known any more');
    if (body.id !== request.id) throw new YitongError('bad_request', 'an errand comes under its own id');
    const digest = this.#checked(region, body);
    const { cases } = await this.#desk.ground();
    const bundle = cases.bundles.get(body.bundle);
    const entry = {
      requestId: request.id,
      ...present({ traceparent: traceOf(request) }),
      region: region.id,
      client: client.id,
      authority: bundle?.items.get(body.item)?.authority ?? UNKNOWN,
      purpose: bundle?.purpose ?? UNKNOWN,
      delivery: 'case' as const,
      stated: [],
      asked: [],
      policyVersion: policies.version,
      theirs: { receipt: JSON.stringify(body.receipt), answerSha256: digest },
      ...(bundle === undefined
        ? {}
        : { errand: { case: body.case, bundle: bundle.id, item: body.item, act: body.act } }),
    };
    const subject = { subject: body.subject, json: '{}' };
    const time = (): string => new Date(now()).toISOString();
    if (body.act === 'begin') {
      const decision = decideCase(region, { way: 'in', bundle: body.bundle, item: body.item }, now());
      if (decision.effect === 'deny') {
        const { reason } = decision;
        const clear = regionBody({ ...entry, time: time(), step: 'denied', reason });
        await this.#context.journal.append({ clear, subject });
        countRegion(region.id, 'in', 'denied', now());
        throw new YitongError('denied', 'the item may not be done here for that region');
      }
    }
    await cases.regional.receive(region.id, body, {
      record: (deed) =>
        this.#context.journal.append({
          clear: administrationBody({
            time: time(),
            action: deed.action,
            by: client.id,
            target: deed.target,
            detail: { requestId: request.id, ...deed.detail },
          }),
          subject: { subject: deed.subject, json: JSON.stringify(deed.about) },
        }),
    });
    const said = { requestId: request.id, time: time(), region: settings.region.id, errand: body.id, outcome: 'taken' };
    const bytes = Buffer.from(JSON.stringify(said));
    const { json } = await this.#context.journal.append({
      clear: regionBody({ ...entry, time: time(), step: 'taken', bodySha256: DIGEST_TO_COME, bytes: bytes.length }),
      subject,
      answer: bytes,
    });
    countRegion(region.id, 'in', 'taken', now());
    return withReceipt(bytes, json);
  }

  /** That the log of the region promises what came, byte for byte. @throws YitongError `bad_request` */
  #checked(region: Region, body: ErrandBody): string {
    // as it was sent: the gateway there writes it so
    const digest = answerSha256(Buffer.from(JSON.stringify(body)));
    try {
      checkPromise(region, body.receipt as unknown as Promised, digest);
    } catch (cause) {
      throw new YitongError('bad_request', 'the log of that region does not promise what its gateway brought', {
        cause,
      });
    }
    return digest;
  }
}

/** Carries what waits, once there is a state in which it could. */
function carrying(context: GatewayContext, desk: Desk, onTrouble: (error: unknown) => void) {
  const { settings, dataDir, state: shared } = context;
  let sending: Promise<ReturnType<typeof sendErrands>> | undefined;
  const begin = async () => {
    const { state, cases, abroad } = await desk.ground();
    const carry = async (errand: WaitingErrand) => {
      const bundle = cases.bundles.get(errand.bundle);
      if (bundle === undefined) return { outcome: 'later' as const, code: 'bad_bundle' };
      const authority = bundle.items.get(errand.item)?.authority ?? bundle.authority;
      const { client, purpose } = bundle;
      try {
        return await abroad.carry(errand, await cases.regional.bodyOf(errand), { client, purpose, authority });
      } catch (error) {
        onTrouble(error);
        return { outcome: 'later' as const, code: error instanceof YitongError ? error.code : 'internal' };
      }
    };
    return sendErrands({ state, holder: randomBytes(8).toString('hex'), carry, now: context.now, onTrouble });
  };
  const timer = setInterval(() => {
    if (settings.region.id === '' || sending !== undefined) return;
    if (shared === undefined && !existsSync(join(dataDir, 'state'))) return;
    sending = begin();
    sending.catch((error: unknown) => {
      onTrouble(error);
      sending = undefined;
    });
  }, LOOK);
  return async (): Promise<void> => {
    clearInterval(timer);
    await (await sending?.catch(() => undefined))?.stop();
  };
}

const service: Service = {
  port: 'api',
  register(app, context) {
    const desk = caseDeskOf(context);
    const reception = new Reception(context, desk);
    const stop = carrying(context, desk, (error) =>
      app.log.warn({ err: error }, 'what of cases goes to other regions is not carried'),
    );
    app.addHook('onClose', async () => {
      await stop();
      await desk.close();
    });
    app.post<{ Body: ErrandBody }>(
      '/v1/region-cases',
      {
        bodyLimit: MOST_BYTES,
        config: { regions: 'only' },
        schema: { hide: true, body: errandBody },
        // bytes already
        serializerCompiler: () => JSON.stringify,
      },
      async (request, reply) =>
        reply.header('content-type', 'application/json; charset=utf-8').send(await reception.take(request)),
    );
  },
};
export default service;

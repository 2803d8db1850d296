/**
 * What somebody is refused is on record before they are told. One place for every route of both ports: an error that
 * leaves is looked at here, and if its code is a refusal of the error table, whoever is known has an entry of their
 * own, and whoever is not is counted by address and minute. Decisions about datasets (`released`) have theirs already.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ErrorCode, errorTable } from '../../../contracts/errors.js';
import type { GatewayContext } from '../../documents/context.js';
import { refusalCounter, refusedBody } from '../../log/entries/events.js';
import { recorder } from '../../log/entries/recorder.js';

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Puts a refusal on record; anything else is left alone. For whoever tells an error without throwing it.
     * @throws YitongError `audit_unavailable`: then that is what is told
     */
    refused(request: FastifyRequest, code: ErrorCode): Promise<void>;
    /** Counts a refusal of somebody who is not known. */
    countRefusal(request: FastifyRequest, code: ErrorCode): void;
  }
  interface FastifyContextConfig {
    /** Everybody may have what the route answers: that something is not there is no refusal. */
    open?: boolean;
  }
}

/** How often counted minutes are looked for. */
const LOOK = 5000;

/** Whether an error that leaves by this request is a refusal of somebody. */
function isRefusal(request: FastifyRequest, code: ErrorCode): boolean {
  const { url, config } = request.routeOptions;
  return errorTable[code].refusal === true && url !== undefined && !(code === 'not_found' && config.open === true);
}

/** The dataset that the address names, if the workspace has it: any other word may be somebody's number. */
function datasetOf({ params }: FastifyRequest, { workspace }: Pick<GatewayContext, 'workspace'>): string | undefined {
  const named = Object.values((params ?? {}) as Readonly<Record<string, unknown>>);
  return [...workspace.contracts.values()].find(({ id }) => named.includes(id))?.id;
}

/** Before any route, and before whatever refuses. @param port which face of the worker it is */
export function refusalsPlugin(
  app: FastifyInstance,
  port: 'api' | 'people',
  context: Pick<GatewayContext, 'journal' | 'now' | 'workspace'>,
): void {
  const { journal, now } = context;
  const counted = refusalCounter();
  const flush = (everything: boolean): void => {
    for (const clear of counted.drain(now(), everything)) journal.note({ clear });
  };
  const timer = setInterval(() => flush(false), LOOK).unref();
  app.addHook('onClose', () => {
    clearInterval(timer);
    flush(true);
  });
  const record = recorder(journal, now);
  app.decorate('countRefusal', (request: FastifyRequest, code: ErrorCode) =>
    counted.count(request.raw.socket.remoteAddress ?? 'unknown', code, now()),
  );
  app.decorate('refused', async (request: FastifyRequest, code: ErrorCode) => {
    if (!isRefusal(request, code)) return;
    const dataset = datasetOf(request, context);
    const what = {
      time: new Date(now()).toISOString(),
      requestId: request.id,
      port,
      route: `${request.method} ${request.routeOptions.url ?? ''}`,
      code,
      ...(dataset === undefined ? {} : { datasets: [{ dataset, effect: 'deny' as const, reason: code }] }),
    };
    const { client, session } = request;
    if (client !== undefined)
      await journal.append({ clear: refusedBody({ ...what, client: client.id, authority: client.authority }) });
    else if (session !== undefined) await record.refused(session.person, what);
    // on the mTLS port the identity plugin has counted it
    else if (port === 'people') app.countRefusal(request, code);
  });
}

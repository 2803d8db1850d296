/** Counts the calls of grants that have a volume, for the routes by which they are made. */
import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isYitongError } from '../../../contracts/errors.js';
import type { Plan } from '../../answer/question/plan.js';
import { type StatedCase, sealedOf, traceOf } from '../../answer/question/request.js';
import { callsOf, Volumes } from '../../answer/question/volumes.js';
import type { GatewayContext } from '../../documents/context.js';
import type { Family } from '../../ground/counts/families.js';
import { openState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';

/** Of this process. */
const counting = new Set<Volumes>();
const byContext = new WeakMap<object, Volumes>();

export const volumeFigures = (): Family[] => [...counting].map((volumes) => volumes.figures());

interface Called {
  readonly request: FastifyRequest;
  /** ms since 1970 */
  readonly started: number;
  /** Whom it asks about, where that is one: a refusal is found by it. */
  readonly subject?: string;
  readonly stated?: StatedCase | undefined;
}

/**
 * One call of each grant of a plan; to be asked only where the plan has volumes, so that others cost nothing. A refusal
 * is on record before it is said.
 * @throws YitongError `volume_exhausted`, `state_unavailable`
 */
export function callCounter(
  app: FastifyInstance,
  context: GatewayContext,
): (plan: Plan, called: Called) => Promise<void> {
  const volumes = volumesOf(app, context);
  return async (plan, { request, started, subject, stated }) => {
    try {
      await volumes.take(plan.volumes ?? []);
    } catch (error) {
      if (!isYitongError(error) || error.code !== 'volume_exhausted') throw error;
      const clear = plan.refusal(error.code)({
        time: new Date(started).toISOString(),
        requestId: request.id,
        traceparent: traceOf(request),
        records: [],
        bodySha256: hash('sha256', '', 'base64url'),
        bytes: 0,
      });
      const part = subject === undefined ? {} : { subject: { subject, json: sealedOf(stated, plan.unknown) } };
      await context.journal.append({ clear, ...part });
      throw error;
    }
  };
}

/** Calls of today that are counted, by grant; a portion that a process has taken counts as made. */
export async function callsToday({
  state,
  settings,
  dataDir,
  now,
}: GatewayContext): Promise<ReadonlyMap<string, number>> {
  if (state !== undefined) return await callsOf(state, now());
  const own = await openState({
    settings: settings.state,
    data: dataDir,
    baseDir: dataDir,
    place: { file: join(dataDir, 'state') },
  });
  try {
    return await callsOf(own, now());
  } finally {
    await own.close();
  }
}

/** The one of all routes of this port. */
function volumesOf(app: FastifyInstance, context: GatewayContext): Volumes {
  const known = byContext.get(context);
  if (known !== undefined) return known;
  const { settings, dataDir } = context;
  let own: Promise<State> | undefined;
  const volumes = new Volumes(async () => {
    if (context.state !== undefined) return context.state;
    const place = { file: join(dataDir, 'state') };
    own ??= openState({ settings: settings.state, data: dataDir, baseDir: dataDir, place });
    own.catch(() => (own = undefined));
    return await own;
  }, context.now);
  byContext.set(context, volumes);
  counting.add(volumes);
  app.addHook('onClose', async () => {
    counting.delete(volumes);
    await volumes.close();
    await (await own?.catch(() => undefined))?.close();
  });
  return volumes;
}

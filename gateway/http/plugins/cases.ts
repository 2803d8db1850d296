/** The cases of one face of a worker: opened with the first request that needs them, closed with the face. */
import type { FastifyInstance } from 'fastify';
import type { GatewayContext } from '../../documents/context.js';
import type { Cases } from '../../procedures/cases/cases.js';
import { openCaseDesk } from '../../procedures/cases/opened.js';
import { developmentDrivers } from '../../procedures/cases/ports.js';

/**
 * One that failed to open is tried again with the next request.
 * @returns throws as `openCaseDesk`
 */
export function casesOf(app: FastifyInstance, context: GatewayContext): () => Promise<Cases> {
  let opened: ReturnType<typeof openCaseDesk> | undefined;
  app.addHook('onClose', async () => (await opened?.catch(() => undefined))?.close());
  const development = context.settings.gateway.caseDrivers === 'development';
  return async () => {
    opened ??= openCaseDesk(context, development ? developmentDrivers : () => ({})).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return (await opened).cases;
  };
}

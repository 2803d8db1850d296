/** Marks of records for services that answer with them: known before the first request, let go with the port. */
import type { FastifyInstance } from 'fastify';
import type { GatewayContext } from '../../documents/context.js';
import { correctionMarksOf } from '../../procedures/sharing/marks.js';
import { watchEffects } from './metrics.js';

/** Whether a correction of a record is under way. */
export function markedOf(
  app: FastifyInstance,
  context: GatewayContext,
): (dataset: string, subject: string, recordId: string) => boolean {
  const marks = correctionMarksOf(context);
  const unwatch = watchEffects(marks);
  app.addHook('onReady', () => marks.ready());
  app.addHook('onClose', () => {
    unwatch();
    return marks.close();
  });
  return (dataset, subject, recordId) => marks.marked(dataset, subject, recordId);
}

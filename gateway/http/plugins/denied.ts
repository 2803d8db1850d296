/** That nothing may be given is on record before it is said: of routes that order or subscribe. */
import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorTable } from '../../../contracts/errors.js';
import { denialOf } from '../../answer/question/denial.js';
import type { Plan } from '../../answer/question/plan.js';
import { withReceipt } from '../../answer/question/receipt.js';
import { traceOf } from '../../answer/question/request.js';
import { clientOf, type GatewayContext } from '../../documents/context.js';

export async function denied(
  context: GatewayContext,
  request: FastifyRequest,
  reply: FastifyReply,
  plan: Plan,
): Promise<FastifyReply> {
  const body = Buffer.from(denialOf(plan, request.id), 'utf8');
  const receipt = await context.journal.append({
    clear: plan.template({
      time: new Date(context.now()).toISOString(),
      requestId: request.id,
      traceparent: traceOf(request),
      records: [],
      bodySha256: hash('sha256', body, 'base64url'),
      bytes: body.length,
    }),
  });
  const whole = withReceipt(body, receipt.json);
  context.completions.watch(request, reply, clientOf(request).id, () => whole.length);
  return reply.code(errorTable.denied.status).header('content-type', 'application/problem+json').send(whole);
}

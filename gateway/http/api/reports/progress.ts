/**
 * An answer that takes a while: with `Accept: application/x-ndjson` lines of progress come first, and what is asked for
 * is the last line.
 */

import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorTable } from '../../../../contracts/errors.js';
import { toldLate } from '../../plugins/errors.js';
import { preferred } from '../../plugins/offers.js';

/** What a route that tells its progress offers. */
export const PROGRESS_TYPES = ['application/json', 'application/x-ndjson'] as const;

const line = (value: object): string => `${JSON.stringify(value)}\n`;

/** A failure before the first line has its status; a later one is the last line. */
export async function withProgress(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  run: (progress: (done: number, of: number) => void) => Promise<object>,
): Promise<FastifyReply> {
  if (preferred(request.headers.accept ?? '', PROGRESS_TYPES) === PROGRESS_TYPES[0])
    return reply.code(status).send(await run(() => undefined));
  const stream = new PassThrough();
  let begun: (() => void) | undefined;
  const first = new Promise<void>((resolve) => (begun = resolve));
  const result = run((done, of) => {
    stream.write(line({ progress: { done, of } }));
    begun?.();
  });
  await Promise.race([first, result]);
  void result
    .then((value) => stream.end(line({ result: value })))
    .catch(async (error: unknown) => {
      request.log.error({ err: error, requestId: request.id }, 'report failed');
      const code = await toldLate(request, error);
      const { title, status: failed } = errorTable[code];
      stream.end(
        line({ problem: { type: `urn:yitong:error:${code}`, title, status: failed, code, requestId: request.id } }),
      );
    });
  return reply.code(status).header('content-type', 'application/x-ndjson; charset=utf-8').send(stream);
}

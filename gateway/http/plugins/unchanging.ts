/**
 * Answers that are the same for every client until the workspace changes: made once as bytes, and not sent again to who
 * has them (RFC 9110, section 13.1.2).
 */

import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** @param make called with the first question */
export function unchanging(make: () => object): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  let made: { readonly bytes: Buffer; readonly etag: string } | undefined;
  return (request, reply) => {
    if (made === undefined) {
      const bytes = Buffer.from(JSON.stringify(make()), 'utf8');
      made = { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` };
    }
    const { bytes, etag } = made;
    void reply.header('etag', etag).header('cache-control', 'private, no-cache');
    const known = request.headers['if-none-match'];
    if (known?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag) === true)
      return reply.code(304).send();
    return reply.header('content-type', 'application/json; charset=utf-8').send(bytes);
  };
}

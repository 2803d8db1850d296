/**
 * Compression on the people's port. Assets always: nothing in them is secret. A page only where its route says so and
 * nobody is signed in: what is compressed together with a secret and with words of whoever asks tells that secret by
 * its length (BREACH), and each page of a session holds the token of its forms (ADR 0064).
 */

import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A page that holds no secret and repeats nothing of its request: compressed for whoever is not signed in. */
    compressed?: boolean;
  }
}

type Encoding = 'br' | 'gzip';

/** What a browser takes, the smaller first; undefined: as it is. */
export function encodingFor(header: string | undefined): Encoding | undefined {
  const taken = new Set(
    (header ?? '').split(',').flatMap((part) => {
      const [name = '', ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      return parameters.some((one) => /^q=0(?:\.0*)?$/.test(one)) ? [] : [name];
    }),
  );
  return taken.has('br') ? 'br' : taken.has('gzip') ? 'gzip' : undefined;
}

const [br, gz] = [promisify(brotliCompress), promisify(gzip)];

/** @param best what is compressed once and sent many times */
export const compress = (text: string, encoding: Encoding, best = false): Promise<Buffer> =>
  encoding === 'br'
    ? br(text, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: best ? 11 : 4,
          [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        },
      })
    : gz(text, { level: best ? 9 : 6 });

/** Bytes below which it is not worth it. */
const SMALL = 1000;

export function compressPages(app: FastifyInstance): void {
  app.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    if (request.routeOptions.config.compressed !== true) return payload;
    void reply.header('vary', 'accept-encoding, cookie');
    const encoding = encodingFor(request.headers['accept-encoding']);
    if (
      encoding === undefined ||
      request.session !== undefined ||
      request.method !== 'GET' ||
      reply.statusCode !== 200 ||
      typeof payload !== 'string' ||
      payload.length < SMALL
    )
      return payload;
    void reply.header('content-encoding', encoding).removeHeader('content-length');
    return compress(payload, encoding);
  });
}

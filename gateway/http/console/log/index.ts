/**
 * The published log (C2SP tlog-tiles): checkpoint, tiles and entry bundles as the sequencer wrote them, byte for byte.
 * Entries are commitments; bodies are not here.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { Service } from '../../../documents/context.js';
import { auditLayout } from '../../../log/entries/layout.js';

/**
 * Exactly the paths that tlog-tiles names, our keys, and what a log was before it was restored; anything else does not
 * exist.
 */
const PATH =
  /^(?:checkpoint|vkey|earlier\/[0-9a-f]{8}\/(?:vkey|checkpoint)|replicas\/[0-9a-f]{8}\.vkey|tile\/(?:entries|[0-5])\/(?:x\d{3}\/){0,4}\d{3}(?:\.p\/(?:[1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]))?)$/;

/** `GET` and `HEAD /log/…` from `dir`. */
export function serveLog(app: FastifyInstance, dir: string): void {
  app.get<{ Params: { '*': string } }>(
    '/log/*',
    {
      schema: { hide: true },
      config: { open: true, offers: ['text/plain', 'application/octet-stream'], public: true },
    },
    async (request, reply) => {
      const name = request.params['*'];
      // a tile that is not there yet must not be remembered as missing
      void reply.header('cache-control', 'no-store');
      if (!PATH.test(name)) throw new YitongError('not_found', 'the log has no such file');
      // the largest file is a bundle of 8,704 bytes: read whole, so that length and bytes are of one version
      const bytes = await readFile(join(dir, name)).catch(() => undefined);
      if (bytes === undefined) throw new YitongError('not_found', 'the log has no such file yet');
      // a tile is written only after its content is decided for good; what it says never changes
      if (name.startsWith('tile/'))
        void reply.type('application/octet-stream').header('cache-control', 'public, max-age=31536000, immutable');
      else void reply.type('text/plain; charset=utf-8');
      return reply.send(bytes);
    },
  );
}

const service: Service = {
  port: 'people',
  register: (app, { dataDir }) => serveLog(app, auditLayout(dataDir).log),
};
export default service;

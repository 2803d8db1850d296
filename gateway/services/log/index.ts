/**
 * The published log (C2SP tlog-tiles): checkpoint, tiles and entry bundles as the sequencer wrote them, byte for byte.
 * Entries are commitments; bodies are not here.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import type { Service } from '../../context.js';

/** Exactly the paths that tlog-tiles names; anything else does not exist. */
const PATH = /^(?:checkpoint|vkey|replicas\/[0-9a-f]{8}\.vkey|tile\/(?:entries|[0-5])\/(?:x\d{3}\/){0,4}\d{3}(?:\.p\/(?:[1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]))?)$/;

const service: Service = {
  port: 'people',
  register(app, { dataDir }) {
    app.get<{ Params: { '*': string } }>('/log/*', { schema: { hide: true } }, async (request, reply) => {
      const name = request.params['*'];
      if (!PATH.test(name)) throw new YitongError('not_found', 'the log has no such file');
      const path = join(dataDir, 'log', name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() !== true) throw new YitongError('not_found', 'the log has no such file yet');
      const mutable = !name.startsWith('tile/');
      return reply
        .type(mutable ? 'text/plain; charset=utf-8' : 'application/octet-stream')
        .header('cache-control', mutable ? 'no-store' : 'public, max-age=604800, immutable')
        .header('access-control-allow-origin', '*')
        .send(createReadStream(path));
    });
  },
};
export default service;

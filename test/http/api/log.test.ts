import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Fastify from 'fastify';
import t from 'tap';
import { serveLog } from '../../../gateway/http/console/log/index.js';
import { errorsPlugin } from '../../../gateway/http/plugins/errors.js';
import { offersPlugin } from '../../../gateway/http/plugins/offers.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { tilePath } from '../../../gateway/log/proof/tiles.js';
import { fill, sequencerOf } from '../../log/filled.js';

t.test(
  'a monitor gets checkpoint, tiles and bundles byte for byte, with the headers of tlog-tiles, and nothing else',
  async (t) => {
    const data = t.testdir();
    await fill(data, 300);
    const sequencer = sequencerOf(data);
    await sequencer.runOnce();
    await sequencer.stop();
    const { log } = auditLayout(data);
    const app = Fastify();
    errorsPlugin(app);
    offersPlugin(app, 'text/html');
    serveLog(app, log);
    t.teardown(() => app.close());
    const asks = { 'accept-encoding': 'gzip, br, identity' };

    for (const path of ['checkpoint', 'vkey']) {
      const { statusCode, headers, rawPayload } = await app.inject({ url: `/log/${path}`, headers: asks });
      t.equal(statusCode, 200);
      t.match(headers, {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'no-store',
        'access-control-allow-origin': '*',
      });
      t.ok(rawPayload.equals(readFileSync(join(log, path))));
    }
    for (const path of [
      tilePath(0, 0),
      tilePath(0, 1, 44),
      tilePath(1, 0, 1),
      tilePath('entries', 0),
      tilePath('entries', 1, 44),
    ]) {
      const { statusCode, headers, rawPayload } = await app.inject({ url: `/log/${path}`, headers: asks });
      t.equal(statusCode, 200, path);
      t.match(headers, {
        'content-type': 'application/octet-stream',
        'cache-control': /immutable/,
        'access-control-allow-origin': '*',
      });
      t.equal(headers['content-encoding'], undefined);
      t.ok(rawPayload.equals(readFileSync(join(log, path))));
      const head = await app.inject({ method: 'HEAD', url: `/log/${path}` });
      t.match(
        { status: head.statusCode, length: Number(head.headers['content-length']), body: head.rawPayload.length },
        { status: 200, length: rawPayload.length, body: 0 },
      );
    }
    for (const path of [
      tilePath(0, 1),
      tilePath(0, 1, 45),
      tilePath(2, 0, 1),
      'tile/0/1',
      'tile/00/000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/044',
      'tile/0/..%2F..%2F..%2Faudit%2Fcheckpoint',
      '../audit/checkpoint',
      '',
      'tile/64/000',
    ]) {
      const { statusCode, headers } = await app.inject(`/log/${path}`);
      t.equal(statusCode, 404, path);
      t.not(headers['content-type'], 'application/octet-stream');
      if (path.startsWith('tile/0/'))
        t.equal(headers['cache-control'] ?? 'no-store', 'no-store', 'what is missing now is not remembered');
    }
  },
);

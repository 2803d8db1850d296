/**
 * Each request is counted once when it is over: answered, refused, or given up by its client while its answer waited.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t from 'tap';
import { CLIENT_LEFT } from '../../../gateway/http/plugins/ending.js';
import { countRequests, workerFigures } from '../../../gateway/http/plugins/metrics.js';
import { until } from '../../e2e/ask.js';
import { QUESTION, serve } from './serve.js';

void t.test(
  'a client that leaves before its answer is counted, once, and so is a client that is refused',
  async (t) => {
    const memory = new SharedArrayBuffer(12);
    const state = new Int32Array(memory);
    const [GATE, BEGUN] = [0, 1];
    const served = await serve(t, {
      hook: { module: new URL('./gated-disk.js', import.meta.url).href, parameter: memory },
    });
    countRequests(served.app, 'api');
    const counted = async (route: string): Promise<Readonly<Record<string, number>>> => {
      const { values = [] } =
        (
          (await workerFigures('worker-1', served.journal, 0)) as unknown as {
            name: string;
            values?: { labels: Record<string, string>; value: number }[];
          }[]
        ).find(({ name }) => name === 'yitong_requests_total') ?? {};
      return Object.fromEntries(
        values
          .filter(({ labels }) => labels['route'] === route)
          .map(({ labels, value }) => [labels['status'] ?? '', value]),
      );
    };
    t.equal((await served.ask({ method: 'POST', path: '/v1/query', body: QUESTION })).status, 200);
    t.equal((await served.ask({ path: '/v1/catalogue', headers: { 'accept-encoding': 'identity' } })).status, 200);
    await until(
      'a quiet disk',
      () => Promise.resolve(served.journal.lastSeq),
      (seq) => seq === 2,
    );
    t.strictSame(await counted('/v1/query'), { 200: 1 });
    const stranger = connect({ host: '127.0.0.1', port: Number(new URL(served.api).port), rejectUnauthorized: false });
    await once(stranger, 'secureConnect');
    stranger.write('GET /v1/catalogue HTTP/1.1\r\nhost: gateway\r\n\r\n');
    const [told] = (await once(stranger, 'data')) as [Buffer];
    t.match(told.toString('latin1'), /^HTTP\/1\.1 401 /);
    stranger.destroy();
    t.strictSame(
      await until(
        'the refused one',
        () => counted('/v1/catalogue'),
        (all) => '401' in all,
      ),
      { 200: 1, 401: 1 },
    );

    Atomics.store(state, GATE, 1);
    const open = (): void => {
      Atomics.store(state, GATE, 0);
      Atomics.notify(state, GATE);
    };
    t.teardown(open);
    const begun = Atomics.load(state, BEGUN);
    const pem = (...path: string[]): Buffer => readFileSync(join(served.pki, ...path));
    const socket = connect({
      host: '127.0.0.1',
      port: Number(new URL(served.api).port),
      ca: pem('ca.pem'),
      cert: pem('clients/front-desk/cert.pem'),
      key: pem('clients/front-desk/key.pem'),
    });
    await once(socket, 'secureConnect');
    const body = JSON.stringify(QUESTION);
    socket.write(
      'POST /v1/query HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: ' +
        `${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
    );
    await until(
      'the entry at the disk',
      () => Promise.resolve(Atomics.load(state, BEGUN)),
      (count) => count > begun,
    );
    socket.destroy();
    t.strictSame(
      await until(
        'the client that left',
        () => counted('/v1/query'),
        (all) => String(CLIENT_LEFT) in all,
      ),
      { 200: 1, [CLIENT_LEFT]: 1 },
    );
    open();
    await until(
      'the entry, and its end',
      () => Promise.resolve(served.journal.lastSeq),
      (seq) => seq === 4,
    );
    t.strictSame(await counted('/v1/query'), { 200: 1, [CLIENT_LEFT]: 1 }, 'not again when its answer is ready');
  },
);

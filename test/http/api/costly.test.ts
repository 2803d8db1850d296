/**
 * One client does not hold a worker up: what is the same for all is made once, and nobody has more under way than a
 * share.
 */

import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import t from 'tap';
import { faces } from './faces.js';

const CLIENT = 'one-stop-counter';

t.test(
  'the catalogue and the description of the API are made once, and told as unchanged to who has them',
  async (t) => {
    const here = await faces(t);
    for (const path of ['/v1/catalogue', '/v1/openapi.json']) {
      const first = await here.ask({ path }, CLIENT);
      const etag = String(first.headers['etag']);
      t.match(etag, /^"[\w-]{20,}"$/, path);
      t.equal(first.headers['cache-control'], 'private, no-cache');
      t.match(first.headers['content-type'], /^application\/json/);
      const again = await here.ask({ path }, 'food-inspector');
      t.equal(again.text, first.text);
      t.equal(again.headers['etag'], etag, 'one for all clients');
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
        const unchanged = await here.ask({ path, headers: { 'if-none-match': known } }, CLIENT);
        t.equal(unchanged.status, 304, known);
        t.equal(unchanged.text, '');
      }
      t.equal((await here.ask({ path, headers: { 'if-none-match': '"other"' } }, CLIENT)).status, 200);
    }
  },
);

/** Sends `count` requests on one connection without reading, and gives the statuses of all answers. */
function pipelined(port: number, count: number): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () =>
      socket.write(`GET /v1/catalogue HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(count)),
    );
    const statuses: number[] = [];
    let rest = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      rest += chunk;
      for (const [, status] of rest.matchAll(/HTTP\/1\.1 (\d{3}) /g)) statuses.push(Number(status));
      rest = rest.slice(-12).replace(/HTTP\/1\.1 \d{3} /, '');
      if (statuses.length >= count) socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(statuses));
  });
}

t.test(
  'who sends many at once has a share answered and is told so of the rest; afterwards all is as before, and ' +
    'others are not held up',
  async (t) => {
    const here = await faces(t, { settings: { gateway: { underWayPerConnection: 8, underWayPerClient: 20 } } });
    const { port } = here.api.server.address() as AddressInfo;
    t.equal((await here.ask({ path: '/v1/catalogue' }, CLIENT)).status, 200);
    const statuses = await pipelined(port, 300);
    t.ok(statuses.includes(200));
    t.ok(
      statuses.filter((status) => status === 429).length > 200,
      `${String(statuses.filter((status) => status === 429).length)} were not taken`,
    );
    const refused = await Promise.all(Array.from({ length: 60 }, () => here.ask({ path: '/v1/openapi.json' }, CLIENT)));
    t.ok(refused.every(({ status }) => status === 200 || status === 429));
    t.match(JSON.parse(refused.find(({ status }) => status === 429)?.text ?? '{"code":"too_many_at_once"}'), {
      code: 'too_many_at_once',
    });
    // connections that go away with answers still to come give back what they had
    for (let i = 0; i < 5; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () =>
          socket.write(`GET /v1/catalogue HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(50), () => socket.destroy()),
        );
        socket.once('close', () => resolve());
        socket.on('error', () => undefined);
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (let i = 0; i < 30; i++) t.equal((await here.ask({ path: '/v1/catalogue' }, CLIENT)).status, 200);
  },
);

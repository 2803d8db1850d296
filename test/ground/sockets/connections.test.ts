/** Connections that ask nothing: they shut out each other, end by themselves, and leave files for what answers need. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import t, { type Test } from 'tap';
import { connectionsFor, descriptorLimit } from '../../../gateway/ground/sockets/descriptors.js';
import { type Cut, type GateLimits, gate, networkOf, reset } from '../../../gateway/ground/sockets/gate.js';
import { gateLimits, portLimits } from '../../../gateway/ground/sockets/limits.js';
import { initPki, issueClient } from '../../../gateway/operate/pki/authority.js';
import { ask, until } from '../../e2e/ask.js';
import { type City, city } from '../../e2e/city.js';
import { declared, QUESTION } from '../../serving/town.js';

t.setTimeout(240_000);

/** Connections that say nothing; those that were closed take themselves out. */
async function silent(t: Test, port: number, count: number, localAddress = '127.0.0.1'): Promise<Set<Socket>> {
  const open = new Set<Socket>();
  for (let i = 0; i < count; i++) {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.on('error', () => undefined);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // the other side's end counts as well: this one would only be half closed
    socket.once('end', () => socket.destroy());
    socket.resume();
    t.teardown(() => socket.destroy());
    if (i % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return open;
}

const portOf = (address: string): number => Number(new URL(address).port);

/** The suite that is agreed on under TLS 1.2 with a port. */
async function spoken(address: string, ciphers: string): Promise<string> {
  const socket = connectTls({
    port: portOf(address),
    host: '127.0.0.1',
    rejectUnauthorized: false,
    maxVersion: 'TLSv1.2',
    ciphers: `${ciphers}:@SECLEVEL=0`,
  });
  await once(socket, 'secureConnect');
  const { name } = socket.getCipher();
  socket.destroy();
  return name;
}

t.test(
  'a gateway that may open few files answers, reads suspensions and tells its health while hundreds of ' +
    'connections say nothing; and they end',
  { skip: process.platform === 'win32' },
  async (t) => {
    const here = declared(t);
    const town: City = await city(t, {
      workspace: here.workspace,
      under: ['sh', '-c', 'ulimit -n 400; exec "$0" "$@"'],
    });
    const status = async (): Promise<number> =>
      (await ask(town.api, town.pki, 'front-desk', { method: 'POST', path: '/v1/query', body: QUESTION })).status;
    t.equal(await status(), 200);
    for (const ciphers of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES256-CCM8'])
      await t.rejects(spoken(town.people, ciphers), `${ciphers} on the people's port`);
    t.equal(await spoken(town.people, 'ECDHE-ECDSA-AES128-GCM-SHA256'), 'ECDHE-ECDSA-AES128-GCM-SHA256');
    const began = Date.now();
    const mark = (what: string): void =>
      t.comment(`${what} after ${String(Math.round((Date.now() - began) / 1000))} s`);
    const quiet = [
      await silent(t, portOf(town.api), 600),
      await silent(t, portOf(town.people), 600),
      await silent(t, portOf(town.health), 300),
    ];
    mark('opened');
    for (let i = 0; i < 3; i++) t.equal(await status(), 200, 'while they say nothing');
    mark('answered');
    t.equal((await fetch(`${town.health}/health/live`)).status, 200, 'health');
    await here.change('policies/clients/front-desk.json', { status: 'suspended' });
    t.equal(await until('the suspension', status, (seen) => seen !== 200), 403, 'what is suspended meanwhile is');
    mark('suspended');
    t.same(
      await until(
        'the end of the silent ones',
        () => Promise.resolve(quiet.map(({ size }) => size)),
        (sizes) => sizes.every((size) => size === 0),
        60_000,
      ),
      [0, 0, 0],
    );
  },
);

interface Gated {
  readonly port: number;
  readonly cuts: Cut[];
}

/** An HTTP server behind a gate, whose answers come when `finish` is called. */
async function gated(
  t: Test,
  limits: Partial<GateLimits>,
  hold: { finish: () => void } = { finish: () => undefined },
): Promise<Gated> {
  const server = createServer((request, response) => {
    if (request.url === '/held') hold.finish = () => response.end('held');
    else response.end('answer');
  });
  const cuts: Cut[] = [];
  gate(server, { unasked: 100, unaskedOfAddress: 100, open: 100, ...limits }, (why) => cuts.push(why));
  server.listen(0, '::');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, cuts };
}

async function asks(
  port: number,
  host = '127.0.0.1',
  path = '/',
): Promise<{ readonly socket: Socket; readonly said: Promise<string> }> {
  const socket = connect({ port, host });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
  return { socket, said: once(socket, 'data').then(([data]) => String(data)) };
}

t.test('of one address, the oldest that said nothing gives way to the next', async (t) => {
  const { port, cuts } = await gated(t, { unaskedOfAddress: 5 });
  const quiet = await silent(t, port, 20);
  await until(
    'all but five to end',
    () => Promise.resolve(quiet.size),
    (size) => size === 5,
  );
  t.same(new Set(cuts), new Set(['address']));
  t.match(await (await asks(port)).said, /answer/);
});

t.test('an address that says nothing often gives way to one that does so once', async (t) => {
  const { port, cuts } = await gated(t, { unasked: 10 });
  const other = await silent(t, port, 1, '127.0.0.2');
  await until(
    'one',
    () => Promise.resolve(other.size),
    (size) => size === 1,
  );
  const quiet = await silent(t, port, 40);
  await until(
    'all but nine to end',
    () => Promise.resolve(quiet.size),
    (size) => size === 9,
  );
  t.equal(other.size, 1, 'the other one is still there');
  t.same(new Set(cuts), new Set(['unasked']));
});

t.test(
  'with as many open as may be, who waits without an answer under way gives way, and an answer under way never does',
  async (t) => {
    const hold = { finish: (): void => undefined };
    const { port, cuts } = await gated(t, { open: 3 }, hold);
    const held = await asks(port, '127.0.0.1', '/held');
    const waits = await asks(port);
    t.match(await waits.said, /answer/);
    const gone = once(waits.socket, 'close');
    const quiet = await silent(t, port, 1);
    await until(
      'the silent one',
      () => Promise.resolve(quiet.size),
      (size) => size === 1,
    );
    const first = await asks(port);
    t.match(await first.said, /answer/, 'in place of the silent one');
    const second = await asks(port);
    t.match(await second.said, /answer/, 'in place of the one that has its answer');
    await gone;
    hold.finish();
    t.match(await held.said, /held/);
    t.ok(cuts.length >= 2 && cuts.every((why) => why === 'open'), cuts.join());
    for (const { socket } of [held, first, second]) socket.destroy();
  },
);

t.test('a network of IPv6 counts as one address, and one that holds an IPv4 address as that', (t) => {
  t.equal(networkOf('2001:db8:1:2:3:4:5:6'), networkOf('2001:db8:1:2::9'));
  t.not(networkOf('2001:db8:1:2::9'), networkOf('2001:db8:1:3::9'));
  t.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7');
  t.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0');
  t.equal(networkOf('::1'), '0:0:0:0');
  t.end();
});

t.test('a reserve of files stays, whatever is configured, and a worker takes its share', (t) => {
  for (const limit of [256, 1024, 20_000, 1_048_576])
    t.ok(limit - 2 * connectionsFor(limit, 2) >= 128, `${String(limit)}`);
  t.ok(descriptorLimit() >= 64);
  const settings = { maxConnections: 4096, unaskedConnections: 512, unaskedPerAddress: 128, workers: 4 };
  t.same(gateLimits(settings, 1_000_000), { open: 1024, unasked: 128, unaskedOfAddress: 32 });
  t.same(portLimits(256, 256), { open: 128, unasked: 32, unaskedOfAddress: 16 });
  t.same(gateLimits(settings, 256), { open: 64, unasked: 32, unaskedOfAddress: 32 });
  t.end();
});

t.test('a server that leaves is not held by who was just shaking hands, nor by who asks again', async (t) => {
  const dir = t.testdir();
  await initPki(dir);
  const { cert, key } = await issueClient(dir, 'server', { server: true });
  let finish = (): void => undefined;
  const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    if (request.url === '/held') finish = () => response.end('held');
    else response.end('answer');
  });
  server.keepAliveTimeout = 60_000;
  const shut = gate(server, { unasked: 100, unaskedOfAddress: 100, open: 100 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const raw = connect({ port, host: '127.0.0.1' });
  await once(raw, 'connect');
  raw.on('error', () => undefined);
  const asking = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(asking, 'secureConnect');
  let heard = '';
  asking.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  asking.write('GET /held HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(server, 'request');
  const closed = once(server, 'close');
  server.close();
  shut(false);
  const late = connectTls({ socket: raw, rejectUnauthorized: false });
  late.on('error', () => undefined);
  await new Promise((resolve) => late.once('close', resolve));
  finish();
  await once(asking, 'close');
  t.match(heard, /connection: close[\s\S]*held$/i, 'what was under way is answered, and is the last');
  await closed;
  t.pass('it has ended');
});

t.test('of a connection that is reset nothing more arrives, however slowly its peer reads', async (t) => {
  const dir = t.testdir();
  await initPki(dir);
  const { cert, key } = await issueClient(dir, 'server', { server: true });
  const piece = Buffer.alloc(65_536, 7);
  const pair = { cert: readFileSync(cert), key: readFileSync(key) };
  /** Bytes that were taken for the peer when the connection was ended, and those that came to it. */
  const bytesWhen = async (
    end: (socket: Socket) => void,
  ): Promise<{ readonly taken: number; readonly came: number }> => {
    let socket: Socket | undefined;
    const server = createSecureServer(pair, (request, response) => {
      socket = request.socket;
      const fill = (): void => {
        while (response.write(piece));
        response.once('drain', fill);
      };
      fill();
    });
    gate(server, { unasked: 100, unaskedOfAddress: 100, open: 100 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = connectTls({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
    });
    await once(peer, 'secureConnect');
    peer.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    // the system holds as much as it takes for a peer that does not read
    let seen = -1;
    const taken = await until(
      'the system to take no more',
      async () => {
        const before = seen;
        await new Promise((resolve) => setTimeout(resolve, 200));
        seen = socket?.bytesWritten ?? 0;
        return seen === before ? seen : 0;
      },
      (bytes) => bytes > 0,
    );
    if (socket !== undefined) end(socket);
    let came = 0;
    peer.on('error', () => undefined);
    peer.on('data', (chunk: Buffer) => (came += chunk.length));
    await new Promise((resolve) => peer.once('close', resolve));
    server.closeAllConnections();
    server.close();
    return { taken, came };
  };
  const closed = await bytesWhen((socket) => socket.destroy());
  const ended = await bytesWhen(reset);
  t.comment(`closed: ${JSON.stringify(closed)}, reset: ${JSON.stringify(ended)}`);
  t.ok(ended.came < closed.came, 'what the system held is not sent on');
});

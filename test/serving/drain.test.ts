/**
 * A gateway that is told to stop loses no request: it says so, answers until nobody is sent to it any more, and
 * finishes what is under way.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect } from 'node:tls';
import t from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { runningUp } from '../../gateway/ground/files/places.js';
import { ask, until } from '../e2e/ask.js';
import type { City } from '../e2e/city.js';
import { identityOf, load } from './load.js';
import { declared, healthOf, type Json, QUESTION, town } from './town.js';

t.setTimeout(340_000);

const here = declared(t);
const CONTRACT = 'contracts/datasets/office/shops/contract.json';
await here.change(CONTRACT, {
  sharing: { ...((await here.read(CONTRACT))['sharing'] as Json), delivery: ['query', 'batch'] },
});
await here.change('policies/grants/front-desk-shops.json', { delivery: ['query', 'batch'], batchLimit: 10_000 });
await here.change('yitong.json', { gateway: { workers: 2, batchChunk: 1 } });

const pidOf = (data: string): number => runningUp(data)?.pid ?? Number.NaN;

t.test('under load, each request that a connection took has its whole answer', async (t) => {
  // as long as it takes; the second signal, of `stop`, ends it
  const city = await town(t, here.workspace, { YITONG_GATEWAY_DRAIN_SECONDS: '600' });
  const asking = load({
    api: city.api,
    pki: city.pki,
    client: 'front-desk',
    asked: { path: '/v1/query', body: QUESTION },
    connections: 16,
  });
  const slow = load({
    api: city.api,
    pki: city.pki,
    client: 'front-desk',
    asked: { path: '/v1/query', body: QUESTION },
    connections: 16,
    pause: 400,
  });
  t.teardown(() => Promise.all([asking.stop(), slow.stop()]));
  await until(
    'some load',
    async () => asking.count(),
    (count) => count > 200,
    60_000,
  );
  process.kill(pidOf(city.data), 'SIGTERM');
  const leaving = await until(
    'the readiness',
    () => healthOf(city),
    ({ status }) => status === 503,
  );
  t.same(leaving.reasons, ['draining']);
  const at = asking.count();
  t.equal(
    (await ask(city.api, city.pki, 'front-desk', { method: 'POST', path: '/v1/query', body: QUESTION })).status,
    200,
    'a new connection is answered',
  );
  await until(
    'the drain going on',
    async () => asking.count(),
    (count) => count > at + 100,
    60_000,
  );
  await city.stop();
  const reports = await Promise.all([asking.stop(), slow.stop()]);
  for (const { answered, failed, refused, connections, closing } of reports) {
    t.comment(
      `${String(answered)} answered, ${String(failed.length)} failed, ${String(refused)} found nobody ` +
        `listening, ${String(connections)} connections, ${String(closing)} told to close`,
    );
    t.same(failed, []);
    t.ok(closing > 16, 'each connection was told to close');
  }
});

/** Asks for subjects, each a chunk of its own; resolves when the first chunk came, `ended` with all lines. */
async function batch({ api, pki }: City, subjects: readonly string[]) {
  const body = JSON.stringify({ purpose: 'permit-check', subjects, datasets: [{ id: 'office.shops' }] });
  const sent = request(new URL('/v1/query/batch', api), {
    method: 'POST',
    agent: false,
    ...identityOf(pki, 'front-desk'),
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = once(response, 'end').then(() =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Json),
  );
  await until(
    'the first chunk',
    async () => text,
    (seen) => seen.includes('"receipt"'),
  );
  return { status: response.statusCode, ended };
}

const SUBJECTS = Array.from({ length: 3000 }, (_, n) => `uscc:${uscc.make(n)}`);
const answeredOf = (lines: readonly Json[]): unknown[] => lines.flatMap(({ subject }) => subject ?? []);

t.test('a batch under way when the drain begins has each of its answers', async (t) => {
  const city = await town(t, here.workspace, { YITONG_GATEWAY_DRAIN_SECONDS: '600' });
  const subjects = SUBJECTS.slice(0, 1000);
  const { status, ended } = await batch(city, subjects);
  process.kill(pidOf(city.data), 'SIGTERM');
  const lines = await ended;
  t.equal(status, 200);
  t.strictSame(answeredOf(lines), subjects, 'each subject once, in the order asked');
  t.match(lines.at(-1), { summary: { subjects: 1000, chunks: 1000 } }, 'and the last line says that it was all');
});

t.test('a batch that the end of the drain cuts says so, and which subjects are to be asked again', async (t) => {
  const city = await town(t, here.workspace, { YITONG_GATEWAY_DRAIN_SECONDS: '1' });
  const { status, ended } = await batch(city, SUBJECTS);
  process.kill(pidOf(city.data), 'SIGTERM');
  const lines = await ended;
  t.equal(status, 200);
  const answered = answeredOf(lines);
  t.strictSame(answered, SUBJECTS.slice(0, answered.length), 'those in front are answered, without a gap');
  const receipts = lines.filter((line) => 'receipt' in line);
  t.equal(receipts.length, answered.length, 'and each of them is on record');
  const whole = answered.length === SUBJECTS.length;
  t.comment(`${String(answered.length)} of ${String(SUBJECTS.length)} were answered`);
  t.match(
    lines.at(-1),
    whole ? { summary: { subjects: 3000, chunks: 3000 } } : { problem: { code: 'shutting_down', status: 503 } },
    'the last line says that it was all only if it was',
  );
});

t.test('a request that arrives while the drain ends is answered; a connection without one is closed', async (t) => {
  const city = await town(t, here.workspace, { YITONG_GATEWAY_DRAIN_SECONDS: '1' });
  const url = new URL(city.api);
  const body = JSON.stringify(QUESTION);
  const open = async () => {
    const socket = connect({ host: url.hostname, port: Number(url.port), ...identityOf(city.pki, 'front-desk') });
    await once(socket, 'secureConnect');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const ended = new Promise<string>((resolve, reject) =>
      socket.once('error', reject).once('close', () => resolve(text)),
    );
    return { socket, ended };
  };
  const head =
    'POST /v1/query HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ' +
    `${String(body.length)}\r\n\r\n`;
  const [half, silent] = [await open(), await open()];
  half.socket.write(head + body.slice(0, 10));
  process.kill(pidOf(city.data), 'SIGTERM');
  await until(
    'the end of the drain',
    async () =>
      ask(city.api, city.pki, 'front-desk', { method: 'POST', path: '/v1/query', body: QUESTION }).then(
        () => false,
        () => true,
      ),
    (over) => over,
  );
  half.socket.write(body.slice(10));
  t.match(await half.ended, /^HTTP\/1\.1 200 OK[^]*connection: close[^]*"receipt"/i);
  t.equal(await silent.ended, '');
});

t.test('a second signal ends the drain', async (t) => {
  const city = await town(t, here.workspace, { YITONG_GATEWAY_DRAIN_SECONDS: '600' });
  process.kill(pidOf(city.data), 'SIGTERM');
  await until(
    'the readiness',
    () => healthOf(city),
    ({ status }) => status === 503,
  );
  t.equal(
    (await ask(city.api, city.pki, 'front-desk', { method: 'POST', path: '/v1/query', body: QUESTION })).status,
    200,
  );
  // the second
  await city.stop();
  t.notOk(runningUp(city.data));
});

/** No byte of an answer leaves before its entry is on disk; and none at all while the disk does not take entries. */

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import t from 'tap';
import { until } from '../../e2e/ask.js';
import { QUESTION, type Served, SHOP, serve } from './serve.js';

const QUERY = { method: 'POST', path: '/v1/query', body: QUESTION } as const;

/** Every byte of the journal's segments, as another process would read them. */
const onDisk = ({ data, journal }: Served): string => {
  const dir = join(data, 'journal', journal.id);
  return readdirSync(dir)
    .filter((name) => name.endsWith('.seg'))
    .map((name) => readFileSync(join(dir, name), 'latin1'))
    .join('');
};

void t.test('the first byte waits for fdatasync', async (t) => {
  const memory = new SharedArrayBuffer(12);
  const state = new Int32Array(memory);
  const [GATE, BEGUN, ENDED] = [0, 1, 2];
  const served = await serve(t, {
    hook: { module: new URL('./gated-disk.js', import.meta.url).href, parameter: memory },
  });
  t.equal((await served.ask(QUERY)).status, 200);
  // the first answer's own `completed` entry is on disk too
  await until(
    'a quiet disk',
    () => Promise.resolve(served.journal.lastSeq),
    (seq) => seq === 2,
  );

  Atomics.store(state, GATE, 1);
  const open = (): void => {
    Atomics.store(state, GATE, 0);
    Atomics.notify(state, GATE);
  };
  t.teardown(open); // before the gateway closes, or its journal would wait for ever
  const [begun, ended] = [Atomics.load(state, BEGUN), Atomics.load(state, ENDED)];
  const pem = (...path: string[]): Buffer => readFileSync(join(served.pki, ...path));
  const socket = connect({
    host: '127.0.0.1',
    port: Number(new URL(served.api).port),
    ca: pem('ca.pem'),
    cert: pem('clients/front-desk/cert.pem'),
    key: pem('clients/front-desk/key.pem'),
  });
  await once(socket, 'secureConnect');
  const received: Buffer[] = [];
  let endedAtFirstByte = -1;
  const firstByte = new Promise<void>((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      if (received.length === 0) endedAtFirstByte = Atomics.load(state, ENDED);
      received.push(bytes);
      resolve();
    });
  });
  const body = JSON.stringify(QUESTION);
  socket.write(
    'POST /v1/query HTTP/1.1\r\nhost: gateway\r\nx-request-id: held-back\r\ncontent-type: ' +
      `application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );

  await until(
    "the entry's fdatasync",
    () => Promise.resolve(Atomics.load(state, BEGUN)),
    (count) => count > begun,
  );
  t.match(onDisk(served), '"requestId":"held-back"', 'the entry is written');
  t.notMatch(onDisk(served), SHOP.subject.slice(5), 'and does not name its subject');
  // the gateway is not just slow: others are served meanwhile, several times over
  for (let i = 0; i < 5; i++) t.equal((await served.ask({ path: '/v1/catalogue' })).status, 200);
  t.equal(received.length, 0, 'not one byte of the answer has left');

  open();
  await firstByte;
  t.ok(endedAtFirstByte > ended, 'the first byte came after the sync had ended');
  await until(
    'the whole answer',
    () => Promise.resolve(Buffer.concat(received).toString('utf8')),
    (text) => text.includes(SHOP.name) && text.endsWith('}'),
  );
  socket.destroy();
});

void t.test(
  'while the disk does not take entries, answers are 503 without a record, and come back with the disk',
  async (t) => {
    const memory = new SharedArrayBuffer(12);
    const counters = new Int32Array(memory);
    counters.set([-1, -1, 0]);
    const served = await serve(t, {
      hook: { module: new URL('../../log/failing-disk.js', import.meta.url).href, parameter: memory },
    });
    const denied = { ...QUERY, body: { ...QUESTION, purpose: 'something-else' } };
    const fails = async (what: string, request: Parameters<Served['ask']>[0]) => {
      const { status, headers, text } = await served.ask(request);
      t.equal(status, 503, what);
      t.match(JSON.parse(text), { code: 'audit_unavailable', status: 503 });
      t.match(headers['content-type'], /^application\/problem\+json/);
      t.notMatch(text, SHOP.name, 'no value of a record');
      t.notMatch(text, /"records"|"datasets"|"receipt"|ENOSPC|EIO/, 'nor anything of an answer or of the disk');
      t.equal(headers['retry-after'], '1', 'worth trying again');
    };
    for (const [disk, kind] of [
      [0, 'write'],
      [1, 'fdatasync'],
    ] as const) {
      const before = await served.ask(QUERY);
      t.equal(before.status, 200);
      t.match(before.text, SHOP.name);
      const seq = (JSON.parse(before.text) as { receipt: { seq: number } }).receipt.seq;
      await until(
        'a quiet disk',
        () => Promise.resolve(served.journal.lastSeq),
        (last) => last === seq + 1,
      );

      // it fails until the counter is lifted: a failure count that it will not reach
      counters.set([-1, -1, 1_000_000]);
      Atomics.store(counters, disk, 0);
      await fails(`a failed ${kind}`, QUERY);
      await fails('and while it is being recovered', QUERY);
      await fails('a denial is a decision too: it needs its entry', denied);
      t.equal(served.journal.healthy, false);
      t.equal((await served.ask({ path: '/v1/catalogue' })).status, 200, 'what needs no entry is served');

      Atomics.store(counters, disk, -1);
      const after = await until(
        'an answer again',
        () => served.ask(QUERY),
        ({ status }) => status === 200,
      );
      t.match(after.text, SHOP.name);
      const again = (JSON.parse(after.text) as { receipt: { seq: number } }).receipt.seq;
      t.ok(again >= seq + 2, 'the journal goes on behind what it had');
      t.equal(
        (
          await until(
            'the refusal',
            () => served.ask(denied),
            ({ status }) => status !== 503,
          )
        ).status,
        403,
      );
    }
    t.strictSame(
      served.health.filter((healthy, i) => i > 0 && healthy),
      [true, true],
      'down and up once a fault',
    );
  },
);

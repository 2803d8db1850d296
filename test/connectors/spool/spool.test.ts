/** What was accepted while the bus was away: none of it is lost, doubled without need, or out of order. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { OutRecord, Producer } from '../../../connectors/bus/port.js';
import { forwardSpool, Spool, SpoolingProducer } from '../../../connectors/spool/index.js';
import { YitongError } from '../../../contracts/errors.js';
import { record, rejectsWith } from '../../support/conformance/bus.js';

async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'yitong-spool-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
const open = (dataDir: string, maxBytes = 1_000_000): Spool => Spool.open({ dataDir, maxBytes, now: () => 1000 });
const texts = (records: readonly OutRecord[]): string[] => records.map(({ value }) => String(value));

/** A bus that can be away, and keeps what it got. */
function bus() {
  const got: OutRecord[] = [];
  const state = { away: false, opens: 0, code: 'bus_unavailable' as 'bus_unavailable' | 'bus_denied' };
  const producer: Producer = {
    async send(_topic, records) {
      await new Promise((resolve) => setImmediate(resolve));
      if (state.away) throw new YitongError(state.code, 'away');
      got.push(...records);
      return [];
    },
    close: async () => undefined,
  };
  const opened = async (): Promise<Producer> => {
    state.opens++;
    if (state.away) throw new YitongError(state.code, 'away');
    return producer;
  };
  return { got, state, opened };
}

async function forwarded(spool: Spool, opened: () => Promise<Producer>): Promise<void> {
  const stop = new AbortController();
  const done = forwardSpool({ spool, open: opened, signal: stop.signal, pauseMs: 1 });
  while (spool.queues().length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  stop.abort();
  await done;
}

t.test('whenever the bus comes and goes, records arrive once and in order', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ away: fc.boolean(), drain: fc.boolean(), count: fc.integer({ min: 1, max: 4 }) }), {
        minLength: 1,
        maxLength: 25,
      }),
      async (steps) => {
        const dir = await mkdtemp(join(tmpdir(), 'yitong-spool-'));
        const spool = open(dir);
        const { got, state, opened } = bus();
        const producer = new SpoolingProducer({ spool, queue: 'a.b', open: opened });
        let n = 0;
        for (const { away, drain, count } of steps) {
          state.away = away;
          // not awaited one by one: pushes may overlap
          const sends = Array.from({ length: count }, () =>
            producer.send('x.a.b', [record('uscc:A', String(n++)), record('uscc:B', String(n++))]),
          );
          await Promise.all(sends);
          if (drain && !away) await forwarded(spool, opened);
        }
        state.away = false;
        await forwarded(spool, opened);
        t.strictSame(
          texts(got),
          Array.from({ length: n }, (_, i) => String(i)),
        );
        t.strictSame(spool.size(), { records: 0, bytes: 0 });
        await producer.close();
        await spool.close();
        await rm(dir, { recursive: true });
      },
    ),
    { numRuns: 30 },
  );
});

t.test('a record comes out as it went in, withdrawals too, and only its owner can read the folder', async (t) => {
  const dir = await folder(t);
  const spool = open(dir);
  const records = [record('uscc:甲', '值', 'r|1'), record('uscc:甲', null, 'r|1'), record('uscc:乙', '')];
  await spool.append('a.b', 'x.a.b', records);
  await spool.append('a.b', 'x.a._control', [record('a.b', '{}')]);
  t.strictSame(spool.head('a.b'), { topic: 'x.a.b', records, upTo: 3 });
  t.equal((await stat(join(dir, 'spool'))).mode & 0o777, 0o700);
  t.strictSame(spool.queues(), ['a.b']);
  await spool.drop('a.b', 3);
  t.equal(spool.head('a.b')?.topic, 'x.a._control', 'a watermark comes behind the records that it speaks of');
  await spool.close();
});

t.test('a full spool refuses all of a push and keeps what it has', async (t) => {
  const spool = open(await folder(t), 100);
  await spool.append('a.b', 'x', [record('uscc:A', 'x'.repeat(40))]);
  await rejectsWith(
    t,
    'spool_full',
    spool.append('a.b', 'x', [record('uscc:A', 'y'), record('uscc:A', 'z'.repeat(40))]),
  );
  t.strictSame(texts(spool.head('a.b')?.records ?? []), ['x'.repeat(40)]);
  await spool.drop('a.b', 1);
  await spool.append('a.b', 'x', [record('uscc:A', 'y')]);
  await rejectsWith(t, 'record_too_large', spool.append('a.b', 'x', [record('uscc:A', 'y'.repeat(1_000_001))]));
  await spool.close();
});

t.test(
  'what the bus refuses for good is told to the sender, not spooled; one dataset that is stuck holds up no other',
  async (t) => {
    const spool = open(await folder(t));
    const { got, state, opened } = bus();
    Object.assign(state, { away: true, code: 'bus_denied' });
    await rejectsWith(
      t,
      'bus_denied',
      new SpoolingProducer({ spool, queue: 'a.b', open: opened }).send('x', [record('uscc:A', '1')]),
    );
    t.strictSame(spool.queues(), []);
    state.away = false;
    await spool.append('a.a', 'x', [record('uscc:A', 'stuck')]);
    await spool.append('a.b', 'y', [record('uscc:A', 'free')]);
    const stop = new AbortController();
    let said: readonly string[] = [];
    await forwardSpool({
      spool,
      signal: stop.signal,
      pauseMs: 1,
      open: (queue) => (queue === 'a.a' ? Promise.reject(new YitongError('bus_denied', 'no')) : opened()),
      onState: (_size, problems) => {
        said = problems;
        stop.abort();
      },
    });
    t.strictSame(texts(got), ['free']);
    t.strictSame(said, ['a.a: no [bus_denied]']);
    t.match(spool.size(), { records: 1, since: 1000 });
    await spool.close();
  },
);

t.test(
  'records that were acknowledged outlive a process that is killed, and another process sees them at once',
  async (t) => {
    const dir = await folder(t);
    const spool = open(dir, 10_000_000);
    for (let round = 0; round < 5; round++) {
      const child = fork(new URL('./append-until-killed.js', import.meta.url), [dir]);
      let acknowledged = -1;
      child.on('message', (n) => (acknowledged = Number(n)));
      while (acknowledged < 20) await once(child, 'message');
      t.ok(spool.waiting('a.b'), 'seen by this process');
      child.kill('SIGKILL');
      await once(child, 'exit');
      const { got, opened } = bus();
      await forwarded(spool, opened);
      const numbers = texts(got).map(Number);
      t.ok(
        numbers.length > acknowledged && numbers.every((n, i) => n === i),
        `${acknowledged} acknowledged, ${numbers.length} kept, in order`,
      );
    }
    await spool.close();
  },
);

import fc from 'fast-check';
import t from 'tap';
import { Gathering } from '../../../gateway/answer/view/gathering.js';
import type { PreparedBatch } from '../../../gateway/answer/view/port.js';

const batch = (offset: number, bytes: number): PreparedBatch => ({
  topic: `topic-${String(offset % 3)}`,
  partition: 0,
  count: 1,
  last: { offset, timestamp: 1 },
  bytes: Buffer.alloc(bytes),
  aside: [],
});
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), bytes: fc.nat(120), isLast: fc.nat(9) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const) }) },
    // so that what is gathered is applied because nothing more comes
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const) }) },
  ),
  { minLength: 1, maxLength: 30 },
);
/** What becomes of each transaction, and in how many turns of the event loop. */
const fates = fc.array(fc.record({ turns: fc.nat(4), fails: fc.nat(6).map((n) => n === 0) }), {
  minLength: 30,
  maxLength: 30,
});

t.test('what is applied came in that order, with nothing left out but what was dropped', async (t) => {
  let failures = 0;
  await fc.assert(
    fc.asyncProperty(steps, fates, async (all, fates) => {
      const applied: number[] = [];
      const told: unknown[] = [];
      const topics = new Set<string>();
      let [running, begun, failed, stopped] = [0, 0, false, false];
      const gathering = new Gathering({
        gatheredBytes: 200,
        noMoreAfter: 0,
        async apply(batches) {
          if (failed || stopped || running > 0 || batches.length === 0)
            throw new Error('called behind a failure or a stop, twice at once, or for nothing');
          running++;
          const fate = fates[begun++];
          await turns(fate?.turns ?? 0);
          running--;
          if (fate?.fails === true) {
            failed = true;
            throw new Error('no room');
          }
          for (const { last } of batches) applied.push(last.offset);
        },
        onApplied(of) {
          for (const topic of of) topics.add(topic);
        },
        onFailed: (error) => told.push(error),
      });

      // the model: what was added and neither dropped nor refused, in order
      let wanted: number[] = [];
      let [next, refused] = [0, false];
      for (const step of all) {
        try {
          if (step.kind === 'add') {
            wanted.push(next);
            await gathering.add(batch(next++, step.bytes), step.isLast === 0);
            if (step.isLast === 0 && !stopped && !failed) t.strictSame(applied, wanted);
          } else if (step.kind === 'flush') {
            await gathering.flush();
            if (!stopped) t.strictSame(applied, wanted);
          } else if (step.kind === 'drop') {
            // what has begun by then comes in still, and nothing behind it
            gathering.drop();
            await gathering.flush();
            wanted = [...applied];
          } else if (step.kind === 'pause') await new Promise((resolve) => setTimeout(resolve, 3));
          else {
            await gathering.stop();
            stopped = true;
            t.equal(running, 0, 'nothing is under way');
          }
        } catch (error) {
          t.equal((error as Error).message, 'no room');
          refused = true;
          break;
        }
      }
      const before = [...applied];
      await gathering.stop();
      t.equal(running, 0);
      if (stopped) t.strictSame(applied, before, 'nothing more is applied behind a stop');
      t.strictSame(applied, wanted.slice(0, applied.length), 'from the first on, with no gap');
      t.equal(told.length, failed ? 1 : 0, 'a failure is told once, to whoever waits or not');
      if (refused) t.ok(failed);
      t.strictSame([...topics].sort(), [...new Set(applied.map((offset) => `topic-${String(offset % 3)}`))].sort());
      if (failed) {
        failures++;
        await t.rejects(gathering.flush(), { message: 'no room' }, 'and for good');
      }
    }),
    { numRuns: 300 },
  );
  t.ok(failures > 20, 'many of them fail on the way');
});

t.test('one transaction is applied while the next is gathered, and no more than that', async (t) => {
  const ends: (() => void)[] = [];
  const gathering = new Gathering({
    gatheredBytes: 100,
    apply: () => new Promise((resolve) => ends.push(resolve)),
    onApplied: () => undefined,
    onFailed: () => undefined,
  });
  await gathering.add(batch(0, 100), false);
  await turns(2);
  t.equal(ends.length, 1, 'the first is under way, and whoever added it goes on');
  await gathering.add(batch(1, 60), false);
  let added = false;
  const second = gathering.add(batch(2, 60), false).then(() => (added = true));
  await turns(5);
  t.equal(added, false, 'there is room for one more only');
  t.equal(ends.length, 1);
  ends[0]?.();
  await second;
  await turns(2);
  t.equal(ends.length, 2);
  const flushed = gathering.flush();
  ends[1]?.();
  await flushed;
});

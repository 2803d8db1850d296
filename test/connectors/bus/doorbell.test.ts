/** What wakes whoever waits for records of another process: no change goes unheard, however it is told. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Doorbell } from '../../../connectors/bus/embedded/doorbell.js';

/** A store that another process writes to: `appends` is what a new snapshot shows. */
function storeOf(t: Test, { told }: { readonly told: boolean }) {
  const file = `${t.testdir()}/data.mdb`;
  if (told) writeFileSync(file, '');
  const store = {
    file,
    committed: 0,
    shown: 0,
    refresh: () => void (store.shown = store.committed),
    appends: () => store.shown,
  };
  return store;
}

const STEPS = [
  'written, then committed',
  'committed, then written',
  'committed in silence',
  'written, no more',
  'rung',
] as const;

for (const told of [true, false])
  t.test(`whoever waits hears of each change, where the file system ${told ? 'tells' : 'tells nothing'}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            step: fc.constantFrom(...STEPS),
            waiters: fc.integer({ min: 0, max: 3 }),
            pause: fc.integer({ min: 0, max: 12 }),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        async (steps) => {
          const store = storeOf(t, { told });
          const bell = new Doorbell(store);
          try {
            for (const { step, waiters, pause } of steps) {
              const mark = bell.mark();
              let woken = 0;
              const waiting = Array.from({ length: waiters }, () => bell.changed(mark).then(() => woken++));
              await wait(pause);
              if (woken > 0) return false;
              const write = (): void => {
                if (told) appendFileSync(store.file, 'page');
              };
              if (step === 'written, then committed') {
                write();
                await wait(pause);
                store.committed++;
              } else if (step === 'committed, then written') {
                store.committed++;
                write();
              } else if (step === 'committed in silence') {
                store.committed++;
              } else if (step === 'rung') {
                bell.ring();
              } else {
                write();
                await wait(pause + 5);
                if (woken > 0) return false;
                bell.ring();
              }
              await Promise.all(waiting);
              // what came between the mark and the waiting
              if (store.committed !== mark) await bell.changed(mark);
            }
            return true;
          } finally {
            bell.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  });

t.test('who waits when it is closed is let go, and so is who comes later', async (t) => {
  const store = storeOf(t, { told: true });
  const bell = new Doorbell(store);
  const waiting = bell.changed(bell.mark());
  bell.close();
  await waiting;
  await bell.changed(bell.mark());
  t.equal(store.committed, 0, 'nothing came');
});

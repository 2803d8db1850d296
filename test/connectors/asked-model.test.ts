/**
 * Runs that are asked for, over time and against a small model: by hand, by a mend, begun and ended, cut off by a kill,
 * with a clock that is put back and a state that is opened anew. None asked for by hand follows another one sooner than
 * the pause, none is lost, and one that waits is one.
 */
import t from 'tap';
import { State } from '../../connectors/publish/index.js';
import { asked, askForRun, noteEnded, pressForRun, readingOf, takeAsked } from '../../connectors/run/asked.js';
import { datasetId } from '../../contracts/ids.js';

const DATASET = datasetId('office.shops');
const EVERY = 60_000;
const NOTHING = { rows: 0, published: 0, unchanged: 0, quarantined: 0, skipped: 0, withdrawn: 0 };

/** Deterministic, so that a failure can be met again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

interface Model {
  /** ms since 1970 since when one waits. */
  waits: number | undefined;
  pressed: number | undefined;
  last: number | undefined;
}

/** What a press may say of the model. */
function pressOn(model: Model, now: number): { readonly asked: number } | { readonly wait: number } {
  if (model.waits !== undefined) return { asked: model.waits };
  const since = model.pressed === undefined ? Infinity : now - model.pressed;
  if (since >= 0 && since < EVERY) return { wait: EVERY - since };
  model.pressed = now;
  model.waits = now;
  return { asked: now };
}

t.test('as the model says, over many steps', async (t) => {
  for (const seed of [1, 2, 3]) {
    const dir = t.testdir();
    const below = numbers(seed);
    const model: Model = { waits: undefined, pressed: undefined, last: undefined };
    let state = State.open(dir);
    let now = Date.parse('2026-10-27T02:00:00Z');
    const steps: Readonly<Record<string, () => Promise<void>>> = {
      async press() {
        const found = await pressForRun(state, DATASET, new Date(now), EVERY);
        const expected = pressOn(model, now);
        t.same('wait' in found ? found : { asked: Date.parse(found.asked) }, expected, `seed ${String(seed)}: pressed`);
      },
      // two at once, as from two processes
      async presses() {
        const found = await Promise.all([1, 2].map(() => pressForRun(state, DATASET, new Date(now), EVERY)));
        const expected = [pressOn(model, now), pressOn(model, now)];
        t.same(
          found.map((one) => 'asked' in one),
          expected.map((one) => 'asked' in one),
        );
      },
      async mend() {
        await askForRun(state, DATASET, new Date(now));
        model.waits = now;
      },
      async run() {
        await takeAsked(state, DATASET);
        model.waits = undefined;
        const began = new Date(now).toISOString();
        now += below(20_000);
        noteEnded(state, DATASET, { ...NOTHING, state: 'complete', began, ended: new Date(now).toISOString() });
        model.last = now;
      },
      // the run is cut off: what was asked for is done by the next, which a start makes anyway
      async kill() {
        await takeAsked(state, DATASET);
        model.waits = undefined;
        state.write('run', DATASET, { began: new Date(now).toISOString(), rows: 1 });
        await state.close();
        state = State.open(dir);
      },
      async again() {
        await state.close();
        state = State.open(dir);
      },
      async later() {
        now += below(90_000);
      },
      async back() {
        now -= below(30_000);
      },
    };
    const names = Object.keys(steps);
    for (let n = 0; n < 300; n++) {
      const name = names[below(names.length)] ?? 'later';
      await steps[name]?.();
      await state.flushed();
      const { asked: waits, running, last, wait } = readingOf(state, DATASET, new Date(now), EVERY);
      const told = { ...model };
      const next = pressOn(told, now);
      t.same(
        { waits: waits === undefined ? undefined : Date.parse(waits), last: last && Date.parse(last.ended), wait },
        { waits: model.waits, last: model.last, wait: 'wait' in next ? next.wait : 0 },
        `seed ${String(seed)}, step ${String(n)}: ${name}`,
      );
      t.equal(running, undefined, 'a run that was cut off goes on no more');
      t.equal(asked(state, DATASET), model.waits !== undefined);
    }
    await state.close();
  }
});

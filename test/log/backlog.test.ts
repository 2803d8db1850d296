import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import t from 'tap';
import { Backlog, type Pending } from '../../gateway/log/journal/backlog.js';

const pending = (n: number): Pending => ({
  draft: { clear: `{"n":${String(n)}}` },
  digestPlace: 0,
  resolve: undefined,
  reject: undefined,
});

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('add' as const), outside: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('durable' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fill' as const), room: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('many' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeAll' as const) }) },
);

t.test('drafts stand and go in the order in which they came', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const backlog = new Backlog();
      // the model: two lists
      let [ring, outside]: [Pending[], Pending[]] = [[], []];
      let next = 0;
      for (const one of steps) {
        if (one.kind === 'add' && one.outside) {
          const made = pending(next++);
          backlog.addOutside(made);
          outside.push(made);
        } else if (one.kind === 'add' || one.kind === 'many') {
          for (let i = 0; i < (one.kind === 'many' ? 3000 : 1); i++) {
            const made = pending(next++);
            backlog.addToRing(made);
            ring.push(made);
          }
        } else if (one.kind === 'durable') {
          const count = Math.floor(one.part * ring.length);
          backlog.removeDurable(count);
          ring = ring.slice(count);
        } else if (one.kind === 'fill') {
          let room = one.room;
          backlog.fillRing(() => room-- > 0);
          ring.push(...outside.splice(0, one.room));
        } else {
          const all = backlog.takeAll();
          if (all.length !== ring.length + outside.length || all.some((got, i) => got !== [...ring, ...outside][i]))
            return false;
          [ring, outside] = [[], []];
        }
        const same =
          backlog.inRing === ring.length &&
          backlog.outside === outside.length &&
          backlog.size === ring.length + outside.length &&
          backlog.oldest === ring[0] &&
          [0, 1, ring.length - 1, ring.length].every((i) => i < 0 || backlog.inRingAt(i) === ring[i]);
        if (!same) return false;
      }
      return true;
    }),
  );
  t.end();
});

t.test('a draft that is durable is let go, also while others behind it are not', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const backlog = new Backlog();
  const refs = Array.from({ length: 10 }, (_, n) => {
    const one = pending(n);
    backlog.addToRing(one);
    return new WeakRef(one);
  });
  backlog.removeDurable(6);
  // what a WeakRef gave or was made with lives until the turn ends
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  t.strictSame(
    refs.map((ref) => ref.deref() !== undefined),
    [false, false, false, false, false, false, true, true, true, true],
  );
  t.equal(backlog.inRing, 4);
});

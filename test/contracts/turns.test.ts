/** Work in turn: what its users rely on, over random sequences of work that takes its time or fails. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { atOnce, OneByOne } from '../../contracts/turns.js';
import { type Random, randomOf } from '../tools/faults/random.js';

/** Some turns of the event loop, then it says which it was, or fails by it. */
async function work(random: Random, i: number): Promise<number> {
  const takes = random.between(0, 5);
  const fails = random.chance(0.2);
  for (let turn = 0; turn < takes; turn++) await nextTurn();
  if (fails) throw new Error(String(i));
  return i;
}
const told = (mine: Promise<number>): Promise<string> =>
  mine.then(
    (i) => `${i}`,
    (error: Error) => `${error.message} failed`,
  );

t.test('one after the other: in order, never two at once, and what fails keeps nobody', async (t) => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = randomOf(seed, 'one by one');
    const turns = new OneByOne();
    const begun: number[] = [];
    const ended: number[] = [];
    const mine: Promise<string>[] = [];
    const count = 30;
    for (let i = 0; i < count; i++) {
      mine.push(
        told(
          turns.take(() => {
            begun.push(i);
            if (ended.length !== i) throw new RangeError(`${i} began beside another`);
            const one = random.chance(0.1) ? Promise.resolve(i) : work(random, i);
            return one.finally(() => ended.push(i));
          }),
        ),
      );
      if (random.chance(0.3)) await nextTurn();
      if (random.chance(0.1)) {
        await turns.over();
        t.equal(ended.length, i + 1, 'over once all that was brought is over');
      }
    }
    const all = Array.from({ length: count }, (_, i) => i);
    t.strictSame(
      (await Promise.all(mine)).map((said) => said.replace(' failed', '')),
      all.map(String),
      'each is told its own',
    );
    t.strictSame(begun, all, 'in the order in which they were brought');
  }
});

t.test('what throws at once is told as what fails later', async (t) => {
  const turns = new OneByOne();
  await t.rejects(
    turns.take(() => {
      throw new Error('at once');
    }),
    { message: 'at once' },
  );
  t.equal(await turns.take(() => 1), 1);
});

t.test('so many at once: never more, and none is left waiting', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = randomOf(seed, 'at once');
    const most = random.between(1, 4);
    const inTurn = atOnce(most);
    let inside = 0;
    let widest = 0;
    const order: number[] = [];
    const all = Array.from({ length: 25 }, async (_, i) => {
      return told(
        inTurn(async () => {
          order.push(i);
          widest = Math.max(widest, ++inside);
          return work(random, i).finally(() => inside--);
        }),
      );
    });
    const said = await Promise.all(all);
    t.equal(said.length, 25);
    t.equal(widest, most, 'as many as there may be, and no more');
    t.strictSame(
      order,
      Array.from({ length: 25 }, (_, i) => i),
      'in order',
    );
  }
});

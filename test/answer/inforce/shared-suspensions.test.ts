/**
 * What one replica suspends is refused by the others; whatever happens to the store that they share, nothing is lifted
 * by it.
 */
import { join } from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { YitongError } from '../../../contracts/errors.js';
import { type SharedSuspensions, shareSuspensions } from '../../../gateway/answer/inforce/shared-suspensions.js';
import { changeSuspensions, readSuspensions } from '../../../gateway/answer/inforce/suspensions.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { until } from '../../support/conformance/state.js';

const suspension = (entry: string) => ({
  at: '2026-11-30T00:00:00Z',
  by: 'sharing-authority',
  reason: 'too much',
  entry,
});

/** A store as a replica reaches it, which can be away. */
function reached(state: State): { readonly state: State; away: boolean } {
  const way = { away: false, state };
  const names = ['set', 'commit', 'revision', 'changes'] as const;
  way.state = new Proxy(state, {
    get(target, name: keyof State) {
      const member: unknown = target[name];
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (way.away && (names as readonly string[]).includes(name))
          return Promise.reject(new YitongError('state_unavailable', 'it is away'));
        return (member as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return way;
}

interface Replica {
  readonly dir: string;
  readonly way: { away: boolean };
  readonly shared: SharedSuspensions;
  ids(): string;
}

async function replica(t: Test, store: string, dir: string): Promise<Replica> {
  const state = openEmbeddedState({ dir: store });
  const way = reached(state);
  const shared = shareSuspensions(way.state, dir, () => undefined);
  t.teardown(async () => {
    await shared.stop();
    await state.close();
  });
  return { dir, way, shared, ids: () => [...readSuspensions(dir).grants.keys()].sort().join() };
}

t.test('what one suspends and resumes is so on the other', async (t) => {
  const at = t.testdir({ store: {}, one: {}, two: {} });
  const [one, two] = [
    await replica(t, join(at, 'store'), join(at, 'one')),
    await replica(t, join(at, 'store'), join(at, 'two')),
  ];
  await Promise.all([one.shared.known, two.shared.known]);
  await Promise.all([
    one.shared.change((grants) => grants.set('a', suspension('w1:1'))),
    two.shared.change((grants) => grants.set('b', suspension('w2:1'))),
  ]);
  await until(() => one.ids() === 'a,b' && two.ids() === 'a,b', 'both on both');
  t.strictSame([...(await one.shared.read()).keys()].sort(), ['a', 'b']);
  await two.shared.change((grants) => grants.delete('a'));
  t.equal(two.ids(), 'b', 'where it was done at once');
  await until(() => one.ids() === 'b', 'resumed on the other');
  await until(() => one.shared.age() < 5000, 'a young age');
  t.strictSame(readSuspensions(one.dir).grants.get('b'), suspension('w2:1'));
});

t.test('a store that is away lifts nothing, refuses what is to be changed, and is caught up with', async (t) => {
  const at = t.testdir({ store: {}, one: {}, two: {} });
  const [one, two] = [
    await replica(t, join(at, 'store'), join(at, 'one')),
    await replica(t, join(at, 'store'), join(at, 'two')),
  ];
  await one.shared.change((grants) => grants.set('a', suspension('w1:1')));
  await until(() => two.ids() === 'a', 'known on both');
  two.way.away = true;
  await t.rejects(
    two.shared.change((grants) => grants.delete('a')),
    { code: 'state_unavailable' },
  );
  await t.rejects(two.shared.read(), { code: 'state_unavailable' });
  await one.shared.change((grants) => {
    grants.delete('a');
    grants.set('b', suspension('w1:2'));
  });
  const before = two.shared.age();
  await until(() => two.shared.age() > before + 1000, 'its age grows');
  t.equal(two.ids(), 'a', 'what it knew stays');
  two.way.away = false;
  await until(() => two.ids() === 'b', 'caught up');
});

t.test('a replica that never knew any waits for the store; one that did does not', async (t) => {
  const at = t.testdir({ store: {}, one: {} });
  const state = openEmbeddedState({ dir: join(at, 'store') });
  t.teardown(() => state.close());
  const way = reached(state);
  way.away = true;
  const shared = shareSuspensions(way.state, join(at, 'one'), () => undefined);
  let known = false;
  void shared.known.then(() => (known = true));
  await until(() => shared.age() > 300, 'some looks');
  t.notOk(known, 'it says nothing of what is suspended');
  way.away = false;
  await shared.known;
  await shared.stop();
  way.away = true;
  const again = shareSuspensions(way.state, join(at, 'one'), () => undefined);
  await again.known;
  await again.stop();
  t.ok(known);
});

t.test('what was suspended before there was a store, or is lost from it, is put into it again', async (t) => {
  const at = t.testdir({ before: {}, after: {}, one: {}, two: {} });
  changeSuspensions(join(at, 'one'), (grants) => grants.set('old', suspension('w1:1')));
  const one = await replica(t, join(at, 'before'), join(at, 'one'));
  await one.shared.known;
  await one.shared.change((grants) => grants.set('new', suspension('w1:2')));
  await one.shared.change((grants) => grants.delete('old'));
  t.equal(one.ids(), 'new');
  await one.shared.change((grants) => grants.set('old', suspension('w1:3')));
  await one.shared.stop();
  // the store of yesterday, in which much else happened since
  const yesterday = openEmbeddedState({ dir: join(at, 'after') });
  for (let i = 0; i < 10; i++) await yesterday.commit([{ do: 'count', counter: 'c', by: 1 }]);
  await yesterday.close();
  const [again, two] = [
    await replica(t, join(at, 'after'), join(at, 'one')),
    await replica(t, join(at, 'after'), join(at, 'two')),
  ];
  await until(() => two.ids() === 'new,old', 'known to a replica that has nothing else to go by');
  t.equal(again.ids(), 'new,old');
  await two.shared.change((grants) => grants.clear());
  await until(() => again.ids() === '', 'resumed by whoever may');
});

t.test('a replica that slept through a suspension and its end suspends nobody again', async (t) => {
  const at = t.testdir({ store: {}, one: {}, two: {} });
  const [one, two] = [
    await replica(t, join(at, 'store'), join(at, 'one')),
    await replica(t, join(at, 'store'), join(at, 'two')),
  ];
  await one.shared.change((grants) => grants.set('a', suspension('w1:1')));
  await until(() => two.ids() === 'a', 'known on both');
  two.way.away = true;
  for (const n of [2, 3]) {
    await one.shared.change((grants) => grants.delete('a'));
    await one.shared.change((grants) => grants.set('a', suspension(`w1:${n}`)));
  }
  await one.shared.change((grants) => grants.delete('a'));
  two.way.away = false;
  await until(() => two.ids() === '', 'lifted');
  t.strictSame([...(await one.shared.read())], []);
});

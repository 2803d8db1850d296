/** A reader of marks that does not come forward is seen from outside, and reads them where a matter has changed. */
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import type { State } from '../../../gateway/ground/state/port.js';
import { correctionMarksOf } from '../../../gateway/procedures/sharing/marks.js';
import { until } from '../../e2e/ask.js';
import { sharedState } from '../../support/shared-state.js';

const settings = { state: { driver: 'embedded' } } as unknown as Parameters<typeof correctionMarksOf>[0]['settings'];

t.test('its age grows while the store is away, and falls when it is back', async (t) => {
  const open = await sharedState(t, 'embedded');
  if (open === undefined) return;
  const state = await open();
  let away = false;
  const broken = new Proxy(state, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name === 'revision' && away) return () => Promise.reject(new Error('away'));
      return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
    },
  }) as State;
  const marks = correctionMarksOf({ settings, dataDir: t.testdir(), state: broken, now: Date.now });
  t.teardown(() => marks.close());
  await marks.ready();
  away = true;
  await t.rejects(marks.ready(), { message: 'away' }, 'whoever waits for it is told');
  const before = marks.age();
  await wait(20);
  t.ok(marks.age() > before, 'nothing new is known');
  await until(
    'two seconds of age',
    async () => marks.age(),
    (age) => age > 2000,
  );
  away = false;
  await until(
    'it reads again by itself',
    async () => marks.age(),
    (age) => age < 1000,
  );
});

t.test('what is of no matter has none of them read again', async (t) => {
  const open = await sharedState(t, 'embedded');
  if (open === undefined) return;
  const state = await open();
  let read = 0;
  const counting = new Proxy(state, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name === 'documents') read++;
      return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
    },
  }) as State;
  const marks = correctionMarksOf({ settings, dataDir: t.testdir(), state: counting, now: Date.now });
  t.teardown(() => marks.close());
  await marks.ready();
  t.equal(read, 1);
  await state.commit([{ do: 'put', kind: 'sign-in', id: 'a', body: 1 }]);
  await marks.ready();
  t.equal(read, 1, 'somebody signed in');
  const id = '0011223344556677';
  const links = ['machine/correction/open/000000000000001'];
  await state.commit([{ do: 'put', kind: 'matter', id, links, body: { head: { about: [] } } }]);
  await marks.ready();
  t.equal(read, 2, 'a correction was asked for');
});

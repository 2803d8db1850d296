/** A reader of marks that does not come forward is seen from outside. */
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import type { State } from '../../../gateway/ground/state/port.js';
import { correctionMarksOf } from '../../../gateway/procedures/sharing/marks.js';
import { until } from '../../e2e/ask.js';
import { sharedState } from '../../support/shared-state.js';

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
  const settings = { state: { driver: 'embedded' } } as unknown as Parameters<typeof correctionMarksOf>[0]['settings'];
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

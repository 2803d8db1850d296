/** A state that came back into a data folder: what was destroyed after a backup is destroyed again where that is put back. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import { destroySharedKey, sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { erasedFromStateIn, eraseFromStateAgain } from '../../../gateway/operate/backup/erased.js';

t.test('a key that was destroyed does not come back with a copy of before', async (t) => {
  const dir = t.testdir();
  const [now, before] = [join(dir, 'now'), join(dir, 'before')];
  const state = openEmbeddedState({ dir: join(now, 'state') });
  const keys = await sharedSealingKeys(state);
  for (let i = 0; i < 130; i++) await keys.secretOf(`somebody ${String(i)}`);
  cpSync(now, before, { recursive: true });
  for (let i = 0; i < 120; i++) t.equal(await destroySharedKey(state, `somebody ${String(i)}`), true);
  await state.close();

  const erased = await erasedFromStateIn(now);
  t.equal(erased.length, 120);
  t.strictSame(await erasedFromStateIn(before), []);
  t.strictSame(await erasedFromStateIn(join(dir, 'elsewhere')), []);
  t.equal(await eraseFromStateAgain(before, erased), 120);
  t.equal(await eraseFromStateAgain(before, erased), 0, 'again it changes nothing');
  const restored = openEmbeddedState({ dir: join(before, 'state') });
  t.teardown(() => restored.close());
  const left = await sharedSealingKeys(restored);
  for (const [i, there] of [
    [0, false],
    [119, false],
    [120, true],
    [129, true],
  ] as const)
    t.equal((await left.find(`somebody ${String(i)}`)) !== undefined, there, `somebody ${String(i)}`);
  t.strictSame((await erasedFromStateIn(before)).length, 120, 'and whoever puts that back knows it as well');
});

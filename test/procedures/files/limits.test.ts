/** How many files may be made for a client at once, and what is said where a file stands elsewhere. */
import { join } from 'node:path';
import t from 'tap';
import { errorTable, YitongError } from '../../../contracts/errors.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import { sealingKeysOf } from '../../../gateway/log/entries/sealing-keys.js';
import { FileStore } from '../../../gateway/procedures/files/store.js';

t.test('twenty at once, each client for itself', async (t) => {
  const dir = t.testdir();
  const state = openEmbeddedState({ dir: join(dir, 'state') });
  const keys = sealingKeysOf(join(dir, 'keys'));
  const store = new FileStore(state, keys);
  const asked = { purpose: 'p', dataset: 'a.b', format: 'csv' } as unknown as Parameters<FileStore['order']>[1];
  const here = { folder: 'f', name: 'east' };
  for (let i = 0; i < 20; i++) await store.order('desk', asked, here, Date.now());
  await t.rejects(store.order('desk', asked, here, Date.now()), { code: 'too_many_orders' });
  await store.order('other', asked, here, Date.now());
  await keys.close();
  await state.close();
});

t.test('a file at another replica is a misdirected request', async (t) => {
  // RFC 9110, section 15.5.20: the client may ask again, over another connection
  const { code, status } = new YitongError('file_elsewhere', 'the file stands at the replica `east`');
  t.same({ code, status }, { code: 'file_elsewhere', status: 421 });
  t.equal(errorTable.file_elsewhere.status, 421);
});

import t from 'tap';
import { openLmdbViewReader } from '../../../gateway/answer/view/lmdb/index.js';
import { world } from '../../support/conformance/view-world.js';

t.test('who asks before there is a view is told so, and not that nothing is on record', (t) => {
  t.throws(() => openLmdbViewReader({ dir: `${t.testdir()}/none`, workspace: world() }), { code: 'view_unavailable' });
  t.end();
});

import t from 'tap';
import { openStatuses } from '../../../gateway/documents/credentials/status/lmdb.js';
import { memoryStatuses } from '../../../gateway/documents/credentials/status/memory.js';
import { statusesIn } from '../../../gateway/documents/credentials/status/state.js';
import { statusConformance } from '../../support/conformance/status.js';
import { SHARED, sharedState } from '../../support/shared-state.js';

t.test('in memory', (t) => {
  statusConformance(t, { open: async () => async (size) => memoryStatuses(size), keeps: false });
  t.end();
});

t.test('in LMDB', (t) => {
  statusConformance(t, {
    async open(t) {
      const dir = t.testdir();
      return async (size) => openStatuses(dir, size);
    },
    keeps: true,
  });
  t.end();
});

for (const kind of SHARED)
  t.test(`in the state: ${kind}`, (t) => {
    statusConformance(t, {
      async open(t) {
        const open = await sharedState(t, kind);
        return open && (async (size) => statusesIn(await open(), size));
      },
      keeps: true,
    });
    t.end();
  });

import t from 'tap';
import { openStatuses } from '../../../gateway/documents/credentials/status/lmdb.js';
import { memoryStatuses } from '../../../gateway/documents/credentials/status/memory.js';
import { statusConformance } from '../../support/conformance/status.js';

t.test('in memory', (t) => {
  statusConformance(t, { open: (_, size) => memoryStatuses(size), keeps: false });
  t.end();
});

t.test('in LMDB', (t) => {
  statusConformance(t, { open: openStatuses, keeps: true });
  t.end();
});

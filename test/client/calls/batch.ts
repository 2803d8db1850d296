import type { BatchMethods } from '../../../gateway/http/api/batch/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: BatchMethods): Calls => ({
  batch: () => client.batch({ purpose: 'p', subjects: ['a:1'], datasets: [{ id: 'a.b' }] }).next(),
});

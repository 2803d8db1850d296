import type { QueryMethods } from '../../../gateway/http/api/query/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: QueryMethods): Calls => ({
  query: () => client.query({ purpose: 'p', subject: 'a:1', datasets: [{ id: 'a.b' }] }),
});

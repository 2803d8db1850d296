import type { RegionsMethods } from '../../../gateway/http/api/regions/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: RegionsMethods): Calls => ({
  queryRegion: () => client.queryRegion('r', { purpose: 'p', subject: 'a:1', datasets: [{ id: 'a.b' }] }),
  verifyRegion: () =>
    client.verifyRegion('r', { purpose: 'p', subject: 'a:1', claims: [{ dataset: 'a.b', field: 'f', value: 1 }] }),
});

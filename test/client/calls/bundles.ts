import type { BundlesMethods } from '../../../gateway/http/api/bundles/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: BundlesMethods): Calls => ({
  bundles: () => client.bundles(),
  bundle: () => client.bundle('b'),
  mergeBundle: () => client.mergeBundle('b', { dishes: ['hot'], area: 20, chain: false, floor: null }),
});

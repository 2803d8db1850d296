import type { GuideMethods } from '../../../gateway/http/api/guide/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: GuideMethods): Calls => ({ guide: () => client.guide('我想开一家饭店') });

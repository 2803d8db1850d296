import type { RecordsMethods } from '../../../gateway/http/api/records/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: RecordsMethods): Calls => ({
  publish: () => client.publish('a.b', { sourceTime: '2026-01-01T00:00:00Z', records: [] }),
});

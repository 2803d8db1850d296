import type { ObjectionsMethods } from '../../../gateway/http/api/objections/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: ObjectionsMethods): Calls => ({
  objections: () => client.objections({ show: 'open', limit: 3 }),
  actOnObjection: () => client.actOnObjection('0123456789abcdef', { act: 'x' }),
  openObjection: () =>
    client.openObjection({ lifecycle: 'l', dataset: 'a.b', subject: 'a:1', recordId: 'r', act: 'x' }),
});

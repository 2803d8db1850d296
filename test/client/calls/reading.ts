import type { ReadingMethods } from '../../../gateway/http/api/reading/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: ReadingMethods): Calls => ({
  reading: () => client.reading('a.b'),
  readAgain: () => client.readAgain('a.b', { officer: { id: 'chen' } }),
});

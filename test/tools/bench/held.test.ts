/** What `held` measures happens, on few rows: whatever it takes here says nothing. */
import { join } from 'node:path';
import t from 'tap';
import { heldRows } from './held.js';

t.setTimeout(300_000);

t.test('pages say what is held back, one decision publishes what it makes good, on record', async (t) => {
  const [pages, tried, applied] = await heldRows(join(t.testdir(), 'held'), 500);
  t.match(pages, {
    id: 'held',
    runs: 20,
    note: /the feeds of the department.*the feed, by cause.*the cause, with its mend/,
  });
  t.match(tried, { id: 'held-tried', note: '200 would be good' });
  t.match(applied, { id: 'held-applied', note: '200 published; on record: yes' });
});

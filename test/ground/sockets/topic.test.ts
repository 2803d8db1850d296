/** One poisoned record must cost nobody the records behind it on the partition, nor the writer its memory. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { key, makeCity, writeFeed } from './city.js';
import { poisonTopic } from './topic.js';

t.test('poison on a topic is set aside and counted, and the partition goes on', { timeout: 110_000 }, async (t) => {
  const dir = t.testdir({ city: {}, data: {} });
  const city = join(dir, 'city');
  await makeCity(city);
  writeFileSync(join(city, 'inbox/few.csv'), `k,n,d\n${key(1)},shop 1,east\n`);
  writeFeed(city, { kind: 'csv', path: 'inbox/few.csv' });
  const { sent, poisoned, records, grown } = await poisonTopic(city, join(dir, 'data'), 2_000_000);
  t.equal(poisoned, sent);
  t.equal(records, 1);
  t.ok(grown < 150_000_000, `the writer held ${Math.round(grown / 1e6)} MB more`);
});

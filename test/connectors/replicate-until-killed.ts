/** A connector of one feed, by its schedule, until its parent kills it. */
import { scheduleFeeds } from '../../connectors/schedule.js';
import { feed as makeFeed } from './fixtures.js';
import { logicalFeed, replicated } from './replicated.js';

const [dir = '', url = ''] = process.argv.slice(2);
const office = await replicated(dir, url);
const { source = { kind: '' }, ...rest } = logicalFeed(url, {}, { schedule: 'PT1S' });
const scheduler = scheduleFeeds({
  feeds: [makeFeed(source, rest)],
  baseDir: dir,
  run: (feed, signal) =>
    office.run({ signal, wake: () => scheduler.trigger(feed), onProgress: ({ rows }) => process.send?.({ rows }) }),
  onReport: (_feed, report) => process.send?.({ report }),
  onError: (_feed, error) => process.send?.({ error: String(error) }),
});
process.on('message', () => {
  void scheduler.stop().then(async () => {
    await office.close();
    process.disconnect();
  });
});

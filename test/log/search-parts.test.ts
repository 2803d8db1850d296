import { existsSync, readdirSync } from 'node:fs';
import t from 'tap';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { BLOCK, blockFile, partFile } from '../../gateway/log/search/block.js';
import { openSearch, PART } from '../../gateway/log/search/index.js';
import { startWatching } from '../../gateway/procedures/watch/follow.js';
import { type Draft, storedLog } from './stored.js';

const START = Date.parse('2026-03-01T00:00:00Z');
const draft = (n: number): Draft => ({
  clear: {
    type: 'released',
    time: new Date(START + n * 1000).toISOString(),
    requestId: `r-${String(n)}`,
    client: `c-${String(n % 7)}`,
    authority: 'tax',
    purpose: 'p',
    datasets: [{ dataset: 'a.b', effect: n % 11 === 0 ? 'deny' : 'allow', records: 1 }],
  },
  subject: `uscc:${String(n % 50)}`,
  details: { caseId: `case-${String(n % 97)}`, actor: 'o' },
});

t.test(
  'what the follower wrote of a block, and what came since, is found as if it had all been read anew',
  async (t) => {
    const data = t.testdir();
    const { search: dir } = auditLayout(data);
    const log = storedLog(data);
    const follow = async (to: number): Promise<void> => {
      log.add(Array.from({ length: to - log.size }, (_, i) => draft(log.size + i)));
      const index = openSearch(data);
      const follower = startWatching({
        dataDir: data,
        rules: new Map(),
        thresholds: new Map(),
        index: index.feed(),
        now: Date.now,
        interval: 0,
        record: () => Promise.resolve(),
        onError: (error) => t.fail(String(error)),
      });
      await follower.runOnce();
      await follower.stop();
      await index.close();
    };
    const same = async (what: string): Promise<void> => {
      const search = openSearch(data);
      const want = { client: 'c-3', caseId: 'case-5', result: 'allow' } as const;
      const found: number[] = [];
      for await (const { index } of search.entries(want, { oldestFirst: true })) found.push(index);
      const expected = Array.from({ length: log.size }, (_, n) => n).filter(
        (n) => n % 7 === 3 && n % 97 === 5 && n % 11 !== 0,
      );
      t.same(found, expected, what);
      const { hours } = await search.overview(0, Infinity);
      t.equal(
        Object.values(hours).reduce((sum, { requests }) => sum + requests, 0),
        log.size,
        `${what}, in sums`,
      );
      await search.close();
    };
    await follow(PART + 100);
    t.same(readdirSync(dir), [partFile('', 0)]);
    await same('a beginning and a rest');
    // another process goes on from the middle
    await follow(2 * PART + 7);
    await same('a longer beginning');
    log.add(Array.from({ length: 50 }, (_, i) => draft(log.size + i)));
    await same('entries that nobody followed yet');
    await follow(BLOCK + PART + 1);
    t.equal(existsSync(blockFile(dir, 0)), true);
    t.equal(existsSync(partFile(dir, 0)), false);
    await same('a whole block and a beginning');
    await log.close();
  },
);

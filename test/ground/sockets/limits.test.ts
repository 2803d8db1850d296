/**
 * What a department loses where one row fills the memory of its connector: everything. Each poison in small, in a real
 * connector process; in large it is `yitong bench --only limits`.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { key, makeCity, runConnector, writeFeed } from './city.js';
import { poisons } from './poison.js';

t.setTimeout(300_000);

const BYTES = 4_000_000;
/** Far above what is measured (40 MB), far below what each of these once took. */
const MOST = 150_000_000;

const dir = t.testdir();
await makeCity(dir);
writeFileSync(join(dir, 'inbox/few.csv'), `k,n,d\n${key(1)},shop 1,east\n`);
writeFeed(dir, { kind: 'csv', path: 'inbox/few.csv' });
const base = (await runConnector(dir, join(dir, 'data'))).most;
const measured = existsSync('/proc/self/status');

for (const [i, { what, make, published, code, failed }] of poisons.entries()) {
  t.test(`${what} costs its row only`, async (t) => {
    const { source, close } = await make(join(dir, 'inbox'), BYTES);
    writeFeed(dir, source);
    const { exit, report, stderr, most } = await runConnector(dir, join(dir, `data${i}`));
    await close?.();
    t.equal(exit, failed === true ? 2 : 1);
    if (failed === true) t.match(stderr, `[${code}]`);
    else {
      t.equal(report?.published, published);
      t.ok((report?.codes[code] ?? 0) > 0, `${JSON.stringify(report?.codes)} has ${code}`);
      t.equal((report?.published ?? 0) + (report?.quarantined ?? 0), report?.rows, 'every row is accounted for');
    }
    if (measured) t.ok(most - base < MOST, `${Math.round((most - base) / 1e6)} MB more than for one row`);
  });
}

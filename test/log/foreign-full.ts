/**
 * `node dist/test/log/foreign-full.js`: every size to 1,000 with all its entries, 70,000 entries, and 1,000 flips,
 * before foreign verifiers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildForeign, flips, foreignCases, foreignLog, goMissing, publishLog } from './foreign.js';

const missing = goMissing();
if (missing !== undefined) {
  console.error(missing);
  process.exit(2);
}
const dir = mkdtempSync(join(tmpdir(), 'yitong-foreign-'));
try {
  const binary = buildForeign(dir);
  console.log(
    'sizes 1 to 1,000, every entry and every older size:',
    JSON.stringify(await foreignCases(binary, 1000, 1)),
  );
  const large = await publishLog(dir, 70_000);
  console.log('70,000 entries:', JSON.stringify(await foreignLog(binary, large, 20_000, flips(large, 20))));
  const small = await publishLog(dir, 700);
  console.log('1,000 flips of one bit:', JSON.stringify(await foreignLog(binary, small, 700, flips(small, 1000))));
} finally {
  rmSync(dir, { recursive: true, force: true });
}

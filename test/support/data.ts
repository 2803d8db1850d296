/** Real data for tests stand outside the repository, in `$YITONG_TEST_DATA` or the folder `shared/data` beside it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * The path of `name` (`cn-codes/provinces.json`). Where it is absent the test is skipped by name, or fails under
 * CI=true; the caller returns at once on undefined.
 */
export function testData(t: Pick<Test, 'fail' | 'pass'>, name: string): string | undefined {
  const path = resolve(root, process.env['YITONG_TEST_DATA'] ?? '../shared/data', name);
  if (existsSync(path)) return path;
  if (process.env['CI'] === 'true') t.fail(`test data \`${name}\` is missing; set YITONG_TEST_DATA`);
  else t.pass(`needs test data \`${name}\`; set YITONG_TEST_DATA`, { skip: 'test data not here' });
  return undefined;
}

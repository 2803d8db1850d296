/** The Python that tests of others' implementations run in. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Test } from 'tap';
import { missingHere } from './missing.js';

/**
 * A Python that has `module`, from YITONG_TEST_PYTHON (`.ci/run` makes one). Without it: skipped by name, in CI a
 * failure.
 */
export function pythonForTest(t: Test, module: string, distribution: string): string | undefined {
  const python = process.env['YITONG_TEST_PYTHON'];
  if (python !== undefined && existsSync(python) && spawnSync(python, ['-c', `import ${module}`]).status === 0)
    return python;
  return missingHere(t, `Python with ${distribution}: not here, set YITONG_TEST_PYTHON`);
}

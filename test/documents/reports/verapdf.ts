/**
 * veraPDF, for tests that a PDF keeps PDF/UA-1 (ISO 14289-1): its jars by YITONG_TEST_VERAPDF (`.ci/verapdf fetch` has
 * them and prints it).
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Test } from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { missingHere } from '../../support/missing.js';

/**
 * What it finds in each file, `FILE: ok` or a line a kind of fault; undefined where it is not here: then the test is
 * skipped by name, and fails in CI.
 */
export function judgedByVeraPdf(t: Test, files: readonly string[]): readonly string[] | undefined {
  const jars = process.env['YITONG_TEST_VERAPDF'];
  if (jars === undefined)
    return missingHere(t, 'veraPDF: not here, set YITONG_TEST_VERAPDF as `.ci/verapdf fetch` prints it');
  const { stdout, stderr, error } = spawnSync(
    'java',
    [
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-cp',
      join(jars, '*'),
      join(packageRoot(), 'test/documents/reports/verapdf/Judge.java'),
      'ua1',
      ...files,
    ],
    { encoding: 'utf8', maxBuffer: 1 << 24 },
  );
  if (error !== undefined) throw error;
  if (stdout === '') throw new Error(stderr);
  return stdout.trim().split('\n');
}

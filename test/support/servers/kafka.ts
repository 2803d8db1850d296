import type { Test } from 'tap';
import { missingHere } from '../missing.js';

/**
 * The `host:port` of a real Apache Kafka, from YITONG_TEST_KAFKA (`.ci/kafka start` prints it). Where there is none,
 * the test is reported as skipped by name; in CI it fails, so that a broken `.ci/run` cannot pass.
 */
export function kafkaForTest(t: Test): string | undefined {
  const address = process.env['YITONG_TEST_KAFKA'];
  if (address !== undefined && address !== '') return address;
  return missingHere(t, 'real Apache Kafka: not started here, set YITONG_TEST_KAFKA');
}

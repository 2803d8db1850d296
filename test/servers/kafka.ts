import type { Test } from 'tap';

/**
 * The `host:port` of a real Apache Kafka, from YITONG_TEST_KAFKA (`.ci/kafka start` prints it). Where there is none, the test is
 * reported as skipped by name; in CI it fails, so that a broken `.ci/run` cannot pass.
 */
export function kafkaForTest(t: Test): string | undefined {
  const address = process.env['YITONG_TEST_KAFKA'];
  if (address !== undefined && address !== '') return address;
  const missing = 'real Apache Kafka: not started here, set YITONG_TEST_KAFKA';
  if (process.env['CI'] === 'true') t.fail(missing);
  else t.pass(missing, { skip: missing });
  return undefined;
}

import t from 'tap';
import { createErrorFromCode } from '../../../connectors/bus/kafka/client.js';
import { failureOf } from '../../../connectors/bus/kafka/failure.js';

/** Numbers of Apache Kafka's protocol guide, "Error Codes". */
const CODES = {
  again: {
    REQUEST_TIMED_OUT: 7,
    NOT_LEADER_FOR_PARTITION: 6,
    LEADER_NOT_AVAILABLE: 5,
    UNKNOWN_TOPIC_OR_PARTITION: 3,
    NOT_ENOUGH_REPLICAS: 19,
    NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
    KAFKA_STORAGE_ERROR: 56,
  },
  denied: { TOPIC_AUTHORIZATION_FAILED: 29, GROUP_AUTHORIZATION_FAILED: 30, CLUSTER_AUTHORIZATION_FAILED: 31 },
};

t.test('what passes is tried again, a full disk too; what the ACLs say is not', async (t) => {
  for (const [type, code] of Object.entries(CODES.again))
    t.match(failureOf(createErrorFromCode(code), 'x'), { type, retriable: true, error: { code: 'bus_unavailable' } });
  for (const [type, code] of Object.entries(CODES.denied))
    t.match(failureOf(createErrorFromCode(code), 'x'), { type, retriable: false, error: { code: 'bus_denied' } });
  t.match(failureOf(createErrorFromCode(58), 'x'), {
    retriable: false,
    error: { code: 'bus_login_failed', cause: undefined },
  });
});

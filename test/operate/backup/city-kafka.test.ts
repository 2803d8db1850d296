import { randomBytes } from 'node:crypto';
import t from 'tap';
import { kafkaForTest } from '../../support/servers/kafka.js';
import { lostAndRestored } from './lost.js';

t.setTimeout(350_000);
const broker = kafkaForTest(t);
if (broker !== undefined) {
  void t.test('a city on Kafka, which keeps what it has, is backed up with its view, lost and restored', (t) => {
    const prefix = `backup-x${randomBytes(4).toString('hex')}`;
    return lostAndRestored(
      t,
      {
        prefix,
        bus: {
          driver: 'kafka',
          brokers: [broker],
          clientId: prefix,
          groupId: prefix,
          replication: 1,
          minInsyncReplicas: 1,
        },
      },
      4,
      true,
    );
  });
}

/**
 * A consumer of kafkajs that never begins or never lets go, which no broker does on demand: whoever reads hears of an
 * end.
 */
import t from 'tap';
import { consumeKafka } from '../../../connectors/bus/kafka/consumer.js';

const never = new Promise<never>(() => undefined);
const stuck = (where: 'run' | 'disconnect') =>
  ({
    events: { GROUP_JOIN: 'join', CRASH: 'crash' },
    on: () => () => undefined,
    connect: async () => undefined,
    subscribe: async () => undefined,
    run: () => (where === 'run' ? never : Promise.resolve()),
    disconnect: () => (where === 'disconnect' ? never : Promise.resolve()),
  }) as unknown as Parameters<typeof consumeKafka>[0]['consumer'];
const options = {
  topics: ['t'],
  from: () => 0,
  onBatch: async () => undefined,
  onOffsetLost: () => 0,
};
const parts = (where: 'run' | 'disconnect') => ({
  consumer: stuck(where),
  offsets: async () => new Map(),
  within: { begin: 20, leave: 20 },
});

void t.test('one that never begins is an outage', async (t) => {
  await t.rejects(consumeKafka(parts('run'), options), { code: 'bus_unavailable' });
});

void t.test('one that never lets go is left', async (t) => {
  const consumption = await consumeKafka(parts('disconnect'), options);
  await consumption.stop();
  await consumption.done;
  t.pass('both resolve');
});

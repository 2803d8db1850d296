/**
 * Run as its own process by `embedded.test.ts`: answers each record of one topic with one on another, until it is
 * killed.
 */
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';

const [dir = '', questions = '', answers = ''] = process.argv.slice(2);
const bus = await openEmbeddedBus({ dir });
const producer = await bus.producer();
const consumption = await bus.consume({
  topics: [questions],
  from: () => 0,
  onOffsetLost: (lost) => lost.low,
  onBatch: async (batch) => {
    await producer.send(
      answers,
      batch.map((one) => ({ subject: 'uscc:A', recordId: '', value: one.value, headers: {} })),
    );
  },
});
await consumption.done;

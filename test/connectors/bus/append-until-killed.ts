/**
 * Run as its own process by `embedded.test.ts`: appends numbered records and prints each offset after it was
 * acknowledged.
 */
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';

const [dir = '', topic = '', subject = '', limit = 'Infinity'] = process.argv.slice(2);
const bus = await openEmbeddedBus({ dir });
const producer = await bus.producer();
for (let i = 0; i < Number(limit); i++) {
  const [ack] = await producer.send(topic, [
    { subject, recordId: '', value: Buffer.from(`${subject}-${i}`), headers: {} },
  ]);
  process.stdout.write(`${i} ${ack?.offset}\n`);
}
await bus.close();

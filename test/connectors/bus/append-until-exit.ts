/**
 * Run as its own process by `embedded.test.ts`: appends without waiting, and ends while a write is under way, by
 * `process.exit` or by an error.
 */
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';

const [dir = '', topic = '', how = '', turnsBefore = '0'] = process.argv.slice(2);
const bus = await openEmbeddedBus({ dir });
const producer = await bus.producer();
await producer.send(topic, [{ subject: 'uscc:A', recordId: '', value: Buffer.from('first'), headers: {} }]);
for (let i = 0; i < 20; i++)
  void producer
    .send(topic, [{ subject: 'uscc:A', recordId: '', value: Buffer.alloc(50_000), headers: {} }])
    .catch(() => undefined);
const end = (): void => {
  if (how === 'exit') process.exit(0);
  throw new Error('the error is told');
};
let turns = Number(turnsBefore);
setImmediate(function turn() {
  if (turns-- > 0) return void setImmediate(turn);
  // by now the write thread may hold the lock and wait for this one
  const until = performance.now() + 20;
  while (performance.now() < until);
  end();
});

/**
 * A consumer that is stopped while a broker comes or goes ends; it used to turn round for ever, with all of its
 * process.
 */
import { createRequire } from 'node:module';
import t from 'tap';
// puts right what kafkajs does
import '../../../connectors/bus/kafka/client.js';

interface Runner {
  running: boolean;
}
interface FetchManager {
  start(): Promise<void>;
  stop(): Promise<void>;
}
const require = createRequire(import.meta.url);
const { prototype } = require('kafkajs/src/consumer/runner.js') as {
  readonly prototype: { fetch(this: Runner, nodeId: number): Promise<readonly unknown[]> };
};
const createFetchManager = require('kafkajs/src/consumer/fetchManager.js') as (parts: object) => FetchManager;
const quiet = { debug: () => undefined, info: () => undefined, namespace: () => quiet };

// the parts of kafkajs itself, with nodes and batches that we say: the moment cannot be met by chance in a test
void t.test('stopped between two sets of fetchers', { timeout: 10_000 }, async (t) => {
  let nodes = [1, 2];
  let calls = 0;
  const runner = Object.assign(
    Object.create(prototype) as Runner & { fetch(nodeId: number): Promise<readonly unknown[]> },
    {
      running: true,
      instrumentationEmitter: { emit: () => undefined },
      heartbeat: () => Promise.resolve(),
      consumerGroup: {
        // the second node is slow, so that the first one's fetcher waits for its end before both are made anew
        fetch: async (nodeId: number) => {
          await new Promise((resolve) => setTimeout(resolve, nodeId === 2 ? 200 : 5));
          return [];
        },
      },
    },
  );
  const manager = createFetchManager({
    logger: quiet,
    getNodeIds: () => nodes,
    handler: () => Promise.resolve(),
    fetch: (nodeId: number) => {
      // turning round for ever would starve every timer, that of the test as well
      if (++calls > 1000) throw new Error('it fetches for ever');
      return runner.fetch(nodeId);
    },
  });
  const started = manager.start();
  started.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
  nodes = [1, 2, 3];
  await new Promise((resolve) => setTimeout(resolve, 50));
  runner.running = false;
  await manager.stop();
  await t.rejects(started, { message: 'the consumer is stopped', retriable: true }, 'the new fetchers end as well');
});

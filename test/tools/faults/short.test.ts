/**
 * A short run of the faults harness: a connector, the writer, a worker and the whole group are killed under load, and
 * nothing is lost.
 */
import t, { type Test } from 'tap';
import { kafkaForTest } from '../../support/servers/kafka.js';
import { judge } from './judge.js';
import { killAll, type Recovery, TARGETS } from './kills.js';
import { randomOf } from './random.js';
import { startWorld, type WorldOptions } from './world.js';

t.setTimeout(240_000);

async function short(t: Test, options: WorldOptions, each: number): Promise<void> {
  const world = await startWorld(options);
  t.teardown(() => world.remove());
  const recoveries: Recovery[] = [];
  await killAll(
    world,
    Object.fromEntries(TARGETS.map((target) => [target, each])),
    (name) => randomOf(options.seed, name),
    (recovery) => recoveries.push(recovery),
  );
  for (const { fault, after } of recoveries)
    t.notOk(Object.values(after).includes(undefined), `after a killed ${fault} everything works again`);
  const verdict = await judge(await world.finish());
  t.strictSame(
    verdict.findings,
    [],
    `seed ${options.seed}: ${recoveries.length} kills, ${verdict.versions} versions, ${verdict.acknowledged} ` +
      `acknowledged pushes, ${verdict.answers} answers`,
  );
}

// drawn anew each time: what is found is found again with its seed
const seed = Math.floor(Math.random() * 1_000_000);

void t.test('embedded', async (t) => short(t, { seed }, 2));

const broker = kafkaForTest(t);
if (broker !== undefined)
  void t.test('Kafka', async (t) =>
    short(t, { seed, kafka: { brokers: [broker], replication: 1, minInsyncReplicas: 1 } }, 1),
  );

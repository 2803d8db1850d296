/** A few faults of each kind on two gateways that share their state: nothing that was acknowledged is lost or doubled. */
import t from 'tap';
import { kafkaForTest } from '../../support/servers/kafka.js';
import { SHARED_FAULTS, sharedRun } from './shared.js';

t.setTimeout(400_000);

// drawn anew each time: what is found is found again with its seed
const seed = Math.floor(Math.random() * 1_000_000);

const broker = kafkaForTest(t);
if (broker !== undefined)
  void t.test('east, west, the database, and its standby', async (t) => {
    const report = await sharedRun(seed, broker, SHARED_FAULTS, (fault, ms) => t.comment(`${fault}: ${String(ms)} ms`));
    if (report === undefined) return;
    const { findings, ...figures } = report;
    t.comment(JSON.stringify(figures));
    t.strictSame(findings.slice(0, 10), [], `seed ${String(seed)}`);
    const { issued, answers, acts, cases, pages } = report;
    t.ok(Math.min(issued, answers, acts, cases, pages) > 0, 'there was load of every kind');
  });

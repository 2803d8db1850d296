/** A short run of the kills of cases: a worker, the writer, the group and the server of the state, and nothing is lost. */
import t, { type Test } from 'tap';
import { postgresForTest } from '../../support/servers/postgres.js';
import { caseKills, type Store } from './cases/world.js';

t.setTimeout(300_000);
// drawn anew each time: what is found is found again with its seed
const seed = Math.floor(Math.random() * 1_000_000);

async function short(t: Test, store: Store, kills: number): Promise<void> {
  const report = await caseKills({ seed, store, kills, applicants: 3 });
  t.strictSame(report.findings, [], `seed ${String(seed)}: ${JSON.stringify(report.kills)}, ${JSON.stringify(report)}`);
  t.ok(report.cases > 0 && report.events >= 6 * report.cases, 'cases came to their end');
}

void t.test('on a state of the data folder', (t) => short(t, 'embedded', 3));
void t.test('on a state that PostgreSQL keeps', async (t) => {
  // says whether there is one here; the run has a server of its own, which it kills
  if ((await postgresForTest(t)) !== undefined) await short(t, 'postgres', 3);
});

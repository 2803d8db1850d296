/**
 * Kills processes of a gateway while cases are under way, and says what was found:
 *   node dist/test/tools/faults/cases/main.js [--n KILLS] [--store embedded|postgres] [--seed S] [--json]
 * Exit 0: nothing was lost, nothing happened twice; 1: something was found.
 */
import { parseArgs } from 'node:util';
import { median, round } from '../../bench/rows.js';
import { type CaseKillReport, caseKills, STORES } from './world.js';

/** Kills in one world: enough to meet what a long life gathers, few enough to be judged while one remembers. */
const IN_ONE_WORLD = 50;

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '50' },
    store: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(values.seed);
const stores = STORES.filter((store) => values.store === undefined || values.store === store);

function print({ store, seed: of, kills, again, findings, ...counts }: CaseKillReport): void {
  const killed = Object.entries(kills).map(([target, count]) => `${target} × ${String(count)}`);
  const { cases, events, messages, steps, repeated, entries, withoutEffect, hung, seconds, dir } = counts;
  say(
    `${findings.length === 0 ? 'holds' : 'BROKEN'} ${store}, seed ${String(of)}: ${killed.join(', ')} in ${String(seconds)} s`,
  );
  say(
    `  ${String(cases)} cases, ${String(events)} events, ${String(messages)} messages, ${String(steps)} steps told ` +
      `(${String(repeated)} again), ${String(entries)} entries, ${String(withoutEffect)} of acts that were made again, ` +
      `${String(hung)} requests given up and made again; ` +
      `an act was answered again after (median) ${String(round(median(again) / 1000))} s, at most ` +
      `${String(round(Math.max(0, ...again) / 1000))} s`,
  );
  for (const finding of findings.slice(0, 20)) say(`  found: ${finding}`);
  if (dir !== undefined) say(`  its files are left in ${dir}`);
}

const reports: CaseKillReport[] = [];
for (const store of stores)
  for (let made = 0, world = 0; made < Number(values.n); made += IN_ONE_WORLD, world++) {
    const kills = Math.min(IN_ONE_WORLD, Number(values.n) - made);
    const report = await caseKills({ seed: seed + world, store, kills, told: say });
    reports.push(report);
    print(report);
  }
if (values.json) process.stdout.write(`${JSON.stringify(reports)}\n`);
process.exit(reports.every(({ findings }) => findings.length === 0) ? 0 : 1);

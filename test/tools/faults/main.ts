/**
 * `npm run faults`: kills and cuts real processes under load, and compares what is there in the end with a run without
 * faults. Exit 0: nothing was lost; 1: something was found; 2: it could not run.
 */
import { parseArgs } from 'node:util';
import { type Cluster, startCluster } from '../../support/servers/cluster.js';
import { median, round } from '../bench/rows.js';
import { CUTS, clusterFaults } from './cuts.js';
import { judge, type Verdict } from './judge.js';
import { killAll, type Recovery, TARGETS, type Target } from './kills.js';
import { randomOf } from './random.js';
import { SHARED_FAULTS, type SharedReport, sharedRun } from './shared.js';
import { SUCCESSES } from './signals.js';
import { TAKEOVERS, type TakeoverKind, type TakeoverReport, takeoverRun } from './takeover.js';
import { startWorld, type World } from './world.js';

const HELP = `usage: npm run faults -- [--only WHAT,…] [--n N] [--minutes M] [--seed S] [--json]

Kills and cuts real processes while departments publish and clients ask, and compares every version in the view, every
acknowledged push and every answer's audit entry with what a run without faults leaves.

  --only WHAT   embedded:connector  embedded:writer  embedded:worker  embedded:group   on the embedded bus
                kafka:connector     kafka:writer     kafka:worker     kafka:group      on one node of Apache Kafka
                cluster:leader  cluster:controller  cluster:partition  cluster:disk
                cluster:slow    cluster:freeze      cluster:rolling                    on three nodes of Apache Kafka
                takeover-lost  takeover-kept    another replica takes over, without and with the disk of the dead one; \`--n\` of each
                shared:east  shared:west  shared:postgres  shared:standby    two gateways over one PostgreSQL and one Kafka
                \`embedded\`, \`kafka\`, \`shared\` and \`cluster\` mean all of theirs; default: embedded
  --n N         faults of each kind; default 10
  --minutes M   of cluster faults: go on for so long instead, whatever comes first out of the seed; default: --n
  --seed S      what is drawn: faults, moments, load; default: drawn, and printed
  --json        one line with all of it on stdout

examples:
  npm run faults -- --n 5
  npm run faults -- --only embedded:connector,embedded:writer,embedded:worker --n 200 --seed 7
  npm run faults -- --only takeover-lost,takeover-kept --n 20 --seed 1
  npm run faults -- --only cluster --minutes 20 --seed 7
`;

type Driver = 'embedded' | 'kafka' | 'cluster';
const KNOWN: Readonly<Record<Driver, readonly string[]>> = { embedded: TARGETS, kafka: TARGETS, cluster: CUTS };
const DRIVERS: readonly Driver[] = ['embedded', 'kafka', 'cluster'];
/**
 * Faults of each kind in one world: enough to meet what a long life gathers, few enough to be judged while one
 * remembers.
 */
const IN_ONE_WORLD = 50;

interface Report extends Verdict {
  readonly driver: Driver;
  readonly seed: number;
  readonly faults: readonly Recovery[];
  readonly seconds: number;
  /** Starts of a process that ended by itself. */
  readonly failedStarts: number;
  readonly skipped: readonly string[];
  /** Where the world's files are, of one in which something was found. */
  readonly dir?: string;
}

class Usage extends Error {}

function whole(name: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given);
  if (!Number.isInteger(value) || value < 0) throw new Usage(`--${name} is a whole number, not \`${given}\``);
  return value;
}

/** `embedded:writer,cluster` → driver → kinds. */
function chosen(only: string): ReadonlyMap<Driver, readonly string[]> {
  const found = new Map<Driver, string[]>();
  for (const one of only.split(',')) {
    const [driver, kind] = one.split(':');
    const name = DRIVERS.find((known) => known === driver);
    if (name === undefined || (kind !== undefined && !KNOWN[name].includes(kind)))
      throw new Usage(`there is no \`${one}\`; see --help`);
    found.set(name, [...(found.get(name) ?? []), ...(kind === undefined ? KNOWN[name] : [kind])]);
  }
  return found;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const shown = ({ fault, held, after }: Recovery): string =>
  `${fault}${held === undefined ? '' : ` held ${Math.round(held)} ms`}${Object.entries(after)
    .map(([kind, ms]) => ` ${kind} ${ms === undefined ? 'never' : `${Math.round(ms)} ms`}`)
    .join(',')}`;

/** One world from its start to its verdict. `work` makes the faults. */
async function run(
  driver: Driver,
  seed: number,
  cluster: Cluster | undefined,
  work: (world: World, told: (recovery: Recovery) => void) => Promise<readonly string[]>,
): Promise<Report> {
  const started = performance.now();
  const copies = cluster?.nodes.length ?? 1;
  const world = await startWorld({
    seed,
    ...(cluster === undefined
      ? {}
      : {
          kafka: {
            brokers: cluster.addresses,
            replication: Math.min(3, copies),
            minInsyncReplicas: Math.max(1, Math.min(3, copies) - 1),
          },
        }),
  });
  let keep = false;
  try {
    const faults: Recovery[] = [];
    let last = 0;
    const skipped = await work(world, (recovery) => {
      faults.push(recovery);
      if (
        driver === 'cluster' ||
        performance.now() - last > 10_000 ||
        Object.values(recovery.after).includes(undefined)
      ) {
        last = performance.now();
        say(`${driver} seed ${seed}: ${faults.length} faults, ${world.count()}; last: ${shown(recovery)}`);
      }
    });
    const outcome = await world.finish();
    const verdict = await judge(outcome);
    const never = faults
      .filter(({ after }) => Object.values(after).includes(undefined))
      .map((fault) => `no recovery: ${shown(fault)}`);
    const services = [world.gateway, ...world.connectors.values()];
    const findings = [...never, ...verdict.findings];
    // somebody will want to see how it came to be
    keep = findings.length > 0;
    return {
      driver,
      seed,
      faults,
      skipped,
      ...(keep ? { dir: world.dir } : {}),
      seconds: Math.round((performance.now() - started) / 1000),
      failedStarts: services.reduce((sum, { failures }) => sum + failures, 0),
      ...verdict,
      findings,
    };
  } finally {
    await world.remove(keep);
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      n: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const asked = (values.only ?? 'embedded').split(',');
  const isTakeover = (one: string): one is TakeoverKind => TAKEOVERS.some((kind) => kind === one);
  const takeovers = asked.filter(isTakeover);
  const shares = asked.filter((one) => one === SHARED || one.startsWith(`${SHARED}:`));
  const worlds = asked.filter((one) => !isTakeover(one) && !shares.includes(one));
  const kinds = worlds.length === 0 ? new Map<Driver, readonly string[]>() : chosen(worlds.join(','));
  const n = whole('n', values.n, 10);
  const minutes = values.minutes === undefined ? undefined : whole('minutes', values.minutes, 0);
  const seed = whole('seed', values.seed, Math.floor(Math.random() * 1_000_000));
  say(`seed ${seed}`);
  const reports: Report[] = [];
  const done = (report: Report): void => {
    reports.push(report);
    // as soon as it is known: the next world may take its time
    if (values.json !== true) print(report);
  };
  const shared = shares.length === 0 ? [] : [await sharedFaults(shares, n, seed)];
  const taken: TakeoverReport[] = [];
  for (const kind of takeovers) {
    for (let i = 0; i < n; i++) {
      const report = await takeoverRun(kind, seed + i);
      taken.push(report);
      if (values.json !== true) printTakeover(report);
    }
  }
  for (const [driver, list] of kinds) {
    const cluster =
      driver === 'embedded'
        ? undefined
        : await startCluster({ nodes: driver === 'kafka' ? 1 : 3, diskMegabytes: driver === 'kafka' ? 512 : 192 });
    try {
      if (driver === 'cluster' && cluster !== undefined) {
        const cuts = CUTS.filter((cut) => list.includes(cut));
        done(
          await run(driver, seed, cluster, (world, told) =>
            clusterFaults(
              world,
              cluster,
              { cuts, ...(minutes === undefined ? { each: n } : { minutes }) },
              randomOf(seed, 'faults'),
              told,
            ),
          ),
        );
      } else {
        for (let made = 0, i = 0; made < n; i++) {
          const now = Math.min(IN_ONE_WORLD, n - made);
          made += now;
          const counts: Partial<Record<Target, number>> = Object.fromEntries(list.map((target) => [target, now]));
          done(
            await run(driver, seed + i, cluster, async (world, told) => {
              await killAll(world, counts, (name) => randomOf(seed + i, name), told);
              return [];
            }),
          );
        }
      }
    } finally {
      await cluster?.stop();
    }
  }
  if (values.json === true) process.stdout.write(`${JSON.stringify({ seed, reports, takeovers: taken, shared })}\n`);
  return [...reports, ...taken, ...shared].every(({ findings }) => findings.length === 0) ? 0 : 1;
}

/** In `--only`: `shared`, or `shared:east` and the like. */
const SHARED = 'shared';

/** @param n faults of each kind @throws Usage where there is no PostgreSQL or Kafka for it */
async function sharedFaults(asked: readonly string[], n: number, seed: number): Promise<SharedReport> {
  const broker = process.env['YITONG_TEST_KAFKA'] ?? '';
  if (broker === '') throw new Usage('`shared` wants a Kafka in YITONG_TEST_KAFKA: `.ci/kafka start` prints it');
  const kinds = SHARED_FAULTS.filter((kind) => asked.includes(SHARED) || asked.includes(`${SHARED}:${kind}`));
  if (kinds.length === 0) throw new Usage(`there is no \`${asked.join(',')}\`; see --help`);
  const order = randomOf(seed, 'order').shuffled(kinds.flatMap((kind) => Array.from({ length: n }, () => kind)));
  let made = 0;
  const report = await sharedRun(seed, broker, order, (fault, ms) =>
    say(`shared seed ${seed}: ${++made} faults of ${order.length}; last: ${fault}, everything again after ${ms} ms`),
  );
  if (report === undefined) throw new Usage('PostgreSQL is not installed here');
  const { faults, issued, verified, acts, answers, cases, steps, signIns, pages, unanswered } = report;
  const { again, logEntries, seconds, findings } = report;
  process.stderr.write(
    `${findings.length === 0 ? 'holds' : 'BROKEN'} shared, seed ${seed}: ${JSON.stringify(faults)} faults in ${seconds} s; ` +
      `${issued} reports issued, ${verified} verified, ${acts} acts on tickets, ` +
      `${cases} cases with ${steps} steps, ${signIns} sign-ins, ${pages} pages, ${answers} answers, ${unanswered} refused ` +
      `or cut off; everything again after ${again.median} ms (median), ${again.longest} ms at most; ${logEntries} entries\n`,
  );
  for (const finding of findings.slice(0, MOST_FINDINGS)) say(`  found: ${finding}`);
  return report;
}

function printTakeover({
  kind,
  seed,
  durability,
  receipts,
  logged,
  declared,
  renamed,
  seconds,
  findings,
}: TakeoverReport): void {
  const out = (text: string): void => void process.stdout.write(`${text}\n`);
  out(
    `${findings.length === 0 ? 'holds' : 'BROKEN'} ${kind}, seed ${seed}, ${durability}: ${receipts} receipts, ` +
      `${logged} in the log, ${declared} declared missing, ${renamed ? 'under a new name' : 'under its name'}, ` +
      `in ${seconds} s`,
  );
  for (const finding of findings.slice(0, MOST_FINDINGS)) out(`  found: ${finding}`);
}

const MOST_FINDINGS = 20;

function print(report: Report): void {
  const { driver, seed, faults, findings, versions, acknowledged, answers, entries, seconds, failedStarts, skipped } =
    report;
  const out = (text: string): void => void process.stdout.write(`${text}\n`);
  out(
    `${findings.length === 0 ? 'holds' : 'BROKEN'} ${driver}, seed ${seed}: ${faults.length} faults in ` +
      `${seconds} s; ${versions} versions, ${acknowledged} acknowledged pushes, ${answers} answers, ${entries} ` +
      'entries of the log',
  );
  for (const kind of new Set(faults.map(({ fault }) => fault))) {
    const those = faults.filter(({ fault }) => fault === kind);
    const times = SUCCESSES.flatMap((success) => {
      const ms = those.flatMap(({ after }) => after[success] ?? []);
      return ms.length === 0
        ? []
        : [`${success} ${round(median(ms) / 1000)} s, at most ${round(Math.max(...ms) / 1000)} s`];
    });
    const held = those.flatMap((one) => one.held ?? []);
    const span =
      held.length === 0 ? '' : `, held for ${round(Math.min(...held) / 1000)} to ${round(Math.max(...held) / 1000)} s`;
    out(`  ${kind} × ${those.length}${span}: again after (median) ${times.join('; ')}`);
  }
  if (failedStarts > 0) out(`  ${failedStarts} starts of a process failed and were made again`);
  for (const one of skipped) out(`  skipped: ${one}`);
  for (const finding of findings.slice(0, MOST_FINDINGS)) out(`  found: ${finding}`);
  if (report.dir !== undefined) out(`  its files are left in ${report.dir}`);
  if (findings.length > MOST_FINDINGS) out(`  … and ${findings.length - MOST_FINDINGS} more`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(
      error instanceof Usage
        ? `${error.message}\n`
        : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(2);
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));

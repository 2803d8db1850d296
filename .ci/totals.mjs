// Reads the tap output of whole runs: shows each file and each failure, and ends with the ten suites that took longest,
// what failed, the totals of all and the exit code they ask for.
//   node .ci/totals.mjs TAP STDERR STATUS [TAP STDERR STATUS]…
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** How many failed points of a suite are named again at the end. */
const FIRST = 4;

/** One run, taken line by line and shown. */
export class Run {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** Whether tap's own sum at the very end was there, and was not of nothing. */
  whole = false;
  /** `[suite, ms]` */
  times = [];
  /** Suites with a failure, each with its first ones: the middle of a long output may be cut by who keeps it. */
  bad = [];
  #first = [];
  // the indent of the failed point whose diagnostics are being shown
  #failure = -1;

  take(line) {
    const indent = line.search(/\S/);
    if (this.#failure >= 0 && indent > this.#failure) {
      console.log(line);
      return;
    }
    this.#failure = -1;
    const point = line.trimStart();
    if (point.startsWith('not ok')) this.#failure = indent;
    if (this.#failure > 0 && this.#first.length < FIRST)
      this.#first.push(point.replace(/^not ok( \d+)?( - )?/, '').replace(/ # time=.*/, ''));
    if (this.#failure >= 0 || /#\s*(skip|todo)\b/i.test(point) || (indent === 0 && /^(ok|Bail out!)/.test(point)))
      console.log(line);
    if (indent !== 0) return;
    const [, not, suite, ms] = /^(not )?ok \d+ - (\S+\.test\.js)\b.*# time=([\d.]+)ms/.exec(line) ?? [];
    if (suite !== undefined) {
      this.times.push([suite, Number(ms)]);
      if (not !== undefined) this.bad.push([suite, this.#first]);
      this.#first = [];
    }
    // `# { total: 623, pass: 620, fail: 2, skip: 1 }`
    if (!/^# \{ total: \d+/.test(line)) return;
    const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(line)?.[1] ?? 0);
    [this.passed, this.failed, this.skipped] = [count('pass'), count('fail'), count('skip') + count('todo')];
    this.whole = count('total') > 0;
  }

  sayEnd() {
    sayEnd([this]);
  }
}

/** The ten that took longest, and the sums of runs. */
function sayEnd(runs) {
  const times = runs.flatMap((run) => run.times).sort(([, a], [, b]) => b - a);
  if (times.length > 1) {
    console.log('the slowest:');
    for (const [suite, ms] of times.slice(0, 10)) console.log(`  ${(ms / 1000).toFixed(1).padStart(6)} s  ${suite}`);
  }
  for (const [suite, first] of runs.flatMap((run) => run.bad)) console.log(`failed: ${suite}: ${first.join('; ')}`);
  const sum = (name) => runs.reduce((all, run) => all + run[name], 0);
  const skipped = sum('skipped');
  console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
}

function main(args) {
  const runs = [];
  for (let i = 0; i === 0 || i < args.length; i += 3) {
    const [tapFile, errorFile, status] = args.slice(i, i + 3);
    const errors = readFileSync(errorFile, 'utf8').trimEnd();
    if (errors !== '') console.log(errors);
    const run = new Run();
    for (const line of readFileSync(tapFile, 'utf8').split('\n')) run.take(line);
    if (!run.whole) console.log('no test was run');
    // a run that ended badly is a failure, whatever it had counted until then
    if (run.failed === 0 && (status !== '0' || !run.whole || run.passed === 0)) run.failed = 1;
    runs.push(run);
  }
  sayEnd(runs);
  process.exitCode = runs.some((run) => run.failed > 0) ? 1 : 0;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  main(process.argv.slice(2));

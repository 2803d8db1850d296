// Reads the tap output of whole runs: shows each file and each failure, and ends with the totals of all and the exit
// code they ask for.
//   node .ci/totals.mjs TAP STDERR STATUS [TAP STDERR STATUS]…
import { readFileSync } from 'node:fs';

const sums = { passed: 0, failed: 0, skipped: 0 };

function add(tapFile, errorFile, status) {
  const lines = readFileSync(tapFile, 'utf8').split('\n');
  const errors = readFileSync(errorFile, 'utf8').trimEnd();
  if (errors !== '') console.log(errors);

  let failure = -1; // the indent of the failed point whose diagnostics are being shown
  for (const line of lines) {
    const indent = line.search(/\S/);
    if (failure >= 0 && indent > failure) {
      console.log(line);
      continue;
    }
    failure = -1;
    const point = line.trimStart();
    if (point.startsWith('not ok')) failure = indent;
    if (failure >= 0 || /#\s*(skip|todo)\b/i.test(point) || (indent === 0 && /^(ok|Bail out!)/.test(point)))
      console.log(line);
  }

  // tap's own sum, the one at the very end: `# { total: 623, pass: 620, fail: 2, skip: 1 }`
  const sum = lines.findLast((line) => /^# \{ total: \d+/.test(line)) ?? '';
  const count = (name) => Number(new RegExp(`\\b${name}: (\\d+)`).exec(sum)?.[1] ?? 0);
  const [passed, failed] = [count('pass'), count('fail')];
  if (sum === '' || count('total') === 0) console.log('no test was run');
  sums.passed += passed;
  sums.skipped += count('skip') + count('todo');
  // a run that ended badly is a failure, whatever it had counted until then
  sums.failed += failed === 0 && (status !== '0' || sum === '' || passed === 0) ? 1 : failed;
}

const runs = process.argv.slice(2);
for (let i = 0; i === 0 || i < runs.length; i += 3) add(...runs.slice(i, i + 3));
const { passed, failed, skipped } = sums;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

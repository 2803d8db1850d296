// Which suites are quick, found by what they are, so that no list gets stale: `npm run check` runs these alone, and
// `npm test` runs them last. A suite is quick if
//   - neither it nor a file of test/ that it imports imports what starts a process, listens or drives a browser, or
//     reads a variable that names a server or a program of others (YITONG_TEST_…);
//   - it sets no timeout of its own: who does says that it takes long;
//   - it is no search through many cases, by fast-check.
// What the gateway's modules import tells nothing: most can serve, and few tests of them let them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const tests = resolve(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'test') + sep;
const HEAVY =
  /^(?:node:)?(?:child_process|cluster|dgram|http|http2|https|net|tls|worker_threads)$|^playwright-core$|^fast-check$|^YITONG_TEST_/;
const NAMES = /\bfrom\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'|\b(YITONG_TEST_[A-Z_]+)/g;

/** The compiled suites, each by its path. */
export function suites() {
  return readdirSync(tests, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(tests, name));
}

const known = new Map();

/** Whether a compiled file of tests, or one of those that it imports, needs more than a moment of its own process. */
function needsMore(file) {
  const found = known.get(file);
  if (found !== undefined) return found;
  known.set(file, false); // in a circle the others decide
  const needs = [...readFileSync(file, 'utf8').matchAll(NAMES)].some(([, from, dynamic, variable]) => {
    const name = from ?? dynamic ?? variable;
    if (!name.startsWith('.')) return HEAVY.test(name);
    const path = join(dirname(file), name);
    return path.startsWith(tests) && existsSync(path) && needsMore(path);
  });
  known.set(file, needs);
  return needs;
}

/** What a suite says of its length, in ms: the longest timeout that it sets; 0 of a quick one, 1 of another. */
export function weight(file) {
  const own = [...readFileSync(file, 'utf8').matchAll(/\bsetTimeout\(([\d_]+)\)/g)].map(([, ms]) =>
    Number(ms.replaceAll('_', '')),
  );
  return Math.max(needsMore(file) ? 1 : 0, ...own);
}

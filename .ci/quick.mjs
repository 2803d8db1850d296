// Which suites need no process, server, browser or program of others, found by what they import.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const tests = resolve(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'test') + sep;
/** What starts a process, or listens; a variable that names a server or a program, as .ci/run sets them. */
const HEAVY =
  /^(?:node:)?(?:child_process|cluster|dgram|http|http2|https|net|tls|worker_threads)$|^playwright-core$|^YITONG_TEST_/;
const IMPORTS = /\bfrom\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'|\b(YITONG_TEST_[A-Z_]+)/g;

const known = new Map();

/** Whether a compiled file of tests, or one of those that it imports, needs more than its own process. */
export function needsMore(file) {
  const found = known.get(file);
  if (found !== undefined) return found;
  known.set(file, false); // in a circle the others decide
  const needs = [...readFileSync(file, 'utf8').matchAll(IMPORTS)].some(([, from, dynamic, variable]) => {
    const name = from ?? dynamic ?? variable;
    if (!name.startsWith('.')) return HEAVY.test(name);
    const path = join(dirname(file), name);
    // what the gateway's modules import tells nothing: most can serve, and few tests of them let them
    return path.startsWith(tests) && existsSync(path) && needsMore(path);
  });
  known.set(file, needs);
  return needs;
}

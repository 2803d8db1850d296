// Runs suites, each in a process of its own, several at a time, and says which took longest.
//   node .ci/suites.mjs [--tap] [--quick] [--jobs N] [FILE…]     FILE: dist/test/….test.js; default all
// `--tap` writes TAP, for .ci/totals.mjs; else each suite is told in one line when it ends, failures with all they say.
//
// It takes the place of tap's own runner, which loads two sets of hooks into each suite and, by NODE_OPTIONS, one of
// them into every Node.js process that a suite starts: half of the CPU time of a suite that starts commands or a city,
// for plugins and a record of loaded files that no test here uses. A suite and what it starts run as a user's do.
// The order is by what the suites say of themselves: those that set a longer timeout than others first, so that no
// long one begins when all others are through; the quick ones (.ci/quick.mjs; `--quick` runs them only) last.
// As many suites run at a time as there are cores, and more, up to three for each core, only while a good part of the
// processors' time is left over (.ci/places.mjs): most suites wait as long as they compute, and a fixed number either
// leaves the machine idle or makes each of them slow. `--jobs N` is a fixed number.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import t from 'tap';
import { inMemory } from './memory.mjs';
import { places } from './places.mjs';
import { suites, weight } from './quick.mjs';
import { Run } from './totals.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const timeout = Number(/^timeout: (\d+)$/m.exec(readFileSync(join(root, '.taprc'), 'utf8'))?.[1]);

const { values, positionals } = parseArgs({
  options: {
    tap: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    jobs: { type: 'string' },
  },
  allowPositionals: true,
});
const asked = positionals.length === 0 ? suites() : positionals.map((name) => resolve(name));
const files = values.quick ? asked.filter((file) => weight(file) === 0) : asked;
const absent = files.filter((file) => !existsSync(file));
const jobs = values.jobs === undefined ? undefined : Number(values.jobs);
if (absent.length > 0 || (jobs !== undefined && (!Number.isSafeInteger(jobs) || jobs < 1))) {
  for (const file of absent) console.error(`there is no suite ${relative(root, file)}`);
  if (absent.length === 0) console.error('--jobs is a number from 1');
  process.exit(2);
}

const weights = new Map(files.map((file) => [file, weight(file)]));
files.sort((a, b) => weights.get(b) - weights.get(a) || (a < b ? -1 : 1));

// tap's time for a test that sets none is the runner's to give; that of a whole suite as well. A test's folder is
// removed here, when its suite has ended: tap removes it before a test that asked for it first has stopped what writes there.
const fixtures = join(root, '.tap/fixtures');
function removeFolders(suite) {
  const own = relative(root, suite).replaceAll('/', '-');
  for (const name of existsSync(fixtures) ? readdirSync(fixtures) : [])
    if (name === own || name.startsWith(`${own}-`)) rmSync(join(fixtures, name), { recursive: true, force: true });
}
// what a run that was killed has left
for (const file of files) removeFolders(file);
const env = {
  ...process.env,
  ...inMemory(fixtures),
  TAP_TIMEOUT: process.env.TAP_TIMEOUT ?? String(timeout),
  TAP_SAVE_FIXTURE: '1',
};
// tap gives a child hooks of its own by this variable, whatever it had been
const before =
  process.env.NODE_OPTIONS === undefined ? ['-u', 'NODE_OPTIONS'] : [`NODE_OPTIONS=${process.env.NODE_OPTIONS}`];

t.setTimeout(0);
// with it tap does not write to stdout by itself
t.register();
const run = new Run();
if (values.tap) t.pipe(process.stdout);
else {
  let rest = '';
  t.pipe(
    new Writable({
      write(chunk, _encoding, done) {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) run.take(line);
        done();
      },
    }),
  );
}
// how many run at a time is decided here, not by tap
t.jobs = Math.max(2, files.length);
const { place, leave } = places(jobs);
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
t.on('spawn', (suite) =>
  suite.on('process', (child) => {
    running.add(child);
    child.once('close', () => {
      running.delete(child);
      leave();
      removeFolders(resolve(root, suite.options.externalID));
    });
  }),
);
const ended = [];
for (const file of files) {
  const name = relative(root, file);
  await place();
  ended.push(
    t.spawn('env', [...before, process.execPath, '--enable-source-maps', file], {
      name,
      at: null,
      stack: '',
      buffered: true,
      timeout: timeout * 1000,
      stdio: 'inherit',
      env,
      cwd: root,
      externalID: name,
    }),
  );
}
// no plan: the point that tap adds for a suite that ran out of time would take the place of another suite
await Promise.all(ended);
t.end();
await t;
if (!values.tap)
  process.once('exit', () => {
    run.sayEnd();
  });

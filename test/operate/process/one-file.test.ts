/**
 * What V8 made of the program is taken by each process of a group, whatever flags it has: else it starts half a second
 * later.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { isOfThisBuild } from '../../../gateway/ground/files/one-file.js';
import { STREAM_FLAGS } from '../../../gateway/operate/children/frugal.js';

const load = fileURLToPath(new URL('../../../bundle/load.js', import.meta.url));

const of = (program: string, name: string, flags: readonly string[]) => ({
  program,
  flags,
  cache: [name, ...flags, 'cache'].join('.'),
});
const CASES = [
  of('', 'all', []),
  of('', 'all', STREAM_FLAGS),
  of('gateway/cli/run.js', 'gateway/cli/run', []),
  of('gateway/operate/process/worker.js', 'gateway/operate/process/worker', []),
  of('gateway/operate/process/writer.js', 'gateway/operate/process/writer', STREAM_FLAGS),
];

for (const { program, flags, cache } of CASES)
  t.test(
    `${cache} by a process of its flags`,
    { skip: isOfThisBuild() ? false : 'the program was not put into one file (npm test does)' },
    (t) => {
      const said = execFileSync(
        process.execPath,
        [
          ...flags,
          '-e',
          'const { script, cache } = require(process.argv[1]).open(process.argv[2]); console.log(cache, script.cachedDataRejected)',
          load,
          program,
        ],
        // those of a suite are none of a process of the program
        { env: { ...process.env, NODE_OPTIONS: '' }, encoding: 'utf8' },
      );
      t.equal(said.trim(), `${cache} false`);
      t.end();
    },
  );

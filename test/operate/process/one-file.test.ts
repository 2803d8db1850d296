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

for (const flags of [[], STREAM_FLAGS])
  t.test(
    `by a process with ${flags.length === 0 ? 'no flags' : flags.join(' ')}`,
    { skip: isOfThisBuild() ? false : 'the program was not put into one file (npm test does)' },
    (t) => {
      const said = execFileSync(
        process.execPath,
        [...flags, '-e', `console.log(require(process.argv[1]).script.cachedDataRejected)`, load],
        // those of a suite are none of a process of the program
        { env: { ...process.env, NODE_OPTIONS: '' }, encoding: 'utf8' },
      );
      t.equal(said.trim(), 'false');
      t.end();
    },
  );

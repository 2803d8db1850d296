import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { packageRoot } from '../gateway/cli/places.js';

const main = new URL('../gateway/cli/main.js', import.meta.url).pathname;

t.test('a user who meets an error code finds it in docs/errors.md', (t) => {
  const now = execFileSync(process.execPath, [main, 'errors', '--markdown'], { encoding: 'utf8' });
  t.equal(readFileSync(`${packageRoot()}/docs/errors.md`, 'utf8'), now);
  t.end();
});

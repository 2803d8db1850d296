import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import t from 'tap';

const main = new URL('../gateway/cli/main.js', import.meta.url).pathname;
const commands = readdirSync(new URL('../gateway/cli/commands/', import.meta.url)).filter((file) => file.endsWith('.js'));

t.test('a newcomer finds every command and an example of each', (t) => {
  const overview = execFileSync(process.execPath, [main, '--help'], { encoding: 'utf8' });
  for (const file of commands) {
    const words = file.slice(0, -3).replaceAll('-', ' ');
    t.match(overview, words);
    const help = execFileSync(process.execPath, [main, ...words.split(' '), '--help'], { encoding: 'utf8' });
    t.match(help, /example/);
    t.match(help, `yitong ${words}`);
  }
  t.end();
});

t.test('an unknown command is refused with exit 2 and a hint', (t) => {
  const result = spawnSync(process.execPath, [main, 'nonsense'], { encoding: 'utf8' });
  t.equal(result.status, 2);
  t.match(result.stderr, /unknown command `nonsense`/);
  t.end();
});

import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import t from 'tap';
import type { Command } from '../../gateway/cli/command.js';
import { helpOf } from '../../gateway/cli/help.js';

const main = new URL('../../gateway/cli/main.js', import.meta.url).pathname;
const folder = new URL('../../gateway/cli/commands/', import.meta.url);
const commands = readdirSync(folder)
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -3));

t.test('a newcomer finds every command and an example of each', async (t) => {
  const overview = execFileSync(process.execPath, [main, '--help'], { encoding: 'utf8' });
  for (const name of commands) {
    const words = name.replaceAll('-', ' ');
    t.match(overview, words);
    const { default: command } = (await import(new URL(`${name}.js`, folder).href)) as { default: Command };
    const help = helpOf(name, command);
    t.match(help, /example/, words);
    t.match(help.slice(help.indexOf('example')), `yitong ${words}`);
    // a process a command would be half a minute: one shows that this is what is printed
    if (name === 'contracts-check')
      t.equal(execFileSync(process.execPath, [main, ...words.split(' '), '--help'], { encoding: 'utf8' }), `${help}\n`);
  }
});

t.test('an unknown command is refused with exit 2 and a hint', (t) => {
  const result = spawnSync(process.execPath, [main, 'nonsense'], { encoding: 'utf8' });
  t.equal(result.status, 2);
  t.match(result.stderr, /unknown command `nonsense`/);
  t.end();
});

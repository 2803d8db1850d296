import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from '../command.js';
import { text } from '../places.js';

const command: Command = {
  summary: 'the figures, each beside its reference in the same run',
  usage: '[--only ID] [--json]',
  examples: ['yitong bench', 'yitong bench --only query --json'],
  options: { only: { type: 'string', describe: 'one figure: query, publish, freshness, audit, memory' } },
  async run(call) {
    const only = text(call.values['only']);
    // the source stands in test/bench: the product does not import its tests, so it starts them
    const main = fileURLToPath(new URL('../../../test/bench/main.js', import.meta.url));
    const child = spawn(process.execPath, [main, ...(call.asJson ? ['--json'] : []), ...(only === undefined ? [] : ['--only', only])], { stdio: ['ignore', 'inherit', 'inherit'] });
    call.signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    return code === 0 ? 0 : code === 1 ? 1 : 2;
  },
};
export default command;

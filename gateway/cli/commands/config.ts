import type { Command } from '../command.js';
import { settingsTable } from '../../config.js';

const command: Command = {
  summary: 'every setting with its default, variable and meaning',
  usage: '[--json]',
  examples: ['yitong config', 'yitong config --json'],
  options: {},
  async run(call) {
    const rows = settingsTable();
    call.json({ settings: rows });
    for (const row of rows) {
      call.say(`${row.section}.${row.key} = ${row.default === undefined ? '(not set)' : JSON.stringify(row.default)}`);
      call.say(`    ${row.meaning}`);
      call.say(`    environment: ${row.variable}`);
    }
    return 0;
  },
};
export default command;

import { settingsTable } from '../../config.js';
import { configurationPage } from '../../config/reference.js';
import type { Command } from '../command.js';

const command: Command = {
  summary: 'every setting with its type, range, default, variable and meaning',
  usage: '[--markdown] [--json]',
  examples: ['yitong config', 'yitong config --json', 'yitong config --markdown > docs/configuration.md'],
  options: { markdown: { type: 'boolean', describe: 'as the page docs/configuration.md' } },
  async run(call) {
    const rows = settingsTable();
    call.json({ settings: rows });
    if (call.values['markdown'] === true) {
      call.say(configurationPage(rows).trimEnd());
      return 0;
    }
    for (const row of rows) {
      call.say(`${row.section}.${row.key} = ${row.default === undefined ? '(not set)' : JSON.stringify(row.default)}`);
      call.say(`    ${row.meaning}`);
      call.say(`    environment: ${row.variable ?? 'no; in yitong.json only'}`);
    }
    return 0;
  },
};
export default command;

import type { Command } from '../command.js';
import { configurationSchema, settingsTable } from '../../config.js';

const command: Command = {
  summary: 'every setting with its default, variable and meaning',
  usage: '[--schema | --json]',
  examples: ['yitong config', 'yitong config --json', 'yitong config --schema > yitong.schema.json'],
  options: { schema: { type: 'boolean', describe: 'as a JSON schema of the sections of yitong.json' } },
  async run(call) {
    if (call.values['schema'] === true) {
      console.log(JSON.stringify(configurationSchema(), null, 2));
      return 0;
    }
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

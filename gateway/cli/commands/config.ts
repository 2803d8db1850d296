import { configurationSchema, settingsTable } from '../../ground/config/index.js';
import { configurationPage } from '../../operate/reference.js';
import type { Command } from '../command.js';

const command: Command = {
  summary: 'every setting with its type, range, default, variable and meaning',
  zh: '列出全部配置项：类型、范围、默认值、变量名和含义',
  usage: '[--markdown | --schema | --json]',
  examples: [
    'yitong config',
    'yitong config --json',
    'yitong config --markdown > docs/configuration.md',
    'yitong config --schema > yitong.schema.json',
  ],
  options: {
    markdown: { type: 'boolean', describe: 'as the page docs/configuration.md' },
    schema: { type: 'boolean', describe: 'as a JSON schema of the sections of yitong.json' },
  },
  async run(call) {
    if (call.values['schema'] === true) {
      console.log(JSON.stringify(configurationSchema(), null, 2));
      return 0;
    }
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

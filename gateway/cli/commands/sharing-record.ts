import { readJson } from '../../../contracts/files.js';
import { present } from '../../../contracts/present.js';
import type { UseRecord } from '../../client/index.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asking, officerIn, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'record how a grant of your department is used, from a file',
  zh: '根据文件登记一项授权的共享数据使用情况',
  group: 'rights',
  usage: '<grant> <file> --as client [--officer ID] [--json]',
  takes: 2,
  wanting: { zh: '网关不予接收', en: 'where the gateway refuses' },
  examples: ['yitong sharing record a-3f0c2d9a41e87b36-0-0 use.json --as transport-licensing --officer song'],
  options: sharingOptions,
  run: async (call) => {
    const [grant, file] = call.positionals;
    if (grant === undefined || file === undefined) throw new WrongUsage('name the grant and the file');
    const content = (await readJson(file, 'bad_request')) as UseRecord;
    return asking(call, async (gateway) => {
      const made = await gateway.recordUse(grant, { ...content, ...present({ officer: officerIn(call.values) }) });
      call.json(made);
      const count = String(made.records.length);
      call.say(call.language === 'zh' ? `已登记，共 ${count} 条` : `recorded; ${count} in all`);
    });
  },
};
export default command;

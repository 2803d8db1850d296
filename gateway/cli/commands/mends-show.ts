import { writeFile } from 'node:fs/promises';
import { YitongError } from '../../../contracts/errors.js';
import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { askingAs } from '../gateway-options.js';
import { clientIn, mendOptions, sayWhole } from '../mend-options.js';

const command: Command = {
  summary: 'one draft of a mend: what it changes, what it would do, who proposed and who decided',
  zh: '查看一份映射修正草案',
  takes: 2,
  usage: '<dataset> <draft> --as CLIENT [--out FILE] [--json]',
  wanting: { zh: '网关拒绝时', en: 'where the gateway refuses' },
  examples: [
    'yitong mends show samr.business-licence 3f0c2d9a41e87b36 --as food-inspector',
    'yitong mends show samr.business-licence 3f0c2d9a41e87b36 --as food-inspector --out business-licence.json',
  ],
  options: {
    out: { type: 'string', zh: '写出修改后的配置文件', describe: 'writes the feed as it would be' },
    ...mendOptions,
  },
  run: (call) => {
    const [dataset, id] = call.positionals;
    if (dataset === undefined || id === undefined)
      throw new WrongUsage('name the dataset and the draft, as `yitong mends list` shows it');
    const out = text(call.values['out']);
    return askingAs(clientIn(call.values), call, async (gateway) => {
      const found = await gateway.mend(dataset, id);
      call.json(found);
      sayWhole(call, found);
      if (out === undefined) return 0;
      try {
        await writeFile(out, found.file ?? '', { flag: 'wx' });
      } catch (cause) {
        throw new YitongError('bad_config', 'the file cannot be written, or is there already', { cause });
      }
      call.say(call.language === 'zh' ? `已写出修改后的配置：${out}` : `the feed as it would be is in ${out}`);
      return 0;
    });
  },
};
export default command;

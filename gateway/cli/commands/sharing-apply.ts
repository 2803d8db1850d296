import { present } from '../../../contracts/present.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asking, contentIn, officerIn, sayMatter, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'draft an application for sharing from a file',
  zh: '根据文件起草一份共享申请',
  group: 'rights',
  usage: '<file> --as client [--officer ID] [--json]',
  takes: 1,
  wanting: { zh: '网关不予接收', en: 'where the gateway refuses' },
  examples: ['yitong sharing apply application.json --as transport-licensing --officer song'],
  options: sharingOptions,
  run: (call) => {
    const [file] = call.positionals;
    if (file === undefined) throw new WrongUsage('name the file of the application');
    return asking(call, async (gateway) => {
      const officer = officerIn(call.values);
      const made = await gateway.openMatter({
        machine: 'application',
        act: 'draft',
        ...(await contentIn(file)),
        ...present({ officer }),
      });
      call.json(made);
      sayMatter(call, made);
    });
  },
};
export default command;

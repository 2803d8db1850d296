import type { DeputiesAnswer } from '../../client/index.js';
import type { Command } from '../command.js';
import { asking, sayDeputies, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'who of your department stands in for which head, and until when',
  zh: '查看本部门负责人的代行安排',
  group: 'rights',
  usage: '--as client [--json]',
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: ['yitong sharing deputies --as transport-licensing'],
  options: sharingOptions,
  run: (call) =>
    asking(call, async (gateway) => {
      const found: DeputiesAnswer = await gateway.deputies();
      call.json(found);
      sayDeputies(call, found);
    }),
};
export default command;

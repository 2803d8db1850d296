import { present } from '../../../contracts/present.js';
import type { Command } from '../command.js';
import { asking, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'which systems were told of a correction; without a matter, of which your own were',
  zh: '查看更正告知了哪些应用；不写事项时，列出告知本部门应用的更正',
  group: 'rights',
  usage: '[<matter>] --as client [--json]',
  takes: 1,
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: [
    'yitong sharing receivers --as transport-licensing',
    'yitong sharing receivers 3f0c2d9a41e87b36 --as food-inspector',
  ],
  options: sharingOptions,
  run: (call) =>
    asking(call, async (gateway) => {
      const [matter] = call.positionals;
      const found = await gateway.correctionsTold(present({ matter }));
      call.json(found);
      for (const { at, matter: id, dataset, client, receipts } of found.told)
        call.say(`${at} ${id} ${dataset} ${client} ${receipts.join(' ')}`);
      if (found.told.length === 0) call.say(call.language === 'zh' ? '没有告知' : 'none');
    }),
};
export default command;

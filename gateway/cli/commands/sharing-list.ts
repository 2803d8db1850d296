import { present } from '../../../contracts/present.js';
import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { asking, sayMatter, sharingOptions } from '../sharing-options.js';

const TRAYS = ['todo', 'open', 'over'] as const;

const command: Command = {
  summary: 'matters of sharing that wait for your department, or that it takes part in',
  zh: '列出等待本部门办理或者本部门参与的共享事项',
  group: 'rights',
  usage: '--as client [--tray todo|open|over] [--machine M] [--about dataset/D] [--role R] [--json]',
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: [
    'yitong sharing list --as transport-licensing',
    'yitong sharing list --as food-inspector --tray open --machine application',
  ],
  options: {
    tray: {
      type: 'string',
      zh: '待办、在办、已办结；默认：待办',
      describe: 'waits for you, under way, over; default `todo`',
      values: TRAYS,
    },
    machine: { type: 'string', zh: '事项种类，如 application', describe: 'kind of matter, as `application`' },
    about: { type: 'string', zh: '涉及的目录或者授权', describe: 'what it concerns: `dataset/D`, `grant/G`' },
    ...sharingOptions,
  },
  run: (call) =>
    asking(call, async (gateway) => {
      const { values } = call;
      const [machine, about, role] = ['machine', 'about', 'role'].map((name) => text(values[name]));
      const tray = TRAYS.find((one) => one === text(values['tray'])) ?? 'todo';
      const found = await gateway.matters({ tray, ...present({ machine, about, role }) });
      call.json(found);
      for (const matter of found.matters) sayMatter(call, matter);
      if (found.matters.length === 0) call.say(call.language === 'zh' ? '没有事项' : 'none');
    }),
};
export default command;

import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asking, sayMatter, sharingOptions } from '../sharing-options.js';

const command: Command = {
  summary: 'one matter of sharing: how it stands, its steps, what may be done',
  zh: '查看一个共享事项：状态、经过、可以办理的步骤',
  group: 'rights',
  usage: '<matter> --as client [--json]',
  takes: 1,
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: ['yitong sharing show 3f0c2d9a41e87b36 --as transport-licensing'],
  options: sharingOptions,
  run: (call) => {
    const [id] = call.positionals;
    if (id === undefined) throw new WrongUsage('name the matter');
    return asking(call, async (gateway) => {
      const matter = await gateway.matter(id);
      call.json(matter);
      sayMatter(call, matter);
      for (const { at, act, party, part, fields, deputy } of matter.steps) {
        const words = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
        const stoodIn = deputy === true ? (call.language === 'zh' ? '代 ' : 'for ') : '';
        const of = part === undefined ? '' : ` ${part}`;
        call.say(`  ${at} ${act} (${stoodIn}${party})${of} ${words.join('; ')}`.trimEnd());
      }
    });
  },
};
export default command;

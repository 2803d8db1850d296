import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { askingAs } from '../gateway-options.js';
import { causeName, clientIn, mendOptions, sayDraft } from '../mend-options.js';

const command: Command = {
  summary: 'why rows of a dataset are held back, and drafts of mends with how they stand',
  zh: '列出未通过校验的原因和映射修正草案',
  takes: 1,
  usage: '<dataset> --as CLIENT [--json]',
  wanting: { zh: '网关拒绝时', en: 'where the gateway refuses' },
  examples: ['yitong mends list samr.business-licence --as food-inspector'],
  options: mendOptions,
  run: (call) => {
    const [dataset] = call.positionals;
    if (dataset === undefined) throw new WrongUsage('name a dataset, as in `yitong mends list samr.business-licence`');
    return askingAs(clientIn(call.values), call, async (gateway) => {
      const found = await gateway.mends(dataset);
      const zh = call.language === 'zh';
      call.json(found);
      for (const cause of found.causes)
        call.say(
          zh ? `${causeName(cause)} ${String(cause.rows)} 行` : `${causeName(cause)} ${String(cause.rows)} rows`,
        );
      if (found.causes.length === 0) call.say(zh ? '没有未通过校验的数据' : 'no row is held back');
      for (const draft of found.drafts) sayDraft(call, draft);
      if (found.drafts.length === 0) call.say(zh ? '没有映射修正草案' : 'there is no draft');
      return 0;
    });
  },
};
export default command;

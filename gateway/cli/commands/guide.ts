import { loadWorkspace } from '../../../contracts/workspace.js';
import { folders, workspaceOption } from '../../ground/files/places.js';
import { openGuide } from '../../procedures/guide/guide.js';
import { SLOT_NAMES } from '../../procedures/guide/slots.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

const command: Command = {
  summary: 'which matter somebody wants who says it in their own words',
  zh: '小浦导办：用自己的话说要办什么，找到对应的“一件事”',
  usage: '"<sentence>" [--workspace D] [--json] [--zh]',
  takes: 1,
  examples: [
    'yitong guide "我想在浦东开个奶茶店"',
    'yitong guide "公司搬到静安去了要改哪些" --zh',
    'yitong guide "买了两辆18吨的货车想跑运输" --json',
  ],
  options: { workspace: workspaceOption },
  async run(call) {
    const sentence = call.positionals[0]?.trim() ?? '';
    if (sentence === '') throw new WrongUsage('say in a sentence what somebody wants, in quotation marks');
    const workspace = await loadWorkspace(folders(call.values).workspace);
    const guide = await openGuide(workspace);
    if (guide === undefined) throw new WrongUsage('the workspace has no bundle to lead to');
    const { bundle, title, candidates, offTopic, slots, ask, why } = guide.answer(sentence, Date.now());
    const zh = call.language === 'zh';
    if (title !== null) call.say(`${call.words(title)} (${bundle ?? ''})`);
    call.say(call.words(why));
    for (const { kind, title: named, value, text } of slots)
      call.say(`  ${call.words(named ?? SLOT_NAMES[kind])}: ${kind === 'code' ? `${text} (${value})` : value}`);
    if (ask !== null) call.say(`${zh ? '接下来请回答：' : 'next: '}${call.words(ask.asks)}`);
    for (const choice of ask?.choices ?? []) call.say(`  ${choice.code}: ${call.words(choice.title)}`);
    call.json({ bundle, title, candidates, offTopic, slots, ask });
    return 0;
  },
};
export default command;

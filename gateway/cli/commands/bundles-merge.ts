import { figuresOf } from '../../../contracts/bundle/figures.js';
import { mergeForm } from '../../../contracts/bundle/merge.js';
import { overviewOf } from '../../../contracts/bundle/overview.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { folders, list, workspaceOption } from '../../ground/files/places.js';
import { answersOf, soundBundle } from '../bundle-options.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

const command: Command = {
  summary: 'one form of many: what is asked, what registers fill, before and after',
  zh: '多表合一：还要填什么，哪些由登记库提供，合并前后对比',
  usage: '<bundle> [--answer question=answer …] [--workspace D] [--zh]',
  takes: 1,
  examples: [
    'yitong bundles merge open-restaurant',
    'yitong bundles merge open-transport --answer carries=goods --answer scopes=general,dangerous',
    'yitong bundles merge open-company --json',
  ],
  options: {
    answer: {
      type: 'string',
      multiple: true,
      zh: '回答一个问题，可多次；不写则按常见情形',
      describe: 'the answer to a question, `question=answer`, several times; without any the common case',
    },
    workspace: workspaceOption,
  },
  async run(call) {
    const [name] = call.positionals;
    if (name === undefined) throw new WrongUsage('name the bundle');
    const workspace = await loadWorkspace(folders(call.values).workspace);
    const { bundle, elements } = await soundBundle(workspace, name);
    const given = list(call.values['answer']);
    const { answers, registers } =
      given.length === 0 ? bundle.usual : { answers: answersOf(bundle, given), registers: {} };
    const merged = mergeForm(bundle, elements, answers, registers);
    for (const line of overviewOf(merged, workspace, call.language)) call.say(line);
    call.json(figuresOf(merged));
    return 0;
  },
};
export default command;

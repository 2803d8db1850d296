import { dataOption, foldersThere, workspaceOption } from '../../ground/files/places.js';
import { mendDamage } from '../../log/verify/damage.js';
import type { Command } from '../command.js';

/** What can be made again of damaged files of the log is; what cannot is said. Without `--yes` nothing is written. */
const command: Command = {
  summary: 'mend damaged files of the log, with its group stopped; what cannot be made again is declared or said',
  zh: '修复损坏的日志文件（须先停止运行）；无法复原的如实申报',
  usage: '[--yes] [--data D] [--json]',
  wanting: 'where something cannot be made again, or is not yet',
  examples: [
    'yitong audit mend',
    'yitong audit mend --data /var/lib/yitong --yes && yitong audit verify --data /var/lib/yitong',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    yes: { type: 'boolean', describe: 'do it; without it nothing is written' },
  },
  async run(call) {
    const dryRun = call.values['yes'] !== true;
    const damage = await mendDamage({ dataDir: foldersThere(call.values).data, now: Date.now, dryRun });
    call.json({ done: !dryRun, ...damage });
    const { again, journals, closed, left } = damage;
    for (const file of again) call.say(`${file}: made again from other files of the log`);
    for (const { file, journal, from, to } of journals)
      call.say(
        `${file}: seq ${from} to ${to} of journal ${journal} cannot be read; they are in the log, and an entry ` +
          'says that they are not in their journal',
      );
    for (const { journal, why } of closed) call.say(`journal ${journal} is closed, and a new one begun: ${why}`);
    for (const what of left) call.say(what);
    if (again.length + journals.length + closed.length + left.length === 0) call.say('nothing is damaged');
    else if (dryRun) call.say('nothing was written; say `--yes` to do it');
    return left.length > 0 || (dryRun && again.length + journals.length + closed.length > 0) ? 1 : 0;
  },
};
export default command;

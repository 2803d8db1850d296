import { text, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { asUser } from '../state.js';

/** Whether the state can be used as it is: reached, up to date, and by a user that may do no more than it must. */
const command: Command = {
  summary: 'whether the state can be reached, is up to date, and its user may do no more than it must',
  group: 'running',
  zh: '检查业务状态库是否可达、结构是否为最新、用户权限是否恰当',
  usage: '[--workspace D] [--json]',
  wanting: 'where the schema is not up to date, or its user may do more than it must',
  examples: ['yitong state status', 'yitong state status --json'],
  options: { workspace: workspaceOption },
  async run(call) {
    const found = await asUser(text(call.values['workspace']));
    call.json(found);
    if (found.driver === 'embedded') call.say('embedded: it stands in the data folder of this replica');
    else {
      call.say(`postgres: ${found.servers.join(', ')}, database ${found.database}, schema ${found.schema}`);
      call.say(found.good ? `up to date, at revision ${String(found.revision)}` : found.why);
    }
    return found.driver === 'embedded' || found.good ? 0 : 1;
  },
};
export default command;

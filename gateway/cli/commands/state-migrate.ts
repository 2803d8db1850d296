import { YitongError } from '../../../contracts/errors.js';
import { text, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { asOwner } from '../state.js';

/** Makes the schema of the state, or brings it up to this program. */
const command: Command = {
  summary: 'make the schema of the state on PostgreSQL, or bring it up to this version of the program',
  zh: '在 PostgreSQL 上建立业务状态库结构，或升级到本程序的版本',
  usage: '[--workspace D] [--json]',
  examples: ['yitong state migrate', 'yitong state migrate --workspace /etc/yitong/city --json'],
  options: { workspace: workspaceOption },
  async run(call) {
    const made = await asOwner(text(call.values['workspace']), async (owner, names) => {
      const { migrate } = await import('../../ground/state/postgres/migrate.js');
      return await migrate(owner, names);
    });
    if (made === undefined)
      throw new YitongError('bad_config', '`state.driver` is `embedded`: there is nothing to bring up to date');
    call.json({ made });
    call.say(made.length === 0 ? 'the schema is up to date' : `made ${made.join(', ')}`);
    return 0;
  },
};
export default command;

import { dataOption, folders, text, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { inCounts, movingBar } from '../moving-bar.js';
import { joinStores } from '../state-moves.js';

/** Makes one store of those that a program of before began in a data folder, as a new folder has it. */
const command: Command = {
  summary: 'make one store of all that people did in a data folder which an older version began, and verify it',
  group: 'running',
  zh: '将旧版本数据目录中的各业务存储合并为一，并逐条核对',
  usage: '[--workspace D] [--data D] [--json]',
  examples: ['yitong state join', 'yitong state join --workspace /etc/yitong/city --data /var/lib/yitong --json'],
  options: { workspace: workspaceOption, data: dataOption },
  async run(call) {
    const { data } = folders(call.values);
    const bar = movingBar();
    try {
      const joined = await joinStores(text(call.values['workspace']), data, bar.onProgress);
      bar.end();
      call.json(
        joined === undefined ? { joined: false } : { joined: true, rows: joined.rows, adopted: joined.adopted },
      );
      if (joined === undefined) {
        call.say('all of it stands in one store already');
        return 0;
      }
      call.say(`copied and verified, row by row: ${inCounts(joined.rows)}`);
      call.say(
        `taken over from the other stores of the folder, which stand in \`older\` now: ${inCounts(joined.adopted)}`,
      );
      return 0;
    } finally {
      bar.end();
    }
  },
};
export default command;

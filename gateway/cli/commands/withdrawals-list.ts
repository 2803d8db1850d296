import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { heldId } from '../../../connectors/publish/index.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { dataOption, foldersThere, workspaceOption } from '../../ground/files/places.js';
import { openState } from '../../http/publishing/state.js';
import type { Command } from '../command.js';
import { knownDataset } from '../values.js';

const SHOWN = 50;

const command: Command = {
  summary: 'records that left their register and are still on record, since rows that cannot be read may be theirs',
  zh: '列出已离开登记、暂缓撤回的记录',
  usage: '[<dataset>] [--workspace D] [--data D] [--json]',
  takes: 1,
  examples: ['yitong withdrawals list', 'yitong withdrawals list samr.company-register --json'],
  options: { workspace: workspaceOption, data: dataOption },
  async run(call) {
    const { workspace: dir, data } = foldersThere(call.values);
    const workspace = await loadWorkspace(dir, { allowUnregistered: true });
    const [wanted] = call.positionals;
    const ids = wanted === undefined ? [...workspace.contracts.keys()] : [knownDataset(workspace, wanted)];
    const datasets: object[] = [];
    let total = 0;
    if (existsSync(join(data, 'connectors'))) {
      const state = openState(data);
      try {
        for (const id of ids) {
          const held = state.held(id);
          if (held.length === 0) continue;
          total += held.length;
          call.say(`${id}: ${held.length}`);
          for (const one of held.slice(0, SHOWN)) {
            call.say(
              `  ${heldId(one)}  ${one.subject}` +
                (one.recordId === '' ? '' : ` ${one.recordId}`) +
                `  since ${one.since.slice(0, 10)}  held by ${one.positions.join(', ')}` +
                (one.kept === undefined ? '' : `  kept by ${one.kept.by} on ${one.kept.at.slice(0, 10)}`),
            );
          }
          if (held.length > SHOWN) call.say(`  … and ${held.length - SHOWN} more; \`--json\` has all of them`);
          datasets.push({
            dataset: id,
            count: held.length,
            held: held.map(({ by: _, ...one }) => ({ id: heldId(one), ...one })),
          });
        }
      } finally {
        await state.close();
      }
    }
    if (total === 0) call.say('no withdrawal is held');
    else
      call.say(
        'withdraw one that has really left: `yitong withdrawals release <dataset> <id>`; keep one that is ' +
          'still there: `yitong withdrawals keep <dataset> <id>`',
      );
    call.json({ total, datasets });
    return 0;
  },
};
export default command;

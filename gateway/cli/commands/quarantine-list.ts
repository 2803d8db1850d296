import { datasetId } from '../../../contracts/ids.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import type { Command } from '../command.js';
import { dataOption, folders, workspaceOption } from '../places.js';

/** What did not fit its contract: reasons on the screen, cells never. */
const command: Command = {
  summary: 'rows that broke their contract, with the reason',
  usage: '[--dataset ID] [--workspace D] [--data D]',
  examples: ['yitong quarantine list', 'yitong quarantine list --dataset samr.company-register --json'],
  options: {
    dataset: { type: 'string', describe: 'only this dataset' },
    workspace: workspaceOption,
    data: dataOption,
    limit: { type: 'string', describe: 'rows shown of each dataset', default: '50' },
  },
  async run(call) {
    const workspace = await loadWorkspace(folders(call.values).workspace, { allowUnregistered: true });
    const wanted = call.values['dataset'];
    const limit = Number(call.values['limit']);
    const ids = wanted === undefined ? [...workspace.contracts.keys()] : [datasetId(String(wanted))];
    const out: unknown[] = [];
    let total = 0;
    for (const id of ids) {
      if (!Quarantine.exists(folders(call.values).data, id)) continue;
      const quarantine = Quarantine.open(folders(call.values).data, id, () => new Date());
      try {
        const entries = await quarantine.list(limit);
        const count = quarantine.count();
        total += count;
        if (count === 0) continue;
        call.say(`${id}: ${count}`);
        for (const { id: row, position, problems, firstSeen } of entries) {
          call.say(`  ${row}  ${position}  ${firstSeen.slice(0, 10)}  ${problems.map(({ code, field, reason }) => `${code}${field === '' ? '' : ` ${field}`}: ${reason}`).join('; ')}`);
        }
        if (count > entries.length) call.say(`  … and ${count - entries.length} more; \`--limit\` shows them`);
        out.push({ dataset: id, count, rows: entries.map(({ id: row, position, rowNumber, problems, firstSeen }) => ({ id: row, position, rowNumber, problems, firstSeen })) });
      } finally {
        await quarantine.close();
      }
    }
    if (total === 0) call.say('no row is in quarantine');
    call.json({ total, datasets: out });
    return total === 0 ? 0 : 1;
  },
};
export default command;

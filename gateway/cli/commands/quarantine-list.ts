import { loadWorkspace } from '../../../contracts/workspace.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { errorWordsOf } from '../../../contracts/error-words.js';
import { localMinute } from '../../console/time.js';
import { tableOption } from '../arguments.js';
import type { Command } from '../command.js';
import { dataOption, foldersThere, text, workspaceOption } from '../places.js';
import { wholeNumber } from '../search-options.js';
import { knownDataset, namingOf } from '../values.js';

/** What did not fit its contract: reasons on the screen, cells never. */
const command: Command = {
  summary: 'rows that broke their contract, with the reason',
  zh: '列出未通过校验的数据及原因',
  usage: '[--dataset ID] [-o table|json|csv] [--workspace D] [--data D]',
  examples: ['yitong quarantine list', 'yitong quarantine list --dataset samr.company-register --json'],
  options: {
    ...tableOption,
    dataset: { type: 'string', describe: 'only this dataset' },
    workspace: workspaceOption,
    data: dataOption,
    limit: { type: 'string', describe: 'rows shown of each dataset', default: '50' },
  },
  async run(call) {
    const { workspace: dir, data } = foldersThere(call.values);
    const workspace = await loadWorkspace(dir, { allowUnregistered: true });
    const wanted = text(call.values['dataset']);
    const limit = wholeNumber(call.values, 'limit') ?? 50;
    const ids = wanted === undefined ? [...workspace.contracts.keys()] : [knownDataset(workspace, wanted)];
    const naming = namingOf(workspace, call.language);
    const zh = call.language === 'zh';
    const rows: (readonly (string | number)[])[] = [];
    const out: unknown[] = [];
    let total = 0;
    for (const id of ids) {
      if (!Quarantine.exists(data, id)) continue;
      const quarantine = Quarantine.open(data, id, () => new Date());
      try {
        const entries = await quarantine.list(limit);
        const count = quarantine.count();
        total += count;
        if (count === 0) continue;
        if (call.form !== 'lines') for (const { id: row, position, problems, firstSeen } of entries) for (const { code, field, reason } of problems) rows.push([...(zh && call.form === 'table' ? [naming.dataset(id) ?? id] : [id, naming.dataset(id) ?? '']), row, position, localMinute(firstSeen), field === '' ? '' : naming.field(id, field) ?? field, zh ? errorWordsOf(code).zh : `${reason} [${code}]`]);
        if (call.form === 'lines') call.say(`${id}: ${count}`);
        if (call.form === 'lines') for (const { id: row, position, problems, firstSeen } of entries) {
          call.say(`  ${row}  ${position}  ${firstSeen.slice(0, 10)}  ${problems.map(({ code, field, reason }) => `${code}${field === '' ? '' : ` ${field}`}: ${reason}`).join('; ')}`);
        }
        if (count > entries.length && call.form === 'lines') call.say(`  … and ${count - entries.length} more; \`--limit\` shows them`);
        out.push({ dataset: id, count, rows: entries.map(({ id: row, position, rowNumber, problems, firstSeen }) => ({ id: row, position, rowNumber, problems, firstSeen })) });
      } finally {
        await quarantine.close();
      }
    }
    if (rows.length > 0 || call.form === 'csv') call.table({ columns: zh ? [...(call.form === 'table' ? [] : ['数据集编号']), '数据集', '行编号', '位置', '首次发现（北京时间）', '字段', '原因'] : ['dataset', 'dataset name', 'row', 'position', 'first seen (UTC+8)', 'field', 'reason'], rows });
    if (total === 0) call.say(zh ? '没有未通过校验的数据' : 'no row is in quarantine');
    else if (call.form === 'table') call.say(zh ? `共 ${total} 行` : `${total} rows`);
    call.json({ total, datasets: out });
    return 0;
  },
};
export default command;

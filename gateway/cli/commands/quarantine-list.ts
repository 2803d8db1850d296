import { Quarantine, type QuarantineEntry } from '../../../connectors/quarantine.js';
import { errorWordsOf } from '../../../contracts/error-words.js';
import type { FieldProblem } from '../../../contracts/errors.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { dataOption, foldersThere, text, workspaceOption } from '../../ground/files/places.js';
import { localMinute } from '../../ground/language/time.js';
import { actsQuarantines } from '../../procedures/cases/held-acts.js';
import { tableOption } from '../arguments.js';
import type { Command, Invocation } from '../command.js';
import { wholeNumber } from '../search-options.js';
import { type Column, tabled } from '../table.js';
import { knownDataset, type Naming, namingOf } from '../values.js';

interface Held {
  readonly dataset: string;
  readonly entry: QuarantineEntry;
  readonly problem: FieldProblem;
}

/** A row a problem: where the row is, and what is wrong with which field. */
const columnsOf = (naming: Naming, { language }: Pick<Invocation, 'language'>): readonly Column<Held>[] => [
  { zh: '数据集编号', en: 'dataset', id: true, cell: ({ dataset }) => dataset },
  { zh: '数据集', en: 'dataset name', cell: ({ dataset }) => naming.dataset(dataset) },
  { zh: '行编号', en: 'row', cell: ({ entry }) => entry.id },
  { zh: '位置', en: 'position', cell: ({ entry }) => entry.position },
  { zh: '首次发现（北京时间）', en: 'first seen (UTC+8)', cell: ({ entry }) => localMinute(entry.firstSeen) },
  {
    zh: '字段',
    en: 'field',
    cell: ({ dataset, problem: { field } }) => (field === '' ? '' : (naming.field(dataset, field) ?? field)),
  },
  {
    zh: '原因',
    en: 'reason',
    cell: ({ problem: { code, reason } }) => (language === 'zh' ? errorWordsOf(code).zh : `${reason} [${code}]`),
  },
];

/** What did not fit its contract: reasons on the screen, cells never. */
const command: Command = {
  summary: 'rows that broke their contract, with the reason',
  zh: '列出未通过校验的数据及原因',
  usage: '[--dataset ID] [-o table|json|csv] [--workspace D] [--data D]',
  examples: ['yitong quarantine list', 'yitong quarantine list --dataset samr.company-register --json'],
  options: {
    ...tableOption,
    dataset: { type: 'string', zh: '仅限该数据集', describe: 'only this dataset' },
    workspace: workspaceOption,
    data: dataOption,
    limit: { type: 'string', zh: '每个数据集显示的行数', describe: 'rows shown of each dataset', default: '50' },
  },
  async run(call) {
    const { workspace: dir, data } = foldersThere(call.values);
    const workspace = await loadWorkspace(dir, { allowUnregistered: true });
    const wanted = text(call.values['dataset']);
    const limit = wholeNumber(call.values, 'limit') ?? 50;
    const ofCases = actsQuarantines(data);
    const ids =
      wanted === undefined
        ? [...workspace.contracts.keys(), ...ofCases]
        : [ofCases.find((id) => id === wanted) ?? knownDataset(workspace, wanted)];
    const naming = namingOf(workspace, call.language);
    const zh = call.language === 'zh';
    const rows: Held[] = [];
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
        if (call.form !== 'lines')
          rows.push(...entries.flatMap((entry) => entry.problems.map((problem) => ({ dataset: id, entry, problem }))));
        if (call.form === 'lines') call.say(`${id}: ${count}`);
        if (call.form === 'lines')
          for (const { id: row, position, problems, firstSeen } of entries) {
            call.say(
              `  ${row}  ${position}  ${firstSeen.slice(0, 10)}  ` +
                problems
                  .map(({ code, field, reason }) => `${code}${field === '' ? '' : ` ${field}`}: ${reason}`)
                  .join('; '),
            );
          }
        if (count > entries.length && call.form === 'lines')
          call.say(`  … and ${count - entries.length} more; \`--limit\` shows them`);
        out.push({
          dataset: id,
          count,
          rows: entries.map(({ id: row, position, rowNumber, problems, firstSeen }) => ({
            id: row,
            position,
            rowNumber,
            problems,
            firstSeen,
          })),
        });
      } finally {
        await quarantine.close();
      }
    }
    if (rows.length > 0 || call.form === 'csv') call.table(tabled(columnsOf(naming, call), rows, call));
    if (total === 0) call.say(zh ? '没有未通过校验的数据' : 'no row is in quarantine');
    else if (call.form === 'table') call.say(zh ? `共 ${total} 行` : `${total} rows`);
    call.json({ total, datasets: out });
    return 0;
  },
};
export default command;

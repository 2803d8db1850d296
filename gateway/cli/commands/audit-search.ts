import { openSearch, type FoundEntry } from '../../audit/search/index.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import type { Localised } from '../../../contracts/types.js';
import { loadPolicies } from '../../../policies/load.js';
import { inOneLine, typeWords } from '../../console/pages/auditing/words.js';
import { localSecond } from '../../console/time.js';
import { tableOption } from '../arguments.js';
import type { Command, Invocation } from '../command.js';
import type { Table } from '../table.js';
import { AUDIT, folders, foldersThere } from '../places.js';
import { searchFlags, searchOptions, wholeNumber } from '../search-options.js';

/** Who saw what, when, why; newest first. */
const command: Command = {
  summary: 'who saw what, when and why',
  zh: '检索数据使用记录',
  usage: '[--client C] [--dataset D] [--purpose P] [--since T] [--subject S] … [--limit N] [--after I] [-o table|json|csv]',
  examples: [
    'yitong audit search --client credit-centre --since 2026-01-01',
    'yitong audit search --provider samr --result deny',
    'yitong audit search --subject uscc:91350100M000100Y43',
    'yitong audit search --case 2026-0001 --open',
  ],
  options: {
    ...searchFlags,
    ...tableOption,
    limit: { type: 'string', describe: 'at most so many', default: '100' }, after: { type: 'string', describe: 'the next page: the index of the last entry seen' },
  },
  async run(call) {
    const search = openSearch(foldersThere(call.values, AUDIT).data);
    try {
      const zh = call.language === 'zh';
      const query = searchOptions(call.values);
      const after = wholeNumber(call.values, 'after');
      const limit = Math.max(1, wholeNumber(call.values, 'limit') ?? 100);
      const page = await search.page(query, { limit, open: call.values['open'] === true || query.subject !== undefined, ...(after === undefined ? {} : { after }) });
      if (call.form === 'lines') for (const entry of page.entries) for (const line of inWords(entry)) call.say(line);
      else if (call.form !== 'json') call.table(await tabulate(page.entries, call));
      call.say(zh ? `共 ${page.entries.length} 条${page.next === undefined ? '' : `；更早的用 --after ${page.next}`}` : page.next === undefined ? `${page.entries.length} found` : `${page.entries.length} found so far; older ones with --after ${page.next}`);
      call.json(page.entries);
      return 0;
    } finally {
      await search.close();
    }
  },
};
export default command;

/** A row an entry, with the names of the workspace that the log belongs to, as it is now. */
async function tabulate(entries: readonly FoundEntry[], { values, language, form }: Invocation): Promise<Table> {
  const zh = language === 'zh';
  const short = zh && form === 'table';
  const workspace = await loadWorkspace(folders(values).workspace, { allowUnregistered: true });
  const { clients, purposes } = await loadPolicies(workspace);
  const unknown = zh ? '未登记' : '';
  const name = (map: ReadonlyMap<string, { readonly name: Localised }>, id: string | undefined): string => (id === undefined ? '' : map.get(id)?.name[language] ?? unknown);
  const both = (map: ReadonlyMap<string, { readonly name: Localised }>, id: string | undefined): string[] => (short ? [name(map, id)] : [id ?? '', name(map, id)]);
  const rows = entries.map((entry) => {
    const { index, receipt, body, opened, expiredBy } = entry;
    const datasets = (body.datasets ?? []).flatMap(({ dataset }) => dataset ?? []);
    return [
      index, body.time === undefined ? '' : localSecond(body.time), typeWords(body.type, language), ...both(clients, body.client), ...both(purposes, body.purpose),
      datasets.map((id) => (short ? name(workspace.contracts, id) : id)).join(short ? '、' : ' '),
      expiredBy === undefined ? inOneLine(entry, language) : zh ? '正文已到期销毁' : `body expired by entry ${expiredBy}`, opened?.subject ?? '', receipt,
    ];
  });
  const pair = (title: string): string[] => (short ? [title] : zh ? [`${title}编号`, title] : [title, `${title} name`]);
  return { columns: [zh ? '条目' : 'entry', zh ? '时间（北京时间）' : 'time (UTC+8)', zh ? '类型' : 'type', ...pair(zh ? '应用' : 'client'), ...pair(zh ? '用途' : 'purpose'), zh ? '数据集' : 'datasets', zh ? '内容' : 'what', zh ? '主体' : 'subject', zh ? '回执' : 'receipt'], rows };
}

function inWords({ index, receipt, body, opened, expiredBy }: FoundEntry): string[] {
  if (expiredBy !== undefined) return [`body expired by entry ${expiredBy}  ${receipt}  entry ${index}`];
  const { time, type, ...rest } = body;
  return [`${String(time)}  ${String(type)}  ${receipt}  entry ${index}`, `  ${JSON.stringify(rest)}`, ...(opened === undefined ? [] : [`  ${JSON.stringify(opened)}`])];
}

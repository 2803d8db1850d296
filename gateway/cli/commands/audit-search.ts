import { present } from '../../../contracts/present.js';
import type { Localised } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { inOneLine, typeWords } from '../../documents/words/entry.js';
import { AUDIT, folders, foldersThere } from '../../ground/files/places.js';
import { localSecond } from '../../ground/language/time.js';
import { type FoundEntry, openSearch } from '../../log/search/index.js';
import { tableOption } from '../arguments.js';
import type { Command, Invocation } from '../command.js';
import { searchFlags, searchOptions, wholeNumber } from '../search-options.js';
import { type Column, type Table, tabled } from '../table.js';

/** Who saw what, when, why; newest first. */
const command: Command = {
  summary: 'who saw what, when and why',
  zh: '检索数据使用记录',
  usage:
    '[--client C] [--dataset D] [--purpose P] [--since T] [--subject S] … [--limit N] [--after I] [-o table|json|csv]',
  examples: [
    'yitong audit search --client credit-centre --since 2026-01-01',
    'yitong audit search --provider samr --result deny',
    'yitong audit search --result deny --since 10m',
    'yitong audit search --subject uscc:91350100M000100Y43',
    'yitong audit search --case 2026-0001 --open',
  ],
  options: {
    ...searchFlags,
    ...tableOption,
    limit: { type: 'string', zh: '最多条数', describe: 'at most so many', default: '100' },
    after: {
      type: 'string',
      zh: '下一页：已见最后一条的序号',
      describe: 'the next page: the index of the last entry seen',
    },
  },
  async run(call) {
    const search = openSearch(foldersThere(call.values, AUDIT).data);
    try {
      const zh = call.language === 'zh';
      const query = searchOptions(call.values);
      const after = wholeNumber(call.values, 'after');
      const limit = Math.max(1, wholeNumber(call.values, 'limit') ?? 100);
      const page = await search.page(query, {
        limit,
        open: call.values['open'] === true || query.subject !== undefined,
        ...present({ after }),
      });
      if (call.form === 'lines') for (const entry of page.entries) for (const line of inWords(entry)) call.say(line);
      else if (call.form !== 'json') call.table(await tabulate(page.entries, call));
      call.say(
        zh
          ? `共 ${page.entries.length} 条${page.next === undefined ? '' : `；更早的用 --after ${page.next}`}`
          : page.next === undefined
            ? `${page.entries.length} found`
            : `${page.entries.length} found so far; older ones with --after ${page.next}`,
      );
      call.json(page.entries);
      return 0;
    } finally {
      await search.close();
    }
  },
};
export default command;

/** A row an entry, with the names of the workspace that the log belongs to, as it is now. */
async function tabulate(entries: readonly FoundEntry[], call: Invocation): Promise<Table> {
  const { values, language, form } = call;
  const zh = language === 'zh';
  const workspace = await loadWorkspace(folders(values).workspace, { allowUnregistered: true });
  const { clients, purposes } = await loadPolicies(workspace);
  const name = (map: ReadonlyMap<string, { readonly name: Localised }>, id: string | undefined): string =>
    id === undefined ? '' : (map.get(id)?.name[language] ?? (zh ? '未登记' : ''));
  const datasets = ({ body }: FoundEntry): readonly string[] =>
    (body.datasets ?? []).flatMap(({ dataset }) => dataset ?? []);
  const columns: readonly Column<FoundEntry>[] = [
    { zh: '条目', en: 'entry', cell: ({ index }) => index },
    {
      zh: '时间（北京时间）',
      en: 'time (UTC+8)',
      cell: ({ body }) => (body.time === undefined ? '' : localSecond(body.time)),
    },
    { zh: '类型', en: 'type', cell: ({ body }) => typeWords(body.type, language) },
    { zh: '应用编号', en: 'client', id: true, cell: ({ body }) => body.client },
    { zh: '应用', en: 'client name', cell: ({ body }) => name(clients, body.client) },
    { zh: '用途编号', en: 'purpose', id: true, cell: ({ body }) => body.purpose },
    { zh: '用途', en: 'purpose name', cell: ({ body }) => name(purposes, body.purpose) },
    { zh: '数据集编号', en: 'datasets', id: true, cell: (entry) => datasets(entry).join(' ') },
    ...(zh || form === 'csv'
      ? [
          {
            zh: '数据集',
            en: 'dataset names',
            cell: (entry: FoundEntry) =>
              datasets(entry)
                .map((id) => name(workspace.contracts, id))
                .join(zh ? '、' : ', '),
          },
        ]
      : []),
    {
      zh: '内容',
      en: 'what',
      cell: (entry) =>
        entry.expiredBy === undefined
          ? inOneLine(entry, language)
          : call.words({ zh: '正文已到期销毁', en: `body expired by entry ${String(entry.expiredBy)}` }),
    },
    { zh: '主体', en: 'subject', cell: ({ opened }) => opened?.subject },
    { zh: '回执', en: 'receipt', cell: ({ receipt }) => receipt },
  ];
  return tabled(columns, entries, call);
}

function inWords({ index, receipt, body, opened, expiredBy }: FoundEntry): string[] {
  if (expiredBy !== undefined) return [`body expired by entry ${expiredBy}  ${receipt}  entry ${index}`];
  const { time, type, ...rest } = body;
  return [
    `${String(time)}  ${String(type)}  ${receipt}  entry ${index}`,
    `  ${JSON.stringify(rest)}`,
    ...(opened === undefined ? [] : [`  ${JSON.stringify(opened)}`]),
  ];
}

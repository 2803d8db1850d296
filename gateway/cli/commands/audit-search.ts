import { openSearch, type FoundEntry } from '../../audit/search/index.js';
import type { Command } from '../command.js';
import { folders } from '../places.js';
import { searchFlags, searchOptions, wholeNumber } from '../search-options.js';

/** Who saw what, when, why; newest first. */
const command: Command = {
  summary: 'who saw what, when and why',
  usage: '[--client C] [--dataset D] [--purpose P] [--since T] [--subject S] … [--limit N] [--after I] [--json]',
  examples: [
    'yitong audit search --client credit-centre --since 2026-01-01',
    'yitong audit search --provider samr --result deny',
    'yitong audit search --subject uscc:91350100M000100Y43',
    'yitong audit search --case 2026-0001 --open',
  ],
  options: { ...searchFlags, limit: { type: 'string', describe: 'at most so many', default: '100' }, after: { type: 'string', describe: 'the next page: the index of the last entry seen' } },
  async run(call) {
    const search = openSearch(folders(call.values).data);
    try {
      const query = searchOptions(call.values);
      const after = wholeNumber(call.values, 'after');
      const limit = Math.max(1, wholeNumber(call.values, 'limit') ?? 100);
      const page = await search.page(query, { limit, open: call.values['open'] === true || query.subject !== undefined, ...(after === undefined ? {} : { after }) });
      for (const entry of page.entries) for (const line of inWords(entry)) call.say(line);
      call.say(page.next === undefined ? `${page.entries.length} found` : `${page.entries.length} found so far; older ones with --after ${page.next}`);
      call.json(page.entries);
      return 0;
    } finally {
      await search.close();
    }
  },
};
export default command;

function inWords({ index, receipt, body, opened, expiredBy }: FoundEntry): string[] {
  if (expiredBy !== undefined) return [`body expired by entry ${expiredBy}  ${receipt}  entry ${index}`];
  const { time, type, ...rest } = body;
  return [`${String(time)}  ${String(type)}  ${receipt}  entry ${index}`, `  ${JSON.stringify(rest)}`, ...(opened === undefined ? [] : [`  ${JSON.stringify(opened)}`])];
}

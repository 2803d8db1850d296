import { searchFlags, searchOptions } from '../search-options.js';
import { searchEntries, type FoundEntry } from '../../audit/search.js';
import type { Command } from '../command.js';
import { folders } from '../places.js';

/** Who saw what, when, why: a walk over the stored entries, newest first. */
const command: Command = {
  summary: 'who saw what, when and why',
  usage: '[--client C] [--dataset D] [--purpose P] [--since T] [--subject S] [--limit N] [--json]',
  examples: ['yitong audit search --client credit-centre --since 2026-01-01', 'yitong audit search --subject uscc:91350100M000100Y43'],
  options: { ...searchFlags, limit: { type: 'string', describe: 'at most so many', default: '100' } },
  async run(call) {
    const found: FoundEntry[] = [];
    await searchEntries(folders(call.values).data, searchOptions(call.values), (entry) => found.push(entry));
    for (const { index, receipt, body, opened } of found) {
      const { time, type, ...rest } = body;
      call.say(`${String(time)}  ${String(type)}  ${receipt}  entry ${index}`);
      call.say(`  ${JSON.stringify(rest)}`);
      if (opened !== undefined) call.say(`  ${JSON.stringify(opened)}`);
    }
    call.say(`${found.length} found`);
    call.json(found);
    return 0;
  },
};
export default command;

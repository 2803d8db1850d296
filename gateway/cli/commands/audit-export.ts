import { searchFlags, searchOptions } from '../search-options.js';
import { searchEntries } from '../../audit/search.js';
import type { Command } from '../command.js';
import { folders } from '../places.js';

/** The entries as NDJSON on stdout, oldest first. */
const command: Command = {
  summary: 'the audit entries as NDJSON, oldest first',
  usage: '[--client C] [--dataset D] [--purpose P] [--since T] [--subject S]',
  examples: ['yitong audit export --since 2026-01-01 > entries.ndjson'],
  options: { ...searchFlags, limit: { type: 'string', describe: 'at most so many' } },
  async run(call) {
    await searchEntries(folders(call.values).data, { ...searchOptions(call.values), oldestFirst: true }, (entry) => process.stdout.write(`${JSON.stringify(entry)}\n`));
    return 0;
  },
};
export default command;

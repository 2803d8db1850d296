import { EXPORT_FORMATS, exportEntries } from '../../audit/search/export.js';
import { openSearch } from '../../audit/search/index.js';
import { YitongError } from '../../../contracts/errors.js';
import type { Command } from '../command.js';
import { AUDIT, foldersThere, text } from '../places.js';
import { searchFlags, searchOptions, wholeNumber } from '../search-options.js';

/** Entries on stdout, oldest first, each with what proves it. */
const command: Command = {
  summary: 'the audit entries with their proofs, oldest first: NDJSON, CSV or OCSF',
  zh: '导出日志条目及其证明，最早在前',
  usage: '[--format ndjson|csv|ocsf] [--client C] [--dataset D] [--purpose P] [--since T] [--subject S] …',
  examples: ['yitong audit export --since 2026-01-01 > entries.ndjson', 'yitong audit export --format csv --provider samr > accesses.csv', 'yitong audit export --format ocsf --result deny | your-siem'],
  options: { ...searchFlags, format: { type: 'string', values: EXPORT_FORMATS, describe: 'ndjson, csv or ocsf', default: 'ndjson' }, limit: { type: 'string', describe: 'at most so many' } },
  async run(call) {
    const format = EXPORT_FORMATS.find((one) => one === text(call.values['format']));
    if (format === undefined) throw new YitongError('bad_request', `\`--format\` is one of ${EXPORT_FORMATS.join(', ')}`);
    const { data } = foldersThere(call.values, AUDIT);
    const search = openSearch(data);
    try {
      const query = searchOptions(call.values);
      const limit = wholeNumber(call.values, 'limit');
      const options = { open: call.values['open'] === true || query.subject !== undefined, ...(limit === undefined ? {} : { limit }) };
      for await (const piece of exportEntries(data, search, format, query, options)) {
        if (!process.stdout.write(piece)) await new Promise((resolve) => process.stdout.once('drain', resolve));
      }
      return 0;
    } finally {
      await search.close();
    }
  },
};
export default command;

import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadReports } from '../../../contracts/reports.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { inForceOf } from '../../answer/inforce/snapshot.js';
import { namesOf } from '../../documents/words/names.js';
import { AUDIT, foldersThere, text } from '../../ground/files/places.js';
import type { Language } from '../../ground/language/language.js';
import { exportWords } from '../../http/ui/export-words.js';
import { EXPORT_FORMATS, exportEntries } from '../../log/search/export/export.js';
import type { ExportWords } from '../../log/search/export/table.js';
import { openSearch } from '../../log/search/index.js';
import type { Command } from '../command.js';
import { searchFlags, searchOptions, wholeNumber } from '../search-options.js';

/** Entries on stdout, oldest first, each with what proves it. */
const command: Command = {
  summary: 'the audit entries with their proofs, oldest first: NDJSON, CSV, a workbook or OCSF',
  zh: '导出日志条目及其证明，最早在前',
  usage: '[--format ndjson|csv|xlsx|ocsf] [--client C] [--dataset D] [--purpose P] [--since T] [--subject S] …',
  examples: [
    'yitong audit export --since 2026-01-01 > entries.ndjson',
    'yitong audit export --format csv --provider samr > accesses.csv',
    'yitong audit export --format xlsx --zh --since 2026-01-01 > 审计.xlsx',
    'yitong audit export --format ocsf --result deny | your-siem',
  ],
  options: {
    ...searchFlags,
    format: {
      type: 'string',
      values: EXPORT_FORMATS,
      describe: 'ndjson, csv, xlsx or ocsf; with `--zh` heads, names and words of csv and xlsx are Chinese',
      default: 'ndjson',
    },
    limit: { type: 'string', describe: 'at most so many' },
  },
  async run(call) {
    const format = EXPORT_FORMATS.find((one) => one === text(call.values['format']));
    if (format === undefined)
      throw new YitongError('bad_request', `\`--format\` is one of ${EXPORT_FORMATS.join(', ')}`);
    if (format === 'xlsx' && process.stdout.isTTY)
      throw new YitongError('bad_request', 'a workbook is no text: send it into a file, `> audit.xlsx`');
    const { data, workspace } = foldersThere(call.values, AUDIT);
    const search = openSearch(data);
    try {
      const query = searchOptions(call.values);
      const limit = wholeNumber(call.values, 'limit');
      const words = format === 'csv' || format === 'xlsx' ? await wordsOf(workspace, call.language) : undefined;
      const options = {
        ...present({ words }),
        open: call.values['open'] === true || query.subject !== undefined,
        ...present({ limit }),
      };
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

/** Of the workspace whose log it is; ids stand beside, so that one which it no longer knows is not lost. */
async function wordsOf(folder: string, language: Language): Promise<ExportWords> {
  const workspace = await loadWorkspace(folder);
  const inForce = inForceOf(await loadPolicies(workspace), [], workspace);
  return exportWords(namesOf({ workspace, inForce: () => inForce }, language, await loadReports(workspace)), language);
}

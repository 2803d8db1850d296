import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadReports } from '../../../contracts/reports.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { inForceOf } from '../../answer/inforce/snapshot.js';
import { ENTRIES_FORMATS, entriesPdf } from '../../documents/pdf/entries-paper.js';
import { openDocumentSigner } from '../../documents/pdf/signer.js';
import { namesOf } from '../../documents/words/names.js';
import { readSettings } from '../../ground/config/index.js';
import { AUDIT, foldersThere, text } from '../../ground/files/places.js';
import type { Language } from '../../ground/language/language.js';
import { localMinute } from '../../ground/language/time.js';
import { exportWords } from '../../http/ui/export-words.js';
import { questionInWords } from '../../http/ui/question-words.js';
import { exportEntries, provedEntries } from '../../log/search/export/export.js';
import { openSearch, type SearchIndex, type SearchQuery } from '../../log/search/index.js';
import type { Command, Invocation } from '../command.js';
import { documentsFlag, documentsFolder } from '../document-options.js';
import { searchFlags, searchOptions, wholeNumber } from '../search-options.js';

/** What a terminal cannot show. */
const BYTES: ReadonlySet<string> = new Set(['xlsx', 'pdf']);

/** Entries on stdout, oldest first, each with what proves it. */
const command: Command = {
  summary: 'the audit entries with their proofs, oldest first: NDJSON, CSV, a workbook, OCSF or one PDF',
  zh: '导出日志条目及其证明，最早在前',
  usage: '[--format ndjson|csv|xlsx|ocsf|pdf] [--client C] [--dataset D] [--purpose P] [--since T] [--subject S] …',
  examples: [
    'yitong audit export --since 2026-01-01 > entries.ndjson',
    'yitong audit export --format csv --provider samr > accesses.csv',
    'yitong audit export --format xlsx --zh --since 2026-01-01 > 审计.xlsx',
    'yitong audit export --format pdf --zh --by 林审计 --since 2026-01-01 > 审计.pdf',
    'yitong audit export --format ocsf --result deny | your-siem',
  ],
  options: {
    ...searchFlags,
    format: {
      type: 'string',
      values: ENTRIES_FORMATS,
      describe:
        'ndjson, csv, xlsx, ocsf or pdf; with `--zh` heads, names and words of csv, xlsx and pdf are Chinese. One ' +
        'PDF holds 2,000 entries at most, the others have no such limit',
      default: 'ndjson',
    },
    limit: { type: 'string', describe: 'at most so many' },
    by: { type: 'string', describe: 'who asks, as a PDF says it; default: operator' },
    ...documentsFlag,
  },
  async run(call) {
    const format = ENTRIES_FORMATS.find((one) => one === text(call.values['format']));
    if (format === undefined)
      throw new YitongError('bad_request', `\`--format\` is one of ${ENTRIES_FORMATS.join(', ')}`);
    if (BYTES.has(format) && process.stdout.isTTY)
      throw new YitongError('bad_request', `this is no text: send it into a file, \`> audit.${format}\``);
    const { data, workspace } = foldersThere(call.values, AUDIT);
    const search = openSearch(data);
    try {
      const query = searchOptions(call.values);
      const limit = wholeNumber(call.values, 'limit');
      const options = {
        open: call.values['open'] === true || query.subject !== undefined,
        ...present({ limit }),
      };
      if (format === 'pdf') {
        await written(await pdfOf(call, { data, workspace, search, query, options }));
        return 0;
      }
      const words =
        format === 'csv' || format === 'xlsx'
          ? exportWords((await wordsOf(workspace, call.language)).names, call.language)
          : undefined;
      for await (const piece of exportEntries(data, search, format, query, { ...options, ...present({ words }) }))
        await written(piece);
      return 0;
    } finally {
      await search.close();
    }
  },
};
export default command;

async function written(piece: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(piece)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}

/** Of the workspace whose log it is; ids stand beside, so that one which it no longer knows is not lost. */
async function wordsOf(folder: string, language: Language) {
  const workspace = await loadWorkspace(folder);
  const inForce = inForceOf(await loadPolicies(workspace), [], workspace);
  return { workspace, names: namesOf({ workspace, inForce: () => inForce }, language, await loadReports(workspace)) };
}

interface Asked {
  readonly data: string;
  readonly workspace: string;
  readonly search: SearchIndex;
  readonly query: SearchQuery;
  readonly options: { readonly open: boolean; readonly limit?: number };
}

/** One document; signed where there is who signs. */
async function pdfOf(call: Invocation, { data, workspace: dir, search, query, options }: Asked): Promise<Buffer> {
  const { language } = call;
  const { workspace, names } = await wordsOf(dir, language);
  const settings = readSettings(workspace.settings, { file: join(dir, 'yitong.json') }, process.env);
  const { since, until, pseudonym: _, ...named } = query;
  const moment = (at: number | undefined): string | undefined => (at === undefined ? undefined : localMinute(at));
  const question = { ...named, ...present({ since: moment(since), until: moment(until) }) };
  const folder = documentsFolder(call.values, settings.gateway.documents, data);
  const signs = call.values['documents'] !== undefined || existsSync(folder);
  const { bytes } = await entriesPdf(
    provedEntries(data, search, query, options),
    { workspace, settings, dataDir: data, now: Date.now() },
    {
      kind: 'search',
      language,
      asked: questionInWords(question, { names, language }, query.type),
      by: text(call.values['by']) ?? (language === 'zh' ? '运维人员' : 'operator'),
      names,
    },
    signs ? openDocumentSigner(folder) : undefined,
  );
  return bytes;
}

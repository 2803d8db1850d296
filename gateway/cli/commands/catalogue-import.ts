import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { fromCatalogueCsv } from '../../../contracts/exchange/csv.js';
import { compared, draftsOf } from '../../../contracts/exchange/drafts.js';
import { type ExchangedCatalogue, exchanged } from '../../../contracts/exchange/model.js';
import { fromDcat } from '../../../contracts/exchange/read-dcat.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { folders, text, workspaceOption } from '../../ground/files/places.js';
import { tableOption } from '../arguments.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { type Column, tabled } from '../table.js';

/** Bytes of a file that is read at most. */
const MOST = 64 << 20;

async function readCatalogue(file: string): Promise<ExchangedCatalogue> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new YitongError('bad_request', `\`${file}\` cannot be read`, { cause });
  });
  if (bytes.length > MOST) throw new YitongError('bad_request', `\`${file}\` is larger than ${String(MOST)} bytes`);
  const content = bytes.toString('utf8');
  return /^\uFEFF?\s*[[{]/.test(content) ? fromDcat(content.replace(/^\uFEFF/, '')) : fromCatalogueCsv(content);
}

/** Nothing that is there is written over. @returns how many files */
async function writeDrafts(dir: string, files: ReadonlyMap<string, string>): Promise<number> {
  for (const [path, content] of files) {
    const file = join(dir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EEXIST') throw cause;
      throw new YitongError('bad_request', `\`${file}\` is there already; name a folder of its own with \`--to\``, {
        cause,
      });
    });
  }
  return files.size;
}

type Row = ReturnType<typeof compared>[number];
const STATES = {
  new: { zh: '本地没有', en: 'not here' },
  same: { zh: '一致', en: 'the same' },
  different: { zh: '有差异', en: 'different' },
} as const;

const command: Command = {
  summary: 'what a catalogue in DCAT-AP or CSV says, beside the own one, and drafts of what is missing here',
  zh: '读入其他系统的数据目录，与本地比对，并为缺少的条目生成草稿',
  usage: '<file> [--to D] [-o table|json|csv] [--workspace D]',
  takes: 1,
  examples: ['yitong catalogue import catalogue.jsonld', 'yitong catalogue import catalogue.csv --to drafts'],
  options: {
    ...tableOption,
    workspace: workspaceOption,
    to: {
      type: 'string',
      zh: '草稿写入的文件夹；默认：只比对，不写入',
      describe: 'folder into which drafts of entries are written that are not here; default: nothing is written',
    },
  },
  async run(call) {
    const [file] = call.positionals;
    if (file === undefined) throw new WrongUsage('name the file of the catalogue');
    const { words } = call;
    const workspace = await loadWorkspace(folders(call.values).workspace, { allowUnregistered: true });
    const found = await readCatalogue(resolve(file));
    const rows = compared(found, exchanged(workspace));
    const to = text(call.values['to']);
    const missing = rows.flatMap(({ state, entry }) => (state === 'new' ? [entry] : []));
    const written = to === undefined ? 0 : await writeDrafts(resolve(to), draftsOf(missing));
    call.json(rows.map(({ id, state, differs, entry: { name } }) => ({ id, name, state, differs })));
    const columns: readonly Column<Row>[] = [
      { zh: '编号', en: 'dataset', id: true, cell: ({ id }) => id },
      { zh: '名称', en: 'name', cell: ({ entry: { name } }) => name[call.language] ?? name.zh ?? name.en },
      { zh: '比对结果', en: 'here', cell: ({ state }) => words(STATES[state]) },
      { zh: '差异', en: 'differs in', id: true, cell: ({ differs }) => differs.join(' ') },
    ];
    const table = tabled(columns, rows, call);
    if (call.form === 'lines') for (const row of table.rows) call.say(row.join('  ').trimEnd());
    call.table(table);
    if (to !== undefined)
      call.say(
        words({
          zh: `已写入 ${String(written)} 个草稿文件；保密审查、个人信息保护审查、审核及数据结构须由人补充`,
          en:
            `${String(written)} files of drafts are in \`${to}\`; assessments, approval and schema are for people to ` +
            'add, then `yitong contracts check`',
        }),
      );
    return 0;
  },
};
export default command;

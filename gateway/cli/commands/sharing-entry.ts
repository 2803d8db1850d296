import { cp, mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { readJson } from '../../../contracts/files.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { folders } from '../../ground/files/places.js';
import { entryFile } from '../../procedures/sharing/entry-file.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { lineDiff } from '../line-diff.js';
import { asking, sharingOptions } from '../sharing-options.js';

const printed = (content: unknown): string => JSON.stringify(content, null, 2);

interface Found {
  readonly file: string;
  readonly before: string;
  /** Its folder, of a layer below: in a workspace a dataset stands whole, schemas and examples included. */
  readonly below?: string;
}

/** The file in which an entry stands, of the workspace itself; what a layer below has is not changed there. */
async function fileOf(dir: string, dataset: string): Promise<Found> {
  // it becomes a path
  const [, authority, name] = /^([a-z][a-z0-9-]*)\.([a-z][a-z0-9-]*)$/.exec(dataset) ?? [];
  if (authority === undefined || name === undefined)
    throw new YitongError('act_refused', 'the matter is of no entry of the catalogue');
  const place = join('contracts', 'datasets', authority, name, 'contract.json');
  const { layers } = await loadWorkspace(dir);
  for (const layer of [dir, ...layers]) {
    const found = await readJson(join(layer, place), 'bad_contract').catch(() => undefined);
    if (found === undefined) continue;
    const below = layer === dir ? {} : { below: dirname(join(layer, place)) };
    return { file: join(dir, place), before: printed(found), ...below };
  }
  return { file: join(dir, place), before: '' };
}

async function write({ file, below }: Found, text: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true });
  if (below !== undefined)
    await cp(below, folder, { recursive: true, force: false, filter: (from) => basename(from) !== basename(file) });
  await writeFile(`${file}.new`, `${text}\n`);
  await rename(`${file}.new`, file);
}

const command: Command = {
  summary: 'what a published entry of the catalogue changes in its contract.json; with --write into the file',
  zh: '列出已发布的目录条目对目录文件的修改，也可写入文件',
  group: 'rights',
  usage: '<matter> --as client [--workspace D] [--write] [--json]',
  takes: 1,
  wanting: { zh: '该条目尚未发布', en: 'where the entry is not published' },
  examples: [
    'yitong sharing entry 3f0c2d9a41e87b36 --as food-inspector',
    'yitong sharing entry 3f0c2d9a41e87b36 --as food-inspector --workspace city --write',
  ],
  options: {
    write: { type: 'boolean', zh: '写入目录文件，供核对后提交', describe: 'writes the file; you review and commit it' },
    ...sharingOptions,
  },
  run: (call) => {
    const [id] = call.positionals;
    if (id === undefined) throw new WrongUsage('name the matter');
    const { workspace: dir } = folders(call.values);
    const zh = call.language === 'zh';
    return asking(call, async (gateway) => {
      const matter = await gateway.matter(id);
      const content = matter.contents['of-entry'] as { readonly dataset?: string } | undefined;
      const found = await fileOf(dir, content?.dataset ?? '');
      const { file, before } = found;
      const old = before === '' ? undefined : (JSON.parse(before) as Readonly<Record<string, unknown>>);
      const { dataset, contract } = entryFile(matter, () => old);
      const after = printed(contract);
      const diff = lineDiff(before, after);
      const wrote = call.values['write'] === true && diff.length > 0;
      if (wrote) await write(found, after);
      call.json({ dataset, file, changed: diff.length > 0, wrote, contract });
      for (const line of diff) call.say(line);
      if (diff.length === 0) call.say(zh ? '目录文件与已发布的条目一致' : 'the file says what was published');
      else if (wrote)
        call.say(
          zh
            ? `已写入 ${file}；请核对后运行 yitong contracts check，再提交`
            : `wrote ${file}; review it, run yitong contracts check, and commit it`,
        );
      else call.say(zh ? '未写入；加 --write 写入文件' : 'nothing was written; --write does');
    });
  },
};
export default command;

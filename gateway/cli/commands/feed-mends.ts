import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Feed } from '../../../connectors/feed.js';
import { loadFeeds } from '../../../connectors/feeds.js';
import { progressReporter } from '../../../connectors/progress.js';
import { type Mend, mendedMapping, proposeMend } from '../../../connectors/propose/mend.js';
import { targetOf } from '../../../connectors/propose/mend-edits.js';
import { type HeldPreview, previewHeld } from '../../../connectors/propose/mend-preview.js';
import { readTerms } from '../../../connectors/propose/terms.js';
import { type CauseCount, Quarantine } from '../../../connectors/quarantine.js';
import { YitongError } from '../../../contracts/errors.js';
import type { Contract, Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { dataOption, foldersThere, packageRoot, text, workspaceOption } from '../../ground/files/places.js';
import { textOfFeed, withField } from '../../http/publishing/feed-file.js';
import { mendLine } from '../../http/publishing/mend-words.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { causeName, causeNamed } from '../mend-options.js';
import { lineFree } from '../progress.js';
import { knownDataset } from '../values.js';

/** Rows of a cause out of which a mend is made. */
const SAMPLE = 2000;

interface Tried {
  readonly cause: CauseCount;
  readonly mend: Mend;
  /** On all rows that are held back; absent where nothing is proposed. */
  readonly held?: HeldPreview;
}

interface Parts {
  readonly call: Invocation;
  readonly workspace: Workspace;
  readonly contract: Contract;
  readonly feed: Feed;
  readonly quarantine: Quarantine;
}

/** What is proposed for one cause, tried on all that is held back. */
async function tryCause({ call, workspace, contract, feed, quarantine }: Parts, cause: CauseCount): Promise<Tried> {
  const ground = { feed, contract, workspace };
  const terms = await readTerms(join(packageRoot(), 'connectors/propose/terms.json'));
  const { rows } = await quarantine.rowsOf(cause, { after: '', limit: SAMPLE });
  const mend = proposeMend(ground, cause, rows, terms);
  const mapping = mend.parts.length === 0 ? undefined : mendedMapping(feed.mapping, cause.field, mend.parts);
  if (mapping === undefined) return { cause, mend };
  lineFree();
  const progress = progressReporter({
    label: `${contract.id} ${cause.field}`,
    output: process.stderr,
    quiet: call.asJson,
    now: () => performance.now(),
  });
  try {
    const total = quarantine.count();
    const held = await previewHeld(ground, { mapping, cause }, quarantine, {
      signal: call.signal,
      onProgress: (done) => progress.update({ rows: done, done, total }),
    });
    return { cause, mend, held };
  } finally {
    progress.end();
  }
}

function say({ call, workspace, contract }: Parts, { cause, mend, held }: Tried): void {
  const zh = call.language === 'zh';
  const info = contract.latest.fields.find(({ path }) => path === cause.field);
  const codelist = workspace.codelists.get(info?.codelist ?? '');
  call.say(`${causeName(cause)}  ${String(cause.rows)} ${zh ? '行' : 'rows'}`);
  if (held === undefined) {
    call.say(zh ? '  没有把握确定的修正，不提建议' : '  nothing can be proposed without a guess');
    return;
  }
  for (const part of mend.parts) call.say(`  ${mendLine(part, call.language, codelist)}`);
  const left = held.same + held.otherwise;
  call.say(
    zh
      ? `  可使 ${String(held.good)} 行通过校验，${String(left)} 行仍不能通过`
      : `  makes ${String(held.good)} rows good; ${String(left)} stay`,
  );
}

/** Writes the feed as it would be. @throws YitongError `bad_config` where something of that name is there */
async function writeOut({ call, feed }: Parts, { cause, mend }: Tried, out: string): Promise<void> {
  const mapping = mendedMapping(feed.mapping, cause.field, mend.parts);
  const target = targetOf(feed.mapping, cause.field);
  if (mend.parts.length === 0 || mapping === undefined || target === undefined)
    throw new YitongError('not_found', 'nothing is proposed for this cause');
  try {
    await writeFile(out, withField(await textOfFeed(feed), target, mapping), { flag: 'wx' });
  } catch (cause) {
    throw new YitongError('bad_config', 'the file cannot be written, or is there already', { cause });
  }
  call.say(call.language === 'zh' ? `已写出修改后的配置：${out}` : `the feed as it would be is in ${out}`);
}

/** The causes that are asked for: one by its name, or all. */
function wantedOf(causes: readonly CauseCount[], asked: string | undefined): readonly CauseCount[] {
  if (asked === undefined) return causes;
  const { code, field } = causeNamed(asked);
  const found = causes.filter((one) => one.code === code && one.field === field);
  if (found.length === 0)
    throw new YitongError('not_found', 'no row is held back for this cause; name it as the list shows it');
  return found;
}

/** What could be said otherwise of a mapping so that rows are read; drafts are made and approved on pages. */
const command: Command = {
  summary: 'mends of a mapping for rows that are held back, tried on all of them; changes nothing',
  zh: '为未通过校验的数据提出映射修正建议并试算，不作任何改动',
  takes: 1,
  usage: '<dataset> [--cause CODE[:FIELD]] [--out FILE] [--workspace D] [--data D] [--json]',
  examples: [
    'yitong feed mends samr.company-register',
    'yitong feed mends samr.company-register --cause not_in_codelist:type --out company-register.json',
  ],
  options: {
    cause: { type: 'string', zh: '仅限该原因', describe: 'only this cause, as the list shows it' },
    out: { type: 'string', zh: '写出修改后的配置文件', describe: 'writes the feed as it would be; with `--cause`' },
    workspace: workspaceOption,
    data: dataOption,
  },
  async run(call) {
    const [dataset] = call.positionals;
    if (dataset === undefined) throw new WrongUsage('name a dataset, as in `yitong feed mends samr.company-register`');
    const [asked, out] = [text(call.values['cause']), text(call.values['out'])];
    if (out !== undefined && asked === undefined)
      throw new WrongUsage('`--out` needs `--cause`: a file is of one mend');
    const { workspace: dir, data } = foldersThere(call.values);
    const workspace = await loadWorkspace(dir, { allowUnregistered: true });
    const id = knownDataset(workspace, dataset);
    const feed = (await loadFeeds(workspace)).get(id);
    const contract = workspace.contracts.get(id);
    if (feed === undefined || contract === undefined) throw new YitongError('bad_feed', `\`${dataset}\` has no feed`);
    const tried: Tried[] = [];
    if (Quarantine.exists(data, id)) {
      const quarantine = Quarantine.open(data, id, () => new Date());
      try {
        const parts: Parts = { call, workspace, contract, feed, quarantine };
        for (const cause of wantedOf(await quarantine.causes(), asked)) {
          const one = await tryCause(parts, cause);
          tried.push(one);
          say(parts, one);
          if (out !== undefined) await writeOut(parts, one, out);
        }
      } finally {
        await quarantine.close();
      }
    }
    if (tried.length === 0) call.say(call.language === 'zh' ? '没有未通过校验的数据' : 'no row is held back');
    call.json({
      dataset: id,
      causes: tried.map(({ cause, mend, held }) => ({
        ...cause,
        parts: mend.parts.map(({ kind, edits }) => ({ kind, edits })),
        ...(held === undefined ? {} : { held }),
      })),
    });
    return 0;
  },
};
export default command;

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { dataOption, foldersThere, list, text, workspaceOption } from '../../ground/files/places.js';
import { localSecond } from '../../ground/language/time.js';
import { parseVkey } from '../../log/proof/note.js';
import { promisedLeaf } from '../../log/proof/promised.js';
import { verifyArchive } from '../../log/search/archive/verify.js';
import { promiseState, readPromise } from '../../log/verify/promise.js';
import { replicaKeys, verifyLog } from '../../log/verify/verify.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { progressBar } from '../progress.js';
import { witnessesNamed, witnessFlags } from '../witness-options.js';

/** Proves the audit log from its files. Exit 1 if it does not verify. */
const command: Command = {
  summary: 'prove the audit log from its files alone',
  zh: '仅凭文件校验审计日志',
  usage:
    '[--data D | --log DIR] [--vkey KEY] [--witness VKEY … --required K] [--promise FILE] [--json] | --archive ' +
    'FILE --vkey KEY [--witness VKEY … --required K]',
  wanting: { zh: '日志、归档或承诺校验不通过', en: 'where the log, the archive or the promise does not verify' },
  examples: [
    'yitong audit verify',
    'yitong audit verify --log ./log --vkey log.example+1a2b3c4d+AT… --witness w1.example+5e6f7a8b+BG… ' +
      '--witness w2.example+… --required 1',
    'yitong audit verify --log ./log --promise answer.json',
    'yitong audit verify --archive audit-before-2027-01-01.ndjson --vkey log.example+1a2b3c4d+AT… --witness ' +
      'w1.example+5e6f7a8b+BG…',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    log: {
      type: 'string',
      zh: '仅校验一份已公布的日志',
      describe: 'only a published log: checkpoint, tiles and bundles',
    },
    vkey: {
      type: 'string',
      zh: '应当签名的公钥；默认：日志旁的公钥文件',
      describe: 'the key that must have signed; default: the `vkey` file beside the log',
    },
    ...witnessFlags,
    promise: {
      type: 'string',
      zh: '一份答复或其回执：所承诺的条目是否在已公布的日志中',
      describe: 'an answer or its receipt, as JSON: is the entry that it promised in the published log?',
    },
    archive: {
      type: 'string',
      zh: '改为校验一份归档文件',
      describe: 'instead: a file of `audit archive`, offline, against `--vkey` and the witnesses named',
    },
    replica: {
      type: 'string',
      zh: '可以签署承诺的节点公钥；默认：日志旁的公钥',
      multiple: true,
      describe: 'vkey of a replica that may have signed the promise; default: those beside the log',
    },
  },
  async run(call) {
    const log = text(call.values['log']);
    const vkey = text(call.values['vkey']);
    const archive = text(call.values['archive']);
    if (archive !== undefined) return verifyOne(call, resolve(archive), vkey);
    // a published log stands by itself
    const data = log === undefined ? foldersThere(call.values).data : '';
    if (log !== undefined && !existsSync(log))
      throw new WrongUsage(`there is no folder \`${log}\`; \`--log\` names one with checkpoint, tiles and bundles`);
    const witnesses = witnessesNamed(call.values);
    const promiseFile = text(call.values['promise']);
    const { promise, answered } =
      promiseFile === undefined ? {} : readPromise(await promised(resolve(promiseFile)), promiseFile);
    const bar = progressBar(call.words({ zh: '正在校验', en: 'verifying' }));
    const logDir = log ?? join(data, 'log');
    const report = await verifyLog({
      logDir,
      ...(log === undefined ? { dataDir: data } : {}),
      ...present({ vkey, witnesses }),
      onProgress: bar.to,
    }).finally(bar.end);
    if (report.ok && promise !== undefined) return judgePromise(call, logDir, report, promise, answered);
    call.json(report);
    if (!report.ok) {
      if (call.language === 'zh') call.say('日志校验不通过：');
      call.say(`the log does not verify: ${report.fault ?? 'unknown'} [log_invalid]`);
      return 1;
    }
    sayWhatVerifies(call, report, { witnessed: witnesses !== undefined, withBodies: log === undefined });
    if (vkey === undefined)
      tell(
        call,
        '依据日志旁的公钥文件校验；如不信任运营方的任何文件，请以 --vkey 指定公钥',
        'checked against the `vkey` file beside the log; name the key with --vkey to trust no file of the operator',
      );
    return 0;
  },
};
export default command;

type Report = Awaited<ReturnType<typeof verifyLog>>;
type Promised = ReturnType<typeof readPromise>;

const tell = (call: Invocation, zh: string, en: string): void => call.say(call.words({ zh, en }));

/** Whether the entry that an answer promised is in the log that verifies; exit 1 where it is not, and should be. */
function judgePromise(
  call: Invocation,
  logDir: string,
  report: Report,
  promise: Promised['promise'],
  answered: Promised['answered'],
): 0 | 1 {
  const named = list(call.values['replica']).map(parseVkey);
  let leaf: Buffer;
  try {
    leaf = promisedLeaf(promise, named.length > 0 ? named : replicaKeys(logDir), answered);
  } catch (error) {
    if (!isYitongError(error)) throw error;
    call.json({ ...report, promise: { fault: error.message } });
    call.say(error.message);
    return 1;
  }
  const { mergeBy } = promise;
  const state = promiseState(logDir, report.publishedSize, leaf, mergeBy, Date.now());
  call.json({ ...report, promise: { id: `${promise.journal}:${promise.seq}`, mergeBy, ...state } });
  switch (state.kind) {
    case 'kept':
      tell(call, `承诺已履行：日志第 ${state.index} 条`, `the promise is kept: entry ${state.index} of the log`);
      return 0;
    case 'open':
      tell(
        call,
        `该条目尚未进入已公布的日志，承诺最迟于 ${localSecond(mergeBy)}（北京时间）进入`,
        `the entry is not in the published log yet; it is promised by ${mergeBy}`,
      );
      return 0;
    case 'broken':
      tell(
        call,
        `承诺未履行：签名承诺该条目最迟于 ${localSecond(mergeBy)}（北京时间）进入日志，` +
          `而已公布的 ${report.publishedSize} 条中没有它`,
        `the promise is broken: \`${promise.key}\` signed that the entry is in the log by ${mergeBy}, and the ` +
          `published log of ${report.publishedSize} entries does not hold it`,
      );
      tell(
        call,
        '请保存此文件和这份日志副本：二者即为证据，无需任何人作证',
        "keep the file and this copy of the log: they are evidence that needs nobody's word",
      );
      return 1;
  }
}

/** @param withBodies the whole data folder was verified, and not a published log alone */
function sayWhatVerifies(
  call: Invocation,
  report: Report,
  { witnessed, withBodies }: { readonly witnessed: boolean; readonly withBodies: boolean },
): void {
  tell(
    call,
    `日志校验通过：共 ${report.size} 条，${report.tiles} 个文件，根摘要 ${report.root}`,
    `the log \`${report.origin}\` verifies: ${report.size} entries, ${report.tiles} tiles and bundles, ` +
      `root ${report.root}`,
  );
  if (witnessed)
    tell(
      call,
      `已公布检查点（${report.publishedSize} 条）由 ${report.cosignedBy.length} 个见证方共签`,
      `the published checkpoint of ${report.publishedSize} entries is cosigned by ${report.cosignedBy.join(', ')}`,
    );
  else if (report.publishedSize < report.size)
    tell(
      call,
      `其中 ${report.publishedSize} 条已在公布的检查点之下，其余待见证方共签`,
      `${report.publishedSize} of them are under the published checkpoint; the others wait for witnesses`,
    );
  if (!withBodies) return;
  const pruned =
    report.pruned === 0 ? '' : ` (${report.pruned} by the headers of their groups, their segments were given back)`;
  tell(
    call,
    `${report.bodies} 份正文与存证一致，${report.erased} 份已依法抹除，${report.expired} 份已到期销毁；${report.journals} ` +
      `本流水，${report.journalEntries} 条已入日志，${report.newer} 条待入，${report.declaredMissing} ` +
      `条已申报缺失，${report.signatures} 个签名有效`,
    `${report.bodies} bodies match, ${report.erased} are erased and ${report.expired} expired by an entry; ` +
      `${report.journals} journals: ${report.journalEntries} entries in the log${pruned}, ${report.newer} newer, ` +
      `${report.declaredMissing} declared missing, ${report.signatures} signatures`,
  );
}

async function promised(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new YitongError('log_invalid', 'the promise cannot be read', { place: { file }, cause });
  }
}

async function verifyOne(call: Invocation, file: string, vkey: string | undefined): Promise<0 | 1> {
  if (vkey === undefined) {
    throw new WrongUsage("an archive is checked against the log's key: name it with --vkey");
  }
  try {
    const witnesses = witnessesNamed(call.values);
    const report = await verifyArchive(file, vkey, witnesses);
    call.json({ ok: true, ...report });
    call.say(
      `the archive verifies: ${report.entries} entries of before ${report.before}, ${report.erased} of them ` +
        'erased by an order in it',
    );
    call.say(
      witnesses === undefined
        ? "no witness was named: the log's operator alone vouches for the checkpoint"
        : `its checkpoint is cosigned by ${report.cosignedBy.join(', ')}`,
    );
    return 0;
  } catch (error) {
    if (!isYitongError(error) || error.code !== 'log_invalid') throw error;
    call.json({ ok: false, fault: error.message });
    call.say(`${error.message} [log_invalid]`);
    return 1;
  }
}

import { resolve } from 'node:path';
import { dataOption, folders, list, text, workspaceOption } from '../../ground/files/places.js';
import { erasedFromStateIn, erasedIn } from '../../operate/backup/erased.js';
import { restoreBackup } from '../../operate/backup/restore.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { knowledgeOf } from '../knowledge.js';
import { type ProgressBar, progressBar } from '../progress.js';

/**
 * Puts a backup in the place of a lost data folder. The log goes on under a new name unless it is known that nothing
 * newer was shown.
 */
const command: Command = {
  summary: 'put a backup in the place of a lost data folder',
  zh: '以备份恢复丢失的数据目录',
  usage:
    '<backup> [--data D] [--checkpoint FILE | --no-newer WORD] [--origin NAME] [--erasures PATH …] ' +
    '[--incomplete] [--json]',
  takes: 1,
  examples: [
    'yitong restore /mnt/backups/2026-11-26 --data /var/lib/yitong --checkpoint from-witness.txt',
    "yitong restore /mnt/backups/2026-11-26 --data /var/lib/yitong --no-newer 'stopped before the backup, ticket 118'",
    'yitong restore /mnt/backups/2026-11-25 --data /var/lib/yitong --erasures /mnt/backups/2026-11-26',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    checkpoint: {
      type: 'string',
      describe:
        'the newest checkpoint of the log that anybody has, from a witness or a mirror; the log keeps its name ' +
        'if the backup covers it',
    },
    'no-newer': {
      type: 'string',
      describe:
        'your word, and why, that the log signed nothing after the backup; goes on record, and the log keeps its name',
    },
    origin: {
      type: 'string',
      describe: 'the new name of the log, where it takes one; default: the old one with a number behind it',
    },
    erasures: {
      type: 'string',
      multiple: true,
      describe: 'a newer backup, what is left of the data folder, or a file of pseudonyms: erased there, erased here',
    },
    incomplete: { type: 'boolean', describe: 'a backup that lacks files of its data folder will do' },
  },
  async run(call) {
    const [backup] = call.positionals;
    const checkpoint = text(call.values['checkpoint']);
    const word = text(call.values['no-newer']);
    if (backup === undefined || (checkpoint !== undefined && word !== undefined)) {
      throw new WrongUsage('name the backup, and not both of `--checkpoint` and `--no-newer`');
    }
    const { data } = folders(call.values);
    const started = performance.now();
    let bar: ProgressBar | undefined;
    let shown = '';
    try {
      const newer = list(call.values['erasures']);
      const report = await restoreBackup({
        backup: resolve(backup),
        dataDir: data,
        knowledge: knowledgeOf(checkpoint, word),
        origin: text(call.values['origin']),
        erased: [...new Set(newer.flatMap(erasedIn))],
        erasedFromState: [...new Set((await Promise.all(newer.map(erasedFromStateIn))).flat())],
        incomplete: call.values['incomplete'] === true,
        now: Date.now,
        onProgress(what, bytes, of) {
          if (what !== shown) {
            bar?.end();
            bar = progressBar(what);
            shown = what;
          }
          bar?.to(bytes, of);
        },
      });
      bar?.end();
      const seconds = Math.round(performance.now() - started) / 1000;
      call.json({ data, ...report, seconds });
      call.say(
        `restored to ${report.taken} in ${data}: ${report.files} files, ${(report.bytes / 2 ** 20).toFixed(1)} ` +
          `MiB in ${seconds} s`,
      );
      const { log } = report;
      if (log?.renamed === true) {
        call.say(
          `the log goes on behind its ${log.size} entries as ` +
            `\`${log.origin}\`` +
            (log.lost === undefined
              ? '; whether there were more nobody knows'
              : `; ${log.lost} entries that came after the backup are lost`),
        );
        call.say(
          `before you start it, set "audit": { "origin": "${log.origin}" } in yitong.json, and give witnesses ` +
            `and verifiers its key: ${log.vkey}`,
        );
      } else if (log !== undefined) call.say(`the log goes on as \`${log.origin}\`, behind its ${log.size} entries`);
      if (report.erased > 0)
        call.say(`${report.erased} subjects that were erased after the backup are erased here too`);
      call.say(`next: \`yitong audit verify --data ${data}\` proves that the log in it is whole; then start it`);
      return 0;
    } finally {
      bar?.end();
    }
  },
};
export default command;

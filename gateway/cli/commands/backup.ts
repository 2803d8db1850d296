import { constants, setPriority } from 'node:os';
import { resolve } from 'node:path';
import { isYitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { dataOption, foldersThere, packageVersion, text, workspaceOption } from '../../ground/files/places.js';
import { checkBackup } from '../../operate/backup/check.js';
import { stateOf } from '../../operate/backup/states.js';
import { writeBackup } from '../../operate/backup/write.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { progressBar } from '../progress.js';
import { sharedLines } from '../state.js';

/**
 * A copy of a data folder, taken while it is used. Exit 1 if it is not complete or, with `--check`, not what it was.
 */
const command: Command = {
  summary: 'copy a data folder while it is used, or check such a copy',
  zh: '在运行中复制数据目录，或检查一份备份',
  usage: '<new folder> [--data D] [--with-view] [--json] | --check <backup> [--json]',
  takes: 1,
  wanting: 'where the copy is not complete, or a backup is not what it was',
  examples: [
    'yitong backup /mnt/backups/2026-11-26',
    'yitong backup /mnt/backups/samr --data /var/lib/yitong-samr',
    'yitong backup /mnt/backups/2026-11-26 --with-view',
    'yitong backup --check /mnt/backups/2026-11-26',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    'with-view': {
      type: 'boolean',
      describe: 'the view too, so that a restored gateway answers at once and need not build it from the bus',
    },
    check: { type: 'string', describe: 'instead: a backup that is to be verified from its files alone' },
  },
  async run(call) {
    const check = text(call.values['check']);
    const [to] = call.positionals;
    if ((check === undefined) === (to === undefined) || (check !== undefined && call.values['with-view'] === true)) {
      throw new WrongUsage('name the new folder of the backup, or with `--check` one that is there');
    }
    // answers come first
    setPriority(constants.priority.PRIORITY_LOW);
    if (check !== undefined) return await checked(call, resolve(check));
    const started = performance.now();
    const bar = progressBar('copying');
    try {
      const { data } = foldersThere(call.values);
      const shared = await sharedLines(text(call.values['workspace']));
      const { manifest, files, bytes, complete, fault, missing } = await writeBackup({
        dataDir: data,
        to: to ?? '',
        program: packageVersion(),
        withView: call.values['with-view'] === true,
        now: Date.now,
        ...present({ shared }),
        onProgress: bar.to,
        signal: call.signal,
      });
      bar.end();
      const seconds = Math.round(performance.now() - started) / 1000;
      const { files: _, ...head } = manifest;
      call.json({
        backup: resolve(to ?? ''),
        ...head,
        files,
        bytes,
        seconds,
        complete,
        ...present({ fault, missing }),
      });
      call.say(`${files} files, ${(bytes / 2 ** 20).toFixed(1)} MiB in ${seconds} s`);
      if (call.values['with-view'] === true && !manifest.files.some(({ path }) => stateOf(path)?.id === 'view'))
        call.say('there is no view in this data folder: a gateway builds it from the bus, or has it on servers');
      if (manifest.log !== undefined)
        call.say(`the log \`${manifest.log.origin}\`: ${manifest.log.size} entries, root ${manifest.log.root}`);
      call.say(
        'it holds the keys of the log, of this replica and of subjects: keep it as you keep the data folder, ' +
          'on an encrypted disk',
      );
      call.say(`next: \`yitong backup --check ${resolve(to ?? '')}\` once it is where it is to stay`);
      if (missing !== undefined)
        call.say(`not complete: what replicas share is not in it: ${missing} [backup_incomplete]`);
      if (manifest.unknown.length > 0)
        call.say(
          'not complete: nobody knows what these are, and they are not in it: ' +
            `${manifest.unknown.slice(0, 10).join(', ')}` +
            (manifest.unknown.length > 10 ? ` and ${manifest.unknown.length - 10} more` : '') +
            ' [backup_incomplete]',
        );
      if (fault !== undefined)
        call.say(
          `it cannot be restored as it is: ${fault} [log_invalid]. The data folder itself is damaged: \`yitong ` +
            `audit mend\` says what can be done there; then take another backup`,
        );
      return complete && fault === undefined ? 0 : 1;
    } finally {
      bar.end();
    }
  },
};
export default command;

async function checked(call: Invocation, backup: string): Promise<0 | 1> {
  const bar = progressBar('checking');
  try {
    const { manifest, verified } = await checkBackup(backup, bar.to);
    bar.end();
    const { files, ...head } = manifest;
    call.json({ ok: true, backup, ...head, files: files.length, verified });
    call.say(
      `the backup of ${manifest.begun} is what it was: ${files.length} ` +
        `files${manifest.log === undefined ? '' : `, and its log of ${verified} entries verifies`}`,
    );
    if (manifest.unknown.length > 0)
      call.say(`it is not complete: ${manifest.unknown.length} files of the data folder are not in it`);
    return manifest.unknown.length > 0 ? 1 : 0;
  } catch (error) {
    if (!isYitongError(error)) throw error;
    bar.end();
    call.json({ ok: false, backup, code: error.code, fault: error.message });
    call.say(`${error.message} [${error.code}]`);
    return 1;
  } finally {
    bar.end();
  }
}

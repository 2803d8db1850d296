import { join } from 'node:path';
import { verifyLog } from '../../audit/verify.js';
import type { Command } from '../command.js';
import { workspaceOption, dataOption, folders, text } from '../places.js';

/** Proves the audit log from its files. Exit 1 if it does not verify. */
const command: Command = {
  summary: 'prove the audit log from its files alone',
  usage: '[--data D | --log DIR] [--vkey KEY] [--json]',
  examples: ['yitong audit verify', 'yitong audit verify --log ./log --vkey log.example+1a2b3c4d+AT…'],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    log: { type: 'string', describe: 'only a published log: checkpoint, tiles and bundles' },
    vkey: { type: 'string', describe: 'the key that must have signed; default: the `vkey` file beside the log' },
  },
  async run(call) {
    const log = text(call.values['log']);
    const data = folders(call.values).data;
    const vkey = text(call.values['vkey']);
    let shown = 0;
    const report = await verifyLog({
      logDir: log ?? join(data, 'log'),
      ...(log === undefined ? { dataDir: data } : {}),
      ...(vkey === undefined ? {} : { vkey }),
      onProgress: (done, of) => {
        const tenth = of === 0 ? 10 : Math.floor((done / of) * 10);
        if (tenth > shown && of > 1_000_000) call.say(`… ${done} of ${of} entries`);
        shown = Math.max(shown, tenth);
      },
    });
    call.json(report);
    if (report.ok) {
      call.say(`the log \`${report.origin}\` verifies: ${report.size} entries, ${report.tiles} tiles and bundles, root ${report.root}`);
      if (log === undefined) {
        call.say(`${report.bodies} bodies match, ${report.erased} are erased by an entry; ${report.journals} journals: ${report.journalEntries} entries in the log, ${report.newer} newer, ${report.declaredMissing} declared missing, ${report.signatures} signatures`);
      }
      if (vkey === undefined) call.say('checked against the `vkey` file beside the log; name the key with --vkey to trust no file of the operator');
      return 0;
    }
    call.say(`the log does not verify: ${report.fault ?? 'unknown'} [log_invalid]`);
    return 1;
  },
};
export default command;

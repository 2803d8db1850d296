import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readSettings, signerNames } from '../../ground/config/index.js';
import { cutoffs, KEEP_CLASSES, keepClasses, readKeep } from '../../ground/config/terms.js';
import { AUDIT, dataOption, foldersThere, text, workspaceOption } from '../../ground/files/places.js';
import { openSubjectKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { readErasures } from '../../log/erasure/carry-out.js';
import { expiryState, findPastTerms, orderExpiry } from '../../log/erasure/expire.js';
import { openJournal } from '../../log/journal/journal.js';
import { openRegister } from '../../log/replicas/epoch.js';
import { openBodies } from '../../log/store/bodies.js';
import { openAuditSigners } from '../../log/store/signer.js';
import { committedSize } from '../../log/store/size.js';
import { fenceOf } from '../../operate/process/replicas.js';
import { witnessSetup } from '../../operate/process/witnesses.js';
import type { Command } from '../command.js';
import { failureLine } from '../failure.js';
import { progressBar } from '../progress.js';
import { sequenced } from '../sequenced.js';

/** Destroys bodies whose term of keeping is over. The log goes on verifying, and says by which entry they went. */
const command: Command = {
  summary: 'destroy bodies of the log that are past their term; the act itself stays on record',
  zh: '销毁超过留存期限的日志正文；销毁行为本身留痕',
  usage: '[--before DATE] [--dry-run | --yes] [--by ROLE] [--data D] [--json]',
  wanting: 'where the order is on record and was not seen to be carried out',
  examples: [
    'yitong audit expire --dry-run',
    'yitong audit archive --before 2024-01-01 /mnt/archive && yitong audit expire --before 2024-01-01 --yes',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    before: {
      type: 'string',
      describe: 'only entries of before this date, UTC; never a later one than `audit.keep` allows',
    },
    'dry-run': { type: 'boolean', describe: 'only say what would go' },
    yes: { type: 'boolean', describe: 'do it; nothing brings them back' },
    by: { type: 'string', describe: 'the role in which it is ordered', default: 'operator' },
  },
  async run(call) {
    const given = text(call.values['before']);
    const limit = given === undefined ? Infinity : Date.parse(given);
    if (Number.isNaN(limit))
      throw new YitongError('bad_request', `\`--before ${String(given)}\` is not a date such as 2026-01-31`);
    const { workspace: dir, data } = foldersThere(call.values, AUDIT);
    const place = { file: join(dir, 'yitong.json') };
    const { audit } = readSettings((await loadWorkspace(dir)).settings, place, process.env);
    if (!audit.sequencer)
      throw new YitongError('log_elsewhere', 'this replica does not keep the log; run it at the one that does');
    const keep = readKeep(audit.keep, place);
    const now = Date.now();
    const at = cutoffs(keep, now, limit);
    const layout = auditLayout(data);
    const bodies = openBodies(layout.bodies, layout.index);
    try {
      const looking = progressBar('looking through the log');
      const found = await findPastTerms(bodies, committedSize(layout), at, looking.to, call.signal).finally(
        looking.end,
      );
      const about = {
        ...found,
        before: Object.fromEntries(KEEP_CLASSES.map((name) => [name, new Date(at[name]).toISOString()])),
        keep,
      };
      for (const name of KEEP_CLASSES)
        call.say(
          `${name.padEnd(9)} ${String(found.classes[name]).padStart(9)} of before ` +
            `${new Date(at[name]).toISOString().slice(0, 10)}  kept for ${keep[name]} (${keepClasses[name].law}: ` +
            `${keepClasses[name].default} at least)`,
        );
      if (found.entries === 0) {
        call.json({ expired: 0, ...about });
        call.say('no body is past its term');
        return 0;
      }
      call.say(
        `${found.entries} bodies with their salts, of entries ${found.from} to ${found.to - 1}; what the log ` +
          'published of them stays',
      );
      if (call.values['dry-run'] === true) {
        call.json({ expired: 0, dryRun: true, ...about });
        return 0;
      }
      const warning = 'this cannot be undone: what `yitong audit archive` has not copied is lost for good';
      if (call.values['yes'] !== true) throw new YitongError('bad_request', `${warning}; say \`--yes\``);
      console.error(warning);

      const signers = openAuditSigners(data, signerNames(audit.origin));
      // what can be found wrong is, before anything is ordered
      const fence = fenceOf(openRegister(data), audit);
      const witnesses = await witnessSetup(audit, dir, place);
      const keys = openSubjectKeys({ dir: layout.subjectKeys });
      let ordered: string;
      try {
        const journal = await openJournal({
          dir: layout.journals,
          name: 'expiry',
          keys,
          signer: signers.replica,
          now: Date.now,
          mergeDelay: audit.mergeWithinSeconds * 1000,
          segmentBytes: 65_536,
        });
        try {
          ordered = (
            await orderExpiry({ journal, now }, { by: text(call.values['by']) ?? 'operator', keep, cutoffs: at, found })
          ).id;
        } finally {
          await journal.close();
        }
      } finally {
        await keys.close();
      }
      const troubles: string[] = [];
      const destroying = progressBar('destroying');
      const reached = (): number => {
        const state = expiryState(readErasures(data), bodies, committedSize(layout), ordered);
        if (state.kind === 'under_way') destroying.to(state.at - found.from, found.to - found.from);
        return state.kind === 'under_way' ? state.at : -1;
      };
      // the order is on record whatever happens now
      const failed = (error: unknown): undefined => void troubles.push(failureLine(error));
      const by = await sequenced(
        {
          dataDir: data,
          signer: signers.log,
          origin: audit.origin,
          now: Date.now,
          interval: 0,
          ...present({ fence, witnesses }),
          onAlert: (alert) => void ('reason' in alert && troubles.push(alert.reason)),
        },
        () => {
          const state = expiryState(readErasures(data), bodies, committedSize(layout), ordered);
          return state.kind === 'done' ? state.by : undefined;
        },
        call.signal,
        reached,
      )
        .catch(failed)
        .finally(destroying.end);
      for (const trouble of troubles) console.error(trouble);
      if (by === undefined) {
        call.json({ expired: 0, ordered, why: troubles, ...about });
        // on stderr, so that it is read under `--json` too
        console.error(
          `the order is on record as \`${ordered}\`, and is carried out as soon as the sequencer of the log gets to it`,
        );
        return 1;
      }
      call.json({ expired: found.entries, by, ordered, ...about });
      call.say(`${found.entries} bodies expired by entry ${by} of the log (\`${ordered}\`)`);
      return 0;
    } finally {
      bodies.close();
    }
  },
};
export default command;

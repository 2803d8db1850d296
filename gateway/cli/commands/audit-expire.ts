import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { type AuditSettings, readSettings, signerNames } from '../../ground/config/index.js';
import { cutoffs, KEEP_CLASSES, keepClasses, readKeep } from '../../ground/config/terms.js';
import { AUDIT, dataOption, foldersThere, text, workspaceOption } from '../../ground/files/places.js';
import { openSubjectKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { readErasures } from '../../log/erasure/carry-out.js';
import { expiryState, findPastTerms, orderExpiry } from '../../log/erasure/expire.js';
import { openJournal } from '../../log/journal/journal.js';
import { type Fence, openRegister } from '../../log/replicas/epoch.js';
import { openBodies } from '../../log/store/bodies.js';
import { type AuditSigners, openAuditSigners } from '../../log/store/signer.js';
import { committedSize } from '../../log/store/size.js';
import { fenceOf } from '../../operate/process/replicas.js';
import { witnessSetup } from '../../operate/process/witnesses.js';
import type { Command, Invocation } from '../command.js';
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
      sayWhatIsPast(call, found, at, keep);
      if (found.entries === 0 || call.values['dry-run'] === true) {
        call.json({ expired: 0, ...(found.entries === 0 ? {} : { dryRun: true }), ...about });
        return 0;
      }
      const warning = 'this cannot be undone: what `yitong audit archive` has not copied is lost for good';
      if (call.values['yes'] !== true) throw new YitongError('bad_request', `${warning}; say \`--yes\``);
      console.error(warning);

      const parts: Parts = { call, dir, data, audit, bodies };
      // what can be found wrong is, before anything is ordered
      const sequencing = await sequencingOf(parts);
      const ordered = await order(parts, sequencing.signers.replica, { keep, now, cutoffs: at, found });
      // the order is on record whatever happens now
      const { by, troubles } = await carriedOut(parts, sequencing, ordered, found);
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

type Found = Awaited<ReturnType<typeof findPastTerms>>;
type Keep = ReturnType<typeof readKeep>;
type Cutoffs = ReturnType<typeof cutoffs>;

interface Parts {
  readonly call: Invocation;
  /** Folder of the workspace. */
  readonly dir: string;
  readonly data: string;
  readonly audit: AuditSettings;
  readonly bodies: ReturnType<typeof openBodies>;
}

interface Sequencing {
  readonly signers: AuditSigners;
  readonly fence: Fence | undefined;
  readonly witnesses: Awaited<ReturnType<typeof witnessSetup>>;
}

/** By class of entries and in all. */
function sayWhatIsPast(call: Invocation, found: Found, at: Cutoffs, keep: Keep): void {
  for (const name of KEEP_CLASSES)
    call.say(
      `${name.padEnd(9)} ${String(found.classes[name]).padStart(9)} of before ` +
        `${new Date(at[name]).toISOString().slice(0, 10)}  kept for ${keep[name]} (${keepClasses[name].law}: ` +
        `${keepClasses[name].default} at least)`,
    );
  call.say(
    found.entries === 0
      ? 'no body is past its term'
      : `${found.entries} bodies with their salts, of entries ${found.from} to ${found.to - 1}; what the log ` +
          'published of them stays',
  );
}

async function sequencingOf({ dir, data, audit }: Parts): Promise<Sequencing> {
  const signers = openAuditSigners(data, signerNames(audit.origin));
  const fence = fenceOf(openRegister(data), audit);
  const witnesses = await witnessSetup(audit, dir, { file: join(dir, 'yitong.json') });
  return { signers, fence, witnesses };
}

/** Puts the order on record. @returns its id */
async function order(
  { call, data, audit }: Parts,
  signer: AuditSigners['replica'],
  { now, ...what }: { readonly now: number; readonly keep: Keep; readonly cutoffs: Cutoffs; readonly found: Found },
): Promise<string> {
  const layout = auditLayout(data);
  const keys = openSubjectKeys({ dir: layout.subjectKeys });
  try {
    const journal = await openJournal({
      dir: layout.journals,
      name: 'expiry',
      keys,
      signer,
      now: Date.now,
      mergeDelay: audit.mergeWithinSeconds * 1000,
      segmentBytes: 65_536,
    });
    try {
      const by = text(call.values['by']) ?? 'operator';
      return (await orderExpiry({ journal, now }, { by, ...what })).id;
    } finally {
      await journal.close();
    }
  } finally {
    await keys.close();
  }
}

/**
 * Runs the sequencer until it has carried the order out, showing how far it is.
 * @returns by which entry; undefined where it was not seen, and what went wrong, in words
 */
async function carriedOut(
  { call, data, audit, bodies }: Parts,
  { signers, fence, witnesses }: Sequencing,
  ordered: string,
  found: Found,
): Promise<{ readonly by: number | undefined; readonly troubles: readonly string[] }> {
  const troubles: string[] = [];
  const layout = auditLayout(data);
  const state = (): ReturnType<typeof expiryState> =>
    expiryState(readErasures(data), bodies, committedSize(layout), ordered);
  const destroying = progressBar('destroying');
  const reached = (): number => {
    const now = state();
    if (now.kind !== 'under_way') return -1;
    destroying.to(now.at - found.from, found.to - found.from);
    return now.at;
  };
  const done = (): number | undefined => {
    const now = state();
    return now.kind === 'done' ? now.by : undefined;
  };
  try {
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
      done,
      call.signal,
      reached,
    );
    return { by, troubles };
  } catch (error) {
    return { by: undefined, troubles: [...troubles, failureLine(error)] };
  } finally {
    destroying.end();
  }
}

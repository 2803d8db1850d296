/** The audit log: signed by its key, not behind, and on request verified from end to end. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditLayout, auditLayout } from '../../../log/entries/layout.js';
import { journalFolders } from '../../../log/journal/folders.js';
import { openCheckpoint } from '../../../log/proof/checkpoint.js';
import { parseVkey } from '../../../log/proof/note.js';
import { watchWaiting } from '../../../log/sequencer/waiting.js';
import { openBodies } from '../../../log/store/bodies.js';
import { readCheckpoint } from '../../../log/store/published.js';
import { committedSize } from '../../../log/store/size.js';
import { damagedJournals, declaredGaps } from '../../../log/verify/damage.js';
import { verifyLog } from '../../../log/verify/verify.js';
import { type Check, type Finding, fail, note, ok, warn } from '../port.js';

/** Bytes of journals that are read through without `--deep`. */
const MOST_JOURNALS = 1 << 30;

/**
 * Damage in journals that the log does not declare: entries that are in the log all the same, so that nobody else would
 * meet it before a restore.
 */
async function journalFindings(data: string, layout: AuditLayout, size: number): Promise<Finding[]> {
  const bytes = [...journalFolders(data).values()]
    .flatMap(({ dir }) =>
      readdirSync(dir).map((name) => statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0),
    )
    .reduce((sum, one) => sum + one, 0);
  if (bytes > MOST_JOURNALS) return [];
  const bodies = openBodies(layout.bodies, layout.index);
  try {
    const damaged = await damagedJournals(data, declaredGaps(bodies, size));
    return damaged.map(({ file, journal, from, to, why }) =>
      fail(
        `${file}: seq ${from} to ${to} of journal ${journal} cannot be read (${why}); a backup of this cannot ` +
          'be restored',
        'stop the group, `yitong audit mend`; what is in the log is kept, and declared',
      ),
    );
  } finally {
    bodies.close();
  }
}

/** What the journals hold that the log does not; undefined where another replica sequences. */
type Waiting = ReturnType<ReturnType<typeof watchWaiting>['look']> | undefined;

/** By what is left undone, not by what a sequencer says of itself. */
function undoneFindings(waiting: Waiting, now: number, behindSeconds: number): Finding[] {
  if (waiting === undefined) return [];
  const findings: Finding[] = waiting.faults.map((fault) =>
    fail(
      `nothing more comes into the log: ${fault}`,
      'docs/faults.md, "The log", says for each file what to do; keep this folder as it is meanwhile',
    ),
  );
  const { unsequenced, unsequencedSince: since } = waiting;
  if (since !== undefined && now - since > behindSeconds * 1000)
    findings.push(
      fail(
        `${unsequenced} entries are not taken into the log, the oldest since ${new Date(since).toISOString()}`,
        'start the gateway; if it runs, docs/operating.md, YitongLogNotSequenced',
      ),
    );
  return findings;
}

function unpublishedFinding(journals: boolean): Finding {
  return journals
    ? warn(
        'there are journals, and no checkpoint was ever published',
        'start the gateway; with witnesses, look at the check `witnesses`',
      )
    : note('there is no published log here yet');
}

/** Whether what receipts promise is under the published checkpoint in time. */
function publishedFinding(
  published: Published,
  layout: AuditLayout,
  unpublishedSince: number | undefined,
  now: number,
  mergeWithinSeconds: number,
): Finding {
  if (unpublishedSince !== undefined && now - unpublishedSince > mergeWithinSeconds * 1000)
    return warn(
      `${committedSize(layout) - published.size} entries wait for a published checkpoint, the oldest since ` +
        `${new Date(unpublishedSince).toISOString()}; receipts promise ${mergeWithinSeconds} s`,
      'look whether the gateway runs and its witnesses answer',
    );
  return ok(
    `${published.size.toLocaleString('en')} entries under a checkpoint signed by ${published.signedBy.join(', ')}`,
  );
}

type Published = NonNullable<ReturnType<typeof readCheckpoint>>;

/** Every entry, body and journal, one by one. */
async function verifiedFinding(data: string, layout: AuditLayout): Promise<Finding> {
  const report = await verifyLog({ logDir: layout.log, dataDir: data });
  if (!report.ok)
    return fail(
      `the log does not verify: ${report.fault ?? 'unknown'}`,
      'keep this folder as it is, it is evidence; restore a backup elsewhere (docs/backup.md)',
    );
  return ok(
    `all ${report.size.toLocaleString('en')} entries, ${report.bodies} bodies and ${report.journals} journals verify`,
  );
}

const check: Check = {
  about: 'the audit log',
  order: 7,
  async run(patient) {
    const { data } = patient;
    const { audit } = await patient.settings();
    const layout = auditLayout(data);
    const published = readCheckpoint(data);
    const { behindSeconds, mergeWithinSeconds } = audit;
    const waiting = audit.sequencer
      ? watchWaiting({ dataDir: data, mergeDelay: mergeWithinSeconds * 1000, now: () => patient.now() }).look()
      : undefined;
    const undone = undoneFindings(waiting, patient.now(), behindSeconds);
    if (published === undefined)
      return undone.length > 0 ? undone : [unpublishedFinding(existsSync(layout.journals) && audit.sequencer)];
    const verifier = parseVkey(readFileSync(join(layout.log, 'vkey'), 'utf8'));
    const findings: Finding[] = [...undone];
    if (verifier.name !== audit.origin)
      findings.push(
        fail(
          `the log here is \`${verifier.name}\`, and \`audit.origin\` says \`${audit.origin}\``,
          'a log keeps its name: set `audit.origin` back',
        ),
      );
    openCheckpoint(Buffer.from(published.note), verifier.name, [verifier]);
    if (undone.length === 0)
      findings.push(publishedFinding(published, layout, waiting?.unpublishedSince, patient.now(), mergeWithinSeconds));
    const damaged = await journalFindings(data, layout, published.size);
    findings.push(...damaged);
    if (patient.deep) findings.push(await verifiedFinding(data, layout));
    else if (damaged.length === 0)
      findings.push(
        note(
          'entries, bodies and journals were not verified one by one',
          '`yitong doctor --deep`, or `yitong audit verify`',
        ),
      );
    return findings;
  },
};
export default check;

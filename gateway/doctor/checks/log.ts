/** The audit log: signed by its key, not behind, and on request verified from end to end. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditLayout } from '../../audit/layout.js';
import { openCheckpoint } from '../../audit/log/checkpoint.js';
import { parseVkey } from '../../audit/log/note.js';
import { readCheckpoint } from '../../audit/log/published.js';
import { committedSize } from '../../audit/log/size.js';
import { watchWaiting } from '../../audit/log/waiting.js';
import { verifyLog } from '../../audit/verify.js';
import { fail, note, ok, warn, type Check, type Finding } from '../port.js';

const check: Check = {
  about: 'the audit log',
  order: 7,
  async run(patient) {
    const { data } = patient;
    const { audit } = await patient.settings();
    const layout = auditLayout(data);
    const published = readCheckpoint(data);
    // by what is left undone, not by what a sequencer says of itself
    const waiting = audit.sequencer ? watchWaiting({ dataDir: data, mergeDelay: audit.mergeWithinSeconds * 1000, now: () => patient.now() }).look() : undefined;
    const undone: Finding[] = (waiting?.faults ?? []).map((fault) => fail(`nothing more comes into the log: ${fault}`, 'docs/faults.md, "The log", says for each file what to do; keep this folder as it is meanwhile'));
    const since = waiting?.unsequencedSince;
    if (waiting !== undefined && since !== undefined && patient.now() - since > audit.behindSeconds * 1000) {
      undone.push(fail(`${waiting.unsequenced} entries are not taken into the log, the oldest since ${new Date(since).toISOString()}`, 'start the gateway; if it runs, docs/operating.md, YitongLogNotSequenced'));
    }
    if (published === undefined && undone.length > 0) return undone;
    if (published === undefined) return [existsSync(layout.journals) && audit.sequencer ? warn('there are journals, and no checkpoint was ever published', 'start the gateway; with witnesses, look at the check `witnesses`') : note('there is no published log here yet')];
    const verifier = parseVkey(readFileSync(join(layout.log, 'vkey'), 'utf8'));
    const findings: Finding[] = [...undone];
    if (verifier.name !== audit.origin) findings.push(fail(`the log here is \`${verifier.name}\`, and \`audit.origin\` says \`${audit.origin}\``, 'a log keeps its name: set `audit.origin` back'));
    openCheckpoint(Buffer.from(published.note), verifier.name, [verifier]);
    const unpublished = waiting?.unpublishedSince;
    const within = audit.mergeWithinSeconds * 1000;
    if (undone.length === 0 && unpublished !== undefined && patient.now() - unpublished > within) findings.push(warn(`${committedSize(layout) - published.size} entries wait for a published checkpoint, the oldest since ${new Date(unpublished).toISOString()}; receipts promise ${audit.mergeWithinSeconds} s`, 'look whether the gateway runs and its witnesses answer'));
    else if (undone.length === 0) findings.push(ok(`${published.size.toLocaleString('en')} entries under a checkpoint signed by ${published.signedBy.join(', ')}`));
    if (!patient.deep) return [...findings, note('entries, bodies and journals were not verified one by one', '`yitong doctor --deep`, or `yitong audit verify`')];
    const report = await verifyLog({ logDir: layout.log, dataDir: data });
    findings.push(report.ok ? ok(`all ${report.size.toLocaleString('en')} entries, ${report.bodies} bodies and ${report.journals} journals verify`) : fail(`the log does not verify: ${report.fault ?? 'unknown'}`, 'keep this folder as it is, it is evidence; restore a backup elsewhere (docs/backup.md)'));
    return findings;
  },
};
export default check;

/** The audit log: signed by its key, not behind, and on request verified from end to end. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditLayout } from '../../audit/layout.js';
import { openCheckpoint } from '../../audit/log/checkpoint.js';
import { parseVkey } from '../../audit/log/note.js';
import { readCheckpoint } from '../../audit/log/published.js';
import { readState } from '../../audit/log/state.js';
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
    if (published === undefined) return [existsSync(layout.journals) && audit.sequencer ? warn('there are journals, and no checkpoint was ever published', 'start the gateway; with witnesses, look at the check `witnesses`') : note('there is no published log here yet')];
    const verifier = parseVkey(readFileSync(join(layout.log, 'vkey'), 'utf8'));
    const findings: Finding[] = [];
    if (verifier.name !== audit.origin) findings.push(fail(`the log here is \`${verifier.name}\`, and \`audit.origin\` says \`${audit.origin}\``, 'a log keeps its name: set `audit.origin` back'));
    openCheckpoint(Buffer.from(published.note), verifier.name, [verifier]);
    const state = readState(layout.state)?.state;
    const waiting = (state?.size ?? published.size) - published.size;
    const behind = patient.now() - published.at;
    const within = audit.mergeWithinSeconds * 1000;
    if (waiting > 0 && behind > within) findings.push(warn(`${waiting} entries wait for a published checkpoint since ${new Date(published.at).toISOString()}; receipts promise ${audit.mergeWithinSeconds} s`, 'look whether the gateway runs and its witnesses answer'));
    else findings.push(ok(`${published.size.toLocaleString('en')} entries under a checkpoint signed by ${published.signedBy.join(', ')}`));
    if (!patient.deep) return [...findings, note('entries, bodies and journals were not verified one by one', '`yitong doctor --deep`, or `yitong audit verify`')];
    const report = await verifyLog({ logDir: layout.log, dataDir: data });
    findings.push(report.ok ? ok(`all ${report.size.toLocaleString('en')} entries, ${report.bodies} bodies and ${report.journals} journals verify`) : fail(`the log does not verify: ${report.fault ?? 'unknown'}`, 'keep this folder as it is, it is evidence; restore a backup elsewhere (docs/backup.md)'));
    return findings;
  },
};
export default check;

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { eraseInArchive } from '../../audit/archive/erase.js';
import { orderLines } from '../../audit/archive/write.js';
import { readErasures } from '../../audit/erasure/carry-out.js';
import { erasedBy, orderErasure } from '../../audit/erasure/order.js';
import { openJournal } from '../../audit/journal/journal.js';
import { openSubjectKeys } from '../../audit/keys.js';
import { auditLayout } from '../../audit/layout.js';
import { parseVkey } from '../../audit/log/note.js';
import { openSearch } from '../../audit/search/index.js';
import { openAuditSigners } from '../../audit/signer.js';
import { readSettings, signerNames } from '../../config.js';
import { witnessSetup } from '../../process/witnesses.js';
import type { Command, Invocation } from '../command.js';
import { dataOption, folders, text, workspaceOption } from '../places.js';
import { sequenced } from '../sequenced.js';

/** Destroys what is on record about a subject: its key, the salts of its entries, their encrypted parts. The log goes on verifying. */
const command: Command = {
  summary: 'destroy what the log holds about a subject; the act itself stays on record',
  usage: '<subject> --reason TEXT --legal-basis TEXT [--by ROLE] [--archive DIR] [--data D] [--json] | --archive DIR',
  examples: [
    "yitong audit erase uscc:91350100M000100Y43 --reason 'court order 2026-118' --legal-basis 'PIPL Art.47'",
    "yitong audit erase person:123 --reason 'left the service' --legal-basis 'PIPL Art.47' --by data-officer --json",
    'yitong audit erase --archive /mnt/archive',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    reason: { type: 'string', describe: 'why; stays on record in clear, so it must not name the subject' },
    'legal-basis': { type: 'string', describe: 'by which law; stays on record in clear' },
    by: { type: 'string', describe: 'the role in which it is ordered', default: 'operator' },
    archive: { type: 'string', describe: 'folder with archives, or one: every erasure that the log ordered is carried out in them too' },
  },
  async run(call) {
    const [subject] = call.positionals;
    const reason = text(call.values['reason']);
    const legalBasis = text(call.values['legal-basis']);
    const archive = text(call.values['archive']);
    if (subject === undefined && archive !== undefined) {
      call.json({ archives: await inArchives(call, folders(call.values).data, archive) });
      return 0;
    }
    if (subject === undefined || reason === undefined || legalBasis === undefined) {
      console.error('name the subject, `--reason` and `--legal-basis`');
      return 2;
    }
    const { workspace: dir, data } = folders(call.values);
    const place = { file: join(dir, 'yitong.json') };
    const { audit } = readSettings((await loadWorkspace(dir)).settings, place, process.env);
    const layout = auditLayout(data);
    const signers = openAuditSigners(data, signerNames(audit.origin));
    const keys = openSubjectKeys({ dir: layout.subjectKeys });
    const order = { subject, reason, legalBasis, by: text(call.values['by']) ?? 'operator' };
    let ordered: Awaited<ReturnType<typeof orderErasure>>;
    try {
      const journal = await openJournal({ dir: layout.journals, name: 'erasure', keys, signer: signers.replica, now: Date.now, mergeDelay: audit.mergeWithinSeconds * 1000, segmentBytes: 65_536 });
      try {
        ordered = await orderErasure({ keys, journal, now: Date.now }, order);
      } finally {
        await journal.close();
      }
    } finally {
      await keys.close();
    }
    const archives = async (): Promise<object> => (archive === undefined ? {} : { archives: await inArchives(call, data, archive) });
    if (ordered === undefined) {
      call.say('nothing is on record under this subject, or it was erased before');
      call.json({ erased: false, ...(await archives()) });
      return 0;
    }
    const { pseudonym, receipt } = ordered;
    const witnesses = await witnessSetup(audit, dir, place);
    const troubles: string[] = [];
    const by = await sequenced(
      {
        dataDir: data, signer: signers.log, origin: audit.origin, now: Date.now, interval: 0, ...(witnesses === undefined ? {} : { witnesses }),
        onAlert: (alert) => void ('reason' in alert && troubles.push(alert.reason)),
      },
      () => erasedBy(data, pseudonym),
      call.signal,
    );
    for (const trouble of troubles) call.say(trouble);
    if (by === undefined) {
      call.json({ erased: false, ordered: receipt.id });
      call.say(`the order is on record as \`${receipt.id}\`, and is carried out as soon as the sequencer gets to it; see \`yitong audit receipt ${receipt.id}\``);
      return 1;
    }
    call.say(`erased by entry ${by} of the log (\`${receipt.id}\`)`);
    call.json({ erased: true, by, ordered: receipt.id, ...(await archives()) });
    return 0;
  },
};
export default command;

/** Carries out in archives what the log has carried out. @throws YitongError at the first file that is none, or not of this log */
async function inArchives(call: Invocation, data: string, given: string): Promise<{ readonly file: string; readonly erased: number; readonly sha256: string }[]> {
  const path = resolve(given);
  const files = statSync(path).isDirectory() ? readdirSync(path).filter((name) => name.endsWith('.ndjson')).sort().map((name) => join(path, name)) : [path];
  const origin = parseVkey(readFileSync(join(auditLayout(data).log, 'vkey'), 'utf8')).name;
  const erased = new Map(Object.entries(readErasures(data).erased));
  const search = openSearch(data);
  try {
    const done = [];
    for (const file of files) {
      const report = await eraseInArchive(file, { origin, erased, orders: (indices) => orderLines(data, search, indices) });
      done.push({ file, ...report });
      call.say(report.erased === 0 ? `${file}: nothing to erase` : `${file}: ${report.erased} entries erased; SHA-256 of its lines now ${report.sha256}`);
    }
    return done;
  } finally {
    await search.close();
  }
}

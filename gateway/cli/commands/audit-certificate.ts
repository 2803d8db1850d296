import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { loadReports } from '../../../contracts/reports.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { inForceOf } from '../../answer/inforce/snapshot.js';
import { drawCertificate } from '../../documents/pdf/certificate/draw.js';
import { certificateModel } from '../../documents/pdf/certificate/model.js';
import { roomFor, seal } from '../../documents/pdf/seal.js';
import { openDocumentSigner } from '../../documents/pdf/signer.js';
import { namesOf } from '../../documents/words/names.js';
import { readSettings, signerNames } from '../../ground/config/index.js';
import { AUDIT, dataOption, foldersThere, text, workspaceOption } from '../../ground/files/places.js';
import { lookedBody } from '../../log/entries/events.js';
import { openSubjectKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { openJournal } from '../../log/journal/journal.js';
import { parseWitnessVkey } from '../../log/proof/cosignature.js';
import { openSearch } from '../../log/search/index.js';
import { openBodies } from '../../log/store/bodies.js';
import { parseReceiptId } from '../../log/store/receipts.js';
import { openReplicaSigner } from '../../log/store/signer.js';
import type { Command } from '../command.js';
import { documentsFlag, documentsFolder } from '../document-options.js';
import { WrongUsage } from '../failure.js';

/** A certificate of proof of one entry, signed; its making is on record before the file is there. */
const command: Command = {
  summary: 'a certificate of proof of an entry (存证证明), as a signed PDF for a court',
  zh: '出具一条日志的存证证明（已签名的 PDF）',
  usage: '<entry> --out FILE [--open] [--documents DIR] [--by WHO] [--data D] [--json]',
  takes: 1,
  examples: [
    'yitong audit certificate 1042 --out certificate.pdf',
    'yitong audit certificate w1-5f3a9c01:1042 --out certificate.pdf --open --by "office of the auditor, case 2026-17"',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    out: { type: 'string', describe: 'the file that is written' },
    open: { type: 'boolean', describe: 'with whom the entry is about, decrypted' },
    ...documentsFlag,
    by: { type: 'string', describe: 'who has it made, for the record; default: operator' },
  },
  async run(call) {
    const [named] = call.positionals;
    const out = text(call.values['out']);
    if (named === undefined || out === undefined) {
      throw new WrongUsage('name one entry, by its index or its receipt, and a file with `--out`');
    }
    const { workspace: dir, data } = foldersThere(call.values, AUDIT);
    const workspace = await loadWorkspace(dir);
    const { audit, gateway } = readSettings(workspace.settings, { file: join(dir, 'yitong.json') }, process.env);
    const layout = auditLayout(data);
    const sign = openDocumentSigner(documentsFolder(call.values, gateway.documents, data));
    const index = indexOf(named, layout);
    const search = openSearch(data);
    try {
      const found = index === undefined ? undefined : search.entry(index, call.values['open'] === true);
      if (found === undefined) throw new YitongError('not_found', `the log in ${data} has no entry \`${named}\``);
      const inForce = inForceOf(await loadPolicies(workspace), [], workspace);
      const reports = await loadReports(workspace);
      const nameIn = (language: 'zh' | 'en') => namesOf({ workspace, inForce: () => inForce }, language, reports);
      const model = certificateModel(found, {
        dataDir: data,
        city: workspace.name,
        synthetic: workspace.synthetic,
        names: { zh: nameIn('zh'), en: nameIn('en') },
        witnesses: audit.witnesses.map(({ vkey }) => parseWitnessVkey(vkey)),
        now: Date.now(),
      });
      const { bytes } = drawCertificate(model, {
        signer: sign.name,
        at: new Date(model.issuedAt),
        room: roomFor(sign.certificates),
      });
      await seal(bytes, sign);
      const document = createHash('sha256').update(bytes).digest('base64url');
      const receipt = await onRecord(
        data,
        audit,
        { entry: found.index, document, ...(call.values['open'] === true ? { opened: true } : {}) },
        text(call.values['by']) ?? 'operator',
      );
      await writeFile(resolve(out), bytes, { mode: 0o600 });
      call.json({ entry: found.index, receipt: found.receipt, file: resolve(out), document, record: receipt });
      call.say(
        `${out}: certificate of proof of entry ${String(found.index)} (\`${found.receipt}\`), signed by ${sign.name}`,
      );
      call.say(`its making is on record as \`${receipt}\``);
      return 0;
    } finally {
      await search.close();
    }
  },
};
export default command;

/** Of an index, or of a receipt's id. */
function indexOf(named: string, { bodies: dir, index }: ReturnType<typeof auditLayout>): number | undefined {
  if (/^\d{1,15}$/.test(named)) return Number(named);
  const { journal, seq } = parseReceiptId(named);
  const bodies = openBodies(dir, index);
  try {
    return bodies.indexOf(journal, seq);
  } finally {
    bodies.close();
  }
}

/** Durable before the file is written. @returns the id of its receipt */
async function onRecord(
  data: string,
  audit: ReturnType<typeof readSettings>['audit'],
  detail: Readonly<Record<string, unknown>>,
  by: string,
): Promise<string> {
  const layout = auditLayout(data);
  const keys = openSubjectKeys({ dir: layout.subjectKeys });
  try {
    const journal = await openJournal({
      dir: layout.journals,
      name: 'certificate',
      keys,
      signer: openReplicaSigner(data, signerNames(audit.origin).replica),
      now: Date.now,
      mergeDelay: audit.mergeWithinSeconds * 1000,
      segmentBytes: 65_536,
    });
    try {
      const { id } = await journal.append({
        clear: lookedBody({
          time: new Date().toISOString(),
          requestId: `certificate-${randomBytes(6).toString('hex')}`,
          action: 'certificate',
          role: 'operator',
          detail,
        }),
        // who it was may be somebody's name
        subject: { subject: 'person:operator', json: JSON.stringify({ name: by }) },
      });
      return id;
    } finally {
      await journal.close();
    }
  } finally {
    await keys.close();
  }
}

/** A search or a review as one document, of a page and of a command alike; signed where somebody signs. */
import { createHash } from 'node:crypto';
import type { Workspace } from '../../../contracts/types.js';
import type { Settings } from '../../ground/config/index.js';
import { parseWitnessVkey } from '../../log/proof/cosignature.js';
import type { ExportedEntry } from '../../log/search/export/evidence.js';
import { EXPORT_FORMATS } from '../../log/search/export/export.js';
import { type EntriesGround, entriesModel } from './entries/model.js';
import { sharedPool } from './pool.js';
import type { DocumentSigner } from './signer.js';

/** All in which entries leave. */
export const ENTRIES_FORMATS = [...EXPORT_FORMATS, 'pdf'] as const;

/** What the document says beside its entries. */
type EntriesPaper = Pick<EntriesGround, 'kind' | 'verdict' | 'asked' | 'by' | 'names' | 'language'>;

interface Where {
  readonly workspace: Workspace;
  readonly settings: Pick<Settings, 'audit'>;
  readonly dataDir: string;
  readonly now: number;
}

/** @throws YitongError `too_many_entries` */
export async function entriesPdf(
  found: AsyncIterable<ExportedEntry>,
  { workspace, settings, dataDir, now }: Where,
  paper: EntriesPaper,
  sign?: DocumentSigner,
): Promise<{ readonly bytes: Buffer; readonly entries: number; readonly digest: string }> {
  const model = await entriesModel(found, {
    ...paper,
    city: workspace.name,
    synthetic: workspace.synthetic,
    dataDir,
    witnesses: settings.audit.witnesses.map(({ vkey }) => parseWitnessVkey(vkey)),
    now,
  });
  const { bytes } = await sharedPool().entries(model, sign);
  return { bytes, entries: model.rows.length, digest: createHash('sha256').update(bytes).digest('base64url') };
}

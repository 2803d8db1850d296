/** A material of a case as bytes: an upload as it was sent, a paper drawn. */
import type { Workspace } from '../../../contracts/types.js';
import type { OpenedMaterial } from '../../procedures/cases/types.js';
import type { FileType } from '../../procedures/materials/inspect/index.js';
import { sharedPool } from './pool.js';
import { type DocumentSigner, documentSignerOf } from './signer.js';

interface MaterialBytes {
  readonly type: FileType;
  readonly bytes: Buffer;
  /** `pdf`, `jpg`, `png` */
  readonly extension: string;
}

interface Around {
  readonly workspace: Pick<Workspace, 'name' | 'synthetic'>;
  /** The folder of who signs documents; without one, or of a draft, nobody does. */
  readonly settings: { readonly gateway: { readonly documents: string } };
  /** ms since 1970 */
  readonly now: () => number;
}

const EXTENSIONS: Readonly<Record<FileType, string>> = {
  'application/pdf': 'pdf',
  'image/jpeg': 'jpg',
  'image/png': 'png',
};

/** @param opened as `Cases.openMaterial` gives it, which has put it on record */
export async function materialBytes(
  opened: OpenedMaterial,
  { workspace, settings, now }: Around,
): Promise<MaterialBytes> {
  if (opened.kind === 'upload') return { type: opened.type, bytes: opened.bytes, extension: EXTENSIONS[opened.type] };
  const { document } = opened;
  const { documents } = settings.gateway;
  const sign: DocumentSigner | undefined =
    documents === '' || document.filedAt === undefined ? undefined : documentSignerOf(documents);
  const options = { city: workspace.name, synthetic: workspace.synthetic, at: new Date(now()).toISOString() };
  const { bytes } = await sharedPool().material(document, options, sign);
  return { type: 'application/pdf', bytes, extension: 'pdf' };
}

/** A document about sharing as it is signed: its model, and the PDF that is drawn of it each time. */
import { canonicalJson } from '../../contracts/canonical.js';
import { YitongError } from '../../contracts/errors.js';
import type { State } from '../ground/state/port.js';
import { type FoundPaper, paperIn, signedPaper } from '../procedures/sharing/machines/papers.js';
import type { OpenedMatter } from '../procedures/sharing/types.js';
import { lookupUrl } from './address.js';
import { sha256 } from './compute/digest.js';
import type { GatewayContext } from './context.js';
import { sharedPool } from './pdf/pool.js';
import type { SharingModel } from './pdf/sharing/draw.js';
import { kindWords } from './pdf/sharing/words.js';
import { documentSignerOf } from './pdf/signer.js';

export const sharingModel = ({ signed, paper }: FoundPaper): SharingModel => ({
  format: 'yitong-sharing/1',
  kind: signed.machine,
  title: kindWords[signed.machine].title,
  issuer: paper.names[paper.statistics.authority] ?? { zh: '', en: '' },
  issuedAt: signed.at,
  receipt: signed.entry,
  digest: signed.digest,
  paper,
});

/** By which a page of verification tells it from others: SHA-256 (base64url) over the canonical JSON of its model. */
export const sharingDocument = (model: SharingModel): string => sha256(canonicalJson(model));

/**
 * Of a matter that whoever asks may see.
 * @throws YitongError `not_found` where it is none, or was not approved; `report_revoked`
 */
export async function paperOf(state: Pick<State, 'document'>, matter: OpenedMatter): Promise<FoundPaper> {
  const found = paperIn(matter, await signedPaper(state, matter.head.id));
  if (found === undefined) throw new YitongError('not_found', 'the matter has no document that was approved');
  if (found.revokedAt !== undefined) throw new YitongError('report_revoked', 'the document was revoked');
  return found;
}

type Needs = Pick<GatewayContext, 'settings' | 'peopleAddress'>;

/** @throws YitongError `bad_config` where documents are not signed here, `address_unknown` */
export async function sharingPdf(found: FoundPaper, context: Needs, host?: string): Promise<Buffer> {
  const { documents } = context.settings.gateway;
  if (documents === '')
    throw new YitongError('bad_config', '`gateway.documents` names the folder by which documents are signed');
  const { code } = found.signed;
  const options = {
    code,
    url: lookupUrl(code, context, host),
    authority: found.paper.statistics.authority,
    government: found.government,
  };
  const { bytes } = await sharedPool().sharing(sharingModel(found), options, documentSignerOf(documents));
  return bytes;
}

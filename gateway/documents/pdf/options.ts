/** What a PDF is asked for with. Apart from what draws, so that whoever has pages drawn elsewhere does not load it. */
import { present } from '../../../contracts/present.js';
import type { SealDefinition } from '../../../contracts/reports.js';
import type { ReportModel } from '../model/model.js';
import type { DrawOptions } from './draw.js';
import { roomFor } from './seal.js';
import type { DocumentSigner } from './signer.js';

export interface PdfOptions {
  /** By which a reader finds the original: stands on each page. */
  readonly code: string;
  /** Address of the page that shows the original; what the QR code says. */
  readonly url: string;
  readonly sign: DocumentSigner;
  /** Moment of signing; default: when the report was issued. */
  readonly at?: Date;
  /** Shown at the end; default none. It is a picture and proves nothing: what proves is the signature. */
  readonly seal?: SealDefinition;
}

export interface Pdf {
  readonly bytes: Buffer;
  /**
   * Characters that the font has not, `U+…`, in the order in which they came: shown by their code points and named in a
   * note.
   */
  readonly outside: readonly string[];
}

export const drawOptions = (
  model: ReportModel,
  { code, url, sign, at = new Date(model.issuedAt), seal }: PdfOptions,
): DrawOptions => ({
  code,
  url,
  signer: sign.name,
  at,
  room: roomFor(sign.certificates),
  ...present({ seal }),
});

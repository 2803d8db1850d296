/** A report as a signed PDF, drawn in this thread. For many at once, or beside requests, there is `pdfPool`. */
import type { ReportModel } from '../model.js';
import { draw, type DrawOptions } from './draw.js';
import { roomFor, seal } from './seal.js';
import type { DocumentSigner } from './signer.js';

export interface PdfOptions {
  /** By which a reader finds the original: stands on each page. */
  readonly code: string;
  /** Address of the page that shows the original; what the QR code says. */
  readonly url: string;
  readonly sign: DocumentSigner;
  /** Moment of signing; default: when the report was issued. */
  readonly at?: Date;
}

export interface Pdf {
  readonly bytes: Buffer;
  /** Characters that the font has not, `U+…`, in the order in which they came: shown by their code points and named in a note. */
  readonly outside: readonly string[];
}

export const drawOptions = (model: ReportModel, { code, url, sign, at = new Date(model.issuedAt) }: PdfOptions): DrawOptions => ({ code, url, signer: sign.name, at, room: roomFor(sign.certificates) });

/**
 * @returns PDF 1.7, tagged, signed as PAdES B-B (ETSI EN 319 142-1), with the model attached as canonical JSON
 * @throws YitongError `bad_value` for a model that is no JSON
 */
export async function renderPdf(model: ReportModel, options: PdfOptions): Promise<Pdf> {
  const { bytes, outside } = draw(model, drawOptions(model, options));
  await seal(bytes, options.sign);
  return { bytes, outside };
}

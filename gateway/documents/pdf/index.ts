/** A report as a signed PDF, drawn in this thread. For many at once, or beside requests, there is `pdfPool`. */
import type { ReportModel } from '../model/model.js';
import { draw } from './draw.js';
import { drawOptions, type Pdf, type PdfOptions } from './options.js';
import { seal } from './seal.js';

/**
 * @returns PDF 1.7, tagged, signed as PAdES B-B (ETSI EN 319 142-1), with the model attached as canonical JSON
 * @throws YitongError `bad_value` for a model that is no JSON
 */
export async function renderPdf(model: ReportModel, options: PdfOptions): Promise<Pdf> {
  const { bytes, outside } = draw(model, drawOptions(model, options));
  await seal(bytes, options.sign);
  return { bytes, outside };
}

/** Files that tests upload: PDFs written by hand and by our own renderer, pictures. */
import { crc32, deflateSync } from 'node:zlib';

/** A PDF of these objects, numbered from 1, with its table. The first one is the catalogue. */
export function pdfOf(objects: readonly string[], { trailer = '', between = '' } = {}): Buffer {
  let text = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n';
  const offsets = objects.map((object, i) => {
    const at = text.length;
    text += `${String(i + 1)} 0 obj\n${object}\nendobj\n${between}`;
    return at;
  });
  const at = text.length;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = String(objects.length + 1);
  text += `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R ${trailer}>>\n`;
  return Buffer.from(`${text}startxref\n${String(at)}\n%%EOF\n`, 'latin1');
}

export const CATALOGUE = '<< /Type /Catalog /Pages 2 0 R >>';
export const PAGES = [
  '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
  '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>',
  '<< /Length 11 >>\nstream\n0 0 9 9 re f\nendstream'.replace('/Length 11', '/Length 12'),
] as const;
export const plainPdf = pdfOf([CATALOGUE, ...PAGES]);

/** One whose objects from the fifth on stand in a compressed stream, with a table that is a stream. */
export function packedPdf(packed: readonly string[]): Buffer {
  let text = '%PDF-1.7\n';
  const offsets: number[] = [];
  const put = (id: number, object: string): void => {
    offsets[id] = text.length;
    text += `${String(id)} 0 obj\n${object}\nendobj\n`;
  };
  [CATALOGUE, ...PAGES].forEach((object, i) => put(i + 1, object));
  let body = '';
  const head = packed.map((object, i) => {
    const at = body.length;
    body += `${object} `;
    return `${String(i + 6)} ${String(at)}`;
  });
  const first = `${head.join(' ')} `;
  const stream = deflateSync(Buffer.from(first + body, 'latin1')).toString('latin1');
  put(
    5,
    `<< /Type /ObjStm /N ${String(packed.length)} /First ${String(first.length)} /Filter /FlateDecode ` +
      `/Length ${String(stream.length)} >>\nstream\n${stream}\nendstream`,
  );
  const table = 6 + packed.length;
  offsets[table] = text.length;
  const rows = Buffer.alloc((table + 1) * 4);
  for (let id = 1; id <= table; id++) {
    const within = id > 5 && id < table;
    rows.writeUInt8(within ? 2 : 1, id * 4);
    rows.writeUInt16BE(within ? 5 : (offsets[id] ?? 0), id * 4 + 1);
    rows.writeUInt8(within ? id - 6 : 0, id * 4 + 3);
  }
  const zipped = deflateSync(rows).toString('latin1');
  text +=
    `${String(table)} 0 obj\n<< /Type /XRef /Size ${String(table + 1)} /W [1 2 1] /Root 1 0 R /Filter /FlateDecode ` +
    `/Length ${String(zipped.length)} >>\nstream\n${zipped}\nendstream\nendobj\n`;
  return Buffer.from(`${text}startxref\n${String(offsets[table])}\n%%EOF\n`, 'latin1');
}

/** One that was changed once more, with the catalogue anew and these objects. */
export function changedPdf(catalogue: string, objects: readonly string[]): Buffer {
  let text = plainPdf.toString('latin1');
  const before = /startxref\n(\d+)/.exec(text)?.[1] ?? '';
  const offsets = [catalogue, ...objects].map((object, i) => {
    const at = text.length;
    text += `${String(i === 0 ? 1 : i + 4)} 0 obj\n${object}\nendobj\n`;
    return String(at).padStart(10, '0');
  });
  const at = text.length;
  const more = offsets.slice(1);
  text += `xref\n1 1\n${offsets[0] ?? ''} 00000 n \n`;
  if (more.length > 0) text += `5 ${String(more.length)}\n${more.map((one) => `${one} 00000 n \n`).join('')}`;
  text += `trailer\n<< /Size ${String(5 + more.length)} /Root 1 0 R /Prev ${before} >>\nstartxref\n${String(at)}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const whole = Buffer.alloc(12 + data.length);
  whole.writeUInt32BE(data.length);
  whole.write(type, 4, 'latin1');
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + data.length)), 8 + data.length);
  return whole;
}
/** A PNG that says these sides, with so many bytes of pixels. */
export function pngSaying(
  width: number,
  height: number,
  raw: number,
  { colour = 0, depth = 8, interlace = 0 } = {},
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlace], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.alloc(raw));
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', data),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

const segment = (marker: number, data: readonly number[]): readonly number[] => [
  0xff,
  marker,
  (data.length + 2) >> 8,
  (data.length + 2) & 0xff,
  ...data,
];
/** A JPEG as far as its segments go; its pixels are none. */
export const jpegSaying = (width: number, height: number, frame = 0xc0): Buffer =>
  Buffer.from([
    0xff,
    0xd8,
    ...segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    ...segment(
      0xdb,
      Array.from({ length: 65 }, (_, i) => (i === 0 ? 0 : 1)),
    ),
    ...segment(frame, [8, height >> 8, height & 0xff, width >> 8, width & 0xff, 1, 1, 0x11, 0]),
    ...segment(0xda, [1, 1, 0, 0, 63, 0]),
    0x12,
    0xff,
    0x00,
    0x34,
    0xff,
    0xd9,
  ]);

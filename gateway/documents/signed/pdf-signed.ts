/** What is signed in a report, by whom, and the model that it carries: read from the file alone, nothing proved yet. */

import type { Certificate } from '../../ground/der/certificate.js';
import { readSignedData, type Signed } from '../../ground/der/cms.js';
import { type Bytes, latin1, malformed } from '../../ground/der/der.js';
import { Name, type PdfFile, PdfString, readPdf, type Value } from './pdf-file.js';

/** Name of the attached file that holds the model as canonical JSON. */
export const MODEL_FILE = 'report.json';

export interface SignedPdf extends Signed {
  readonly parsed: readonly [Certificate, ...Certificate[]];
  /** All bytes of the file but those between the brackets of the signature, and the brackets. */
  readonly covered: readonly [Bytes, Bytes];
  /** ms since 1970, as the signer says. */
  readonly signedAt: number;
  /** Deflated (RFC 1950). */
  readonly model: Bytes;
  /** The code by which a reader finds the original. */
  readonly code: string;
}

const isName = (value: Value | undefined, name: string): boolean => value instanceof Name && value.name === name;
const text = (value: Value | undefined): string =>
  value instanceof PdfString ? latin1(value.bytes) : malformed('no text where one has to stand');

function signatureOf(file: PdfFile): {
  readonly cms: Bytes;
  readonly covered: readonly [Bytes, Bytes];
  readonly signedAt: number;
} {
  const { bytes } = file;
  const fields = file.dictionary(file.dictionary(file.trailer.get('Root')).get('AcroForm')).get('Fields');
  if (!Array.isArray(fields) || fields.length !== 1) return malformed('not one signature');
  const field = file.dictionary((fields as readonly Value[])[0]);
  const signature = file.dictionary(field.get('V'));
  if (
    !isName(field.get('FT'), 'Sig') ||
    !isName(signature.get('Filter'), 'Adobe.PPKLite') ||
    !isName(signature.get('SubFilter'), 'ETSI.CAdES.detached')
  )
    return malformed('a signature of another kind');
  const contents = signature.get('Contents');
  const range = signature.get('ByteRange');
  if (!(contents instanceof PdfString) || !Array.isArray(range) || range.length !== 4)
    return malformed('a signature of another form');
  const [start, first, second, rest] = range as readonly Value[];
  // ISO 32000-1, 12.8.1: the whole file but the signature itself
  if (
    start !== 0 ||
    first !== contents.from ||
    second !== contents.to ||
    typeof rest !== 'number' ||
    contents.to + rest !== bytes.length ||
    bytes[contents.from] !== 0x3c
  )
    return malformed('the signature does not cover the whole file');
  const length = contents.bytes.length;
  const head = contents.bytes.subarray(0, 4);
  const size =
    head[0] === 0x30 && head[1] === 0x82
      ? 4 + (head[2] ?? 0) * 256 + (head[3] ?? 0)
      : malformed('a signature of another form');
  if (size > length || contents.bytes.subarray(size).some((byte) => byte !== 0))
    return malformed('something stands behind the signature');
  const at = /^D:(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text(signature.get('M')));
  if (at === null) return malformed('a signature without its time');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second2 = 0] = at.slice(1).map(Number);
  return {
    cms: contents.bytes.slice(0, size),
    covered: [bytes.subarray(0, contents.from), bytes.subarray(contents.to)],
    signedAt: Date.UTC(year, month - 1, day, hour, minute, second2),
  };
}

function modelOf(file: PdfFile): Bytes {
  const names = file
    .dictionary(file.dictionary(file.dictionary(file.trailer.get('Root')).get('Names')).get('EmbeddedFiles'))
    .get('Names');
  if (!Array.isArray(names) || names.length !== 2) return malformed('not one attached file');
  const [name, specification] = names as readonly Value[];
  if (text(name) !== MODEL_FILE) return malformed('an attached file of another name');
  const { value, stream } = file.object(file.dictionary(file.dictionary(specification).get('EF')).get('F'));
  if (stream === undefined || !(value instanceof Map) || !isName(value.get('Filter'), 'FlateDecode'))
    return malformed('an attached file of another form');
  return stream;
}

/** @throws Malformed for what is not such a report */
export function readSignedPdf(bytes: Bytes): SignedPdf {
  const file = readPdf(bytes);
  const { cms, covered, signedAt } = signatureOf(file);
  const info = file.dictionary(file.trailer.get('Info'));
  const code = info.get('VerificationCode');
  return {
    ...readSignedData(cms),
    covered,
    signedAt,
    model: modelOf(file),
    code: text(code instanceof PdfString ? code : file.object(code).value),
  };
}

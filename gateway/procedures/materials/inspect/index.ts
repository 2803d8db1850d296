/**
 * What an uploaded file is, by its content, and whether it is taken: a PDF without anything that acts, a picture that
 * is whole and of a size that can be shown. Its name and what somebody says of its type are not looked at.
 */
import { YitongError } from '../../../../contracts/errors.js';
import { inspectJpeg } from './jpeg.js';
import { inspectPackage, type PackageType } from './package.js';
import { inspectPdf } from './pdf.js';
import { inspectPng } from './png.js';

export type FileType = 'application/pdf' | 'image/jpeg' | 'image/png';

/** Of what departments attach to what they ask of one another. */
export type AttachmentType = FileType | PackageType;

interface Inspected<Type extends string = FileType> {
  readonly type: Type;
  /** What is kept of it: without what a camera puts behind the picture. */
  readonly bytes: Buffer;
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
const PDF = Buffer.from('%PDF-', 'latin1');
const begins = (bytes: Buffer, first: Buffer): boolean => bytes.subarray(0, first.length).equals(first);

/**
 * @throws YitongError `file_type`, `file_damaged`, `file_active`, `file_encrypted`, `image_too_large`
 */
export async function inspectFile(bytes: Buffer): Promise<Inspected> {
  if (begins(bytes, PDF)) {
    await inspectPdf(bytes);
    return { type: 'application/pdf', bytes };
  }
  if (begins(bytes, PNG)) {
    await inspectPng(bytes);
    return { type: 'image/png', bytes };
  }
  if (begins(bytes, JPEG)) return { type: 'image/jpeg', bytes: bytes.subarray(0, inspectJpeg(bytes)) };
  throw new YitongError('file_type', 'only PDF, JPEG and PNG are taken, told by their content');
}

const ZIP = Buffer.from([0x50, 0x4b, 0x03, 0x04]);

/**
 * As `inspectFile`, and OFD and XLSX besides.
 * @throws YitongError `attachment_type`; else as `inspectFile`, `file_too_large`
 */
export async function inspectAttachment(bytes: Buffer): Promise<Inspected<AttachmentType>> {
  const none = (): never => {
    throw new YitongError('attachment_type', 'only PDF, OFD, XLSX, JPEG and PNG are taken, told by their content');
  };
  if (begins(bytes, ZIP)) return { type: inspectPackage(bytes) ?? none(), bytes };
  return [PDF, PNG, JPEG].some((first) => begins(bytes, first)) ? await inspectFile(bytes) : none();
}

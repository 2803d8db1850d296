/**
 * Whether a JPEG is whole (ITU-T T.81, Annex B): its segments, one frame of a size that can be shown, scans, and its
 * end. The pixels are not decoded.
 */
import { checkPixels, damagedFile } from './refuse.js';

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
/** Frames that programs show: baseline, extended and progressive, Huffman coded. */
const FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2]);
const isOtherFrame = (marker: number): boolean =>
  marker >= 0xc3 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** Markers that stand in coded data: a byte 0xff of it, and restarts. */
const isInData = (marker: number): boolean => marker === 0 || (marker >= 0xd0 && marker <= 0xd7);

/** @returns where the coded data ends: at the next marker */
function dataEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    const marker = bytes[at + 1] ?? 0;
    if (!isInData(marker) && marker !== 0xff) return at;
  }
  return damagedFile('the picture ends too early');
}

function frame(segment: Buffer): number {
  const components = segment[5] ?? 0;
  if (segment[0] !== 8 || segment.length !== 6 + components * 3 || ![1, 3, 4].includes(components))
    damagedFile('the picture has colours of no known kind');
  checkPixels(segment.readUInt16BE(3), segment.readUInt16BE(1));
  return components;
}

/** @returns the bytes of the picture, up to its end @throws YitongError `file_damaged`, `image_too_large` */
export function inspectJpeg(bytes: Buffer): number {
  let components = 0;
  let coded = 0;
  for (let at = 2; ; ) {
    if (bytes[at] !== 0xff) damagedFile('the picture is not written as pictures are');
    while (bytes[at + 1] === 0xff) at++;
    const marker = bytes[at + 1];
    if (marker === undefined) return damagedFile('the picture ends too early');
    if (marker === EOI) {
      if (components === 0 || coded < components) damagedFile('the picture has no pixels');
      return at + 2;
    }
    if (marker === SOI || marker === 1 || isInData(marker)) damagedFile('the picture is not written as pictures are');
    const length = at + 4 <= bytes.length ? bytes.readUInt16BE(at + 2) : 0;
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) damagedFile('the picture ends too early');
    if (isOtherFrame(marker)) damagedFile('the picture is coded in a way that few programs show');
    if (FRAMES.has(marker)) {
      if (components > 0) damagedFile('the picture is not written as pictures are');
      components = frame(bytes.subarray(at + 4, end));
    }
    at = end;
    if (marker !== SOS) continue;
    if (components === 0) damagedFile('the picture is not written as pictures are');
    const next = dataEnd(bytes, end);
    if (next === end) damagedFile('the picture has no pixels');
    coded += bytes[end - length + 2] ?? 0;
    at = next;
  }
}

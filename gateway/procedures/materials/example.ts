/** A picture for trying out: a plan of rooms that are nobody's. */
import { crc32, deflateSync } from 'node:zlib';

const [WIDTH, HEIGHT] = [320, 200];
/** Walls: from column, row to column, row. */
const WALLS: readonly (readonly [number, number, number, number])[] = [
  [10, 10, 310, 14],
  [10, 186, 310, 190],
  [10, 10, 14, 190],
  [306, 10, 310, 190],
  [180, 10, 184, 120],
  [180, 150, 184, 190],
  [184, 90, 250, 94],
];

function chunk(type: string, data: Uint8Array): Buffer {
  const whole = Buffer.alloc(12 + data.length);
  whole.writeUInt32BE(data.length);
  whole.write(type, 4, 'latin1');
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + data.length)), 8 + data.length);
  return whole;
}

/** In grey, a byte a pixel. */
export function examplePlan(): Buffer {
  const rows = Buffer.alloc(HEIGHT * (1 + WIDTH), 0xff);
  for (let y = 0; y < HEIGHT; y++) rows[y * (1 + WIDTH)] = 0;
  for (const [left, top, right, bottom] of WALLS)
    for (let y = top; y < bottom; y++) rows.fill(0x30, y * (1 + WIDTH) + 1 + left, y * (1 + WIDTH) + 1 + right);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH);
  header.writeUInt32BE(HEIGHT, 4);
  header[8] = 8;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

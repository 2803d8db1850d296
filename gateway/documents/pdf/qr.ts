/** A QR code as vectors (ISO/IEC 18004), with its quiet zone. */
import encodeQR from 'qr';

interface Qr {
  /** Modules a side, quiet zone included. */
  readonly size: number;
  /** Filled rectangles, one module a unit, y upwards. */
  readonly operators: string;
}

const QUIET = 4;

export function qrOf(text: string): Qr {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET });
  const size = rows.length;
  const operators = [`1 g 0 0 ${String(size)} ${String(size)} re f 0 g`];
  rows.forEach((row, y) => {
    for (let x = 0; x < size; x++) {
      if (row[x] !== true) continue;
      let end = x;
      while (row[end] === true) end++;
      operators.push(`${String(x)} ${String(size - 1 - y)} ${String(end - x)} 1 re`);
      x = end;
    }
  });
  operators.push('f');
  return { size, operators: operators.join('\n') };
}

/** Points a side at which a scan of 150 dpi has at least three dots a module; never less than an inch. */
export const sideOf = ({ size }: Qr): number => Math.max(72, size * 1.5);

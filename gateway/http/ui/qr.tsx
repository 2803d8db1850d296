/** A QR code (ISO/IEC 18004) drawn as one SVG path: no image, no script. */
import type { JSX } from 'preact';
import encodeQR from 'qr';

/** Modules of quiet zone that the standard asks for. */
const QUIET = 4;

export function Qr({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET });
  const path = rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  const side = rows.length;
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${side} ${side}`} shape-rendering="crispEdges">
      <rect width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

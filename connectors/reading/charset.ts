/**
 * Bytes of a declared charset to text, chunk by chunk; a byte that the charset does not have is an error, never a
 * U+FFFD.
 */
import { TextDecoder } from 'node:util';
import iconv from 'iconv-lite';

export const CHARSETS = ['utf-8', 'gb18030', 'gbk', 'big5', 'utf-16le', 'windows-1252', 'latin1'] as const;
export type Charset = (typeof CHARSETS)[number];

interface Decoder {
  /** @throws WrongCharset */
  write(chunk: Uint8Array): string;
  /** @throws WrongCharset if the bytes end within a character */
  end(): string;
}

export class WrongCharset extends Error {
  override readonly name = 'WrongCharset';
}

/** Bytes that windows-1252 leaves undefined; iconv-lite would make control characters of them. */
function hasUndefined1252(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (
      byte >= 0x81 &&
      byte <= 0x9d &&
      (byte === 0x81 || byte === 0x8d || byte === 0x8f || byte === 0x90 || byte === 0x9d)
    )
      return true;
  }
  return false;
}

/** A byte order mark is stripped if `bom`. */
export function decoder(charset: Charset, bom = true): Decoder {
  switch (charset) {
    case 'windows-1252':
    case 'latin1': {
      // Node 20's TextDecoder reads 0x80–0x9F of windows-1252 as latin-1, so that an en dash becomes a control
      // character
      const stream = iconv.getDecoder(charset === 'latin1' ? 'iso-8859-1' : 'windows-1252');
      const check = charset === 'windows-1252';
      return {
        write(chunk) {
          if (check && hasUndefined1252(chunk)) throw new WrongCharset();
          return stream.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
        },
        end: () => stream.end() ?? '',
      };
    }
    default: {
      const stream = new TextDecoder(charset, { fatal: true, ignoreBOM: !bom });
      const guard = (work: () => string): string => {
        try {
          return work();
        } catch (cause) {
          throw new WrongCharset('a byte is not of this charset', { cause });
        }
      };
      // ICU's Big5 gives the single bytes 0x80 and 0xFF these code points; no text has them
      const odd = charset === 'big5' ? /[\u0080\uf8f8]/ : undefined;
      return {
        write: (chunk) => {
          const text = guard(() => stream.decode(chunk, { stream: true }));
          if (odd?.test(text) === true) throw new WrongCharset('a byte is not of this charset');
          return text;
        },
        end: () => guard(() => stream.decode()),
      };
    }
  }
}

/** Charsets of which one character can take several bytes, and of which no line end is part of another character. */
export const MULTIBYTE: ReadonlySet<Charset> = new Set<Charset>(['utf-8', 'gb18030', 'gbk', 'big5']);

/** Whole pieces of bytes to text, one after another: a piece that begins or ends within a character is refused. */
export function pieceDecoder(charset: Charset): (bytes: Uint8Array) => string {
  if (!MULTIBYTE.has(charset)) {
    return (bytes) => {
      const decode = decoder(charset, false);
      return decode.write(bytes) + decode.end();
    };
  }
  const whole = new TextDecoder(charset, { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return whole.decode(bytes);
    } catch (cause) {
      throw new WrongCharset('the bytes are not whole characters', { cause });
    }
  };
}

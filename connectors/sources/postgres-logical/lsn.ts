/** Places in the write-ahead log (`pg_lsn`): two hexadecimal halves of 64 bits. */

export type Lsn = bigint;

const LSN = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i;

/** @throws Error if it is none */
export function parseLsn(text: string): Lsn {
  const found = LSN.exec(text);
  if (found === null) throw new Error('not a place in the write-ahead log');
  return (BigInt(`0x${found[1] ?? ''}`) << 32n) | BigInt(`0x${found[2] ?? ''}`);
}

export const lsnText = (lsn: Lsn): string =>
  `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffff_ffffn).toString(16).toUpperCase()}`;

/** Keys of the maps, by which they are in the order in which they are read. */

/** lmdb's longest key with 4 kB pages is 1,978 bytes; both lengths in UTF-8 bytes. */
export const MAX_SUBJECT = 255;
export const MAX_RECORD_ID = 1024;

/** `subject` 0x00 dataset number (2 bytes): what all keys of one subject's dataset begin with. */
export function datasetPrefix(subject: string, dataset: number): Buffer {
  const length = Buffer.byteLength(subject);
  const key = Buffer.allocUnsafe(length + 3);
  key.write(subject, 0);
  key[length] = 0;
  key.writeUInt16BE(dataset, length + 1);
  return key;
}

/** Prefix, record id. */
export function recordKey(prefix: Uint8Array, recordId: Uint8Array): Buffer {
  return Buffer.concat([prefix, recordId]);
}

/** Prefix, record id, 0x00, offset (6 bytes): versions of one record in the order of the bus. */
export function historyKey(prefix: Uint8Array, recordId: Uint8Array, offset: number): Buffer {
  const key = Buffer.allocUnsafe(prefix.length + recordId.length + 7);
  key.set(prefix, 0);
  key.set(recordId, prefix.length);
  key[prefix.length + recordId.length] = 0;
  key.writeUIntBE(offset, prefix.length + recordId.length + 1, 6);
  return key;
}

/** The first key behind all that begin with `prefix`. */
export function behind(prefix: Uint8Array): Buffer {
  const key = Buffer.from(prefix);
  for (let i = key.length - 1; i >= 0; i--) {
    const byte = key[i];
    if (byte !== undefined && byte < 255) {
      key[i] = byte + 1;
      return key.subarray(0, i + 1);
    }
  }
  return Buffer.from([255, 255]);
}

export function poisonKey(topic: string, partition: number, offset: number): Buffer {
  const length = Buffer.byteLength(topic);
  const key = Buffer.allocUnsafe(length + 9);
  key.write(topic, 0);
  key[length] = 0;
  key.writeUInt16BE(partition, length + 1);
  key.writeUIntBE(offset, length + 3, 6);
  return key;
}

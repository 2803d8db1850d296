/** Where a subject could have left a trace, and how it could be written there. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { readIfThere } from '../../gateway/ground/files/read-if-there.js';

/**
 * Folders of a data folder that hold the records themselves: what is shared, not what is said about it. An erasure of
 * the log does not touch them; their authority withdraws a record, and then it is gone from them.
 */
export const RECORDS: Readonly<Record<string, string>> = {
  bus: 'the embedded bus: the published records',
  view: 'the view (LMDB): the records as they are asked for',
  names: 'the index of names: whom the register that the workspace names calls what, as the view has it',
  connectors: 'what connectors know of their sources: keys of rows and digests, to tell what changed',
  spool: 'pushed records that wait for the bus',
  quarantine: 'rows that broke their contract, for their authority to mend',
};

const base64 = (word: string, offset: number, encoding: 'base64' | 'base64url'): Buffer => {
  const whole = Buffer.concat([Buffer.alloc(offset), Buffer.from(word)]);
  // the characters that the word alone decides
  return Buffer.from(whole.toString(encoding).slice(Math.ceil((offset * 8) / 6), Math.floor((whole.length * 8) / 6)));
};

/** How a subject could stand in a file without a key that only this data folder has. */
export function spellings(subject: string): Map<string, Buffer> {
  const key = subject.slice(subject.indexOf(':') + 1);
  const all = new Map<string, Buffer>();
  for (const [what, word] of [
    ['subject', subject],
    ['key', key],
  ] as const) {
    all.set(what, Buffer.from(word));
    all.set(`${what}, lower case`, Buffer.from(word.toLowerCase()));
    all.set(`${what}, UTF-16 LE`, Buffer.from(word, 'utf16le'));
    all.set(`${what}, UTF-16 BE`, Buffer.from(word, 'utf16le').swap16());
    const hex = Buffer.from(word).toString('hex');
    all.set(`${what}, hexadecimal`, Buffer.from(hex));
    all.set(`${what}, hexadecimal, upper case`, Buffer.from(hex.toUpperCase()));
    for (const offset of [0, 1, 2])
      for (const encoding of ['base64', 'base64url'] as const)
        all.set(`${what}, ${encoding} at ${offset}`, base64(word, offset, encoding));
    const digest = createHash('sha256').update(word).digest();
    all.set(`${what}, digest`, digest);
    all.set(`${what}, digest in hexadecimal`, Buffer.from(digest.toString('hex')));
    for (const encoding of ['base64', 'base64url'] as const)
      all.set(`${what}, digest in ${encoding}`, Buffer.from(digest.toString(encoding).slice(0, 42)));
  }
  return all;
}

const OPEN = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 64 << 20 };
const PACKED: readonly (readonly [magic: Buffer, open: (bytes: Buffer) => Buffer])[] = [
  [Buffer.from([0x1f, 0x8b, 0x08]), (bytes) => gunzipSync(bytes, OPEN)],
  ...[0x01, 0x5e, 0x9c, 0xda].map(
    (level) => [Buffer.from([0x78, level]), (bytes: Buffer): Buffer => inflateSync(bytes, OPEN)] as const,
  ),
  // an entry of a ZIP file: its data stands behind name and extra field
  [
    Buffer.from('PK\x03\x04'),
    (bytes) => inflateRawSync(bytes.subarray(30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28)), OPEN),
  ],
];

/** What is packed inside of some bytes: gzip, zlib and ZIP, wherever one begins. */
export function unpacked(bytes: Buffer): Buffer[] {
  return PACKED.flatMap(([magic, open]) => {
    const found: Buffer[] = [];
    for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
      try {
        found.push(open(bytes.subarray(at)));
      } catch {
        // it only looked like one
      }
    }
    return found;
  });
}

/** Every file of a data folder but the records, by path; of one moment in which none went on the way. */
export function filesOf(data: string): Map<string, Buffer> {
  for (let tries = 0; ; tries++) {
    const files = readdirSync(data, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name));
    const chosen = files.filter((file) => RECORDS[file.slice(data.length + 1).split('/')[0] ?? ''] === undefined);
    const found = new Map(chosen.map((file) => [file.slice(data.length + 1), readIfThere(file)]));
    if (tries > 50) throw new Error('files come and go faster than they can be read');
    const all = [...found].flatMap(([path, bytes]) => (bytes === undefined ? [] : [[path, bytes] as const]));
    // what went may stand under another name now
    if (all.length === found.size) return new Map(all);
  }
}

/** Each trace in words; empty where nothing names any of the subjects. */
export function traces(texts: ReadonlyMap<string, Buffer>, subjects: readonly string[]): string[] {
  const words = subjects.flatMap((subject) => [...spellings(subject)]);
  return [...texts].flatMap(([where, bytes]) =>
    [bytes, ...unpacked(bytes)].flatMap((part, i) =>
      words
        .filter(([, word]) => part.includes(word))
        .map(([how]) => `${where} has the ${how}${i === 0 ? '' : ', packed'}`),
    ),
  );
}

const textOf = ({ key, value, headers = {} }: KafkaMessage): Buffer =>
  Buffer.concat([
    key ?? Buffer.alloc(0),
    value ?? Buffer.alloc(0),
    ...Object.entries(headers).flatMap(([name, header]) => [
      Buffer.from(name),
      ...(Array.isArray(header) ? header : [header ?? '']).map((one) => Buffer.from(one)),
    ]),
  ]);

/** Topics of a cluster under a prefix. */
export async function topicsOf(broker: string, prefix: string): Promise<readonly string[]> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).filter((name) => name.startsWith(`${prefix}.`)).sort();
  } finally {
    await admin.disconnect();
  }
}

/** All that topics hold now, joined by topic: keys, values and headers. */
export async function contentOf(broker: string, topics: readonly string[]): Promise<Map<string, Buffer>> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: `scan-${process.pid}-${Date.now()}` });
  const parts = new Map<string, Buffer[]>(topics.map((topic) => [topic, []]));
  const missing = new Map<string, bigint>();
  await Promise.all([admin.connect(), consumer.connect()]);
  try {
    for (const topic of topics)
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
        if (BigInt(high) > BigInt(low)) missing.set(`${topic}/${partition}`, BigInt(high));
    if (missing.size > 0) {
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await new Promise<void>((resolve, reject) => {
        consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
        void consumer.run({
          autoCommit: false,
          eachMessage: ({ topic, partition, message }) => {
            parts.get(topic)?.push(textOf(message));
            const end = missing.get(`${topic}/${partition}`);
            if (end !== undefined && BigInt(message.offset) + 1n >= end) missing.delete(`${topic}/${partition}`);
            if (missing.size === 0) resolve();
            return Promise.resolve();
          },
        });
      });
    }
  } finally {
    await consumer.disconnect();
    await admin.disconnect();
  }
  return new Map([...parts].map(([topic, all]) => [`topic ${topic}`, Buffer.concat(all)]));
}

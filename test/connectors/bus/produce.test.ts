import { createRequire } from 'node:module';
import fc from 'fast-check';
import t from 'tap';
import { crc32c } from '../../../connectors/bus/kafka/crc32c.js';
import { decodeProduced, encodeProduce, mostBytes } from '../../../connectors/bus/kafka/produce.js';
import type { OutRecord } from '../../../connectors/bus/port.js';
import { recordKey } from '../../../contracts/ids.js';

interface Batch {
  readonly lastOffsetDelta: number;
  readonly firstTimestamp: string;
  readonly records: readonly {
    readonly offset: string;
    readonly key: Buffer;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, Buffer>>;
  }[];
}

// kafkajs reads what we write: its decoders are not part of its public interface
const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (buffer: Buffer) => object;
const readBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (decoder: object) => Promise<Batch>;

const total = (records: readonly OutRecord[]): number => records.reduce((sum, record) => sum + mostBytes(record), 0);

t.test('what is sent to Kafka is what others read', async (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ maxLength: 80 }),
    fc.string({ minLength: 60, maxLength: 140 }),
  );
  const record: fc.Arbitrary<OutRecord> = fc.record({
    subject: text,
    recordId: text,
    value: fc.option(fc.uint8Array({ maxLength: 9000 }).map((bytes) => Buffer.from(bytes))),
    // kafkajs's decoder takes `valueOf` for a header that came before
    headers: fc.dictionary(
      text.map((name) => `yt-${name}`),
      text,
      { maxKeys: 5, noNullPrototype: true },
    ),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 90 }),
      fc.integer({ min: 0, max: 4_000_000_000_000 }),
      async (records, now) => {
        const { buffer, size } = encodeProduce('a.b', 7, records, total(records), now, 30_000);
        t.equal(size(), buffer.length, { diagnostic: false });
        // transaction, acks, timeout, one topic `a.b`, one partition 7, the batch to the end
        const head = Buffer.from('ffffffff00007530000000010003612e620000000100000007', 'hex');
        t.same(buffer.subarray(0, head.length), head, { diagnostic: false });
        t.equal(buffer.readInt32BE(head.length), buffer.length - head.length - 4, { diagnostic: false });
        const bytes = buffer.subarray(head.length + 4);
        t.equal(bytes.readUInt32BE(17), crc32c(bytes, 21, bytes.length), { diagnostic: false });
        const batch = await readBatch(new Decoder(Buffer.from(bytes)));
        t.equal(batch.lastOffsetDelta, records.length - 1, { diagnostic: false });
        t.equal(batch.firstTimestamp, String(now), { diagnostic: false });
        t.strictSame(
          batch.records.map((one) => [
            one.offset,
            one.key.toString(),
            one.value,
            Object.entries(one.headers).map(([name, value]) => [name, value.toString()]),
          ]),
          records.map((one, i) => [
            String(i),
            Buffer.from(recordKey(one.subject, one.recordId)).toString(),
            one.value,
            Object.entries(one.headers).map(([name, value]) => [
              Buffer.from(name).toString(),
              Buffer.from(value).toString(),
            ]),
          ]),
          { diagnostic: false },
        );
      },
    ),
    { numRuns: 100 },
  );
});

t.test('the checksum is CRC-32C', (t) => {
  // RFC 3720 appendix B.4, and the usual check value
  t.equal(crc32c(Buffer.from('x123456789'), 1, 10), 0xe3069283);
  t.equal(crc32c(Buffer.alloc(32), 0, 32), 0x8a9136aa);
  t.equal(crc32c(Buffer.alloc(32, 0xff), 0, 32), 0x62a8ab43);
  t.end();
});

t.test('an answer of the broker says where the records stand, or why they do not', (t) => {
  const answer = (error: string, offset: string) =>
    Buffer.from(`000000010003612e620000000100000007${error}${offset}ffffffffffffffff00000000`, 'hex');
  t.strictSame(decodeProduced(answer('0000', '0000000100000002')), {
    error: 0,
    baseOffset: 4_294_967_298,
    clientSideThrottleTime: 0,
  });
  t.equal(decodeProduced(answer('0006', 'ffffffffffffffff')).error, 6);
  t.throws(() => decodeProduced(Buffer.from('00000000', 'hex')), RangeError);
  t.end();
});

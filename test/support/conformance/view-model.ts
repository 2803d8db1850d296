import fc from 'fast-check';
import type { Test } from 'tap';
import { decodeRecord } from '../../../contracts/avro.js';
import type { ReadPoint } from '../../../gateway/answer/view/port.js';
import type { ViewDriver } from './view.js';
import { COMPANY, PENALTY, PERMIT, read as readBy, SCHEMA, sent, subject, topicOf, world } from './view-world.js';

const DATASETS = [COMPANY, PERMIT, PENALTY];
const SUBJECTS = [1, 2, 22];
const RECORDS = ['', 'a', 'ab', 'b', 'é', '一'];

const step = fc.record({
  subject: fc.constantFrom(...SUBJECTS),
  record: fc.constantFrom(...RECORDS),
  // long ones make a subject outgrow its packed value
  text: fc.oneof(fc.constantFrom('x', 'y', 'x'.repeat(3000), 'y'.repeat(9000), '一'.repeat(6000)), fc.constant(null)),
});
const batches = fc.array(
  fc.record({ dataset: fc.constantFrom(...DATASETS), steps: fc.array(step, { minLength: 1, maxLength: 12 }) }),
  { minLength: 1, maxLength: 8 },
);

/** Random sequences of batches, against a model small enough to be believed. @param runs of each */
export function viewModel(t: Test, driver: ViewDriver, runs = 25): void {
  t.test('whatever was published, each moment of it reads as it was', async (t) => {
    const parent = t.testdir();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        const writer = await driver.openWriter(`${parent}/${run++}`, world());
        try {
          const reader = writer.reader();
          const now = new Map<string, Map<string, string>>();
          const picture = (): string =>
            JSON.stringify(
              [...now]
                .map(([key, records]) => [
                  key,
                  [...records].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
                ])
                .filter(([, records]) => records?.length)
                .sort(),
            );
          const read = async (at: ReadPoint): Promise<string> => {
            const found = new Map<string, [string, string][]>();
            for (const n of SUBJECTS) {
              await readBy(reader, subject(n), DATASETS, at, (i, version) => {
                const { text } = decodeRecord({ schema: SCHEMA }, version.bytes, version.start, version.end) as {
                  text: string;
                };
                const key = `${n} ${DATASETS[i]}`;
                found.set(key, [...(found.get(key) ?? []), [version.recordId, text]]);
              });
            }
            return JSON.stringify([...found].sort());
          };
          const moments: { readonly at: ReadPoint; readonly was: string }[] = [];
          const offsets = new Map(DATASETS.map((dataset) => [dataset, 0]));
          let clock = 1000;
          let current = 0;
          for (const { dataset, steps } of all) {
            const batch = steps.map(({ subject: n, record, text }) => {
              const offset = offsets.get(dataset) ?? 0;
              offsets.set(dataset, offset + 1);
              const key = `${n} ${dataset}`;
              const records = now.get(key) ?? new Map<string, string>();
              now.set(key, records);
              current -= records.has(record) ? 1 : 0;
              if (text === null) records.delete(record);
              else records.set(record, text);
              current += text === null ? 0 : 1;
              return sent({
                dataset,
                offset,
                subject: subject(n),
                record,
                text,
                time: ++clock,
                position: `${dataset} ${offset}`,
              });
            });
            await writer.apply(batch);
            moments.push(
              { at: { kind: 'asOf', time: clock }, was: picture() },
              { at: { kind: 'cut', cut: reader.cut(DATASETS) }, was: picture() },
            );
          }
          await writer.caughtUp(
            DATASETS.flatMap((dataset) =>
              [0, 1].map((partition) => ({ topic: topicOf(dataset), partition, at: clock })),
            ),
          );
          const counted = DATASETS.reduce((sum, dataset) => sum + reader.datasetState(dataset).records, 0);
          for (const { at, was } of moments) if ((await read(at)) !== was) return false;
          return (await read({ kind: 'now' })) === picture() && counted === current;
        } finally {
          await writer.close();
        }
      }),
      { numRuns: runs },
    );
  });

  t.test('batches that are applied in one transaction read as those that are applied one by one', async (t) => {
    const parent = t.testdir();
    let run = 0;
    const groups = fc.array(batches, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(groups, async (all) => {
        const [one, together] = [
          await driver.openWriter(`${parent}/${run++}`, world()),
          await driver.openWriter(`${parent}/${run++}`, world()),
        ];
        try {
          const offsets = new Map(DATASETS.map((dataset) => [dataset, 0]));
          let clock = 1000;
          for (const group of all) {
            const records = group.map(({ dataset, steps }) =>
              steps.map(({ subject: n, record, text }) => {
                const offset = offsets.get(dataset) ?? 0;
                offsets.set(dataset, offset + 1);
                const plain = sent({ dataset, offset, subject: subject(n), record, text, time: ++clock });
                // one in seven is none that a view takes
                return offset % 7 === 6 ? { ...plain, key: 'nobody' } : plain;
              }),
            );
            for (const batch of records) await one.apply(batch);
            await together.applyAll(records.map((batch) => together.prepare(batch)));
          }
          const told = async (writer: typeof one): Promise<string> => {
            const reader = writer.reader();
            const found: unknown[] = DATASETS.map((dataset) => [
              reader.datasetState(dataset),
              writer.nextOffset(topicOf(dataset), 0),
            ]);
            for (const at of [{ kind: 'now' }, { kind: 'asOf', time: (1000 + clock) >> 1 }] as const)
              for (const n of SUBJECTS)
                await readBy(reader, subject(n), DATASETS, at, (i, version) => {
                  const text = Buffer.from(version.bytes.subarray(version.start, version.end)).toString('base64');
                  found.push([n, i, version.recordId, version.offset, text]);
                });
            return JSON.stringify(found);
          };
          return (await told(one)) === (await told(together));
        } finally {
          await one.close();
          await together.close();
        }
      }),
      { numRuns: runs },
    );
  });
}

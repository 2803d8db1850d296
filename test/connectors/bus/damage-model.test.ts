/**
 * The embedded bus over time, against a plain list: topics are appended to, read, compacted, opened again, and their
 * file is flipped, cut, emptied and removed. Whatever is read is what was written, in its order; what cannot be read is
 * reported, never passed over.
 */
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import { partitionOf } from '../../../connectors/bus/partition.js';
import type { Bus, ConsumeOptions, InRecord, OutRecord } from '../../../connectors/bus/port.js';
import { isYitongError } from '../../../contracts/errors.js';
import { type Random, randomOf } from '../../tools/faults/random.js';

const PARTITIONS = 2;
const TOPICS = [
  ['full', 'yt.full'],
  ['latest', 'yt.latest'],
] as const;
const SUBJECTS = 40;
const DAY = 24 * 3_600_000;

interface Written {
  readonly key: string;
  readonly text: string | null;
}
/** Topic and partition → what was acknowledged, by offset. */
type Model = Map<string, Written[]>;
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Below `n`. */
const int = (random: Random, n: number): number => random.between(0, n - 1);
const place = (topic: string, partition: number): string => `${topic}/${partition}`;
/** The codes by which damage may be said. */
const said = (error: unknown): boolean => isYitongError(error) && error.code === 'store_damaged';

/** Reads all there is, to the end that the bus itself names. */
async function readAll(
  bus: Bus,
  topic: string,
): Promise<{ readonly got: InRecord[]; readonly damaged: ReadonlyMap<number, Stretch[]> }> {
  const state = await bus.topicState(topic);
  const got: InRecord[] = [];
  const damaged = new Map<number, Stretch[]>();
  if (state === undefined) return { got, damaged };
  const at = state.partitions.map(({ low }) => low);
  let finish = (): void => undefined;
  const end = new Promise<void>((resolve) => (finish = resolve));
  const look = (): void => {
    if (state.partitions.every(({ high }, partition) => (at[partition] ?? 0) >= high)) finish();
  };
  const options: ConsumeOptions = {
    topics: [topic],
    from: () => 0,
    onOffsetLost: ({ low }) => low,
    onBatch: async (batch) => {
      got.push(...batch);
      const last = batch.at(-1);
      if (last !== undefined) at[last.partition] = last.offset + 1;
      look();
    },
    onDamaged: async ({ partition, from, to }) => {
      damaged.set(partition, [...(damaged.get(partition) ?? []), { from, to }]);
      at[partition] = Math.max(at[partition] ?? 0, to);
      look();
    },
  };
  const consumption = await bus.consume(options);
  look();
  // compaction may leave no record at the very end, and then nothing says that it is reached
  const quiet = setTimeout(() => finish(), 400);
  await Promise.race([end, consumption.done]);
  clearTimeout(quiet);
  await consumption.stop();
  await consumption.done;
  return { got, damaged };
}

/** What is wrong with what was read, in words; undefined if nothing is. */
function judge(
  model: Model,
  topic: string,
  history: string,
  { got, damaged }: Awaited<ReturnType<typeof readAll>>,
): string | undefined {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const written = model.get(place(topic, partition)) ?? [];
    const read = got.filter((one) => one.partition === partition);
    const offsets = new Set(read.map(({ offset }) => offset));
    for (const [i, one] of read.entries()) {
      const was = written[one.offset];
      if (was === undefined) return `offset ${one.offset} of ${place(topic, partition)} was never written`;
      if (was.key !== one.key || was.text !== (one.value?.toString() ?? null))
        return `offset ${one.offset} of ${place(topic, partition)} is not what was written`;
      if (one.offset <= (read[i - 1]?.offset ?? -1))
        return `offset ${one.offset} of ${place(topic, partition)} comes again, or out of its order`;
    }
    const newest = new Map(written.map(({ key }, offset) => [key, offset]));
    for (const [offset, { key, text }] of written.entries()) {
      if (offsets.has(offset)) continue;
      if ((damaged.get(partition) ?? []).some(({ from, to }) => from <= offset && offset < to)) continue;
      // compaction: an older one of its key, or a withdrawal that is old enough
      if (history === 'latest' && (newest.get(key) !== offset || text === null)) continue;
      return `offset ${offset} of ${place(topic, partition)} is missing, and nothing says so`;
    }
  }
  return undefined;
}

function damage(random: Random, file: string, model: Model): string {
  const how = random.pick(['flip', 'flip', 'flip', 'hit', 'hit', 'cut', 'empty', 'remove'] as const);
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  const flip = (at: number): void => void (bytes[at] = (bytes[at] ?? 0) ^ (1 << int(random, 8)));
  switch (how) {
    case 'flip':
      for (let i = int(random, 12); i >= 0; i--) flip(int(random, bytes.length));
      break;
    case 'hit': {
      // where records stand, so that it is no free page
      const all = [...model.values()].flat().filter(({ text }) => text !== null);
      for (let i = 0; i < 3 && all.length > 0; i++) {
        const text = random.pick(all)?.text ?? '';
        const at = bytes.lastIndexOf(text);
        if (at >= 0) flip(at - 60 + int(random, text.length + 60));
      }
      break;
    }
    case 'cut':
      truncateSync(file, int(random, bytes.length));
      return how;
    case 'empty':
      truncateSync(file, 0);
      return how;
    case 'remove':
      rmSync(file, { force: true });
      return how;
  }
  writeFileSync(file, bytes);
  return how;
}

async function sequence(dir: string, seed: number): Promise<string[]> {
  const random = randomOf(seed, 'bus');
  const path = `${dir}/bus`;
  const file = `${path}/data.mdb`;
  const model: Model = new Map();
  const findings: string[] = [];
  let clock = 1_750_000_000_000;
  let number = 0;
  const open = (): Promise<Bus> => openEmbeddedBus({ dir: path, now: () => clock });
  let bus = await open();
  await bus.ensureTopics(TOPICS.map(([history, topic]) => ({ topic, partitions: PARTITIONS, history })));
  const append = async (to: Bus, topic: string, records: readonly OutRecord[]): Promise<void> => {
    const acks = await (await to.producer()).send(topic, records);
    for (const [i, { partition, offset }] of acks.entries()) {
      const one = records[i] as OutRecord;
      const list = model.get(place(topic, partition)) ?? [];
      model.set(place(topic, partition), list);
      if (offset !== list.length || partition !== partitionOf(one.subject, PARTITIONS))
        findings.push(`an append got offset ${offset}, and ${list.length} were there`);
      list[offset] = { key: `${one.subject}|${one.recordId}`, text: one.value?.toString() ?? null };
    }
  };
  const some = (count: number): OutRecord[] =>
    Array.from({ length: count }, () => {
      const withdrawn = int(random, 8) === 0;
      const text = `record ${seed}-${number++} ${'x'.repeat(int(random, int(random, 20) === 0 ? 70_000 : 300))}`;
      return {
        subject: `uscc:${int(random, SUBJECTS)}`,
        recordId: '',
        value: withdrawn ? null : Buffer.from(text),
        headers: { 'yt-position': String(number) },
      };
    });
  const check = async (from: Bus): Promise<void> => {
    for (const [history, topic] of TOPICS) {
      const found = judge(model, topic, history, await readAll(from, topic));
      if (found !== undefined) findings.push(found);
    }
  };
  for (let step = 0; step < 14 && findings.length === 0; step++) {
    const [, topic] = random.pick([...TOPICS]);
    switch (
      random.pick(['append', 'append', 'append', 'many', 'read', 'restart', 'later', 'damage', 'damage'] as const)
    ) {
      case 'append':
        await append(bus, topic, some(1 + int(random, 5)));
        break;
      case 'many':
        // enough for compaction
        for (let i = 0; i < 4; i++) await append(bus, topic, some(700));
        break;
      case 'later':
        clock += 2 * DAY;
        break;
      case 'read':
        await check(bus);
        break;
      case 'restart':
        await bus.close();
        bus = await open();
        break;
      case 'damage': {
        await bus.close();
        const kept = new Map([...model].map(([key, list]) => [key, [...list]]));
        copyFileSync(file, `${path}/whole`);
        const how = damage(random, file, model);
        try {
          const hurt = await open();
          try {
            await check(hurt);
            // what is written to it now is not lost in silence either
            for (const [, one] of TOPICS) await append(hurt, one, some(3));
            await check(hurt);
          } finally {
            await hurt.close();
          }
        } catch (error) {
          if (!said(error)) findings.push(`${how}: ${String(error)}`);
        }
        if (findings.length > 0) findings.unshift(how);
        model.clear();
        for (const [key, list] of kept) model.set(key, list);
        rmSync(file, { force: true });
        rmSync(`${path}/lock.mdb`, { force: true });
        copyFileSync(`${path}/whole`, file);
        bus = await open();
        break;
      }
    }
  }
  if (findings.length === 0) await check(bus);
  await bus.close();
  return findings;
}

t.setTimeout(240_000);

t.test('whatever happens to the bus, what is read is what was written, and what cannot be read is said', async (t) => {
  const parent = t.testdir();
  // the first ones found something once
  const first = Number(process.env['YITONG_TEST_SEED'] ?? 0);
  for (let seed = first; seed < first + 40; seed++) {
    const findings = await sequence(`${parent}/${seed}`, seed);
    t.strictSame(findings, [], `seed ${seed}`);
  }
});

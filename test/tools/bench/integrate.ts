/**
 * `integrate`: entries of journals that the sequencer takes into the log; `integrate-p99`: from durable to under the
 * checkpoint, at a steady load.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { type OpenJournal, openJournal } from '../../../gateway/log/journal/journal.js';
import { type Sequencer, startSequencer } from '../../../gateway/log/sequencer/sequencer.js';
import { openAuditSigners } from '../../../gateway/log/store/signer.js';
import { type BenchRow, median, quantile, round, spread } from './rows.js';

const ROUNDS = 5;
const ENTRIES = 100_000;
const IN_FLIGHT = 2000;
/** Entries a second of the steady load, and for how long. */
const STEADY = 2000;
const STEADY_SECONDS = 10;
const FLOOR = 50_000;

const clear = JSON.stringify({
  type: 'released',
  client: 'bench',
  purpose: 'bench',
  datasets: Array.from({ length: 5 }, (_, i) => ({
    dataset: `a.b${i}`,
    effect: 'allow',
    fields: ['name', 'status'],
    records: 1,
  })),
});
const append = (journal: OpenJournal, n: number): Promise<unknown> =>
  journal.append({ clear, subject: { subject: `uscc:${n % 5000}`, json: '{}' } });

interface World {
  readonly journal: OpenJournal;
  sequencer(interval: number): Sequencer;
}

async function world(data: string): Promise<World> {
  mkdirSync(data, { recursive: true });
  const names = { origin: 'bench.example/log', replica: 'bench.example/replica' };
  const signers = openAuditSigners(data, names);
  const layout = auditLayout(data);
  const journal = await openJournal({
    dir: layout.journals,
    name: 'bench',
    keys: { dir: layout.subjectKeys },
    signer: signers.replica,
    now: Date.now,
  });
  return {
    journal,
    sequencer: (interval) =>
      startSequencer({
        dataDir: data,
        signer: signers.log,
        origin: names.origin,
        now: Date.now,
        interval,
        onAlert: (alert) => {
          throw new Error(JSON.stringify(alert));
        },
      }),
  };
}

export async function integrateRows(dir: string): Promise<BenchRow[]> {
  const rates: number[] = [];
  for (let turn = 0; turn < ROUNDS; turn++) {
    const { journal, sequencer: start } = await world(join(dir, `round-${turn}`));
    for (let n = 0; n < ENTRIES; n += IN_FLIGHT)
      await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => append(journal, n + i)));
    await journal.close();
    const sequencer = start(0);
    const started = performance.now();
    while ((await sequencer.runOnce()).added > 0);
    rates.push(ENTRIES / ((performance.now() - started) / 1000));
    await sequencer.stop();
  }

  const { journal, sequencer: start } = await world(join(dir, 'steady'));
  const sequencer = start(500);
  const waits: number[] = [];
  const open: { readonly count: number; readonly at: number }[] = [];
  let durable = 0;
  // each entry that became durable by a time, against the size of the published log
  const watch = setInterval(() => {
    const { publishedSize } = sequencer.health();
    for (const now = performance.now(); open[0] !== undefined && open[0].count <= publishedSize; open.shift())
      waits.push(now - open[0].at);
  }, 5);
  const started = performance.now();
  for (let n = 0; n < STEADY * STEADY_SECONDS; ) {
    const due = Math.min(STEADY * STEADY_SECONDS, Math.floor(((performance.now() - started) / 1000) * STEADY));
    await Promise.all(Array.from({ length: Math.max(0, due - n) }, (_, i) => append(journal, n + i)));
    if (due > n) open.push({ count: (durable += due - n), at: performance.now() });
    n = Math.max(n, due);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await journal.close();
  while (open.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(watch);
  await sequencer.stop();

  const rate = median(rates);
  const p99 = quantile(waits, 0.99);
  return [
    {
      id: 'integrate',
      what: `entries taken into the log, ${ENTRIES.toLocaleString('en')} a round`,
      value: round(rate, 4),
      unit: 'entries/s',
      reference: null,
      ratio: null,
      floor: `≥ ${FLOOR}`,
      aim: '100000',
      holds: rate >= FLOOR,
      runs: ROUNDS,
      spread: [round(spread(rates)[0]), round(spread(rates)[1])],
    },
    {
      id: 'integrate-p99',
      what: `durable → under the published checkpoint, at ${STEADY} entries/s`,
      value: round(p99),
      unit: 'ms',
      reference: null,
      ratio: null,
      floor: '< 1000',
      aim: '< 700',
      holds: p99 < 1000,
      runs: waits.length,
      spread: [round(spread(waits)[0]), round(spread(waits)[1])],
    },
  ];
}

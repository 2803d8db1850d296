/** `audit`: entries made durable by the journal under 32 writers, against one write and one fdatasync each. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openSubjectKeys } from '../../../gateway/log/entries/keys.js';
import { openJournal } from '../../../gateway/log/journal/journal.js';
import { ephemeralSigner } from '../../../gateway/log/store/signer.js';
import { type BenchRow, ratioRow } from './rows.js';

/** Requests in flight of a gateway that is asked by several clients at once. */
const WRITERS = 256;
const ROUNDS = 5;
const QUICK_ROUNDS = 3;
const MS = 2000;

/** Entries a second, one synchronous write + fdatasync after another. */
function oneEach(file: string, entry: Buffer): number {
  const fd = openSync(file, 'w');
  const started = performance.now();
  let count = 0;
  while (performance.now() - started < MS / 2) {
    writeSync(fd, entry);
    fdatasyncSync(fd);
    count++;
  }
  closeSync(fd);
  return count / ((performance.now() - started) / 1000);
}

export async function auditRow(dir: string, quick: boolean): Promise<BenchRow[]> {
  const keys = openSubjectKeys({ dir: join(dir, 'keys') });
  const journal = await openJournal({
    dir: join(dir, 'journal'),
    name: 'bench',
    keys,
    signer: ephemeralSigner('bench.example'),
    now: Date.now,
  });
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
  const rounds: { value: number; reference: number }[] = [];
  for (let round = 0; round < (quick ? QUICK_ROUNDS : ROUNDS); round++) {
    const reference = oneEach(join(dir, 'one-each'), Buffer.alloc(clear.length + 300, 0x61));
    const until = performance.now() + MS;
    let count = 0;
    const started = performance.now();
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, i) => {
        for (let n = 0; performance.now() < until; n++) {
          await journal.append({ clear, subject: { subject: `uscc:${(i * 31 + n) % 5000}`, json: '{}' } });
          count++;
        }
      }),
    );
    rounds.push({ value: count / ((performance.now() - started) / 1000), reference });
  }
  await journal.close();
  await keys.close();
  return [
    ratioRow(
      {
        id: 'audit',
        what: `entries made durable, ${WRITERS} writers`,
        unit: 'entries/s',
        floor: '≥ 5',
        aim: '50',
        note: 'reference: one write and one fdatasync each',
      },
      rounds,
      (ratio) => ratio >= 5,
    ),
  ];
}

/** A data folder with journals that have entries, and its sequencer. */
import { join } from 'node:path';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { type OpenJournal, openJournal } from '../../gateway/log/journal/journal.js';
import { type Sequencer, type SequencerOptions, startSequencer } from '../../gateway/log/sequencer/sequencer.js';
import { type AuditSigners, openAuditSigners } from '../../gateway/log/store/signer.js';

export const ORIGIN = 'log.test/city';
export const signersOf = (data: string): AuditSigners =>
  openAuditSigners(data, { origin: ORIGIN, replica: 'replica-1.test' });
/** @param mergeDelay ms until its entries are promised to be in the log */
export const journalOf = (data: string, name = 'w1', mergeDelay = 60_000): Promise<OpenJournal> =>
  openJournal({
    mergeDelay,
    dir: join(data, 'journal'),
    name,
    keys: { dir: auditLayout(data).subjectKeys },
    signer: signersOf(data).replica,
    now: Date.now,
    segmentBytes: 65_536,
  });
export const sequencerOf = (data: string, more: Partial<SequencerOptions> = {}): Sequencer =>
  startSequencer({
    dataDir: data,
    signer: signersOf(data).log,
    origin: ORIGIN,
    now: Date.now,
    interval: 0,
    onAlert: () => undefined,
    ...more,
  });

/** Appends `count` entries to a worker's journal and closes it; the ids of their receipts. */
export async function fill(data: string, count: number, name = 'w1', from = 0): Promise<string[]> {
  const journal = await journalOf(data, name);
  const receipts = await Promise.all(
    Array.from({ length: count }, (_, n) =>
      journal.append({
        clear: JSON.stringify({
          type: 'released',
          time: new Date(1_700_000_000_000 + n).toISOString(),
          client: n % 2 === 0 ? 'tax-app' : 'bank-app',
          purpose: 'credit-report',
          n: from + n,
          datasets: [{ dataset: 'samr.company' }],
        }),
        subject: { subject: `uscc:${n % 5}`, json: '{"caseId":"c-1"}' },
      }),
    ),
  );
  await journal.close();
  return receipts.map(({ id }) => id);
}

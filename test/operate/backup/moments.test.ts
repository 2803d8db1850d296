/**
 * A backup that is taken at any moment, of a log that grows and is erased in meanwhile, is one whole: restored it
 * verifies, proves each receipt that was proved when it began, has the key of every entry that it can be read with, and
 * lets nobody read what was erased.
 */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { openSubjectKeys } from '../../../gateway/log/entries/keys.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { orderErasure } from '../../../gateway/log/erasure/order.js';
import type { OpenJournal } from '../../../gateway/log/journal/journal.js';
import { startSequencer } from '../../../gateway/log/sequencer/sequencer.js';
import { openBodies } from '../../../gateway/log/store/bodies.js';
import { entryReader } from '../../../gateway/log/store/reading.js';
import { lookupReceipt } from '../../../gateway/log/store/receipts.js';
import { openAuditSigners } from '../../../gateway/log/store/signer.js';
import { verifyLog } from '../../../gateway/log/verify/verify.js';
import { restoreBackup } from '../../../gateway/operate/backup/restore.js';
import { states } from '../../../gateway/operate/backup/states.js';
import { journalOf, sequencerOf } from '../../log/filled.js';

t.setTimeout(300_000);
const SUBJECTS = 12;
const child = fileURLToPath(new URL('./back-up-slowly.js', import.meta.url));
const copied = states.filter(({ copying }) => copying !== 'none').map(({ id }) => id);
const RUNS = 6;

t.test('taken at any moment under load, it is one whole', async (t) => {
  const dir = t.testdir();
  const data = join(dir, 'data');
  let going = true;
  const receipts: string[] = [];
  let n = 0;
  /** A worker: it writes, ends and comes back now and then, so that segments and journals begin under the backup. */
  const work = async (name: string): Promise<void> => {
    while (going) {
      const journal: OpenJournal = await journalOf(data, name);
      for (let round = 0; round < 40 && going; round++) {
        const made = await Promise.all(
          Array.from({ length: 5 }, () =>
            journal.append({
              clear: JSON.stringify({
                type: 'released',
                time: new Date().toISOString(),
                client: 'tax-app',
                purpose: 'x',
                datasets: [],
              }),
              subject: { subject: `uscc:${String(n++ % SUBJECTS)}`, json: '{"caseId":"c-1"}' },
            }),
          ),
        );
        receipts.push(...made.map(({ id }) => id));
        await wait(15);
      }
      await journal.close();
    }
  };
  const troubles: string[] = [];
  const sequencer = sequencerOf(data, { interval: 10, onAlert: (alert) => troubles.push(JSON.stringify(alert)) });
  const workers = [work('w1'), work('w2')];
  const proved = (): string[] => receipts.filter((id) => lookupReceipt(data, id).kind === 'logged');
  while (proved().length < 100) await wait(20);
  const keys = openSubjectKeys({ dir: auditLayout(data).subjectKeys });
  const orders = await journalOf(data, 'orders');
  let round = 0;

  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...copied), fc.integer({ min: 0, max: 120 })), { maxLength: 5 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: SUBJECTS - 1 })), { maxLength: 3 }),
      async (pauses, erasures) => {
        const [to, restored] = [join(dir, `backup-${String(++round)}`), join(dir, `restored-${String(round)}`)];
        const known = receipts
          .slice(-400)
          .concat(receipts.slice(0, 50))
          .filter((id) => lookupReceipt(data, id).kind === 'logged');
        const erasing = erasures.map(async ([after, subject]) => {
          await wait(after);
          await orderErasure(
            { keys, journal: orders, now: Date.now },
            {
              subject: `uscc:${String(subject)}`,
              reason: 'a court said so',
              legalBasis: 'a court order',
              by: 'operator',
            },
          );
        });
        await promisify(execFile)(process.execPath, [child, data, to, JSON.stringify(Object.fromEntries(pauses))]);
        await Promise.all(erasing);
        const { log } = await restoreBackup({
          backup: to,
          dataDir: restored,
          knowledge: { kind: 'unknown' },
          erased: [],
          incomplete: false,
          now: Date.now,
        });
        const origin = log?.origin ?? '';
        const again = startSequencer({
          dataDir: restored,
          signer: openAuditSigners(restored, { origin, replica: 'replica-1.test' }).log,
          origin,
          now: Date.now,
          interval: 0,
          onAlert: (alert) => troubles.push(JSON.stringify(alert)),
        });
        await again.runOnce();
        await again.stop();
        const report = await verifyLog({ logDir: auditLayout(restored).log, dataDir: restored });
        if (!report.ok || report.newer > 0 || report.declaredMissing > 0) throw new Error(JSON.stringify(report));
        for (const id of known)
          if (lookupReceipt(restored, id).kind !== 'logged') throw new Error(`the receipt ${id} is not proved`);

        const back = openSubjectKeys({ dir: auditLayout(restored).subjectKeys });
        const bodies = openBodies(auditLayout(restored).bodies, auditLayout(restored).index);
        const reader = entryReader(bodies, back);
        let locked = 0;
        const erasedNow = new Set<string>();
        for (let index = 0; index < report.size; index++) {
          const entry = reader.read(index);
          const pseudonym = entry?.body.subject?.pseudonym;
          if (entry?.stored.kind !== 'present' || pseudonym === undefined) continue;
          // its key may have gone with an erasure whose order came after the log was copied; otherwise it is there
          if (back.byPseudonym(pseudonym) !== undefined) {
            if (entry.opened === undefined) throw new Error(`entry ${String(index)} does not open`);
            continue;
          }
          locked++;
          erasedNow.add(pseudonym);
        }
        for (const pseudonym of erasedNow)
          if (keys.byPseudonym(pseudonym) !== undefined)
            throw new Error('an entry lost its key although nobody erased it');
        t.pass(
          `${report.size} entries, ${report.erased} erased, ${locked} locked by an erasure that came during ` +
            `it, ${known.length} receipts proved`,
        );
        bodies.close();
        await back.close();
        for (const one of [to, restored]) rmSync(one, { recursive: true, force: true });
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  going = false;
  await Promise.all(workers);
  await orders.close();
  await keys.close();
  await sequencer.stop();
  t.same(troubles, []);
});

t.test(
  'a folder whose sequencer died in the middle of a run is copied at the run before it; what it had staged is ' +
    'in journals',
  async (t) => {
    for (const step of ['committed', 'bodies', 'tiles'] as const) {
      const dir = t.testdir({});
      const data = join(dir, `data-${step}`);
      const { fill } = await import('../../log/filled.js');
      await fill(data, 30);
      const first = sequencerOf(data);
      await first.runOnce();
      await first.stop();
      const ids = await fill(data, 20, 'w1', 500);
      const dying = sequencerOf(data, {
        onStep(at) {
          if (at === step) throw new Error('died');
        },
      });
      await t.rejects(dying.runOnce(), /died/);
      await dying.stop();
      const to = join(dir, `backup-${step}`);
      const restored = join(dir, `restored-${step}`);
      const { backUp } = await import('./folder.js');
      t.match((await backUp(data, to)).manifest.log, { size: 30 });
      const { log } = await restoreBackup({
        backup: to,
        dataDir: restored,
        knowledge: { kind: 'unknown' },
        erased: [],
        incomplete: false,
        now: Date.now,
      });
      const origin = log?.origin ?? '';
      const again = startSequencer({
        dataDir: restored,
        signer: openAuditSigners(restored, { origin, replica: 'replica-1.test' }).log,
        origin,
        now: Date.now,
        interval: 0,
        onAlert: () => undefined,
      });
      await again.runOnce();
      await again.stop();
      t.match(await verifyLog({ logDir: auditLayout(restored).log, dataDir: restored }), {
        ok: true,
        size: 51,
        newer: 0,
      });
      for (const id of ids) t.equal(lookupReceipt(restored, id).kind, 'logged');
    }
  },
);

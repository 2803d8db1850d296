import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { administrationBody } from '../../gateway/log/entries/events.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { commitmentOf, segmentName } from '../../gateway/log/proof/journal.js';
import { verifyProof } from '../../gateway/log/proof/proof.js';
import { openSearch } from '../../gateway/log/search/index.js';
import type { SequencerAlert, SequencerOptions, SequencerStep } from '../../gateway/log/sequencer/sequencer.js';
import { openBodies } from '../../gateway/log/store/bodies.js';
import { lookupReceipt } from '../../gateway/log/store/receipts.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { fill, journalOf, ORIGIN, sequencerOf, signersOf } from './filled.js';

// its entries or pauses take long: not among the quick suites
t.setTimeout(360_000);

const check = (data: string) => verifyLog({ logDir: auditLayout(data).log, dataDir: data });

t.test('every entry of every worker ends in one log that verifies from its files', async (t) => {
  const data = t.testdir();
  const first = await fill(data, 300);
  const sequencer = sequencerOf(data);
  t.same(await sequencer.runOnce(), { added: 300, size: 300 });
  const second = await fill(data, 250, 'w2');
  t.same(await sequencer.runOnce(), { added: 250, size: 550 });
  t.same(await sequencer.runOnce(), { added: 0, size: 550 });
  await sequencer.stop();
  const report = await check(data);
  t.equal(report.fault, undefined);
  t.match(report, { ok: true, size: 550, bodies: 550, journals: 2, journalEntries: 550, newer: 0 });

  const signer = signersOf(data).log;
  for (const id of [first[0], first[255], first[299], second[249]]) {
    const found = lookupReceipt(data, id ?? '');
    if (found.kind !== 'logged' || found.salt === undefined) return t.fail(`receipt ${id} is not there`);
    t.equal(
      verifyProof(found.proof, commitmentOf(found.salt, Buffer.from(found.body)), ORIGIN, [signer]).index,
      found.index,
    );
    t.notMatch(found.body, 'c-1');
  }
  t.same(lookupReceipt(data, `${first[0]?.split(':')[0]}:301`), { kind: 'not_yet' });
  t.throws(() => lookupReceipt(data, '../x:1'), { code: 'bad_identifier' });

  t.equal(statSync(auditLayout(data).bodies).mode & 0o077, 0);
  t.equal(statSync(join(auditLayout(data).keys, 'log.key')).mode & 0o077, 0);
  const older = await fill(data, 3);
  t.match(await check(data), { ok: true, newer: 3 });
  t.same(lookupReceipt(data, older[0] ?? ''), { kind: 'not_yet' });
});

t.test('a sequencer that dies at any step goes on to a log without a double or a hole', async (t) => {
  const base = t.testdir({ before: {}, later: {} });
  const before = join(base, 'before');
  await fill(before, 260);
  await runToEnd(before);
  await fill(before, 300, 'w2');
  // another worker whose name sorts before the others, so that the next run reads in another order than the one that
  // died
  cpSync(before, join(base, 'later'), { recursive: true });
  await fill(join(base, 'later'), 10, 'w0', 1000);

  for (const died of [
    'read',
    'staged',
    'signed',
    'committed',
    'bodies',
    'tiles',
    'completed',
    'published',
  ] as const satisfies readonly SequencerStep[]) {
    const data = join(base, died);
    cpSync(before, data, { recursive: true });
    const dying = sequencerOf(data, {
      onStep: (step) => {
        if (step === died) throw new Error('killed');
      },
    });
    await t.rejects(dying.runOnce(), { message: 'killed' });
    await dying.stop(); // gives the lock back, which would be taken from a dead process
    t.ok((await check(data)).ok, `verifies as it was left at \`${died}\``);
    cpSync(join(base, 'later', 'journal'), join(data, 'journal'), { recursive: true });
    await runToEnd(data);
    const report = await check(data);
    t.match(report, { ok: true, size: 570, journalEntries: 570 }, `after \`${died}\`: ${report.fault ?? ''}`);
  }
});

async function runToEnd(data: string, more: Partial<SequencerOptions> = {}): Promise<void> {
  const sequencer = sequencerOf(data, more);
  await sequencer.runOnce();
  await sequencer.stop();
}

t.test('only one sequencer runs, and one that lost its place signs nothing', async (t) => {
  const data = t.testdir();
  await fill(data, 5);
  const first = sequencerOf(data, {
    onStep: (step) => {
      if (step === 'staged') rmSync(auditLayout(data).lock, { force: true });
    },
  });
  t.throws(() => sequencerOf(data), { code: 'audit_unavailable' });
  await t.rejects(first.runOnce(), { code: 'audit_unavailable' });
  await first.stop();
  await runToEnd(data);
  t.match(await check(data), { ok: true, size: 5 });
});

t.test('missing, damaged and vanished journals become entries and alerts', async (t) => {
  const data = t.testdir();
  const alerts: SequencerAlert[] = [];
  const onAlert = (alert: SequencerAlert): void => void alerts.push(alert);
  // each opening begins a segment: seqs 1–60, 61–80, 81–100, and 1–20, 21–30 of the third worker
  const [id = ''] = await fill(data, 60);
  await fill(data, 20);
  await fill(data, 20);
  const journal = id.split(':')[0] ?? '';
  await fill(data, 20, 'w2');
  const [third = ''] = await fill(data, 20, 'w3');
  await fill(data, 10, 'w3');
  const w3 = third.split(':')[0] ?? '';
  await runToEnd(data, { onAlert, batch: 60 });
  t.same(alerts, []);
  // segments go away before they were read: one with others behind it, and the newest of a journal
  rmSync(join(data, 'journal', journal, segmentName(2)));
  rmSync(join(data, 'journal', w3, segmentName(2)));
  const sequencer = sequencerOf(data, { onAlert });
  await sequencer.runOnce();
  t.same(alerts.splice(0), [
    { kind: 'gap', journal, from: 61, to: 80, why: 'missing' },
    { kind: 'gap', journal: w3, from: 21, to: 30, why: 'missing' },
  ]);
  const w2 = readdirSync(join(data, 'journal')).find((name) => name.startsWith('w2')) ?? '';
  rmSync(join(data, 'journal', w2), { recursive: true });
  await sequencer.runOnce();
  t.same(alerts, [{ kind: 'gap', journal: w2, from: 21, to: 20, why: 'vanished' }]);
  t.same(await sequencer.runOnce().then(({ added }) => added), 0, 'said once');
  await sequencer.stop();
  const report = await check(data);
  t.equal(report.fault, undefined);
  t.equal(report.declaredMissing, 30);
  const search = openSearch(data);
  t.equal((await search.page({ type: 'journal_gap' }, { limit: 10 })).entries.length, 3);
  await search.close();
});

t.test('an entry left out, a journal cut short and an erasure without a reason are found', async (t) => {
  const data = t.testdir();
  const receipts = await fill(data, 30);
  await runToEnd(data);
  const layout = auditLayout(data);
  const journal = receipts[0]?.split(':')[0] ?? '';
  const kept = join(data, 'kept');
  mkdirSync(kept);
  cpSync(join(data, 'journal'), join(kept, 'journal'), { recursive: true });
  rmSync(join(data, 'journal', journal), { recursive: true });
  t.match(await check(data), { ok: false, fault: /gone, and no entry says so/ });
  cpSync(join(kept, 'journal'), join(data, 'journal'), { recursive: true });
  t.ok((await check(data)).ok);

  const bodies = openBodies(layout.bodies, layout.index);
  bodies.erase([3], 4);
  t.match(await check(data), { ok: false, fault: /entry 3 is said to be erased by entry 4/ });
  const again = await journalOf(data);
  await again.append({
    clear: administrationBody({ time: new Date().toISOString(), action: 'erasure', by: 'data-officer' }),
  });
  await again.close();
  await runToEnd(data);
  bodies.erase([3], 30);
  bodies.close();
  t.match(await check(data), { ok: true, erased: 1, bodies: 30 });
  t.match(lookupReceipt(data, receipts[3] ?? ''), { kind: 'logged', erasedBy: 30, salt: undefined });
});

t.test('the verifier catches each of 200 flipped bytes', async (t) => {
  const data = t.testdir();
  await fill(data, 300);
  await runToEnd(data);
  const layout = auditLayout(data);
  t.ok((await check(data)).ok);
  const tiles = readdirSync(join(layout.log, 'tile'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const files = [
    ...tiles,
    join(layout.log, 'checkpoint'),
    ...readdirSync(layout.bodies).map((name) => join(layout.bodies, name)),
    ...readdirSync(layout.index).map((name) => join(layout.index, name)),
  ];
  t.ok(files.length >= 8);
  let seed = 20_261_124;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let caught = 0;
  for (let n = 0; n < 200; n++) {
    const file = files[n % files.length] ?? '';
    const whole = readFileSync(file);
    const at = random(whole.length);
    const changed = Buffer.from(whole);
    changed[at] = (whole[at] ?? 0) ^ (1 << random(8));
    writeFileSync(file, changed);
    const report = await check(data);
    if (report.ok || report.fault === undefined)
      t.fail(`byte ${at} of ${file.slice(data.length)} was flipped and nobody saw it`);
    else caught++;
    writeFileSync(file, whole);
  }
  t.equal(caught, 200);
  t.ok((await check(data)).ok);
});

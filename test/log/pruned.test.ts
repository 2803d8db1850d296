/**
 * Journal segments that the log holds whole are given back to the disk, and nothing that could be proved, found or
 * erased before is lost by it.
 */
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { orderErasure } from '../../gateway/log/erasure/order.js';
import { GROUPS_FILE, PRUNED_FILE, readPruned } from '../../gateway/log/journal/pruned.js';
import { readOn } from '../../gateway/log/journal/reader.js';
import { segmentName } from '../../gateway/log/proof/journal.js';
import { JOURNAL_START } from '../../gateway/log/proof/journal-position.js';
import { openSearch } from '../../gateway/log/search/index.js';
import { type PruneOptions, pruneJournals, startPruning } from '../../gateway/log/sequencer/prune.js';
import type { SequencerAlert } from '../../gateway/log/sequencer/sequencer.js';
import { lookupReceipt } from '../../gateway/log/store/receipts.js';
import { damagedJournals, mendDamage } from '../../gateway/log/verify/damage.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { checkBackup } from '../../gateway/operate/backup/check.js';
import { restoreBackup } from '../../gateway/operate/backup/restore.js';
import { takeOver } from '../../gateway/operate/backup/takeover.js';
import { until } from '../e2e/ask.js';
import { backUp } from '../operate/backup/folder.js';
import { fill, journalOf, ORIGIN, sequencerOf } from './filled.js';

t.setTimeout(300_000);
const KEEP = 3_600_000;
const HOUR = 3_600_000;
const check = (data: string) => verifyLog({ logDir: auditLayout(data).log, dataDir: data });
const folderOf = (data: string, name = 'w1'): string =>
  join(data, 'journal', readdirSync(join(data, 'journal')).find((id) => id.startsWith(`${name}-`)) ?? '');
const segments = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.seg'))
    .sort();

async function sequence(
  data: string,
  onAlert: (alert: SequencerAlert) => void = (alert) => t.fail(JSON.stringify(alert)),
): Promise<void> {
  const sequencer = sequencerOf(data, { onAlert });
  await sequencer.runOnce();
  await sequencer.stop();
}

/** All that may go, as of `hours` from now. @returns segments */
const prune = (data: string, hours = 3, more: Partial<PruneOptions> = {}): number =>
  [
    ...pruneJournals({
      dataDir: data,
      keep: KEEP,
      now: () => Date.now() + hours * HOUR,
      onKept: (journal, why) => t.fail(`${journal}: ${why}`),
      ...more,
    }),
  ].reduce((sum, one) => sum + one.segments, 0);

/** A journal of several segments, all of it in the log. */
async function filledLog(data: string, runs = 6): Promise<string[]> {
  const receipts: string[] = [];
  for (let i = 0; i < runs; i++) {
    receipts.push(...(await fill(data, 150, 'w1', i * 150)));
    await sequence(data);
  }
  return receipts;
}

t.test(
  'what the log holds whole goes after its term, the newest segments stay, and everything is proved as before',
  async (t) => {
    const data = t.testdir();
    const receipts = await filledLog(data);
    const dir = folderOf(data);
    const [before, had] = [await check(data), segments(dir)];
    t.match(before, { ok: true, journalEntries: 900, pruned: 0 });
    const export1 = await found(data, {});

    t.equal(prune(data, 0.5), 0, 'nothing is older than its term');
    const gone = prune(data);
    t.ok(gone >= 3, `${String(gone)} of ${String(had.length)} segments go`);
    t.strictSame(segments(dir), had.slice(gone), 'the oldest go, and the newest two stay');
    t.equal(prune(data), 0, 'and no more go');
    const bytes = readPruned(dir)?.given ?? 0;
    t.ok(statSync(join(dir, GROUPS_FILE)).size * 10 < bytes, 'what is kept of them is a small part');

    const after = await check(data);
    t.equal(after.fault, undefined);
    t.match(
      after,
      {
        ok: true,
        size: before.size,
        bodies: before.bodies,
        journalEntries: 900,
        declaredMissing: 0,
        signatures: before.signatures,
      },
      'each signature of the replica is checked as before',
    );
    t.equal(after.pruned, 450);
    for (const id of [receipts[0] ?? '', receipts[449] ?? '', receipts.at(-1) ?? ''])
      t.match(lookupReceipt(data, id), { kind: 'logged', salt: Buffer });
    t.strictSame(await found(data, {}), export1, 'search and export give the same');
    rmSync(auditLayout(data).search, { recursive: true, force: true });
    t.strictSame(await found(data, {}), export1, 'also where the index is made again');

    // it goes on
    const more = await fill(data, 20, 'w1', 900);
    await sequence(data);
    t.match(await check(data), { ok: true, journalEntries: 920 });
    t.match(lookupReceipt(data, more[0] ?? ''), { kind: 'logged' });
    t.equal(prune(data), 1, 'and the next segment goes when it is no longer one of the last');
    t.match(await check(data), { ok: true, journalEntries: 920 });
  },
);

async function found(data: string, query: Parameters<ReturnType<typeof openSearch>['entries']>[0]): Promise<unknown[]> {
  const search = openSearch(data);
  try {
    await search.catchUp(0);
    const all: unknown[] = [];
    for await (const entry of search.entries(query)) all.push(entry);
    return all;
  } finally {
    await search.close();
  }
}

t.test('a subject is erased after its journal was shortened, and erased entries are given back as well', async (t) => {
  const data = t.testdir();
  await filledLog(data, 4);
  const erase = async (subject: string): Promise<void> => {
    const keys = openSubjectKeys({ dir: auditLayout(data).subjectKeys });
    const journal = await journalOf(data, 'w9');
    await orderErasure(
      { keys, journal, now: Date.now },
      { subject, reason: 'a court said so', legalBasis: 'PIPL Art.47', by: 'data-officer' },
    );
    await journal.close();
    await keys.close();
    await sequence(data);
  };
  await erase('uscc:1');
  t.ok(prune(data) >= 1, 'segments with erased entries go');
  t.notOk(readdirSync(folderOf(data)).includes(`${segmentName(1)}.erased`), 'with their lists');
  await erase('uscc:2');
  const report = await check(data);
  t.equal(report.fault, undefined);
  t.match(report, { ok: true, erased: 240 });
  t.equal((await found(data, { subject: 'uscc:2' })).length, 0);
  t.equal((await found(data, { subject: 'uscc:3' })).length, 120);
});

t.test('a backup of a shortened journal is checked, restored, and goes on', async (t) => {
  const dir = t.testdir();
  const [data, backup, to] = [join(dir, 'data'), join(dir, 'backup'), join(dir, 'to')];
  const receipts = await filledLog(data);
  t.ok(prune(data) >= 3);
  await backUp(data, backup);
  await t.resolves(checkBackup(backup));
  const report = await restoreBackup({
    backup,
    dataDir: to,
    knowledge: { kind: 'none', word: 'nothing came after it' },
    erased: [],
    incomplete: false,
    now: Date.now,
  });
  t.match(report.log, { renamed: false, size: 900 });
  const verified = await check(to);
  t.equal(verified.fault, undefined);
  t.match(verified, { ok: true, size: 901, journalEntries: 900 });
  await sequence(to);
  t.match(lookupReceipt(to, receipts[0] ?? ''), { kind: 'logged' });
  await fill(to, 5, 'w1', 2000);
  await sequence(to);
  t.match(await check(to), { ok: true, size: 906 });
});

t.test(
  'what was given back is no damage, to nobody who looks for some, and comes along when another replica takes over',
  async (t) => {
    const dir = t.testdir();
    const [data, east] = [join(dir, 'data'), join(dir, 'east')];
    const receipts = await filledLog(data);
    t.ok(prune(data) >= 3);
    t.strictSame(await damagedJournals(data, new Map()), []);
    t.match(await mendDamage({ dataDir: data, now: Date.now, dryRun: false }), { journals: [], closed: [] });
    t.match(await check(data), { ok: true, size: 900, declaredMissing: 0 }, 'and nothing is declared missing');
    await fill(east, 1);
    const taken = await takeOver({
      dataDir: east,
      from: data,
      replica: 'east',
      others: [],
      configured: ORIGIN,
      knowledge: { kind: 'none', word: 'nothing came after it' },
      now: Date.now,
    });
    t.match(taken, { renamed: false });
    const report = await check(east);
    t.equal(report.fault, undefined);
    t.match(report, { ok: true, journalEntries: 900, pruned: 450 });
    t.match(lookupReceipt(east, receipts[0] ?? ''), { kind: 'logged' });
  },
);

t.test('nothing goes that the published log does not hold', async (t) => {
  const base = t.testdir();
  const whole = join(base, 'whole');
  await filledLog(whole);
  const copy = (name: string): string => {
    cpSync(whole, join(base, name), { recursive: true, preserveTimestamps: true });
    return join(base, name);
  };
  const unpublished = copy('unpublished');
  rmSync(join(auditLayout(unpublished).log, 'checkpoint'));
  t.equal(prune(unpublished), 0, 'no checkpoint is published');

  const damaged = copy('damaged');
  const file = join(folderOf(damaged), segmentName(2));
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const told: string[] = [];
  t.equal(
    prune(damaged, 3, { onKept: (_journal, why) => told.push(why) }),
    1,
    'a damaged segment is evidence: it stays, and all behind it',
  );
  t.match(told, [/^segment 2 is damaged behind seq \d+$/]);
  t.ok(existsSync(file));

  const lost = copy('lost');
  const index = join(auditLayout(lost).index, folderOf(lost).split('/').at(-1) ?? '');
  const entries = readFileSync(index);
  entries.fill(0, 200 * 6, 201 * 6);
  writeFileSync(index, entries);
  t.equal(prune(lost, 3, { onKept: (_journal, why) => told.push(why) }), 1);
  t.equal(told.at(-1), 'seq 201 is not in the published log');

  const behind = copy('behind');
  await fill(behind, 150, 'w1', 900);
  await fill(behind, 150, 'w1', 1050);
  const had = segments(folderOf(behind));
  prune(behind);
  t.ok(
    segments(folderOf(behind)).length >= 4,
    `what is not sequenced stays, with what it stands on (of ${String(had.length)})`,
  );
  await sequence(behind);
  t.match(await check(behind), { ok: true, journalEntries: 1200 });
});

t.test('what is kept of a shortened journal cannot be changed unseen', async (t) => {
  const base = t.testdir();
  const whole = join(base, 'whole');
  await filledLog(whole);
  prune(whole);
  t.match(await check(whole), { ok: true });
  const spoil = async (name: string, how: (dir: string, data: string) => void, fault: RegExp): Promise<void> => {
    const data = join(base, name);
    cpSync(whole, data, { recursive: true });
    how(folderOf(data), data);
    const report = await check(data);
    t.equal(report.ok, false, name);
    t.match(report.fault ?? '', fault, name);
  };
  await spoil(
    'no-headers',
    (dir) => rmSync(join(dir, GROUPS_FILE)),
    /headers of groups that were given back are damaged/,
  );
  await spoil(
    'no-word',
    (dir) => rmSync(join(dir, PRUNED_FILE)),
    /seq 1 to \d+ of journal .* cannot be read \(missing\), and no entry says so/,
  );
  await spoil(
    'flipped',
    (dir) =>
      writeFileSync(
        join(dir, GROUPS_FILE),
        readFileSync(join(dir, GROUPS_FILE)).map((byte, i) => (i === 70 ? byte ^ 1 : byte)),
      ),
    /headers of groups that were given back are damaged/,
  );
  await spoil(
    'one less',
    (dir) => {
      const file = join(dir, GROUPS_FILE);
      const bytes = readFileSync(file);
      const pruned = JSON.parse(readFileSync(join(dir, PRUNED_FILE), 'utf8')) as { bytes: number };
      writeFileSync(file, Buffer.concat([bytes.subarray(0, 196), bytes.subarray(392)]));
      writeFileSync(join(dir, PRUNED_FILE), JSON.stringify({ ...pruned, bytes: pruned.bytes - 196 }));
    },
    /are missing, and no entry says so/,
  );
  await spoil(
    'another segment away',
    (dir) => rmSync(join(dir, segments(dir)[0] ?? '')),
    /cannot be read|does not lead to/,
  );
});

t.test('a crash between two steps loses nothing', async (t) => {
  const data = t.testdir();
  await filledLog(data);
  const dir = folderOf(data);
  const saved = join(t.testdirName, '..', `${t.testdirName.split('/').at(-1) ?? ''}-saved`);
  cpSync(dir, saved, { recursive: true, preserveTimestamps: true });
  t.teardown(() => rmSync(saved, { recursive: true, force: true }));
  const gone = prune(data);
  // the word is on disk, the segments are still there
  for (const name of segments(saved).slice(0, gone)) cpSync(join(saved, name), join(dir, name));
  t.match(await check(data), { ok: true, journalEntries: 900 });
  prune(data);
  t.equal(segments(dir).length, segments(saved).length - gone, 'they go with the next look');
  // headers of a segment that did not go before the crash stand behind what counts
  appendFileSync(join(dir, GROUPS_FILE), Buffer.alloc(196 * 3, 7));
  await fill(data, 150, 'w1', 900);
  await sequence(data);
  prune(data);
  t.match(await check(data), { ok: true, journalEntries: 1050 });
});

t.test('a log that begins anew over a shortened journal says what it cannot have', async (t) => {
  const data = t.testdir();
  await filledLog(data);
  prune(data);
  const dir = folderOf(data);
  const first = readOn(dir, JOURNAL_START, 1);
  t.match(first, { kind: 'gap', from: 1, to: readPruned(dir)?.lastSeq, why: 'missing' });
});

t.test(
  'it is done beside the sequencer, while entries come and the log is verified, and stops where another sequences',
  async (t) => {
    const data = t.testdir();
    await fill(data, 1);
    const sequencer = sequencerOf(data, { interval: 20, onAlert: (alert) => t.fail(JSON.stringify(alert)) });
    let elsewhere: ReadonlyMap<string, number> | undefined;
    const errors: unknown[] = [];
    // each entry is promised to be in the log a millisecond after it came
    const pruning = startPruning({
      dataDir: data,
      keep: 1,
      now: Date.now,
      followed: () => elsewhere,
      onKept: (message) => errors.push(message),
      onError: (error) => errors.push(error),
    });
    const journal = await journalOf(data, 'w2', 1);
    const end = Date.now() + 60_000;
    for (let n = 0; pruning.given().segments < 5 && Date.now() < end; n++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          journal.append({
            clear: JSON.stringify({
              type: 'released',
              time: new Date().toISOString(),
              n: n * 20 + i,
              pad: 'x'.repeat(400),
            }),
            subject: { subject: `uscc:${String(i % 5)}`, json: '{}' },
          }),
        ),
      );
      if (n % 20 === 0) t.match(await check(data), { ok: true, declaredMissing: 0 });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    t.ok(pruning.given().segments >= 5);
    const lost = Date.now();
    // another sequences now, and has not said so far what it has
    elsewhere = new Map();
    await until(
      'a look',
      () => Promise.resolve(pruning.lookedAt()),
      (at) => at > lost + 2500,
    );
    const { segments: had } = pruning.given();
    for (let n = 0; n < 40; n++)
      await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          journal.append({
            clear: JSON.stringify({ type: 'released', time: new Date().toISOString(), n: i, pad: 'x'.repeat(400) }),
          }),
        ),
      );
    await sequencer.runOnce();
    const later = Date.now();
    await until(
      'another look',
      () => Promise.resolve(pruning.lookedAt()),
      (at) => at > later,
    );
    t.equal(pruning.given().segments, had, 'nothing goes while another may need what is here');
    await pruning.stop();
    await journal.close();
    await sequencer.runOnce();
    await sequencer.stop();
    t.match(await check(data), { ok: true, newer: 0, declaredMissing: 0 });
    t.strictSame(errors, []);
  },
);

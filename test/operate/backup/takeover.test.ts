/**
 * A replica takes over the log of one that is gone: every entry that was promised is in the log, or declared missing
 * there, and no name has two trees.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { openJournal } from '../../../gateway/log/journal/journal.js';
import { openCheckpoint, parseCheckpoint } from '../../../gateway/log/proof/checkpoint.js';
import { parseNote, parseVkey } from '../../../gateway/log/proof/note.js';
import { openFence, openRegister } from '../../../gateway/log/replicas/epoch.js';
import { openSearch } from '../../../gateway/log/search/index.js';
import { startSequencer } from '../../../gateway/log/sequencer/sequencer.js';
import { lookupReceipt } from '../../../gateway/log/store/receipts.js';
import { openReplicaSigner, openSigner } from '../../../gateway/log/store/signer.js';
import { verifyLog } from '../../../gateway/log/verify/verify.js';
import { planTakeover, takeOver } from '../../../gateway/operate/backup/takeover.js';
import type { TakeoverOptions } from '../../../gateway/operate/backup/takeover-look.js';
import { fill, ORIGIN, sequencerOf } from '../../log/filled.js';
import { backUp } from './folder.js';

t.setTimeout(180_000);

const check = (data: string) => verifyLog({ logDir: auditLayout(data).log, dataDir: data });

/** west sequences; east was told how far; both have entries that nobody took so far. */
interface Pair {
  readonly west: string;
  readonly east: string;
  /** Receipts by the replica that gave them, oldest first. */
  readonly receipts: { readonly west: readonly string[]; readonly east: readonly string[] };
}

async function run(data: string, step?: string): Promise<void> {
  const sequencer = sequencerOf(data, {
    fence: openFence(openRegister(data), { name: 'west', epoch: 1, others: [] }),
    ...(step === undefined
      ? {}
      : {
          onStep: (at) => {
            if (at === step) throw new Error('killed');
          },
        }),
  });
  await sequencer.runOnce().catch((error: Error) => {
    if (error.message !== 'killed') throw error;
  });
  await sequencer.stop();
}

/** Everything of `east` that west copies. */
function pull(east: string, west: string): void {
  cpSync(join(east, 'journal'), join(west, 'mirrors', 'east'), {
    recursive: true,
    filter: (path) => !path.endsWith('lock'),
  });
  cpSync(join(east, 'log', 'replicas'), join(west, 'log', 'replicas'), { recursive: true });
}

async function eastFill(data: string, count: number): Promise<string[]> {
  openReplicaSigner(data, 'replica-1.test');
  const journal = await openJournal({
    dir: join(data, 'journal'),
    name: 'w1',
    keys: { dir: auditLayout(data).subjectKeys },
    signer: openReplicaSigner(data, 'replica-1.test'),
    now: Date.now,
    segmentBytes: 65_536,
  });
  const made = await Promise.all(
    Array.from({ length: count }, () =>
      journal.append({ clear: JSON.stringify({ type: 'released', time: new Date().toISOString(), client: 'c' }) }),
    ),
  );
  await journal.close();
  return made.map(({ id }) => id);
}

/** @param died the step at which west's sequencer was killed in its last run */
async function pair(t: Test, died?: string): Promise<Pair> {
  const dir = t.testdir();
  const [west, east] = [join(dir, 'west'), join(dir, 'east')];
  const ofWest = await fill(west, 84);
  const ofEast = await eastFill(east, 40);
  pull(east, west);
  await run(west);
  openRegister(east).take({ epoch: 1, holder: 'west', established: true, ...openRegister(west).own() });
  // and then it is gone
  ofWest.push(...(await fill(west, 6)));
  ofEast.push(...(await eastFill(east, 3)));
  if (died !== undefined) await run(west, died);
  return { west, east, receipts: { west: ofWest, east: ofEast } };
}

const base = (east: string): TakeoverOptions => ({
  dataDir: east,
  replica: 'east',
  others: [],
  configured: ORIGIN,
  knowledge: { kind: 'unknown' },
  now: Date.now,
});

async function sequenceAt(data: string, origin: string, epoch = 2): Promise<void> {
  const fence = openFence(openRegister(data), { name: 'east', epoch, others: [] });
  const sequencer = startSequencer({
    dataDir: data,
    fence,
    origin,
    signer: openSigner(join(auditLayout(data).keys, 'log.key'), origin),
    now: Date.now,
    interval: 0,
    onAlert: () => undefined,
  });
  await sequencer.runOnce();
  await sequencer.stop();
}

/** What the log of a folder declares missing. */
async function declared(data: string): Promise<(id: string) => boolean> {
  const search = openSearch(data);
  const gaps: { readonly journal?: string; readonly from?: number; readonly to?: number; readonly open?: boolean }[] =
    [];
  for await (const { body } of search.entries({ type: 'journal_gap' })) gaps.push(body as (typeof gaps)[number]);
  await search.close();
  return (id) => {
    const [journal = '', seq = ''] = id.split(':');
    return gaps.some(
      (gap) =>
        gap.journal === journal &&
        Number(seq) >= (gap.from ?? Infinity) &&
        (gap.open === true || Number(seq) <= (gap.to ?? 0)),
    );
  };
}

for (const died of [undefined, 'staged', 'committed', 'bodies', 'tiles'] as const) {
  t.test(
    `with the disk kept${died === undefined ? '' : `, of a sequencer that died at \`${died}\``}: the log keeps its name and holds every receipt`,
    async (t) => {
      const { west, east, receipts } = await pair(t, died);
      const published = parseCheckpoint(parseNote(readFileSync(join(west, 'log', 'checkpoint'))).text);
      const before = JSON.stringify(readdirSync(east, { recursive: true }).sort());
      const options: TakeoverOptions = {
        ...base(east),
        from: west,
        knowledge: { kind: 'none', word: 'the disk itself' },
      };
      const plan = await planTakeover(options);
      t.match(plan, { renamed: false, lost: 0, missing: [], epoch: 2 });
      t.match(plan.journals, [{ journal: receipts.west[0]?.split(':')[0], replica: 'west', lastSeq: 90 }]);
      t.equal(JSON.stringify(readdirSync(east, { recursive: true }).sort()), before, 'a plan writes nothing');
      t.match(await takeOver(options), { origin: ORIGIN });
      t.notOk(existsSync(join(east, 'takeover.partial')));
      await sequenceAt(east, ORIGIN);
      const report = await check(east);
      t.equal(report.fault, undefined);
      t.equal(report.newer, 0);
      for (const id of [...receipts.west, ...receipts.east])
        if (lookupReceipt(east, id).kind !== 'logged') t.fail(`${id} is not in the log`);
      const note = openCheckpoint(readFileSync(join(east, 'log', 'checkpoint')), ORIGIN, [
        parseVkey(readFileSync(join(west, 'log', 'vkey'), 'utf8')),
      ]);
      t.ok(note.size > published.size, 'signed by the same key');
      t.match(openRegister(east).current(), { holder: 'east', epoch: 2 });
    },
  );
}

t.test(
  'with the disk lost: a new name, and what is gone is declared, entry by entry and with an open end',
  async (t) => {
    const { east, receipts } = await pair(t);
    const plan = await planTakeover(base(east));
    const lost = receipts.west[0]?.split(':')[0];
    t.match(plan, {
      renamed: true,
      size: 0,
      lost: 124,
      before: ORIGIN,
      missing: [{ journal: lost, replica: 'west', from: 1, to: 84, open: true }],
    });
    const done = await takeOver(base(east));
    t.not(done.origin, ORIGIN);
    t.throws(() => sequencerOf(east), { code: 'bad_config' }, 'nothing goes on under the old name');
    await sequenceAt(east, done.origin);
    const report = await check(east);
    t.equal(report.fault, undefined);
    const missing = await declared(east);
    for (const id of receipts.east) t.equal(lookupReceipt(east, id).kind, 'logged');
    t.strictSame(
      receipts.west.filter((id) => !missing(id)),
      [],
      'each is declared, also those that came behind what was known',
    );
    t.ok(receipts.east.every((id) => !missing(id)));
  },
);

t.test(
  'an older copy goes on under a new name with all that the journals here have, or not at all where it is another tree',
  async (t) => {
    const { west, east, receipts } = await pair(t);
    const old = join(t.testdirName, 'old');
    cpSync(west, old, { recursive: true });
    await run(west);
    await fill(west, 10, 'w2');
    await run(west);
    openRegister(east).take({ epoch: 1, holder: 'west', established: true, ...openRegister(west).own() });
    const options: TakeoverOptions = { ...base(east), from: old, knowledge: { kind: 'none', word: 'it is not so' } };
    const plan = await planTakeover(options);
    t.match(
      plan,
      { renamed: true, size: 124, lost: 16, why: /had 140 entries, and 124 are here/ },
      'the record is believed before a word',
    );
    t.ok(
      plan.missing.some(({ from, to }) => from === 1 && to === 10),
      'of a journal that the copy does not know, too',
    );
    const done = await takeOver(options);
    await sequenceAt(east, done.origin);
    t.match(await check(east), { ok: true, newer: 0 });
    for (const id of [...receipts.west, ...receipts.east]) t.equal(lookupReceipt(east, id).kind, 'logged');
    t.ok(existsSync(join(east, 'log', 'earlier')), 'the old key and its last checkpoint stay there');

    const [other, third] = [join(t.testdirName, 'other'), join(t.testdirName, 'third')];
    await fill(other, 200);
    await run(other);
    openRegister(third).take({ epoch: 1, holder: 'west', established: true, ...openRegister(west).own() });
    await t.rejects(planTakeover({ ...base(third), from: other, knowledge: { kind: 'none', word: 'so' } }), {
      code: 'restore_fork',
    });
  },
);

t.test('a take-over that was killed while it was put in its place is gone on with', async (t) => {
  const { west, east, receipts } = await pair(t);
  const options: TakeoverOptions = { ...base(east), from: west, knowledge: { kind: 'none', word: 'the disk itself' } };
  // a file where a folder must come stops it half way
  mkdirSync(join(east, 'audit'), { recursive: true });
  mkdirSync(join(east, 'audit', 'checkpoint', 'in-the-way'), { recursive: true });
  await t.rejects(takeOver(options));
  t.ok(existsSync(join(east, 'takeover.partial', 'made')));
  rmSync(join(east, 'audit', 'checkpoint'), { recursive: true });
  rmSync(west, { recursive: true });
  t.match(await takeOver(options), { origin: ORIGIN, size: 124 });
  await sequenceAt(east, ORIGIN);
  t.match(await check(east), { ok: true, newer: 0 });
  for (const id of [...receipts.west, ...receipts.east]) t.equal(lookupReceipt(east, id).kind, 'logged');
});

t.test('nothing is taken over from, or into, a folder in which something runs', async (t) => {
  const { west, east } = await pair(t);
  const sequencer = sequencerOf(west);
  await t.rejects(planTakeover({ ...base(east), from: west }), { code: 'audit_unavailable' });
  await sequencer.stop();
  await planTakeover({ ...base(east), from: west });
});

t.test(
  'a folder whose log cannot go on by itself goes on from a backup and the journals that it still has: nothing is lost',
  async (t) => {
    const data = join(t.testdir(), 'data');
    const receipts = await fill(data, 60);
    await run(data);
    const backup = join(t.testdirName, 'backup');
    await backUp(data, backup);
    receipts.push(...(await fill(data, 30)));
    await run(data);
    receipts.push(...(await fill(data, 10)));
    // the state is cut; then, as docs/faults.md says, what there was of the log is put aside
    for (const path of ['audit/state', 'audit/bodies', 'audit/index', 'audit/staged', 'audit/checkpoint', 'log']) {
      mkdirSync(join(t.testdirName, 'aside', path, '..'), { recursive: true });
      if (existsSync(join(data, path))) renameSync(join(data, path), join(t.testdirName, 'aside', path));
    }
    const options: TakeoverOptions = { ...base(data), replica: 'west', from: join(backup, 'data') };
    t.match(await planTakeover(options), { renamed: true, size: 60, missing: [] });
    const done = await takeOver(options);
    const fence = openFence(openRegister(data), { name: 'west', epoch: 2, others: [] });
    const sequencer = startSequencer({
      dataDir: data,
      fence,
      origin: done.origin,
      signer: openSigner(join(auditLayout(data).keys, 'log.key'), done.origin),
      now: Date.now,
      interval: 0,
      onAlert: () => undefined,
    });
    await sequencer.runOnce();
    await sequencer.stop();
    const report = await check(data);
    t.equal(report.fault, undefined);
    t.equal(report.newer, 0);
    for (const id of receipts) if (lookupReceipt(data, id).kind !== 'logged') t.fail(`${id} is not in the log`);
  },
);

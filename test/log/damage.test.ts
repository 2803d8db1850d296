/**
 * Each file of the log, flipped, cut, emptied or removed while the group stands, and what its next start makes of it.
 * The table in docs/faults.md is this one: whatever else happens, no receipt leads to another entry than its own, and
 * what is not whole is said by whoever looks.
 */

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { present } from '../../contracts/present.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { openJournal } from '../../gateway/log/journal/journal.js';
import { markerOf } from '../../gateway/log/journal/segments.js';
import { commitmentOf } from '../../gateway/log/proof/journal.js';
import { verifyProof } from '../../gateway/log/proof/proof.js';
import { openFence, openRegister } from '../../gateway/log/replicas/epoch.js';
import { openSearch } from '../../gateway/log/search/index.js';
import type { SequencerAlert } from '../../gateway/log/sequencer/sequencer.js';
import { lookupReceipt } from '../../gateway/log/store/receipts.js';
import { openReplicaSigner } from '../../gateway/log/store/signer.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { watchLog } from '../../gateway/operate/process/log-health.js';
import { fill, ORIGIN, sequencerOf, signersOf } from './filled.js';

t.setTimeout(600_000);

const DAMAGES = ['flipped', 'cut', 'emptied', 'removed'] as const;
type Damage = (typeof DAMAGES)[number];

/**
 * `healed`: made again or not needed, the log goes on and verifies. `refused`: nothing goes on (no start, or nothing
 * comes into the log and health says so). `found`: it goes on, and `audit verify` says what is wrong. `declared`: an
 * entry of the log says what is missing.
 */
type Outcome = 'healed' | 'refused' | 'found' | 'declared';

interface Row {
  /** As the table names it. */
  readonly file: string;
  /** In the data folder of the test. */
  readonly path: (data: string) => string;
  readonly outcomes: Readonly<Record<Damage, Outcome>>;
  /** Bytes of it that say something; default: all. */
  readonly used?: (data: string) => number;
}

const all = (outcome: Outcome): Row['outcomes'] => ({
  flipped: outcome,
  cut: outcome,
  emptied: outcome,
  removed: outcome,
});
const inside = (dir: string, which: (names: readonly string[]) => string | undefined): string =>
  join(dir, which(readdirSync(dir).sort()) ?? 'nothing');
const journal = (data: string): string =>
  inside(auditLayout(data).journals, (names) => names.find((name) => name.startsWith('w1-')));

const ROWS: readonly Row[] = [
  { file: 'log/checkpoint', path: (data) => join(auditLayout(data).log, 'checkpoint'), outcomes: all('healed') },
  {
    file: 'log/vkey',
    path: (data) => join(auditLayout(data).log, 'vkey'),
    outcomes: { ...all('refused'), removed: 'healed' },
  },
  {
    file: 'log/replicas/<id>.vkey',
    path: (data) => inside(join(auditLayout(data).log, 'replicas'), ([first]) => first),
    outcomes: all('healed'),
  },
  {
    file: 'log/tile, at the edge',
    path: (data) => join(auditLayout(data).log, 'tile', '0', '001.p', '44'),
    outcomes: all('healed'),
  },
  { file: 'log/tile, full', path: (data) => join(auditLayout(data).log, 'tile', '0', '000'), outcomes: all('found') },
  {
    file: 'log/tile/entries, at the edge',
    path: (data) => join(auditLayout(data).log, 'tile', 'entries', '001.p', '44'),
    outcomes: all('healed'),
  },
  {
    file: 'log/tile/entries, full',
    path: (data) => join(auditLayout(data).log, 'tile', 'entries', '000'),
    outcomes: all('found'),
  },
  {
    file: 'audit/state',
    path: (data) => inside(auditLayout(data).state, (names) => names.at(-1)),
    outcomes: all('refused'),
  },
  { file: 'audit/checkpoint', path: (data) => auditLayout(data).complete, outcomes: all('healed') },
  {
    file: 'audit/bodies/*.dat',
    path: (data) => join(auditLayout(data).bodies, '00000000.dat'),
    outcomes: { flipped: 'found', cut: 'refused', emptied: 'refused', removed: 'refused' },
  },
  {
    file: 'audit/bodies/*.idx',
    path: (data) => join(auditLayout(data).bodies, '00000000.idx'),
    outcomes: { flipped: 'found', cut: 'refused', emptied: 'refused', removed: 'refused' },
  },
  {
    file: 'audit/index/<journal>',
    path: (data) => inside(auditLayout(data).index, (names) => names.find((name) => name.startsWith('w1-'))),
    outcomes: { ...all('healed'), flipped: 'found' },
  },
  {
    file: 'audit/staged, of a run that was cut off',
    path: (data) => inside(auditLayout(data).staged, ([first]) => first),
    outcomes: all('refused'),
  },
  {
    file: 'audit/erasures',
    path: (data) => auditLayout(data).erasures,
    outcomes: { ...all('refused'), removed: 'healed' },
  },
  {
    file: 'audit/epoch',
    path: (data) => inside(auditLayout(data).epoch, (names) => names.at(-1)),
    outcomes: { flipped: 'refused', cut: 'refused', emptied: 'refused', removed: 'healed' },
  },
  {
    file: 'audit/search/*',
    path: (data) => inside(auditLayout(data).search, ([first]) => first),
    outcomes: all('healed'),
  },
  { file: 'keys/log.key', path: (data) => join(auditLayout(data).keys, 'log.key'), outcomes: all('refused') },
  {
    file: 'keys/replica.key',
    path: (data) => join(auditLayout(data).keys, 'replica.key'),
    outcomes: { ...all('refused'), removed: 'healed' },
  },
  {
    file: 'journal/*/<n>.seg, all of it in the log',
    path: (data) => join(journal(data), '00000001.seg'),
    outcomes: all('found'),
  },
  {
    file: 'journal/*/<n>.seg, the newest',
    path: (data) => inside(journal(data), (names) => names.filter((name) => name.endsWith('.seg')).at(-1)),
    outcomes: all('refused'),
    used: (data) => markerOf(journal(data))?.end ?? 0,
  },
  { file: 'journal/*/durable', path: (data) => join(journal(data), 'durable'), outcomes: all('healed') },
];

const hasStaged = ({ file }: Row): boolean => file.startsWith('audit/staged');

function harm(file: string, damage: Damage, size: number): void {
  switch (damage) {
    case 'flipped': {
      const bytes = readFileSync(file);
      const at = Math.min(size - 2, Math.max(0, Math.floor(size / 3)));
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      return;
    }
    case 'cut':
      return truncateSync(file, Math.floor(size * 0.6));
    case 'emptied':
      return truncateSync(file, 0);
    case 'removed':
      return rmSync(file);
  }
}

const entry = (): string => JSON.stringify({ type: 'released', time: new Date().toISOString(), client: 'tax-app' });

/**
 * The writer's and a worker's start: what they refuse, in words; else the log as far as it comes, and the receipts of
 * five more answers.
 */
async function startAgain(data: string): Promise<{
  readonly refused?: string;
  readonly alerts: readonly SequencerAlert[];
  readonly receipts: readonly string[];
}> {
  const alerts: SequencerAlert[] = [];
  const receipts: string[] = [];
  let refused: string | undefined;
  try {
    const signer = openReplicaSigner(data, 'replica-1.test');
    const log = signersOf(data).log;
    const fence = openFence(openRegister(data), { name: 'main', epoch: 1, others: [] });
    const sequencer = sequencerOf(data, { signer: log, fence, onAlert: (alert) => alerts.push(alert) });
    try {
      // as a worker of that name opens it; one that cannot begins none
      const writing = await openJournal({
        dir: join(data, 'journal'),
        name: 'w1',
        keys: { dir: auditLayout(data).subjectKeys },
        signer,
        now: Date.now,
        segmentBytes: 65_536,
      }).catch((error: Error) => void (refused = error.message));
      if (writing !== undefined) {
        for (let i = 0; i < 5; i++) receipts.push((await writing.append({ clear: entry() })).id);
        await writing.close();
      }
      await sequencer.runOnce();
      await sequencer.runOnce();
    } finally {
      await sequencer.stop();
    }
  } catch (error) {
    refused = error instanceof Error ? error.message : 'unknown';
  }
  return { alerts, receipts, ...present({ refused }) };
}

async function outcomeOf(
  t: Test,
  base: string,
  data: string,
  row: Row,
  damage: Damage,
  receipts: readonly string[],
): Promise<Outcome> {
  cpSync(base, data, { recursive: true });
  harm(row.path(data), damage, row.used?.(data) ?? statSync(row.path(data)).size);
  const { refused, alerts, receipts: more } = await startAgain(data);
  const report = await verifyLog({ logDir: auditLayout(data).log, dataDir: data }).catch((error: Error) => ({
    ok: false,
    fault: error.message,
    newer: 0,
  }));
  const later = Date.now() + 3_600_000;
  const health = watchLog({
    dataDir: data,
    audit: { sequencer: true, replica: 'main', replicas: {}, mergeWithinSeconds: 60, behindSeconds: 60 },
    now: () => later,
  });
  const said = [...health.reasons(), ...health.warnings()];
  health.stop();

  // whatever is said of a receipt is true of it
  let missing = 0;
  for (const id of [...receipts, ...more]) {
    let found: ReturnType<typeof lookupReceipt>;
    try {
      found = lookupReceipt(data, id);
    } catch {
      missing++;
      continue;
    }
    if (found.kind !== 'logged' || found.salt === undefined) {
      missing++;
      continue;
    }
    const proved = (() => {
      try {
        return (
          verifyProof(found.proof, commitmentOf(found.salt, Buffer.from(found.body)), ORIGIN, [signersOf(base).log])
            .index === found.index
        );
      } catch {
        return false;
      }
    })();
    if (!proved && report.ok) t.fail(`${id} is answered with what is not proved, and nobody says so`);
  }
  const declared = alerts.some(({ kind }) => kind === 'gap');
  if (refused !== undefined && !(declared && report.ok)) {
    t.ok(
      !report.ok || said.length > 0 || more.length === 0,
      `${row.file} ${damage}: refused (${refused}), and said: ${report.fault ?? ''} ${said.join()}`,
    );
    return 'refused';
  }
  if (declared) {
    t.ok(report.ok, `${row.file} ${damage}: declared, and then it verifies: ${report.fault ?? ''}`);
    return 'declared';
  }
  if (!report.ok) return 'found';
  t.equal(missing, 0, `${row.file} ${damage}: every receipt leads to its entry`);
  t.same(said, [], `${row.file} ${damage}: nothing waits`);
  return 'healed';
}

const WORDS: Readonly<Record<Outcome, string>> = {
  healed: 'healed',
  refused: 'refused',
  found: 'goes on, found',
  declared: 'declared missing',
};

t.test('each damage has the outcome that the table says, and no receipt leads to another entry', async (t) => {
  const dir = t.testdir();
  const base = join(dir, 'base');
  // as a replica that has begun
  const receipts = [...(await fill(base, 200)), ...(await fill(base, 50))];
  const first = sequencerOf(base, { fence: openFence(openRegister(base), { name: 'main', epoch: 1, others: [] }) });
  await first.runOnce();
  await first.stop();
  receipts.push(...(await fill(base, 50)));
  const second = sequencerOf(base);
  await second.runOnce();
  await second.stop();
  t.ok(existsSync(join(base, 'log', 'tile', '0', '001.p', '44')), '300 entries');
  const search = openSearch(base);
  await search.page({ client: 'tax-app' }, { limit: 1 });
  await search.catchUp();
  await search.close();
  mkdirSync(auditLayout(base).search, { recursive: true });
  if (readdirSync(auditLayout(base).search).length === 0)
    writeFileSync(join(auditLayout(base).search, '00000000'), 'a block');
  writeFileSync(auditLayout(base).erasures, '{"version":1,"looked":300,"erased":{},"pending":{}}');
  const cutOff = join(dir, 'cut-off');
  cpSync(base, cutOff, { recursive: true });
  const late = await fill(cutOff, 20);
  const dying = sequencerOf(cutOff, {
    onStep: (step) => {
      if (step === 'committed') throw new Error('killed');
    },
  });
  await dying.runOnce().catch(() => undefined);
  await dying.stop();
  const found: Record<string, Record<string, Outcome>> = {};
  // the first, the last of each run, and some between
  const some = receipts.filter((_, i) => i % 23 === 0 || [199, 249, 299].includes(i));
  const work = ROWS.flatMap((row, r) =>
    DAMAGES.map((damage, d) => ({ row, damage, data: join(dir, `data-${r}-${d}`) })),
  );
  // the disk is waited for most of the time
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let one = work.shift(); one !== undefined; one = work.shift()) {
        const { row, damage, data } = one;
        (found[row.file] ??= {})[damage] = await outcomeOf(
          t,
          hasStaged(row) ? cutOff : base,
          data,
          row,
          damage,
          hasStaged(row) ? [...some, ...late] : some,
        );
        rmSync(data, { recursive: true });
      }
    }),
  );
  t.strictSame(found, Object.fromEntries(ROWS.map(({ file, outcomes }) => [file, outcomes])));
});

t.test('docs/faults.md says the same', (t) => {
  const page = readFileSync(join(packageRoot(), 'docs/faults.md'), 'utf8');
  for (const { file, outcomes } of ROWS) {
    for (const damage of DAMAGES) {
      const row = page.split('\n').find(
        (line) =>
          line.startsWith(`| \`${file}\` |`) &&
          line
            .split('|')[2]
            ?.split(',')
            .some((one) => one.trim() === damage) === true,
      );
      if (row === undefined) t.fail(`there is no row of ${file}, ${damage}`);
      else
        t.ok(
          row.split('|')[3]?.trim().startsWith(WORDS[outcomes[damage]]),
          `${file}, ${damage}: ${WORDS[outcomes[damage]]}`,
        );
    }
  }
  t.end();
});

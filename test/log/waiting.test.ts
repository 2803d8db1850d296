/**
 * How far the log is behind, seen from outside: whatever happens to the sequencer, what it leaves undone is counted
 * from its oldest entry.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { openJournal } from '../../gateway/log/journal/journal.js';
import { openRegister } from '../../gateway/log/replicas/epoch.js';
import { type WaitingLook, watchWaiting } from '../../gateway/log/sequencer/waiting.js';
import { openReplicaSigner } from '../../gateway/log/store/signer.js';
import { watchLog } from '../../gateway/operate/process/log-health.js';
import { sequencerOf } from './filled.js';

// its entries or pauses take long: not among the quick suites
t.setTimeout(360_000);

const MINUTE = 60_000;
const START = 1_790_000_000_000;
const settings = { sequencer: true, replica: 'main', replicas: {}, mergeWithinSeconds: 60, behindSeconds: 60 };

interface World {
  readonly data: string;
  now: number;
  append(count: number): Promise<void>;
  sequence(): Promise<string | undefined>;
  looks(): WaitingLook;
}

function world(data: string): World {
  const made: World = {
    data,
    now: START,
    async append(count) {
      const journal = await openJournal({
        mergeDelay: MINUTE,
        dir: auditLayout(data).journals,
        name: 'w1',
        keys: { dir: auditLayout(data).subjectKeys },
        signer: openReplicaSigner(data, 'replica-1.test'),
        now: () => made.now,
        segmentBytes: 65_536,
      });
      for (let i = 0; i < count; i++)
        await journal.append({
          clear: JSON.stringify({ type: 'released', time: new Date(made.now).toISOString(), client: 'c' }),
        });
      await journal.close();
    },
    async sequence() {
      try {
        const sequencer = sequencerOf(data, { now: () => made.now });
        return await sequencer
          .runOnce()
          .then(
            () => undefined,
            (error: Error) => error.message,
          )
          .finally(() => sequencer.stop());
      } catch (error) {
        return error instanceof Error ? error.message : 'it does not start';
      }
    },
    looks: () => watchWaiting({ dataDir: data, mergeDelay: MINUTE, now: () => made.now }),
  };
  return made;
}

/** A log of 20 entries, to be damaged. */
async function whole(t: Test): Promise<World> {
  const made = world(t.testdir());
  await made.append(20);
  await made.sequence();
  return made;
}

t.test(
  'nothing waits in a whole log; what is new waits from when it was written, also for a process that has only started',
  async (t) => {
    const at = await whole(t);
    const looks = at.looks();
    t.same(looks.look(), { unsequenced: 0, faults: [] });
    at.now += 1000;
    await at.append(3);
    at.now += 5 * MINUTE;
    await at.append(2);
    at.now += MINUTE;
    t.match(
      at.looks().look(),
      { unsequenced: 5, unsequencedSince: START + 1000, unpublishedSince: START + 1000 },
      'seen first now',
    );
    t.match(looks.look(), { unsequenced: 5 }, 'and by one that looked before');
    await at.sequence();
    t.same(looks.look(), { unsequenced: 0, faults: [] });
    t.same(at.looks().look(), { unsequenced: 0, faults: [] });
  },
);

const chunk = (data: string, ending: string): string => join(auditLayout(data).bodies, `00000000${ending}`);
const damages: Readonly<Record<string, (data: string) => void>> = {
  'the state is emptied': (data) => {
    rmSync(auditLayout(data).state, { recursive: true });
    mkdirSync(auditLayout(data).state);
  },
  'the newest state is cut': (data) =>
    truncateSync(join(auditLayout(data).state, readdirSync(auditLayout(data).state).at(-1) ?? ''), 40),
  'the index of the bodies is cut short': (data) => truncateSync(chunk(data, '.idx'), 16 * 19),
  'the bodies are cut short': (data) => truncateSync(chunk(data, '.dat'), 1000),
  'the bodies are gone': (data) => rmSync(chunk(data, '.dat')),
};

for (const [name, damage] of Object.entries(damages)) {
  t.test(`${name}: the age is that of the oldest entry that waits, and the replica is not ready`, async (t) => {
    const at = await whole(t);
    const looks = at.looks();
    looks.look();
    const health = watchLog({ dataDir: at.data, audit: settings, now: () => at.now });
    t.teardown(() => health.stop());
    t.same(health.reasons(), []);
    damage(at.data);
    at.now += 1000;
    const oldest = at.now;
    await at.append(4);
    t.ok(await at.sequence(), 'nothing is taken in');
    // it looks by itself too, in real time, and may have looked just before they came: that is told again after half a
    // second only
    at.now += 1000;
    t.same(health.reasons(), [], 'a moment is allowed');
    at.now += 30_000;
    looks.look();
    health.waiting();
    await at.append(4);
    await at.sequence();
    at.now += 40_000;
    const seen = looks.look();
    t.ok(seen.unsequenced === 8 && (seen.unsequencedSince ?? Infinity) <= oldest + 31_000, JSON.stringify(seen));
    t.match(health.reasons().join(), /8 entries are not taken into the log, the oldest for 7[01] s/);
    const fresh = at.looks().look();
    t.ok(
      fresh.unsequenced >= 8 && (fresh.unsequencedSince ?? Infinity) <= oldest,
      `one that has only started sees it too: ${JSON.stringify(fresh)}`,
    );
  });
}

t.test('a marker that is gone hides nothing that its journal holds', async (t) => {
  const at = await whole(t);
  at.now += 1000;
  await at.append(6);
  const [id = ''] = readdirSync(auditLayout(at.data).journals);
  rmSync(join(auditLayout(at.data).journals, id, 'durable'));
  t.match(at.looks().look(), { unsequenced: 6, unsequencedSince: START + 1000 });
});

t.test('what waits for witnesses is a warning and no reason, and its age is that of its oldest entry', async (t) => {
  const at = await whole(t);
  const before = readFileSync(join(auditLayout(at.data).log, 'checkpoint'));
  at.now += 1000;
  await at.append(5);
  await at.sequence();
  writeFileSync(join(auditLayout(at.data).log, 'checkpoint'), before);
  at.now += 2 * MINUTE;
  const health = watchLog({ dataDir: at.data, audit: settings, now: () => at.now });
  t.teardown(() => health.stop());
  t.match(health.waiting(), { unsequenced: 0, unpublishedSince: START + 1000 });
  t.same(health.reasons(), []);
  t.match(health.warnings(), [/not published: the oldest entry waits for a checkpoint for 120 s/]);
});

t.test(
  'one that others have not agreed to says what it waits for, and goes on; one that does not sequence is not asked',
  async (t) => {
    const at = world(t.testdir());
    await at.append(5);
    at.now += 2 * MINUTE;
    const pair = {
      ...settings,
      replica: 'east',
      replicas: { west: { url: 'https://west', spiffe: 'spiffe://log.test/west' } },
    };
    const early = watchLog({ dataDir: at.data, audit: pair, now: () => at.now });
    t.teardown(() => early.stop());
    t.same(early.reasons(), []);
    t.match(early.warnings().join(), /5 entries are not taken .* the other replicas must agree once/);
    openRegister(at.data).take({ epoch: 1, holder: 'west', established: true, size: 9, root: 'x', origin: 'o' });
    const second = watchLog({ dataDir: at.data, audit: pair, now: () => at.now });
    t.teardown(() => second.stop());
    t.match(second.warnings().join(), /`west` was agreed to as the sequencer/);
    const follower = watchLog({ dataDir: at.data, audit: { ...pair, sequencer: false }, now: () => at.now });
    t.teardown(() => follower.stop());
    t.equal(follower.waiting(), undefined);
  },
);

t.test("copies of another replica's journals count as the own ones do", async (t) => {
  const at = await whole(t);
  const other = world(join(t.testdirName, 'other'));
  other.now = START - 10 * MINUTE;
  await other.append(7);
  cpSync(join(other.data, 'journal'), join(at.data, 'mirrors', 'east'), { recursive: true });
  t.match(at.looks().look(), { unsequenced: 7, unsequencedSince: START - 10 * MINUTE });
});

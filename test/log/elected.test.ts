/** Replicas that elect who sequences: each keeps the whole log, and whichever is left goes on with it. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { tryLock } from '../../gateway/ground/files/lock.js';
import { openEmbeddedState } from '../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../gateway/ground/state/port.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { parseCheckpoint } from '../../gateway/log/proof/checkpoint.js';
import { treeRoot } from '../../gateway/log/proof/merkle.js';
import { parseNote } from '../../gateway/log/proof/note.js';
import { tileNodes } from '../../gateway/log/proof/tiles.js';
import { ElectedLog } from '../../gateway/log/sequencer/elected.js';
import { lookupReceipt } from '../../gateway/log/store/receipts.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { until } from '../e2e/ask.js';
import { fill, ORIGIN } from './filled.js';
import { type Replica, replicas } from './replicas.js';

t.setTimeout(240_000);

const LEASE = 4000;
const sizeOf = (data: string): number => {
  const file = join(auditLayout(data).log, 'checkpoint');
  return existsSync(file) ? parseCheckpoint(parseNote(readFileSync(file)).text).size : 0;
};
const reaches = (one: Replica, size: number, within = 30_000): Promise<number> =>
  until(
    `${String(size)} entries at ${one.name}`,
    () => Promise.resolve(sizeOf(one.data)),
    (found) => found >= size,
    within,
  );

/** The state as a process sees it that is asleep now and then. */
class Asleep {
  #awake: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;

  seen(state: State): State {
    return new Proxy(state, {
      get: (target, name) => {
        const found: unknown = Reflect.get(target, name);
        if (typeof found !== 'function') return found;
        return async (...args: unknown[]) => {
          await this.#awake;
          const answer: unknown = await Reflect.apply(found as (...given: unknown[]) => unknown, target, args);
          await this.#awake;
          return answer;
        };
      },
    });
  }

  fall(): void {
    this.#awake = new Promise((resolve) => (this.#wake = resolve));
  }

  wake(): void {
    this.#wake();
  }
}

interface Running {
  readonly one: Replica;
  readonly log: ElectedLog;
  readonly asleep: Asleep;
  readonly news: string[];
  stop(): Promise<void>;
}

/** All that runs; a test ends what it started before its folders go. */
const started: Running[] = [];
async function endAll(state: State): Promise<void> {
  await Promise.all(started.splice(0).map(({ stop }) => stop()));
  await state.close();
}

/** @param before what a run waits for that comes to it as a copy */
async function run(one: Replica, state: State, before = (): Promise<unknown> => Promise.resolve()): Promise<Running> {
  const asleep = new Asleep();
  const news: string[] = [];
  mkdirSync(dirname(auditLayout(one.data).lock), { recursive: true, mode: 0o700 });
  const lock = tryLock(auditLayout(one.data).lock);
  if (lock === undefined) throw new Error('the folder is in use');
  const log = new ElectedLog({
    dataDir: one.data,
    state: asleep.seen(state),
    setup: one.setup,
    register: one.register,
    names: { origin: ORIGIN, replica: 'replica-1.test' },
    origin: ORIGIN,
    lock,
    now: Date.now,
    looks: 100,
    interval: 50,
    leaseMs: LEASE,
    onAlert: (alert) => void news.push(JSON.stringify(alert)),
    onNews: (message) => void news.push(message),
  });
  const close = await one.serve({
    onRun: async (run) => {
      await before();
      return await log.take(run);
    },
    onError: (message) => void news.push(message),
  });
  const following = one.follow({ fence: log.fence, copies: true, pause: 10, patience: 1000 });
  log.start();
  // the log's key is there from then on, and is not made by whoever fills a journal
  await until(
    'its standing',
    () => Promise.resolve(log.report().standing),
    (standing) => standing !== 'unknown',
  );
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (ended ??= (async () => {
      asleep.wake();
      await following.stop();
      await log.stop();
      await close();
      lock.release();
    })());
  const running = { one, log, asleep, news, stop };
  started.push(running);
  return running;
}

const leads = ({ log }: Running): boolean => log.report().standing === 'sequences';
const leaderOf = (all: readonly Running[], within = 20_000): Promise<Running> =>
  until(
    'one that sequences',
    () => Promise.resolve(all.find(leads)),
    (found) => found !== undefined,
    within,
  ) as Promise<Running>;

async function holds(t: Test, one: Replica, size: number, receipts: readonly string[]): Promise<void> {
  const report = await verifyLog({ logDir: auditLayout(one.data).log, dataDir: one.data });
  t.match(report, { ok: true, size, declaredMissing: 0 }, `${one.name}: ${report.fault ?? ''}`);
  const unproved = receipts.filter((id) => lookupReceipt(one.data, id).kind !== 'logged');
  t.same(unproved, [], `every receipt proves at ${one.name}`);
}

/** Whether a published checkpoint is the beginning of the log of another folder. */
function isBeginningOf(note: Buffer, data: string): boolean {
  const { size, root } = parseCheckpoint(parseNote(note).text);
  const read = (path: string): Buffer | undefined => {
    const file = join(auditLayout(data).log, path);
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  return treeRoot(size, tileNodes(sizeOf(data), read)).equals(root);
}

t.test('one is elected and the other has the whole log; whichever is left goes on with it', async (t) => {
  const { east, west } = await replicas(t, t.testdir(), ['east', 'west']);
  const state = openEmbeddedState({ dir: join(t.testdirName, 'state') });
  const running = [await run(east, state), await run(west, state)];
  const first = await leaderOf(running);
  const receipts = [...(await fill(east.data, 20)), ...(await fill(west.data, 30))];
  await reaches(east, 50);
  await reaches(west, 50);
  await holds(t, east, 50, receipts);
  await holds(t, west, 50, receipts);
  t.equal(running.filter(leads).length, 1, 'one sequences');

  // asleep, as with SIGSTOP: it neither renews nor hears
  const second = running.find((one) => one !== first);
  if (second === undefined) throw new Error('there are two');
  first.asleep.fall();
  receipts.push(...(await fill(first.one.data, 7, 'w2')), ...(await fill(second.one.data, 5, 'w2')));
  const asleepAt = Date.now();
  await until(
    'the other to take over',
    () => Promise.resolve(leads(second)),
    (yes) => yes,
    20_000,
  );
  t.comment(`taken over after ${String(Date.now() - asleepAt)} ms of a lease of ${String(LEASE)} ms`);
  await reaches(second.one, 62);
  const then = readFileSync(join(auditLayout(second.one.data).log, 'checkpoint'));
  t.ok(sizeOf(first.one.data) <= 62);
  first.asleep.wake();
  await until(
    'the one that slept to give up',
    () => Promise.resolve(first.log.report().standing),
    (standing) => standing === 'stands_by',
    20_000,
  );
  receipts.push(...(await fill(first.one.data, 4, 'w3')));
  await reaches(second.one, 66);
  await reaches(first.one, 66);
  t.ok(isBeginningOf(then, first.one.data), 'the one that slept has the same log');
  await holds(t, first.one, 66, receipts);
  await holds(t, second.one, 66, receipts);

  // dead for good, with its disk
  await second.stop();
  rmSync(second.one.data, { recursive: true, force: true });
  receipts.push(...(await fill(first.one.data, 9, 'w4')));
  await leaderOf([first]);
  await reaches(first.one, 75);
  await holds(t, first.one, 75, receipts);
  await endAll(state);
});

t.test('a replica that comes anew, or was away, is brought all of the log', async (t) => {
  const { east, west } = await replicas(t, t.testdir(), ['east', 'west']);
  const state = openEmbeddedState({ dir: join(t.testdirName, 'state') });
  const first = await run(west, state);
  await leaderOf([first]);
  const receipts = await fill(west.data, 5000);
  await reaches(west, 5000);
  const second = await run(east, state);
  await reaches(east, 5000);
  await until(
    'copies of journals',
    () => verifyLog({ logDir: auditLayout(east.data).log, dataDir: east.data }),
    ({ journalEntries }) => journalEntries === 5000,
    20_000,
  );
  await holds(t, east, 5000, receipts);
  await second.stop();
  receipts.push(...(await fill(west.data, 300, 'w2')));
  await reaches(west, 5300);
  const again = await run(east, state);
  await reaches(east, 5300);
  receipts.push(...(await fill(east.data, 11, 'w1')));
  await reaches(west, 5311);
  await reaches(east, 5311);
  await first.stop();
  receipts.push(...(await fill(east.data, 6, 'w2')));
  await leaderOf([again]);
  await reaches(east, 5317);
  await holds(t, east, 5317, receipts);
  await endAll(state);
  t.notOk(
    first.news.some((line) => line.includes('gap')),
    first.news.join('\n'),
  );
  t.notOk(
    again.news.some((line) => line.includes('gap')),
    again.news.join('\n'),
  );
});

t.test('one that only is slow is waited for: the log is never in one place alone while both are there', async (t) => {
  const { east, west } = await replicas(t, t.testdir(), ['east', 'west']);
  const state = openEmbeddedState({ dir: join(t.testdirName, 'state') });
  const first = await run(west, state);
  await leaderOf([first]);
  let slow = 0;
  const second = await run(east, state, () => new Promise((resolve) => setTimeout(resolve, slow)));
  const copies = async (): Promise<readonly string[]> =>
    ((await state.document('log', 'head'))?.body as { readonly copies: readonly string[] } | undefined)?.copies ?? [];
  await fill(west.data, 4);
  await reaches(east, 4);
  await until(
    'its copy to be whole',
    () => Promise.resolve(first.log.report().copies),
    (found) => found.every((copy) => copy.state === 'kept'),
  );
  slow = 3000;
  await fill(west.data, 6, 'w2');
  await reaches(west, 10, 60_000);
  t.strictSame([...(await copies())].sort(), ['east', 'west'], 'what was signed is at both');
  slow = 0;
  await first.stop();
  rmSync(west.data, { recursive: true, force: true });
  await leaderOf([second]);
  await reaches(east, 10);
  await fill(east.data, 3);
  await reaches(east, 13);
  await endAll(state);
});

t.test('a replica that lacks what was reserved does not go on with the log, and says why', async (t) => {
  const { east, west } = await replicas(t, t.testdir(), ['east', 'west']);
  const state = openEmbeddedState({ dir: join(t.testdirName, 'state') });
  const second = await run(east, state);
  await leaderOf([second]);
  await fill(east.data, 5);
  await reaches(east, 5);
  const first = await run(west, state);
  await reaches(west, 5);
  // an older copy of the disk
  const old = join(t.testdirName, 'old');
  await second.stop();
  cpSync(east.data, old, { recursive: true });
  await leaderOf([first]);
  await fill(west.data, 8);
  await reaches(west, 13);
  await first.stop();
  const before = readFileSync(join(auditLayout(east.data).log, 'checkpoint'), 'utf8');
  const alone = await run(east, state);
  await until(
    'its word',
    () => Promise.resolve(alone.log.report()),
    ({ standing, reason }) => standing === 'nobody' && reason?.includes('13 entries') === true,
    20_000,
  );
  t.equal(readFileSync(join(auditLayout(east.data).log, 'checkpoint'), 'utf8'), before, 'nothing was signed');
  const back = await run(west, state);
  await leaderOf([back]);
  await reaches(east, 13);
  await holds(t, east, 13, []);
  await endAll(state);
});

/**
 * Whatever changes, fails or is mended, and in whatever order: enough workers answer, no worker meets records that it
 * cannot read, and the last good state comes into force.
 */
import fc from 'fast-check';
import t from 'tap';
import type { ContentVersion } from '../../gateway/answer/inforce/content.js';
import type { Checked } from '../../gateway/operate/process/checking.js';
import { Rolling } from '../../gateway/operate/process/content-changes.js';

const WORKERS = 2;
const of = (contracts: number, settings = 0): ContentVersion => ({
  contracts: String(contracts),
  feeds: 'f',
  settings: String(settings),
});

/** A group that is only counted. */
class Group {
  disk = { contracts: 0, settings: 0, good: true, touched: 0 };
  now = 0;
  /** Contracts by which each worker answers. */
  serving: number[] = Array.from({ length: WORKERS }, () => 0);
  leaving: number[] = [];
  /** Contracts by which the writer reads. */
  writer = 0;
  feeds = 0;
  held = false;
  failStart = false;
  failWriter = false;
  acts: string[] = [];
  broken: string[] = [];
  readonly rolling = new Rolling(
    {
      print: () => Promise.resolve(JSON.stringify(this.disk)),
      version: () => Promise.resolve(of(this.disk.contracts, this.disk.settings)),
      check: (): Promise<Checked> => {
        const { good, contracts, settings } = this.disk;
        return Promise.resolve(
          good
            ? { ok: true, version: of(contracts, settings), layers: [], changes: {}, workers: WORKERS, drainSeconds: 0 }
            : { ok: false, why: 'broken' },
        );
      },
      hold: (on) => (this.held = on),
      startWorkers: ({ version }) => {
        if (!this.held) this.broken.push('new workers publish before the writer waits');
        if (this.failStart) return Promise.reject(new Error('a new worker ended'));
        this.leaving = this.serving;
        this.serving = Array.from({ length: WORKERS }, () => Number(version.contracts));
        this.#holds();
        return Promise.resolve();
      },
      retireWorkers: () => {
        this.leaving = [];
        return Promise.resolve();
      },
      swapWriter: (contracts) => {
        if (this.failWriter) return Promise.reject(new Error('the writer did not'));
        if (Number(contracts) !== this.disk.contracts) return Promise.reject(new Error('changed again'));
        this.writer = this.disk.contracts;
        this.#holds();
        return Promise.resolve();
      },
      replaceFeeds: () => {
        this.feeds = this.disk.contracts;
        this.#holds();
        return Promise.resolve();
      },
      inForce: ({ version }) => {
        this.acts.push(version.contracts);
        return Promise.resolve();
      },
      now: () => this.now,
      log: () => undefined,
    },
    of(0),
  );

  #holds(): void {
    if (this.serving.length < WORKERS) this.broken.push('too few answer');
    if (this.leaving.some((worker) => worker < this.writer) && this.leaving.length > 0)
      this.broken.push('the writer lets in what a worker cannot decode');
    if (this.serving.some((worker) => worker < this.writer)) this.broken.push('the writer is ahead of the workers');
    if (this.feeds > this.writer) this.broken.push('feeds publish what the writer does not know');
  }

  /** Until nothing comes of it. */
  async settle(): Promise<void> {
    for (let i = 0; i < 4; i++) {
      await this.rolling.look();
      this.now += 300;
    }
  }
}

type Step = (group: Group) => void;
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>((group) => (group.disk = { ...group.disk, contracts: group.disk.contracts + 1 })),
  fc.constant<Step>((group) => (group.disk = { ...group.disk, settings: group.disk.settings + 1 })),
  fc.constant<Step>((group) => (group.disk = { ...group.disk, touched: group.disk.touched + 1 })),
  fc.boolean().map<Step>((good) => (group) => (group.disk = { ...group.disk, good })),
  fc.boolean().map<Step>((fails) => (group) => (group.failStart = fails)),
  fc.boolean().map<Step>((fails) => (group) => (group.failWriter = fails)),
  fc.constant<Step>((group) => group.rolling.again()),
  fc.integer({ min: 0, max: 400_000 }).map<Step>((ms) => (group) => (group.now += ms)),
);

t.test('any order of changes and failures', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(steps, fc.boolean()), { maxLength: 40 }), async (story) => {
      const group = new Group();
      await group.settle();
      for (const [step, look] of story) {
        step(group);
        if (look) await group.settle();
        if (group.broken.length > 0) throw new Error(group.broken.join('; '));
      }
      // all is mended, and nobody touches a file any more
      group.failStart = false;
      group.failWriter = false;
      group.disk = { ...group.disk, good: true };
      await group.settle();
      group.now += 400_000;
      await group.settle();
      const { contracts, settings } = group.disk;
      if (group.broken.length > 0) throw new Error(group.broken.join('; '));
      if (group.rolling.trouble !== undefined) throw new Error(`still in trouble: ${group.rolling.trouble.why}`);
      if (group.rolling.current.contracts !== String(contracts) || group.rolling.current.settings !== String(settings))
        throw new Error('the last good state is not in force');
      if (group.serving.some((worker) => worker !== contracts) || group.writer !== contracts)
        throw new Error('not all of it is in force');
      if (group.held || group.leaving.length > 0) throw new Error('something is left half done');
    }),
    { numRuns: 500 },
  );
  t.pass('five hundred stories');
});

t.test(
  'what is refused changes nothing; it is tried again after a while, and at once when somebody says so',
  async (t) => {
    const group = new Group();
    await group.settle();
    group.disk = { ...group.disk, contracts: 1, good: false };
    await group.settle();
    t.match(group.rolling.trouble, { why: 'broken' });
    t.same([group.serving, group.writer, group.acts], [[0, 0], 0, []]);
    // what was wrong stood elsewhere, as policies do
    group.disk.good = true;
    group.rolling.again();
    await group.settle();
    t.same([group.serving, group.writer, group.acts, group.rolling.trouble], [[1, 1], 1, ['1'], undefined]);
  },
);

t.test('a file that is touched, or written back as it was, replaces nobody', async (t) => {
  const group = new Group();
  await group.settle();
  group.disk = { ...group.disk, touched: 1 };
  await group.settle();
  group.disk = { ...group.disk, contracts: 1, good: false };
  await group.settle();
  group.disk = { ...group.disk, contracts: 0, good: false };
  await group.settle();
  t.same([group.acts, group.rolling.trouble], [[], undefined]);
});

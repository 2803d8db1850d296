/** Runs feeds when their schedule says so: one run of a feed at a time, slower and slower while it fails. */
import { watch, type FSWatcher } from 'node:fs';
import { resolve } from 'node:path';
import { Cron } from 'croner';
import { parseSchedule } from './feeds.js';
import type { Feed } from './feed.js';
import type { RunReport } from './report.js';

export interface Timers {
  /** Returns what cancels it. */
  after(ms: number, work: () => void): () => void;
  now(): number;
}

export interface ScheduleOptions {
  readonly feeds: readonly Feed[];
  readonly run: (feed: Feed, signal: AbortSignal) => Promise<RunReport>;
  readonly onReport: (feed: Feed, report: RunReport) => void;
  /** `retryIn` in ms. A failed watermark was sent by the run itself. */
  readonly onError: (feed: Feed, error: unknown, retryIn: number) => void;
  /** Relative folders of feeds. */
  readonly baseDir: string;
  readonly timers?: Timers;
  /** Of cron expressions. Default Asia/Shanghai. */
  readonly zone?: string;
  /** Between looks into a drop folder where the file system sends no events. Default 5 s. */
  readonly pollMs?: number;
}

export interface Scheduler {
  /** Runs a feed now, or right after its present run. */
  trigger(feed: Feed): void;
  /** No new runs; resolves when those that go on have ended. */
  stop(): Promise<void>;
}

const FIRST_RETRY = 1_000;
const LAST_RETRY = 300_000;
const POLL = 5_000;
/** setTimeout takes no more. */
const MAX_WAIT = 2 ** 31 - 1;

const realTimers: Timers = {
  after(ms, work) {
    const timer = setTimeout(work, Math.min(ms, MAX_WAIT));
    return () => clearTimeout(timer);
  },
  now: Date.now,
};

/** Every scheduled feed runs once at start. `push` feeds have nothing to run. */
export function scheduleFeeds(options: ScheduleOptions): Scheduler {
  const stopping = new AbortController();
  const lines = new Map(options.feeds.map((feed) => [feed.dataset, new Line(feed, options, stopping.signal)]));
  for (const line of lines.values()) line.start();
  return {
    trigger: (feed) => lines.get(feed.dataset)?.now(),
    async stop() {
      stopping.abort();
      await Promise.all([...lines.values()].map((line) => line.stop()));
    },
  };
}

class Line {
  private cancel: (() => void) | undefined;
  private running: Promise<void> | undefined;
  private wanted = false;
  private failures = 0;
  private watcher: FSWatcher | undefined;
  private readonly timers: Timers;
  private readonly schedule;

  constructor(
    private readonly feed: Feed,
    private readonly options: ScheduleOptions,
    private readonly signal: AbortSignal,
  ) {
    this.timers = options.timers ?? realTimers;
    this.schedule = parseSchedule(feed.schedule);
  }

  start(): void {
    if (this.schedule === undefined || this.schedule.kind === 'push') return;
    if (this.schedule.kind === 'watch') this.watch();
    this.now();
  }

  /** One run at a time; a call during a run asks for one more behind it. */
  now(): void {
    if (this.signal.aborted) return;
    if (this.running !== undefined) {
      this.wanted = true;
      return;
    }
    this.cancel?.();
    this.running = this.once().finally(() => {
      this.running = undefined;
      if (this.signal.aborted) return;
      if (this.wanted && this.failures === 0) {
        this.wanted = false;
        this.now();
      } else this.later();
    });
  }

  private async once(): Promise<void> {
    try {
      const report = await this.options.run(this.feed, this.signal);
      this.failures = 0;
      this.options.onReport(this.feed, report);
    } catch (error) {
      if (this.signal.aborted) return;
      this.failures += 1;
      this.options.onError(this.feed, error, this.wait());
    }
  }

  private wait(): number {
    const schedule = this.schedule;
    const retry = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** Math.min(20, this.failures - 1));
    if (schedule === undefined || schedule.kind === 'push') return MAX_WAIT;
    const normal =
      schedule.kind === 'every'
        ? schedule.ms
        : schedule.kind === 'watch'
          ? (this.options.pollMs ?? POLL)
          : (new Cron(schedule.cron, { paused: true, timezone: this.options.zone ?? 'Asia/Shanghai' }).msToNext(new Date(this.timers.now())) ?? MAX_WAIT);
    // a failing drop folder is not asked more often than a working one; a failing daily feed does not wait a day
    if (this.failures === 0) return normal;
    return schedule.kind === 'watch' ? Math.max(retry, normal) : Math.min(retry, normal);
  }

  private later(): void {
    const ms = this.wait();
    const due = this.timers.now() + ms;
    const arm = (left: number): void => {
      this.cancel = this.timers.after(Math.min(left, MAX_WAIT), () => {
        const rest = due - this.timers.now();
        if (rest > 0) arm(rest);
        else this.now();
      });
    };
    arm(ms);
  }

  private watch(): void {
    const folder = this.feed.source['folder'];
    if (typeof folder !== 'string') return;
    try {
      this.watcher = watch(resolve(this.options.baseDir, folder), { persistent: false }, () => {
        // a file that has just been written is still settling; the poll takes it if this is too early
        if (this.failures === 0) this.now();
      });
      this.watcher.on('error', () => this.watcher?.close());
    } catch {
      // network file systems may refuse to be watched; the poll is enough
    }
  }

  async stop(): Promise<void> {
    this.cancel?.();
    this.watcher?.close();
    await this.running;
  }
}

/** Runs feeds when their schedule says so: one run of a feed at a time, slower and slower while it fails. */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { resolve } from 'node:path';
import { Cron } from 'croner';
import { type ErrorCode, isYitongError } from '../contracts/errors.js';
import type { Feed } from './feed.js';
import { parseSchedule } from './feeds.js';
import type { RunReport } from './report.js';

export interface Timers {
  /** Returns what cancels it. */
  after(ms: number, work: () => void): () => void;
  now(): number;
}

interface ScheduleOptions {
  readonly feeds: readonly Feed[];
  readonly run: (feed: Feed, signal: AbortSignal) => Promise<RunReport>;
  readonly onReport: (feed: Feed, report: RunReport) => void;
  /**
   * `retryIn` in ms. A failed watermark was sent by the run itself. What no retry mends (`lasting`) is said once; the
   * feed is run again when one of its files changes, and at long intervals.
   */
  readonly onError: (feed: Feed, error: unknown, retryIn: number, lasting: boolean) => void;
  /** The feed as it stands on disk now, after it failed by what stood there. @throws YitongError `bad_feed` */
  readonly reload?: (feed: Feed) => Promise<Feed>;
  /** Before each run: the feed as it is to be run. Never rejects. */
  readonly before?: (feed: Feed) => Promise<Feed>;
  /** Somebody asked for a run of it that has not begun (`run/asked.ts`); looked at every few seconds. */
  readonly asked?: (feed: Feed) => boolean;
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
/** Between runs of a feed that fails by what is declared. */
const LASTING_RETRY = 3_600_000;
/** No retry mends these; a change of a file may. */
const LASTING: ReadonlySet<ErrorCode> = new Set([
  'bad_feed',
  'bad_contract',
  'schema_refused',
  'schema_unregistered',
  'schema_id_collision',
]);
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

/** Every text of a feed's source, since any may name a file. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** What the file system says of the feed's own file, and of files and folders that its source names. */
function filesOf(feed: Feed, baseDir: string): string {
  const said = (path: string): string => {
    try {
      const { ino, size, mtimeMs } = statSync(path);
      return `${ino} ${size} ${mtimeMs}`;
    } catch {
      return 'none';
    }
  };
  return [feed.file, ...textsOf(feed.source).map((text) => resolve(baseDir, text))].map(said).join('\n');
}

class Line {
  private cancel: (() => void) | undefined;
  private running: Promise<void> | undefined;
  private wanted = false;
  private failures = 0;
  /** Set while the feed fails by what is declared: why, as it was said, and its files as they were before that run. */
  private lasting: { readonly why: string; readonly files: string } | undefined;
  private watcher: FSWatcher | undefined;
  private readonly timers: Timers;
  private schedule;

  constructor(
    private feed: Feed,
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
    const files = filesOf(this.feed, this.options.baseDir);
    try {
      if (this.options.before !== undefined) {
        this.feed = await this.options.before(this.feed);
        this.schedule = parseSchedule(this.feed.schedule);
      }
      if (this.lasting !== undefined && this.options.reload !== undefined) {
        this.feed = await this.options.reload(this.feed);
        this.schedule = parseSchedule(this.feed.schedule);
      }
      const report = await this.options.run(this.feed, this.signal);
      this.failures = 0;
      this.lasting = undefined;
      this.options.onReport(this.feed, report);
    } catch (error) {
      if (this.signal.aborted) return;
      this.failures += 1;
      const said = this.lasting?.why;
      this.lasting =
        isYitongError(error) && LASTING.has(error.code) ? { why: `${error.code} ${error.message}`, files } : undefined;
      if (this.lasting === undefined || this.lasting.why !== said)
        this.options.onError(this.feed, error, this.wait(), this.lasting !== undefined);
    }
  }

  private wait(): number {
    const schedule = this.schedule;
    if (this.lasting !== undefined) return LASTING_RETRY;
    const retry = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** Math.min(20, this.failures - 1));
    if (schedule === undefined || schedule.kind === 'push') return MAX_WAIT;
    const normal =
      schedule.kind === 'every'
        ? schedule.ms
        : schedule.kind === 'watch'
          ? (this.options.pollMs ?? POLL)
          : (new Cron(schedule.cron, { paused: true, timezone: this.options.zone ?? 'Asia/Shanghai' }).msToNext(
              new Date(this.timers.now()),
            ) ?? MAX_WAIT);
    // a failing drop folder is not asked more often than a working one; a failing daily feed does not wait a day
    if (this.failures === 0) return normal;
    return schedule.kind === 'watch' ? Math.max(retry, normal) : Math.min(retry, normal);
  }

  private later(): void {
    const ms = this.wait();
    const due = this.timers.now() + ms;
    const { lasting } = this;
    const { asked } = this.options;
    const most = lasting === undefined && asked === undefined ? MAX_WAIT : (this.options.pollMs ?? POLL);
    const arm = (left: number): void => {
      this.cancel = this.timers.after(Math.min(left, most), () => {
        const rest = due - this.timers.now();
        const changed = lasting !== undefined && filesOf(this.feed, this.options.baseDir) !== lasting.files;
        if (rest > 0 && !changed && asked?.(this.feed) !== true) arm(rest);
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

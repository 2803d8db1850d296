/** How far a run is: a bar where a person looks, a line every five seconds in a log, nothing for machines. */
import type { Progress } from './run.js';

interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

interface ProgressOptions {
  readonly label: string;
  /** `process.stderr`: stdout is for results. */
  readonly output: ProgressOutput;
  /** Under `--json`. */
  readonly quiet?: boolean;
  /** ms, monotonic enough */
  readonly now: () => number;
}

const TTY_MS = 100;
const LOG_MS = 5_000;

function span(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `1,234 rows, 567 rows/s, 12 %, 3 s left` */
export function describeProgress({ rows, done, total }: Progress, ms: number): string {
  const seconds = ms / 1000;
  const parts = [`${rows.toLocaleString('en')} rows`];
  if (seconds > 0.2) parts.push(`${Math.round(rows / seconds).toLocaleString('en')} rows/s`);
  if (done !== undefined && total !== undefined && total > 0) {
    const share = Math.min(1, done / total);
    parts.push(`${Math.floor(share * 100)} %`);
    if (share > 0.01 && share < 1 && seconds > 1) parts.push(`${span((seconds / share) * (1 - share))} left`);
  }
  return parts.join(', ');
}

/** `update` may be called for every batch; `end` leaves the cursor on a fresh line. */
export function progressReporter(options: ProgressOptions): { update(progress: Progress): void; end(): void } {
  const { label, output, now } = options;
  if (options.quiet === true) return { update: () => undefined, end: () => undefined };
  const started = now();
  const tty = output.isTTY === true;
  let shown = tty ? Number.NEGATIVE_INFINITY : started;
  let drawn = false;
  return {
    update(progress) {
      const at = now();
      if (at - shown < (tty ? TTY_MS : LOG_MS)) return;
      shown = at;
      const text = `${label}: ${describeProgress(progress, at - started)}`;
      if (!tty) {
        output.write(`${text}\n`);
        return;
      }
      const width = Math.max(20, (output.columns ?? 80) - 1);
      const share =
        progress.done !== undefined && progress.total !== undefined && progress.total > 0
          ? Math.min(1, progress.done / progress.total)
          : undefined;
      const cells = Math.min(24, width - text.length - 3);
      const bar =
        share === undefined || cells < 8 ? '' : ` [${'#'.repeat(Math.round(cells * share)).padEnd(cells, '.')}]`;
      output.write(`\r\u001b[2K${`${text}${bar}`.slice(0, width)}`);
      drawn = true;
    },
    end() {
      if (drawn) output.write('\r\u001b[2K');
    },
  };
}

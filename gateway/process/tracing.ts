/** Traces of the processes of one group: what a child starts, and how many spans were lost, by process. */
import type { TracingSettings } from '../config/tracing.js';
import { startTracing, type Tracing } from '../tracing/index.js';
import { tell, type FromChild, type ProcessArguments } from './messages.js';

const TELL_EVERY = 1000;

/** Of a child of the group, which tells its supervisor what becomes of its spans. @throws YitongError `bad_config` */
export async function childTracing(settings: TracingSettings, name: string, { workspace, bus }: ProcessArguments): Promise<Tracing | undefined> {
  const tracing = await startTracing(settings, { process: name, baseDir: workspace, bus: bus.driver, onState: (message) => tell({ kind: 'alert', message }) });
  if (tracing === undefined) return undefined;
  let told = { exported: 0, dropped: 0 };
  const report = (): void => {
    const now = tracing.counts();
    const more = { exported: now.exported - told.exported, dropped: now.dropped - told.dropped };
    told = now;
    if (more.exported + more.dropped > 0) tell({ kind: 'spans', ...more });
  };
  const timer = setInterval(report, TELL_EVERY).unref();
  return {
    ...tracing,
    async stop() {
      await tracing.stop();
      clearInterval(timer);
      report();
    },
  };
}

export interface SpanCount {
  /** As the supervisor names it: `writer`, `worker 1`. */
  readonly process: string;
  readonly exported: number;
  readonly dropped: number;
}

/** Sums over restarts. */
export function spanCounts(): { add(process: string, more: Extract<FromChild, { kind: 'spans' }>): void; all(): readonly SpanCount[] } {
  const counts = new Map<string, SpanCount>();
  return {
    add(process, { exported, dropped }) {
      const before = counts.get(process) ?? { process, exported: 0, dropped: 0 };
      counts.set(process, { process, exported: before.exported + exported, dropped: before.dropped + dropped });
    },
    all: () => [...counts.values()],
  };
}

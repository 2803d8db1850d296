/** What `yitong top` shows: what happened between two looks at a running city's metrics, and how it stands. */
import { present } from '../../../contracts/present.js';
import type { Samples } from './samples.js';

interface RouteFigures {
  readonly route: string;
  /** Answers a second. */
  readonly rate: number;
  /** Of them, answers of status 500 and above a second. */
  readonly failing: number;
  /** Seconds, the upper bound of the histogram's bucket; undefined where nothing was answered. */
  readonly median?: number;
  readonly p99?: number;
}

interface ProcessFigures {
  readonly process: string;
  readonly up: boolean;
  /** Of one core. */
  readonly cpu: number;
  /** Bytes of its own. */
  readonly memory?: number;
  /** Share of the time in which its event loop was busy. */
  readonly busy?: number;
  readonly restarts: number;
}

interface DatasetFigures {
  readonly dataset: string;
  readonly status: string;
  /** Seconds. */
  readonly age?: number;
}

export interface Figures {
  /** Seconds between the two looks. */
  readonly seconds: number;
  readonly version?: string;
  readonly ready: boolean;
  /** Answers a second, all routes of both ports. */
  readonly rate: number;
  readonly failing: number;
  /** Decisions a second. */
  readonly allowed: number;
  readonly denied: number;
  readonly connections: number;
  readonly routes: readonly RouteFigures[];
  readonly processes: readonly ProcessFigures[];
  readonly datasets: { readonly all: number; readonly current: number; readonly others: readonly DatasetFigures[] };
  readonly log: {
    readonly entries?: number;
    /** Entries a second. */
    readonly rate: number;
    readonly behindSeconds?: number;
    readonly unsequenced?: number;
    readonly faults?: number;
  };
  /** The worker of the writer that came forward longest ago. */
  readonly slowest?: { readonly task: string; readonly seconds: number };
  readonly alerts: number;
  readonly disk?: { readonly free: number; readonly size: number };
}

type Labels = Readonly<Record<string, string>>;

/** How much a counter has grown, summed by a key; one that begins anew counts from zero. */
function grown(before: Samples, now: Samples, name: string, key: (labels: Labels) => string): Map<string, number> {
  const id = (labels: Labels): string => JSON.stringify(Object.entries(labels).sort());
  const was = new Map(before.of(name).map(({ labels, value }) => [id(labels), value]));
  const sums = new Map<string, number>();
  for (const { labels, value } of now.of(name)) {
    const old = was.get(id(labels)) ?? 0;
    const by = key(labels);
    sums.set(by, (sums.get(by) ?? 0) + (value < old ? value : value - old));
  }
  return sums;
}

const total = (sums: ReadonlyMap<string, number>): number => [...sums.values()].reduce((sum, one) => sum + one, 0);
const byLabel = (samples: Samples, name: string, label: string): Map<string, number> =>
  new Map(samples.of(name).map(({ labels, value }) => [labels[label] ?? '', value]));

/** Upper bounds of the buckets in which a share of a route's answers lies. */
function quantiles(before: Samples, now: Samples): (route: string, share: number) => number | undefined {
  const buckets = grown(before, now, 'yitong_request_seconds_bucket', ({ route = '', le = '' }) =>
    JSON.stringify([route, le]),
  );
  const by = new Map<string, [bound: number, count: number][]>();
  for (const [key, count] of buckets) {
    const [route, le] = JSON.parse(key) as [string, string];
    const of = by.get(route) ?? [];
    of.push([le === '+Inf' ? Infinity : Number(le), count]);
    by.set(route, of);
  }
  return (route, share) => {
    const of = (by.get(route) ?? []).sort(([a], [b]) => a - b);
    const all = of.at(-1)?.[1] ?? 0;
    return all === 0 ? undefined : of.find(([, count]) => count >= share * all)?.[0];
  };
}

function routesOf(before: Samples, now: Samples, seconds: number): RouteFigures[] {
  const name = 'yitong_requests_total';
  const answered = grown(before, now, name, ({ route = '' }) => route);
  const failed = grown(before, now, name, ({ route = '', status = '' }) => (status >= '500' ? route : ''));
  const quantile = quantiles(before, now);
  return [...answered]
    .filter(([, count]) => count > 0)
    .map(([route, count]) => ({
      route,
      rate: count / seconds,
      failing: (failed.get(route) ?? 0) / seconds,
      ...present({ median: quantile(route, 0.5), p99: quantile(route, 0.99) }),
    }))
    .sort((a, b) => b.rate - a.rate);
}

function processesOf(before: Samples, now: Samples, seconds: number): ProcessFigures[] {
  const cpu = grown(before, now, 'yitong_process_cpu_seconds_total', ({ process = '' }) => process);
  const memory = byLabel(now, 'yitong_process_anonymous_bytes', 'process');
  const busy = byLabel(now, 'yitong_process_event_loop_busy_ratio', 'process');
  const up = byLabel(now, 'yitong_process_up', 'process');
  const restarts = byLabel(now, 'yitong_process_restarts_total', 'process');
  return [...new Set([...cpu.keys(), ...up.keys()])].map((process) => ({
    process,
    // the supervisor says nothing of itself: it is what answers
    up: (up.get(process) ?? 1) === 1,
    cpu: (cpu.get(process) ?? 0) / seconds,
    restarts: restarts.get(process) ?? 0,
    ...present({ memory: memory.get(process), busy: busy.get(process) }),
  }));
}

function datasetsOf(now: Samples): Figures['datasets'] {
  const ages = byLabel(now, 'yitong_dataset_age_seconds', 'dataset');
  const each = now
    .of('yitong_dataset_status')
    .filter(({ value }) => value === 1)
    .map(({ labels: { dataset = '', status = '' } }) => ({ dataset, status, ...present({ age: ages.get(dataset) }) }));
  const others = each.filter(({ status }) => status !== 'current');
  return { all: each.length, current: each.length - others.length, others };
}

/** @param before a look at the same city, earlier than `now` */
export function figuresOf(before: Samples, now: Samples): Figures {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const routes = routesOf(before, now, seconds);
  const decided = grown(before, now, 'yitong_decisions_total', ({ effect = '' }) => effect);
  const [slowest] = [...byLabel(now, 'yitong_task_age_seconds', 'task')].sort(([, a], [, b]) => b - a);
  const [free, size] = [now.one('yitong_data_disk_free_bytes'), now.one('yitong_data_disk_size_bytes')];
  const entries = now.one('yitong_log_entries');
  return {
    seconds,
    ready: now.of('yitong_ready').some(({ labels, value }) => labels['part'] === 'gateway' && value === 1),
    rate: routes.reduce((sum, { rate }) => sum + rate, 0),
    failing: routes.reduce((sum, { failing }) => sum + failing, 0),
    allowed: (decided.get('allow') ?? 0) / seconds,
    denied: (decided.get('deny') ?? 0) / seconds,
    connections: now.of('yitong_connections_open').reduce((sum, { value }) => sum + value, 0),
    routes,
    processes: processesOf(before, now, seconds),
    datasets: datasetsOf(now),
    log: {
      rate: Math.max(0, (entries ?? 0) - (before.one('yitong_log_entries') ?? 0)) / seconds,
      ...present({
        entries,
        behindSeconds: now.one('yitong_log_behind_seconds'),
        unsequenced: now.one('yitong_log_unsequenced_entries'),
        faults: now.one('yitong_log_faults'),
      }),
    },
    alerts: total(grown(before, now, 'yitong_alerts_total', () => '')),
    ...present({
      version: now.of('yitong_build_info').find(({ labels }) => labels['part'] === 'gateway')?.labels['version'],
      slowest: slowest === undefined ? undefined : { task: slowest[0], seconds: slowest[1] },
      disk: free === undefined || size === undefined ? undefined : { free, size },
    }),
  };
}

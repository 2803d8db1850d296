/** What a block of entries adds up to, so that an overview of months reads a few kilobytes a block and no body. */
import type { LogBody } from '../entries/body.js';

/** Requests, and how many of them were denied something. */
type Counts = readonly [requests: number, denied: number];

interface Hour {
  readonly requests: number;
  readonly denied: number;
  readonly records: number;
  /** Refusals before identity, by code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly clients: Readonly<Record<string, Counts>>;
  readonly datasets: Readonly<Record<string, Counts>>;
  readonly purposes: Readonly<Record<string, Counts>>;
  /** Completed answers by bucket of their duration, see `latencyOf`. */
  readonly latency: Readonly<Record<string, number>>;
}

export interface GrantUse {
  readonly requests: number;
  /** ms since 1970, of the newest use. */
  readonly last: number;
  /** Field → newest use. */
  readonly fields: Readonly<Record<string, number>>;
}

export interface Summary {
  /** By the hour's beginning, ms since 1970. */
  readonly hours: Readonly<Record<string, Hour>>;
  readonly grants: Readonly<Record<string, GrantUse>>;
}

type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends Readonly<Record<string, infer V>> ? Record<string, V> : T[K];
};

export const HOUR = 3_600_000;
/** Four buckets an octave: a quantile is right within a fifth. */
const PER_OCTAVE = 4;

const latencyBucket = (microseconds: number): number => Math.floor(Math.log2(Math.max(1, microseconds)) * PER_OCTAVE);
/** Middle of a bucket, µs. */
const latencyOf = (bucket: number): number => 2 ** ((bucket + 0.5) / PER_OCTAVE);

const emptyHour = (): Mutable<Hour> => ({
  requests: 0,
  denied: 0,
  records: 0,
  refused: {},
  clients: {},
  datasets: {},
  purposes: {},
  latency: {},
});

/** Records without a prototype: an id from outside can be any word. */
const record = <V>(): Record<string, V> => Object.create(null) as Record<string, V>;

export class SummaryBuilder {
  readonly #hours = record<Mutable<Hour>>();
  readonly #grants = record<Mutable<GrantUse>>();

  add(body: LogBody, time: number): void {
    if (!Number.isFinite(time)) return;
    switch (body.type) {
      case 'released':
        return this.#released(body, time);
      case 'completed':
        for (const { microseconds } of body.answers ?? []) {
          if (microseconds === undefined) continue;
          const bucket = String(latencyBucket(microseconds));
          const { latency } = this.#hour(time);
          latency[bucket] = (latency[bucket] ?? 0) + 1;
        }
        return;
      case 'refused_before_identity': {
        const { refused } = this.#hour(time);
        const code = body.code ?? '';
        refused[code] = (refused[code] ?? 0) + (body.count ?? 0);
        return;
      }
      default:
    }
  }

  #released(body: LogBody, time: number): void {
    const hour = this.#hour(time);
    const datasets = body.datasets ?? [];
    const denied = datasets.length === 0 || datasets.some(({ effect }) => effect === 'deny');
    // a stream is one request, however many chunks it has
    const first = body.chunk === undefined || body.chunk === 0;
    const one = first ? 1 : 0;
    const no = first && denied ? 1 : 0;
    hour.requests += one;
    hour.denied += no;
    const count = (of: Record<string, Counts>, id: string | undefined, refused: number): void => {
      if (id === undefined) return;
      const [requests, denials] = of[id] ?? [0, 0];
      of[id] = [requests + one, denials + refused];
    };
    count(hour.clients, body.client, no);
    count(hour.purposes, body.purpose, no);
    for (const { dataset, effect, records, grant, fields } of datasets) {
      count(hour.datasets, dataset, first && effect === 'deny' ? 1 : 0);
      hour.records += records ?? 0;
      if (grant === undefined || effect !== 'allow' || body.dryRun === true) continue;
      const use = (this.#grants[grant] ??= { requests: 0, last: 0, fields: record<number>() });
      use.requests += one;
      use.last = Math.max(use.last, time);
      for (const field of fields ?? []) use.fields[field] = Math.max(use.fields[field] ?? 0, time);
    }
  }

  #hour(time: number): Mutable<Hour> {
    return (this.#hours[String(Math.floor(time / HOUR) * HOUR)] ??= emptyHour());
  }

  /** As it is, and as it grows. */
  summary(): Summary {
    return { hours: this.#hours, grants: this.#grants };
  }

  /** As it is now, for whoever merges it. */
  copy(): Summary {
    const hours = record<Hour>();
    for (const [start, { refused, clients, datasets, purposes, latency, ...sums }] of Object.entries(this.#hours))
      hours[start] = {
        ...sums,
        refused: { ...refused },
        clients: { ...clients },
        datasets: { ...datasets },
        purposes: { ...purposes },
        latency: { ...latency },
      };
    const grants = record<GrantUse>();
    for (const [id, use] of Object.entries(this.#grants)) grants[id] = { ...use, fields: { ...use.fields } };
    return { hours, grants };
  }
}

function addCounts(into: Record<string, Counts>, from: Readonly<Record<string, Counts>>): void {
  for (const [id, [requests, denied]] of Object.entries(from)) {
    const [r, d] = into[id] ?? [0, 0];
    into[id] = [r + requests, d + denied];
  }
}

function addNumbers(into: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [id, count] of Object.entries(from)) into[id] = (into[id] ?? 0) + count;
}

/**
 * One summary of many, which are nobody else's: an hour stands in one of them but where two blocks meet, and is taken
 * as it is. Hours outside [from, to) are left out.
 */
export function mergeSummaries(summaries: Iterable<Summary>, from: number, to: number): Summary {
  const hours = record<Mutable<Hour>>();
  const grants = record<Mutable<GrantUse>>();
  for (const summary of summaries) {
    for (const [start, hour] of Object.entries(summary.hours)) {
      if (Number(start) + HOUR <= from || Number(start) >= to) continue;
      const into = hours[start];
      if (into === undefined) {
        hours[start] = hour;
        continue;
      }
      into.requests += hour.requests;
      into.denied += hour.denied;
      into.records += hour.records;
      addNumbers(into.refused, hour.refused);
      addNumbers(into.latency, hour.latency);
      addCounts(into.clients, hour.clients);
      addCounts(into.datasets, hour.datasets);
      addCounts(into.purposes, hour.purposes);
    }
    for (const [id, use] of Object.entries(summary.grants)) {
      const into = grants[id];
      if (into === undefined) {
        grants[id] = use;
        continue;
      }
      into.requests += use.requests;
      into.last = Math.max(into.last, use.last);
      for (const [field, time] of Object.entries(use.fields))
        into.fields[field] = Math.max(into.fields[field] ?? 0, time);
    }
  }
  return { hours, grants };
}

/** µs at or below which `share` of the answers stayed; undefined if there were none. */
export function latencyQuantile(latency: Readonly<Record<string, number>>, share: number): number | undefined {
  const buckets = Object.entries(latency)
    .map(([bucket, count]): [number, number] => [Number(bucket), count])
    .sort(([a], [b]) => a - b);
  const all = buckets.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= all * share) return latencyOf(bucket);
  }
  return undefined;
}

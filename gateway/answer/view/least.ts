/** What is said of several parts of a view together: no more than each of them can say. */
import { present } from '../../../contracts/present.js';
import type { Cut, DatasetState } from './port.js';

/** The least of each partition; a topic that one of them does not name is in none. */
export function leastCut(cuts: readonly Cut[]): Cut {
  const [first = {}, ...others] = cuts;
  return Object.fromEntries(
    Object.entries(first)
      .filter(([topic]) => others.every((other) => other[topic] !== undefined))
      .map(([topic, offsets]) => [
        topic,
        offsets.map((next, partition) => Math.min(next, ...others.map((other) => other[topic]?.[partition] ?? 0))),
      ]),
  );
}

type Stated = DatasetState['watermark'];

/** The one that came earlier; none where one has none. */
const earlier = (a: Stated, b: Stated): Stated =>
  a === undefined || b === undefined ? undefined : a.receivedAt <= b.receivedAt ? a : b;

const NOTHING: DatasetState = { records: 0, versions: 0, poisoned: 0 };

/** Counters added up, the earliest watermarks, and whatever is wrong with one. */
export function leastState(states: readonly DatasetState[]): DatasetState {
  const sum = (of: (state: DatasetState) => number): number => states.reduce((all, state) => all + of(state), 0);
  const [first = NOTHING, ...others] = states;
  const published = states.flatMap(({ lastPublishedAt }) => lastPublishedAt ?? []);
  return {
    records: sum(({ records }) => records),
    versions: sum(({ versions }) => versions),
    poisoned: sum(({ poisoned }) => poisoned),
    ...present({
      watermark: others.reduce<Stated>((least, { watermark }) => earlier(least, watermark), first.watermark),
      complete: others.reduce<Stated>((least, { complete }) => earlier(least, complete), first.complete),
      lastPublishedAt: published.length === 0 ? undefined : Math.max(...published),
    }),
    ...(states.some(({ incomplete }) => incomplete === true) ? { incomplete: true } : {}),
    ...(states.some(({ unavailable }) => unavailable === true) ? { unavailable: true } : {}),
  };
}

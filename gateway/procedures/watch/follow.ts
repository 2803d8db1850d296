/**
 * Follows the log in its order, lets the rules see each access and each refusal, and feeds the search index: each entry
 * is read and decrypted once for both. Committed entries only; from a stored position, at least once.
 *
 * After a crash: entries behind the position are read again. Rules that look back over a window are shown that window
 * first, silently, so that they know what they knew; what they find again has the same id and is the same alert. An
 * alert is on disk together with the position, and gets its entry of the log afterwards: one that has none yet gets it
 * later, unless the entry is met in the log in the meantime.
 */

import { openSubjectKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import type { IndexFeed } from '../../log/search/index.js';
import { openBodies } from '../../log/store/bodies.js';
import { entryReader, type ReadEntry } from '../../log/store/reading.js';
import { committedSize } from '../../log/store/size.js';
import { accessReader, refusalOf } from './access.js';
import type { Finding, Rules, Watching } from './rule.js';
import { type Alert, alertId, openAlerts } from './store.js';

export interface WatchOptions {
  readonly dataDir: string;
  readonly rules: Rules;
  /** Of the rules that are on. */
  readonly thresholds: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** Gets each entry as well. */
  readonly index?: IndexFeed;
  /** ms since 1970 */
  readonly now: () => number;
  /** Puts an alert on record; durable when it resolves. */
  readonly record: (alert: Alert) => Promise<void>;
  readonly onAlert?: (alert: Alert) => void;
  readonly onError: (error: unknown) => void;
  /** It has read on, or is at the end. */
  readonly onPass?: () => void;
  /** ms between two looks at the log's end; 0: only when `runOnce` is called. */
  readonly interval: number;
  /** ms that alerts without an entry, of an earlier life, wait for it to be met in the log; default 10,000. */
  readonly settle?: number;
}

export interface Watcher {
  /** Reads to the end of the log as it is now; how many entries. */
  runOnce(): Promise<number>;
  /** Alerts that come from no entry of the log; each is on record with the next look. */
  raise(alerts: readonly Alert[]): void;
  /** As `AlertStore.prune`. */
  prune(before: number, standing: ReadonlySet<string>): number;
  /** The next entry that it reads. */
  position(): number;
  /** Alerts ever raised, by rule. */
  counts(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** The action of an alert's entry; its target is the alert's id. */
export const ALERT_RAISED = 'alert_raised';

/** Entries between two turns of the event loop. */
const SLICE = 128;
/** After a slice it rests so many times as long as the slice took: the view and the log come first. */
const REST = 3;
/** Entries after which the position is stored, where nothing was found. */
const STORE_EVERY = 20_000;

export function startWatching({
  dataDir,
  rules,
  thresholds,
  index: feed,
  now,
  record,
  onAlert,
  onError,
  onPass,
  interval,
  settle = 10_000,
}: WatchOptions): Watcher {
  const layout = auditLayout(dataDir);
  const store = openAlerts(layout.alerts);
  const keys = openSubjectKeys({ dir: layout.subjectKeys, cache: 1000 });
  const bodies = openBodies(layout.bodies, layout.index);
  const reader = entryReader(bodies, keys);
  const accessOf = accessReader();
  const stored = store.progress();
  const watching = [...thresholds].flatMap(([name, own]) => {
    const rule = rules.get(name);
    return rule === undefined ? [] : [{ name, rule: rule.begin(own, stored.states[name]) }];
  });
  const looksBack = Math.max(0, ...watching.map(({ rule }) => rule.window));
  const leftOver = new Set(store.list().flatMap(({ id, recorded }) => (recorded ? [] : [id])));
  const started = now();
  let next = stored.next;
  let time = stored.time;
  let unstored = 0;
  let stopped = false;

  /** An entry as a rule is shown it. */
  type Shown = { readonly time: number; readonly to: (rule: Watching) => Finding | undefined };
  /**
   * Of an entry that is an access or a refusal. One that is damaged is told and passed over: it must not stop what
   * comes behind it.
   */
  const shownOf = (entry: ReadEntry | undefined): Shown | undefined => {
    if (entry === undefined) return undefined;
    try {
      const { type, action, target } = entry.body;
      if (type === 'administration' && action === ALERT_RAISED && typeof target === 'string') {
        store.markRecorded(target);
        leftOver.delete(target);
      }
      const access = accessOf(entry);
      if (access !== undefined) return { time: access.time, to: (rule) => rule.see(access) };
      const refusal = refusalOf(entry);
      return refusal === undefined ? undefined : { time: refusal.time, to: (rule) => rule.refused?.(refusal) };
    } catch (error) {
      onError(error);
      return undefined;
    }
  };

  const rest = async (since: number): Promise<void> => {
    const busy = performance.now() - since;
    await new Promise<void>((resolve) =>
      interval === 0 ? setImmediate(resolve) : setTimeout(resolve, Math.ceil(REST * busy)),
    );
  };

  /** Shows rules with a window what lies in it, without listening. */
  async function remember(): Promise<void> {
    if (looksBack === 0 || next === 0) return;
    let first = next;
    // entries of several journals are not strictly in the order of time: some more than the window
    const from = time - looksBack - 60_000;
    while (first > 0) {
      first = Math.max(0, first - SLICE);
      if ((entryTime(first) ?? Infinity) < from) break;
    }
    for (let index = first; index < next && !stopped; index += SLICE) {
      const since = performance.now();
      for (const entry of reader.run(index, Math.min(SLICE, next - index), onError)) {
        const shown = shownOf(entry);
        if (shown !== undefined) for (const { rule } of watching) if (rule.window > 0) shown.to(rule);
      }
      await rest(since);
    }
  }
  function entryTime(index: number): number | undefined {
    const at = Date.parse(reader.read(index)?.body.time ?? '');
    return Number.isNaN(at) ? undefined : at;
  }

  const commit = (alerts: readonly Alert[]): readonly Alert[] => {
    const states = Object.fromEntries(
      watching.flatMap(({ name, rule }) => (rule.stored === undefined ? [] : [[name, rule.stored()]])),
    );
    unstored = 0;
    return store.commit(alerts, { next, time, states });
  };

  /** Of this life: what could not be put on record is tried again with the next look. */
  const waiting = new Set<string>();
  const tell = (fresh: readonly Alert[]): void => {
    for (const alert of fresh) {
      waiting.add(alert.id);
      onAlert?.(alert);
    }
  };
  async function putOnRecord(ids: Set<string>): Promise<void> {
    for (const id of ids) {
      const alert = store.get(id);
      if (alert !== undefined && !alert.recorded) {
        await record(alert);
        store.markRecorded(id);
      }
      ids.delete(id);
    }
  }

  async function toTheEnd(): Promise<number> {
    const end = committedSize(layout);
    const begin = next;
    while (next < end && !stopped) {
      const since = performance.now();
      const found: Alert[] = [];
      await feed?.begin(next);
      for (const entry of reader.run(next, Math.min(SLICE, end - next), onError)) {
        feed?.take(entry);
        const shown = shownOf(entry);
        next++;
        if (shown === undefined) continue;
        time = Math.max(time, shown.time);
        for (const { name, rule } of watching) {
          const finding = shown.to(rule);
          if (finding === undefined) continue;
          const { key, period, ...parts } = finding;
          found.push({ id: alertId(name, { key, period }), rule: name, time: shown.time, recorded: false, ...parts });
        }
      }
      unstored += SLICE;
      // with everything that rules have seen: also what comes after the access that was one too many
      if (found.length > 0 || unstored >= STORE_EVERY) tell(commit(found));
      onPass?.();
      await rest(since);
    }
    if (next > begin && interval === 0) commit([]);
    await putOnRecord(waiting);
    if (now() - started >= settle) await putOnRecord(leftOver);
    onPass?.();
    return next - begin;
  }

  let running: Promise<number> = remember().then(() => 0);
  running.catch(onError);
  const runOnce = (): Promise<number> => (running = running.catch(() => 0).then(toTheEnd));
  let timer: NodeJS.Timeout | undefined;
  const again = (): void => {
    timer = setTimeout(
      () =>
        void runOnce()
          .catch(onError)
          .finally(() => {
            if (!stopped) again();
          }),
      interval,
    );
  };
  if (interval > 0) again();

  return {
    runOnce,
    raise: (alerts) => tell(store.raise(alerts)),
    prune: (before, standing) => store.prune(before, standing),
    position: () => next,
    counts: () => store.counts(),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running.catch(() => 0);
      if (unstored > 0) commit([]);
      bodies.close();
      await keys.close();
      await store.close();
    },
  };
}

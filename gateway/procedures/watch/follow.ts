/**
 * Follows the log in its order, lets the rules see each access and each refusal, and feeds the search index: each entry
 * is read and decrypted once for both. Committed entries only; from a stored position, at least once.
 *
 * After a crash: entries behind the position are read again. Rules that look back over a window are shown that window
 * first, silently, so that they know what they knew; what they find again has the same id and is the same alert. An
 * alert is on disk together with the position, and gets its entry of the log afterwards: one that has none yet gets it
 * later, unless the entry is met in the log in the meantime.
 */

import { openSubjectKeys, type SubjectKeys } from '../../log/entries/keys.js';
import { type AuditLayout, auditLayout } from '../../log/entries/layout.js';
import type { IndexFeed } from '../../log/search/index.js';
import { type BodyStore, openBodies } from '../../log/store/bodies.js';
import { type EntryReader, entryReader, type ReadEntry } from '../../log/store/reading.js';
import { committedSize } from '../../log/store/size.js';
import { accessReader, refusalOf } from './access.js';
import type { Finding, Rules, Watching } from './rule.js';
import { type Alert, type AlertStore, alertId, openAlerts } from './store.js';

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

export function startWatching(options: WatchOptions): Watcher {
  return new LogWatcher(options);
}

/** A rule at work. */
interface RuleAtWork {
  readonly name: string;
  readonly rule: Watching;
}

/** An entry as a rule is shown it. */
interface Shown {
  /** ms since 1970 */
  readonly time: number;
  readonly to: (rule: Watching) => Finding | undefined;
}

class LogWatcher implements Watcher {
  readonly #options: WatchOptions;
  readonly #layout: AuditLayout;
  readonly #store: AlertStore;
  readonly #keys: SubjectKeys;
  readonly #bodies: BodyStore;
  readonly #reader: EntryReader;
  readonly #accessOf = accessReader();
  readonly #rules: readonly RuleAtWork[];
  /** Alerts of an earlier life that had no entry then. */
  readonly #leftOver: Set<string>;
  /** Alerts of this life that are not on record: what fails is tried again with the next look. */
  readonly #waiting = new Set<string>();
  readonly #started: number;
  /** Log index of the next entry. */
  #next: number;
  /** ms since 1970: that of the latest access or refusal that rules were shown. */
  #time: number;
  /** Entries read since the position was stored. */
  #unstored = 0;
  #stopped = false;
  #running: Promise<number>;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#layout = auditLayout(options.dataDir);
    this.#store = openAlerts(this.#layout.alerts);
    this.#keys = openSubjectKeys({ dir: this.#layout.subjectKeys, cache: 1000 });
    this.#bodies = openBodies(this.#layout.bodies, this.#layout.index);
    this.#reader = entryReader(this.#bodies, this.#keys);
    const { next, time, states } = this.#store.progress();
    this.#next = next;
    this.#time = time;
    this.#rules = [...options.thresholds].flatMap(([name, thresholds]) => {
      const rule = options.rules.get(name);
      return rule === undefined ? [] : [{ name, rule: rule.begin(thresholds, states[name]) }];
    });
    this.#leftOver = new Set(this.#store.list().flatMap(({ id, recorded }) => (recorded ? [] : [id])));
    this.#started = options.now();
    this.#running = this.#remember().then(() => 0);
    this.#running.catch(options.onError);
    if (options.interval > 0) this.#lookAgain();
  }

  runOnce(): Promise<number> {
    return (this.#running = this.#running.catch(() => 0).then(() => this.#readToEnd()));
  }

  raise(alerts: readonly Alert[]): void {
    this.#announce(this.#store.raise(alerts));
  }

  prune(before: number, standing: ReadonlySet<string>): number {
    return this.#store.prune(before, standing);
  }

  position(): number {
    return this.#next;
  }

  counts(): Readonly<Record<string, number>> {
    return this.#store.counts();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running.catch(() => 0);
    if (this.#unstored > 0) this.#commit([]);
    this.#bodies.close();
    await this.#keys.close();
    await this.#store.close();
  }

  #lookAgain(): void {
    const { interval, onError } = this.#options;
    this.#timer = setTimeout(
      () =>
        void this.runOnce()
          .catch(onError)
          .finally(() => {
            if (!this.#stopped) this.#lookAgain();
          }),
      interval,
    );
  }

  /** Shows rules with a window what lies in it, without listening. */
  async #remember(): Promise<void> {
    const looksBack = Math.max(0, ...this.#rules.map(({ rule }) => rule.window));
    if (looksBack === 0 || this.#next === 0) return;
    const end = this.#next;
    for (let index = this.#firstSince(looksBack); index < end && !this.#stopped; index += SLICE) {
      const since = performance.now();
      for (const entry of this.#reader.run(index, Math.min(SLICE, end - index), this.#options.onError)) {
        const shown = this.#shownOf(entry);
        if (shown !== undefined) for (const { rule } of this.#rules) if (rule.window > 0) shown.to(rule);
      }
      await this.#rest(since);
    }
  }

  /** Log index from which on entries may lie in a window of so many ms before the position. */
  #firstSince(looksBack: number): number {
    // entries of several journals are not strictly in the order of time: some more than the window
    const from = this.#time - looksBack - 60_000;
    let first = this.#next;
    while (first > 0) {
      first = Math.max(0, first - SLICE);
      if ((this.#timeOf(first) ?? Infinity) < from) break;
    }
    return first;
  }

  #timeOf(index: number): number | undefined {
    const at = Date.parse(this.#reader.read(index)?.body.time ?? '');
    return Number.isNaN(at) ? undefined : at;
  }

  /** Slice by slice to the end of the log as it is now, then what is to be put on record. */
  async #readToEnd(): Promise<number> {
    const { interval, onPass, settle = 10_000, now } = this.#options;
    const end = committedSize(this.#layout);
    const begin = this.#next;
    while (this.#next < end && !this.#stopped) {
      const since = performance.now();
      const found = await this.#readSlice(end);
      this.#unstored += SLICE;
      // with everything that rules have seen: also what comes after the access that was one too many
      if (found.length > 0 || this.#unstored >= STORE_EVERY) this.#announce(this.#commit(found));
      onPass?.();
      await this.#rest(since);
    }
    if (this.#next > begin && interval === 0) this.#commit([]);
    await this.#putOnRecord(this.#waiting);
    if (now() - this.#started >= settle) await this.#putOnRecord(this.#leftOver);
    onPass?.();
    return this.#next - begin;
  }

  /** Shows the next entries to the index and to the rules; the alerts that these found. */
  async #readSlice(end: number): Promise<readonly Alert[]> {
    const { index: feed, onError } = this.#options;
    const found: Alert[] = [];
    await feed?.begin(this.#next);
    for (const entry of this.#reader.run(this.#next, Math.min(SLICE, end - this.#next), onError)) {
      feed?.take(entry);
      const shown = this.#shownOf(entry);
      this.#next++;
      if (shown === undefined) continue;
      this.#time = Math.max(this.#time, shown.time);
      for (const { name, rule } of this.#rules) {
        const finding = shown.to(rule);
        if (finding === undefined) continue;
        const { key, period, ...parts } = finding;
        found.push({ id: alertId(name, { key, period }), rule: name, time: shown.time, recorded: false, ...parts });
      }
    }
    return found;
  }

  /**
   * Of an entry that is an access or a refusal. One that is damaged is reported and passed over: it must not stop what
   * comes behind it.
   */
  #shownOf(entry: ReadEntry | undefined): Shown | undefined {
    if (entry === undefined) return undefined;
    try {
      this.#noteRecorded(entry);
      const access = this.#accessOf(entry);
      if (access !== undefined) return { time: access.time, to: (rule) => rule.see(access) };
      const refusal = refusalOf(entry);
      return refusal === undefined ? undefined : { time: refusal.time, to: (rule) => rule.refused?.(refusal) };
    } catch (error) {
      this.#options.onError(error);
      return undefined;
    }
  }

  /** An entry that puts an alert on record: that alert waits for none any more. */
  #noteRecorded({ body: { type, action, target } }: ReadEntry): void {
    if (type !== 'administration' || action !== ALERT_RAISED || typeof target !== 'string') return;
    this.#store.markRecorded(target);
    this.#leftOver.delete(target);
  }

  /** Stores alerts together with the position and what the rules know; those of them that are new. */
  #commit(alerts: readonly Alert[]): readonly Alert[] {
    const states = Object.fromEntries(
      this.#rules.flatMap(({ name, rule }) => (rule.stored === undefined ? [] : [[name, rule.stored()]])),
    );
    this.#unstored = 0;
    return this.#store.commit(alerts, { next: this.#next, time: this.#time, states });
  }

  #announce(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      this.#waiting.add(alert.id);
      this.#options.onAlert?.(alert);
    }
  }

  async #putOnRecord(ids: Set<string>): Promise<void> {
    for (const id of ids) {
      const alert = this.#store.get(id);
      if (alert !== undefined && !alert.recorded) {
        await this.#options.record(alert);
        this.#store.markRecorded(id);
      }
      ids.delete(id);
    }
  }

  /** @param since `performance.now()` when the slice began */
  #rest(since: number): Promise<void> {
    const busy = performance.now() - since;
    return new Promise((resolve) => {
      if (this.#options.interval === 0) setImmediate(resolve);
      else setTimeout(resolve, Math.ceil(REST * busy));
    });
  }
}

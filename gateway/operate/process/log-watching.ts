/**
 * What the writer does behind the log: it feeds the search index, lets the watching rules see each entry, and looks for
 * clocks of tickets that ran out and for damaged keys of subjects.
 */

import type { Settings } from '../../ground/config/index.js';
import { inWords } from '../../ground/logging/words.js';
import type { SubjectKeys } from '../../log/entries/keys.js';
import type { JournalOptions } from '../../log/journal/journal.js';
import { openSearch, type SearchIndex } from '../../log/search/index.js';
import { OVERDUE, overdueAlerts } from '../../procedures/lifecycles/overdue.js';
import type { Tickets } from '../../procedures/lifecycles/tickets.js';
import { type AlertRecorder, alertRecorder } from '../../procedures/watch/alert-entry.js';
import { startWatching, type Watcher } from '../../procedures/watch/follow.js';
import type { Rules } from '../../procedures/watch/rule.js';
import { DAMAGED_KEY, damagedKeyAlerts } from '../../procedures/watch/subject-key-check.js';
import type { FromChild } from '../children/messages.js';

/** ms between two looks for blocks of the search index that are missing. */
const INDEX_EVERY = 5_000;
/** ms between two looks of the watching rules at the log. */
const WATCH_EVERY = 1000;
/** ms between two looks through the keys of subjects. */
const KEYS_EVERY = 24 * 3_600_000;
/** ms between two looks for clocks of tickets that have run out. */
const CLOCKS_EVERY = 2000;

interface LogWatchingParts {
  readonly dataDir: string;
  readonly rules: Rules;
  /** Of the rules that are on. */
  readonly thresholds: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** Signs the entries of alerts. */
  readonly signer: JournalOptions['signer'];
  readonly audit: Settings['audit'];
  readonly keys: SubjectKeys;
  readonly tickets: () => Tickets;
  /** Ends a look through the keys. */
  readonly signal: AbortSignal;
  readonly tell: (message: FromChild) => void;
  /** A task has come forward. */
  readonly passed: (task: 'watching' | 'searching' | 'clocks') => void;
}

export class LogWatching {
  readonly watcher: Watcher;
  readonly #parts: LogWatchingParts;
  readonly #search: SearchIndex;
  readonly #recorder: AlertRecorder;
  /** Of what raises alerts by the time. */
  readonly #timers: (NodeJS.Timeout | undefined)[] = [];
  readonly #indexing: NodeJS.Timeout;
  /** The look at clocks that is under way. */
  #clocks: Promise<void> | undefined;

  constructor(parts: LogWatchingParts) {
    const { dataDir, rules, thresholds, signer, audit, tell, passed } = parts;
    this.#parts = parts;
    this.#search = openSearch(dataDir);
    this.#recorder = alertRecorder({ dataDir, signer, audit, now: Date.now });
    this.watcher = startWatching({
      dataDir,
      rules,
      thresholds,
      index: this.#search.feed(),
      now: Date.now,
      record: this.#recorder.record,
      interval: WATCH_EVERY,
      onAlert: ({ rule, id }) => {
        tell({ kind: 'alert', message: `watching found ${rule}, alert ${id}; see \`yitong audit alerts\`` });
        this.#tellCounts();
      },
      onError: (error) => this.#failed(error),
      onPass: () => passed('watching'),
    });
    this.#tellCounts();
    if (thresholds.has(OVERDUE)) this.#timers.push(setInterval(() => void this.#clocksInTurn(), CLOCKS_EVERY));
    if (thresholds.has(DAMAGED_KEY)) {
      // whatever is found is raised, and nothing waits for it
      const look = (): void => void this.#lookAtKeys();
      this.#timers.push(setTimeout(look, WATCH_EVERY), setInterval(look, KEYS_EVERY));
    }
    this.#indexing = setInterval(() => this.#indexMissingBlocks(), INDEX_EVERY);
  }

  /** No more alerts by the time: nothing that they are read from may be closed before. */
  stopTimers(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Resolves when the alerts that were raised have their entries in the journal. */
  async stop(): Promise<void> {
    await this.#clocks;
    await this.watcher.stop();
    await this.#recorder.close();
  }

  stopIndexing(): void {
    clearInterval(this.#indexing);
  }

  async close(): Promise<void> {
    await this.#search.close();
  }

  #tellCounts(): void {
    this.#parts.tell({ kind: 'alerts', counts: this.watcher.counts() });
  }

  #failed(error: unknown): void {
    this.#parts.tell({ kind: 'alert', message: inWords(error) });
  }

  /** One look at a time, however long the store takes. */
  #clocksInTurn(): Promise<void> {
    return (this.#clocks ??= this.#lookAtClocks().finally(() => (this.#clocks = undefined)));
  }

  async #lookAtClocks(): Promise<void> {
    try {
      this.watcher.raise(await overdueAlerts(this.#parts.tickets(), Date.now()));
      this.#parts.passed('clocks');
    } catch (error) {
      this.#failed(error);
    }
  }

  async #lookAtKeys(): Promise<void> {
    const { keys, signal } = this.#parts;
    try {
      const found = await damagedKeyAlerts(keys, Date.now(), signal);
      if (found.length > 0 && !signal.aborted) this.watcher.raise(found);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Blocks behind the watcher that have no file: those of an erased subject, or of a folder that had no index. */
  #indexMissingBlocks(): void {
    this.#search.catchUp(this.watcher.position()).then(
      () => this.#parts.passed('searching'),
      (error: unknown) => this.#failed(error),
    );
  }
}

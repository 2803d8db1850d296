/**
 * Takes what changes of contracts, feeds and yitong.json while the group runs: looks, has it checked, and only if all
 * of it may be taken replaces, in this order, the workers, what the writer reads by, and the feeds. Workers come first
 * since they must be able to read a record before anything lets it in; the ones before are gone before the writer goes
 * on, and what it cannot read meanwhile waits. Until all new workers are ready nothing has changed.
 */
import { type ContentVersion, sameContent } from '../../answer/inforce/content.js';
import { inWords, Told } from '../../ground/logging/words.js';
import type { Checked } from './checking.js';

export type Taken = Extract<Checked, { ok: true }>;

/** What the supervisor does for it. */
export interface RollParts {
  /** By what the file system says: differs whenever the content may. @throws Error where it cannot be looked at */
  print(): Promise<string>;
  version(): Promise<ContentVersion>;
  check(): Promise<Checked>;
  /** The writer keeps what it cannot read, instead of setting it aside. */
  hold(on: boolean): void;
  /** All new workers are ready beside those before; or none is left. @throws Error */
  startWorkers(taken: Taken): Promise<void>;
  /** Resolves when those before are gone. */
  retireWorkers(): Promise<void>;
  /** The writer reads by what is on disk. @param contracts the version that the workers know @throws Error */
  swapWriter(contracts: string): Promise<void>;
  replaceFeeds(): Promise<void>;
  /** What is in force now, put on record. */
  inForce(taken: Taken, before: ContentVersion): Promise<void>;
  /** ms since 1970 */
  now(): number;
  log(level: 'info' | 'warn' | 'error', message: string): void;
}

interface Trouble {
  /** ms since 1970 */
  readonly since: number;
  readonly why: string;
}

/** Files that never come to rest are taken as they are after this many ms. */
const UNREST = 10_000;
/** Ms until what was refused is looked at once more, doubled each time: it may have been the policies beside it. */
const FIRST_RETRY = 15_000;
const LAST_RETRY = 300_000;

export class Rolling {
  /** What was looked at last and led to something. */
  #loaded: string | undefined;
  #seen: { readonly print: string; readonly since: number } | undefined;
  #trouble: Trouble | undefined;
  #retry = { at: Infinity, pause: FIRST_RETRY };
  #looking: Promise<boolean> | undefined;
  #left = { workers: false, writer: false, feeds: false };
  #stopped = false;
  #replacing = false;

  constructor(
    readonly parts: RollParts,
    /** Of the workers, as they said themselves. */
    private version: ContentVersion,
  ) {}

  /** Why what stands on disk is not in force. */
  get trouble(): Trouble | undefined {
    return this.#trouble;
  }
  get current(): ContentVersion {
    return this.version;
  }
  /** Whether anything is being replaced just now. */
  get replacing(): boolean {
    return this.#replacing;
  }

  /** One look, and what follows from it; one at a time. @returns whether the next look should come soon */
  look(): Promise<boolean> {
    return (this.#looking ??= this.#look().finally(() => (this.#looking = undefined)));
  }

  /** What was refused is checked again at the next look. */
  again(): void {
    this.#retry = { ...this.#retry, at: -Infinity };
  }

  /** Resolves when no look is under way any more, which must end by itself. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
  }

  async #look(): Promise<boolean> {
    if (this.#stopped) return false;
    let print: string;
    try {
      print = await this.parts.print();
    } catch (error) {
      this.#failed(inWords(error));
      return false;
    }
    const due = this.#trouble !== undefined && this.parts.now() >= this.#retry.at;
    if (print === this.#loaded && !due) {
      this.#seen = undefined;
      return false;
    }
    if (!due && !this.#still(print)) return true;
    this.#seen = undefined;
    try {
      await this.#take();
    } catch (error) {
      this.#failed(inWords(error));
    } finally {
      this.#loaded = print;
      this.#replacing = false;
    }
    return false;
  }

  #still(print: string): boolean {
    const last = this.#seen;
    this.#seen = { print, since: last?.since ?? this.parts.now() };
    return last?.print === print || this.parts.now() - this.#seen.since >= UNREST;
  }

  #failed(why: string): void {
    const { parts } = this;
    if (this.#trouble?.why !== why) {
      parts.log('error', `contracts, feeds or yitong.json on disk are not taken, so those in force go on: ${why}`);
      this.#retry = { at: 0, pause: FIRST_RETRY };
    }
    this.#trouble = { since: this.#trouble?.since ?? parts.now(), why };
    this.#retry = { at: parts.now() + this.#retry.pause, pause: Math.min(LAST_RETRY, this.#retry.pause * 2) };
  }

  async #take(): Promise<void> {
    const { parts } = this;
    if (sameContent(await parts.version(), this.version)) {
      await this.#finish();
      return this.#well();
    }
    const checked = await parts.check();
    if (this.#stopped) return;
    if (!checked.ok) throw new Told(checked.why);
    if (!sameContent(checked.version, this.version)) await this.#roll(checked);
    await this.#finish();
    this.#well();
  }

  #well(): void {
    if (this.#trouble !== undefined)
      this.parts.log('info', 'contracts, feeds and yitong.json on disk are those in force again');
    this.#trouble = undefined;
    this.#retry = { at: Infinity, pause: FIRST_RETRY };
  }

  async #roll(taken: Taken): Promise<void> {
    const { parts } = this;
    const before = this.version;
    parts.log('info', 'contracts, feeds or yitong.json changed: workers are replaced one by one');
    parts.hold(true);
    this.#replacing = true;
    try {
      await parts.startWorkers(taken);
    } catch (error) {
      parts.hold(false);
      throw error;
    }
    this.version = taken.version;
    this.#left = {
      workers: true,
      writer: this.#left.writer || taken.version.contracts !== before.contracts,
      feeds: true,
    };
    await parts.inForce(taken, before);
  }

  /** What is left to do once the new workers answer; what fails is tried again at the next look. */
  async #finish(): Promise<void> {
    const { parts } = this;
    if (this.#left.workers) await parts.retireWorkers();
    this.#left = { ...this.#left, workers: false };
    try {
      if (this.#left.writer) await parts.swapWriter(this.version.contracts);
      this.#left = { ...this.#left, writer: false };
    } finally {
      parts.hold(false);
    }
    if (this.#left.feeds) await parts.replaceFeeds();
    this.#left = { ...this.#left, feeds: false };
    if (this.#replacing) parts.log('info', 'contracts, feeds and yitong.json on disk are in force');
  }
}

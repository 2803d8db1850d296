/**
 * Quarantines of a data folder for whoever looks into them again and again. Opening one looks at each of its pages
 * (`lmdb/file.ts`), which takes longer the more is held back, and longer than any look into it: so one stays open
 * between looks, and is closed when nobody has looked for a while. Each look sees what other processes have written by
 * then. A file that was put in its place, removed or cut short meanwhile is noticed, and opened as any other.
 */
import type { DatasetId } from '../contracts/ids.js';
import { cutShort, identityOf } from './lmdb/file.js';
import { Quarantine } from './quarantine.js';

/** What whoever only looks may do: changes belong to a turn (`publish/turn.ts`), and to an opening of its own. */
export type QuarantineReader = Pick<Quarantine, 'get' | 'page' | 'causes' | 'rowsOf' | 'count'>;

/** ms for which one stays open behind the last look. */
const KEPT = 60_000;

class Kept {
  looks = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended: Promise<void> | undefined;
  #free: (() => void) | undefined;

  constructor(
    readonly quarantine: Quarantine,
    readonly file: string | undefined,
    private readonly idle: number,
  ) {}

  get isEnding(): boolean {
    return this.#ended !== undefined;
  }

  take(): this {
    clearTimeout(this.#timer);
    this.looks += 1;
    return this;
  }

  release(): void {
    this.looks -= 1;
    if (this.looks > 0) return;
    this.#free?.();
    // whoever looks next waits for it, and opens it anew
    if (this.#ended === undefined) this.#timer = setTimeout(() => this.end().catch(() => undefined), this.idle).unref();
  }

  /** Closed once nobody looks any more; it never fails, as nothing is written by it. */
  end(): Promise<void> {
    clearTimeout(this.#timer);
    return (this.#ended ??= this.#end());
  }

  async #end(): Promise<void> {
    if (this.looks > 0) await new Promise<void>((free) => (this.#free = free));
    await this.quarantine.close().catch(() => undefined);
  }
}

export class KeptQuarantines {
  readonly #kept = new Map<DatasetId, Kept>();

  /** @param idle ms for which one stays open behind the last look */
  constructor(
    private readonly dataDir: string,
    private readonly now: () => Date,
    private readonly idle = KEPT,
  ) {}

  /**
   * Undefined where nothing of the dataset was ever held back.
   * @throws YitongError `store_damaged`
   */
  async look<T>(dataset: DatasetId, work: (quarantine: QuarantineReader) => Promise<T>): Promise<T | undefined> {
    const kept = await this.#take(dataset);
    if (kept === undefined) return undefined;
    try {
      await kept.quarantine.refresh();
      return await work(kept.quarantine);
    } finally {
      kept.release();
    }
  }

  async close(): Promise<void> {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(all.map((one) => one.end()));
  }

  async #take(dataset: DatasetId): Promise<Kept | undefined> {
    const path = Quarantine.fileOf(this.dataDir, dataset);
    for (;;) {
      const kept = this.#kept.get(dataset);
      const file = identityOf(path);
      if (kept === undefined) {
        if (file === undefined) return undefined;
        const quarantine = Quarantine.open(this.dataDir, dataset, this.now);
        const opened = new Kept(quarantine, identityOf(path), this.idle).take();
        this.#kept.set(dataset, opened);
        return opened;
      }
      if (!kept.isEnding && kept.file === file && !cutShort(path)) return kept.take();
      await kept.end();
      if (this.#kept.get(dataset) === kept) this.#kept.delete(dataset);
    }
  }
}

/**
 * Prepared batches on their way into a view that is far behind: gathered until there are enough of them for one
 * transaction, and applied while the next ones are gathered. They are applied in the order in which they came, and
 * nothing behind what could not be applied: offsets would go beyond it.
 */
import type { TopicName } from '../../../connectors/bus/port.js';
import type { PreparedBatch } from './port.js';

/**
 * Bytes that are gathered for one transaction while topics are far behind: they hold the same subjects, so that a page
 * of the view is written once for many of them. LMDB keeps as much memory again for the pages that one transaction
 * changes, and as much as is being applied is gathered meanwhile.
 */
const GATHERED = 32 * 2 ** 20;
/** Bytes, about, of a record that is to be set aside, beside its value: it stays an object until then. */
const ASIDE = 1024;
/** ms after which gathered records are applied, where no more come. */
const NO_MORE_AFTER = 100;
/** ms after which gathered records are applied, the first of them counted, however many still come. */
const GATHERED_WITHIN = 5000;

interface GatheringOptions {
  /** One transaction. */
  readonly apply: (batches: readonly PreparedBatch[]) => Promise<void>;
  /** Called with the topics of each transaction. */
  readonly onApplied: (topics: ReadonlySet<TopicName>) => void;
  /** Called once, with what the first transaction that failed has thrown. */
  readonly onFailed: (error: unknown) => void;
  readonly gatheredBytes?: number;
  readonly noMoreAfter?: number;
}

export class Gathering {
  readonly #o: GatheringOptions;
  /** Not begun to be applied. Lost with a crash or a stop, and then read again from the view's own offsets. */
  #batches: PreparedBatch[] = [];
  #bytes = 0;
  #since = 0;
  #later: NodeJS.Timeout | undefined;
  /** What is being applied; once it has failed it stays so, and so does all that would come behind it. */
  #applying: Promise<void> = Promise.resolve();
  /** Transactions begun and not ended. */
  #underWay = 0;
  #stopped = false;

  constructor(options: GatheringOptions) {
    this.#o = options;
  }

  /**
   * Resolves when there is room for the next one.
   * @param isLast nothing is left to wait for: resolves when all is applied
   * @throws what a transaction has thrown
   */
  async add(batch: PreparedBatch, isLast: boolean): Promise<void> {
    const now = performance.now();
    if (this.#batches.length === 0) this.#since = now;
    this.#batches.push(batch);
    this.#bytes += batch.aside.reduce(
      (all, { record }) => all + (record.value?.length ?? 0) + ASIDE,
      batch.bytes.length,
    );
    if (isLast) return this.flush();
    if (this.#bytes >= (this.#o.gatheredBytes ?? GATHERED) || now - this.#since >= GATHERED_WITHIN) {
      // one transaction at a time, and one that is gathered meanwhile
      await this.#applying;
      this.#begin();
    } else if (this.#later !== undefined) this.#later.refresh();
    else this.#later = setTimeout(() => this.#noMore(), this.#o.noMoreAfter ?? NO_MORE_AFTER);
  }

  /** Resolves when all that was added is applied. @throws what a transaction has thrown */
  async flush(): Promise<void> {
    this.#begin();
    await this.#applying;
  }

  /** Forgets what was added and is not applied yet. */
  drop(): void {
    this.#batches = [];
    this.#bytes = 0;
    clearTimeout(this.#later);
    this.#later = undefined;
  }

  /** Nothing more is applied; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.drop();
    await this.#applying.catch(() => undefined);
  }

  /** While something is being applied, what came meanwhile is gathered on, so that it does not pile up. */
  #noMore(): void {
    if (this.#underWay > 0) this.#later?.refresh();
    else this.#begin();
  }

  #begin(): void {
    const batches = this.#batches;
    this.drop();
    if (batches.length === 0) return;
    this.#underWay++;
    this.#applying = this.#applying.then(() => this.#apply(batches)).finally(() => this.#underWay--);
    // whoever adds next or flushes is told as well
    this.#applying.catch(() => undefined);
  }

  async #apply(batches: readonly PreparedBatch[]): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#o.apply(batches);
    } catch (error) {
      this.#o.onFailed(error);
      throw error;
    }
    this.#o.onApplied(new Set(batches.map(({ topic }) => topic)));
  }
}

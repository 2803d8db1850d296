/** How it stands with what of cases goes to other regions, seen from the writer: who carries it may be who does not. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../ground/config/index.js';
import { type Family, gauge } from '../../ground/counts/families.js';
import { openState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import { type ErrandsStanding, errandsStanding } from '../../procedures/cases/errands.js';

interface Parts {
  readonly dataDir: string;
  readonly settings: Pick<Settings, 'state'>;
  /** That all replicas share. */
  readonly state: State | undefined;
  /** What somebody should see to. */
  readonly onProblems: (problems: readonly string[]) => void;
  /** ms between two looks. */
  readonly everyMs?: number;
}

const EVERY = 5000;
/** ms after which it is said that something waits. */
const LONG = 60_000;

export class ErrandWatch {
  readonly #parts: Parts;
  readonly #startedAt = Date.now();
  readonly #timer: NodeJS.Timeout;
  #own: Promise<State> | undefined;
  #standing: ErrandsStanding | undefined;
  /** ms since 1970: when it was seen how it stands. */
  #seenAt = Date.now();
  #looking: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), parts.everyMs ?? EVERY).unref();
    this.#look();
  }

  #look(): void {
    this.#looking ??= this.#see()
      // a state that is away is said by others
      .catch(() => undefined)
      .finally(() => (this.#looking = undefined));
  }

  async #see(): Promise<void> {
    const at = Date.now();
    const state = await this.#state();
    if (state !== undefined) this.#standing = await errandsStanding(state);
    this.#seenAt = at;
    const late = [...(this.#standing?.waiting ?? [])].filter(([, { since }]) => at - since > LONG);
    this.#parts.onProblems(
      late.map(
        ([region, { count, since }]) =>
          `${String(count)} items of cases wait for the region ${region} since ${new Date(since).toISOString()}`,
      ),
    );
  }

  async #state(): Promise<State | undefined> {
    const { state, dataDir, settings } = this.#parts;
    if (state !== undefined) return state;
    // without one nobody has applied for anything
    if (!existsSync(join(dataDir, 'state'))) return undefined;
    this.#own ??= openState({ settings: settings.state, data: dataDir, baseDir: dataDir, place: { file: dataDir } });
    this.#own.catch(() => (this.#own = undefined));
    return await this.#own;
  }

  /** ms since 1970: when a worker went through them last; where none waits, when that was seen. */
  passedAt(): number {
    const { waiting, passedAt = this.#startedAt } = this.#standing ?? {};
    return waiting === undefined || waiting.size === 0 ? this.#seenAt : Math.max(passedAt, this.#startedAt);
  }

  figures(): Family[] {
    const now = Date.now();
    const waiting = [...(this.#standing?.waiting ?? [])];
    return [
      gauge(
        'yitong_region_errands_waiting',
        waiting.map(([region, { count }]) => [{ region }, count]),
        'max',
      ),
      gauge(
        'yitong_region_errands_age_seconds',
        waiting.map(([region, { since }]) => [{ region }, Math.max(0, now - since) / 1000]),
        'max',
      ),
    ];
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await (await this.#own?.catch(() => undefined))?.close();
  }
}

/** Whether what was agreed to is supplied by the platform, seen from the writer: the worker that does it may not. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../ground/config/index.js';
import { openState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import { supplyStanding } from '../../procedures/sharing/supplying.js';

interface Parts {
  readonly dataDir: string;
  readonly settings: Pick<Settings, 'state'>;
  /** That all replicas share. */
  readonly state: State | undefined;
  /** ms between two looks. */
  readonly everyMs?: number;
}

const EVERY = 5000;

export class SupplyWatch {
  readonly #parts: Parts;
  readonly #startedAt = Date.now();
  readonly #timer: NodeJS.Timeout;
  #own: Promise<State> | undefined;
  #revision = -1;
  /** Nothing waited in that state. */
  #idle = true;
  /** ms since 1970: when nothing waited, or when whoever supplies went through what does. */
  #passedAt = Date.now();
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
    const revision = (await state?.revision()) ?? -1;
    if (state !== undefined && (revision !== this.#revision || !this.#idle)) {
      const { waiting, passedAt = this.#startedAt } = await supplyStanding(state);
      this.#idle = waiting === 0;
      this.#revision = revision;
      // what waits from now on is waited for from now on
      if (!this.#idle) this.#passedAt = Math.max(this.#passedAt, passedAt);
    }
    if (this.#idle) this.#passedAt = at;
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

  /** ms since 1970: when somebody went through what was agreed to; where nothing waits, when that was seen. */
  passedAt(): number {
    return this.#passedAt;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await (await this.#own?.catch(() => undefined))?.close();
  }
}

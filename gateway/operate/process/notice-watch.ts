/** How it stands with notices, seen from the writer: the worker that tells may be the one that does not. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../ground/config/index.js';
import { type Family, gauge } from '../../ground/counts/families.js';
import { openState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import { type NoticesStanding, noticesStanding } from '../../http/notices/store.js';

interface Parts {
  readonly dataDir: string;
  readonly settings: Pick<Settings, 'state'>;
  /** That all replicas share. */
  readonly state: State | undefined;
}

const EVERY = 5000;

export class NoticeWatch {
  readonly #parts: Parts;
  readonly #startedAt = Date.now();
  readonly #timer: NodeJS.Timeout;
  #own: Promise<State> | undefined;
  #standing: NoticesStanding | undefined;
  /** ms since 1970: when it was seen how it stands. */
  #seenAt = Date.now();
  #looking: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), EVERY).unref();
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
    if (state !== undefined) this.#standing = await noticesStanding(state);
    this.#seenAt = at;
  }

  async #state(): Promise<State | undefined> {
    const { state, dataDir, settings } = this.#parts;
    if (state !== undefined) return state;
    // without one nobody is told of anything
    if (!existsSync(join(dataDir, 'state'))) return undefined;
    this.#own ??= openState({ settings: settings.state, data: dataDir, baseDir: dataDir, place: { file: dataDir } });
    this.#own.catch(() => (this.#own = undefined));
    return await this.#own;
  }

  /** ms since 1970: when a worker went last through everybody; where there is nobody, when that was seen. */
  passedAt(): number {
    const { anybody = false, passedAt = this.#startedAt } = this.#standing ?? {};
    return anybody ? Math.max(passedAt, this.#startedAt) : this.#seenAt;
  }

  figures(): Family[] {
    const now = Date.now();
    const oldest = this.#standing?.oldest ?? {};
    return [
      gauge(
        'yitong_notices_waiting_seconds',
        (['mail', 'hook'] as const).map((channel) => [{ channel }, Math.max(0, now - (oldest[channel] ?? now)) / 1000]),
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

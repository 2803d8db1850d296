/** How it stands with subscriptions, seen from the writer: the workers that send may be the ones that do not. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../ground/config/index.js';
import { type Family, gauge } from '../../ground/counts/families.js';
import { openState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import {
  type Standing,
  type SubscriptionsStanding,
  subscriptionsStanding,
} from '../../procedures/subscriptions/store.js';

interface Parts {
  readonly dataDir: string;
  readonly settings: Pick<Settings, 'state'>;
  /** That all replicas share. */
  readonly state: State | undefined;
  /** Of a partition of this dataset: where the view stands; undefined where it is not open. */
  readonly nextOffset: () => ((dataset: string, partition: number) => number) | undefined;
}

const EVERY = 5000;

export class SubscriptionWatch {
  readonly #parts: Parts;
  readonly #startedAt = Date.now();
  readonly #timer: NodeJS.Timeout;
  #own: Promise<State> | undefined;
  #standing: SubscriptionsStanding | undefined;
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
    if (state !== undefined) this.#standing = await subscriptionsStanding(state);
    this.#seenAt = at;
  }

  async #state(): Promise<State | undefined> {
    const { state, dataDir, settings } = this.#parts;
    if (state !== undefined) return state;
    // without one nobody has subscribed to anything
    if (!existsSync(join(dataDir, 'state'))) return undefined;
    this.#own ??= openState({ settings: settings.state, data: dataDir, baseDir: dataDir, place: { file: dataDir } });
    this.#own.catch(() => (this.#own = undefined));
    return await this.#own;
  }

  /**
   * ms since 1970: when a worker went last through those that are sent to; where there are none, when that was seen.
   */
  passedAt(): number {
    const { all = [], passedAt = this.#startedAt } = this.#standing ?? {};
    return all.every(({ way }) => way === 'poll') ? this.#seenAt : Math.max(passedAt, this.#startedAt);
  }

  /** ms since 1970: since when, at the most, something waits for it; undefined where nothing does. */
  #waitsSince({ way, told, createdAt }: Standing): number | undefined {
    if (way !== 'poll') return told.behindSince;
    const next = this.#parts.nextOffset();
    const moved = Object.entries(told.places).some(([dataset, place]) =>
      place.next.some((offset, partition) => (next?.(dataset, partition) ?? 0) > offset),
    );
    return moved ? (told.askedAt ?? createdAt) : undefined;
  }

  figures(): Family[] {
    const now = Date.now();
    const longest = new Map<string, { readonly client: string; readonly way: string; readonly since: number }>();
    for (const standing of this.#standing?.all ?? []) {
      const { client, way } = standing;
      const since = this.#waitsSince(standing) ?? now;
      if (since < (longest.get(`${client}/${way}`)?.since ?? Infinity))
        longest.set(`${client}/${way}`, { client, way, since });
    }
    return [
      gauge(
        'yitong_subscriptions_behind_seconds',
        [...longest.values()].map(({ client, way, since }) => [{ client, way }, Math.max(0, now - since) / 1000]),
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

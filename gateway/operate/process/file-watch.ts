/**
 * Files, seen from the writer: whether some are to be made and nobody makes them, which have expired, and whom of those
 * in them somebody erased. The process that makes them may be the one that does not.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { present } from '../../../contracts/present.js';
import type { Settings } from '../../ground/config/index.js';
import type { State } from '../../ground/state/port.js';
import type { SubjectKeys } from '../../log/entries/keys.js';
import { TAKEN_OVER_AFTER } from '../../procedures/files/maker.js';
import { type FileDesk, openFiles } from '../../procedures/files/opened.js';
import type { StoredOrder } from '../../procedures/files/store.js';
import { whoIsIn } from '../../procedures/files/vault.js';

interface Parts {
  readonly dataDir: string;
  readonly settings: Pick<Settings, 'state'>;
  /** That all replicas share. */
  readonly state: State | undefined;
  readonly keys: Pick<SubjectKeys, 'byPseudonym' | 'generation'>;
  /** Somebody has to make files. */
  readonly wanted: () => void;
  readonly everyMs?: number;
}

const EVERY = 1000;
/** ms for which bytes are left alone that belong to no order: it may just be stored. */
const ORPHANED_AFTER = 60_000;

export class FileWatch {
  readonly #parts: Parts;
  readonly #startedAt = Date.now();
  readonly #timer: NodeJS.Timeout;
  #desk: Promise<FileDesk> | undefined;
  /** By file: the generation of the keys when it was looked through last. One that is new is looked through as well. */
  #lookedThrough = new Map<string, number>();
  #passedAt = Date.now();
  #looking: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), parts.everyMs ?? EVERY).unref();
    this.#look();
  }

  #look(): void {
    this.#looking ??= this.look()
      // a state that is away is said by others, and how long nothing came forward by the age of this
      .catch(() => undefined)
      .finally(() => (this.#looking = undefined));
  }

  async look(): Promise<void> {
    const { dataDir, state, settings, wanted } = this.#parts;
    const at = Date.now();
    // without one nobody has ordered anything
    if (state === undefined && !existsSync(join(dataDir, 'state'))) {
      this.#passedAt = at;
      return;
    }
    this.#desk ??= openFiles({ settings, dataDir, now: Date.now, ...present({ state }) });
    this.#desk.catch(() => (this.#desk = undefined));
    const desk = await this.#desk;
    const open = await desk.store.open();
    const due = open.filter(
      ({ replica, beatAt }) => replica.folder === desk.folder.id || at - beatAt > TAKEN_OVER_AFTER,
    );
    if (due.length > 0) wanted();
    const here = (await desk.store.ready()).filter(({ replica }) => replica.folder === desk.folder.id);
    await this.#expire(desk, here, at);
    await this.#forgetErased(desk, here);
    this.#sweep(desk, [...open, ...here], at);
    // while the maker says how far it is, it comes forward
    this.#passedAt = due.length === 0 ? at : Math.max(this.#startedAt, ...due.map(({ beatAt }) => beatAt));
  }

  async #expire(desk: FileDesk, here: readonly StoredOrder[], at: number): Promise<void> {
    for (const order of here) if ((order.made?.expiresAt ?? 0) <= at) await this.#end(desk, order, 'expired');
  }

  /** What is in a file of somebody who was erased goes with the whole file: it can be ordered again. */
  async #forgetErased(desk: FileDesk, here: readonly StoredOrder[]): Promise<void> {
    const { keys } = this.#parts;
    const generation = keys.generation();
    const looked = new Map<string, number>();
    for (const order of here) {
      const { who } = desk.folder.filesOf(order);
      if (this.#lookedThrough.get(who) !== generation && (await this.#holdsErased(who)))
        await this.#end(desk, order, 'erased');
      looked.set(who, generation);
    }
    this.#lookedThrough = looked;
  }

  async #holdsErased(who: string): Promise<boolean> {
    // one of which nobody can say who is in it is not given either
    if (!existsSync(who)) return true;
    for (const some of whoIsIn(who)) {
      if (some.some((pseudonym) => this.#parts.keys.byPseudonym(pseudonym) === undefined)) return true;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return false;
  }

  /** Nobody is given any more of it when this resolves, and its bytes are gone. */
  async #end(desk: FileDesk, order: StoredOrder, reason: string): Promise<void> {
    await desk.store.change(order, { state: 'stopped', reason });
    const { bytes, who } = desk.folder.filesOf(order);
    rmSync(bytes, { force: true });
    rmSync(who, { force: true });
  }

  /** Bytes that no order has any more. */
  #sweep({ folder }: FileDesk, orders: readonly StoredOrder[], at: number): void {
    const known = new Set(orders.flatMap((order) => Object.values(folder.filesOf(order))));
    for (const name of readdirSync(folder.path)) {
      const file = join(folder.path, name);
      if (name === 'folder' || known.has(file)) continue;
      const changed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (at - changed > ORPHANED_AFTER) rmSync(file, { force: true });
    }
  }

  /** ms since 1970: when whoever makes files came forward last; where none is to be made, when that was seen. */
  passedAt(): number {
    return this.#passedAt;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await (await this.#desk?.catch(() => undefined))?.close();
  }
}

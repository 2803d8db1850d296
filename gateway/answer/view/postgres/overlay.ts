/**
 * The maps of one transaction: what was loaded for it, and over it what it changes. Nothing is read from the server
 * while a batch is applied, so that applying is the same code for every driver.
 */
import { YitongError } from '../../../../contracts/errors.js';
import type { MapRange, ViewMap, ViewMaps } from '../packed/maps.js';
import type { ServerState } from './server-state.js';

/** Bytes that the key of a version has behind its record: the offset. */
const OFFSET_BYTES = 6;

const text = (key: Buffer): string => key.toString('latin1');

type Entry = readonly [key: Buffer, value: Buffer | undefined];

class Overlay implements ViewMap {
  readonly #loaded = new Map<string, Buffer>();
  readonly #changed = new Map<string, Entry>();

  /** A value as the server has it. */
  load(key: Buffer, value: Buffer): void {
    this.#loaded.set(text(key), value);
  }

  get(key: Buffer): Buffer | undefined {
    const at = text(key);
    const changed = this.#changed.get(at);
    return changed === undefined ? this.#loaded.get(at) : changed[1];
  }

  read(key: Buffer): Buffer | undefined {
    return this.get(key);
  }

  getRange(_range?: MapRange): Iterable<{ readonly key: Buffer; readonly value: Buffer }> {
    throw new YitongError('internal', 'this map is not read by ranges');
  }

  put(key: Buffer, value: Buffer): void {
    this.#changed.set(text(key), [key, value]);
  }

  remove(key: Buffer): void {
    this.#changed.set(text(key), [key, undefined]);
  }

  /** What has a new value, and then the keys of what is no more. */
  changes(): { readonly put: readonly (readonly [Buffer, Buffer])[]; readonly removed: readonly Buffer[] } {
    const put: (readonly [Buffer, Buffer])[] = [];
    const removed: Buffer[] = [];
    for (const [key, value] of this.#changed.values()) {
      if (value === undefined) removed.push(key);
      else put.push([key, value]);
    }
    return { put, removed };
  }
}

/** Versions, which are only ever added, and read by the newest ones of a record. */
class Versions extends Overlay {
  /** In the order of their offsets, by the key of their record. */
  readonly #ofRecord = new Map<string, { readonly key: Buffer; readonly value: Buffer }[]>();

  override load(key: Buffer, value: Buffer): void {
    this.#add(key, value);
  }

  override put(key: Buffer, value: Buffer): void {
    super.put(key, value);
    this.#add(key, value);
  }

  #add(key: Buffer, value: Buffer): void {
    const record = text(key.subarray(0, key.length - OFFSET_BYTES));
    const others = this.#ofRecord.get(record);
    if (others === undefined) this.#ofRecord.set(record, [{ key, value }]);
    else others.push({ key, value });
  }

  /** The newest of one record; `end` is its key, up to the offset. */
  override *getRange({ end, limit = Infinity }: MapRange = {}): Generator<{
    readonly key: Buffer;
    readonly value: Buffer;
  }> {
    const all = end === undefined ? undefined : this.#ofRecord.get(text(end));
    for (let i = (all?.length ?? 0) - 1, n = 0; i >= 0 && n < limit; i--, n++) {
      const version = all?.[i];
      if (version !== undefined) yield version;
    }
  }
}

/** Rows of the state: as the server has them, and as this transaction leaves them. */
class StateRows implements ViewMap {
  readonly #server: ServerState;
  readonly #changed = new Map<string, string | null>();

  constructor(server: ServerState) {
    this.#server = server;
  }

  get(key: Buffer): Buffer | undefined {
    return this.read(key);
  }

  read(key: Buffer): Buffer | undefined {
    const name = key.toString();
    const changed = this.#changed.get(name);
    const row = changed === undefined ? this.#server.row(name) : (changed ?? undefined);
    return row === undefined ? undefined : Buffer.from(row);
  }

  getRange(): Iterable<{ readonly key: Buffer; readonly value: Buffer }> {
    throw new YitongError('internal', 'the state is read row by row');
  }

  put(key: Buffer, value: Buffer): void {
    this.#changed.set(key.toString(), value.toString());
  }

  remove(key: Buffer): void {
    this.#changed.set(key.toString(), null);
  }

  /** Rows that are otherwise than the server has them. */
  changes(): Readonly<Record<string, string | null>> {
    return Object.fromEntries([...this.#changed].filter(([key, value]) => value !== (this.#server.row(key) ?? null)));
  }
}

export class Transaction implements ViewMaps {
  readonly heads = new Overlay();
  readonly records = new Overlay();
  readonly history = new Versions();
  readonly poison = new Overlay();
  readonly state: StateRows;

  constructor(server: ServerState) {
    this.state = new StateRows(server);
  }
}

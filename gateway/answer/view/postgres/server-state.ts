/** What one server of the view says of itself at one of its commits: offsets, watermarks, counters, its slices. */
import type { DatasetId } from '../../../../contracts/ids.js';
import type { ViewMap } from '../packed/maps.js';
import { type Known, knownOf } from '../packed/reading.js';
import { type OffsetRow, readNumbers, readOffset } from '../packed/state.js';
import type { ViewWorkspace } from '../port.js';
import { type HeldSlices, NO_SLICES } from './slices.js';

/** The row of the state in which a server says which slices it has. */
export const SLICES_KEY = 'slices';

/** Changed rows by their keys; null: it is no more. */
export type ChangedRows = Readonly<Record<string, string | null>>;

const notHere = (): never => {
  throw new Error('the state of a server is only read here');
};

export class ServerState {
  /** Number of the commit; 0 before the first. */
  readonly stamp: number;
  /** When the server process began: another one may have lost commits that were seen. Empty before it was asked. */
  readonly started: string;
  readonly #rows: ReadonlyMap<string, string>;
  readonly #known = new Map<DatasetId, Known>();
  #numbers: Readonly<Record<string, number>> | undefined;
  #slices: HeldSlices | undefined;

  constructor(stamp = 0, started = '', rows: ReadonlyMap<string, string> = new Map()) {
    this.stamp = stamp;
    this.started = started;
    this.#rows = rows;
  }

  /** As it is at a later commit. */
  with(stamp: number, changed: ChangedRows): ServerState {
    const rows = new Map(this.#rows);
    for (const [key, value] of Object.entries(changed)) {
      if (value === null) rows.delete(key);
      else rows.set(key, value);
    }
    return new ServerState(stamp, this.started, rows);
  }

  row(key: string): string | undefined {
    return this.#rows.get(key);
  }

  keys(): Iterable<string> {
    return this.#rows.keys();
  }

  /** As a map of the view, to be read only. */
  readonly state: ViewMap = {
    get: (key) => this.state.read(key),
    read: (key) => {
      const row = this.#rows.get(key.toString());
      return row === undefined ? undefined : Buffer.from(row);
    },
    getRange: notHere,
    put: notHere,
    remove: notHere,
  };

  /** -1 where the server does not know the dataset. */
  number(dataset: DatasetId): number {
    this.#numbers ??= readNumbers(this);
    return this.#numbers[dataset] ?? -1;
  }

  know(workspace: ViewWorkspace, dataset: DatasetId): Known {
    let known = this.#known.get(dataset);
    if (known === undefined)
      this.#known.set(dataset, (known = knownOf(this, workspace, dataset, this.number(dataset))));
    return known;
  }

  offset(topic: string, partition: number): OffsetRow {
    return readOffset(this, topic, partition);
  }

  slices(): HeldSlices {
    const row = this.#rows.get(SLICES_KEY);
    // written by this program, as all rows of the state
    return (this.#slices ??= row === undefined ? NO_SLICES : (JSON.parse(row) as HeldSlices));
  }
}

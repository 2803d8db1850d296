/**
 * The reading side, in any number of processes. Reads of one turn of the event loop share one snapshot, which is given
 * back in the next turn: no snapshot outlives its turn, and the next one sees all that was committed.
 */

import { dataTopic } from '../../../../connectors/bus/port.js';
import type { DatasetId, SubjectKey } from '../../../../contracts/ids.js';
import { entryOf, isSpilled } from '../packed/head.js';
import { historicRead } from '../packed/historic.js';
import { behind, datasetPrefix } from '../packed/keys.js';
import { holdsAt, type Known, knownOf, reachable, type Visit, visitPacked } from '../packed/reading.js';
import { RecordView } from '../packed/record.js';
import { readNumbers } from '../packed/state.js';
import type {
  Cut,
  DatasetState,
  ReadOutcome,
  ReadPoint,
  SubjectsPage,
  VersionView,
  ViewReader,
  ViewWorkspace,
} from '../port.js';
import type { Store } from './store.js';

/** @param close what closing the reader closes */
export function readerOn(store: Store, workspace: ViewWorkspace, close: () => Promise<void>): ViewReader {
  return new LmdbViewReader(store, workspace, close);
}

/** The first key that stands behind that one. */
const behindKey = (key: string): Buffer => Buffer.concat([Buffer.from(key), Buffer.of(0)]);

class LmdbViewReader implements ViewReader {
  readonly #view = new RecordView();
  #numbers: Readonly<Record<string, number>>;
  #known = new Map<DatasetId, Known>();
  #stamp = -1;
  #seen = -1;
  #writes = -1;
  #turn: NodeJS.Immediate | undefined;
  #reading: NodeJS.Immediate | undefined;

  constructor(
    readonly store: Store,
    readonly workspace: ViewWorkspace,
    readonly close: () => Promise<void>,
  ) {
    this.#numbers = readNumbers(store);
  }

  read(subject: SubjectKey, datasets: readonly DatasetId[], at: ReadPoint, visit: Visit): readonly ReadOutcome[] {
    // once a turn of the event loop: the queries of one turn share a snapshot, and none is older than its turn
    if (this.#reading === undefined) {
      this.#newest();
      this.#reading = setImmediate(() => (this.#reading = undefined)).unref();
    }
    if (at.kind !== 'now') {
      return datasets.map((dataset, i) => {
        const outcome = reachable(this.workspace, dataset, this.#know(dataset), at);
        if (outcome === 'ok') this.#readAt(subject, dataset, at, (version) => visit(i, version));
        return outcome;
      });
    }
    // a copy: lmdb gives all stores of the process one buffer, and whoever is shown a record may read another store
    const head = this.store.heads.get(Buffer.from(subject));
    const outcomes = datasets.map((): ReadOutcome => 'ok');
    if (head === undefined) return outcomes;
    for (let i = 0; i < datasets.length; i++) {
      const entry = entryOf(head, this.#number(datasets[i]));
      if (entry < 0) continue;
      if (!isSpilled(head, entry)) {
        visitPacked(this.#view, head, entry, i, visit);
        continue;
      }
      const prefix = datasetPrefix(subject, this.#number(datasets[i]));
      for (const { value } of this.store.records.getRange({ start: prefix, end: behind(prefix) })) {
        if (visit(i, this.#view.at(value, 0)) === false) break;
      }
    }
    return outcomes;
  }

  async subjects(dataset: DatasetId, after: string | undefined, most: number): Promise<SubjectsPage> {
    this.#newest();
    const number = this.#number(dataset);
    const subjects: SubjectKey[] = [];
    const start = after === undefined ? Buffer.alloc(0) : behindKey(after);
    let last: string | undefined;
    let looked = 0;
    for (const { key, value } of this.store.heads.getRange({ start, limit: most })) {
      looked++;
      last = key.toString('utf8');
      if (entryOf(value, number) >= 0) subjects.push(last as SubjectKey);
    }
    return { subjects, ...(looked === most && last !== undefined ? { next: last } : {}) };
  }

  /**
   * No snapshot is older than one that was read before: what was said of a dataset on the strength of that one would
   * not hold for it.
   */
  #newest(): void {
    this.store.newest();
    if (this.store.stamp() < this.#seen) this.store.settle();
    // a view that was emptied counts from its beginning
    this.#seen = this.store.stamp();
  }

  #readAt(
    subject: SubjectKey,
    dataset: DatasetId,
    at: ReadPoint,
    visit: (version: VersionView) => void | boolean,
  ): void {
    const current: Buffer[] = [];
    this.read(subject, [dataset], { kind: 'now' }, () => {
      // what the visitor is shown is `#view`, and that knows the whole record
      current.push(this.#view.copy());
    });
    const prefix = datasetPrefix(subject, this.#number(dataset));
    const past = this.store.history.getRange({ start: prefix, end: behind(prefix) });
    historicRead(past, current, holdsAt(at, dataTopic(this.workspace.prefix, dataset)), visit);
  }

  datasetState(dataset: DatasetId): DatasetState {
    // looked up once a turn: that many queries share one snapshot anyway, and older than the records it may be
    if (this.#turn === undefined || this.#writes !== this.store.writes()) {
      this.#writes = this.store.writes();
      this.#turn ??= setImmediate(() => (this.#turn = undefined)).unref();
      return this.#know(dataset).state;
    }
    return this.#remember(dataset).state;
  }

  cut(datasets: readonly DatasetId[]): Cut {
    const cut: Record<string, readonly number[]> = {};
    for (const dataset of datasets) {
      cut[dataTopic(this.workspace.prefix, dataset)] = this.#know(dataset).offsets.map(({ next }) => next);
    }
    return cut;
  }

  #number(dataset: DatasetId | undefined): number {
    if (dataset === undefined) return -1;
    const number = this.#numbers[dataset];
    if (number !== undefined) return number;
    // the writer may have learned of it since
    this.#numbers = readNumbers(this.store);
    return this.#numbers[dataset] ?? -1;
  }

  /** In the very snapshot that the records of this turn are read in. */
  #know(dataset: DatasetId): Known {
    const stamp = this.store.stamp();
    if (this.#stamp !== stamp) this.#known.clear();
    this.#stamp = stamp;
    return this.#remember(dataset);
  }

  #remember(dataset: DatasetId): Known {
    let known = this.#known.get(dataset);
    if (known === undefined)
      this.#known.set(dataset, (known = knownOf(this.store, this.workspace, dataset, this.#number(dataset))));
    return known;
  }
}

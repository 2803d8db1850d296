/**
 * The View port: subject → dataset → record → version, applied from the bus by one writer and read by many processes.
 * Drivers: `lmdb/`, `postgres/`; what both do with packed rows: `packed/`. Conformance:
 * `test/support/conformance/view.ts`.
 *
 * - Offsets stand in the same transaction as records: after a crash the writer goes on exactly where the data stand.
 * - A version's identity is (record, source position or content hash): what comes twice is kept once.
 * - `asOf` means publishing time (the bus's timestamp). A cut is topic-partition → next offset; the same cut, the same
 *   answer.
 * - No read transaction lasts over 1 s.
 */

import type { InRecord, TopicName, Watermark } from '../../../connectors/bus/port.js';
import type { DatasetId, SubjectKey } from '../../../contracts/ids.js';
import type { Workspace } from '../../../contracts/types.js';

/** What a view needs to know of a workspace. */
export type ViewWorkspace = Pick<Workspace, 'contracts' | 'prefix' | 'schemasById'>;

/**
 * One version, read in place. The whole object, its strings and its bytes are valid until the visitor returns, and the
 * visitor must not read the view itself: a driver may move one object from record to record.
 */
export interface VersionView {
  readonly recordId: string;
  readonly schemaId: number;
  readonly contractVersion: number;
  readonly partition: number;
  readonly offset: number;
  /** ms since 1970, stamped by the bus. */
  readonly publishedAt: number;
  /** ms since 1970, said by the source. */
  readonly sourceTime: number;
  /** The source's own position, as in the header. */
  readonly position: string;
  /** Avro body without the five-byte header, from `start` to `end` of `bytes`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Topic → next offset a partition. */
export type Cut = Readonly<Record<string, readonly number[]>>;

export type ReadPoint =
  | { readonly kind: 'now' }
  | { readonly kind: 'asOf'; readonly time: number }
  | { readonly kind: 'cut'; readonly cut: Cut };

/**
 * `unavailable`: what holds the subject is away, or so far behind that "none on record" cannot be said. Whatever is not
 * `ok` visits nothing.
 */
export type ReadOutcome = 'ok' | 'not_yet' | 'history_not_kept' | 'unavailable';

export interface DatasetState {
  /** The last watermark whose data the view has applied, if any. */
  readonly watermark?: Watermark & { readonly receivedAt: number };
  /** The last watermark whose state is `complete`. */
  readonly complete?: Watermark & { readonly receivedAt: number };
  /** Records now current, and versions kept. */
  readonly records: number;
  readonly versions: number;
  /** Set aside as undecodable. */
  readonly poisoned: number;
  /**
   * The bus no longer had all of the dataset's records when the view was built from it: what is there is right, what is
   * missing is not known.
   */
  readonly incomplete?: boolean;
  /** The newest publishing time applied. */
  readonly lastPublishedAt?: number;
  /** A part of the view is away or behind: what is said here is what was known last. */
  readonly unavailable?: true;
}

/** What can be read without waiting. */
export interface ViewReading {
  /**
   * Visits the current records of one subject, dataset by dataset in the order asked, records in record-id order.
   * The subject's records of one dataset all come from one partition. A visitor that returns false has seen enough of
   * that dataset and is called next for the following one.
   * @throws YitongError `bad_request` where a cut does not name every partition of a dataset asked for
   */
  read(
    subject: SubjectKey,
    datasets: readonly DatasetId[],
    at: ReadPoint,
    visit: (dataset: number, version: VersionView) => void | boolean,
  ): readonly ReadOutcome[];
  /** @param subject of what holds this subject; without it of the whole view */
  datasetState(dataset: DatasetId, subject?: SubjectKey): DatasetState;
  /**
   * Where the view stands now, over the datasets named: the least of its parts.
   * @param subject of what holds this subject
   */
  cut(datasets: readonly DatasetId[], subject?: SubjectKey): Cut;
}

/** Subjects, and behind which the next ones are asked for; `next` is absent where there are no more. */
export interface SubjectsPage {
  readonly subjects: readonly SubjectKey[];
  readonly next?: string;
}

export interface ViewReader extends ViewReading {
  /**
   * Subjects that have a record of that dataset, each once, in an order of the driver's own: for who has to go through
   * all of it. Whoever comes or goes meanwhile may be among them or not.
   * @param after `next` of the page before
   * @param most subjects looked at; a page may have fewer, or none, and still not be the last
   * @throws YitongError `view_unavailable` where a part of the view is away: none is left out in silence
   */
  subjects(dataset: DatasetId, after: string | undefined, most: number): Promise<SubjectsPage>;
  /**
   * Only of a view that cannot be read in place: brings what `read` then visits of these subjects, datasets and that
   * moment, and the states and cuts of the same snapshot. Without subjects it brings the states alone, of every part of
   * the view. It does not reject for a part that is away: there the outcome is `unavailable`. Where it is absent `read`
   * is asked directly, so that nobody waits for nothing.
   */
  readonly fetch?: (
    subjects: readonly SubjectKey[],
    datasets: readonly DatasetId[],
    at: ReadPoint,
  ) => Promise<ViewReading>;
  close(): Promise<void>;
}

export interface CaughtUp {
  readonly topic: TopicName;
  readonly partition: number;
  readonly at: number;
}

export interface Forget {
  /**
   * The bus lost records that this view does not have: the dataset counts as incomplete until its topic is another one.
   */
  readonly incomplete?: boolean;
  /**
   * Where the topic is the same one: the next offset a partition from which the last watermarks count again. Without it
   * they are forgotten too.
   */
  readonly after?: readonly number[];
}

export interface ApplyResult {
  readonly applied: number;
  readonly ignored: number;
  readonly poisoned: number;
}

/** Why a record is set aside. */
export type PoisonReason = 'key' | 'frame' | 'schema' | 'body' | 'headers' | 'partition' | 'watermark';

/**
 * Records of one partition that were read, looked at and encoded once, outside of any transaction: in one piece of
 * memory (`packed/prepared.ts`), which takes less of it than an object each.
 */
export interface PreparedBatch {
  readonly topic: TopicName;
  readonly partition: number;
  /** Records of the batch, with those that are set aside. */
  readonly count: number;
  readonly last: { readonly offset: number; readonly timestamp: number };
  readonly bytes: Buffer;
  /** What is set aside whatever the view has, in order. */
  readonly aside: readonly { readonly record: InRecord; readonly reason: PoisonReason }[];
  /** Of a control topic: the records as they are. */
  readonly control?: readonly InRecord[];
}

export interface ViewWriter {
  /**
   * One batch of one partition, records and offset in one transaction. Resolves when it is on disk, and readers see it.
   * Watermarks count at once, or, where `after` gives the next offsets of their datasets' topics as they were when the
   * watermarks had arrived, only when the view has applied those topics that far: "complete" is never said of records
   * that are still on the way.
   */
  apply(batch: readonly InRecord[], after?: Cut): Promise<ApplyResult>;
  /** Reads a batch as `apply` takes it, and looks at it, for `applyAll`. It takes less memory than its records. */
  prepare(batch: readonly InRecord[]): PreparedBatch;
  /** Several batches in one transaction, in order: what they have of one subject is written once. */
  applyAll(batches: readonly PreparedBatch[]): Promise<void>;
  /**
   * All that the bus stamped up to and including `at` (ms since 1970) in that partition has been applied; `asOf` is
   * answered up to there.
   */
  caughtUp(partitions: readonly CaughtUp[]): Promise<void>;
  /** The offset to go on from, 0 if none. */
  nextOffset(topic: string, partition: number): number;
  /**
   * ms since 1970: everything that the bus stamped up to and including this moment in that partition has been applied;
   * 0 if nothing.
   */
  completeUpTo(topic: string, partition: number): number;
  /** Forget everything, when the topic or the cluster is another. */
  reset(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Forget what came from one topic, when it is another one or its log has a gap; of a control topic the watermarks.
   * Others are read on meanwhile.
   */
  forget(topic: TopicName, how?: Forget): Promise<void>;
  /** Data topics of which records were set aside for a schema that is known by now. */
  outgrown(): readonly TopicName[];
  /**
   * The bus no longer has all of this topic, and this view has not read it.
   * @param behind where it goes on in a partition, behind what cannot be read
   */
  markIncomplete(topic: TopicName, behind?: { readonly partition: number; readonly next: number }): Promise<void>;
  /** A view that took the place of a damaged one has all that the bus has: it may be read. */
  rebuilt(): Promise<void>;
  identity(): { readonly clusterId: string; readonly topicIds: Readonly<Record<string, string>> } | undefined;
  setIdentity(clusterId: string, topicIds: Readonly<Record<string, string>>): Promise<void>;
  reader(): ViewReader;
  /**
   * Looks at all that is stored, beside what goes on.
   * @returns what is damaged, in words @throws the reason of the signal
   */
  look(signal: AbortSignal): Promise<string | undefined>;
  close(): Promise<void>;
}

/**
 * What a run of the sequencer committed, brought to its place in the data folder: bodies, index of receipts, bundles
 * and tiles. After a start, or a run that failed, it is found again from the state, completed where a crash left it
 * undone, and mended where files of the log are damaged.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { replaceFile } from '../../ground/files/durable.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';
import { openCheckpoint, parseCheckpoint } from '../proof/checkpoint.js';
import { commitmentOf } from '../proof/journal.js';
import { parseNote, type Signer } from '../proof/note.js';
import { type Edge, openEdge, type TileFile } from '../proof/tiles.js';
import { traceOfLog } from '../store/begun.js';
import { type BodyRecord, type BodyStore, type PackedRecords, packRecords } from '../store/bodies.js';
import { staged, stagedIfReadable } from '../store/staging.js';
import { readState, type SequencerState } from '../store/state.js';
import { readPartial, writeTiles } from '../store/tile-files.js';
import { announceWriting } from '../store/writing.js';
import { arrivedErased } from './collect.js';
import { mendIndexes, mendLog, shortIndexes } from './mend.js';

/** The points between which a crash can fall while a committed run is brought to its place. */
export type PlacingStep = 'applying' | 'bodies' | 'tiles' | 'completed';

interface CommittedLogOptions {
  readonly dataDir: string;
  readonly signer: Signer;
  readonly origin: string;
  readonly bodies: BodyStore;
  readonly randomBytes: (size: number) => Buffer;
  /** Where the log has other replicas: asked before a log is begun. */
  readonly fence?: { hold(): void };
  /** Files of the log, from the data folder, were damaged and made again from others. */
  readonly onMended: (files: readonly string[]) => void;
  readonly step: (step: PlacingStep) => void;
}

/** The newest commit, with everything that it leads to in its place. */
export interface CommittedRun {
  readonly state: SequencerState;
  /** Of the state's file; 0 before the first commit. */
  readonly version: number;
  /** The right edge of the tree, grown with the state. */
  readonly edge: Edge;
}

export class CommittedLog {
  readonly #options: CommittedLogOptions;
  readonly #layout: ReturnType<typeof auditLayout>;

  constructor(options: CommittedLogOptions) {
    this.#options = options;
    this.#layout = auditLayout(options.dataDir);
  }

  /**
   * What was committed last, done again as far as a crash left it undone, and the right edge of its tree. What can be
   * made again of the log is, where it was damaged.
   * @throws YitongError `log_invalid` where what is there cannot be mended, or a log would be begun anew
   */
  async load(): Promise<CommittedRun> {
    const found = readState(this.#layout.state);
    if (found === undefined) return this.#begin();
    const { state, version } = found;
    if (state.origin !== this.#options.origin)
      throw new YitongError('log_invalid', `the log's origin is \`${state.origin}\`, not \`${this.#options.origin}\``);
    const complete = this.#isComplete(state);
    const short = this.#isIndexShort(state, complete);
    let edge: Edge;
    try {
      if (complete && short) throw new YitongError('log_invalid', 'the index of receipts is shorter than the log');
      edge = await this.#open(state);
    } catch (error) {
      await this.#mend(state, error);
      edge = await this.#open(state);
    }
    // a run that is put in its place writes its own part only, and the index would be long enough, with a hole in it
    if (!complete && short) this.#mendIndexes(state);
    return { state, version, edge };
  }

  /** Whether the index of receipts ends before what was in its place of the log. */
  #isIndexShort({ journals, own, before, staged: name }: SequencerState, complete: boolean): boolean {
    if (complete) return shortIndexes(this.#options.dataDir, { journals, own }).length > 0;
    // of a run that cannot be read `open` says so
    const ofRun = stagedIfReadable(this.#layout.staged, name).filter(({ journal }) => journal === own.journal);
    const ownBefore = { ...own, seq: own.seq - ofRun.length };
    return shortIndexes(this.#options.dataDir, { journals: before.journals, own: ownBefore }).length > 0;
  }

  #mendIndexes(state: SequencerState): void {
    const { dataDir, bodies, onMended } = this.#options;
    const files = mendIndexes({ dataDir, state, size: state.size, bodies, dryRun: false });
    if (files.length > 0) onMended(files);
  }

  /**
   * Puts a committed run in its place. Done twice, also by two at once, it writes the same bytes to the same places;
   * never again once it is complete, for what was erased since would come back.
   */
  async place(
    state: SequencerState,
    records: readonly BodyRecord[],
    packed: PackedRecords,
    files: readonly TileFile[],
  ): Promise<void> {
    const { bodies, step } = this.#options;
    // Said before the look whether another did it meanwhile: an erasure touches only what is complete, and waits for
    // those who said so. A process that slept in between either sees that it is complete, or is waited for; so it
    // cannot bring back a salt.
    const done = announceWriting(this.#layout.writing);
    try {
      if (this.#completedSize() < state.size) {
        step('applying');
        bodies.write(state.before.size, records, packed);
        for (const { index, by } of arrivedErased(state.before.size, records)) bodies.erase([index], by);
        step('bodies');
        await writeTiles(this.#layout.log, files);
        step('tiles');
        if (this.#completedSize() < state.size) replaceFile(this.#layout.complete, state.checkpoint, { mode: 0o600 });
      }
    } finally {
      done();
    }
    // salts are not kept twice
    rmSync(join(this.#layout.staged, state.staged), { force: true });
    step('completed');
  }

  /** The state of a log without an entry. @throws YitongError `log_invalid` where the data folder knows of a log */
  #begin(): CommittedRun {
    const { dataDir, origin, randomBytes, fence } = this.#options;
    // another may sequence, or hold more of the log than is here: that is said first
    fence?.hold();
    const trace = traceOfLog(dataDir);
    if (trace !== undefined)
      throw new YitongError(
        'log_invalid',
        `${trace}, and no state of the sequencer: a log is never begun anew under its name; bring the state ` +
          `back, or see \`yitong audit takeover\``,
        { place: { file: this.#layout.state } },
      );
    const state = {
      version: 1,
      origin,
      size: 0,
      checkpoint: '',
      journals: {},
      before: { size: 0, journals: {} },
      staged: '0',
      own: { journal: `sequencer-${randomBytes(4).toString('hex')}`, seq: 0 },
    } as const;
    return { state, version: 0, edge: openEdge(0, () => Buffer.alloc(0)) };
  }

  /** Makes damaged files of the log again. @throws what was found, `found`, where nothing can be mended */
  async #mend(state: SequencerState, found: unknown): Promise<void> {
    const { dataDir, signer, bodies, onMended } = this.#options;
    const mended = await mendLog({ dataDir, state, verifier: signer, bodies }).catch(() => undefined);
    if (mended !== undefined && mended.files.length > 0) return onMended(mended.files);
    if (isYitongError(found)) throw found;
    throw new YitongError(
      'log_invalid',
      `a file of the log cannot be read: ${found instanceof Error ? found.message : 'unknown'}`,
      { cause: found },
    );
  }

  /**
   * The right edge of the state's tree, from the tiles; a run that is committed and not in its place is put there.
   * @throws YitongError `log_invalid`, or whatever the disk says, where what is there does not lead to what was signed
   */
  async #open(state: SequencerState): Promise<Edge> {
    const { origin, signer } = this.#options;
    const complete = this.#isComplete(state);
    const edge = openEdge(complete ? state.size : state.before.size, (path, bytes) =>
      readPartial(this.#layout.log, path, bytes),
    );
    const records = complete ? [] : staged(this.#layout.staged, state.staged);
    const files = records.flatMap(({ salt, body }) => edge.append(commitmentOf(salt, body)));
    // never sign on top of tiles that do not lead to what was signed before
    const { size, root } = openCheckpoint(Buffer.from(state.checkpoint), origin, [signer]);
    if (size !== state.size || size !== edge.size || !root.equals(edge.root()))
      throw new YitongError('log_invalid', 'the tiles do not lead to the root of the last checkpoint');
    if (!complete) await this.place(state, records, packRecords(records), [...files, ...edge.partials()]);
    return edge;
  }

  #isComplete(state: SequencerState): boolean {
    return this.#completed() === state.checkpoint;
  }

  /** The checkpoint of the newest run that is in its place. */
  #completed(): string | undefined {
    return readIfThere(this.#layout.complete)?.toString('utf8');
  }

  /** Entries of the newest run that is in its place; -1 before the first. */
  #completedSize(): number {
    const note = this.#completed();
    return note === undefined ? -1 : parseCheckpoint(parseNote(Buffer.from(note)).text).size;
  }
}

/**
 * The sequencer: takes what the journals of a data folder have made durable into the one published log. Read `#run`
 * from top to bottom; each step says what a crash right after it leaves and why the next run is still right. Nothing
 * that others read or write is touched before the commit, so it is also right where two sequencers run at once: one
 * commits, the other ends.
 */

import { randomBytes as systemRandom } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { OneByOne } from '../../../contracts/turns.js';
import { type Lock, tryLock } from '../../ground/files/lock.js';
import { auditLayout } from '../entries/layout.js';
import { type ErasureStep, type Erasures, openErasures } from '../erasure/carry-out.js';
import { signCheckpoint } from '../proof/checkpoint.js';
import type { Signer } from '../proof/note.js';
import type { Edge, TileFile } from '../proof/tiles.js';
import type { RunMessage } from '../replicas/run-message.js';
import { type BodyStore, openBodies, packRecords } from '../store/bodies.js';
import { publishVkey } from '../store/signer.js';
import { dropStaged, stage } from '../store/staging.js';
import { type SequencerState, swapState } from '../store/state.js';
import { dropPartials } from '../store/tile-files.js';
import type { WitnessHealth, WitnessSetup } from '../witness/gathering.js';
import { type Batch, collect, type Gap } from './collect.js';
import { CommittedLog, type CommittedRun, type PlacingStep } from './committed.js';
import { Publication } from './publication.js';

export type { GapReason } from './collect.js';

/** The points between which a crash can fall. */
export type SequencerStep = 'read' | 'staged' | 'signed' | 'committed' | PlacingStep | 'published';

export type SequencerAlert =
  | Gap
  | { readonly kind: 'failed'; readonly reason: string }
  /** Files of the log were damaged, and made again from others; nothing is lost by it. */
  | { readonly kind: 'mended'; readonly files: readonly string[] }
  /** Another replica sequences: this one never does again. */
  | { readonly kind: 'fenced'; readonly reason: string }
  | {
      readonly kind: 'witness';
      readonly witness: string;
      readonly state: WitnessHealth['state'];
      readonly reason: string;
    };

export interface SequencerOptions {
  readonly dataDir: string;
  readonly signer: Signer;
  /** First line of each checkpoint; by custom the signer's name. */
  readonly origin: string;
  readonly now: () => number;
  /** Without it a checkpoint is published when its tiles are in place. */
  readonly witnesses?: WitnessSetup;
  /** Where the log has other replicas: whether this one may sequence; asked before each commit. */
  readonly fence?: { hold(): void };
  /** Of the data folder, where it is held already; it stays held. */
  readonly lock?: Lock;
  /** Where other replicas keep copies of the log: what is done for them. */
  readonly ahead?: Ahead;
  /** ms between two looks at the journals; default 500, at most 1000. */
  readonly interval?: number;
  /** Entries of one run; default 50,000. */
  readonly batch?: number;
  readonly onAlert: (alert: SequencerAlert) => void;
  readonly randomBytes?: (size: number) => Buffer;
  /** Tests only: called behind each step. */
  readonly onStep?: (step: SequencerStep) => void;
  readonly onErasureStep?: (step: ErasureStep) => void;
}

/** Of a log that other replicas may go on with at any moment. */
interface Ahead {
  /**
   * Before a run is signed: it stands at others, and is the only one that may have its size.
   * @throws YitongError where it is not known to be so; then it is not signed
   */
  prepare(run: RunMessage): Promise<void>;
  /** What was prepared last is committed. */
  committed(): void;
}

interface RunResult {
  /** Entries added. */
  readonly added: number;
  readonly size: number;
}

export interface LogHealth {
  /** Entries integrated. */
  readonly size: number;
  /** Entries under the published checkpoint. */
  readonly publishedSize: number;
  /** ms since 1970 when the published checkpoint was; absent before the first. */
  readonly publishedAt?: number;
  /** Cosignatures without which no checkpoint is published. */
  readonly required: number;
  readonly witnesses: readonly WitnessHealth[];
}

export interface Sequencer {
  /** One run now, after any that is under way. @throws YitongError; the next run starts again from disk */
  runOnce(): Promise<RunResult>;
  health(): LogHealth;
  /** What was committed last is put in its place; nothing is taken in. @throws YitongError */
  settle(): Promise<void>;
  /** @param settle ms to wait for witnesses to cosign what the last run added; default 0 */
  stop(settle?: number): Promise<void>;
}

/** ms; the longest pause between two looks at the journals. */
const LONGEST_PAUSE = 1000;

/**
 * Makes the sequencer of a data folder and starts it; `interval: 0` starts nothing, for `runOnce`.
 * @throws YitongError `audit_unavailable` if another process is the sequencer
 */
export function startSequencer(options: SequencerOptions): Sequencer {
  const layout = auditLayout(options.dataDir);
  for (const dir of [dirname(layout.lock), layout.journals, layout.staged])
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  mkdirSync(layout.log, { recursive: true });
  const lock = options.lock ?? tryLock(layout.lock);
  if (lock === undefined)
    throw new YitongError('audit_unavailable', 'another process is the sequencer of this data folder');
  publishVkey(join(layout.log, 'vkey'), options.signer);
  return new FolderSequencer(options, lock);
}

/** The batch at the right edge of the tree. @returns the tiles that change by it */
function grow(edge: Edge, { commitments, leaves }: Batch): readonly TileFile[] {
  const files: TileFile[] = [];
  commitments.forEach((commitment, i) => files.push(...edge.append(commitment, leaves[i])));
  files.push(...edge.partials());
  return files;
}

class FolderSequencer implements Sequencer {
  readonly #options: SequencerOptions;
  readonly #layout: ReturnType<typeof auditLayout>;
  readonly #batchSize: number;
  /** ms between two looks at the journals. */
  readonly #pause: number;
  readonly #randomBytes: (size: number) => Buffer;
  readonly #step: (step: SequencerStep) => void;
  readonly #bodies: BodyStore;
  readonly #erasures: Erasures;
  readonly #committed: CommittedLog;
  readonly #publication: Publication;
  /** Taken again where it was lost and nobody else has it. */
  #lock: Lock;
  /** What was committed last; undefined after a start and after a run that failed: then the disk is asked. */
  #newest: CommittedRun | undefined;
  /** Runs follow one another; it never rejects. */
  readonly #turns = new OneByOne();
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** Why the last run failed: a reason that stays the same is told once. */
  #lastReason = '';

  constructor(options: SequencerOptions, lock: Lock) {
    const { dataDir, signer, origin, now, interval = 500, onAlert } = options;
    const { fence, witnesses, onErasureStep } = options;
    const onFailure = (reason: string): void => onAlert({ kind: 'failed', reason });
    this.#options = options;
    this.#layout = auditLayout(dataDir);
    this.#batchSize = options.batch ?? 50_000;
    this.#pause = Math.min(interval, LONGEST_PAUSE);
    this.#randomBytes = options.randomBytes ?? systemRandom;
    this.#step = options.onStep ?? ((): void => undefined);
    this.#lock = lock;
    this.#bodies = openBodies(this.#layout.bodies, this.#layout.index);
    this.#erasures = openErasures({
      dataDir,
      bodies: this.#bodies,
      onTrouble: onFailure,
      ...present({ onStep: onErasureStep }),
    });
    this.#committed = new CommittedLog({
      dataDir,
      signer,
      origin,
      bodies: this.#bodies,
      randomBytes: this.#randomBytes,
      ...present({ fence }),
      onMended: (files) => onAlert({ kind: 'mended', files }),
      step: this.#step,
    });
    this.#publication = new Publication({
      logDir: this.#layout.log,
      signer,
      origin,
      now,
      ...present({ witnesses }),
      isSequencer: () => this.#lock.held(),
      onFailure,
      onWitnessTrouble: (witness, state, reason) => onAlert({ kind: 'witness', witness, state, reason }),
    });
    if (interval > 0) this.#schedule(0);
  }

  runOnce(): Promise<RunResult> {
    return this.#turns.take(async () => {
      try {
        return await this.#run();
      } catch (error) {
        // the edge has grown beyond what was committed: forget it, and start from disk
        this.#newest = undefined;
        throw error;
      }
    });
  }

  settle(): Promise<void> {
    return this.#turns.take(async () => void (this.#newest ??= await this.#committed.load()));
  }

  health(): LogHealth {
    const { size, publishedAt } = this.#publication.newest();
    return {
      size: this.#newest?.state.size ?? 0,
      publishedSize: size,
      ...present({ publishedAt }),
      required: this.#options.witnesses?.required ?? 0,
      witnesses: this.#publication.witnesses(),
    };
  }

  async stop(settle = 0): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turns.over();
    await this.#publication.stop(settle);
    await this.#erasures.close();
    this.#bodies.close();
    if (this.#lock !== this.#options.lock) this.#lock.release();
  }

  async #run(): Promise<RunResult> {
    const { dataDir, fence, ahead, now, onAlert } = this.#options;
    this.#takeLockAgain();

    // 0. After a start, or a run that failed: the state says what was committed, and the staged run that led to it is
    //    put in its place if it was not so far. Then it is published, where a crash came before.
    if (this.#newest === undefined) {
      this.#newest = await this.#committed.load();
      this.#erasures.recall(this.#newest.state.size);
    }
    fence?.hold();
    const { state, version, edge } = this.#newest;
    this.#publication.release(state.checkpoint);
    await this.#erasures.carryOut(state.size);

    // 1. Read the journals from the positions in the state. Nothing is written: a crash here leaves no trace.
    const batch = collect(state, {
      dataDir,
      limit: this.#batchSize,
      now,
      randomBytes: this.#randomBytes,
      copiesMayLag: ahead !== undefined,
    });
    this.#step('read');
    if (batch.records.length === 0) return { added: 0, size: state.size };

    // 2. Stage all that this run adds as one file with a name of its own, durable. After a crash nobody knows that
    //    name, and a later run removes it.
    const staged = `${state.size}-${this.#randomBytes(8).toString('hex')}`;
    const packed = packRecords(batch.records);
    stage(this.#layout.staged, staged, packed);
    this.#step('staged');

    // 3. Sign. A crash loses the note; nobody has seen it, so the next run may sign another tree of the same size.
    //    Where other replicas keep copies it is first theirs too, and the one tree of its size: a crash then leaves a
    //    run that whoever comes next signs.
    const files = grow(edge, batch);
    await ahead?.prepare(this.#message(state, edge, batch));
    const checkpoint = this.#sign(edge);
    this.#step('signed');

    // 4. Commit by compare-and-swap: if another sequencer came (the lock was lost), its version stands and this run
    //    ends. Size, positions and note change together, so no entry is taken twice or skipped. From here on the note
    //    counts as issued.
    const next: SequencerState = {
      version: 1,
      origin: state.origin,
      size: edge.size,
      checkpoint,
      journals: batch.journals,
      before: { size: state.size, journals: state.journals },
      staged,
      own: batch.own,
    };
    this.#commit(version, next);
    this.#step('committed');

    // 5. Bodies, index, bundles and tiles, each durable with its name. A crash before the end is mended by step 0,
    //    which has the staged file.
    await this.#committed.place(next, batch.records, packed, files);
    ahead?.committed();
    this.#newest = { state: next, version: version + 1, edge };

    // 6. Publish, or let the witnesses see it. Step 0 does it again after a crash: it is the same note.
    this.#publication.release(checkpoint);
    this.#step('published');

    // 7. Carry out the erasures that this run brought, now that nothing but their own files can lack. Step 0 does it
    //    again after a crash.
    this.#erasures.saw(state.size, batch.records);
    await this.#erasures.carryOut(next.size);

    // 8. Say what journals lack, and remove what nobody needs any more: a crash leaves it to a later run.
    for (const gap of batch.gaps) onAlert(gap);
    await dropPartials(this.#layout.log, files);
    // what runs staged that were never committed
    dropStaged(this.#layout.staged, state.size);
    return { added: batch.records.length, size: next.size };
  }

  /** @throws YitongError `audit_unavailable` if the lock was lost and another process has it */
  #takeLockAgain(): void {
    if (this.#lock.held()) return;
    const again = tryLock(this.#layout.lock);
    if (again === undefined) throw new YitongError('audit_unavailable', 'another sequencer has taken over');
    this.#lock = again;
    this.#newest = undefined;
  }

  /** The checkpoint over the tree as it is now. */
  #sign(edge: Edge): string {
    const { origin, signer } = this.#options;
    return signCheckpoint({ origin, size: edge.size, root: edge.root() }, [signer]);
  }

  /** A run, as other replicas take it. @param edge of the tree that it leads to */
  #message({ origin, size, checkpoint }: SequencerState, edge: Edge, batch: Batch): RunMessage {
    const { journals, own, records, commitments } = batch;
    const next = { size: edge.size, root: edge.root().toString('base64'), journals, own };
    return { origin, checkpoint, published: '', first: size, next, records, commitments };
  }

  /** @throws YitongError where this is no longer the one that sequences; what was staged is removed then */
  #commit(version: number, next: SequencerState): void {
    try {
      this.#options.fence?.hold();
      // nothing comes between: who answers for another replica's claim does so in this thread, or loses the swap
      if (!this.#lock.held() || !swapState(this.#layout.state, version, next))
        throw new YitongError('audit_unavailable', 'another sequencer has taken over');
    } catch (error) {
      rmSync(join(this.#layout.staged, next.staged), { force: true });
      throw error;
    }
  }

  #schedule(ms: number): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.#runByItself(), ms);
  }

  /** A run that nobody asked for, and the next one after it; one that is fenced off is the last. */
  #runByItself(): void {
    this.runOnce().then(
      ({ added }) => {
        this.#lastReason = '';
        this.#schedule(added >= this.#batchSize ? 0 : this.#pause);
      },
      (error: unknown) => {
        const { onAlert } = this.#options;
        const reason = error instanceof Error ? error.message : 'unknown';
        if (isYitongError(error) && error.code === 'sequencer_fenced') {
          onAlert({ kind: 'fenced', reason });
          this.#publication
            .stop()
            .catch((failed: unknown) =>
              onAlert({ kind: 'failed', reason: failed instanceof Error ? failed.message : 'unknown' }),
            );
          return;
        }
        if (reason !== this.#lastReason) onAlert({ kind: 'failed', reason });
        this.#lastReason = reason;
        this.#schedule(this.#pause);
      },
    );
  }
}

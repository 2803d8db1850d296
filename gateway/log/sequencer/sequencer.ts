/**
 * The sequencer: takes what the journals of a data folder have made durable into the one published log. Read `run` from
 * top to bottom; each step says what a crash right after it leaves and why the next run is still right. Nothing that
 * others read or write is touched before the commit, so it is also right where two sequencers run at once: one commits,
 * the other ends.
 */

import { randomBytes as systemRandom } from 'node:crypto';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { replaceFile } from '../../ground/files/durable.js';
import { type Lock, tryLock } from '../../ground/files/lock.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';
import { type ErasureStep, openErasures } from '../erasure/carry-out.js';
import { openCheckpoint, parseCheckpoint, signCheckpoint } from '../proof/checkpoint.js';
import { commitmentOf } from '../proof/journal.js';
import { parseNote, type Signer } from '../proof/note.js';
import { type Edge, openEdge, type TileFile } from '../proof/tiles.js';
import { traceOfLog } from '../store/begun.js';
import { type BodyRecord, type BodyStore, openBodies, type PackedRecords, packRecords } from '../store/bodies.js';
import { publishVkey } from '../store/signer.js';
import { dropStaged, stage, staged } from '../store/staging.js';
import { readState, type SequencerState, swapState } from '../store/state.js';
import { dropPartials, readPartial, writeTiles } from '../store/tile-files.js';
import { announceWriting } from '../store/writing.js';
import { type Gathering, gatherCosignatures, type WitnessHealth, type WitnessSetup } from '../witness/gathering.js';
import { arrivedErased, collect, type Gap } from './collect.js';
import { mendLog, shortIndexes } from './mend.js';

export type { GapReason } from './collect.js';

/** The points between which a crash can fall. */
export type SequencerStep =
  | 'read'
  | 'staged'
  | 'signed'
  | 'committed'
  | 'applying'
  | 'bodies'
  | 'tiles'
  | 'completed'
  | 'published';

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

export interface RunResult {
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

interface Memory {
  readonly state: SequencerState;
  readonly version: number;
  /** The right edge of the tree, grown with the state. */
  readonly edge: Edge;
}

/**
 * Makes the sequencer of a data folder and starts it; `interval: 0` starts nothing, for `runOnce`.
 * @throws YitongError `audit_unavailable` if another process is the sequencer
 */
export function startSequencer(options: SequencerOptions): Sequencer {
  const {
    dataDir,
    signer,
    origin,
    now,
    interval = 500,
    batch: batchSize = 50_000,
    randomBytes = systemRandom,
  } = options;
  const layout = auditLayout(dataDir);
  const published = join(layout.log, 'checkpoint');
  for (const dir of [dirname(layout.lock), layout.journals, layout.staged])
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  mkdirSync(layout.log, { recursive: true });
  const locked = tryLock(layout.lock);
  if (locked === undefined)
    throw new YitongError('audit_unavailable', 'another process is the sequencer of this data folder');
  let lock: Lock = locked;
  publishVkey(join(layout.log, 'vkey'), signer);
  const bodies: BodyStore = openBodies(layout.bodies, layout.index);
  const erasures = openErasures({
    dataDir,
    bodies,
    onTrouble: (reason) => options.onAlert({ kind: 'failed', reason }),
    ...present({ onStep: options.onErasureStep }),
  });
  const step = options.onStep ?? ((): void => undefined);
  let memory: Memory | undefined;
  let publishedAt: number | undefined;

  /**
   * What was committed last, done again as far as a crash left it undone, and the right edge of its tree. What can be
   * made again of the log is, where it was damaged.
   */
  async function load(): Promise<Memory> {
    const found = readState(layout.state);
    if (found === undefined) {
      // another may sequence, or hold more of the log than is here: that is said first
      options.fence?.hold();
      const trace = traceOfLog(dataDir);
      if (trace !== undefined)
        throw new YitongError(
          'log_invalid',
          `${trace}, and no state of the sequencer: a log is never begun anew under its name; bring the state ` +
            `back, or see \`yitong audit takeover\``,
          { place: { file: layout.state } },
        );
      const own = { journal: `sequencer-${randomBytes(4).toString('hex')}`, seq: 0 };
      const state = {
        version: 1,
        origin,
        size: 0,
        checkpoint: '',
        journals: {},
        before: { size: 0, journals: {} },
        staged: '0',
        own,
      } as const;
      return { state, version: 0, edge: openEdge(0, () => Buffer.alloc(0)) };
    }
    const { state, version } = found;
    if (state.origin !== origin)
      throw new YitongError('log_invalid', `the log's origin is \`${state.origin}\`, not \`${origin}\``);
    let edge: Edge;
    try {
      if (completed() === state.checkpoint && shortIndexes(dataDir, state).length > 0)
        throw new YitongError('log_invalid', 'the index of receipts is shorter than the log');
      edge = await open(state);
    } catch (error) {
      const mended = await mendLog({ dataDir, state, verifier: signer, bodies }).catch(() => undefined);
      // what cannot be mended is said as it was found
      if (mended === undefined || mended.files.length === 0)
        throw isYitongError(error)
          ? error
          : new YitongError(
              'log_invalid',
              `a file of the log cannot be read: ${error instanceof Error ? error.message : 'unknown'}`,
              { cause: error },
            );
      options.onAlert({ kind: 'mended', files: mended.files });
      edge = await open(state);
    }
    return { state, version, edge };
  }

  /**
   * @throws YitongError `log_invalid`, or whatever the disk says, where what is there does not lead to what was signed
   */
  async function open(state: SequencerState): Promise<Edge> {
    const complete = completed() === state.checkpoint;
    const edge = openEdge(complete ? state.size : state.before.size, (path, bytes) =>
      readPartial(layout.log, path, bytes),
    );
    const records = complete ? [] : staged(layout.staged, state.staged);
    const files = records.flatMap(({ salt, body }) => edge.append(commitmentOf(salt, body)));
    // never sign on top of tiles that do not lead to what was signed before
    const { size, root } = openCheckpoint(Buffer.from(state.checkpoint), origin, [signer]);
    if (size !== state.size || size !== edge.size || !root.equals(edge.root()))
      throw new YitongError('log_invalid', 'the tiles do not lead to the root of the last checkpoint');
    if (!complete) await apply(state, records, packRecords(records), [...files, ...edge.partials()]);
    return edge;
  }

  const completedSize = (): number => {
    const note = completed();
    return note === undefined ? -1 : parseCheckpoint(parseNote(Buffer.from(note)).text).size;
  };
  const completed = (): string | undefined => readIfThere(layout.complete)?.toString('utf8');

  /**
   * Puts a committed run in its place. Done twice, also by two at once, it writes the same bytes to the same places;
   * never again once it is complete, for what was erased since would come back.
   */
  async function apply(
    state: SequencerState,
    records: readonly BodyRecord[],
    packed: PackedRecords,
    files: readonly TileFile[],
  ): Promise<void> {
    // Said before the look whether another did it meanwhile: an erasure touches only what is complete, and waits for
    // those who said so. A process that slept in between either sees that it is complete, or is waited for; so it
    // cannot bring back a salt.
    const done = announceWriting(layout.writing);
    try {
      if (completedSize() < state.size) {
        step('applying');
        bodies.write(state.before.size, records, packed);
        for (const { index, by } of arrivedErased(state.before.size, records)) bodies.erase([index], by);
        step('bodies');
        await writeTiles(layout.log, files);
        step('tiles');
        if (completedSize() < state.size) replaceFile(layout.complete, state.checkpoint, { mode: 0o600 });
      }
    } finally {
      done();
    }
    // salts are not kept twice
    rmSync(join(layout.staged, state.staged), { force: true });
    step('completed');
  }

  async function run(): Promise<RunResult> {
    if (!lock.held()) {
      const again = tryLock(layout.lock);
      if (again === undefined) throw new YitongError('audit_unavailable', 'another sequencer has taken over');
      lock = again;
      memory = undefined;
    }

    // 0. After a start, or a run that failed: the state says what was committed, and the staged run that led to it is
    // put in its
    //    place if it was not so far. Then it is published, where a crash came before.
    if (memory === undefined) {
      memory = await load();
      erasures.recall(memory.state.size);
    }
    options.fence?.hold();
    const { state, version, edge } = memory;
    release(state);
    await erasures.carryOut(state.size);

    // 1. Read the journals from the positions in the state. Nothing is written: a crash here leaves no trace.
    const batch = collect(state, { dataDir, limit: batchSize, now, randomBytes });
    step('read');
    if (batch.records.length === 0) return { added: 0, size: state.size };

    // 2. Stage all that this run adds as one file with a name of its own, durable. After a crash nobody knows that
    // name, and a later run removes it.
    const name = `${state.size}-${randomBytes(8).toString('hex')}`;
    const packed = packRecords(batch.records);
    stage(layout.staged, name, packed);
    step('staged');

    // 3. Sign. A crash loses the note; nobody has seen it, so the next run may sign another tree of the same size.
    const files: TileFile[] = [];
    batch.commitments.forEach((commitment, i) => files.push(...edge.append(commitment, batch.leaves[i])));
    files.push(...edge.partials());
    const checkpoint = signCheckpoint({ origin, size: edge.size, root: edge.root() }, [signer]);
    step('signed');

    // 4. Commit by compare-and-swap: if another sequencer came (the lock was lost), its version stands and this run
    // ends. Size,
    // positions and note change together, so no entry is taken twice or skipped. From here on the note counts as
    // issued.
    const next: SequencerState = {
      version: 1,
      origin,
      size: edge.size,
      checkpoint,
      journals: batch.journals,
      before: { size: state.size, journals: state.journals },
      staged: name,
      own: batch.own,
    };
    try {
      options.fence?.hold();
      // nothing comes between: who answers for another replica's claim does so in this thread, or loses the swap
      if (!lock.held() || !swapState(layout.state, version, next))
        throw new YitongError('audit_unavailable', 'another sequencer has taken over');
    } catch (error) {
      rmSync(join(layout.staged, name), { force: true });
      throw error;
    }
    step('committed');

    // 5. Bodies, index, bundles and tiles, each durable with its name. A crash before the end is mended by step 0,
    // which has the staged file.
    await apply(next, batch.records, packed, files);
    memory = { state: next, version: version + 1, edge };

    // 6. Publish, or let the witnesses see it. Step 0 does it again after a crash: it is the same note.
    release(next);
    step('published');

    // 7. Carry out the erasures that this run brought, now that nothing but their own files can lack. Step 0 does it
    // again after a crash.
    erasures.saw(state.size, batch.records);
    await erasures.carryOut(next.size);

    for (const gap of batch.gaps) options.onAlert(gap);
    await dropPartials(layout.log, files);
    // what runs staged that were never committed
    dropStaged(layout.staged, state.size);
    return { added: batch.records.length, size: next.size };
  }

  /** A checkpoint that is committed and in place goes to the world, or first to the witnesses. */
  function release({ checkpoint }: SequencerState): void {
    if (checkpoint === '') return;
    const text = parseNote(Buffer.from(checkpoint)).text;
    const covers = standing()?.text === text;
    if (gathering !== undefined) gathering.offer(checkpoint);
    else if (!covers) publish(checkpoint);
  }

  /**
   * What is published, if it is of this log and signed; a file that is damaged is as good as none, and is written
   * again.
   */
  function standing(): { readonly text: string; readonly size: number; readonly bytes: Buffer } | undefined {
    const bytes = readIfThere(published);
    if (bytes === undefined) return undefined;
    try {
      return { text: parseNote(bytes).text, size: openCheckpoint(bytes, origin, [signer]).size, bytes };
    } catch {
      return undefined;
    }
  }

  function publish(note: string): void {
    const { size } = parseCheckpoint(parseNote(Buffer.from(note)).text);
    try {
      // One that lost its place must not take the world back. Between this look and the rename it still could, for one
      // run's time: a checkpoint that was true then, and the next publication is of the newer.
      if (!lock.held() || (standing()?.size ?? -1) > size)
        throw new YitongError('audit_unavailable', 'another sequencer has taken over');
      replaceFile(published, note);
    } catch (error) {
      options.onAlert({
        kind: 'failed',
        reason: `the checkpoint cannot be published: ${error instanceof Error ? error.message : 'unknown'}`,
      });
      throw error;
    }
    publishedAt = now();
  }

  const gathering: Gathering | undefined =
    options.witnesses === undefined
      ? undefined
      : gatherCosignatures({
          ...options.witnesses,
          published: () => standing()?.bytes,
          publish,
          read: (path) => readIfThere(join(layout.log, path)),
          now,
          onTrouble: (witness, state, reason) => options.onAlert({ kind: 'witness', witness, state, reason }),
        });

  let queue: Promise<unknown> = Promise.resolve();
  const runOnce = (): Promise<RunResult> => {
    const result = queue.then(run);
    queue = result.catch(() => {
      // the edge has grown beyond what was committed: forget it, and start from disk
      memory = undefined;
    });
    return result;
  };

  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let lastReason = '';
  const tick = (): void => {
    runOnce().then(
      ({ added }) => {
        lastReason = '';
        schedule(added >= batchSize ? 0 : pause);
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : 'unknown';
        if (isYitongError(error) && error.code === 'sequencer_fenced') {
          options.onAlert({ kind: 'fenced', reason });
          void gathering?.stop();
          return;
        }
        if (reason !== lastReason) options.onAlert({ kind: 'failed', reason });
        lastReason = reason;
        schedule(pause);
      },
    );
  };
  const pause = Math.min(interval, 1000);
  const schedule = (ms: number): void => {
    if (!stopped) timer = setTimeout(tick, ms);
  };
  if (interval > 0) schedule(0);

  return {
    runOnce,
    settle() {
      const result = queue.then(async () => void (memory ??= await load()));
      queue = result.catch(() => undefined);
      return result;
    },
    health() {
      const note = standing();
      if (note !== undefined) publishedAt ??= statSync(published, { throwIfNoEntry: false })?.mtimeMs;
      return {
        size: memory?.state.size ?? 0,
        publishedSize: note?.size ?? 0,
        ...present({ publishedAt }),
        required: options.witnesses?.required ?? 0,
        witnesses: gathering?.health() ?? [],
      };
    },
    async stop(settle = 0) {
      stopped = true;
      clearTimeout(timer);
      await queue;
      await gathering?.settled(settle);
      await gathering?.stop();
      await erasures.close();
      bodies.close();
      lock.release();
    },
  };
}

/**
 * The sequencer: takes what the journals of a data folder have made durable into the one published log. Read `run` from top to
 * bottom; each step says what a crash right after it leaves and why the next run is still right.
 */
import { randomBytes as systemRandom } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { replaceFile, syncDir } from '../durable.js';
import { gapBody } from '../events.js';
import { commitmentOf } from '../journal/format.js';
import { JOURNAL_START, readOn } from '../journal/reader.js';
import { auditLayout } from '../layout.js';
import { tryLock, type Lock } from '../lock.js';
import { publishVkey } from '../signer.js';
import { openBodies, type BodyRecord, type BodyStore } from './bodies.js';
import { openCheckpoint, signCheckpoint } from './checkpoint.js';
import type { Signer } from './note.js';
import { readState, writeState, type JournalState, type SequencerState } from './state.js';
import { openEdge, type Edge, type TileFile } from './tiles.js';

/** The points between which a crash can fall. */
export type SequencerStep = 'read' | 'bodies' | 'tiles' | 'signed' | 'committed' | 'published';

export type SequencerAlert =
  | { readonly kind: 'gap'; readonly journal: string; readonly from: number; readonly to: number; readonly why: GapReason }
  | { readonly kind: 'failed'; readonly reason: string };

export type GapReason = 'missing' | 'damaged' | 'rolled_back' | 'vanished';

export interface SequencerOptions {
  readonly dataDir: string;
  readonly signer: Signer;
  /** First line of each checkpoint; by custom the signer's name. */
  readonly origin: string;
  readonly now: () => number;
  /** ms between two looks at the journals; default 500, at most 1000. */
  readonly interval?: number;
  /** Entries of one run; default 50,000. */
  readonly batch?: number;
  readonly onAlert: (alert: SequencerAlert) => void;
  readonly randomBytes?: (size: number) => Buffer;
  /** Tests only: called behind each step. */
  readonly onStep?: (step: SequencerStep) => void;
}

export interface RunResult {
  /** Entries added. */
  readonly added: number;
  readonly size: number;
}

export interface Sequencer {
  /** One run now, after any that is under way. @throws YitongError; the next run starts again from disk */
  runOnce(): Promise<RunResult>;
  stop(): Promise<void>;
}

interface Batch {
  readonly records: BodyRecord[];
  readonly commitments: Buffer[];
  readonly journals: Record<string, JournalState>;
  own: { readonly journal: string; readonly seq: number };
  readonly alerts: SequencerAlert[];
}

const PARALLEL = 16;

/**
 * Makes the sequencer of a data folder and starts it; `interval: 0` starts nothing, for `runOnce`.
 * @throws YitongError `audit_unavailable` if another process is the sequencer
 */
export function startSequencer(options: SequencerOptions): Sequencer {
  const { dataDir, signer, origin, now, interval = 500, batch: batchSize = 50_000, randomBytes = systemRandom } = options;
  const layout = auditLayout(dataDir);
  for (const dir of [dirname(layout.lock), layout.journals]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  mkdirSync(layout.log, { recursive: true });
  const locked = tryLock(layout.lock);
  if (locked === undefined) throw new YitongError('audit_unavailable', 'another process is the sequencer of this data folder');
  const lock: Lock = locked;
  publishVkey(join(layout.log, 'vkey'), signer);
  const bodies: BodyStore = openBodies(layout.bodies, layout.index);
  const step = options.onStep ?? ((): void => undefined);
  let memory: { state: SequencerState; edge: Edge } | undefined;

  /** What the last run committed, and the right edge of the tree, checked against it. */
  function load(): { state: SequencerState; edge: Edge } {
    const found = readState(layout.state);
    if (found === undefined) {
      if (existsSync(join(layout.log, 'checkpoint'))) throw new YitongError('log_invalid', 'there is a published checkpoint but no state of the sequencer; restore the state, never start the log anew', { place: { file: layout.state } });
      const own = { journal: `sequencer-${randomBytes(4).toString('hex')}`, seq: 0 };
      return { state: { version: 1, origin, size: 0, checkpoint: '', journals: {}, own }, edge: openEdge(0, () => Buffer.alloc(0)) };
    }
    if (found.origin !== origin) throw new YitongError('log_invalid', `the log's origin is \`${found.origin}\`, not \`${origin}\``);
    const edge = openEdge(found.size, (path) => readFileSync(join(layout.log, path)));
    if (found.checkpoint !== '') {
      const { size, root } = openCheckpoint(Buffer.from(found.checkpoint), origin, [signer]);
      // never sign on top of tiles that do not lead to what was signed before
      if (size !== found.size || !root.equals(edge.root())) throw new YitongError('log_invalid', 'the tiles do not lead to the root of the last checkpoint');
    }
    return { state: found, edge };
  }

  function addGap(batch: Batch, journal: string, from: number, to: number, why: GapReason): void {
    const salt = Buffer.from(randomBytes(32));
    const body = Buffer.from(gapBody({ time: now(), journal, from, to, why }));
    batch.own = { ...batch.own, seq: batch.own.seq + 1 };
    batch.records.push({ ...batch.own, salt, body });
    batch.commitments.push(commitmentOf(salt, body));
    batch.alerts.push({ kind: 'gap', journal, from, to, why });
  }

  /** New entries of all journals, each journal's in its order; the chain is verified on the way. */
  function collect(state: SequencerState): Batch {
    const batch: Batch = { records: [], commitments: [], journals: { ...state.journals }, own: state.own, alerts: [] };
    const present = new Set(readdirSync(layout.journals, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name));
    for (const id of [...new Set([...present, ...Object.keys(state.journals)])].sort()) {
      let at: JournalState = state.journals[id] ?? JOURNAL_START;
      if (at.dead === true) continue;
      if (!present.has(id)) {
        addGap(batch, id, at.lastSeq + 1, at.lastSeq, 'vanished');
        batch.journals[id] = { ...at, dead: true };
        continue;
      }
      while (batch.records.length < batchSize) {
        const result = readOn(join(layout.journals, id), at, batchSize - batch.records.length);
        if (result.kind === 'end') break;
        if (result.kind === 'gap') {
          addGap(batch, id, result.from, result.to, result.why);
          at = result.resume ?? { ...at, dead: true };
          if (result.resume === undefined) break;
          continue;
        }
        for (const group of result.groups) {
          for (const { seq, salt, body, commitment } of group.entries) {
            batch.records.push({ journal: id, seq, salt, body });
            batch.commitments.push(commitment);
          }
        }
        at = result.position;
      }
      if (at !== JOURNAL_START) batch.journals[id] = at;
    }
    return batch;
  }

  async function writeTile({ path, bytes }: TileFile): Promise<void> {
    const file = join(layout.log, path);
    await mkdir(dirname(file), { recursive: true });
    const made = `${file}.tmp`;
    const handle = await open(made, 'w', 0o644);
    try {
      await handle.writeFile(bytes);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(made, file);
  }

  async function writeTiles(files: readonly TileFile[]): Promise<void> {
    for (let at = 0; at < files.length; at += PARALLEL) await Promise.all(files.slice(at, at + PARALLEL).map(writeTile));
    const dirs = new Set<string>();
    for (const { path } of files) for (let dir = dirname(path); dir !== '.'; dir = dirname(dir)) dirs.add(dir);
    for (const dir of ['.', ...dirs]) syncDir(join(layout.log, dir));
  }

  async function run(): Promise<RunResult> {
    memory ??= load();
    const { state, edge } = memory;

    // 0. A run that died between commit and publication left the public checkpoint one step behind. Publishing again is safe: it is
    //    the same note.
    if (state.checkpoint !== '' && publishedCheckpoint() !== state.checkpoint) publish(state.checkpoint);

    // 1. Read the journals from the positions in the state. Nothing is written: a crash here leaves no trace.
    const batch = collect(state);
    step('read');
    if (batch.records.length === 0) {
      return { added: 0, size: state.size };
    }

    // 2. Bodies and the index (journal, seq) → log index, durable. They lie at or behind `state.size`, where nobody looks yet;
    //    after a crash the next run writes over them by position, whatever order it then reads in.
    bodies.write(state.size, batch.records);
    step('bodies');

    // 3. Bundles and tiles, durable with their names. After a crash there are files that no checkpoint asks for; the next run
    //    replaces them before it signs. A full tile is never replaced once a checkpoint covers it: that edge is not written again.
    const files: TileFile[] = [];
    for (const commitment of batch.commitments) files.push(...edge.append(commitment));
    files.push(...edge.partials());
    await writeTiles(files);
    step('tiles');

    // 4. Sign. A crash loses the note; nobody has seen it, so the next run may sign another tree of the same size.
    const checkpoint = signCheckpoint({ origin, size: edge.size, root: edge.root() }, [signer]);
    step('signed');

    // 5. Commit by compare-and-swap: if another sequencer came (the lock was lost), its state is another and this run ends.
    //    The new state replaces the old in one rename: size, positions and note change together, so no entry is taken
    //    twice or skipped. From here on the note counts as issued.
    const current = readState(layout.state);
    if (!lock.held() || (current?.checkpoint ?? '') !== state.checkpoint) throw new YitongError('audit_unavailable', 'another sequencer has taken over');
    const next: SequencerState = { ...state, size: edge.size, checkpoint, journals: batch.journals, own: batch.own };
    writeState(layout.state, next);
    memory = { state: next, edge };
    step('committed');

    // 6. Publish. A crash before it is mended by step 0.
    publish(checkpoint);
    step('published');

    for (const alert of batch.alerts) options.onAlert(alert);
    await dropPartials(files);
    return { added: batch.records.length, size: next.size };
  }

  function publishedCheckpoint(): string | undefined {
    try {
      return readFileSync(join(layout.log, 'checkpoint'), 'utf8');
    } catch {
      return undefined;
    }
  }

  function publish(checkpoint: string): void {
    replaceFile(join(layout.log, 'checkpoint'), checkpoint);
  }

  /** Partial tiles whose full tile is there now; the specification lets a log delete them. */
  async function dropPartials(files: readonly TileFile[]): Promise<void> {
    for (const { path } of files) if (!path.includes('.p/')) await rm(join(layout.log, `${path}.p`), { recursive: true, force: true });
  }

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
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await queue;
      bodies.close();
      lock.release();
    },
  };
}

/**
 * The copy of the log that a replica keeps which does not sequence: the same tiles, bodies, index and state as at the
 * one that does, taken from it run by run before each is signed (`replicas/run-message.ts`). Each run is computed anew
 * here and must lead to the root that it says; nothing is taken that the log's key has not signed.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { OneByOne } from '../../../contracts/turns.js';
import { replaceFile } from '../../ground/files/durable.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';
import { type Erasures, openErasures } from '../erasure/carry-out.js';
import { journalFolders } from '../journal/folders.js';
import { openCheckpoint, parseCheckpoint, signCheckpoint } from '../proof/checkpoint.js';
import { isJournalId } from '../proof/journal-id.js';
import { treeRoot } from '../proof/merkle.js';
import { parseNote, type Signer } from '../proof/note.js';
import { type Edge, openEdge, type TileFile, tileNodes } from '../proof/tiles.js';
import type { OwnLog } from '../replicas/election.js';
import {
  decodeRun,
  encodeRun,
  type NextState,
  type RunAnswer,
  type RunMessage,
  type Tree,
} from '../replicas/run-message.js';
import { type BodyStore, openBodies, packRecords } from '../store/bodies.js';
import { dropStaged, stage } from '../store/staging.js';
import { readState, type SequencerState, swapState } from '../store/state.js';
import { dropPartials, readPartial, writeTiles } from '../store/tile-files.js';
import { CommittedLog } from './committed.js';

const NOTHING: Tree = { size: 0, root: '' };
/** Name of a staged run in the state of a copy that came as parts: there is none. */
const NONE = '0';

const treeIn = (checkpoint: string): Tree => {
  if (checkpoint === '') return NOTHING;
  const { size, root } = parseCheckpoint(parseNote(Buffer.from(checkpoint)).text);
  return { size, root: root.toString('base64') };
};

/** Keeps a run until it is known whether it was committed; durable when it returns. */
export const keepPending = (dataDir: string, run: RunMessage): void =>
  replaceFile(auditLayout(dataDir).pending, encodeRun(run), { mode: 0o600 });

export const dropPending = (dataDir: string): void => rmSync(auditLayout(dataDir).pending, { force: true });

function readPending(dataDir: string): (RunMessage & { readonly next: NextState }) | undefined {
  const bytes = readIfThere(auditLayout(dataDir).pending);
  if (bytes === undefined) return undefined;
  const run = decodeRun(bytes);
  return run.next === undefined ? undefined : { ...run, next: run.next };
}

/** What a data folder has of the log, for whoever asks whether it may go on here. */
export function ownLog(dataDir: string): OwnLog {
  const { log, state } = auditLayout(dataDir);
  return {
    committed: () => treeIn(readState(state)?.state.checkpoint ?? ''),
    pending() {
      const run = readPending(dataDir);
      return run && { before: run.first, next: { size: run.next.size, root: run.next.root } };
    },
    rootAt(size) {
      const whole = readState(state)?.state.size ?? 0;
      if (size > whole) return undefined;
      try {
        return treeRoot(
          size,
          tileNodes(whole, (path) => readIfThere(join(log, path))),
        ).toString('base64');
      } catch {
        return undefined;
      }
    },
  };
}

interface LogCopyOptions {
  readonly dataDir: string;
  /** The log's. */
  readonly signer: Signer;
  readonly origin: string;
  readonly onTrouble: (reason: string) => void;
}

export class LogCopy {
  readonly #options: LogCopyOptions;
  readonly #layout: ReturnType<typeof auditLayout>;
  readonly #bodies: BodyStore;
  readonly #erasures: Erasures;
  readonly #committed: CommittedLog;
  readonly #turns = new OneByOne();
  #recalled = false;
  /** Of a copy that is behind: how far parts have come. */
  #catching: { readonly edge: Edge } | undefined;
  #closed = false;

  constructor(options: LogCopyOptions) {
    const { dataDir, signer, origin, onTrouble } = options;
    this.#options = options;
    this.#layout = auditLayout(dataDir);
    this.#bodies = openBodies(this.#layout.bodies, this.#layout.index);
    this.#erasures = openErasures({ dataDir, bodies: this.#bodies, onTrouble });
    this.#committed = new CommittedLog({
      dataDir,
      signer,
      origin,
      bodies: this.#bodies,
      randomBytes: () => Buffer.alloc(0),
      onMended: (files) => onTrouble(`files of the log were damaged and made again: ${files.join(', ')}`),
      step: () => undefined,
    });
  }

  /** What the one that sequences sent. @throws YitongError `log_invalid` where it does not lead to what it says */
  take(run: RunMessage): Promise<RunAnswer> {
    return this.#inTurn(() => this.#take(run));
  }

  /** The pending run, which was reserved, is signed and committed here. */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      const pending = readPending(this.#options.dataDir);
      if (pending === undefined) throw new YitongError('log_invalid', 'there is no run to go on with');
      const { signer, origin } = this.#options;
      const { size, root } = pending.next;
      await this.#commit(pending, signCheckpoint({ origin, size, root: Buffer.from(root, 'base64') }, [signer]));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#turns.over();
    await this.#erasures.close();
    this.#bodies.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => {
      if (this.#closed) throw new YitongError('audit_unavailable', 'the copy of the log is closed');
      return work();
    });
  }

  async #take(run: RunMessage): Promise<RunAnswer> {
    const { signer, origin, dataDir } = this.#options;
    if (run.origin !== origin) return { kind: 'refused', reason: `its log is \`${run.origin}\`, not \`${origin}\`` };
    const theirs = run.checkpoint === '' ? NOTHING : treeIn(run.checkpoint);
    if (run.checkpoint !== '') openCheckpoint(Buffer.from(run.checkpoint), origin, [signer]);
    await this.#settleKnown(run.checkpoint, theirs);
    const own = treeIn(readState(this.#layout.state)?.state.checkpoint ?? '');
    if (own.size > theirs.size)
      return { kind: 'refused', reason: `it has committed ${theirs.size} entries, and ${own.size} are here` };
    if (own.size === theirs.size && own.root !== theirs.root)
      return { kind: 'refused', reason: `its log of ${own.size} entries is another than is here: a fork` };
    if (own.size < theirs.size) return await this.#catchUp(run, own, theirs);
    await this.#carryOut(own.size);
    this.#publish(run.published);
    if (run.next === undefined) return { kind: 'ready' };
    // what it leads to is computed before it counts
    const edge = this.#edge(own.size);
    for (const commitment of run.commitments) edge.append(commitment);
    if (edge.size !== run.next.size || edge.root().toString('base64') !== run.next.root)
      throw new YitongError('log_invalid', 'a run of the sequencer does not lead to the tree that it says');
    this.#expectJournals(run.journalsOf ?? {});
    const { claim: _, ...kept } = run;
    keepPending(dataDir, kept);
    return { kind: 'ready' };
  }

  /**
   * A journal that the log knows and whose copy did not begin here so far is one that is behind, not one that vanished.
   */
  #expectJournals(of: Readonly<Record<string, string>>): void {
    const { dataDir } = this.#options;
    const known = journalFolders(dataDir);
    for (const [journal, replica] of Object.entries(of))
      if (!known.has(journal) && isJournalId(journal))
        mkdirSync(join(this.#layout.mirrors, replica, journal), { recursive: true, mode: 0o700 });
  }

  /** The pending run, where it is what the sequencer has committed. */
  async #settleKnown(checkpoint: string, theirs: Tree): Promise<void> {
    const pending = readPending(this.#options.dataDir);
    const size = readState(this.#layout.state)?.state.size ?? 0;
    if (pending?.first === size && pending.next.size === theirs.size && pending.next.root === theirs.root)
      await this.#commit(pending, checkpoint);
  }

  async #commit(pending: RunMessage & { readonly next: NextState }, checkpoint: string): Promise<void> {
    const { dataDir } = this.#options;
    const found = await this.#load();
    const before = found?.state;
    const size = before?.size ?? 0;
    const name = `${size}-${Buffer.from(pending.next.root, 'base64').subarray(0, 8).toString('hex')}`;
    const packed = packRecords(pending.records);
    const edge = this.#edge(size);
    const files: TileFile[] = pending.commitments.flatMap((commitment) => [...edge.append(commitment)]);
    files.push(...edge.partials());
    rmSync(join(this.#layout.staged, name), { force: true });
    stage(this.#layout.staged, name, packed);
    const next: SequencerState = {
      version: 1,
      origin: this.#options.origin,
      size: edge.size,
      checkpoint,
      journals: pending.next.journals,
      before: { size, journals: before?.journals ?? {} },
      staged: name,
      own: pending.next.own,
    };
    if (
      edge.root().toString('base64') !== pending.next.root ||
      !swapState(this.#layout.state, found?.version ?? 0, next)
    )
      throw new YitongError('log_invalid', 'the pending run does not stand behind the log that is here');
    await this.#committed.place(next, pending.records, packed, files);
    this.#erasures.saw(size, pending.records);
    dropPending(dataDir);
    await this.#carryOut(next.size);
    await dropPartials(this.#layout.log, files);
    dropStaged(this.#layout.staged, size);
  }

  /** What is committed here, all of it in its place; undefined before the first run. */
  async #load(): Promise<{ readonly state: SequencerState; readonly version: number } | undefined> {
    const found = readState(this.#layout.state);
    if (found === undefined) return undefined;
    // of a copy that came as parts all was in its place before
    if (found.state.staged === NONE && readIfThere(this.#layout.complete)?.toString('utf8') !== found.state.checkpoint)
      replaceFile(this.#layout.complete, found.state.checkpoint, { mode: 0o600 });
    return await this.#committed.load();
  }

  /** Erasures and expiries that the log orders reach the copy as well. */
  async #carryOut(size: number): Promise<void> {
    if (!this.#recalled) {
      await this.#load();
      this.#erasures.recall(size);
      this.#recalled = true;
    }
    await this.#erasures.carryOut(size);
  }

  /** A part of what stands in the log and not here. */
  async #catchUp(run: RunMessage, own: Tree, theirs: Tree): Promise<RunAnswer> {
    if (this.#catching === undefined || this.#catching.edge.size < own.size) {
      await this.#load();
      this.#catching = { edge: this.#edge(own.size) };
    }
    const { edge } = this.#catching;
    // a run that is to be signed, or a part that came twice
    if (run.next !== undefined || run.records.length === 0 || run.first !== edge.size)
      return { kind: 'behind', size: edge.size };
    const files: TileFile[] = run.commitments.flatMap((commitment) => [...edge.append(commitment)]);
    files.push(...edge.partials());
    this.#bodies.write(run.first, run.records);
    for (const { at, by, expired } of run.gone ?? []) this.#bodies[expired ? 'expire' : 'erase']([run.first + at], by);
    await writeTiles(this.#layout.log, files);
    const { reached } = run;
    if (reached === undefined || edge.size < theirs.size) return { kind: 'behind', size: edge.size };
    this.#catching = undefined;
    this.#expectJournals(run.journalsOf ?? {});
    if (edge.size !== theirs.size || edge.root().toString('base64') !== theirs.root)
      throw new YitongError('log_invalid', 'the log of the sequencer does not go on from the one that is here: a fork');
    const { journals, own: ownJournal } = reached;
    const { size } = theirs;
    const state: SequencerState = {
      version: 1,
      origin: this.#options.origin,
      size,
      checkpoint: run.checkpoint,
      journals,
      before: { size, journals },
      staged: NONE,
      own: ownJournal,
    };
    const version = readState(this.#layout.state)?.version ?? 0;
    if (!swapState(this.#layout.state, version, state))
      throw new YitongError('audit_unavailable', 'another process changes the log of this data folder');
    replaceFile(this.#layout.complete, run.checkpoint, { mode: 0o600 });
    this.#recalled = false;
    await this.#carryOut(size);
    this.#publish(run.published);
    return { kind: 'ready' };
  }

  #edge(size: number): Edge {
    return openEdge(size, (path, bytes) => readPartial(this.#layout.log, path, bytes));
  }

  /** The checkpoint as the world sees it at the one that sequences, once the copy has all that it commits to. */
  #publish(note: string): void {
    if (note === '') return;
    const { signer, origin } = this.#options;
    const { size } = openCheckpoint(Buffer.from(note), origin, [signer]);
    const file = join(this.#layout.log, 'checkpoint');
    const before = readIfThere(file)?.toString('utf8');
    const here = readState(this.#layout.state)?.state.size ?? 0;
    if (size > here || before === note || (before !== undefined && treeIn(before).size > size)) return;
    replaceFile(file, note);
  }
}

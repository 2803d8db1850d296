/**
 * The entries of the log against its tree, and where the bodies are there, each body against its entry: in the order of
 * the log, once.
 */
import { join } from 'node:path';
import { isYitongError } from '../../../contracts/errors.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import type { Checkpoint } from '../proof/checkpoint.js';
import { commitmentOf } from '../proof/journal.js';
import { ENTRY_BYTES, openEdge, parseBundle, TILE_WIDTH, type TileFile, tilePath, tileWidth } from '../proof/tiles.js';
import type { BodyStore } from '../store/bodies.js';
import { type Counts, fault } from './report.js';

/** Seqs from the first to the last, both included. */
export type SeqRange = readonly [first: number, last: number];

/** An entry by which the log goes on behind a backup. */
export interface Restored {
  readonly index: number;
  readonly detail?: { readonly size?: unknown; readonly root?: unknown } | undefined;
}

interface LogUnderCheck {
  readonly logDir: string;
  /** Entries, and the root to which they must lead. */
  readonly size: number;
  readonly root: Buffer;
  readonly published: Checkpoint | undefined;
  /** Undefined where only the published log is checked. */
  readonly bodies: BodyStore | undefined;
  readonly onProgress: ((done: number, of: number) => void) | undefined;
}

/** Entries between two reports of progress, and two turns of the event loop. */
const PROGRESS = 65_536;

export class EntriesCheck {
  /** By journal: what entries of the log declare missing. */
  readonly gaps = new Map<string, SeqRange[]>();
  readonly restored: Restored[] = [];
  readonly #log: LogUnderCheck;
  readonly #counts: Counts;
  /** The tree that the entries make so far. */
  readonly #tree = openEdge(0, () => Buffer.alloc(0));

  constructor(log: LogUnderCheck, counts: Counts) {
    this.#log = log;
    this.#counts = counts;
  }

  /** @throws YitongError `log_invalid` at the first fault */
  async run(): Promise<void> {
    const { size, root, onProgress } = this.#log;
    for (let start = 0; start < size; start += TILE_WIDTH) {
      this.#commitmentsFrom(start).forEach((commitment, i) => this.#checkEntry(start + i, commitment));
      if (start % PROGRESS === 0) {
        onProgress?.(start, size);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    for (const file of this.#tree.partials()) this.#checkTile(file);
    if (!this.#tree.root().equals(root)) throw fault('the entries do not lead to the root of the checkpoint');
  }

  /** Of the bundle that begins with the entry `start`. */
  #commitmentsFrom(start: number): readonly Buffer[] {
    const tile = start / TILE_WIDTH;
    const width = tileWidth(0, tile, this.#log.size);
    const path = tilePath('entries', tile, width);
    const bundle = readTile(this.#log.logDir, path, width * ENTRY_BYTES);
    if (bundle === undefined) throw fault(`the entry bundle \`${path}\` is missing`);
    try {
      return parseBundle(bundle, width);
    } catch (error) {
      throw isYitongError(error) ? fault(`\`${path}\`: ${error.message}`) : error;
    }
  }

  #checkEntry(index: number, commitment: Buffer): void {
    const { published, bodies } = this.#log;
    for (const file of this.#tree.append(commitment)) this.#checkTile(file);
    if (this.#tree.size === published?.size && !this.#tree.root().equals(published.root))
      throw fault('the entries do not lead to the root of the published checkpoint');
    if (bodies !== undefined) this.#checkBody(bodies, index, commitment);
  }

  /** What the entries make of a tile or bundle against what is published. */
  #checkTile({ path, bytes }: TileFile): void {
    const published = readTile(this.#log.logDir, path, bytes.length);
    if (published === undefined) throw fault(`\`${path}\` is missing`);
    if (!published.equals(bytes)) throw fault(`\`${path}\` differs from what its entries hash to`);
    this.#counts.tiles++;
  }

  #checkBody(bodies: BodyStore, index: number, commitment: Buffer): void {
    const stored = bodies.read(index);
    if (stored === undefined)
      throw fault(`the body of entry ${index} is missing, and no entry says that it was erased`);
    if (bodies.indexOf(stored.journal, stored.seq) !== index)
      throw fault(`entry ${index} is not where the index has seq ${stored.seq} of \`${stored.journal}\``);
    if (stored.kind !== 'present') {
      this.#counts[stored.kind]++;
      return;
    }
    if (!commitmentOf(stored.salt, stored.body).equals(commitment))
      throw fault(`the body of entry ${index} does not match its commitment`);
    this.#counts.bodies++;
    this.#note(index, stored.journal, stored.body.toString('utf8'));
  }

  /** What an entry of the sequencer says of the log itself, to be checked later. */
  #note(index: number, journal: string, text: string): void {
    const restored = restoredIn(journal, text);
    if (restored !== undefined) this.restored.push({ index, ...restored });
    const gap = gapIn(journal, text);
    if (gap !== undefined) this.gaps.set(gap.journal, [...(this.gaps.get(gap.journal) ?? []), gap.range]);
  }
}

/** A partial tile may be deleted while we read, once the full one is there: its beginning is the same. */
function readTile(logDir: string, path: string, length: number): Buffer | undefined {
  return (
    readIfThere(join(logDir, path)) ?? readIfThere(join(logDir, path.replace(/\.p\/\d+$/, '')))?.subarray(0, length)
  );
}

/**
 * What an entry of the sequencer says of the log that it goes on behind; undefined where it says nothing of it. Only
 * one whose text may say so is parsed: the log has millions.
 */
function restoredIn(by: string, text: string): Omit<Restored, 'index'> | undefined {
  if (!by.startsWith('sequencer-') || !/"action":"(?:restored|taken_over)"/.test(text)) return undefined;
  const { action, detail } = JSON.parse(text) as Omit<Restored, 'index'> & { readonly action?: unknown };
  return action === 'restored' || action === 'taken_over' ? { detail } : undefined;
}

/**
 * The seqs that an entry of the sequencer declares missing; without end where nobody knows it.
 * @param text of its body
 */
export function gapIn(by: string, text: string): { readonly journal: string; readonly range: SeqRange } | undefined {
  if (!text.includes('"journal_gap"') || !by.startsWith('sequencer-')) return undefined;
  const { type, journal, from, to, open } = JSON.parse(text) as {
    readonly type?: string;
    readonly journal?: unknown;
    readonly from?: number;
    readonly to?: number;
    readonly open?: boolean;
  };
  return type === 'journal_gap' && typeof journal === 'string'
    ? { journal, range: [Number(from), open === true ? Infinity : Number(to)] }
    : undefined;
}

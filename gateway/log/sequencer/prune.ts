/**
 * Gives back to the disk what journals hold twice: segments of which every entry is in the published log, with its
 * body, and older than a declared term. Each segment is read once more and held against the log, entry by entry, before
 * it goes; one that does not fit stays, and with it all behind it. The headers of its groups are kept
 * (`journal/pruned.ts`), so that whoever verifies sees what the replica signed.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { syncDir } from '../../ground/files/durable.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';
import { readErased } from '../journal/erased.js';
import { journalFolders } from '../journal/folders.js';
import { addPruned, type Pruned, readPruned } from '../journal/pruned.js';
import { markerOf } from '../journal/segments.js';
import { parseCheckpoint } from '../proof/checkpoint.js';
import {
  chainAfter,
  commitmentOf,
  decodeSegmentHeader,
  headerBytes,
  readEntries,
  readGroup,
  SEGMENT_HEADER,
  type StoredEntry,
  segmentName,
  segmentNumber,
} from '../proof/journal.js';
import type { NodeReader } from '../proof/merkle.js';
import { parseNote } from '../proof/note.js';
import { tileNodes } from '../proof/tiles.js';
import { type BodyStore, openBodies } from '../store/bodies.js';
import { readState, type SequencerState } from '../store/state.js';

export interface PruneOptions {
  readonly dataDir: string;
  /** ms for which entries stand in their journal after they were promised to be in the log. */
  readonly keep: number;
  /** ms since 1970 */
  readonly now: () => number;
  /** Told once of each journal whose segment does not fit the log. */
  readonly onKept?: (journal: string, why: string) => void;
}

interface PruneReport {
  readonly segments: number;
  readonly bytes: number;
}

/** Segments at the end of a journal that always stay: the one that is written, or was last, and the one before it. */
const LAST = 2;

interface Log {
  readonly state: SequencerState;
  readonly bodies: BodyStore;
  /** Under the published checkpoint. */
  readonly size: number;
  readonly node: NodeReader;
}

/** One segment after the other; whoever calls may stop between two. */
export function* pruneJournals(options: PruneOptions): Generator<PruneReport> {
  const log = openLog(options.dataDir);
  if (log === undefined) return;
  try {
    for (const [id, { dir }] of journalFolders(options.dataDir))
      yield* shorten(
        dir,
        id,
        options,
        () => endOf(dir, id, log),
        (entry) => inLog(id, entry, log),
      );
  } finally {
    log.bodies.close();
  }
}

/** Undefined before anything is published. */
function openLog(dataDir: string): Log | undefined {
  const layout = auditLayout(dataDir);
  // the state before the checkpoint: what the state has taken and the checkpoint covers is in place
  const state = readState(layout.state)?.state;
  const note = readIfThere(join(layout.log, 'checkpoint'));
  if (state === undefined || note === undefined) return undefined;
  const { size } = parseCheckpoint(parseNote(note).text);
  return {
    state,
    bodies: openBodies(layout.bodies, layout.index),
    size,
    node: tileNodes(size, (path) => readIfThere(join(layout.log, path))),
  };
}

/**
 * The last segment that may go: behind it reading goes on, also where the run before the last is the one that counts.
 */
function endOf(dir: string, journal: string, { state }: Log): number {
  const [taken, before] = [state.journals[journal], state.before.journals[journal]];
  const marker = markerOf(dir);
  // of one that vanished or was rolled back nobody can say what it is evidence of
  return taken === undefined || before === undefined || marker === undefined || taken.dead === true
    ? 0
    : Math.min(taken.segment, before.segment, marker.segment) - LAST;
}

/**
 * The same on a replica that does not sequence. Its own journals and its copies of others are held against what the
 * sequencing replica says it has in the published log, with bodies: it has read each of these entries from here, and
 * verified it.
 * @param integrated by journal, the newest seq that is there
 */
export function* pruneFollowed(options: PruneOptions, integrated: ReadonlyMap<string, number>): Generator<PruneReport> {
  for (const [id, { dir }] of journalFolders(options.dataDir)) {
    const upTo = integrated.get(id) ?? 0;
    const end = (): number => {
      const last = Math.max(0, (markerOf(dir)?.segment ?? 0) - LAST);
      const first = readSegments(dir)[0];
      return first === undefined || (headerOf(dir, first + 1)?.firstSeq ?? Infinity) - 1 > upTo ? 0 : last;
    };
    yield* shorten(dir, id, options, end, ({ seq }) =>
      seq > upTo ? `seq ${String(seq)} is not in the log` : undefined,
    );
  }
}

/** @param end the last segment that may go @param missing why an entry must stay */
function* shorten(
  dir: string,
  id: string,
  { keep, now, onKept }: PruneOptions,
  end: () => number,
  missing: (entry: StoredEntry) => string | undefined,
): Generator<PruneReport> {
  leftOver(dir);
  for (;;) {
    const segment = readSegments(dir)[0];
    if (segment === undefined || segment > end()) return;
    const found = fits(dir, segment, missing, now() - keep);
    if (found === undefined) return;
    if ('why' in found) return onKept?.(id, found.why);
    addPruned(dir, readPruned(dir), found.headers, found.after);
    const given = removeSegment(dir, segment);
    syncDir(dir);
    yield { segments: 1, bytes: given - found.headers.reduce((sum, { length }) => sum + length, 0) };
  }
}

const readSegments = (dir: string): number[] =>
  readdirSync(dir)
    .map(segmentNumber)
    .filter((one) => one !== undefined)
    .sort((a, b) => a - b);

/** Removes what a crash left of segments that are given back. */
function leftOver(dir: string): void {
  const pruned = readPruned(dir);
  if (pruned === undefined) return;
  for (const name of readdirSync(dir)) {
    const segment = segmentNumber(name.replace(/\.erased$/, ''));
    if (segment !== undefined && segment <= pruned.segment) rmSync(join(dir, name), { force: true });
  }
}

function removeSegment(dir: string, segment: number): number {
  const file = join(dir, segmentName(segment));
  const { size } = statSync(file);
  rmSync(file);
  rmSync(`${file}.erased`, { force: true });
  return size;
}

type Fits = { readonly headers: readonly Buffer[]; readonly after: Omit<Pruned, 'bytes'> } | { readonly why: string };

/** Undefined of a segment that is too young. */
function fits(
  dir: string,
  segment: number,
  missing: (entry: StoredEntry) => string | undefined,
  oldest: number,
): Fits | undefined {
  const file = join(dir, segmentName(segment));
  const { size, mtimeMs } = statSync(file);
  // it was written when its last entry was, or touched since: no need to read it yet
  if (mtimeMs > oldest) return undefined;
  const bytes = readFileSync(file);
  const erased = readErased(file);
  const header = decodeSegmentHeader(bytes);
  const next = headerOf(dir, segment + 1);
  if (header === undefined || next === undefined)
    return { why: `segment ${String(segment)} or the one behind it is damaged` };
  const pruned = readPruned(dir);
  const headers: Buffer[] = [];
  let [at, lastSeq, chain] = [SEGMENT_HEADER, header.firstSeq - 1, header.chain];
  while (at < next.previousEnd) {
    const group = readGroup(bytes, at, erased);
    const entries = group === undefined ? undefined : readEntries(bytes, at, group, erased);
    if (group === undefined || entries === undefined || group.first !== lastSeq + 1 || !group.previous.equals(chain))
      return { why: `segment ${String(segment)} is damaged behind seq ${String(lastSeq)}` };
    if (group.mergeBy > oldest) return undefined;
    for (const entry of entries) {
      const why = missing(entry);
      if (why !== undefined) return { why };
    }
    headers.push(Buffer.from(bytes.subarray(at, at + headerBytes(group))));
    chain = chainAfter(group);
    lastSeq = group.first + group.count - 1;
    at += group.length;
  }
  if (at !== next.previousEnd || next.firstSeq !== lastSeq + 1 || !next.chain.equals(chain))
    return { why: `segment ${String(segment + 1)} does not go on where segment ${String(segment)} ends` };
  return { headers, after: { segment, lastSeq, chain: chain.toString('base64'), given: (pruned?.given ?? 0) + size } };
}

function headerOf(dir: string, segment: number): ReturnType<typeof decodeSegmentHeader> {
  let fd: number;
  try {
    fd = openSync(join(dir, segmentName(segment)), 'r');
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.alloc(SEGMENT_HEADER);
    readSync(fd, bytes, 0, SEGMENT_HEADER, 0);
    return decodeSegmentHeader(bytes);
  } finally {
    closeSync(fd);
  }
}

/** Why an entry must stay; undefined where the log has it whole. */
function inLog(
  journal: string,
  { seq, commitment, leaf }: StoredEntry,
  { bodies, size, node }: Log,
): string | undefined {
  const index = bodies.indexOf(journal, seq);
  const stored = index === undefined || index >= size ? undefined : bodies.read(index);
  if (index === undefined || stored === undefined || stored.journal !== journal || stored.seq !== seq)
    return `seq ${String(seq)} is not in the published log`;
  if (
    !node(0, index).equals(leaf) ||
    (stored.kind === 'present' && !commitmentOf(stored.salt, stored.body).equals(commitment))
  )
    return `seq ${String(seq)} is another entry than in the log`;
  return undefined;
}

/** Journals of which a segment is past its term and does not fit the log, so that it stays. Reads only. */
export function pruneable(
  options: Omit<PruneOptions, 'onKept'>,
): readonly { readonly journal: string; readonly segment: number; readonly why: string }[] {
  const log = openLog(options.dataDir);
  if (log === undefined) return [];
  try {
    return [...journalFolders(options.dataDir)].flatMap(([journal, { dir }]) => {
      const segment = readSegments(dir)[0];
      const found =
        segment === undefined || segment > endOf(dir, journal, log)
          ? undefined
          : fits(dir, segment, (entry) => inLog(journal, entry, log), options.now() - options.keep);
      return segment === undefined || found === undefined || !('why' in found)
        ? []
        : [{ journal, segment, why: found.why }];
    });
  } finally {
    log.bodies.close();
  }
}

export interface Pruning {
  /** Since the start. */
  given(): PruneReport;
  /** Journals of which a segment must stay, with the reason. */
  kept(): readonly string[];
  /** ms since 1970 of the last look that went through; of the start before it. */
  lookedAt(): number;
  stop(): Promise<void>;
}

/** ms between two looks, at least. */
const LOOK = 10_000;
/** Turns of the event loop between segments: the log comes first. */
const REST = 50;

/**
 * By journal, the newest seq that is in the published log of this data folder; for the other replicas. Empty before
 * anything is published.
 */
export function integratedSeqs(dataDir: string): ReadonlyMap<string, number> {
  const layout = auditLayout(dataDir);
  const state = readState(layout.state)?.state;
  const note = readIfThere(join(layout.log, 'checkpoint'));
  if (state === undefined || note === undefined) return new Map();
  const { size } = parseCheckpoint(parseNote(note).text);
  const journals = size >= state.size ? state.journals : size >= state.before.size ? state.before.journals : {};
  return new Map(
    Object.entries(journals).flatMap(([id, { lastSeq, dead }]) => (dead === true ? [] : [[id, lastSeq] as const])),
  );
}

/**
 * @param followed asked at each look: where another replica sequences, what it said last that is in its log; undefined
 * where this one does
 */
export function startPruning(
  options: Omit<PruneOptions, 'onKept'> & {
    readonly followed: () => ReadonlyMap<string, number> | undefined;
    readonly onKept: (message: string) => void;
    readonly onError: (error: unknown) => void;
  },
): Pruning {
  const { keep, now, followed, onKept, onError } = options;
  let [segments, bytes, lookedAt] = [0, 0, now()];
  let kept: ReadonlyMap<string, string> = new Map();
  let stopped = false;
  let wake = (): void => undefined;
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  async function look(): Promise<void> {
    const found = new Map<string, string>();
    const how = {
      ...options,
      onKept: (journal: string, why: string): void =>
        void found.set(journal, `the journal \`${journal}\` is not shortened: ${why}`),
    };
    const integrated = followed();
    for (const one of integrated === undefined ? pruneJournals(how) : pruneFollowed(how, integrated)) {
      segments += one.segments;
      bytes += one.bytes;
      await sleep(REST);
      if (stopped) return;
    }
    for (const [journal, why] of found) if (kept.get(journal) !== why) onKept(why);
    kept = found;
    lookedAt = now();
  }
  const running = (async () => {
    while (!stopped) {
      await sleep(Math.min(LOOK, Math.max(1000, keep / 4)));
      if (!stopped) await look().catch(onError);
    }
  })();
  return {
    given: () => ({ segments, bytes }),
    kept: () => [...kept.values()],
    lookedAt: () => lookedAt,
    stop() {
      stopped = true;
      wake();
      return running;
    },
  };
}

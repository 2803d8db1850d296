/**
 * How long entries wait, measured from outside the sequencer: what journals have durable, against what the commit point
 * has taken and what is published. It is asked by a process that does not sequence, so that a sequencer which is dead,
 * hangs or fails again and again is seen by what it leaves undone.
 */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { present } from '../../../contracts/present.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';
import { readErased } from '../journal/erased.js';
import { journalFolders } from '../journal/folders.js';
import { segmentsOf } from '../journal/reader.js';
import { markerOf, scanSegment } from '../journal/segments.js';
import { parseCheckpoint } from '../proof/checkpoint.js';
import { MARKER_FILE, readGroup, SEGMENT_HEADER, segmentName } from '../proof/journal.js';
import { parseNote } from '../proof/note.js';
import { remainsOfLog } from '../store/begun.js';
import { openBodies } from '../store/bodies.js';
import { type JournalState, readState } from '../store/state.js';

export interface Waiting {
  /** Entries durable in journals that are in no signed tree. */
  readonly unsequenced: number;
  /** ms since 1970 from which on the oldest of them waits. */
  readonly unsequencedSince?: number;
  /**
   * ms since 1970 from which on the oldest entry waits that the published checkpoint does not cover, sequenced or not.
   */
  readonly unpublishedSince?: number;
  /** What of the log cannot be read, in words: until it is mended nothing more comes into it. */
  readonly faults: readonly string[];
}

export interface WaitingLook {
  look(): Waiting;
}

/**
 * Of a number that only grows: since when it has been beyond another. What is forgotten makes an age older, never
 * younger.
 */
class Growth {
  #seen: { readonly upTo: number; readonly since: number }[] = [];

  get newest(): number {
    return this.#seen.at(-1)?.upTo ?? 0;
  }

  saw(upTo: number, since: number): void {
    const last = this.#seen.at(-1);
    if (last !== undefined && upTo <= last.upTo) return;
    this.#seen.push({ upTo, since });
    if (this.#seen.length > MOST_SEEN)
      this.#seen = this.#seen.flatMap((one, i) =>
        i % 2 === 1 ? [] : [{ upTo: (this.#seen[i + 1] ?? one).upTo, since: one.since }],
      );
  }

  /** Undefined where nothing is beyond `covered`. */
  beyond(covered: number): number | undefined {
    while (this.#seen.length > 1 && (this.#seen[0]?.upTo ?? 0) <= covered) this.#seen.shift();
    return this.#seen.find(({ upTo }) => upTo > covered)?.since;
  }
}

const MOST_SEEN = 256;

/** What of `state` is committed and in its place: the positions of the journals then. */
interface Taken {
  readonly size: number;
  readonly journals: Readonly<Record<string, JournalState>>;
}

const message = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');
/** Entries under the checkpoint in a file; 0 where it is not there, or cannot be read, which is a fault. */
function sizeIn(file: string, faults: string[]): number {
  try {
    const note = readIfThere(file);
    return note === undefined ? 0 : parseCheckpoint(parseNote(note).text).size;
  } catch (error) {
    faults.push(`${file} cannot be read: ${message(error)}`);
    return 0;
  }
}
/** The earliest of times that may be unknown. */
const earlier = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

interface WaitingOptions {
  readonly dataDir: string;
  /** ms from an entry to the time by which it is promised, as journals here are opened with. */
  readonly mergeDelay: number;
  /** ms since 1970 */
  readonly now: () => number;
}

export function watchWaiting(options: WaitingOptions): WaitingLook {
  return new FolderWatch(options);
}

class FolderWatch implements WaitingLook {
  readonly #dataDir: string;
  readonly #mergeDelay: number;
  readonly #now: () => number;
  readonly #layout: ReturnType<typeof auditLayout>;
  /** Of each journal: since when it has been beyond what the log took of it. */
  readonly #journals = new Map<string, Growth>();
  /** Of what is committed and in its place: since when it has been beyond what is published. */
  readonly #committed = new Growth();
  /** As the last look found it: since when the oldest entry waited that was not sequenced then. */
  #waitedSince: number | undefined;
  /** False where what waits to be published when the watch begins cannot be read, nor therefore since when. */
  #isAgeKnown = true;
  /** As it was when the state could be read last. */
  #taken: Taken = { size: 0, journals: {} };
  /** Of journals without a marker: the newest seq, and of which state of their newest segment it was read. */
  readonly #scanned = new Map<string, { readonly of: string; readonly lastSeq: number }>();

  constructor({ dataDir, mergeDelay, now }: WaitingOptions) {
    this.#dataDir = dataDir;
    this.#mergeDelay = mergeDelay;
    this.#now = now;
    this.#layout = auditLayout(dataDir);
  }

  look(): Waiting {
    const faults: string[] = [];
    const at = this.#now();
    const published = sizeIn(join(this.#layout.log, 'checkpoint'), faults);
    // a checkpoint that is gone or damaged takes nothing back
    const complete = Math.max(sizeIn(this.#layout.complete, faults), published);
    this.#readTaken(complete, faults);
    const { unsequenced, unsequencedSince } = this.#lookAtJournals(at, faults);
    const unpublishedSince = earlier(unsequencedSince, this.#unpublishedSince(complete, published, at, faults));
    this.#waitedSince = unsequencedSince;
    return { unsequenced, faults, ...present({ unsequencedSince, unpublishedSince }) };
  }

  /** What the state says was taken; as it was known before where the state cannot be read. */
  #readTaken(complete: number, faults: string[]): void {
    let found: ReturnType<typeof readState>;
    try {
      found = readState(this.#layout.state);
    } catch (error) {
      faults.push(`the state of the sequencer cannot be read: ${message(error)}`);
      return;
    }
    if (found === undefined) {
      const remains = remainsOfLog(this.#dataDir);
      if (remains !== undefined) faults.push(`${remains}, and the state of the sequencer is gone`);
      return;
    }
    const { state } = found;
    // the run that is under way, or died, does not count
    for (const one of [state.before, state])
      if (one.size <= complete && one.size >= this.#taken.size) this.#taken = one;
  }

  #lookAtJournals(at: number, faults: string[]): Pick<Waiting, 'unsequenced' | 'unsequencedSince'> {
    let unsequenced = 0;
    let unsequencedSince: number | undefined;
    for (const [id, { dir }] of journalFolders(this.#dataDir)) {
      const { lastSeq: covered } = this.#taken.journals[id] ?? { lastSeq: 0 };
      try {
        const lastSeq = this.#lastSeqOf(id, dir, faults);
        const growth = this.#growthOf(id, dir, { lastSeq, covered, at });
        if (lastSeq <= covered) continue;
        unsequenced += lastSeq - covered;
        unsequencedSince = earlier(unsequencedSince, growth.beyond(covered) ?? at);
      } catch (error) {
        faults.push(`the journal \`${id}\` cannot be read: ${message(error)}`);
      }
    }
    return { unsequenced, ...present({ unsequencedSince }) };
  }

  /** How a journal grew, up to `lastSeq` now. Where it is first seen, the oldest entry that waits says since when. */
  #growthOf(
    id: string,
    dir: string,
    { lastSeq, covered, at }: { readonly lastSeq: number; readonly covered: number; readonly at: number },
  ): Growth {
    const known = this.#journals.get(id);
    if (known !== undefined) {
      known.saw(lastSeq, at);
      return known;
    }
    const growth = new Growth();
    this.#journals.set(id, growth);
    growth.saw(lastSeq, lastSeq > covered ? Math.min(at, this.#writtenAt(dir, covered) ?? at) : at);
    return growth;
  }

  /** Undefined where all that is committed is published. */
  #unpublishedSince(complete: number, published: number, at: number, faults: string[]): number | undefined {
    const first = this.#committed.newest === 0;
    if (complete > this.#committed.newest) {
      // what was committed since the last look has waited to be sequenced before
      const waited = first ? this.#oldestIn(published, complete) : this.#waitedSince;
      this.#isAgeKnown = !first || complete === published || waited !== undefined;
      this.#committed.saw(complete, complete > published ? Math.min(at, waited ?? at) : at);
    }
    if (complete === published) return undefined;
    if (!this.#isAgeKnown) faults.push(`entries from ${published} on, which wait to be published, cannot be read`);
    return this.#committed.beyond(published);
  }

  /** The newest durable seq of a journal; of one whose marker is gone, what its newest segment holds. */
  #lastSeqOf(id: string, dir: string, faults: string[]): number {
    const marker = markerOf(dir);
    const newest = segmentsOf(dir).at(-1);
    if (marker !== undefined) {
      if (newest === undefined) faults.push(`the segments of the journal \`${id}\` are gone`);
      return marker.lastSeq;
    }
    if (newest === undefined) return 0;
    const file = join(dir, segmentName(newest));
    const { size, mtimeMs } = statSync(file);
    const of = `${newest} ${size} ${mtimeMs} ${existsSync(join(dir, MARKER_FILE))}`;
    const known = this.#scanned.get(id);
    if (known?.of === of) return known.lastSeq;
    const { lastSeq } = scanSegment(readFileSync(file), file, readErased(file));
    this.#scanned.set(id, { of, lastSeq });
    return lastSeq;
  }

  /**
   * When the entry behind `seq` was written, by what its group promises; asked once a journal, when it is first seen to
   * wait.
   */
  #writtenAt(dir: string, seq: number): number | undefined {
    for (const segment of segmentsOf(dir).reverse()) {
      const file = join(dir, segmentName(segment));
      const bytes = readFileSync(file);
      const erased = readErased(file);
      let time: number | undefined;
      for (
        let at = SEGMENT_HEADER, group = readGroup(bytes, at, erased);
        group !== undefined;
        group = readGroup(bytes, at, erased)
      ) {
        if (group.first <= seq + 1 && seq + 1 < group.first + group.count) time = group.mergeBy - this.#mergeDelay;
        at += group.length;
      }
      if (time !== undefined) return time;
    }
    return undefined;
  }

  /**
   * When the oldest entry of a part of the log was written, by their bodies: journals stand one behind the other in it.
   * Undefined where none can be read.
   */
  #oldestIn(from: number, to: number): number | undefined {
    const bodies = openBodies(this.#layout.bodies, this.#layout.index);
    let oldest: number | undefined;
    try {
      for (let index = from; index < to; index++)
        oldest = earlier(
          oldest,
          timeOf(() => bodies.read(index)?.body),
        );
      return oldest;
    } finally {
      bodies.close();
    }
  }
}

/** ms since 1970; undefined where the body cannot be read, or names no time. */
function timeOf(read: () => Buffer | undefined): number | undefined {
  try {
    const body = read()?.toString('utf8');
    const time =
      body === undefined ? Number.NaN : Date.parse((JSON.parse(body) as { readonly time?: string }).time ?? '');
    return Number.isNaN(time) ? undefined : time;
  } catch {
    return undefined;
  }
}

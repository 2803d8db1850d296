/**
 * Brings the copy of one journal up to what its replica has durable. Whatever cannot be had is left out in a way that
 * readers find.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { auditLayout } from '../entries/layout.js';
import { journalFolders } from '../journal/folders.js';
import { chainAfter, decodeSegmentHeader, readGroup, SEGMENT_HEADER } from '../proof/journal.js';
import { isJournalId } from '../proof/journal-id.js';
import type { Verifier } from '../proof/note.js';
import type { ReplicaClient } from './client.js';
import type { JournalExtent } from './extent.js';
import { declareFault, type Fault, readFault } from './fault.js';
import { type Mirror, type MirrorTail, openMirror } from './mirror.js';

interface CopyOptions {
  readonly dataDir: string;
  readonly replica: string;
  readonly keys: () => readonly Verifier[];
  /** ms for which a fault must last before it counts as one. */
  readonly patience: number;
  readonly now: () => number;
  readonly onFault: (journal: string, why: Fault | 'damaged' | 'taken') => void;
}

/** Of a journal: where to go on, and the newest seq that is durable here; 0 where the journal is not what it was. */
interface Have {
  readonly segment: number;
  readonly lastSeq: number;
}

export interface Copies {
  /** By journal. */
  have(): Record<string, Have>;
  /** Takes what is new. @returns whether anything was @throws YitongError `replica_unavailable`, `log_invalid` */
  update(client: ReplicaClient, journals: Readonly<Record<string, JournalExtent>>): Promise<boolean>;
  /** Entries durable there that are not here. */
  lag(journals: Readonly<Record<string, JournalExtent>>): number;
}

export function openCopies(options: CopyOptions): Copies {
  return new CopiesOfReplica(options);
}

/** The copies of all journals of one replica. */
class CopiesOfReplica implements Copies {
  readonly #options: CopyOptions;
  /** Folder of its copies. */
  readonly #root: string;
  readonly #copies = new Map<string, JournalCopy>();
  /** Ids of its journals that stand for a journal of another replica here. */
  readonly #taken = new Set<string>();

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#root = join(auditLayout(options.dataDir).mirrors, options.replica);
    if (existsSync(this.#root)) for (const id of readdirSync(this.#root).filter(isJournalId)) this.#copyOf(id);
  }

  have(): Record<string, Have> {
    return Object.fromEntries([...this.#copies].map(([id, copy]) => [id, copy.have()]));
  }

  async update(client: ReplicaClient, journals: Readonly<Record<string, JournalExtent>>): Promise<boolean> {
    let some = false;
    for (const [id, extent] of Object.entries(journals)) {
      const copy = this.#copyOf(id);
      if (copy === undefined || copy.dead) continue;
      if (await copy.update(client, extent)) some = true;
    }
    for (const [id, copy] of this.#copies) if (!copy.dead && journals[id] === undefined) copy.vanished();
    return some;
  }

  lag(journals: Readonly<Record<string, JournalExtent>>): number {
    let lag = 0;
    for (const [id, { marker }] of Object.entries(journals)) {
      const copy = this.#copies.get(id);
      if (copy?.dead === true || this.#taken.has(id)) continue;
      lag += Math.max(0, (marker?.lastSeq ?? 0) - (copy?.lastSeq ?? 0));
    }
    return lag;
  }

  /** The copy of a journal, opened the first time; undefined where its id stands for another journal here. */
  #copyOf(id: string): JournalCopy | undefined {
    const known = this.#copies.get(id);
    if (known !== undefined) return known;
    const { dataDir, replica, onFault } = this.#options;
    // an id stands for one journal: a data folder that was copied must not speak for the one that it was copied from
    const other = journalFolders(dataDir).get(id);
    if (!isJournalId(id) || (other !== undefined && other.replica !== replica)) {
      if (!this.#taken.has(id)) onFault(id, 'taken');
      this.#taken.add(id);
      return undefined;
    }
    const copy = new JournalCopy(id, join(this.#root, id), this.#options);
    this.#copies.set(id, copy);
    return copy;
  }
}

/** What a step of the copying came to: another step, or the end of this update. */
type Step = 'on' | 'done';

/** The copy of one journal, brought up to its replica step by step. */
class JournalCopy {
  readonly #id: string;
  readonly #dir: string;
  readonly #mirror: Mirror;
  readonly #options: Pick<CopyOptions, 'patience' | 'now' | 'onFault'>;
  /** ms since 1970 when what holds up the copy was seen first; undefined while nothing does. */
  #faultSince: number | undefined;
  /** Whether this update saw a fault. */
  #hasFault = false;
  /** The fault that was reported last: each is reported once. */
  #reported = '';
  #dead: boolean;

  constructor(id: string, dir: string, options: CopyOptions) {
    this.#id = id;
    this.#dir = dir;
    this.#options = options;
    this.#mirror = openMirror(dir, id, options.keys);
    this.#dead = readFault(dir) !== undefined;
  }

  /** The journal is not what it was, for good: it is not followed any more. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Of the newest entry that is durable here. */
  get lastSeq(): number {
    return this.#mirror.tail.lastSeq;
  }

  have(): Have {
    const { segment, lastSeq } = this.#mirror.tail;
    return { segment, lastSeq: this.#dead ? 0 : lastSeq };
  }

  /** Copies what is new of the journal; whether anything was. */
  async update(client: ReplicaClient, extent: JournalExtent): Promise<boolean> {
    const before = this.#mirror.tail;
    this.#hasFault = false;
    while ((await this.#step(client, extent)) === 'on');
    return this.#mirror.tail !== before;
  }

  /** The replica does not list the journal. */
  vanished(): void {
    if (this.#faultLasts()) this.#declare('vanished');
  }

  async #step(client: ReplicaClient, { segments, marker }: JournalExtent): Promise<Step> {
    const { tail } = this.#mirror;
    const here = segments.find(({ segment }) => segment === tail.segment);
    const next = segments.find(({ segment }) => segment > tail.segment);
    if (here !== undefined && (here.end === null || here.end > tail.end)) {
      if (await this.#appendMore(client, tail)) return 'on';
      // of a segment whose end nobody knows, all that is whole was had
      if (here.end !== null && (await this.#heldUp(client, tail))) return 'done';
    }
    if (next !== undefined) return this.#beginNext(client, next.segment, marker);
    this.#atTheEnd(here !== undefined, marker);
    return 'done';
  }

  /** Whether the segment of the tail had more that could be taken. */
  async #appendMore(client: ReplicaClient, tail: MirrorTail): Promise<boolean> {
    const piece = await client.piece(this.#id, tail.segment, tail.end);
    return piece !== undefined && this.#mirror.append(piece.bytes, piece.erased) > 0;
  }

  /**
   * The segment is longer there, and nothing of it can be taken: it is damaged, or the journal was taken back. False
   * where it is known to be damaged, and the copying goes on behind it.
   */
  async #heldUp(client: ReplicaClient, tail: MirrorTail): Promise<boolean> {
    if (!this.#faultLasts()) return true;
    if (await this.#leadsElsewhere(client, tail)) {
      this.#declare('rolled_back');
      return true;
    }
    this.#report('damaged', String(tail.segment));
    return false;
  }

  async #beginNext(client: ReplicaClient, segment: number, marker: JournalExtent['marker']): Promise<Step> {
    const { tail } = this.#mirror;
    const piece = await client.piece(this.#id, segment, 0);
    const header = piece === undefined ? undefined : decodeSegmentHeader(piece.bytes);
    // a group that is carried over comes with its segment, or a reader would take the journal for rolled back
    if (
      piece !== undefined &&
      header !== undefined &&
      header.previousEnd < tail.end &&
      tail.segment > 0 &&
      piece.bytes.length === SEGMENT_HEADER
    )
      return 'done';
    if (piece !== undefined && header !== undefined && this.#mirror.begin(segment, piece.bytes, piece.erased))
      return 'on';
    if (this.#faultLasts()) {
      this.#report('damaged', String(segment));
      this.#mirror.giveUp(marker ?? tail);
    }
    return 'done';
  }

  /** Nothing more is to be had. @param isThere whether the replica still has the segment of the tail */
  #atTheEnd(isThere: boolean, marker: JournalExtent['marker']): void {
    const { tail } = this.#mirror;
    const isBehind =
      marker !== null && (marker.segment > tail.segment || (marker.segment === tail.segment && marker.end > tail.end));
    if (isBehind) {
      if (this.#faultLasts()) this.#mirror.giveUp(marker);
    } else if (!isThere && tail.segment > 0) {
      if (this.#faultLasts()) this.#declare('rolled_back');
    } else if (!this.#hasFault) this.#faultSince = undefined;
  }

  /**
   * Whether the segment at the replica is whole up to the copy's last entry and leads to another chain there: the
   * journal was taken back and written on.
   */
  async #leadsElsewhere(client: ReplicaClient, tail: MirrorTail): Promise<boolean> {
    let at = SEGMENT_HEADER;
    const first = await client.piece(this.#id, tail.segment, 0);
    const header = first === undefined ? undefined : decodeSegmentHeader(first.bytes);
    if (header === undefined) return false;
    let lastSeq = header.firstSeq - 1;
    let { chain } = header;
    for (let piece = first, from = 0; lastSeq < tail.lastSeq; ) {
      const group = piece === undefined ? undefined : readGroup(piece.bytes, at - from, piece.erased);
      if (group === undefined) {
        if (at === from) return false;
        from = at;
        piece = await client.piece(this.#id, tail.segment, at);
        continue;
      }
      if (group.first !== lastSeq + 1 || !group.previous.equals(chain)) return false;
      chain = chainAfter(group);
      lastSeq += group.count;
      at += group.length;
    }
    return lastSeq !== tail.lastSeq || !chain.equals(tail.chain);
  }

  /** A fault is seen; whether one has been there long enough to count. */
  #faultLasts(): boolean {
    this.#hasFault = true;
    const { now, patience } = this.#options;
    this.#faultSince ??= now();
    return now() - this.#faultSince >= patience;
  }

  #declare(fault: Fault): void {
    declareFault(this.#dir, fault);
    this.#dead = true;
    this.#report(fault);
  }

  /** @param where the segment, in which another fault of the same kind is another fault */
  #report(why: Fault | 'damaged', where = ''): void {
    if (this.#reported === why + where) return;
    this.#reported = why + where;
    this.#options.onFault(this.#id, why);
  }
}

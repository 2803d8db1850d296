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

export interface CopyOptions {
  readonly dataDir: string;
  readonly replica: string;
  readonly keys: () => readonly Verifier[];
  /** ms for which a fault must last before it counts as one. */
  readonly patience: number;
  readonly now: () => number;
  readonly onFault: (journal: string, why: Fault | 'damaged' | 'taken') => void;
}

interface Copied {
  readonly mirror: Mirror;
  faultSince: number | undefined;
  /** As it was told last, so that it is told once. */
  told: string;
  dead: boolean;
}

export interface Copies {
  /** By journal: where to go on, and the newest seq that is durable here; 0 where the journal is not what it was. */
  have(): Record<string, { readonly segment: number; readonly lastSeq: number }>;
  /** Takes what is new. @returns whether anything was @throws YitongError `replica_unavailable`, `log_invalid` */
  update(client: ReplicaClient, journals: Readonly<Record<string, JournalExtent>>): Promise<boolean>;
  /** Entries durable there that are not here. */
  lag(journals: Readonly<Record<string, JournalExtent>>): number;
}

export function openCopies(options: CopyOptions): Copies {
  const { dataDir, replica, keys, patience, now } = options;
  const root = join(auditLayout(dataDir).mirrors, replica);
  const copies = new Map<string, Copied>();
  const taken = new Set<string>();

  function copyOf(id: string): Copied | undefined {
    const known = copies.get(id);
    if (known !== undefined) return known;
    // an id stands for one journal: a data folder that was copied must not speak for the one that it was copied from
    const other = journalFolders(dataDir).get(id);
    if (!isJournalId(id) || (other !== undefined && other.replica !== replica)) {
      if (!taken.has(id)) options.onFault(id, 'taken');
      taken.add(id);
      return undefined;
    }
    const dir = join(root, id);
    const made: Copied = {
      mirror: openMirror(dir, id, keys),
      faultSince: undefined,
      told: '',
      dead: readFault(dir) !== undefined,
    };
    copies.set(id, made);
    return made;
  }
  if (existsSync(root)) for (const id of readdirSync(root).filter(isJournalId)) copyOf(id);

  /** Whether a fault has lasted long enough. */
  function lasts(copy: Copied): boolean {
    copy.faultSince ??= now();
    return now() - copy.faultSince >= patience;
  }
  function tell(id: string, copy: Copied, why: Fault | 'damaged', where = ''): void {
    if (copy.told === why + where) return;
    copy.told = why + where;
    options.onFault(id, why);
  }
  function declare(id: string, copy: Copied, fault: Fault): void {
    declareFault(join(root, id), fault);
    copy.dead = true;
    tell(id, copy, fault);
  }

  /**
   * Whether the segment at the replica is whole up to the copy's last entry and leads to another chain there: the
   * journal was taken back and written on.
   */
  async function otherThan(client: ReplicaClient, id: string, tail: MirrorTail): Promise<boolean> {
    let at = SEGMENT_HEADER;
    const first = await client.piece(id, tail.segment, 0);
    const header = first === undefined ? undefined : decodeSegmentHeader(first.bytes);
    if (header === undefined) return false;
    let lastSeq = header.firstSeq - 1;
    let { chain } = header;
    for (let piece = first, from = 0; lastSeq < tail.lastSeq; ) {
      const group = piece === undefined ? undefined : readGroup(piece.bytes, at - from, piece.erased);
      if (group === undefined) {
        if (at === from) return false;
        from = at;
        piece = await client.piece(id, tail.segment, at);
        continue;
      }
      if (group.first !== lastSeq + 1 || !group.previous.equals(chain)) return false;
      chain = chainAfter(group);
      lastSeq += group.count;
      at += group.length;
    }
    return lastSeq !== tail.lastSeq || !chain.equals(tail.chain);
  }

  async function update(
    client: ReplicaClient,
    id: string,
    copy: Copied,
    { segments, marker }: JournalExtent,
  ): Promise<void> {
    const { mirror } = copy;
    let fine = true;
    const fault = (): boolean => {
      fine = false;
      return lasts(copy);
    };
    for (;;) {
      const { tail } = mirror;
      const here = segments.find(({ segment }) => segment === tail.segment);
      const next = segments.find(({ segment }) => segment > tail.segment);
      if (here !== undefined && (here.end === null || here.end > tail.end)) {
        const piece = await client.piece(id, tail.segment, tail.end);
        if (piece !== undefined && mirror.append(piece.bytes, piece.erased) > 0) continue;
        // of a segment whose end nobody knows, all that is whole was had
        if (here.end !== null) {
          if (!fault()) return;
          if (await otherThan(client, id, tail)) return declare(id, copy, 'rolled_back');
          tell(id, copy, 'damaged', String(tail.segment));
        }
      }
      if (next !== undefined) {
        const piece = await client.piece(id, next.segment, 0);
        const header = piece === undefined ? undefined : decodeSegmentHeader(piece.bytes);
        if (piece === undefined || header === undefined) {
          if (!fault()) return;
          tell(id, copy, 'damaged', String(next.segment));
          return mirror.giveUp(marker ?? tail);
        }
        // a group that is carried over comes with its segment, or a reader would take the journal for rolled back
        if (header.previousEnd < tail.end && tail.segment > 0 && piece.bytes.length === SEGMENT_HEADER) return;
        if (!mirror.begin(next.segment, piece.bytes, piece.erased)) {
          if (!fault()) return;
          tell(id, copy, 'damaged', String(next.segment));
          return mirror.giveUp(marker ?? tail);
        }
        continue;
      }
      // nothing more to be had
      if (
        marker !== null &&
        (marker.segment > tail.segment || (marker.segment === tail.segment && marker.end > tail.end))
      ) {
        if (!fault()) return;
        return mirror.giveUp(marker);
      }
      if (here === undefined && tail.segment > 0) {
        if (fault()) declare(id, copy, 'rolled_back');
        return;
      }
      if (fine) copy.faultSince = undefined;
      return;
    }
  }

  return {
    have: () =>
      Object.fromEntries(
        [...copies].map(([id, { mirror, dead }]) => [
          id,
          { segment: mirror.tail.segment, lastSeq: dead ? 0 : mirror.tail.lastSeq },
        ]),
      ),
    async update(client, journals) {
      let some = false;
      for (const [id, extent] of Object.entries(journals)) {
        const copy = copyOf(id);
        if (copy === undefined || copy.dead) continue;
        const before = copy.mirror.tail;
        await update(client, id, copy, extent);
        if (copy.mirror.tail !== before) some = true;
      }
      for (const [id, copy] of copies) {
        if (copy.dead || journals[id] !== undefined || !lasts(copy)) continue;
        declare(id, copy, 'vanished');
      }
      return some;
    },
    lag: (journals) =>
      Object.entries(journals).reduce((sum, [id, { marker }]) => {
        const copy = copies.get(id);
        return (
          sum +
          (copy?.dead === true || taken.has(id)
            ? 0
            : Math.max(0, (marker?.lastSeq ?? 0) - (copy?.mirror.tail.lastSeq ?? 0)))
        );
      }, 0),
  };
}

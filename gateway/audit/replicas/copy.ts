/** Brings the copy of one journal up to what its replica has durable. Whatever cannot be had is left out in a way that readers find. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSegmentHeader, SEGMENT_HEADER } from '../journal/format.js';
import { auditLayout } from '../layout.js';
import { journalFolders } from '../journal/folders.js';
import type { Verifier } from '../log/note.js';
import type { ReplicaClient } from './client.js';
import { isJournalId, type JournalExtent } from './extent.js';
import { declareFault, readFault, type Fault } from './fault.js';
import { openMirror, type Mirror } from './mirror.js';

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
  /** By journal, of those that are followed: where to go on, and the newest seq that is durable here. */
  have(): Record<string, { readonly segment: number; readonly lastSeq: number }>;
  /** Takes what is new. @throws YitongError `replica_unavailable`, `log_invalid` */
  update(client: ReplicaClient, journals: Readonly<Record<string, JournalExtent>>): Promise<void>;
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
    const made: Copied = { mirror: openMirror(dir, id, keys), faultSince: undefined, told: '', dead: readFault(dir) !== undefined };
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

  async function update(client: ReplicaClient, id: string, copy: Copied, { segments, marker }: JournalExtent): Promise<void> {
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
        if (header.previousEnd < tail.end && tail.segment > 0 && piece.bytes.length === SEGMENT_HEADER && !fault()) return;
        if (!mirror.begin(next.segment, piece.bytes, piece.erased)) {
          if (!fault()) return;
          tell(id, copy, 'damaged', String(next.segment));
          return mirror.giveUp(marker ?? tail);
        }
        continue;
      }
      // nothing more to be had
      if (marker !== null && (marker.segment > tail.segment || (marker.segment === tail.segment && marker.end > tail.end))) {
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
    have: () => Object.fromEntries([...copies].filter(([, { dead }]) => !dead).map(([id, { mirror }]) => [id, { segment: mirror.tail.segment, lastSeq: mirror.tail.lastSeq }])),
    async update(client, journals) {
      for (const [id, extent] of Object.entries(journals)) {
        const copy = copyOf(id);
        if (copy !== undefined && !copy.dead) await update(client, id, copy, extent);
      }
      for (const [id, copy] of copies) {
        if (copy.dead || journals[id] !== undefined || !lasts(copy)) continue;
        declare(id, copy, 'vanished');
      }
    },
  };
}

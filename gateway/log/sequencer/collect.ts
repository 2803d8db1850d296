/**
 * What one run of the sequencer takes in: new entries of all journals, each journal's in its order, its chain verified
 * on the way.
 */
import { administrationBody, gapBody } from '../entries/events.js';
import { withoutSubject } from '../entries/seal.js';
import { journalFolders } from '../journal/folders.js';
import { readOn } from '../journal/reader.js';
import { markerOf } from '../journal/segments.js';
import { commitmentOf } from '../proof/journal.js';
import { JOURNAL_START } from '../proof/journal-position.js';
import { leafHash } from '../proof/merkle.js';
import { readFault } from '../replicas/fault.js';
import type { BodyRecord } from '../store/bodies.js';
import type { JournalState, SequencerState } from '../store/state.js';

export type GapReason = 'missing' | 'damaged' | 'rolled_back' | 'vanished';

export interface Gap {
  readonly kind: 'gap';
  readonly journal: string;
  readonly from: number;
  readonly to: number;
  readonly why: GapReason;
}

export interface Batch {
  readonly records: readonly BodyRecord[];
  /** Of each record, what the log publishes. */
  readonly commitments: readonly Buffer[];
  readonly leaves: readonly Buffer[];
  readonly journals: Readonly<Record<string, JournalState>>;
  readonly own: SequencerState['own'];
  /** Each of them is an entry of the batch. */
  readonly gaps: readonly Gap[];
}

interface CollectOptions {
  readonly dataDir: string;
  readonly limit: number;
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  /** The log came here from another replica, and copies of journals may be behind what it has taken from them. */
  readonly copiesMayLag?: boolean;
}

/** By whom the entry says it is that stands before entries which were erased before they came into this log. */
const ARRIVED = 'sequencer';
const NO_SALT = Buffer.alloc(32);

/**
 * Entries that were erased in their journal before this log took them: of a log that was restored, or taken over, from
 * before their erasure. What the log publishes of them is known; that they are erased is said by the sequencer's own
 * entry before them.
 * @param first log index of the first record
 */
export function arrivedErased(
  first: number,
  records: readonly BodyRecord[],
): readonly { readonly index: number; readonly by: number }[] {
  // hardly ever so: only then are bodies parsed
  if (!records.some(({ salt }) => salt.equals(NO_SALT))) return [];
  let by = -1;
  return records.flatMap(({ salt, body }, i) => {
    if (salt.equals(NO_SALT)) return [{ index: first + i, by }];
    if (saysThatErased(body)) by = first + i;
    return [];
  });
}

/** Whether it is the sequencer's own entry that the next ones were erased. */
function saysThatErased(body: Buffer): boolean {
  try {
    const entry = JSON.parse(body.toString()) as {
      readonly type?: unknown;
      readonly action?: unknown;
      readonly by?: unknown;
    } | null;
    return entry?.type === 'administration' && entry.action === 'erasure' && entry.by === ARRIVED;
  } catch {
    return false;
  }
}

/** Whether a copy of a journal ends before what the log has of it, and its replica has said nothing else. */
const isBehind = ({ dir, replica }: { readonly dir: string; readonly replica?: string }, at: JournalState): boolean =>
  replica !== undefined && (markerOf(dir)?.lastSeq ?? 0) < at.lastSeq && readFault(dir) === undefined;

/** Reads only. */
export function collect(
  state: SequencerState,
  { dataDir, limit, now, randomBytes, copiesMayLag = false }: CollectOptions,
): Batch {
  const records: BodyRecord[] = [];
  const commitments: Buffer[] = [];
  const leaves: Buffer[] = [];
  const journals: Record<string, JournalState> = { ...state.journals };
  const gaps: Gap[] = [];
  let own = state.own;

  const addOwn = (text: string): void => {
    const salt = Buffer.from(randomBytes(32));
    const body = Buffer.from(text);
    own = { ...own, seq: own.seq + 1 };
    records.push({ ...own, salt, body });
    const commitment = commitmentOf(salt, body);
    commitments.push(commitment);
    leaves.push(leafHash(commitment));
  };
  const addGap = (journal: string, from: number, to: number, why: GapReason): void => {
    addOwn(gapBody({ time: now(), journal, from, to, why }));
    gaps.push({ kind: 'gap', journal, from, to, why });
  };

  const folders = journalFolders(dataDir);
  for (const id of [...new Set([...folders.keys(), ...Object.keys(state.journals)])].sort()) {
    let at: JournalState = state.journals[id] ?? JOURNAL_START;
    if (at.dead === true) continue;
    const folder = folders.get(id);
    if (folder === undefined) {
      addGap(id, at.lastSeq + 1, at.lastSeq, 'vanished');
      journals[id] = { ...at, dead: true };
      continue;
    }
    // what the log has of it was read elsewhere; its copy comes, or its replica says what became of it
    if (copiesMayLag && isBehind(folder, at)) continue;
    while (records.length < limit) {
      const result = readOn(folder.dir, at, limit - records.length);
      if (result.kind === 'end') {
        // all that the replica ever gave is in the log; what it did to its journal since is put on record behind it
        const fault = folder.replica === undefined ? undefined : readFault(folder.dir);
        if (fault !== undefined) {
          addGap(id, at.lastSeq + 1, at.lastSeq, fault);
          at = { ...at, dead: true };
        }
        break;
      }
      if (result.kind === 'gap') {
        addGap(id, result.from, result.to, result.why);
        at = result.resume ?? { ...at, dead: true };
        if (result.resume === undefined) break;
        continue;
      }
      const gone = result.groups.flatMap(({ entries }) => entries).filter(({ erased }) => erased === true).length;
      if (gone > 0)
        addOwn(
          administrationBody({
            time: new Date(now()).toISOString(),
            action: 'erasure',
            by: ARRIVED,
            detail: { journal: id, entries: gone },
          }),
        );
      for (const group of result.groups) {
        for (const { seq, salt, body, commitment, leaf, erased } of group.entries) {
          // listed as erased, and perhaps not blanked so far
          records.push({
            journal: id,
            seq,
            ...(erased === true ? { salt: NO_SALT, body: withoutSubject(body) } : { salt, body }),
          });
          commitments.push(commitment);
          leaves.push(leaf);
        }
      }
      at = result.position;
    }
    if (at !== JOURNAL_START) journals[id] = at;
  }
  return { records, commitments, leaves, journals, own, gaps };
}

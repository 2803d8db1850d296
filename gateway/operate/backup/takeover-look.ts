/**
 * What a take-over finds: what is left of the log and of its journals, here and in the folder of the replica that is
 * gone, and what is known to be missing. Reads only.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { holderLives } from '../../../contracts/holder.js';
import { present } from '../../../contracts/present.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../../log/entries/layout.js';
import { readErased } from '../../log/journal/erased.js';
import { journalFolders } from '../../log/journal/folders.js';
import { segmentsOf } from '../../log/journal/reader.js';
import { markerOf } from '../../log/journal/segments.js';
import { parseCheckpoint } from '../../log/proof/checkpoint.js';
import {
  chainAfter,
  decodeSegmentHeader,
  type Marker,
  readEntries,
  readGroup,
  SEGMENT_HEADER,
  segmentName,
} from '../../log/proof/journal.js';
import { treeRoot } from '../../log/proof/merkle.js';
import { parseNote } from '../../log/proof/note.js';
import { tileNodes } from '../../log/proof/tiles.js';
import { type Claim, openRegister } from '../../log/replicas/epoch.js';
import { readState, type SequencerState } from '../../log/store/state.js';
import { verifyLog } from '../../log/verify/verify.js';
import { type Knowledge, newerThan } from './continue.js';

export interface TakeoverOptions {
  /** Of the replica that takes over; nothing may run there. */
  readonly dataDir: string;
  /**
   * What is left of the data folder of the one that sequenced, or a copy of it; undefined where nothing is, and what
   * this folder has of the log counts.
   */
  readonly from?: string | undefined;
  /** Name of the replica that takes over, and of those that go on beside it. */
  readonly replica: string;
  readonly others: readonly string[];
  /** As `audit.origin` says it; the name before, where no record says it. */
  readonly configured: string;
  readonly knowledge: Knowledge;
  /** New name where the log takes one; default: made of the old one. */
  readonly origin?: string | undefined;
  readonly now: () => number;
  readonly onProgress?: (what: 'verifying' | 'copying', done: number, of: number) => void;
}

interface BroughtJournal {
  readonly journal: string;
  /** Whose it is. */
  readonly replica: string;
  /** The newest seq of it that can be read. */
  readonly lastSeq: number;
  /** Those behind what the log has of it: they come into the log. */
  readonly newer: number;
}

interface MissingEntries {
  readonly journal: string;
  readonly replica: string;
  readonly from: number;
  /** The newest seq that is known to have been; smaller than `from` where none is known to be missing. */
  readonly to: number;
  /** Nobody knows how far the journal went: what came behind `to` is missing too. */
  readonly open: boolean;
}

export interface TakeoverPlan {
  /** Of the log that goes on; 0 where nothing is left of it. */
  readonly size: number;
  readonly before: string;
  /** Under which it goes on; a new one is drawn when it is done, where none is given. */
  readonly renamed: boolean;
  /** Why it takes a new name, in words. */
  readonly why?: string;
  /** Entries that are known to have been in the log and are not here; undefined where nobody knows. */
  readonly lost?: number;
  /** Copies of journals that are brought here. */
  readonly journals: readonly BroughtJournal[];
  readonly missing: readonly MissingEntries[];
  /** At least; `audit.epoch` must be as high. */
  readonly epoch: number;
}

export interface Look extends TakeoverPlan {
  /** Where the log is read from; undefined where nothing is left. */
  readonly source: string | undefined;
  readonly state: SequencerState | undefined;
  /** What is copied from where: folder of a journal → where it comes from. */
  readonly bring: ReadonlyMap<string, string>;
  readonly newest: { readonly size: number; readonly root: string } | undefined;
}

export const refused = (message: string, file: string): YitongError =>
  new YitongError('restore_fork', message, { place: { file } });

/** @throws YitongError `audit_unavailable` where a process of this machine has it open */
export function refuseRunning(dataDir: string): void {
  const { lock, journals } = auditLayout(dataDir);
  const held = [lock, ...folderNames(journals).map((id) => join(journals, id, 'lock'))].find((file) => {
    const holder = readIfThere(file)?.toString('utf8');
    return holder !== undefined && holderLives(holder);
  });
  if (held !== undefined)
    throw new YitongError('audit_unavailable', 'a process works on this data folder; stop its group first', {
      place: { file: held },
    });
}

function folderNames(dir: string): string[] {
  return existsSync(dir)
    ? readdirSync(dir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    : [];
}

interface Tail extends Marker {
  /** No damage stands before it, so nothing that was acknowledged is behind it. */
  readonly whole: boolean;
  /** What its marker calls durable. */
  readonly marked: number;
}

/**
 * How far a journal can be read in its newest segment, whatever its marker says: after a power cut the marker is
 * behind.
 */
export function journalTail(dir: string): Tail {
  const marker = markerOf(dir);
  const newest = segmentsOf(dir).at(-1);
  const marked = marker?.lastSeq ?? 0;
  if (newest === undefined)
    return { segment: marker?.segment ?? 0, end: 0, lastSeq: 0, whole: marker === undefined, marked };
  const file = join(dir, segmentName(newest));
  const bytes = readFileSync(file);
  const header = decodeSegmentHeader(bytes);
  if (header === undefined) return { segment: newest, end: 0, lastSeq: 0, whole: false, marked };
  const erased = readErased(file);
  let [at, lastSeq, chain] = [SEGMENT_HEADER, header.firstSeq - 1, header.chain];
  for (let group = readGroup(bytes, at, erased); group !== undefined; group = readGroup(bytes, at, erased)) {
    if (
      group.first !== lastSeq + 1 ||
      !group.previous.equals(chain) ||
      readEntries(bytes, at, group, erased) === undefined
    )
      break;
    chain = chainAfter(group);
    lastSeq += group.count;
    at += group.length;
  }
  return { segment: newest, end: at, lastSeq, whole: marked <= lastSeq, marked };
}

/** What is left of the log, here and in the folder that is taken over. */
interface LogFound {
  /** Where it is read from; undefined where nothing is left. */
  readonly source: string | undefined;
  /** Of the sequencer there. */
  readonly state: SequencerState | undefined;
  /** Of the sequencer in the folder of the replica that takes over. */
  readonly here: SequencerState | undefined;
  /** What this replica has heard of whoever sequenced. */
  readonly seen: Claim | undefined;
}

/** @throws YitongError as `planTakeover` */
export async function look(options: TakeoverOptions): Promise<Look> {
  const { knowledge } = options;
  const dataDir = resolve(options.dataDir);
  const from = options.from === undefined ? undefined : resolve(options.from);
  const log = findLog(dataDir, from);
  const { source, state, seen } = log;
  if (source !== undefined) await refuseUnverified(source, options);
  const newest = newestSeen({ ...log, knowledge });
  const renamed = state === undefined || newest !== undefined || knowledge.kind === 'unknown';
  const size = state?.size ?? 0;
  const why = whyRenamed(renamed, state, newest);
  const found = findJournals(dataDir, from, options.replica, log);
  return {
    source,
    state,
    bring: found.bring,
    newest,
    size,
    before: state?.origin ?? seen?.origin ?? options.configured,
    renamed,
    ...present({ why }),
    ...(newest === undefined ? (renamed && state !== undefined ? {} : { lost: 0 }) : { lost: newest.size - size }),
    journals: found.journals,
    missing: missingEntries(found, options, log),
    epoch: (seen?.epoch ?? 0) + 1,
  };
}

/** @throws YitongError `bad_request`; `audit_unavailable` where a process works there; `restore_fork` */
function findLog(dataDir: string, from: string | undefined): LogFound {
  if (from === dataDir)
    throw new YitongError('bad_request', '`--from` names another folder than the one that takes over');
  if (from !== undefined && !existsSync(from))
    throw new YitongError('bad_request', 'there is no such folder', { place: { file: from } });
  for (const dir of [dataDir, ...(from === undefined ? [] : [from])]) refuseRunning(dir);
  const seen = openRegister(dataDir).current();
  const here = readState(auditLayout(dataDir).state)?.state;
  const there = from === undefined ? undefined : readState(auditLayout(from).state)?.state;
  if (here !== undefined && there !== undefined && here.origin === there.origin && here.size > there.size)
    throw refused(
      `this replica's own log has ${here.size} entries, and that folder's ${there.size}: it is the older one; ` +
        `leave \`--from\` out`,
      dataDir,
    );
  if (there !== undefined) return { source: from, state: there, here, seen };
  return { source: here === undefined ? undefined : dataDir, state: here, here, seen };
}

/** @throws YitongError `log_invalid` */
async function refuseUnverified(source: string, { onProgress }: TakeoverOptions): Promise<void> {
  const report = await verifyLog({
    logDir: auditLayout(source).log,
    dataDir: source,
    ...(onProgress === undefined
      ? {}
      : { onProgress: (done: number, of: number) => onProgress('verifying', done, of) }),
  });
  if (!report.ok)
    throw new YitongError(
      'log_invalid',
      `the log in this folder does not verify: ${report.fault ?? 'unknown'}; take an older copy of it (a ` +
        `backup's \`data\`), or mend it first with \`yitong audit mend\``,
      { place: { file: source } },
    );
}

/** In words; undefined where it keeps its name. */
function whyRenamed(renamed: boolean, state: SequencerState | undefined, newest: Look['newest']): string | undefined {
  if (!renamed) return undefined;
  if (newest !== undefined) return `the log had ${newest.size} entries, and ${state?.size ?? 0} are here`;
  if (state === undefined) return 'nothing is left of the log';
  return (
    'nobody says whether the log had grown since: give its newest checkpoint with --checkpoint, or your word with ' +
    '--no-newer'
  );
}

interface JournalsFound {
  /** By journal, the copy of it that can be read furthest. */
  readonly tails: ReadonlyMap<string, { readonly tail: Tail; readonly replica: string; readonly fromDisk: boolean }>;
  readonly bring: ReadonlyMap<string, string>;
  readonly journals: readonly BroughtJournal[];
  /** Of whom a journal is that nobody else claims: the one that sequenced. */
  readonly gone: string;
  /** Journals of this replica's own. */
  readonly own: ReadonlySet<string>;
}

/** Journals that the folder has which is taken over, and what was copied here while its replica lived. */
function findJournals(
  dataDir: string,
  from: string | undefined,
  replica: string,
  { state, seen }: LogFound,
): JournalsFound {
  const holder = seen?.holder === replica ? undefined : seen?.holder;
  const gone = (from === undefined ? undefined : openRegister(from).current()?.holder) ?? holder ?? 'before';
  const known = journalFolders(dataDir);
  const tails = new Map(
    [...known].map(([id, folder]) => [
      id,
      {
        tail: journalTail(folder.dir),
        replica: folder.replica ?? replica,
        fromDisk: folder.replica === undefined,
      },
    ]),
  );
  const bring = new Map<string, string>();
  const journals: BroughtJournal[] = [];
  for (const [id, { dir, replica: named }] of from === undefined ? [] : journalFolders(from)) {
    const whose = named ?? gone;
    const own = known.get(id);
    if (own !== undefined && own.replica === undefined) continue;
    const tail = journalTail(dir);
    const here = tails.get(id)?.tail.lastSeq ?? -1;
    // of two that are as long the journal's own disk is the better witness of its end
    if (here > tail.lastSeq || (here === tail.lastSeq && whose !== gone)) continue;
    bring.set(join(auditLayout(dataDir).mirrors, own?.replica ?? whose, id), dir);
    tails.set(id, { tail, replica: whose, fromDisk: dir.startsWith(join(from ?? '', 'journal')) });
    const newer = Math.max(0, tail.lastSeq - (state?.journals[id]?.lastSeq ?? 0));
    journals.push({ journal: id, replica: whose, lastSeq: tail.lastSeq, newer });
  }
  const own = new Set([...known].flatMap(([id, folder]) => (folder.replica === undefined ? [id] : [])));
  return { tails, bring, journals, gone, own };
}

/** What is known to have been, and cannot be read here or fetched from a replica that lives. */
function missingEntries(
  { tails, gone, own }: JournalsFound,
  { replica, others, knowledge }: TakeoverOptions,
  { state, seen }: LogFound,
): MissingEntries[] {
  const inLog = (id: string): number => state?.journals[id]?.lastSeq ?? 0;
  const ever = new Map<string, { readonly replica: string; readonly lastSeq: number }>();
  for (const [id, { lastSeq, replica: whose, gone: before }] of Object.entries(seen?.journals ?? {})) {
    // of what was lost before, the log that is taken over says so itself
    if (before === true && state?.journals[id] !== undefined) continue;
    ever.set(id, { replica: before === true ? 'gone before' : (whose ?? seen?.holder ?? gone), lastSeq });
  }
  for (const [id, { tail, replica: whose }] of tails)
    ever.set(id, {
      replica: whose,
      lastSeq: Math.max(tail.lastSeq, tail.marked, ever.get(id)?.lastSeq ?? 0, inLog(id)),
    });
  // a replica that has its name from one that is gone, on a new disk, does not have its journals
  const goesOn = (journal: string, whose: string): boolean =>
    others.includes(whose) || (whose === replica && own.has(journal));
  return [...ever].flatMap(([journal, { replica: whose, lastSeq }]): MissingEntries[] => {
    if (goesOn(journal, whose)) return [];
    const found = tails.get(journal);
    const upTo = Math.max(found?.tail.lastSeq ?? 0, inLog(journal));
    // the journal's own disk, whole, and vouched to be the newest: nothing came behind it
    const open = found?.fromDisk !== true || knowledge.kind !== 'none';
    return lastSeq > upTo || open ? [{ journal, replica: whose, from: upTo + 1, to: lastSeq, open }] : [];
  });
}

/** What was seen of the log beyond what is here. @throws YitongError `restore_fork` where another tree was seen */
function newestSeen({
  source,
  state,
  seen,
  knowledge,
  here,
}: {
  readonly source: string | undefined;
  readonly state: SequencerState | undefined;
  readonly seen: Claim | undefined;
  readonly knowledge: Knowledge;
  readonly here: SequencerState | undefined;
}): Look['newest'] {
  const found: { readonly size: number; readonly root: string }[] = [];
  if (knowledge.kind === 'checkpoint' && source !== undefined) {
    const newer = newerThan(source, knowledge.note);
    if (newer !== undefined) found.push({ size: newer.size, root: newer.root.toString('base64') });
  } else if (knowledge.kind === 'checkpoint') {
    const { size, root } = parseCheckpoint(parseNote(knowledge.note).text);
    found.push({ size, root: root.toString('base64') });
  }
  const ofThisLog = [seen, here === undefined || here.checkpoint === '' ? undefined : claimOf(here)].filter(
    (one) =>
      one !== undefined &&
      one.size > 0 &&
      (state === undefined || one.origin === undefined || one.origin === state.origin),
  );
  for (const one of ofThisLog) {
    if (one === undefined) continue;
    if (state === undefined || one.size > state.size) found.push({ size: one.size, root: one.root });
    else if (source !== undefined && rootAt(source, state, one.size) !== one.root)
      throw refused(
        `the log in this folder is another tree at ${one.size} entries than this replica has seen: two were ` +
          'signed under one name; find out why before anything is started',
        source,
      );
  }
  return found.sort((a, b) => b.size - a.size)[0];
}

function claimOf({ checkpoint, origin }: SequencerState): {
  readonly size: number;
  readonly root: string;
  readonly origin?: string;
} {
  const { size, root } = parseCheckpoint(parseNote(Buffer.from(checkpoint)).text);
  return { size, root: root.toString('base64'), origin };
}

/** base64; undefined never equals what was seen */
function rootAt(dataDir: string, state: SequencerState, size: number): string | undefined {
  const { log } = auditLayout(dataDir);
  if (size === state.size) return claimOf(state).root;
  try {
    return treeRoot(
      size,
      tileNodes(Math.max(size, state.before.size), (path) => readIfThere(join(log, path))),
    ).toString('base64');
  } catch {
    return undefined;
  }
}

/**
 * What of the files of a log is damaged, and what can be done about it without losing anything that was promised: see
 * `docs/faults.md`. Tiles, bundles and indexes are made again; entries of a journal that are in the log are declared
 * unreadable in their journal; a journal that cannot be written on is closed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { replaceFile } from '../../ground/files/durable.js';
import { tryLock } from '../../ground/files/lock.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { gapBody } from '../entries/events.js';
import { auditLayout } from '../entries/layout.js';
import { journalFolders } from '../journal/folders.js';
import { wasGivenBack } from '../journal/pruned.js';
import { readOn } from '../journal/reader.js';
import { scanNewest } from '../journal/segments.js';
import { RETIRED_FILE } from '../proof/journal.js';
import { JOURNAL_START, type Position } from '../proof/journal-position.js';
import { parseVkey } from '../proof/note.js';
import { edgeAt, putBehind } from '../sequencer/behind.js';
import { mendLog } from '../sequencer/mend.js';
import { remainsOfLog } from '../store/begun.js';
import { type BodyStore, openBodies } from '../store/bodies.js';
import { openSigner } from '../store/signer.js';
import { readState, type SequencerState } from '../store/state.js';
import { gapIn } from './entries.js';
import { segmentAt } from './journals.js';

interface DamagedJournal {
  readonly journal: string;
  /** Segment at which reading ends. */
  readonly file: string;
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

interface Damage {
  /** Files that are made again from others. */
  readonly again: readonly string[];
  /** Stretches of journals that cannot be read, are in the log, and are not declared. */
  readonly journals: readonly DamagedJournal[];
  /** Own journals that no process can write on: they are closed, and a new one is begun. */
  readonly closed: readonly { readonly journal: string; readonly why: string }[];
  /** What is not mended here, in words. */
  readonly left: readonly string[];
}

/**
 * Stretches of journals that cannot be read and of which no entry says so.
 * @param known as `declaredGaps` gives them
 */
export async function damagedJournals(
  dataDir: string,
  known: ReadonlyMap<string, readonly (readonly [number, number])[]>,
): Promise<readonly DamagedJournal[]> {
  const found: DamagedJournal[] = [];
  for (const [journal, { dir }] of journalFolders(dataDir)) {
    for (let position: Position = JOURNAL_START; ; ) {
      const file = segmentAt(dir, position);
      const result = readOn(dir, position, 20_000);
      if (result.kind === 'end') break;
      if (result.kind === 'gap') {
        const expected =
          (result.resume !== undefined && wasGivenBack(dir, result.resume.lastSeq)) ||
          (known.get(journal) ?? []).some(([from, to]) => from <= result.from && to >= result.to);
        if (!expected) found.push({ journal, file, from: result.from, to: result.to, why: result.why });
        if (result.resume === undefined) break;
        position = result.resume;
      } else position = result.position;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return found;
}

/** What the log declares missing, by journal. */
export function declaredGaps(
  bodies: BodyStore,
  size: number,
): ReadonlyMap<string, readonly (readonly [number, number])[]> {
  const gaps = new Map<string, (readonly [number, number])[]>();
  for (let index = 0; index < size; index++) {
    let gap: ReturnType<typeof gapIn>;
    try {
      const stored = bodies.read(index);
      gap = stored?.kind === 'present' ? gapIn(stored.journal, stored.body.toString('utf8')) : undefined;
    } catch {
      continue; // a damaged body declares nothing
    }
    if (gap !== undefined) gaps.set(gap.journal, [...(gaps.get(gap.journal) ?? []), gap.range]);
  }
  return gaps;
}

interface MendOptions {
  readonly dataDir: string;
  readonly now: () => number;
  /** Only say what would be done. */
  readonly dryRun: boolean;
}

/**
 * Nothing may run on the data folder.
 * @throws YitongError `audit_unavailable` where something does; `log_invalid` where the log cannot be gone on with from
 * what is here
 */
export async function mendDamage({ dataDir, now, dryRun }: MendOptions): Promise<Damage> {
  const layout = auditLayout(dataDir);
  const lock = tryLock(layout.lock);
  if (lock === undefined)
    throw new YitongError('audit_unavailable', 'a process works on this data folder; stop its group first', {
      place: { file: layout.lock },
    });
  const bodies = openBodies(layout.bodies, layout.index);
  try {
    const found = readState(layout.state);
    if (found === undefined) {
      const remains = remainsOfLog(dataDir);
      if (remains !== undefined)
        throw new YitongError(
          'log_invalid',
          `${remains}, and the state of the sequencer is gone: let the log go on from an older copy, with ` +
            `\`yitong audit takeover --from\``,
          { place: { file: layout.state } },
        );
    }
    const left: string[] = [];
    const again = found === undefined ? [] : await mendedFiles(dataDir, found.state, bodies, dryRun, left);
    const known = declaredGaps(bodies, found?.state.size ?? 0);
    const taken = (journal: string): number => found?.state.journals[journal]?.lastSeq ?? 0;
    // what is behind the log's position the sequencer finds and declares itself
    const journals = (await damagedJournals(dataDir, known)).filter(
      ({ journal, to, from }) => to >= from && to <= taken(journal),
    );
    const closed = [...journalFolders(dataDir)].flatMap(([journal, { dir, replica }]) => {
      if (replica !== undefined || existsSync(join(dir, RETIRED_FILE))) return [];
      try {
        scanNewest(dir, journal);
        return [];
      } catch (error) {
        if (!isYitongError(error)) throw error;
        return [{ journal, dir, why: error.message }];
      }
    });
    if (!dryRun) {
      for (const { dir } of closed)
        replaceFile(join(dir, RETIRED_FILE), `closed at ${new Date(now()).toISOString()}: it cannot be written on\n`, {
          mode: 0o600,
        });
      if (journals.length > 0 && found !== undefined) {
        const { state, version } = found;
        if (readIfThere(layout.complete)?.toString('utf8') !== state.checkpoint)
          throw new YitongError(
            'log_invalid',
            'the last run of the sequencer is not in its place; start the gateway once, then say this again',
            { place: { file: layout.staged } },
          );
        await putBehind({
          dataDir,
          version,
          edge: edgeAt(dataDir, state.size),
          journals: state.journals,
          before: state.journals,
          origin: state.origin,
          signer: openSigner(join(layout.keys, 'log.key'), state.origin),
          bodies: journals.map(({ journal, from, to }) => gapBody({ time: now(), journal, from, to, why: 'damaged' })),
        });
      }
    }
    return { again, journals, closed: closed.map(({ journal, why }) => ({ journal, why })), left };
  } finally {
    bodies.close();
    lock.release();
  }
}

async function mendedFiles(
  dataDir: string,
  state: SequencerState,
  bodies: BodyStore,
  dryRun: boolean,
  left: string[],
): Promise<readonly string[]> {
  const vkey = readIfThere(join(auditLayout(dataDir).log, 'vkey'));
  if (vkey === undefined)
    throw new YitongError(
      'log_invalid',
      "the log's `vkey` is gone; the next start of the gateway writes it again from its key",
    );
  const { files, damagedBodies } = await mendLog({
    dataDir,
    state,
    verifier: parseVkey(vkey.toString('utf8')),
    bodies,
    dryRun,
  });
  if (damagedBodies.length > 0)
    left.push(
      `the stored bodies of ${damagedBodies.length} entries, such as ${damagedBodies[0] ?? 0}, are damaged: ` +
        `let the log go on from an older copy, with \`yitong audit takeover --from\``,
    );
  return files;
}

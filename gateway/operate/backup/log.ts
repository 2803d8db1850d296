/**
 * Copying the log while it grows: at one committed size, which everything in the copy reaches and nothing leads beyond.
 */

import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { type AuditLayout, auditLayout } from '../../log/entries/layout.js';
import { parseCheckpoint } from '../../log/proof/checkpoint.js';
import { HASH_BYTES } from '../../log/proof/merkle.js';
import { parseNote } from '../../log/proof/note.js';
import { ENTRY_BYTES, tilePath, tileWidth } from '../../log/proof/tiles.js';
import { CHUNK, IDX, SEQ } from '../../log/store/bodies.js';
import { staged } from '../../log/store/staging.js';
import { readState, type SequencerState } from '../../log/store/state.js';
import { readPartial } from '../../log/store/tile-files.js';
import type { Copies } from './copy.js';
import type { ManifestLog } from './manifest.js';

/** The log at one size. */
export interface LogCut {
  /** As if the run that led to it had been the last. */
  readonly state: SequencerState;
  readonly version: number;
  readonly root: string;
  /** The published checkpoint of then, which the log at this size covers. */
  readonly published: Buffer | undefined;
}

/** ms that a run under way may take until its files are in their place. */
const PATIENCE = 10_000;
const LOOK = 20;

/**
 * Undefined where there is no log.
 * @throws YitongError `backup_source` if a run is not in its place and nobody puts it there
 */
export async function cutLog(dataDir: string): Promise<LogCut | undefined> {
  const layout = auditLayout(dataDir);
  // before the state: what is published is never ahead of it
  const published = readIfThere(join(layout.log, 'checkpoint'));
  for (const end = Date.now() + PATIENCE; ; await wait(LOOK)) {
    const found = readState(layout.state);
    if (found === undefined) return undefined;
    const complete = readIfThere(layout.complete)?.toString('utf8');
    if (complete === found.state.checkpoint) return { ...found, root: rootOf(complete), published };
    if (Date.now() < end) continue;
    // nobody works: the run before stands, and what was staged is in journals
    const before = beforeRun(layout, found.state, complete);
    if (before === undefined)
      throw new YitongError(
        'backup_source',
        'the sequencer stopped in the middle of a run, and what it staged cannot be read; start the gateway once',
        { place: { file: layout.state } },
      );
    return { state: before, version: found.version, root: rootOf(before.checkpoint), published };
  }
}

const rootOf = (note: string): string => parseCheckpoint(parseNote(Buffer.from(note)).text).root.toString('base64');

function beforeRun(
  layout: AuditLayout,
  state: SequencerState,
  complete: string | undefined,
): SequencerState | undefined {
  if (complete === undefined || parseCheckpoint(parseNote(Buffer.from(complete)).text).size !== state.before.size)
    return undefined;
  const own = staged(layout.staged, state.staged).filter(({ journal }) => journal === state.own.journal).length;
  return {
    ...state,
    size: state.before.size,
    checkpoint: complete,
    journals: state.before.journals,
    own: { ...state.own, seq: state.own.seq - own },
  };
}

/** Bytes of the bodies' `.dat` file that holds the last `entries` of a chunk. */
function dataEnd(idxFile: string, entries: number): number {
  const fd = openSync(idxFile, 'r');
  try {
    const slot = Buffer.alloc(IDX);
    if (readSync(fd, slot, 0, IDX, (entries - 1) * IDX) !== IDX)
      throw new YitongError('backup_source', 'the bodies of the log are shorter than the log', {
        place: { file: idxFile },
      });
    return slot.readUIntBE(0, 6) + slot.readUInt32BE(6);
  } finally {
    closeSync(fd);
  }
}

/** Tiles written at once: each waits for the disk by itself. */
const PARALLEL = 16;

/** @throws YitongError `backup_source` if files of the log are missing */
export async function copyLog(dataDir: string, { state, version, published }: LogCut, copies: Copies): Promise<void> {
  const layout = auditLayout(dataDir);
  const inData = (path: string): string => relative(dataDir, path).split(sep).join('/');
  const { size } = state;

  await copies.bytes(
    inData(join(layout.state, String(version).padStart(12, '0'))),
    Buffer.from(`${JSON.stringify(state)}\n`),
  );
  await copies.bytes(inData(layout.complete), Buffer.from(state.checkpoint));
  if (published !== undefined) await copies.bytes(inData(join(layout.log, 'checkpoint')), published, 0o644);

  let waiting: Promise<void>[] = [];
  for (const [level, unit] of [
    ['entries', ENTRY_BYTES],
    ...[0, 1, 2, 3, 4, 5].map((at) => [at, HASH_BYTES] as const),
  ] as const) {
    for (let index = 0, width: number; (width = tileWidth(level === 'entries' ? 0 : level, index, size)) > 0; index++) {
      const path = tilePath(level, index, width);
      waiting.push(copies.bytes(inData(join(layout.log, path)), readPartial(layout.log, path, width * unit), 0o644));
      if (waiting.length < PARALLEL) continue;
      await Promise.all(waiting);
      waiting = [];
    }
  }
  await Promise.all(waiting);

  for (let chunk = 0; chunk * CHUNK < size; chunk++) {
    const entries = Math.min(CHUNK, size - chunk * CHUNK);
    const name = inData(join(layout.bodies, String(chunk).padStart(8, '0')));
    const length = dataEnd(join(dataDir, `${name}.idx`), entries);
    // an erasure marks in `.idx` before it blanks in `.dat`: in this order no blank is without its mark
    await copies.file(dataDir, `${name}.dat`, { length });
    await copies.file(dataDir, `${name}.idx`, { length: entries * IDX });
  }
  const known = new Map(
    Object.entries({ ...state.journals, [state.own.journal]: { lastSeq: state.own.seq } }).map(
      ([journal, { lastSeq }]) => [journal, lastSeq * SEQ],
    ),
  );
  for (const journal of names(layout.index)) {
    const length = known.get(journal);
    await copies.file(dataDir, inData(join(layout.index, journal)), length === undefined ? {} : { length });
  }
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export function manifestLog(vkey: string, { state, root, published }: LogCut): ManifestLog {
  return {
    origin: state.origin,
    vkey: vkey.trim(),
    size: state.size,
    root,
    publishedSize: published === undefined ? 0 : parseCheckpoint(parseNote(published).text).size,
  };
}

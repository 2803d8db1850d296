/**
 * Copying a journal while it is written: its marker first, then no more of its segments than the marker calls durable.
 */
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { GROUPS_FILE, PRUNED_FILE, readPruned } from '../../log/journal/pruned.js';
import { markerOf } from '../../log/journal/segments.js';
import { MARKER_BYTES, MARKER_FILE, type Marker, segmentNumber, writeMarker } from '../../log/proof/journal.js';
import type { JournalState } from '../../log/store/state.js';
import type { Copies } from './copy.js';
import { filesBelow } from './walk.js';

/** What stands beside segments, made once. */
const BESIDE = /^(?:fault|retired)$/;
/** Looks at a marker that is written over just now and does not check. */
const TRIES = 50;

/**
 * @param path of the journal's folder in the data folder
 * @param taken how far the log in the copy has taken it: durable too, where a power cut left the marker behind
 */
export async function copyJournal(
  dataDir: string,
  path: string,
  taken: JournalState | undefined,
  copies: Copies,
): Promise<void> {
  const dir = join(dataDir, path);
  let marker: Marker | undefined = markerOf(dir);
  for (
    let tries = 0;
    marker === undefined && tries < TRIES;
    tries++, await new Promise((resolve) => setImmediate(resolve))
  )
    marker = markerOf(dir);
  if (marker !== undefined && taken !== undefined && taken.lastSeq > marker.lastSeq && taken.dead !== true)
    marker = { segment: taken.segment, end: taken.offset, lastSeq: taken.lastSeq };
  const last = marker?.segment ?? Infinity;
  if (marker !== undefined) {
    const bytes = Buffer.alloc(MARKER_BYTES);
    writeMarker(bytes, marker);
    await copies.bytes(`${path}/${MARKER_FILE}`, bytes);
  }
  for (const { path: name } of filesBelow(dir)) {
    const segment = segmentNumber(name);
    if (segment !== undefined && segment <= last)
      await copies.file(
        dataDir,
        `${path}/${name}`,
        segment === last && marker !== undefined ? { length: marker.end } : {},
      );
    else if (BESIDE.test(name)) await copies.file(dataDir, `${path}/${name}`);
  }
  // an erasure lists what it blanks before it does: a list that is read afterwards knows of each blank
  for (const { path: name } of filesBelow(dir)) {
    const segment = segmentNumber(name.replace(/\.erased$/, ''));
    if (name.endsWith('.erased') && segment !== undefined && segment <= last)
      await copies.file(dataDir, `${path}/${name}`);
  }
  // what was given back, and what is kept of it: last, so that it covers each segment that went meanwhile
  const pruned = readPruned(dir);
  if (pruned === undefined) return;
  if (taken !== undefined && taken.dead !== true && taken.segment <= pruned.segment) {
    throw new YitongError(
      'backup_source',
      'the journal was shortened beyond the log in the copy while it was copied; raise `keep.journals`, and ' +
        'take the backup again',
      { place: { file: dir } },
    );
  }
  await copies.file(dataDir, `${path}/${GROUPS_FILE}`, { length: pruned.bytes });
  await copies.bytes(`${path}/${PRUNED_FILE}`, Buffer.from(`${JSON.stringify(pruned)}\n`));
}

/** The published checkpoint, as it stands beside the log, and what it commits to. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';
import { parseCheckpoint } from '../proof/checkpoint.js';
import { parseNote } from '../proof/note.js';
import { ENTRY_BYTES, parseBundle, TILE_WIDTH, tilePath, tileWidth } from '../proof/tiles.js';
import { readPartial } from './tile-files.js';

export interface PublishedCheckpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  /** ms since 1970 */
  readonly at: number;
  /** Names of the keys that signed it. */
  readonly signedBy: readonly string[];
  readonly note: string;
}

export function readCheckpoint(dataDir: string): PublishedCheckpoint | undefined {
  const file = join(auditLayout(dataDir).log, 'checkpoint');
  const bytes = readIfThere(file);
  if (bytes === undefined) return undefined;
  const note = parseNote(bytes);
  const { origin, size, root } = parseCheckpoint(note.text);
  return {
    origin,
    size,
    root: root.toString('base64'),
    at: statSync(file).mtimeMs,
    signedBy: note.signatures.map(({ name }) => name),
    note: bytes.toString('utf8'),
  };
}

/**
 * What the log published of an entry, from its bundles; for many neighbours.
 * @param size entries of the log that are in their place; default: those under the published checkpoint
 * @throws YitongError `log_invalid` where the log does not reach so far, or the bundle is damaged
 */
export function publishedCommitments(
  dataDir: string,
  size = readCheckpoint(dataDir)?.size ?? 0,
): (index: number) => Buffer {
  const { log } = auditLayout(dataDir);
  let last: { readonly tile: number; readonly commitments: readonly Buffer[] } | undefined;
  return (index) => {
    const tile = Math.floor(index / TILE_WIDTH);
    if (last?.tile !== tile) {
      const width = tileWidth(0, tile, size);
      last = {
        tile,
        commitments:
          width === 0
            ? []
            : parseBundle(readPartial(log, tilePath('entries', tile, width), width * ENTRY_BYTES), width),
      };
    }
    const found = last.commitments[index % TILE_WIDTH];
    if (found === undefined) throw new YitongError('log_invalid', `the published log has no entry ${index}`);
    return found;
  };
}

/** The published checkpoint, as it stands beside the log. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { auditLayout } from '../layout.js';
import { readIfThere } from '../receipts.js';
import { parseCheckpoint } from './checkpoint.js';
import { parseNote } from './note.js';

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
  return { origin, size, root: root.toString('base64'), at: statSync(file).mtimeMs, signedBy: note.signatures.map(({ name }) => name), note: bytes.toString('utf8') };
}

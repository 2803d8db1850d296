/** How long the log is, whoever asks. */

import { readIfThere } from '../../ground/files/read-if-there.js';
import type { AuditLayout } from '../entries/layout.js';
import { parseCheckpoint } from '../proof/checkpoint.js';
import { parseNote } from '../proof/note.js';

/** Entries that the sequencer has committed, published or not: their bodies are in place and stay what they are. */
export function committedSize({ complete }: AuditLayout): number {
  const note = readIfThere(complete);
  return note === undefined ? 0 : parseCheckpoint(parseNote(note).text).size;
}

/** How long the log is, whoever asks. */
import type { AuditLayout } from '../layout.js';
import { readIfThere } from '../read-if-there.js';
import { parseCheckpoint } from './checkpoint.js';
import { parseNote } from './note.js';

/** Entries that the sequencer has committed, published or not: their bodies are in place and stay what they are. */
export function committedSize({ complete }: AuditLayout): number {
  const note = readIfThere(complete);
  return note === undefined ? 0 : parseCheckpoint(parseNote(note).text).size;
}

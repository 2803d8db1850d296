/** A part of what stands in the log, as a replica sends it to another whose copy is behind. */
import { YitongError } from '../../../contracts/errors.js';
import { auditLayout } from '../entries/layout.js';
import { parseCheckpoint } from '../proof/checkpoint.js';
import { parseNote } from '../proof/note.js';
import type { RunMessage } from '../replicas/run-message.js';
import { openBodies } from '../store/bodies.js';
import { publishedCommitments } from '../store/published.js';
import { readState } from '../store/state.js';

/** Entries of a part, and bytes after which it ends sooner. */
const ENTRIES = 4000;
const BYTES = 8 << 20;
const NO_SALT = Buffer.alloc(32);

/**
 * What is committed here from log index `from` on; the last part says the state that it leads to. Undefined where there
 * is nothing.
 * @throws YitongError `log_invalid` where a file of the log is damaged
 */
export function logPart(dataDir: string, from: number): RunMessage | undefined {
  const { state: dir, bodies: bodiesDir, index } = auditLayout(dataDir);
  const state = readState(dir)?.state;
  if (state === undefined || from >= state.size) return undefined;
  const commitmentAt = publishedCommitments(dataDir, state.size);
  const bodies = openBodies(bodiesDir, index);
  try {
    const records: { journal: string; seq: number; salt: Buffer; body: Buffer }[] = [];
    const gone: { at: number; by: number; expired: boolean }[] = [];
    let bytes = 0;
    for (const [i, stored] of bodies.run(from, Math.min(ENTRIES, state.size - from)).entries()) {
      if (stored === undefined)
        throw new YitongError('log_invalid', `the body of entry ${from + i} is missing`, {
          place: { file: bodiesDir },
        });
      const { journal, seq, body } = stored;
      if (stored.kind !== 'present') gone.push({ at: i, by: stored.by, expired: stored.kind === 'expired' });
      records.push({ journal, seq, salt: stored.kind === 'present' ? stored.salt : NO_SALT, body });
      bytes += body.length;
      if (bytes > BYTES) break;
    }
    const { size, checkpoint, journals, own, origin } = state;
    const root = parseCheckpoint(parseNote(Buffer.from(checkpoint)).text).root.toString('base64');
    return {
      origin,
      checkpoint,
      published: '',
      first: from,
      records,
      commitments: records.map((_record, i) => commitmentAt(from + i)),
      ...(gone.length === 0 ? {} : { gone }),
      ...(from + records.length === size ? { reached: { size, root, journals, own } } : {}),
    };
  } finally {
    bodies.close();
  }
}

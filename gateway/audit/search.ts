/** A plain walk over the stored bodies, newest first. */
import { join } from 'node:path';
import { auditLayout } from './layout.js';
import { openBodies } from './log/bodies.js';
import { parseCheckpoint } from './log/checkpoint.js';
import { parseNote } from './log/note.js';
import { openSubjectKeys } from './keys.js';
import { readIfThere } from './receipts.js';
import { unseal } from './seal.js';

export interface SearchQuery {
  readonly client?: string;
  readonly dataset?: string;
  readonly purpose?: string;
  /** ms since 1970 */
  readonly since?: number;
  readonly type?: string;
  /** As asked, `uscc:…`; its entries are also decrypted. Needs access to the key map. */
  readonly subject?: string;
  readonly limit?: number;
  readonly oldestFirst?: boolean;
}

export interface FoundEntry {
  readonly index: number;
  /** `<journal>:<seq>` */
  readonly receipt: string;
  readonly erasedBy?: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The decrypted subject part, only where `subject` was given. */
  readonly opened?: unknown;
}

interface Body {
  readonly type?: string;
  readonly time?: string;
  readonly client?: string;
  readonly purpose?: string;
  readonly datasets?: readonly { readonly dataset?: string }[];
  readonly subject?: { readonly pseudonym?: string; readonly enc?: string };
}

/** Entries that match all that is asked. @throws YitongError `log_invalid` */
export async function searchEntries(dataDir: string, query: SearchQuery, onFound: (entry: FoundEntry) => void): Promise<number> {
  const layout = auditLayout(dataDir);
  const note = readIfThere(join(layout.log, 'checkpoint'));
  if (note === undefined) return 0;
  const { size } = parseCheckpoint(parseNote(note).text);
  const keys = query.subject === undefined ? undefined : openSubjectKeys({ dir: layout.subjectKeys });
  const bodies = openBodies(layout.bodies, layout.index);
  try {
    const secret = query.subject === undefined ? undefined : keys?.get(query.subject);
    if (query.subject !== undefined && secret === undefined) return 0;
    let found = 0;
    for (let n = 0; n < size && found < (query.limit ?? Infinity); n++) {
      if (n % 10_000 === 9_999) await new Promise((resolve) => setImmediate(resolve));
      const index = query.oldestFirst === true ? n : size - 1 - n;
      const stored = bodies.read(index);
      if (stored === undefined) continue;
      const body = JSON.parse(stored.body.toString('utf8')) as Body & Record<string, unknown>;
      if (query.type !== undefined && body.type !== query.type) continue;
      if (query.client !== undefined && body.client !== query.client) continue;
      if (query.purpose !== undefined && body.purpose !== query.purpose) continue;
      if (query.dataset !== undefined && body.datasets?.some(({ dataset }) => dataset === query.dataset) !== true) continue;
      if (query.since !== undefined && !(Date.parse(body.time ?? '') >= query.since)) continue;
      if (secret !== undefined && body.subject?.pseudonym !== secret.pseudonym) continue;
      found++;
      onFound({
        index,
        receipt: `${stored.journal}:${stored.seq}`,
        ...(stored.kind === 'erased' ? { erasedBy: stored.by } : {}),
        body,
        ...(secret === undefined || body.subject?.enc === undefined ? {} : { opened: unseal(secret, body.subject.enc) }),
      });
    }
    return found;
  } finally {
    bodies.close();
    await keys?.close();
  }
}

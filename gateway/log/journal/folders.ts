/** Where the journals of a data folder stand: its own, and copies of those of other replicas. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { auditLayout } from '../entries/layout.js';

interface JournalFolder {
  readonly dir: string;
  /** Whose journal it is a copy of; absent of an own one. */
  readonly replica?: string;
}

function foldersIn(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * By journal id. An id stands for one journal: of two that claim it the own one counts, then that of the replica whose
 * name comes first.
 */
export function journalFolders(dataDir: string): ReadonlyMap<string, JournalFolder> {
  const { journals, mirrors } = auditLayout(dataDir);
  const found = new Map<string, JournalFolder>(foldersIn(journals).map((id) => [id, { dir: join(journals, id) }]));
  for (const replica of foldersIn(mirrors)) {
    for (const id of foldersIn(join(mirrors, replica)))
      if (!found.has(id)) found.set(id, { dir: join(mirrors, replica, id), replica });
  }
  return found;
}

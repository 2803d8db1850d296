/** A journal of a process that has none as a rule: opened with its first entry. */
import { auditLayout } from '../entries/layout.js';
import type { EntryDraft, Receipt } from '../entries/port.js';
import { type JournalOptions, type OpenJournal, openJournal } from './journal.js';

interface JournalOnDemand {
  /** Durable when it resolves. @throws YitongError `audit_unavailable` */
  append(draft: EntryDraft): Promise<Receipt>;
  close(): Promise<void>;
}

interface OnDemandOptions extends Pick<JournalOptions, 'name' | 'signer' | 'now'> {
  readonly dataDir: string;
  readonly mergeWithinSeconds: number;
}

/** Its entries are few. */
const SEGMENT = 65_536;

export function journalOnDemand({ dataDir, mergeWithinSeconds, ...options }: OnDemandOptions): JournalOnDemand {
  const layout = auditLayout(dataDir);
  let journal: Promise<OpenJournal> | undefined;
  const opened = (): Promise<OpenJournal> => {
    journal ??= openJournal({
      ...options,
      dir: layout.journals,
      keys: { dir: layout.subjectKeys },
      mergeDelay: mergeWithinSeconds * 1000,
      segmentBytes: SEGMENT,
    });
    // one that did not open is tried again with the next entry
    journal.catch(() => (journal = undefined));
    return journal;
  };
  return {
    append: async (draft) => (await opened()).append(draft),
    async close() {
      await (await journal)?.close();
    },
  };
}

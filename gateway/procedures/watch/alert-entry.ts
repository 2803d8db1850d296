/** An alert's own entry of the log. The writer has no journal as a rule: it opens one with its first alert. */
import { present } from '../../../contracts/present.js';
import type { AuditSettings } from '../../ground/config/index.js';
import { administrationBody } from '../../log/entries/events.js';
import { auditLayout } from '../../log/entries/layout.js';
import { type JournalOptions, type OpenJournal, openJournal } from '../../log/journal/journal.js';
import { ALERT_RAISED } from './follow.js';
import type { Alert } from './store.js';

export interface AlertRecorder {
  /** Durable when it resolves. @throws YitongError `audit_unavailable` */
  record(alert: Alert): Promise<void>;
  close(): Promise<void>;
}

/** Alerts are few. */
const SEGMENT = 65_536;

export function alertRecorder({
  dataDir,
  signer,
  audit,
  now,
}: {
  readonly dataDir: string;
  readonly signer: JournalOptions['signer'];
  readonly audit: AuditSettings;
  readonly now: () => number;
}): AlertRecorder {
  const layout = auditLayout(dataDir);
  let journal: Promise<OpenJournal> | undefined;
  const opened = (): Promise<OpenJournal> => {
    journal ??= openJournal({
      dir: layout.journals,
      name: 'watch',
      keys: { dir: layout.subjectKeys },
      signer,
      now,
      mergeDelay: audit.mergeWithinSeconds * 1000,
      segmentBytes: SEGMENT,
    });
    // one that did not open is tried again with the next alert
    journal.catch(() => (journal = undefined));
    return journal;
  };
  return {
    async record({ id, rule, client, facts, entries }) {
      await (await opened()).append({
        clear: administrationBody({
          time: new Date(now()).toISOString(),
          action: ALERT_RAISED,
          by: 'watch',
          target: id,
          detail: { rule, ...present({ client }), ...facts, entries },
        }),
      });
    },
    async close() {
      await (await journal)?.close();
    },
  };
}

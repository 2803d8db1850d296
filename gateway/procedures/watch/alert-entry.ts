/** An alert's own entry of the log. The writer has no journal as a rule: it opens one with its first alert. */
import { present } from '../../../contracts/present.js';
import type { AuditSettings } from '../../ground/config/index.js';
import { administrationBody } from '../../log/entries/events.js';
import type { JournalOptions } from '../../log/journal/journal.js';
import { journalOnDemand } from '../../log/journal/on-demand.js';
import { ALERT_RAISED } from './follow.js';
import type { Alert } from './store.js';

export interface AlertRecorder {
  /** Durable when it resolves. @throws YitongError `audit_unavailable` */
  record(alert: Alert): Promise<void>;
  close(): Promise<void>;
}

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
  const journal = journalOnDemand({
    dataDir,
    name: 'watch',
    signer,
    now,
    mergeWithinSeconds: audit.mergeWithinSeconds,
  });
  return {
    async record({ id, rule, client, facts, entries }) {
      await journal.append({
        clear: administrationBody({
          time: new Date(now()).toISOString(),
          action: ALERT_RAISED,
          by: 'watch',
          target: id,
          detail: { rule, ...present({ client }), ...facts, entries },
        }),
      });
    },
    close: () => journal.close(),
  };
}

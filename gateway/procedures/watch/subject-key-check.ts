/**
 * Looks through the keys of subjects, and raises an alert for each that is damaged, by pseudonym: once, in one process.
 * It changes none.
 */
import type { SubjectKeys } from '../../log/entries/keys.js';
import { type Alert, alertId } from './store.js';

/** The rule's name, under which alerts stand. */
export const DAMAGED_KEY = 'subject-key';

/** Alerts of all keys that are damaged at `now` (ms since 1970); found again, each is the same one. */
export async function damagedKeyAlerts(
  keys: Pick<SubjectKeys, 'damaged'>,
  now: number,
  signal: AbortSignal,
): Promise<readonly Alert[]> {
  const found = await keys.damaged(signal);
  return found.map(
    (subject): Alert => ({
      id: alertId(DAMAGED_KEY, { key: subject, period: 0 }),
      rule: DAMAGED_KEY,
      time: now,
      recorded: false,
      entries: [],
      subject,
      facts: { subject },
    }),
  );
}

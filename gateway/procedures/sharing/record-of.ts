/** How a matter about a record is found, without telling of whom it is. */
import type { SealingKeys } from '../../log/entries/sealing-keys.js';

interface OneRecord {
  readonly dataset: string;
  /** `uscc:9131…` */
  readonly subject: string;
  readonly recordId: string;
}

/** As it stands in `MatterHead.about`. */
export const aboutRecord = (keys: Pick<SealingKeys, 'reference'>, { dataset, subject, recordId }: OneRecord): string =>
  `record/${keys.reference('record', JSON.stringify([dataset, subject, recordId]))}`;

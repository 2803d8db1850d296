/**
 * What tickets do to records, for whoever shows or reports them: looked up in memory, which a reader of the store
 * brings up to date beside the questions.
 */
import type { Effect } from '../../../contracts/lifecycle/types.js';

type Mark = 'objection';

export interface RecordRef {
  /** `<authority>.<dataset>` */
  readonly dataset: string;
  /** `uscc:9131…` */
  readonly subject: string;
  readonly recordId: string;
  /** About no record of the dataset, but about what it should have of the subject; `recordId` is empty. */
  readonly missing?: true;
  /**
   * Of acts that wait for a term of the record, `<lifecycle>.<act>`: the first day (`YYYY-MM-DD`) on which each may
   * open a ticket. As the reader of records knows it.
   */
  readonly opens?: Readonly<Record<string, string>>;
}

const USES = '.#uses';

/**
 * A use of a subject's data, as tickets are about it: what the log's entry `index` tells.
 * @param authority whose system it was; empty where nobody can say
 */
export const useRef = (authority: string, subject: string, index: number): RecordRef => ({
  dataset: `${authority}${USES}`,
  subject,
  recordId: String(index),
});
/** Whether a ticket is about a use of data and not about a record of a dataset. */
export const isUse = (dataset: string): boolean => dataset.endsWith(USES);
/** Index in the log; undefined where the ticket is about no use. */
export const useOf = ({ dataset, recordId }: Pick<RecordRef, 'dataset' | 'recordId'>): number | undefined =>
  isUse(dataset) ? Number(recordId) : undefined;

export interface RecordEffects {
  /** `objection` while an objection is under way and marked (上海市社会信用条例 Art.36). */
  marks(record: RecordRef): readonly Mark[];
  /** `objection` while it is under way and marked that the dataset lacks something of the subject. */
  missing(of: Pick<RecordRef, 'dataset' | 'subject'>): readonly Mark[];
  /** Of what was deleted (Art.37) or taken down (Art.38): it may be shown and reported no more. */
  hidden(record: RecordRef): 'revoked' | 'repaired' | undefined;
  /** Changes with each event: what was computed under another one may have changed. */
  version(): number;
}

const OBJECTION: readonly Mark[] = ['objection'];
const NONE: readonly Mark[] = [];

/** Effects by dataset and record, each kept apart by its ticket. */
export class EffectTable {
  readonly #byDataset = new Map<string, Map<string, Map<string, Effect>>>();

  set(dataset: string, record: string, ticket: string, effect: Effect): void {
    const records = this.#byDataset.get(dataset) ?? new Map<string, Map<string, Effect>>();
    const tickets = records.get(record) ?? new Map<string, Effect>();
    if (effect === 'none') tickets.delete(ticket);
    else tickets.set(ticket, effect);
    if (tickets.size === 0) records.delete(record);
    else records.set(record, tickets);
    if (records.size === 0) this.#byDataset.delete(dataset);
    else this.#byDataset.set(dataset, records);
  }

  /** @param reference makes the record's name; asked only where the dataset has any */
  has(dataset: string, reference: () => string, effect: Effect): boolean {
    const records = this.#byDataset.get(dataset);
    if (records === undefined) return false;
    for (const one of records.get(reference())?.values() ?? []) if (one === effect) return true;
    return false;
  }
}

/** @param version how many events the table knows; throws where nothing was ever read */
export function recordEffects(
  table: EffectTable,
  reference: (record: RecordRef) => string,
  version: () => number,
): RecordEffects {
  const has = (record: RecordRef, effect: Effect): boolean => {
    version();
    return table.has(record.dataset, () => reference(record), effect);
  };
  const marks = (record: RecordRef): readonly Mark[] => (has(record, 'mark') ? OBJECTION : NONE);
  return {
    marks,
    missing: ({ dataset, subject }) => marks({ dataset, subject, recordId: '', missing: true }),
    hidden: (record) => (has(record, 'delete') ? 'revoked' : has(record, 'hide') ? 'repaired' : undefined),
    version,
  };
}

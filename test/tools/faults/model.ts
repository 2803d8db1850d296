/** What the view must hold in the end, computed from what the sources gave: every version of every record, in order. */

/** The value of a record; its key is `uscc` and `number`. */
export interface Entry {
  readonly uscc: string;
  readonly number: string;
  readonly state: string;
  readonly amount: number;
  readonly note: string | null;
}

export interface Version {
  /** Null is a withdrawal. */
  readonly value: Entry | null;
  /** Undefined where the source leaves it to the run. */
  readonly position?: string;
  /** ISO 8601 UTC; undefined where the run decides it. */
  readonly sourceTime?: string;
}

/** `uscc:…|number` */
export const keyOf = ({ uscc, number }: Pick<Entry, 'uscc' | 'number'>): string => `uscc:${uscc}|${number}`;

export class History {
  /** Dataset → key → versions in the order in which they came to be. */
  readonly datasets = new Map<string, Map<string, Version[]>>();

  add(dataset: string, key: string, version: Version): void {
    let records = this.datasets.get(dataset);
    if (records === undefined) this.datasets.set(dataset, (records = new Map()));
    const versions = records.get(key);
    if (versions === undefined) records.set(key, [version]);
    else versions.push(version);
  }

  /** Number of versions in all. */
  size(): number {
    let sum = 0;
    for (const records of this.datasets.values()) for (const versions of records.values()) sum += versions.length;
    return sum;
  }
}

const STATES = ['open', 'closed', 'held'] as const;
const NOTES = [null, '核查', 'second look, "quoted"'] as const;

/** A value that differs from `before`, out of few, so that a record comes back to what it was before now and then. */
export function changed(
  random: { between(from: number, to: number): number; pick<T>(of: readonly T[]): T },
  key: Pick<Entry, 'uscc' | 'number'>,
  before: Entry | undefined,
): Entry {
  for (;;) {
    const entry = {
      uscc: key.uscc,
      number: key.number,
      state: random.pick<string>(STATES),
      amount: random.between(0, 4),
      note: random.pick<string | null>(NOTES),
    };
    if (
      before === undefined ||
      entry.state !== before.state ||
      entry.amount !== before.amount ||
      entry.note !== before.note
    )
      return entry;
  }
}

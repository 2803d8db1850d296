/**
 * The independent model: a register as its department keeps it, and from what of it was delivered what may and what
 * must be on record. It knows nothing of how records are published, and is small enough to be believed.
 *
 * - A company that stands in the register by its key is on record, by its name; one that stands there by a wrong key
 *   stays on record.
 * - One that left is not on record, but where it is named as held: and it may be held only while a row that cannot be
 *   read stands in the register which was new when it left.
 */

export interface Company {
  /** The right key; never changes. */
  readonly key: string;
  readonly licence: string;
  name: string;
  /** What stands in the register instead of the key. */
  wrong?: string;
}

export interface Row {
  /** As it is written. */
  readonly key: string;
  readonly licence: string;
  readonly name: string;
  readonly readable: boolean;
}

/** What the system says that it did. */
export interface Told {
  readonly refused: boolean;
  /** Keys of records whose withdrawal it says it holds. */
  readonly held: ReadonlySet<string>;
}

/** A name, or null: not on record. One of them is what is so; more than one after a run that was cut off. */
type Possible = ReadonlySet<string | null>;

const textOf = ({ key, licence, name }: Row): string => `${key} ${licence} ${name}`;

export class Register {
  readonly companies = new Map<string, Company>();
  readonly possible = new Map<string, Possible>();
  /** key → texts of rows that may stand for it. */
  readonly #mayStandFor = new Map<string, Set<string>>();
  /** Unreadable rows of the last delivery that counted. */
  #standing: readonly string[] = [];
  #heldBefore: ReadonlySet<string> = new Set();
  /** A run was cut off since the last that counted. */
  #uncertain = false;

  constructor(private readonly maxShare: number) {}

  deliver(): Row[] {
    return [...this.companies.values()].map(({ key, licence, name, wrong }) => ({
      key: wrong ?? key,
      licence,
      name,
      readable: wrong === undefined,
    }));
  }

  /** A whole register was read to its end. Returns what is wrong. @param shown how the mapping writes a name */
  applied(rows: readonly Row[], told: Told, shown: (name: string) => string, accepted: boolean): string[] {
    const findings: string[] = [];
    const readable = new Map(rows.filter((row) => row.readable).map(({ key, name }) => [key, shown(name)]));
    const before = [...this.possible].filter(([key]) => !readable.has(key));
    const all = new Set([...this.possible.keys(), ...readable.keys()]);
    const left = before.filter(([key]) => !this.#heldBefore.has(key)).length;
    const refused = !accepted && left > this.maxShare * all.size;
    if (!this.#uncertain && told.refused !== refused)
      findings.push(`the run was ${told.refused ? '' : 'not '}refused; ${left} of ${all.size} have left`);
    for (const [key, name] of readable) {
      this.possible.set(key, new Set([name]));
      this.#mayStandFor.delete(key);
    }
    if (told.refused) return findings;

    const texts = rows.filter((row) => !row.readable).map(textOf);
    const fresh = [...texts];
    for (const text of this.#standing) {
      const at = fresh.indexOf(text);
      if (at >= 0) fresh.splice(at, 1);
    }
    for (const [key, was] of before) {
      const may = this.#mayStandFor.get(key) ?? new Set<string>();
      for (const text of fresh) may.add(text);
      for (const text of may) if (!texts.includes(text)) may.delete(text);
      if (told.held.has(key)) {
        if (may.size === 0) findings.push(`${key} is held, and no row stands there that could be its own`);
        this.#mayStandFor.set(key, may);
        // of a run that was cut off nobody knows whether it arrived; what is held stays as it is
        this.possible.set(key, was);
      } else {
        if (this.#standsWrong(key, rows) && !was.has(null))
          findings.push(`${key} stands in the register by a wrong key, and is not held`);
        this.#mayStandFor.delete(key);
        this.possible.delete(key);
      }
    }
    for (const key of told.held) if (!this.possible.has(key)) findings.push(`${key} is held and was not on record`);
    this.#standing = texts;
    this.#heldBefore = new Set(told.held);
    this.#uncertain = false;
    return findings;
  }

  /** A run was cut off: each record is as before, or as it was to be. */
  cutOff(rows: readonly Row[], shown: (name: string) => string): void {
    this.#uncertain = true;
    const readable = new Map(rows.filter((row) => row.readable).map(({ key, name }) => [key, shown(name)]));
    for (const [key, name] of readable) this.possible.set(key, new Set([...(this.possible.get(key) ?? [null]), name]));
    for (const [key, was] of this.possible)
      if (!readable.has(key) && !this.#standsWrong(key, rows)) this.possible.set(key, new Set([...was, null]));
  }

  #standsWrong(key: string, rows: readonly Row[]): boolean {
    const company = this.companies.get(key);
    return company?.wrong !== undefined && rows.some((row) => row.licence === company.licence && !row.readable);
  }

  /** Somebody released it by name. */
  released(key: string): void {
    this.possible.delete(key);
    this.#mayStandFor.delete(key);
    this.#heldBefore = new Set([...this.#heldBefore].filter((one) => one !== key));
  }

  /** What is on record, by key, against what may be. */
  compare(record: ReadonlyMap<string, string>): string[] {
    const findings: string[] = [];
    for (const [key, name] of record) {
      const may = this.possible.get(key) ?? new Set([null]);
      if (!may.has(name)) findings.push(`${key} is on record as ${name}; it may be ${[...may].join(' or ')}`);
    }
    for (const [key, may] of this.possible)
      if (!record.has(key) && !may.has(null))
        findings.push(`${key} is not on record; it must be, as ${[...may].join(' or ')}`);
    return findings;
  }
}

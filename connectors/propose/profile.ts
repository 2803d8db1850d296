/** What the columns of a source hold, in one pass over all rows and in memory that does not grow with them. */
import type { KeyScheme } from '../../contracts/types.js';
import type { BrokenRow, Cell, SourceRow } from '../reading/port.js';
import { DateTally } from './dates.js';
import { Distinct, type Hash, hashText } from './hashes.js';
import { NumberTally } from './numbers.js';
import type { Terms } from './terms.js';
import { simplified } from './traditional.js';

/** Different values of a column that are kept, with their counts. */
const MAX_VALUES = 40;
const MAX_KEPT_LENGTH = 100;
/** Values of which it is asked whether they look like a person's; more say nothing more. */
const LOOKED_AT = 50_000;
/** After so many values without one key of a scheme, the column is not asked for it again. */
const SCHEME_TRIES = 2_000;
const MAX_COLUMNS = 500;
/** Of the words that mean "no value" in Chinese. */
const MAX_WORD = 4;
/** Different values that are shown of a column, and signs of each. */
const EXAMPLES = 3;
const MAX_EXAMPLE = 40;
/** Longer than any key with what people write between its parts. */
const MAX_KEY_LENGTH = 128;

export interface SchemeTally {
  ok: number;
  /** Of these, how many were not in normal form. */
  changed: number;
  tried: number;
  /** Digits alone, and fewer than a key has; of these, how many are keys with zeros before them. */
  short: number;
  mended: number;
}

/** Keys that would be one by accident: one in ten wrong numbers passes a Luhn check. */
const BY_ACCIDENT = 3;

/**
 * Whether digits that are too few are keys that lost their zeros, as in a spreadsheet that took them for numbers:
 * nearly all of them are keys then.
 */
export const lostZeros = ({ short, mended }: SchemeTally): boolean => mended >= BY_ACCIDENT && mended >= short * 0.9;

const MOBILE = /^(?:\+?86[- ]?)?1[3-9]\d{9}$/;
const EMAIL = /^[^@\s]+@[^@\s]+\.[A-Za-z]{2,20}$/;
const HAN_NAME = /^\p{Script=Han}{2,4}$/u;
const DIGITS = /^\d+$/;
const DIGITS_INSIDE = /(?<!\d)\d{17}[\dXx](?![\dXx])/g;

/** Schemes of which a key is known by its value alone. */
export const telling = (schemes: ReadonlyMap<string, KeyScheme>): ReadonlyMap<string, KeyScheme> =>
  new Map([...schemes].filter(([, { unchecked }]) => unchecked !== true));

export class ColumnProfile {
  filled = 0;
  longest = 0;
  characters = 0;
  /** Cells with a word that surely, or perhaps, means "no value". The first are not among `filled`. */
  readonly nulls = new Map<string, number>();
  readonly unsure = new Map<string, number>();
  /** Undefined once there are too many. */
  values: Map<string, number> | undefined = new Map<string, number>();
  /** The first that differ, none of them long. */
  readonly examples: string[] = [];
  readonly distinct = new Distinct();
  readonly schemes = new Map<string, SchemeTally>();
  /** Of schemes without check digits: what is of their form need not be a key. */
  readonly forms = new Map<string, SchemeTally>();
  readonly numbers = new NumberTally();
  readonly dates = new DateTally();
  looked = 0;
  mobiles = 0;
  emails = 0;
  personNames = 0;
  /** Cells that hold, among other text, a valid key of a scheme that numbers people. */
  keysInside = 0;
  lists = 0;
  listsOfRecords = 0;
  booleans = 0;
  /** Runs of white space, or such at an end. */
  spaced = 0;
  /** What people call it; of a file its name. */
  title: string;

  constructor(
    readonly name: string,
    /** From 1. */
    readonly number: number,
  ) {
    this.title = name.replace(/#\d+$/, '') || name;
  }

  /** Values that are neither empty nor a word for it. */
  get told(): number {
    let unsure = 0;
    for (const count of this.unsure.values()) unsure += count;
    return this.filled - unsure;
  }
}

const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null;

export class Profiler {
  readonly columns = new Map<string, ColumnProfile>();
  rows = 0;
  readonly broken = new Map<string, number>();
  /** Columns beyond the limit of a schema. */
  surplusColumns = 0;
  private readonly sure: ReadonlySet<string>;
  private readonly perhaps: ReadonlySet<string>;
  private readonly people: readonly KeyScheme[];
  private readonly lengths: ReadonlyMap<string, number>;
  private readonly hash: Hash = { high: 0, low: 0 };

  constructor(
    private readonly schemes: ReadonlyMap<string, KeyScheme>,
    private readonly terms: Terms,
  ) {
    this.sure = new Set(terms.nulls.sure);
    this.perhaps = new Set(terms.nulls.unsure);
    this.people = [...telling(schemes).values()].filter(({ persons }) => persons);
    this.lengths = new Map([...schemes.values()].map(({ id, make }) => [id, make(1).length]));
  }

  add(row: SourceRow | BrokenRow): void {
    this.rows += 1;
    if ('broken' in row) {
      const { reason } = row.broken;
      this.broken.set(reason, (this.broken.get(reason) ?? 0) + 1);
      return;
    }
    for (const [name, cell] of Object.entries(row.cells)) {
      let column = this.columns.get(name);
      if (column === undefined) {
        if (this.columns.size >= MAX_COLUMNS) {
          this.surplusColumns += 1;
          continue;
        }
        column = new ColumnProfile(name, this.columns.size + 1);
        this.columns.set(name, column);
      }
      if (cell !== null) this.addCell(column, cell);
    }
  }

  private addCell(column: ColumnProfile, cell: Exclude<Cell, null>): void {
    if (typeof cell === 'object') {
      column.filled += 1;
      column.lists += 1;
      if (!Array.isArray(cell) || cell.some(isRecord)) column.listsOfRecords += 1;
      return;
    }
    if (typeof cell === 'boolean') column.booleans += 1;
    const raw = typeof cell === 'string' ? cell : String(cell);
    const text = raw.trim();
    if (text === '') return;
    if (this.sure.has(text)) {
      column.nulls.set(text, (column.nulls.get(text) ?? 0) + 1);
      return;
    }
    column.filled += 1;
    column.characters += text.length;
    if (text.length > column.longest) column.longest = text.length;
    if (raw.length !== text.length || /\s\s/.test(text)) column.spaced += 1;
    if (column.examples.length < EXAMPLES && text.length <= MAX_EXAMPLE && !column.examples.includes(text))
      column.examples.push(text);
    column.distinct.add(hashText(text, this.hash));
    if (column.values !== undefined) {
      const known = column.values.get(text);
      if (text.length > MAX_KEPT_LENGTH || (known === undefined && column.values.size >= MAX_VALUES))
        column.values = undefined;
      else column.values.set(text, (known ?? 0) + 1);
    }
    if (this.perhaps.has(text) || (text.length <= MAX_WORD && this.perhaps.has(simplified(text)))) {
      column.unsure.set(text, (column.unsure.get(text) ?? 0) + 1);
      return;
    }
    column.numbers.add(text);
    column.dates.add(text);
    this.tryKeys(column, text);
    this.look(column, text);
  }

  private tryKeys(column: ColumnProfile, text: string): void {
    if (text.length > MAX_KEY_LENGTH) return;
    const digits = DIGITS.test(text);
    for (const scheme of this.schemes.values()) {
      const tallies = scheme.unchecked === true ? column.forms : column.schemes;
      let tally = tallies.get(scheme.id);
      if (tally === undefined) tallies.set(scheme.id, (tally = { ok: 0, changed: 0, tried: 0, short: 0, mended: 0 }));
      if (tally.ok + tally.mended === 0 && tally.tried >= SCHEME_TRIES) continue;
      tally.tried += 1;
      const parsed = scheme.parse(text);
      if (parsed.ok) {
        tally.ok += 1;
        if (parsed.changed) tally.changed += 1;
        continue;
      }
      const length = this.lengths.get(scheme.id) ?? 0;
      if (!digits || text.length >= length || scheme.unchecked === true) continue;
      tally.short += 1;
      if (scheme.parse(text.padStart(length, '0')).ok) tally.mended += 1;
    }
  }

  private look(column: ColumnProfile, text: string): void {
    if (column.looked >= LOOKED_AT) return;
    column.looked += 1;
    if (text.length <= 20 && MOBILE.test(text)) column.mobiles += 1;
    else if (text.length <= 254 && text.includes('@') && EMAIL.test(text)) column.emails += 1;
    else if (text.length <= 4 && HAN_NAME.test(text) && this.terms.surnames.includes(simplified(text.charAt(0))))
      column.personNames += 1;
    if (text.length > 18 && this.hasKeyInside(text)) column.keysInside += 1;
  }

  private hasKeyInside(text: string): boolean {
    for (const [found] of text.matchAll(DIGITS_INSIDE)) {
      if (this.people.some((scheme) => this.lengths.get(scheme.id) === found.length && scheme.parse(found).ok))
        return true;
    }
    return false;
  }
}

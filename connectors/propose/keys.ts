/** Which columns tell one subject's records apart: the fewest under which no two different rows of the file meet. */
import { YitongError } from '../../contracts/errors.js';
import type { SourceRow } from '../sources/port.js';
import { count, type Answers, type Decision } from './decision.js';
import { hashText, KeyTable, type Hash } from './hashes.js';

export interface KeyColumn {
  readonly column: string;
  /** Every row has a value. */
  readonly full: boolean;
  /** May stand in a key though a row lacks it: a text has the empty text. */
  readonly text: boolean;
  /** How fit it is by its name and kind, where two columns do equally well. */
  readonly fitness: number;
}

export interface KeyPlan {
  readonly columns: readonly string[];
  readonly decision: Decision;
}

/** Halves and cells held at once, 4 bytes each; of a larger file a share of the subjects is looked at, each with all its rows. */
const MAX_CELLS = 4_000_000;
const MAX_KEY = 4;
/** Columns that are tried. */
const MAX_TRIED = 48;
/** Rows of a file too short for saying that what holds in it holds always. */
const FEW = 20;

/** As the mapping will have it: rows that differ in white space only are one. */
const cellText = (cell: SourceRow['cells'][string] | undefined): string => (cell === null || cell === undefined ? '' : typeof cell === 'string' ? cell.trim().replace(/\s+/g, ' ') : JSON.stringify(cell));

/** Rows as hashes: two of the subject, one of the whole row, one a column. */
export class KeySample {
  readonly tried: readonly KeyColumn[];
  private readonly width: number;
  private cells: Uint32Array;
  private rows = 0;
  private mask = 0;
  private table: KeyTable | undefined;
  private readonly hash: Hash = { high: 0, low: 0 };

  constructor(
    columns: readonly KeyColumn[],
    private readonly subjectOf: (row: SourceRow) => string | undefined,
  ) {
    this.tried = [...columns].sort((a, b) => b.fitness - a.fitness).slice(0, MAX_TRIED);
    this.width = 3 + this.tried.length;
    this.cells = new Uint32Array(this.width * 1024);
  }

  /** Share of the subjects that are held. */
  get share(): number {
    return 1 / (this.mask + 1);
  }

  add(row: SourceRow): void {
    const subject = this.subjectOf(row);
    if (subject === undefined) return;
    const { hash } = this;
    hashText(subject, hash);
    if ((hash.high & this.mask) !== 0) return;
    if ((this.rows + 1) * this.width > this.cells.length) this.makeRoom();
    if ((hash.high & this.mask) !== 0) return;
    let at = this.rows * this.width;
    this.cells[at++] = hash.high;
    this.cells[at++] = hash.low;
    let whole = 0;
    for (const cell of Object.values(row.cells)) whole = (Math.imul(whole, 31) + hashText(cellText(cell), hash).low) | 0;
    this.cells[at++] = whole >>> 0;
    for (const { column } of this.tried) this.cells[at++] = hashText(cellText(row.cells[column]), hash).low;
    this.rows += 1;
  }

  private makeRoom(): void {
    if (this.cells.length * 2 <= MAX_CELLS) {
      const larger = new Uint32Array(this.cells.length * 2);
      larger.set(this.cells);
      this.cells = larger;
      return;
    }
    this.mask = this.mask * 2 + 1;
    let to = 0;
    for (let from = 0; from < this.rows; from++) {
      if (((this.cells[from * this.width] ?? 0) & this.mask) !== 0) continue;
      this.cells.copyWithin(to * this.width, from * this.width, (from + 1) * this.width);
      to += 1;
    }
    this.rows = to;
  }

  /** One for all questions: a new one each would be garbage faster than it is collected. */
  private emptyTable(): KeyTable {
    this.table ??= new KeyTable(Number.MAX_SAFE_INTEGER, this.rows);
    this.table.clear();
    return this.table;
  }

  /** Rows of different content, by place. */
  different(): Uint32Array {
    const table = this.emptyTable();
    const found = new Uint32Array(this.rows);
    let kept = 0;
    for (let row = 0; row < this.rows; row++) {
      const at = row * this.width;
      this.hash.high = (this.cells[at] ?? 0) ^ (this.cells[at + 2] ?? 0);
      this.hash.low = (Math.imul(this.cells[at + 1] ?? 0, 31) + (this.cells[at + 2] ?? 0)) >>> 0;
      if (table.put(this.hash, 0) === undefined) found[kept++] = row;
    }
    return found.subarray(0, kept);
  }

  get held(): number {
    return this.rows;
  }

  /** Of these rows, how many meet another in subject and columns; and those that do. */
  meeting(rows: Uint32Array, columns: readonly number[]): { readonly surplus: number; readonly rows: Uint32Array } {
    const table = this.emptyTable();
    const meet = new Uint8Array(rows.length);
    let surplus = 0;
    rows.forEach((row, i) => {
      const at = row * this.width;
      let [high, low] = [this.cells[at] ?? 0, this.cells[at + 1] ?? 0];
      for (const column of columns) {
        const cell = this.cells[at + 3 + column] ?? 0;
        high = (Math.imul(high, 2_654_435_761) ^ cell) >>> 0;
        low = (Math.imul(low ^ cell, 1_597_334_677) + 1) >>> 0;
      }
      this.hash.high = high;
      this.hash.low = low;
      const before = table.put(this.hash, i);
      if (before === undefined) return;
      surplus += 1;
      meet[i] = 1;
      meet[before] = 1;
    });
    return { surplus, rows: rows.filter((_, i) => meet[i] === 1) };
  }
}

const placesOf = (sample: KeySample, columns: readonly string[]): number[] => columns.map((column) => sample.tried.findIndex((one) => one.column === column));

/** Adds the column after which fewest rows still meet, until none do; then drops those that were not needed. */
function search(sample: KeySample, all: Uint32Array, alone: { readonly surplus: number; readonly rows: Uint32Array }): { readonly places: number[]; readonly surplus: number } {
  const usable = sample.tried.flatMap(({ full, text }, place) => (full || text ? [place] : []));
  const places: number[] = [];
  let { rows, surplus } = alone;
  while (surplus > 0 && places.length < MAX_KEY) {
    const tried = usable.filter((place) => !places.includes(place)).map((place) => ({ place, ...sample.meeting(rows, [...places, place]) }));
    const least = Math.min(...tried.map((one) => one.surplus));
    // a column that reads like a number or day of the record is worth more than one that happens to differ
    const near = tried.filter((one) => one.surplus <= least + Math.max(all.length * 0.001, surplus * 0.1));
    const best = near.sort((a, b) => (sample.tried[b.place]?.fitness ?? 0) - (sample.tried[a.place]?.fitness ?? 0) || a.surplus - b.surplus)[0];
    if (best === undefined || best.surplus > surplus * 0.97) break;
    places.push(best.place);
    ({ rows, surplus } = best);
  }
  for (const place of [...places]) {
    const without = places.filter((other) => other !== place);
    if (without.length > 0 && sample.meeting(all, without).surplus <= surplus) places.splice(places.indexOf(place), 1);
  }
  return { places, surplus };
}

/** @param rows of the whole file */
export function findKey(sample: KeySample, rows: number, given: Answers['key']): KeyPlan {
  const all = sample.different();
  const same = sample.held - all.length;
  const scope = sample.share === 1 ? 'in the whole file' : `in 1 of ${Math.round(1 / sample.share)} subjects, each with all its rows (the file is too large for all)`;
  const equal = same === 0 ? '' : `; ${count(same, 'row')} that repeat another entirely are merged`;
  const alone = sample.meeting(all, []);
  const decided = (columns: readonly string[], reason: string, sure: boolean, alternatives: readonly string[] = []): KeyPlan => ({
    columns,
    decision: { about: 'key', proposed: columns.length === 0 ? 'none' : columns.join(', '), reason, sure, alternatives, option: '--key ' },
  });
  if (given !== undefined) {
    const places = placesOf(sample, given);
    const unknown = given.find((_, i) => (places[i] ?? -1) < 0);
    if (unknown !== undefined) throw new YitongError('bad_feed', `\`${unknown}\` cannot stand in a key: it is no column, or its texts are too long`);
    const { surplus } = sample.meeting(all, places);
    return decided(given, `as you said; ${surplus === 0 ? `no two different rows meet ${scope}` : `${count(surplus, 'row')} would be quarantined as duplicates ${scope}`}${equal}`, true);
  }
  if (alone.surplus === 0) {
    return decided([], `each subject has one row ${scope}${equal}${rows < FEW ? `, but these are only ${count(rows, 'row')}` : ''}`, rows >= FEW, rows >= FEW ? [] : sample.tried.filter(({ full }) => full).slice(0, 3).map(({ column }) => column));
  }
  const { places, surplus } = search(sample, all, alone);
  const columns = places.map((place) => sample.tried[place]?.column ?? '');
  const others = sample.tried.filter(({ column, full }, place) => full && !columns.includes(column) && sample.meeting(alone.rows, [place]).surplus === 0).slice(0, 3);
  // a number of the record by name, and different in every row, needs no question
  const plainly = columns.length === 1 && others.every(({ fitness }) => (sample.tried[places[0] ?? 0]?.fitness ?? 0) >= fitness + 1);
  return decided(
    columns,
    `${count(alone.surplus, 'row')} share their subject with an earlier one; with ${columns.length === 0 ? 'any columns' : columns.map((column) => `\`${column}\``).join(' and ')} ${surplus === 0 ? `no two different rows meet ${scope}` : `${count(surplus, 'row')} still meet ${scope} and would be quarantined as duplicates`}${equal}`,
    surplus === 0 && columns.length <= 2 && (others.length === 0 || plainly),
    others.map(({ column }) => column),
  );
}

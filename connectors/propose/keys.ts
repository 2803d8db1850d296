/** Which columns tell one subject's records apart: the fewest under which no two different rows of the file meet. */
import type { Localised } from '../../contracts/localised.js';
import { type Answers, asSaid, because, count, type Decision, wrongAnswer } from './decision.js';
import { type Hash, hashText, KeyTable } from './hashes.js';

export interface KeyColumn {
  readonly column: string;
  readonly field: string;
  /** Every row has a value. */
  readonly full: boolean;
  /**
   * How readily it stands in a key: 0 as others do; 1 only as text, since some rows lack it; 2 an amount or a long
   * text, where nothing else tells rows apart.
   */
  readonly tier: 0 | 1 | 2;
  /** How fit it is by its name and kind, where two columns do equally well. */
  readonly fitness: number;
}

export interface KeyPlan {
  readonly fields: readonly string[];
  readonly decision: Decision;
}

/**
 * Halves and cells held at once, 4 bytes each; of a larger file a share of the subjects is looked at, each with all its
 * rows.
 */
const MAX_CELLS = 4_000_000;
/** As many as a contract takes. */
const MAX_KEY = 8;
/** Columns that are tried. */
const MAX_TRIED = 48;
/** Rows of a file too short for saying that what holds in it holds always. */
const FEW = 20;

/** A key has no null: what is absent is the empty text. */
const textOf = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** Rows as hashes of what the mapping makes of them: two of the subject, one of the whole row, one a field. */
export class KeySample {
  readonly tried: readonly KeyColumn[];
  private readonly width: number;
  private cells: Uint32Array;
  private rows = 0;
  private mask = 0;
  private table: KeyTable | undefined;
  private readonly hash: Hash = { high: 0, low: 0 };

  /** @param said fields that are tried in any case */
  constructor(
    columns: readonly KeyColumn[],
    private readonly subjectField: string,
    said: readonly string[] = [],
  ) {
    this.tried = [...columns]
      .sort(
        (a, b) =>
          Number(said.includes(b.field)) - Number(said.includes(a.field)) || a.tier - b.tier || b.fitness - a.fitness,
      )
      .slice(0, MAX_TRIED);
    this.width = 3 + this.tried.length;
    this.cells = new Uint32Array(this.width * 1024);
  }

  /** Share of the subjects that are held. */
  get share(): number {
    return 1 / (this.mask + 1);
  }

  /** @param record a row as the mapping makes it */
  add(record: Readonly<Record<string, unknown>>): void {
    const subject = record[this.subjectField];
    if (typeof subject !== 'string') return;
    const { hash } = this;
    hashText(subject, hash);
    if ((hash.high & this.mask) !== 0) return;
    if ((this.rows + 1) * this.width > this.cells.length) this.makeRoom();
    if ((hash.high & this.mask) !== 0) return;
    let at = this.rows * this.width;
    this.cells[at++] = hash.high;
    this.cells[at++] = hash.low;
    let whole = 0;
    for (const value of Object.values(record)) whole = (Math.imul(whole, 31) + hashText(textOf(value), hash).low) | 0;
    this.cells[at++] = whole >>> 0;
    for (const { field } of this.tried) this.cells[at++] = hashText(textOf(record[field]), hash).low;
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
      this.hash.high = ((this.cells[at] ?? 0) ^ (this.cells[at + 2] ?? 0)) >>> 0;
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

const placesOf = (sample: KeySample, fields: readonly string[]): number[] =>
  fields.map((field) => sample.tried.findIndex((one) => one.field === field));

/**
 * Adds the column after which fewest rows still meet, until none do; then drops those that were not needed. Columns of
 * a higher tier stand in only where the lower do not suffice.
 */
function search(
  sample: KeySample,
  all: Uint32Array,
  alone: { readonly surplus: number; readonly rows: Uint32Array },
): { readonly places: number[]; readonly surplus: number } {
  const places: number[] = [];
  let { rows, surplus } = alone;
  for (const tier of [0, 1, 2]) {
    const usable = sample.tried.flatMap((one, place) => (one.tier === tier ? [place] : []));
    while (surplus > 0 && places.length < MAX_KEY) {
      const before = surplus;
      // while two rows differ in some column, it is one that makes fewer of them meet
      const tried = usable
        .filter((place) => !places.includes(place))
        .map((place) => ({ place, ...sample.meeting(rows, [...places, place]) }))
        .filter((one) => one.surplus < before);
      const least = Math.min(...tried.map((one) => one.surplus));
      // a column that reads like a number or day of the record is worth more than one that happens to differ
      const near = tried.filter((one) => one.surplus <= least + Math.max(all.length * 0.001, before * 0.1));
      const best = near.sort(
        (a, b) =>
          (sample.tried[b.place]?.fitness ?? 0) - (sample.tried[a.place]?.fitness ?? 0) || a.surplus - b.surplus,
      )[0];
      if (best === undefined) break;
      places.push(best.place);
      ({ rows, surplus } = best);
    }
  }
  for (const place of [...places]) {
    const without = places.filter((other) => other !== place);
    if (without.length > 0 && sample.meeting(all, without).surplus <= surplus) places.splice(places.indexOf(place), 1);
  }
  return { places, surplus };
}

const n = (of: number): string => of.toLocaleString('en');

/** Rows of different content, and how far what holds of them holds. */
function lookedThrough(sample: KeySample): Looked {
  const all = sample.different();
  const same = sample.held - all.length;
  return {
    all,
    scope:
      sample.share === 1
        ? { zh: '在全部数据中', en: 'in the whole file' }
        : {
            zh: `在 1/${Math.round(1 / sample.share)} 的主体中（数据太多，只看其中一部分主体的全部行）`,
            en:
              `in 1 of ${Math.round(1 / sample.share)} subjects, each with all its rows ` +
              '(the file is too large for all)',
          },
    equal:
      same === 0
        ? { zh: '', en: '' }
        : {
            zh: `；${n(same)} 行与其他行完全相同，将合并`,
            en: `; ${count(same, 'row')} that repeat another entirely are merged`,
          },
  };
}

interface Looked {
  readonly all: Uint32Array;
  readonly scope: Localised;
  readonly equal: Localised;
}

const columnIn = (sample: KeySample, field: string): string =>
  sample.tried.find((one) => one.field === field)?.column ?? field;

function decidedOf(
  sample: KeySample,
  fields: readonly string[],
  reason: Localised,
  sure: boolean,
  alternatives: readonly string[] = [],
): KeyPlan {
  return {
    fields,
    decision: {
      about: 'key',
      proposed: fields.length === 0 ? 'none' : fields.map((field) => columnIn(sample, field)).join(', '),
      ...because(reason),
      sure,
      alternatives,
      option: '--key ',
    },
  };
}

/** The key that somebody said. @throws YitongError `bad_feed` where a field of it cannot stand in one */
function saidKey(sample: KeySample, given: readonly string[], { all, scope, equal }: Looked): KeyPlan {
  const places = placesOf(sample, given);
  const unknown = given.find((_, i) => (places[i] ?? -1) < 0);
  if (unknown !== undefined)
    throw wrongAnswer(
      'key',
      `\`${unknown}\` cannot stand in a key: it is no column, or its texts are too long`,
      `“${columnIn(sample, unknown)}”不能用来区分记录：没有这一列，或者其中的文字太长、多为空值。`,
    );
  const { surplus } = sample.meeting(all, places);
  return decidedOf(
    sample,
    given,
    asSaid({
      zh: `${scope.zh}${surplus === 0 ? '没有两行不同的数据相撞' : `有 ${n(surplus)} 行与其他行相撞`}${equal.zh}`,
      en:
        (surplus === 0 ? 'no two different rows meet' : `${count(surplus, 'row')} meet another`) +
        ` ${scope.en}${equal.en}`,
    }),
    true,
  );
}

/** @param rows of the whole file */
export function findKey(sample: KeySample, rows: number, given: Answers['key']): KeyPlan {
  const looked = lookedThrough(sample);
  if (given !== undefined) return saidKey(sample, given, looked);
  const { all, scope, equal } = looked;
  const alone = sample.meeting(all, []);
  const columnOf = (field: string): string => columnIn(sample, field);
  if (alone.surplus === 0) {
    return decidedOf(
      sample,
      [],
      {
        zh: `${scope.zh}每个主体只有一行${equal.zh}${rows < FEW ? `，但总共只有 ${n(rows)} 行` : ''}`,
        en:
          `each subject has one row ${scope.en}${equal.en}` +
          (rows < FEW ? `, but these are only ${count(rows, 'row')}` : ''),
      },
      rows >= FEW,
      rows >= FEW
        ? []
        : sample.tried
            .filter(({ full }) => full)
            .slice(0, 3)
            .map(({ column }) => column),
    );
  }
  const { places, surplus } = search(sample, all, alone);
  const fields = places.map((place) => sample.tried[place]?.field ?? '');
  const others = sample.tried
    .filter(
      ({ field, full }, place) => full && !fields.includes(field) && sample.meeting(alone.rows, [place]).surplus === 0,
    )
    .slice(0, 3);
  // a number of the record by name, and different in every row, needs no question
  const plainly =
    fields.length === 1 && others.every(({ fitness }) => (sample.tried[places[0] ?? 0]?.fitness ?? 0) >= fitness + 1);
  return decidedOf(
    sample,
    fields,
    {
      zh:
        `${n(alone.surplus)} 行与之前的行属于同一主体；` +
        (fields.length === 0 ? '无论加上哪些列' : `加上${fields.map((field) => `“${columnOf(field)}”`).join('和')}`) +
        `，${scope.zh}${surplus === 0 ? '没有两行不同的数据相撞' : `仍有 ${n(surplus)} 行相撞`}${equal.zh}`,
      en:
        `${count(alone.surplus, 'row')} share their subject with an earlier one; with ` +
        (fields.length === 0 ? 'any columns' : fields.map((field) => `\`${columnOf(field)}\``).join(' and ')) +
        ' ' +
        (surplus === 0 ? `no two different rows meet ${scope.en}` : `${count(surplus, 'row')} still meet ${scope.en}`) +
        equal.en,
    },
    surplus === 0 && fields.length <= 2 && (others.length === 0 || plainly),
    others.map(({ column }) => column),
  );
}

/** Whose key the records hang on: the column whose values satisfy the check digits of a scheme. */
import type { KeyScheme, Localised } from '../../contracts/types.js';
import type { Step } from '../feed.js';
import { type Answers, asSaid, because, count, type Decision, share, wrongAnswer } from './decision.js';
import { type ColumnProfile, lostZeros, type SchemeTally } from './profile.js';
import { plain, type Terms, termOf } from './terms.js';

export interface SubjectPlan {
  readonly column: string;
  readonly scheme: KeyScheme;
  /** What reads the key out of the column. */
  readonly steps: readonly Step[];
  /** The key stands inside a longer one: it gets a field of its own. */
  readonly derived: boolean;
  readonly decision: Decision;
  /** What was decided on keys that lost their zeros, where there are such. */
  readonly zeros: Decision | undefined;
}

interface Candidate {
  readonly column: ColumnProfile;
  readonly scheme: KeyScheme;
  readonly tally: SchemeTally;
  /** Keys as they stand, or with their zeros again. */
  readonly ok: number;
  /** Of the values that are there. */
  readonly share: number;
  readonly named: boolean;
}

/** Below it a column holds something else; a random number satisfies a Luhn digit one time in ten. */
const ENOUGH = 0.6;
const SURELY = 0.97;

function isNamed({ title }: ColumnProfile, { id, name, titles = [], unchecked }: KeyScheme, terms: Terms): boolean {
  const bare = plain(title);
  return (
    termOf(title, terms)?.field === id ||
    (unchecked === true ? ` ${bare} `.includes(` ${plain(id)} `) : bare.includes(plain(id))) ||
    [name.zh, name.en, ...titles].some((one) => plain(one) === bare)
  );
}

function candidates(
  columns: Iterable<ColumnProfile>,
  schemes: ReadonlyMap<string, KeyScheme>,
  rows: number,
  terms: Terms,
): Candidate[] {
  const found: Candidate[] = [];
  for (const column of columns) {
    for (const [id, tally] of [...column.schemes, ...column.forms]) {
      const scheme = schemes.get(id);
      const ok = tally.ok + (lostZeros(tally) ? tally.mended : 0);
      if (scheme === undefined || column.told === 0 || ok / column.told < ENOUGH || column.told < rows * 0.5) continue;
      const named = isNamed(column, scheme, terms);
      if (named || scheme.unchecked !== true) found.push({ column, scheme, tally, ok, share: ok / column.told, named });
    }
  }
  // firms before people, so that a register of firms is not keyed by their representatives
  const rank = (one: Candidate): number =>
    (one.share >= SURELY ? 4 : 0) +
    (one.named ? 2 : 0) +
    (one.scheme.persons ? 0 : 1) +
    one.share * 0.5 -
    one.column.number * 1e-4;
  return found.sort((a, b) => rank(b) - rank(a));
}

/** What brings the keys of a column to their form, and what was decided on zeros that they lost. */
function readKey(
  { name }: ColumnProfile,
  scheme: KeyScheme,
  tally: SchemeTally,
  given: Answers['zeros'],
): { readonly steps: readonly Step[]; readonly zeros: Decision | undefined } {
  const { short, mended } = tally;
  const plainly: readonly Step[] = [{ key: scheme.id }];
  const padded: readonly Step[] = ['trim', { padStart: { length: scheme.make(1).length, with: '0' } }, ...plainly];
  if (scheme.unchecked === true || (mended === 0 && given !== 'pad')) return { steps: plainly, zeros: undefined };
  const pad = given === undefined ? lostZeros(tally) : given === 'pad';
  const spoken = `padStart ${scheme.make(1).length}`;
  const byAccident = given === undefined && !pad;
  const reason: Localised = {
    zh:
      `“${name}”有 ${short.toLocaleString('en')} 个值是位数不足的数字，常见于表格软件将其当作数值；前面补零后` +
      `${mended === short ? '全部' : `有 ${mended.toLocaleString('en')} 个`}通过校验` +
      (byAccident ? '，但错误的号码也可能碰巧通过' : ''),
    en:
      `${count(short, 'value')} of \`${name}\` are digits, but too few of them, as where a spreadsheet took them ` +
      `for numbers; with zeros before them ${mended === short ? 'all' : mended.toLocaleString('en')} satisfy the ` +
      'check' +
      (byAccident ? ', which wrong numbers may do by accident' : ''),
  };
  return {
    steps: pad ? padded : plainly,
    zeros: {
      about: 'zeros',
      proposed: pad ? spoken : 'keep',
      ...because(given === undefined ? reason : asSaid(reason)),
      sure: given !== undefined || (pad && mended === short),
      alternatives: [pad ? 'keep' : 'pad'],
      option: '--zeros ',
    },
  };
}

/** A key of one scheme may begin with one of another: a SIRET with its SIREN. */
function begins(scheme: KeyScheme, other: KeyScheme): number | undefined {
  if (scheme.unchecked === true || other.unchecked === true) return undefined;
  const length = scheme.make(1).length;
  const fits = [1, 7, 42, 999].every((n) => scheme.parse(other.make(n).slice(0, length)).ok);
  return fits && other.make(1).length > length ? length : undefined;
}

/** @throws YitongError `bad_feed` if no column holds keys, or the one that was named does not */
export function findSubject(
  columns: ReadonlyMap<string, ColumnProfile>,
  schemes: ReadonlyMap<string, KeyScheme>,
  rows: number,
  terms: Terms,
  { subject, zeros }: Pick<Answers, 'subject' | 'zeros'>,
): SubjectPlan {
  const table: Table = { columns, schemes, rows, found: candidates(columns.values(), schemes, rows, terms), zeros };
  return subject === undefined ? bestSubject(table) : namedSubject(table, subject);
}

interface Table {
  readonly columns: ReadonlyMap<string, ColumnProfile>;
  readonly schemes: ReadonlyMap<string, KeyScheme>;
  readonly rows: number;
  /** The best first. */
  readonly found: readonly Candidate[];
  /** What was said about keys that lost their zeros. */
  readonly zeros: Answers['zeros'];
}

/** How many values of the column are keys of the scheme, in words. */
function describe(
  { column, tally: { ok, changed } }: Pick<Candidate, 'column' | 'tally'>,
  { name, standard, unchecked }: KeyScheme,
  rows: number,
): Localised {
  const empty = rows - column.told;
  return {
    zh:
      `${column.told.toLocaleString('en')} 个值中有 ${ok.toLocaleString('en')} 个` +
      `（${share(ok, column.told).replace(' ', '')}）${unchecked === true ? '具有' : '是有效的'}${name.zh}` +
      (unchecked === true ? '的形式' : '') +
      (changed > 0 ? `，其中 ${changed.toLocaleString('en')} 个写法不规范` : '') +
      (empty > 0 ? `；${empty.toLocaleString('en')} 行没有值` : ''),
    en:
      `${count(ok, 'value')} of ${column.told.toLocaleString('en')} ` +
      `${unchecked === true ? 'have the form of' : 'satisfy'} ${standard.split(';')[0]} ` +
      `(${share(ok, column.told)})` +
      (changed > 0 ? `, ${changed.toLocaleString('en')} of them not in normal form` : '') +
      (empty > 0 ? `; ${count(empty, 'row')} without a value` : ''),
  };
}

/** The column and the scheme that somebody named. @throws YitongError `bad_feed` */
function namedSubject(
  { columns, schemes, rows, found, zeros }: Table,
  named: NonNullable<Answers['subject']>,
): SubjectPlan {
  const column = columns.get(named.column);
  if (column === undefined)
    throw wrongAnswer(
      'subject',
      `there is no column \`${named.column}\`; there are ` +
        `${[...columns.keys()].map((name) => `\`${name}\``).join(', ')}`,
      '样表中没有这一列。',
    );
  const scheme = schemes.get(named.scheme);
  if (scheme === undefined)
    throw wrongAnswer(
      'subject',
      `there is no key scheme \`${named.scheme}\`; there are ${[...schemes.keys()].join(', ')}`,
      '没有这种主体标识。',
    );
  const decided = (reason: Localised, sure = true): Decision => ({
    about: 'subject',
    proposed: `${named.column}:${named.scheme}`,
    ...because(asSaid(reason)),
    sure,
    alternatives: [],
    option: '--subject ',
  });
  const own = column.schemes.get(scheme.id) ?? column.forms.get(scheme.id);
  const keys = own === undefined ? 0 : own.ok + own.mended;
  if (own === undefined || keys <= column.told * 0.1) {
    const inside = insideLonger(column, scheme, found);
    if (inside !== undefined) {
      const { longer, length } = inside;
      const { steps, zeros: decision } = readKey(column, longer.scheme, longer.tally, zeros);
      const words = describe(longer, longer.scheme, rows);
      return {
        column: column.name,
        scheme,
        derived: true,
        zeros: decision,
        steps: [...steps, { slice: [0, length] }],
        decision: decided({
          zh: `取自${longer.scheme.name.zh}的前 ${length} 位；${words.zh}`,
          en: `the first ${length} characters of each ${longer.scheme.id}; ${words.en}`,
        }),
      };
    }
  }
  if (own === undefined || keys === 0)
    throw wrongAnswer(
      'subject',
      `no value of \`${named.column}\` is a valid \`${named.scheme}\`, so every row would be quarantined`,
      `“${named.column}”中没有一个值是有效的${scheme.name.zh}，所有行都不能通过校验。`,
    );
  return {
    column: column.name,
    scheme,
    derived: false,
    ...readKey(column, scheme, own, zeros),
    decision: decided(describe({ column, tally: own }, scheme, rows), keys > column.told * 0.1),
  };
}

/** Keys of the column of another scheme that begin with one of this scheme, and how long that beginning is. */
function insideLonger(
  column: ColumnProfile,
  scheme: KeyScheme,
  found: readonly Candidate[],
): { readonly longer: Candidate; readonly length: number } | undefined {
  for (const longer of found) {
    const length = longer.column === column ? begins(scheme, longer.scheme) : undefined;
    if (length !== undefined) return { longer, length };
  }
  return undefined;
}

/** @throws YitongError `bad_feed` if no column holds keys */
function bestSubject({ schemes, rows, found, zeros }: Table): SubjectPlan {
  const [best, ...rest] = found;
  if (best === undefined) {
    throw wrongAnswer(
      'subject',
      `no column holds keys of ${[...schemes.keys()].join(', ')}: a dataset is asked by its subject, so ` +
        `without one it is a code list or statistics, not a register. If a column does, say \`--subject ` +
        `COLUMN:scheme\``,
      {
        zh:
          '没有一列被认出是统一社会信用代码、身份证号等主体标识。数据集按主体查询，没有主体标识的表是代码表或者' +
          '统计表；如确有这样的列，请在此指明。',
        en:
          'No column was recognised as one of keys. A dataset is asked by its subject; without one it is a code list ' +
          'or statistics. If a column holds them, choose it here.',
      },
    );
  }
  const { column, scheme } = best;
  const alternatives = rest.map((one) => `${one.column.name}:${one.scheme.id}`);
  const inside = [...schemes.values()]
    .filter((other) => other !== scheme && begins(other, scheme) !== undefined)
    .map((other) => `${column.name}:${other.id}`);
  // another column with keys that is not plainly the lesser choice leaves the question open, as does a key that holds a
  // shorter one
  const open = rest.some(
    (one) =>
      one.column !== column &&
      one.share >= SURELY &&
      (one.named === best.named || one.scheme.persons === scheme.persons),
  );
  return {
    column: column.name,
    scheme,
    derived: false,
    ...readKey(column, scheme, best.tally, zeros),
    decision: {
      about: 'subject',
      proposed: `${column.name}:${scheme.id}`,
      ...because(describe(best, scheme, rows)),
      sure: best.share >= 0.9 && !open && inside.length === 0 && scheme.unchecked !== true,
      alternatives: [...alternatives, ...inside],
      option: '--subject ',
    },
  };
}

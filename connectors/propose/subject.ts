/** Whose key the records hang on: the column whose values satisfy the check digits of a scheme. */
import { YitongError } from '../../contracts/errors.js';
import type { KeyScheme } from '../../contracts/types.js';
import type { Step } from '../feed.js';
import { count, share, type Answers, type Decision } from './decision.js';
import type { ColumnProfile } from './profile.js';
import { plain, termOf, type Terms } from './terms.js';

export interface SubjectPlan {
  readonly column: string;
  readonly scheme: KeyScheme;
  readonly steps: readonly Step[];
  readonly decision: Decision;
}

interface Candidate {
  readonly column: ColumnProfile;
  readonly scheme: KeyScheme;
  readonly ok: number;
  readonly changed: number;
  /** Of the values that are there. */
  readonly share: number;
  readonly named: boolean;
}

/** Below it a column holds something else; a random number satisfies a Luhn digit one time in ten. */
const ENOUGH = 0.6;
const SURELY = 0.97;

function candidates(columns: Iterable<ColumnProfile>, schemes: ReadonlyMap<string, KeyScheme>, rows: number, terms: Terms): Candidate[] {
  const found: Candidate[] = [];
  for (const column of columns) {
    for (const [id, { ok, changed }] of column.schemes) {
      const scheme = schemes.get(id);
      if (scheme === undefined || column.told === 0 || ok / column.told < ENOUGH || column.told < rows * 0.5) continue;
      const term = termOf(column.title, terms);
      const named = term?.field === id || plain(column.title).includes(plain(id)) || plain(scheme.name.zh) === plain(column.title);
      found.push({ column, scheme, ok, changed, share: ok / column.told, named });
    }
  }
  // firms before people, so that a register of firms is not keyed by their representatives
  const rank = (one: Candidate): number => (one.share >= SURELY ? 4 : 0) + (one.named ? 2 : 0) + (one.scheme.persons ? 0 : 1) + one.share * 0.5 - one.column.number * 1e-4;
  return found.sort((a, b) => rank(b) - rank(a));
}

/** A key of one scheme may begin with one of another: a SIRET with its SIREN. */
function begins(scheme: KeyScheme, other: KeyScheme): number | undefined {
  const length = scheme.make(1).length;
  const fits = [1, 7, 42, 999].every((n) => scheme.parse(other.make(n).slice(0, length)).ok);
  return fits && other.make(1).length > length ? length : undefined;
}

/** @throws YitongError `bad_feed` if no column holds keys, or the one that was named does not */
export function findSubject(columns: ReadonlyMap<string, ColumnProfile>, schemes: ReadonlyMap<string, KeyScheme>, rows: number, terms: Terms, given: Answers['subject']): SubjectPlan {
  const found = candidates(columns.values(), schemes, rows, terms);
  const known = (id: string): KeyScheme => {
    const scheme = schemes.get(id);
    if (scheme === undefined) throw new YitongError('bad_feed', `there is no key scheme \`${id}\`; there are ${[...schemes.keys()].join(', ')}`);
    return scheme;
  };
  const describe = ({ column, ok, changed }: Pick<Candidate, 'column' | 'ok' | 'changed'>, scheme: KeyScheme): string => {
    const wrong = column.told - ok;
    const empty = rows - column.told;
    return (
      `${count(ok, 'value')} of ${column.told.toLocaleString('en')} satisfy ${scheme.standard.split(';')[0]} (${share(ok, column.told)})` +
      `${changed > 0 ? `, ${changed.toLocaleString('en')} of them not in normal form` : ''}; ${wrong + empty === 0 ? 'no row would be quarantined for it' : `${count(wrong + empty, 'row')} would be quarantined${empty > 0 ? `, ${empty.toLocaleString('en')} of them without a value` : ''}`}`
    );
  };
  if (given !== undefined) {
    const column = columns.get(given.column);
    if (column === undefined) throw new YitongError('bad_feed', `there is no column \`${given.column}\`; there are ${[...columns.keys()].map((name) => `\`${name}\``).join(', ')}`);
    const scheme = known(given.scheme);
    const own = column.schemes.get(scheme.id);
    const decided = (reason: string, sure = true): Decision => ({ about: 'subject', proposed: `${given.column}:${given.scheme}`, reason: `as you said; ${reason}`, sure, alternatives: [], option: '--subject ' });
    if (own !== undefined && own.ok > column.told * 0.1) return { column: column.name, scheme, steps: [{ key: scheme.id }], decision: decided(describe({ column, ...own }, scheme)) };
    const longer = found.find((one) => one.column === column && begins(scheme, one.scheme) !== undefined);
    const length = longer === undefined ? undefined : begins(scheme, longer.scheme);
    if (longer !== undefined && length !== undefined) {
      return { column: column.name, scheme, steps: [{ key: longer.scheme.id }, { slice: [0, length] }], decision: decided(`the first ${length} characters of each ${longer.scheme.id}; ${describe(longer, longer.scheme)}`) };
    }
    if (own === undefined || own.ok === 0) throw new YitongError('bad_feed', `no value of \`${given.column}\` is a valid \`${given.scheme}\`, so every row would be quarantined`);
    return { column: column.name, scheme, steps: [{ key: scheme.id }], decision: decided(describe({ column, ...own }, scheme), false) };
  }
  const [best, ...rest] = found;
  if (best === undefined) {
    throw new YitongError(
      'bad_feed',
      `no column holds keys of ${[...schemes.keys()].join(', ')}: a dataset is asked by its subject, so without one it is a code list or statistics, not a register. If a column does, say \`--subject COLUMN:scheme\``,
    );
  }
  const { column, scheme } = best;
  const alternatives = rest.map((one) => `${one.column.name}:${one.scheme.id}`);
  const inside = [...schemes.values()].filter((other) => other !== scheme && begins(other, scheme) !== undefined).map((other) => `${column.name}:${other.id}`);
  // another column with keys that is not plainly the lesser choice leaves the question open, as does a key that holds a shorter one
  const open = rest.some((one) => one.column !== column && one.share >= SURELY && (one.named === best.named || one.scheme.persons === scheme.persons));
  return {
    column: column.name,
    scheme,
    steps: [{ key: scheme.id }],
    decision: {
      about: 'subject',
      proposed: `${column.name}:${scheme.id}`,
      reason: describe(best, scheme),
      sure: best.share >= 0.9 && !open && inside.length === 0,
      alternatives: [...alternatives, ...inside],
      option: '--subject ',
    },
  };
}

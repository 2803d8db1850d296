/** Which column holds what firms are called: it is known by its title, or somebody says it. */
import { type Answers, AS_SAID, because, type Decision, wrongAnswer } from './decision.js';
import type { ColumnProfile } from './profile.js';
import type { SubjectPlan } from './subject.js';
import { isChinese, type Terms, termOf } from './terms.js';

interface FirmPlan {
  /** Column → field, as was said, with that of firms' names. */
  readonly names: ReadonlyMap<string, string>;
  /** Undefined where records are of people, or no column could hold it. */
  readonly decision: Decision | undefined;
}

/** Share of the rows that a column of names is filled in, and of its values that differ. */
const MOST = 0.5;
const SHOWN = 8;

/** Whether it could: words, most of them different; no keys, no dates, nothing by which people are reached. */
function couldBe(column: ColumnProfile, rows: number): boolean {
  const { told, numbers, dates, mobiles, emails, looked, distinct, schemes, personNames, characters } = column;
  if (told < rows * MOST || distinct.estimate < told * MOST || characters > told * 60) return false;
  if (mobiles + emails + personNames > looked * MOST || numbers.integers + numbers.others > told * MOST) return false;
  if ([...schemes.values()].some(({ ok }) => ok > told * 0.1)) return false;
  return (dates.choose()?.fits ?? 0) <= told * MOST;
}

/** @throws YitongError `bad_feed` where the column that was named is not there */
export function findFirm(
  columns: readonly ColumnProfile[],
  { column: subject, derived, scheme }: SubjectPlan,
  rows: number,
  terms: Terms,
  { firm: said, names }: Pick<Answers, 'firm' | 'names'>,
): FirmPlan {
  const term = terms.terms.find(({ firm }) => firm === true);
  if (term === undefined || scheme.persons) return { names, decision: undefined };
  const others = columns.filter(({ name }) => derived || name !== subject);
  const decided = (
    proposed: string,
    zh: string,
    en: string,
    sure: boolean,
    alternatives: readonly string[],
  ): Decision => ({
    about: 'firm',
    proposed,
    ...because({ zh, en }),
    sure,
    alternatives,
    option: '--firm ',
  });
  if (said === null) return { names, decision: decided('none', AS_SAID.zh, AS_SAID.en, true, []) };
  if (said !== undefined) {
    if (!others.some(({ name }) => name === said))
      throw wrongAnswer(
        'firm',
        `\`--firm\`: there is no column \`${said}\` beside the key`,
        '请选择主体标识以外的一列。',
      );
    return {
      names: new Map([...[...names].filter(([, field]) => field !== term.field), [said, term.field]]),
      decision: decided(said, AS_SAID.zh, AS_SAID.en, true, []),
    };
  }
  const known =
    [...names].find(([, field]) => field === term.field)?.[0] ??
    others.find(({ title, name }) => (termOf(title, terms) ?? termOf(name, terms)) === term)?.name;
  const possible = others
    .filter((one) => one.name !== known && couldBe(one, rows))
    // of words that are not known, Chinese ones first, then by their place
    .sort((a, b) => Number(isChinese(b.title)) - Number(isChinese(a.title)) || a.number - b.number)
    .map(({ name }) => name)
    .slice(0, SHOWN);
  if (known !== undefined)
    return {
      names,
      decision: decided(known, '列名是单位名称的常见叫法', 'its title is one that firms’ names have', true, possible),
    };
  if (possible.length === 0) return { names, decision: undefined };
  return {
    names,
    decision: decided(
      'none',
      '没有一列的列名是单位名称的常见叫法',
      'no column has a title that firms’ names have',
      false,
      possible,
    ),
  };
}

/**
 * How long bodies of the log are kept, by class of entry, and what the law asks at least. A term counts in calendar
 * months or years, or in days, from the time that the entry itself names.
 */
import { type Place, YitongError } from '../../../contracts/errors.js';

export type KeepClass = 'releases' | 'use' | 'rest';

interface ClassRule {
  /** Months that the law asks for at least, and as many days as these can have. */
  readonly months: number;
  readonly days: number;
  readonly law: string;
  /** ISO 8601, where `audit.keep` says nothing. */
  readonly default: string;
  readonly describe: string;
}

/** Classes with the rule that sets their shortest term. */
export const keepClasses: Readonly<Record<KeepClass, ClassRule>> = {
  releases: {
    months: 36,
    days: 1096,
    law: '网络数据安全管理条例 Art.12',
    default: 'P3Y',
    describe: 'what was given to whom: `released`, `included`, `issued`',
  },
  use: {
    months: 36,
    days: 1096,
    law: '网络数据安全管理条例 Art.12',
    default: 'P3Y',
    describe: 'what was done with it: `looked`, `verified`',
  },
  rest: {
    months: 6,
    days: 184,
    law: '网络安全法',
    default: 'P6M',
    describe: 'every other entry but those of which the log needs the body to prove itself',
  },
};
export const KEEP_CLASSES = Object.keys(keepClasses) as readonly KeepClass[];

interface Term {
  readonly months: number;
  readonly days: number;
}

/**
 * `P3Y`, `P6M`, `P1Y6M` or `P1096D`; a mixture of days and months has no order and is none. Undefined if `text` is no
 * such term or is empty.
 */
export function parseTerm(text: string): Term | undefined {
  const match = /^P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?$/.exec(text);
  if (match === null) return undefined;
  const [years = 0, months = 0, days = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const term = { months: years * 12 + months, days };
  return term.months > 0 === term.days > 0 ? undefined : term;
}

/** Whether a term is never shorter than the law's. */
const covers = (term: Term, { months, days }: ClassRule): boolean =>
  term.months > 0 ? term.months >= months : term.days >= days;

/** What lies a term before `now`, ms since 1970; where the month has no such day, its last one. */
export function before(now: number, { months, days }: Term): number {
  const date = new Date(now);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.getTime() - days * 86_400_000;
}

/** A term for each class, as `audit.keep` writes it. */
export type Keep = Readonly<Record<KeepClass, string>>;

/**
 * What `audit.keep` says, with the defaults of the classes that it does not name.
 * @throws YitongError `bad_config`; `retention_too_short` where a term is below the law's
 */
export function readKeep(given: Readonly<Partial<Record<KeepClass, string>>>, place?: Place): Keep {
  return Object.fromEntries(
    KEEP_CLASSES.map((name) => {
      const rule = keepClasses[name];
      const text = given[name] ?? rule.default;
      const term = parseTerm(text);
      const at = place === undefined ? {} : { place };
      if (term === undefined)
        throw new YitongError(
          'bad_config',
          `\`audit.keep.${name}\` is a term in years and months or in days, as \`P3Y\`, \`P1Y6M\` or \`P1096D\``,
          at,
        );
      if (!covers(term, rule))
        throw new YitongError(
          'retention_too_short',
          `\`audit.keep.${name}\` is \`${text}\`; ${rule.law} asks for at least \`${rule.default}\``,
          at,
        );
      return [name, text];
    }),
  ) as Record<KeepClass, string>;
}

/** ms since 1970, exclusive, by class. */
export type Cutoffs = Readonly<Record<KeepClass, number>>;

/** Up to where the terms of `keep` are over at `now`, and not beyond `limit`. */
export const cutoffs = (keep: Keep, now: number, limit = Infinity): Cutoffs =>
  Object.fromEntries(
    KEEP_CLASSES.map((name) => [
      name,
      Math.min(limit, before(now, parseTerm(keep[name]) ?? { months: 1200, days: 0 })),
    ]),
  ) as Record<KeepClass, number>;

/** The latest that the law lets any order of `now` reach. */
export const lawfulCutoffs = (now: number): Cutoffs =>
  Object.fromEntries(
    KEEP_CLASSES.map((name) => [name, before(now, { months: keepClasses[name].months, days: 0 })]),
  ) as Record<KeepClass, number>;

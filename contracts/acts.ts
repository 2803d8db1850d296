/**
 * Acts that a workspace cites: `contracts/acts.json`. An act of which the text was read says when it is in force and
 * which of its articles matter; of any other a citation is an example and says so, 食品安全法第三十五条（示例）. The same file is
 * what citations are checked against.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from './files.js';
import { shape } from './validate.js';

/** `YYYY-MM-DD`. */
type Day = string;

interface Act {
  readonly name: string;
  /** The day of the text that was read. */
  readonly text: Day;
  /** That text is in force from this day, and, where it was replaced, up to and including `until`. */
  readonly from: Day;
  readonly until?: Day;
  /** Number of its last article. */
  readonly last: number;
  readonly note?: string;
  /** Absent: it is of another rank, or nobody said so. */
  readonly rank?: Rank;
  /** By number, what it is about and how many paragraphs (款) it has. Only these may be cited. */
  readonly articles: Readonly<Record<string, { readonly about: string; readonly paragraphs: number }>>;
}

/** Of an act that may keep data of one department from others (政务数据共享条例 Art.14(3)). */
type Rank = 'law' | 'administrative-regulation' | 'state-council-decision';

export interface Acts {
  /** Of one act there may be several texts, each with its own time. */
  readonly acts: readonly Act[];
  /**
   * Acts of which the text was not read: their full names, and since when the present text is in force where that is
   * known.
   */
  readonly examples: readonly {
    readonly name: string;
    readonly from?: Day;
    readonly note?: string;
    readonly rank?: Rank;
  }[];
}

const day = { type: 'string', format: 'date' };
const word = { type: 'string', minLength: 1 };
const strict = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  properties,
});
const number = { type: 'integer', minimum: 1, maximum: 999 };
const rank = { enum: ['law', 'administrative-regulation', 'state-council-decision'] };
const check = shape<Acts>(
  strict({
    acts: {
      type: 'array',
      items: strict(
        {
          name: word,
          text: day,
          from: day,
          until: day,
          last: number,
          note: word,
          rank,
          articles: {
            type: 'object',
            additionalProperties: false,
            patternProperties: { '^[1-9][0-9]{0,2}$': strict({ about: word, paragraphs: number }) },
          },
        },
        ['until', 'note', 'rank'],
      ),
    },
    examples: { type: 'array', items: strict({ name: word, from: day, note: word, rank }, ['from', 'note', 'rank']) },
  }),
  'bad_workspace',
);

/** Of all layers together; undefined where none has one. @throws YitongError `bad_workspace` */
export async function loadActs(layers: readonly string[]): Promise<Acts | undefined> {
  const files = layers.map((layer) => join(layer, 'contracts', 'acts.json')).filter((path) => existsSync(path));
  if (files.length === 0) return undefined;
  const read = await Promise.all(files.map(async (file) => check(await readJson(file, 'bad_workspace'), { file })));
  return { acts: read.flatMap(({ acts }) => acts), examples: read.flatMap(({ examples }) => examples) };
}

const DIGITS = '零一二三四五六七八九';
/** 一百一十五 → 115; undefined for what is no number below 1000. */
export function numberOf(text: string): number | undefined {
  const parts = /^(?:([一二三四五六七八九])百)?(?:(零)|([一二三四五六七八九]?)十)?([一二三四五六七八九])?$/.exec(text);
  if (parts === null || text === '') return undefined;
  const [, hundreds = '', , tens, ones = ''] = parts;
  return (
    DIGITS.indexOf(hundreds || '零') * 100 +
    (tens === undefined ? 0 : tens === '' ? 1 : DIGITS.indexOf(tens)) * 10 +
    DIGITS.indexOf(ones || '零')
  );
}

const NUMBER = '[零一二三四五六七八九十百]+';
const PLACE = `第(${NUMBER})条(?:第(${NUMBER})款)?(?:第(${NUMBER})项)?`;
const WHOLE = new RegExp(`^(.+?) ?(${PLACE}(?:、${PLACE})*)?$`);

/** When something was decided or is to hold: a citation has to be in force on both days. */
export interface When {
  readonly from: Day;
  readonly until?: Day;
}

const inForce = (act: Act, { from, until = from }: When): boolean =>
  act.from <= from && (act.until === undefined || act.until >= until);

/** What is wrong with an article of an act at that time; undefined: nothing. `paragraph` and `item` count from 1. */
export function articleProblem(
  name: string,
  article: number,
  acts: Acts,
  when: When,
  paragraph?: number,
  item?: number,
): string | undefined {
  const texts = acts.acts.filter((act) => act.name === name);
  const act = texts.find((one) => inForce(one, when));
  if (texts.length > 0 && act === undefined)
    return `the text of ${name} that was read is not in force from ${when.from} to ${when.until ?? when.from}`;
  if (act === undefined) return `${name} is no act of contracts/acts.json under its full name`;
  const known = act.articles[String(article)];
  if (article > act.last) return `${name} has ${String(act.last)} articles, and no ${String(article)}`;
  if (known === undefined)
    return `contracts/acts.json does not say what article ${String(article)} of ${name} is about`;
  if (paragraph !== undefined && paragraph > known.paragraphs)
    return (
      `article ${String(article)} of ${name} has ${String(known.paragraphs)} paragraphs, and no ` +
      `${String(paragraph)}`
    );
  if (item !== undefined && paragraph === undefined && known.paragraphs > 1)
    return `item ${String(item)} of article ${String(article)} of ${name} does not say of which paragraph`;
  return undefined;
}

/**
 * What is wrong with a legal basis as contracts, policies and feeds state it; undefined: nothing. It names an act in
 * full and its articles (上海市社会信用条例第三十六条第二款第一项), or carries （示例）.
 */
export function basisProblem(text: string, acts: Acts, when: When): string | undefined {
  const example = text.includes('（示例）');
  const [, name = '', where] = WHOLE.exec(text.replace(/（示例）.*$/, '')) ?? [];
  // a name without its 上海市 is another act’s, or nobody’s, also as an example
  const longer = acts.acts.find((act) => act.name !== name && act.name.endsWith(name));
  if (name !== '' && longer !== undefined) return `${name} is not the full name of ${longer.name}`;
  if (example) return undefined;
  if (acts.examples.some((one) => one.name === name))
    return `the text of ${name} was not read: the citation has to carry （示例）`;
  if (where === undefined)
    return acts.acts.some((act) => act.name === name)
      ? `${name} is cited without an article`
      : `it names no act of contracts/acts.json: ${text}`;
  for (const [, article = '', paragraph, item] of where.matchAll(new RegExp(PLACE, 'g'))) {
    const [a, p, i] = [article, paragraph, item].map((part) => (part === undefined ? undefined : numberOf(part)));
    if (a === undefined) return `${article} is no number`;
    const problem = articleProblem(name, a, acts, when, p, i);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The act that a legal basis names, in full; all of it where it names no article. */
export function actOf(basis: string): string {
  const whole = basis.replace(/（示例）.*$/, '');
  return WHOLE.exec(whole)?.[1] ?? whole;
}

/** It says which kinds of data there are, and forbids none of them itself. */
const KINDS_ONLY = '政务数据共享条例';

/**
 * Why these bases do not keep an entry from being shared; undefined: one of them does. It takes a law, an
 * administrative regulation or a decision of the State Council that says so (政务数据共享条例 Art.14(3), 15(2)).
 */
export function forbidsProblem(basis: readonly string[], acts: Acts, when: When): string | undefined {
  const problems = basis.flatMap((text) => basisProblem(text, acts, when) ?? []);
  if (problems.length > 0) return problems.join('; ');
  const ranked = [...acts.acts, ...acts.examples].filter(({ name, rank }) => rank !== undefined && name !== KINDS_ONLY);
  return basis.some((text) => ranked.some(({ name }) => text.startsWith(name)))
    ? undefined
    : 'no basis is a law, an administrative regulation or a decision of the State Council that keeps it from others';
}

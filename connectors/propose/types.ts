/**
 * Which type fits what a column holds, and the steps that read it. Where digits would be lost, or day and month could
 * be confused, it stays text.
 */
import type { AvroSchema, Localised } from '../../contracts/types.js';
import type { Step } from '../feed.js';
import type { DateChoice } from './dates.js';
import {
  type Answers,
  AS_SAID,
  asSaid as alsoSaid,
  because,
  count,
  type Decision,
  share,
  wrongAnswer,
} from './decision.js';
import { NUMBER_STYLES, type NumberStyle } from './numbers.js';
import { type ColumnProfile, lostZeros } from './profile.js';
import { hasWord, plain, type Terms, termOf } from './terms.js';
import { simplified } from './traditional.js';

export type FieldType =
  | { readonly kind: 'text' | 'int' | 'long' | 'double' | 'date' | 'timestamp' | 'boolean' | 'texts' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number };

interface TypePlan {
  readonly type: FieldType;
  readonly steps: readonly Step[];
  readonly decision: Decision;
  /** What a person may want to know, but need not decide. */
  readonly hints: readonly string[];
}

export function avroType(type: FieldType): AvroSchema {
  switch (type.kind) {
    case 'text':
      return 'string';
    case 'texts':
      return { type: 'array', items: 'string' };
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'timestamp':
      return { type: 'long', logicalType: 'timestamp-millis' };
    case 'decimal':
      return { type: 'bytes', logicalType: 'decimal', precision: type.precision, scale: type.scale };
    case 'int':
    case 'long':
    case 'double':
    case 'boolean':
      return type.kind;
  }
}

/** Nothing more to say. */
const PLAIN: Localised = { zh: '文本', en: 'text' };

const PARTS: readonly (readonly [RegExp, string])[] = [
  [/yyyy/g, '年'],
  [/MM?/g, '月'],
  [/dd?/g, '日'],
  [/HH?/g, '时'],
  [/mm/g, '分'],
  [/ss/g, '秒'],
  [/T/g, ' '],
];

/** Forms of dates without their letters: `日/月/年`. */
export const inChinese = (forms: readonly string[]): string => {
  const words = forms.map((form) =>
    form === 'iso'
      ? '国际标准格式'
      : PARTS.reduce((text, [part, word]) => text.replace(part, word), form.replace(/[年月日]/g, '')),
  );
  return [...new Set(words)].join('或');
};

/** Nearly all values fit; the few others then cost their rows, which is shown. */
const ENOUGH = 0.995;
const MAX_INT = 2_147_483_647;
/** Digits that a computer's number keeps. */
const EXACT_DIGITS = 15;
const DATE_WORDS = ['日期', '时间', '年月日', 'date', 'data', 'day', 'jour', 'datum', 'on', 'dt'];

export const spokenType = (type: FieldType): string =>
  type.kind === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.kind;

function textSteps(column: ColumnProfile): readonly Step[] {
  return column.spaced > 0 ? ['squeeze', 'trim'] : ['trim'];
}

const nullIf = (column: ColumnProfile): readonly Step[] =>
  column.unsure.size === 0 ? [] : [{ nullIf: [...column.unsure.keys()] }];
const dateStep = ({ forms }: Pick<DateChoice, 'forms'>): Step => ({
  date: forms.length === 1 ? (forms[0] ?? 'iso') : forms,
});

class Choice {
  readonly hints: string[] = [];
  private readonly about: string;
  constructor(
    readonly column: ColumnProfile,
    field: string,
  ) {
    this.about = `${field} type`;
  }

  make(
    type: FieldType,
    steps: readonly Step[],
    reason: Localised,
    sure = true,
    alternatives: readonly string[] = [],
    option = `--type ${this.column.name}=`,
  ): TypePlan {
    return {
      type,
      steps,
      hints: this.hints,
      decision: { about: this.about, proposed: spokenType(type), ...because(reason), sure, alternatives, option },
    };
  }

  text(reason: Localised, sure = true, alternatives: readonly string[] = [], option?: string): TypePlan {
    for (const [word, times] of this.column.unsure)
      this.hints.push(
        `\`${word}\` stands in ${count(times, 'cell')}; if it means "no value", add {"nullIf":["${word}"]} to ` +
          'its steps',
      );
    return this.make({ kind: 'text' }, textSteps(this.column), reason, sure, alternatives, option);
  }
}

/**
 * The styles that read all that any of them reads; more than one kind of decimal sign among them cannot be told apart.
 */
function numberStyle({
  numbers,
}: ColumnProfile):
  | { readonly at: number; readonly style: NumberStyle; readonly torn: readonly NumberStyle[] }
  | undefined {
  const most = Math.max(...numbers.styles);
  if (most === 0) return undefined;
  const fitting = NUMBER_STYLES.flatMap((style, at) => (numbers.styles[at] === most ? [{ style, at }] : []));
  const [best] = fitting;
  if (best === undefined) return undefined;
  const torn = fitting
    .filter(({ style, at }) => numbers.scales[at] !== numbers.scales[best.at] || style.group === best.style.decimal)
    .map(({ style }) => style);
  return { ...best, torn };
}

const spokenStyle = ({ decimal, group }: NumberStyle): Localised => ({
  zh: `小数点为“${decimal}”${group === undefined ? '' : `，千分位为“${group}”`}`,
  en: `decimal sign \`${decimal}\`${group === undefined ? '' : `, groups by \`${group}\``}`,
});

const n = (of: number): string => of.toLocaleString('en');
const percent = (part: number, whole: number): string => share(part, whole).replace(' ', '');

function ofNumbers(choice: Choice, terms: Terms): TypePlan | undefined {
  const { column } = choice;
  const { numbers, told } = column;
  const fits = numbers.integers + numbers.others;
  if (fits < told * ENOUGH) return undefined;
  const title = plain(column.title);
  if (numbers.leadingZeros > 0)
    return choice.text({
      zh: `均为数字，但 ${n(told)} 个值中有 ${n(numbers.leadingZeros)} 个以零开头，按数值读取会丢失`,
      en:
        `digits, but ${count(numbers.leadingZeros, 'value')} of ${told.toLocaleString('en')} begin with 0, which ` +
        'a number would lose',
    });
  if (numbers.longestDigits > EXACT_DIGITS)
    return choice.text({
      zh: `均为数字，最长 ${numbers.longestDigits} 位，超出数值能精确保存的位数`,
      en: `digits, up to ${numbers.longestDigits} of them: more than a number keeps`,
    });
  if (column.mobiles > column.looked * 0.5)
    return choice.text({
      zh: '电话号码，不作加减',
      en: 'telephone numbers: digits that are dialled, not added up',
    });
  const word = hasWord(title, terms.codeWords);
  if (word !== undefined || termOf(column.title, terms)?.text === true)
    return choice.text({
      zh: `均为数字，但${word === undefined ? '这一列是编号' : `列名中有“${word}”`}，不是数量`,
      en:
        'digits that name something (' +
        (word === undefined ? 'the title is known as a code' : `\`${word}\` in the title`) +
        '), not an amount',
    });
  if (numbers.others === 0) {
    const type: FieldType = { kind: numbers.largest > MAX_INT ? 'long' : 'int' };
    const distinct = column.distinct.estimate;
    if (
      told > 20 &&
      distinct > told * 0.5 &&
      numbers.largest >= 10_000 &&
      String(numbers.largest).length >= 5 &&
      termOf(column.title, terms) === undefined &&
      numbers.integers === told &&
      column.characters === told * numbers.longestDigits
    ) {
      return choice.text(
        {
          zh: `每个值都是 ${numbers.longestDigits} 位数字且大多互不相同，像是编号；编号不作加减`,
          en:
            `each has ${numbers.longestDigits} digits and most differ, as codes do; as a number it could be added ` +
            'up, which a code never is',
        },
        false,
        [type.kind],
      );
    }
    return choice.make(type, [...nullIf(column), { integer: true }], {
      zh: `${percent(numbers.integers, told)} 的值是整数，最长 ${numbers.longestDigits} 位`,
      en: `whole numbers of at most ${numbers.longestDigits} digits in ${share(numbers.integers, told)} of the values`,
    });
  }
  const style = numberStyle(column);
  if (style === undefined) return undefined;
  if (style.torn.length > 0) {
    return choice.text(
      {
        zh: `均为数值，但看不出其中的符号是千分位还是小数点（${[style.style, ...style.torn]
          .map((one) => spokenStyle(one).zh)
          .join('；或者')}）`,
        en:
          'numbers, but nobody can see whether the sign in them divides groups or decimals ' +
          `(${[style.style, ...style.torn].map((one) => spokenStyle(one).en).join('; or ')})`,
      },
      false,
      ['decimal'],
    );
  }
  const scale = numbers.scales[style.at] ?? 2;
  if (scale > 8)
    return choice.make({ kind: 'double' }, [...nullIf(column), { number: style.style }], {
      zh: `数值，最多 ${scale} 位小数`,
      en: `numbers with up to ${scale} decimals`,
    });
  const whole = Math.max(numbers.wholes[style.at] ?? 0, numbers.longestDigits);
  const type: FieldType = { kind: 'decimal', precision: whole + scale > 16 ? 38 : 18, scale: Math.max(2, scale) };
  return choice.make(type, [...nullIf(column), { number: style.style }], {
    zh: `数值，${spokenStyle(style.style).zh}，最多 ${scale} 位小数`,
    en: `numbers, ${spokenStyle(style.style).en}, at most ${scale} decimals`,
  });
}

function ofDates(choice: Choice, monthFirst: boolean | undefined, terms: Terms): TypePlan | undefined {
  const { column } = choice;
  const { dates, told } = column;
  const found = dates.choose(monthFirst);
  if (found === undefined || found.fits < told * ENOUGH) return undefined;
  const option = `--date-format ${column.name}=`;
  const spoken = found.forms.join(' or ');
  if (found.otherwise.length > 0 && monthFirst === undefined) {
    return choice.text(
      {
        zh: `均为日期，但看不出日和月哪个在前：按“${inChinese(found.forms)}”和“${inChinese(found.otherwise)}”都读得通`,
        en:
          `dates, but day and month may change places: all of them are days both as ${spoken} and as ` +
          `${found.otherwise.join(', ')}`,
      },
      false,
      [...found.forms, ...found.otherwise],
      option,
    );
  }
  if (
    found.forms.every((form) => form === 'yyyyMMdd') &&
    hasWord(plain(column.title), DATE_WORDS) === undefined &&
    termOf(column.title, terms) === undefined
  ) {
    return choice.text(
      {
        zh: '均为八位数字，可能是日期，但列名没有这样说',
        en: 'eight digits that could be days, but the title does not say so',
      },
      false,
      found.forms,
      option,
    );
  }
  for (const [day, times] of dates.sentinels) {
    if (times >= 3)
      choice.hints.push(
        `the day ${day} stands in ${count(times, 'row')}; if it means "not known", add {"nullIf":["${day}"]} ` +
          'to its steps',
      );
  }
  return choice.make(
    { kind: found.timed ? 'timestamp' : 'date' },
    [...nullIf(column), dateStep(found)],
    {
      zh:
        `${percent(found.fits, told)} 的值是${found.timed ? '时间' : '日期'}，写作“${inChinese(found.forms)}”` +
        (found.otherwise.length > 0 ? '，日和月的先后与其他列一致' : ''),
      en:
        `${share(found.fits, told)} of the values are ${found.timed ? 'times' : 'days'} of the form ` +
        `${spoken}${found.otherwise.length > 0 ? ', days before months or after as in the other columns' : ''}`,
    },
    true,
    [],
    option,
  );
}

function ofWords(choice: Choice, terms: Terms): TypePlan | undefined {
  const { values } = choice.column;
  if (values?.size !== 2) return undefined;
  const words = [...values.keys()];
  const written = terms.booleans.map((pair) =>
    pair.map((word) => words.find((one) => one === word || simplified(one) === word)),
  );
  const [yes, no] = written.find(([a, b]) => a !== undefined && b !== undefined) ?? [];
  if (yes === undefined || no === undefined) return undefined;
  return choice.make({ kind: 'boolean' }, [{ boolean: { true: [yes], false: [no] } }], {
    zh: `只有“${yes}”和“${no}”两种值`,
    en: `only \`${yes}\` and \`${no}\` occur`,
  });
}

const KINDS = ['text', 'int', 'long', 'double', 'decimal', 'date', 'timestamp', 'boolean'] as const;

function asSaid(choice: Choice, given: string, terms: Terms): TypePlan {
  const { column } = choice;
  const kind = KINDS.find((known) => known === given);
  if (kind === undefined)
    throw wrongAnswer(
      `${column.name} type`,
      `\`--type\` is one of ${KINDS.join(', ')}, not \`${given}\``,
      '没有这种取值类型。',
    );
  switch (kind) {
    case 'text':
      return choice.text(AS_SAID);
    case 'int':
    case 'long':
      return choice.make({ kind }, [...nullIf(column), { integer: true }], AS_SAID);
    case 'double':
    case 'decimal': {
      const style = numberStyle(column)?.style ?? { decimal: '.' };
      const at = NUMBER_STYLES.indexOf(style);
      return choice.make(
        kind === 'double' ? { kind } : { kind, precision: 18, scale: Math.max(2, column.numbers.scales[at] ?? 0) },
        [...nullIf(column), { number: style }],
        alsoSaid(spokenStyle(style)),
      );
    }
    case 'date':
    case 'timestamp': {
      const found = column.dates.choose() ?? { forms: ['iso'] };
      return choice.make(
        { kind },
        [...nullIf(column), dateStep(found)],
        alsoSaid({ zh: `读作“${inChinese(found.forms)}”`, en: `read as ${found.forms.join(' or ')}` }),
      );
    }
    case 'boolean': {
      const made = ofWords(choice, terms);
      if (made === undefined)
        throw wrongAnswer(
          `${column.name} type`,
          `\`${column.name}\` does not hold one of the pairs of words that are known as yes and no; write its ` +
            'mapping by hand (docs/mapping.md)',
          `“${column.name}”中不是认得的一对“是、否”用词，请选其他取值，或交技术人员填写。`,
        );
      return made;
    }
  }
}

interface TypeContext {
  readonly terms: Terms;
  readonly answers: Answers;
  /** How the source's other dates are written, where they tell. */
  readonly monthFirst: boolean | undefined;
  /** The source itself says that it is text. */
  readonly text: boolean;
}

export function typeOf(
  column: ColumnProfile,
  field: string,
  { terms, answers, monthFirst, text }: TypeContext,
): TypePlan {
  const choice = new Choice(column, field);
  const form = answers.dateFormats.get(column.name) ?? answers.dateFormats.get(field);
  if (form !== undefined)
    return choice.make(
      {
        kind:
          form === 'iso'
            ? column.dates.choose()?.timed === true
              ? 'timestamp'
              : 'date'
            : form.includes('H')
              ? 'timestamp'
              : 'date',
      },
      [...nullIf(column), { date: form }],
      alsoSaid({ zh: `读作“${inChinese([form])}”`, en: form }),
    );
  const given = answers.types.get(column.name) ?? answers.types.get(field);
  if (given !== undefined) return asSaid(choice, given, terms);
  const { told } = column;
  if (column.lists > 0) return choice.make({ kind: 'texts' }, [], { zh: '一格多值', en: 'lists of plain values' });
  if (told === 0)
    return choice.text({
      zh: '全部为空，文本可以容纳以后的任何内容',
      en: 'no value in the whole file; text can hold whatever comes',
    });
  if (column.booleans === told)
    return choice.make({ kind: 'boolean' }, [], { zh: '均为真、假值', en: 'true and false' });
  const key = [...column.schemes].find(([, tally]) => tally.ok + (lostZeros(tally) ? tally.mended : 0) >= told * 0.9);
  if (key !== undefined) return choice.text({ zh: '主体标识按文本保存', en: `a key (${key[0]}) is text` });
  const numbers = text ? undefined : ofNumbers(choice, terms);
  if (text && column.numbers.integers + column.numbers.others === told)
    return choice.text({
      zh: '数据表以文本保存，虽然均为数字',
      en: 'the table holds it as text, though all are digits',
    });
  const codes =
    column.values !== undefined &&
    column.values.size <= 12 &&
    told > 50 &&
    hasWord(plain(column.title), terms.personWords) === undefined;
  return (
    ofDates(choice, monthFirst, terms) ??
    numbers ??
    ofWords(choice, terms) ??
    choice.text(
      codes && column.values !== undefined
        ? {
            zh: `文本；只有 ${column.values.size} 种值，可以做成代码表`,
            en:
              `text; only ${count(column.values.size, 'value occurs', 'values occur')}, ` +
              'so a code list could hold them',
          }
        : PLAIN,
    )
  );
}

/** A column that tells records apart and has no value in some rows: a key is never null, but a text may be empty. */
export function asKeyText(column: ColumnProfile, field: string, before: FieldType): TypePlan {
  const choice = new Choice(column, field);
  return choice.make(
    { kind: 'text' },
    textSteps(column),
    {
      zh: '用来区分记录，而有的行没有值；按文本读取时，这些行记为空文本，不会丢失',
      en:
        `it tells records apart, and rows that lack it would be lost as ${spokenType(before)}; as text they have ` +
        'the empty one',
    },
    false,
    [spokenType(before).replace(/\(.*/, '')],
  );
}

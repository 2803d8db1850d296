/**
 * What somebody said in their own words to one question, read by the declared type of its answer and by nothing else.
 * What cannot be read surely is not read: then the question is asked again. The texts that come out are what a form
 * would send for it, and go through the same checks.
 */
import { amountsIn, numberIn } from './amounts.js';
import { plainText } from './features.js';

export interface Spoken {
  readonly type: string;
  /** Of a code or several: what may be chosen. */
  readonly choices: readonly { readonly value: string; readonly title: string }[];
  /** Several of them may be chosen. */
  readonly many: boolean;
  /** Of an element: what its value is of, where a sentence can say it. */
  readonly slot?: string | undefined;
  /** What stands for "I do not know", where that is an answer. */
  readonly notKnown?: string | undefined;
}

const YES = /^(?:是|对|有|要|会|好|行|用|能|想|需要|可以|当然|肯定|打算|准备|嗯|yes\b)/u;
const NO = /^(?:不|没|无|否|no\b)/u;
/** Begins as a denial and is none, or none that is sure. */
const UNSURE = /不一定|不好说|不错|没问题|没关系|没想好|无所谓|没定|看情况|也许|可能|或许/u;
const NOT_KNOWN = /不清楚|不知道|不确定|不晓得|说不准/u;
const DENIES = /[不没否无非别未除]/u;
const BETWEEN = /[、，,；;。.!！\s]+|以及|还有|或者|和|跟|与/u;

const clausesOf = (text: string): readonly string[] =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .split(/[，,。.!！?？；;\s]+/u)
    .filter((clause) => clause !== '');

/** What is denied twice, or half, is neither. */
function yesOrNo(text: string): string | undefined {
  const [first = '', ...others] = clausesOf(text);
  if (UNSURE.test(text) || NOT_KNOWN.test(text)) return undefined;
  const denials = first.match(new RegExp(DENIES, 'gu'))?.length ?? 0;
  if (NO.test(first) && denials <= 1) return 'no';
  return YES.test(first) && denials === 0 && others.every((clause) => !DENIES.test(clause)) ? 'yes' : undefined;
}

/** The one choice that a part of what was said names. */
function choiceIn(part: string, choices: Spoken['choices']): string | undefined {
  const said = plainText(part);
  if (said === '') return undefined;
  const titles = choices.map(({ value, title }) => ({ value, title: plainText(title) }));
  const whole = titles.filter(({ title }) => title === said);
  const named = whole.length > 0 ? whole : titles.filter(({ title }) => said.includes(title));
  const begun = named.length > 0 || said.length < 2 ? named : titles.filter(({ title }) => title.includes(said));
  return begun.length === 1 ? begun[0]?.value : undefined;
}

function choicesIn(text: string, choices: Spoken['choices'], many: boolean): readonly string[] | undefined {
  if (DENIES.test(text) && !choices.some(({ title }) => title === text.trim())) return undefined;
  if (!many) {
    const one = choiceIn(text, choices);
    return one === undefined ? undefined : [one];
  }
  const found = text.split(BETWEEN).flatMap((part) => (part === '' ? [] : [choiceIn(part, choices)]));
  return found.length === 0 || found.includes(undefined) ? undefined : [...new Set(found as string[])];
}

/**
 * @param now ms since 1970
 * @returns undefined: not understood
 */
export function spokenAnswer(text: string, spoken: Spoken, now: number): readonly string[] | undefined {
  const { type, choices, many, slot, notKnown } = spoken;
  if (notKnown !== undefined && NOT_KNOWN.test(text)) return [notKnown];
  const only = (values: readonly string[]): readonly string[] | undefined =>
    new Set(values).size === 1 ? values.slice(0, 1) : undefined;
  switch (type) {
    case 'yes-no': {
      const said = yesOrNo(text);
      return said === undefined ? undefined : [said];
    }
    case 'code':
    case 'codes':
      return choicesIn(text, choices, many);
    case 'integer':
    case 'decimal': {
      const amounts = amountsIn(text, now).filter(({ kind }) => kind === slot);
      if (amounts.length > 0) return only(amounts.map(({ value }) => value));
      const number = numberIn(text);
      return number === undefined ? undefined : [String(number)];
    }
    case 'date':
      return only(amountsIn(text, now).flatMap(({ kind, value }) => (kind === 'date' ? [value] : [])));
    default:
      return [text];
  }
}

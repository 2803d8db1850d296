import { YitongError } from '../../contracts/errors.js';
import type { Localised } from '../../contracts/localised.js';

/** One thing that was found out or has to be decided, with its reason: nothing is guessed in silence. */
export interface Decision {
  /** `charset`, `subject`, `key`, or a field's path with what of it: `capital type`. */
  readonly about: string;
  readonly proposed: string;
  readonly reason: string;
  /** The same in Chinese, without a code or a word of another language that is not the source's own. */
  readonly zh: string;
  /** False: it may well be otherwise. Such a proposal is shown with a `?`, and is the careful one. */
  readonly sure: boolean;
  readonly alternatives: readonly string[];
  /** What says it otherwise, with the alternative at its end: `--charset `. */
  readonly option: string;
}

/** What a person has said already. Columns are named as the source has them, fields by their name in the schema. */
export interface Answers {
  readonly authority?: string;
  readonly dataset?: string;
  readonly subject?: { readonly column: string; readonly scheme: string };
  /** Fields or columns; empty: a subject has one record. */
  readonly key?: readonly string[];
  /** Whether keys that are digits, but too few of them, get zeros before them. */
  readonly zeros?: 'pad' | 'keep';
  readonly charset?: string;
  readonly delimiter?: string;
  readonly header?: 'first' | 'none';
  readonly sheet?: string;
  readonly items?: string;
  /**
   * Of a database: `table` or `schema.table`, the columns that tell its rows apart, the one that says when a row was
   * changed (`none`).
   */
  readonly table?: string;
  readonly rowKey?: readonly string[];
  readonly updated?: string;
  /** Column → date form. */
  readonly dateFormats: ReadonlyMap<string, string>;
  /** Column or field → kind of type. */
  readonly types: ReadonlyMap<string, string>;
  /** Field or column → classification. */
  readonly classes: ReadonlyMap<string, string>;
  /** Column → field. */
  readonly names: ReadonlyMap<string, string>;
  /** The column that holds what firms are called; null: none does. */
  readonly firm?: string | null;
  /** Rows that have left though the source still has them: a column and what it says of them; null: there are none. */
  readonly gone?: { readonly column: string; readonly values: readonly string[] } | null;
}

/** A reason as a decision has it. */
export const because = ({ zh, en }: Localised): Pick<Decision, 'reason' | 'zh'> => ({ reason: en, zh });

export const AS_SAID: Localised = { zh: '已由您说明', en: 'as you said' };

/** With what there is to say of it. */
export const asSaid = ({ zh, en }: Localised): Localised => ({
  zh: `${AS_SAID.zh}；${zh}`,
  en: `${AS_SAID.en}; ${en}`,
});

/**
 * What somebody said cannot be, or has to be said.
 * @param about as the decision that it answers
 * @param words in Chinese, where the message does in English; else in both
 */
export function wrongAnswer(about: string, message: string, words: string | Localised, cause?: unknown): YitongError {
  const { zh, en } = typeof words === 'string' ? { zh: words, en: message.replace(/^`--[^`]+`: /, '') } : words;
  return new YitongError('bad_feed', message, {
    ...(cause === undefined ? {} : { cause }),
    faults: { [about]: { zh, en: en.charAt(0).toUpperCase() + en.slice(1) } },
  });
}

export const share = (part: number, whole: number): string =>
  whole === 0
    ? '0 %'
    : part === whole
      ? '100 %'
      : part === 0
        ? '0 %'
        : `${Math.min(99.9, Math.max(0.1, Math.round((part / whole) * 1000) / 10))} %`;
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

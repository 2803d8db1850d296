/**
 * Words of administrative registers, `terms.json`: how a title is called in a schema, and what its name alone says.
 * Data, so that a word is added without code.
 */
import { readJson } from '../../contracts/files.js';
import { CLASSIFICATIONS, type Classification } from '../../contracts/types.js';
import { shape } from '../../contracts/validate.js';
import { simplified } from './traditional.js';

export interface Term {
  /** Avro name. */
  readonly field: string;
  readonly en: string;
  readonly zh: string;
  readonly classification: Classification;
  /** Titles, compared by `plain`. */
  readonly match: readonly string[];
  /** Digits here are a code, never a number. */
  readonly text?: true;
  /** The name of a firm; where subjects are people it would be theirs. */
  readonly firm?: true;
}

export interface Terms {
  readonly terms: readonly Term[];
  /** Chinese words out of which a longer title is put together. */
  readonly parts: Readonly<Record<string, string>>;
  /** Cells that mean "no value", surely or perhaps. */
  readonly nulls: { readonly sure: readonly string[]; readonly unsure: readonly string[] };
  readonly booleans: readonly (readonly [string, string])[];
  readonly codeWords: readonly string[];
  readonly personWords: readonly string[];
  readonly sensitiveWords: readonly string[];
  /** First characters of most Chinese names. */
  readonly surnames: string;
}

const texts = { type: 'array', items: { type: 'string', minLength: 1 } };
const check = shape<Terms>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['terms', 'parts', 'nulls', 'booleans', 'codeWords', 'personWords', 'sensitiveWords', 'surnames'],
    properties: {
      terms: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['field', 'en', 'zh', 'classification', 'match'],
          properties: {
            field: { type: 'string', pattern: '^[a-z][A-Za-z0-9]*$' },
            en: { type: 'string', minLength: 1 },
            zh: { type: 'string', minLength: 1 },
            classification: { enum: [...CLASSIFICATIONS] },
            match: texts,
            text: { const: true },
            firm: { const: true },
          },
        },
      },
      parts: { type: 'object', additionalProperties: { type: 'string' } },
      nulls: {
        type: 'object',
        additionalProperties: false,
        required: ['sure', 'unsure'],
        properties: { sure: texts, unsure: texts },
      },
      booleans: { type: 'array', items: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 } },
      codeWords: texts,
      personWords: texts,
      sensitiveWords: texts,
      surnames: { type: 'string' },
    },
  },
  'bad_config',
);

/** @throws YitongError `bad_config` */
export const readTerms = async (file: string): Promise<Terms> => check(await readJson(file, 'bad_config'), { file });

/**
 * Titles as they are compared: without accents, brackets and what stands in them, punctuation; in simplified
 * characters; lower case, single spaces.
 */
export const plain = (title: string): string =>
  simplified(title.normalize('NFKD'))
    .replace(/\p{M}/gu, '')
    .replace(/[([{【].*?[)\]}】]/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

const CJK = /\p{Script=Han}/u;
export const isChinese = (text: string): boolean => CJK.test(text);

/** Whether a plain title has one of these words: Chinese ones anywhere, others as whole words. */
export function hasWord(title: string, words: readonly string[]): string | undefined {
  const padded = ` ${title} `;
  return words.find((word) => (isChinese(word) ? title.includes(word) : padded.includes(` ${plain(word)} `)));
}

export function termOf(title: string, { terms }: Terms): Term | undefined {
  const wanted = plain(title);
  return wanted === '' ? undefined : terms.find(({ match }) => match.some((word) => plain(word) === wanted));
}

/**
 * What a key scheme looks like that a workspace declares, `contracts/subjects/<id>.json`: data, so that a city's own
 * number needs no code.
 */
import { localisedSchema } from '../contract.js';
import { CLASSIFICATIONS, type Classification, type Localised } from '../types.js';
import { shape } from '../validate.js';

/** One check over the characters of a key. Places count from 1. */
export interface Check {
  /** It holds for keys that begin so, or for all but those. */
  readonly only?: readonly string[];
  readonly unless?: readonly string[];
  /** The first place that is weighed; default 1. Each further weight is for the next place. */
  readonly from?: number;
  readonly weights: readonly number[];
  /** What a character counts: its place in the alphabet, from 0 (default), or its code less that of `0`. */
  readonly values?: 'alphabet' | 'code';
  /** What is added up: the products (default), or the digits of each product. */
  readonly sum?: 'products' | 'digits';
  readonly modulus: number;
  /** Either the remainder that the sum must leave, over the check character too, … */
  readonly remainder?: number;
  /** … where sums that are greater by `add` count as well for keys with the character `is` at the place `at`; */
  readonly exceptions?: readonly { readonly at: number; readonly is: string; readonly add: number }[];
  /** or the place of the check character, … */
  readonly at?: number;
  /**
   * … which is the one of these (default: the alphabet) that the remainder counts off, or its complement to the
   * modulus.
   */
  readonly characters?: string;
  readonly complement?: boolean;
}

export interface Declaration {
  readonly name: Localised;
  /** Where it is written what such a number is. */
  readonly standard: string;
  /**
   * `checked`: check characters tell a key. `pattern`: of a form, which other numbers may have too. `none`: whatever
   * identifies a row of a register; trimmed and bounded only.
   */
  readonly kind: 'checked' | 'pattern' | 'none';
  readonly persons?: boolean;
  readonly classification?: Classification;
  readonly titles?: readonly string[];
  readonly normalise?: {
    /** Full-width forms become half-width. */
    readonly fullWidth?: boolean;
    readonly case?: 'upper' | 'lower';
    /** Characters that people write between the parts; with a blank among them any white space. */
    readonly remove?: string;
    /** A key that has at least `from` characters is filled up from the left. */
    readonly pad?: { readonly with: string; readonly from: number };
  };
  readonly length: number | { readonly min: number; readonly max: number };
  readonly alphabet?: string;
  /**
   * `9` a digit, `A` and `a` a letter of that case, `?` any of the alphabet, anything else itself; behind `\` also
   * these. Of several, one must fit.
   */
  readonly pattern?: string | readonly string[];
  /** Keys that nobody has. */
  readonly never?: readonly string[];
  /** Keys that are valid whatever the checks say. */
  readonly always?: readonly string[];
  /** Whether one character repeated may be a key; default true. */
  readonly repeated?: boolean;
  /** All must hold. */
  readonly checks?: readonly Check[];
  /** How many characters are shown of a key that is masked. */
  readonly mask?: { readonly start: number; readonly end: number };
  readonly vectors: {
    /** Keys in normal form, or an input and what it becomes. */
    readonly valid: readonly (string | { readonly input: string; readonly key: string })[];
    readonly invalid: readonly { readonly input: string; readonly code: 'bad_value' | 'bad_check_digit' }[];
  };
}

/** With `<id>:` before it a key of this many characters has at most 255 bytes. */
export const MAX_LENGTH = 64;
const text = { type: 'string', minLength: 1, maxLength: 200 };
const texts = { type: 'array', items: text, minItems: 1, maxItems: 200 };
const place = { type: 'integer', minimum: 1, maximum: MAX_LENGTH };

export const checkDeclaration = shape<Declaration>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'standard', 'kind', 'length', 'vectors'],
    properties: {
      name: localisedSchema,
      standard: text,
      kind: { enum: ['checked', 'pattern', 'none'] },
      persons: { type: 'boolean' },
      classification: { enum: [...CLASSIFICATIONS] },
      titles: texts,
      normalise: {
        type: 'object',
        additionalProperties: false,
        properties: {
          fullWidth: { type: 'boolean' },
          case: { enum: ['upper', 'lower'] },
          remove: { type: 'string', minLength: 1, maxLength: 20 },
          pad: {
            type: 'object',
            additionalProperties: false,
            required: ['with', 'from'],
            properties: { with: { type: 'string', minLength: 1, maxLength: 1 }, from: place },
          },
        },
      },
      length: {
        anyOf: [
          place,
          {
            type: 'object',
            additionalProperties: false,
            required: ['min', 'max'],
            properties: { min: place, max: place },
          },
        ],
      },
      alphabet: { type: 'string', minLength: 2, maxLength: 200 },
      pattern: { anyOf: [text, texts] },
      never: texts,
      always: texts,
      repeated: { type: 'boolean' },
      checks: {
        type: 'array',
        minItems: 1,
        maxItems: 8,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['weights', 'modulus'],
          properties: {
            only: texts,
            unless: texts,
            from: place,
            weights: {
              type: 'array',
              minItems: 1,
              maxItems: MAX_LENGTH,
              items: { type: 'integer', minimum: 0, maximum: 10_000 },
            },
            values: { enum: ['alphabet', 'code'] },
            sum: { enum: ['products', 'digits'] },
            modulus: { type: 'integer', minimum: 2, maximum: 10_000 },
            remainder: { type: 'integer', minimum: 0, maximum: 9_999 },
            exceptions: {
              type: 'array',
              minItems: 1,
              maxItems: 8,
              items: {
                type: 'object',
                additionalProperties: false,
                required: ['at', 'is', 'add'],
                properties: {
                  at: place,
                  is: { type: 'string', minLength: 1, maxLength: 1 },
                  add: { type: 'integer', minimum: 1, maximum: 9_999 },
                },
              },
            },
            at: place,
            characters: { type: 'string', minLength: 2, maxLength: 10_000 },
            complement: { type: 'boolean' },
          },
        },
      },
      mask: {
        type: 'object',
        additionalProperties: false,
        required: ['start', 'end'],
        properties: {
          start: { type: 'integer', minimum: 0, maximum: 16 },
          end: { type: 'integer', minimum: 0, maximum: 16 },
        },
      },
      vectors: {
        type: 'object',
        additionalProperties: false,
        required: ['valid', 'invalid'],
        properties: {
          valid: {
            type: 'array',
            minItems: 1,
            maxItems: 1000,
            items: {
              anyOf: [
                text,
                {
                  type: 'object',
                  additionalProperties: false,
                  required: ['input', 'key'],
                  properties: { input: text, key: text },
                },
              ],
            },
          },
          invalid: {
            type: 'array',
            minItems: 1,
            maxItems: 1000,
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['input', 'code'],
              properties: {
                input: { type: 'string', maxLength: 300 },
                code: { enum: ['bad_value', 'bad_check_digit'] },
              },
            },
          },
        },
      },
    },
  },
  'bad_workspace',
);

/** The file of a report's definition, `contracts/reports/<report>/report.json`: its members and its schema. */

import { localisedSchema } from './contract.js';
import {
  type Exclusion,
  REPORT_KINDS,
  type RelationDefinition,
  type ReportKind,
  type Shown,
  type TermRule,
} from './report-definition.js';
import type { Localised } from './types.js';
import { shape } from './validate.js';

/** A term as the file says it: so many years, or none by `end`. */
export type TermInFile = TermRule | { readonly end: 'none'; readonly basis: readonly string[] };

interface LayoutInFile {
  readonly kind: ReportKind;
  readonly domain?: string;
  readonly began?: string;
  readonly ended: string;
  readonly term?: TermInFile;
  readonly repaired?: { readonly field: string; readonly values: readonly string[] };
  readonly excludes?: readonly Exclusion[];
  readonly displayUntil?: string;
  readonly display?: { readonly tier: string; readonly from: string };
  readonly displayed?: false;
  readonly facts: readonly (string | { readonly field: string; readonly title: Localised })[];
}

/** `report.json`. */
export interface ReportFile {
  readonly title: Localised;
  readonly issuer: string;
  readonly client: string;
  readonly purpose: string;
  readonly subjects: {
    readonly dataset: string;
    readonly name: string;
    readonly relations?: readonly RelationDefinition[];
    readonly most?: number;
  };
  readonly purposes: Readonly<Record<string, Localised>>;
  readonly verification?: Shown;
  readonly retention: string;
  readonly kinds: Readonly<Partial<Record<ReportKind, { readonly title: Localised; readonly term: TermInFile }>>>;
  readonly layouts: Readonly<Record<string, LayoutInFile>>;
  readonly datasets: Readonly<Record<string, string>>;
  readonly domains: readonly {
    readonly id: string;
    readonly title: Localised;
    readonly value: string;
    readonly datasets: readonly string[];
  }[];
  readonly notes?: readonly Localised[];
  readonly seal?: { readonly image: string; readonly words: Localised };
}

/** Of reports, layouts, domains: lower-case words joined by hyphens. */
export const NAME = '^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$';
const word = { type: 'string', minLength: 1, maxLength: 400, pattern: '\\S' };
const name = { type: 'string', maxLength: 120, pattern: NAME };
const strict = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  properties,
});
const map = (keys: string, values: object) => ({
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  patternProperties: { [keys]: values },
});
const basis = { type: 'array', minItems: 1, items: word };
const term = {
  anyOf: [
    strict({ years: { type: 'integer', minimum: 1, maximum: 100 }, basis }),
    strict({ end: { const: 'none' }, basis }),
  ],
};
const kind = { enum: REPORT_KINDS };

/** @throws YitongError `bad_report` for a file that is not of this shape */
export const checkReportFile = shape<ReportFile>(
  strict(
    {
      title: localisedSchema,
      issuer: name,
      client: name,
      purpose: name,
      subjects: strict(
        {
          dataset: word,
          name: word,
          relations: {
            type: 'array',
            items: strict(
              {
                relation: { enum: ['parent', 'branch', 'subsidiary', 'shareholder'] },
                in: word,
                subject: word,
                name: word,
                share: strict({ field: word, above: { type: 'number', minimum: 0, maximum: 100 } }),
              },
              ['share'],
            ),
          },
          most: { type: 'integer', minimum: 1, maximum: 10_000 },
        },
        ['relations', 'most'],
      ),
      purposes: map(NAME, localisedSchema),
      verification: strict({ name: { enum: ['value', 'masked'] }, subject: { enum: ['value', 'masked'] } }),
      retention: word,
      kinds: {
        type: 'object',
        minProperties: 1,
        additionalProperties: false,
        properties: Object.fromEntries(REPORT_KINDS.map((one) => [one, strict({ title: localisedSchema, term })])),
      },
      layouts: map(
        NAME,
        strict(
          {
            kind,
            domain: word,
            began: word,
            ended: word,
            term,
            repaired: strict({ field: word, values: { type: 'array', minItems: 1, items: word } }),
            excludes: {
              type: 'array',
              minItems: 1,
              items: strict({
                field: word,
                values: { type: 'array', minItems: 1, uniqueItems: true, items: word },
                basis,
              }),
            },
            displayUntil: word,
            display: strict({ tier: word, from: word }),
            displayed: { const: false },
            facts: {
              type: 'array',
              minItems: 1,
              items: { anyOf: [word, strict({ field: word, title: localisedSchema })] },
            },
          },
          ['domain', 'began', 'term', 'repaired', 'excludes', 'displayUntil', 'display', 'displayed'],
        ),
      ),
      datasets: map('^.+$', name),
      domains: {
        type: 'array',
        minItems: 1,
        items: strict({
          id: name,
          title: localisedSchema,
          value: word,
          datasets: { type: 'array', minItems: 1, uniqueItems: true, items: word },
        }),
      },
      notes: { type: 'array', items: localisedSchema },
      seal: strict({
        image: { type: 'string', maxLength: 80, pattern: '^[a-z0-9][a-z0-9-]*\\.png$' },
        words: localisedSchema,
      }),
    },
    ['notes', 'verification', 'seal'],
  ),
  'bad_report',
);

/** The tour of a workspace, `policies/tour.json`: a few questions that show what it does. Content, not code. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../contracts/files.js';
import type { Localised, Workspace } from '../contracts/types.js';
import { shape } from '../contracts/validate.js';

export interface TourStep {
  readonly title: Localised;
  readonly client: string;
  readonly purpose: string;
  readonly subject: string;
  readonly datasets: readonly string[];
  readonly case?: { readonly item?: string; readonly caseId?: string; readonly actor?: string };
}

const word = { type: 'string', minLength: 1 };
const check = shape<readonly TourStep[]>(
  {
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['title', 'client', 'purpose', 'subject', 'datasets'],
      properties: {
        title: {
          type: 'object',
          additionalProperties: false,
          required: ['zh', 'en'],
          properties: { zh: word, en: word },
        },
        client: word,
        purpose: word,
        subject: word,
        datasets: { type: 'array', minItems: 1, items: word },
        case: { type: 'object', additionalProperties: false, properties: { item: word, caseId: word, actor: word } },
      },
    },
  },
  'bad_workspace',
);

/** Of the nearest layer that has one; empty where none has. @throws YitongError `bad_workspace` */
export async function loadTour(workspace: Workspace): Promise<readonly TourStep[]> {
  const file = workspace.layers.map((layer) => join(layer, 'policies', 'tour.json')).find((path) => existsSync(path));
  return file === undefined ? [] : check(await readJson(file, 'bad_workspace'), { file });
}

/** What a part of the case is called on the command line. */
export const CASE_FLAGS = { item: 'item', caseId: 'case-id', actor: 'actor' } as const;

/** The same question as a command line. @param more words behind it */
export const asCommand = (step: Omit<TourStep, 'title'>, more: readonly string[] = []): string =>
  [
    `npx yitong query ${step.subject}`,
    `--purpose ${step.purpose} --as ${step.client}`,
    `--datasets ${step.datasets.join(',')}`,
    ...Object.entries(step.case ?? {}).map(
      ([part, value]) => `--${CASE_FLAGS[part as keyof typeof CASE_FLAGS]} '${value.replaceAll("'", `'\\''`)}'`,
    ),
    ...more,
  ].join(' \\\n    ');

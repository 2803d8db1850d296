/** What a workspace says to its guide beside its bundles: `contracts/guide.json`; the nearest layer's counts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../files.js';
import { shape } from '../validate.js';

interface GuideWords {
  /** What people say who want none of the matters. */
  readonly elsewhere: readonly string[];
}

const word = { type: 'string', minLength: 1, maxLength: 400 };
const checkFile = shape<GuideWords>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['elsewhere'],
    properties: { elsewhere: { type: 'array', uniqueItems: true, items: word } },
  },
  'bad_bundle',
);

/** Nothing where no layer has the file. @throws YitongError `bad_bundle` */
export async function loadGuideWords(layers: readonly string[]): Promise<GuideWords> {
  for (const layer of layers) {
    const file = join(layer, 'contracts', 'guide.json');
    if (existsSync(file)) return checkFile(await readJson(file, 'bad_bundle'), { file });
  }
  return { elsewhere: [] };
}

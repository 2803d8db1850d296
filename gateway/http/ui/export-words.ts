/** What exports of the log call ids by, and the words for what they record. */
import { deliveryWords, reasonWords } from '../../../policies/words.js';
import { inOneLine, typeWords } from '../../documents/words/entry.js';
import type { Names } from '../../documents/words/names.js';
import type { Language } from '../../ground/language/language.js';
import type { ExportWords } from '../../log/search/export/table.js';

const effects: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  allow: { zh: '提供', en: 'released' },
  deny: { zh: '拒绝', en: 'denied' },
};

export function exportWords(names: Names, language: Language): ExportWords {
  return {
    language,
    type: (id) => typeWords(id, language),
    client: names.client,
    authority: names.authority,
    purpose: names.purpose,
    dataset: names.dataset,
    delivery: (id) => deliveryWords(id)[language],
    effect: (id) => effects[id ?? '']?.[language],
    reason: (id) => (id === undefined ? undefined : reasonWords(id)[language]),
    field: names.field,
    summary: (found) => inOneLine(found, language),
  };
}

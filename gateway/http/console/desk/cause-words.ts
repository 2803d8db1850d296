/** Why rows are held back, in words, and where they are shown together. */
import type { QuarantineCause } from '../../../../connectors/quarantine.js';
import { errorWordsOf } from '../../../../contracts/error-words.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';

export const causeAddress = (dataset: string, { code, field }: QuarantineCause, after?: string): string =>
  `/console/feeds/${dataset}/rows?${new URLSearchParams({
    code,
    ...(field === '' ? {} : { field }),
    ...(after === undefined ? {} : { after }),
  }).toString()}`;

/** The field by its title; what is no field of the contract is a column of the source. */
export function causeWords(
  { code, field }: QuarantineCause,
  titles: ReadonlyMap<string, Localised>,
  language: Language,
): string {
  const title = field === '' ? undefined : titles.get(field)?.[language];
  if (language === 'zh') {
    const words = errorWordsOf(code).zh;
    return field === '' ? words : `${title ?? '来源字段'}：${words}`;
  }
  return `${field === '' ? '' : `${title ?? field}: `}${errorWordsOf(code).en} (${code})`;
}

/**
 * What of a sentence may leave for a model of somebody else: nothing by which a person or a company is known. Keys of
 * any scheme, long numbers, addresses with a number, mail addresses, names of companies, and what stands behind the
 * words by which somebody says a name. A name that stands anywhere else cannot be told from other words and stays.
 */
import type { Workspace } from '../../../contracts/types.js';
import { addressesIn } from './amounts.js';

/** Stands for what was taken out. */
const TAKEN = '＊＊';

const RULES: readonly RegExp[] = [
  // mail addresses, addresses of the web
  /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gu,
  /https?:\/\/\S+/giu,
  // numbers of telephones, documents, accounts, with whatever sets their parts off
  /(?<![\dA-Za-z])\+?\d[\d\s-]{5,}\d[A-Za-z]?/gu,
  // plates of vehicles
  /\p{Script=Han}[A-Z][·• ]?[A-Z0-9]{5,6}/gu,
  // names of companies
  /\p{Script=Han}{6,20}?(?:有限责任公司|股份有限公司|有限公司|合伙企业)/gu,
  // what somebody says of their own name
  /(?<=我叫|名叫|姓名[是:：]?|名字[是:：]|法人[是叫:：]|联系人[是:：]?)\s*\p{Script=Han}{2,4}/gu,
  /\p{Script=Han}{1,3}(?:先生|女士|小姐)/gu,
];

/** Letters and digits in a row that a scheme takes for a key, or that are long enough to be one of any. */
function withoutKeys(text: string, { schemes }: Pick<Workspace, 'schemes'>): string {
  return text.replace(/[0-9A-Za-z][0-9A-Za-z-]{4,}/g, (word) => {
    if (/\d{6}/.test(word) || (word.length >= 15 && /\d/.test(word))) return TAKEN;
    return [...schemes.values()].some((scheme) => scheme.unchecked !== true && scheme.parse(word).ok) ? TAKEN : word;
  });
}

export function masked(sentence: string, workspace: Pick<Workspace, 'schemes'>): string {
  let text = sentence.normalize('NFKC');
  for (const address of addressesIn(text)) text = text.replaceAll(address, TAKEN);
  for (const rule of RULES) text = text.replace(rule, TAKEN);
  return withoutKeys(text, workspace);
}

/** What a proposal is about, and what is proposed, as a person would say it. */
import type { Decision } from '../../../../connectors/propose/decision.js';
import { inChinese } from '../../../../connectors/propose/types.js';
import type { KeyScheme, Localised } from '../../../../contracts/types.js';
import { CLASSES } from '../../../../policies/explain.js';
import type { Language } from '../../../ground/language/language.js';
import { typeName } from '../datasets/dataset.js';

/** What is asked, by what a decision is about. */
export const QUESTIONS: Readonly<Record<string, Localised>> = {
  subject: { zh: '哪一列是主体标识？', en: 'Which column holds the keys that the records hang on?' },
  key: { zh: '同一主体有多条记录时，用哪些列区分？', en: 'Which columns tell records of one subject apart?' },
  firm: { zh: '哪一列是单位名称？', en: 'Which column holds what firms are called?' },
  gone: {
    zh: '哪些行虽在表中，但已经删除或者作废？',
    en: 'Which rows have left the register though they are still there?',
  },
  zeros: { zh: '位数不足的标识，前面的零要补上吗？', en: 'Keys with too few digits: do they get zeros in front?' },
  dataset: { zh: '数据集用什么标识？', en: 'What is the id of the dataset?' },
  charset: { zh: '文件是什么字符编码？', en: 'What character set is the file in?' },
  delimiter: { zh: '各格之间用什么分隔？', en: 'What stands between cells?' },
  header: { zh: '首行是列名吗？', en: 'Does the first row name the columns?' },
  sheet: { zh: '数据在哪个工作表？', en: 'Which sheet holds the data?' },
  items: { zh: '数据在文件的什么位置？', en: 'Where in the file do the items stand?' },
};

/** What is not sure and cannot be answered on the page. */
export const NOTES: Readonly<Record<string, Localised>> = {
  quote: { zh: '引号当作普通字符', en: 'Quotes are ordinary characters' },
  columns: { zh: '各列的起止位置', en: 'Where columns begin and end' },
  header: { zh: '列名所在的行', en: 'The row that names the columns' },
};

const CHARSET_WORDS: Readonly<Record<string, string>> = {
  'utf-8': '统一码',
  'utf-16le': '统一码（双字节）',
  gb18030: '国标码',
  gbk: '国标扩展码',
  big5: '大五码',
  'windows-1252': '西文码',
  latin1: '西文码（国际标准）',
};

const DELIMITER_WORDS: Readonly<Record<string, Localised>> = {
  ',': { zh: '逗号', en: 'comma' },
  ';': { zh: '分号', en: 'semicolon' },
  tab: { zh: '制表符', en: 'tab' },
  '|': { zh: '竖线', en: 'vertical bar' },
  '^': { zh: '尖角号', en: 'caret' },
  'U+0001': { zh: '控制符', en: 'control character' },
};

const HEADER_WORDS: Readonly<Record<string, Localised>> = {
  first: { zh: '是，首行是列名', en: 'yes, it names them' },
  'first row': { zh: '是，首行是列名', en: 'yes, it names them' },
  none: { zh: '不是，首行已是数据', en: 'no, it is data already' },
};

const ZERO_WORDS: Readonly<Record<'pad' | 'keep', Localised>> = {
  pad: { zh: '补零', en: 'put zeros in front' },
  keep: { zh: '保持原样', en: 'leave them as they are' },
};

/** A key scheme in words. */
export const schemeWords = (scheme: KeyScheme | undefined, language: Language): string =>
  scheme?.name[language] ?? (language === 'zh' ? '其他标识' : 'another key');

export const charsetWords = (charset: string, language: Language): string =>
  language === 'zh' ? (CHARSET_WORDS[charset] ?? '其他') : charset;
export const delimiterWords = (delimiter: string, language: Language): string =>
  DELIMITER_WORDS[delimiter]?.[language] ?? `“${delimiter}”`;
export const headerWords = (header: string, language: Language): string => {
  const row = /^row (\d+)$/.exec(header)?.[1];
  if (row !== undefined) return language === 'zh' ? `第 ${row} 行` : header;
  return HEADER_WORDS[header]?.[language] ?? header;
};
export const zeroWords = (zeros: 'pad' | 'keep', language: Language): string => ZERO_WORDS[zeros][language];
export const classWords = (known: keyof typeof CLASSES, language: Language): string =>
  language === 'zh' ? CLASSES[known] : known;
export const dateWords = (form: string, language: Language): string =>
  language === 'zh' ? `日期，写作“${inChinese([form])}”` : `day, written ${form}`;

const NOTHING: Readonly<Record<string, Localised>> = {
  key: { zh: '不需要，每个主体一条记录', en: 'none: each subject has one record' },
  firm: { zh: '没有', en: 'none' },
  gone: { zh: '没有，各行都有效', en: 'none: every row counts' },
};

/** Place of a list in a file. */
export const itemWords = (place: string, language: Language): string => {
  if (language !== 'zh') return place;
  return place === 'a line each' ? '每行一条' : place === 'the document' ? '整个文件' : place;
};

interface ValueGround {
  readonly language: Language;
  readonly schemes: ReadonlyMap<string, KeyScheme>;
}

/** What is proposed. */
export function valueWords({ about, proposed }: Decision, { language, schemes }: ValueGround): string {
  if (proposed === '') return language === 'zh' ? '未能确定' : 'not known';
  if (proposed === 'none' && NOTHING[about] !== undefined) return NOTHING[about][language];
  switch (about) {
    case 'subject': {
      const at = proposed.lastIndexOf(':');
      const [column, scheme] = [proposed.slice(0, at), proposed.slice(at + 1)];
      const words = schemeWords(schemes.get(scheme), language);
      return language === 'zh' ? `“${column}”（${words}）` : `${column} (${words})`;
    }
    case 'key':
    case 'firm':
      return language === 'zh' ? `“${proposed}”` : proposed;
    case 'gone':
      return language === 'zh' ? `“${proposed.replace('=', '”为“')}”` : proposed;
    case 'zeros':
      return zeroWords(proposed === 'keep' ? 'keep' : 'pad', language);
    case 'charset':
      return charsetWords(proposed, language);
    case 'delimiter':
      return delimiterWords(proposed, language);
    case 'header':
      return headerWords(proposed, language);
    case 'items':
      return itemWords(proposed, language);
  }
  if (about.endsWith(' name')) return language === 'zh' ? '列名不认得' : proposed;
  if (about.endsWith(' type')) return typeName(proposed.replace(/\(.*$/, ''))[language];
  if (about.endsWith(' class')) return classWords(proposed as keyof typeof CLASSES, language);
  return proposed;
}

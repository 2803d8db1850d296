/**
 * What of a sentence may leave for a model of somebody else, and what may be kept: nothing by which a person or a
 * company is known. Keys of any scheme, long numbers, addresses with a number, mail addresses, names of companies, and
 * what stands behind the words by which somebody says a name. A name that stands anywhere else cannot be told from
 * other words: it stays in what leaves at once, and what is kept loses whatever may be one.
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

/** Family names that nearly everybody has one of, those of two characters first; not those that are rather a word. */
const FAMILY =
  '(?:欧阳|上官|司马|诸葛|皇甫|尉迟|公孙|慕容|令狐|' +
  '[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪' +
  '田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚庞樊兰殷施陶洪翟安颜倪严牛温芦' +
  '季俞鲁葛伍韦申尤毕聂丛焦柳邢岳齐梅莫庄辛管祝左涂谷祁舒耿卜詹苗凌费纪靳盛童甄项曲游阳裴席卫屈鲍覃霍翁隋甘景柏宁柯' +
  '阮桂闵柴华边吉饶刁瞿戚丘滕晋苑邬臧褚娄符奚穆党燕郎冀谈姬屠连栾郁商蒙喻窦迟冷卓仇艾蓝])';
/** Where a name may begin: at the beginning, behind a sign, and behind words that lead to somebody. */
const BARE = new RegExp(`(?<=^|[\\p{P}\\s]|[是叫给帮替为让请找和跟与同])${FAMILY}\\p{Script=Han}{1,2}`, 'gu');
/** How people are spoken of who have a name. */
const SPOKEN = new RegExp(
  `[老小阿]${FAMILY}|` +
    `${FAMILY}\\p{Script=Han}{0,2}(?:老板|师傅|经理|医生|老师|阿姨|叔叔?|大[哥姐爷妈]|律师|主任|总(?=[,，。]|$))`,
  'gu',
);
/** Signs as they were most likely written. */
const WIDE: Readonly<Record<string, string>> = { ',': '，', '?': '？', '!': '！', ';': '；' };
/** A sentence that is longer tells a story, of somebody. */
const MOST_KEPT = 60;

/** Places of the characters of words that the workspace knows. */
function knownIn(text: string, words: (text: string) => readonly string[]): ReadonlySet<number> {
  const known = new Set<number>();
  let at = 0;
  for (const word of words(text)) {
    const found = text.indexOf(word, at);
    // it was read in another writing
    if (found < 0) continue;
    if ([...word].length > 1) for (let i = found; i < found + word.length; i++) known.add(i);
    at = found + word.length;
  }
  return known;
}

/**
 * What of a sentence may be kept. What may be a name is taken out, also where it is none, as long as it is no word of
 * the workspace.
 * @param words the words of a sentence, those of the workspace whole
 */
export function maskedToKeep(
  sentence: string,
  workspace: Pick<Workspace, 'schemes'>,
  words: (text: string) => readonly string[],
): string {
  const bare = masked(sentence, workspace).replace(SPOKEN, TAKEN);
  const known = knownIn(bare, words);
  const text = bare
    .replace(BARE, (name: string, at: number) => {
      if (known.has(at)) return name;
      const ends = [...name].findIndex((_, i) => known.has(at + i));
      return `${TAKEN}${ends < 0 ? '' : name.slice(ends)}`;
    })
    // a number of any length
    .replace(/\d{3,}/g, TAKEN)
    .replace(/[,?!;]/g, (sign) => WIDE[sign] ?? sign)
    .replace(/\s+/g, ' ')
    .trim();
  const signs = [...text];
  return signs.length > MOST_KEPT ? `${signs.slice(0, MOST_KEPT).join('')}…` : text;
}

/** What a part of a mend changes, in the words of whoever looks after the data: on pages and in a terminal. */
import type { Step } from '../../../connectors/feed.js';
import type { MendKind } from '../../../connectors/propose/mend-candidates.js';
import type { Edit } from '../../../connectors/propose/mend-edits.js';
import type { Localised } from '../../../contracts/localised.js';
import type { Codelist } from '../../../contracts/types.js';
import type { Language } from '../../ground/language/language.js';
import type { DraftPart, Standing } from './mend-drafts.js';

const standings: Readonly<Record<Standing, Localised>> = {
  open: { zh: '待审批', en: 'to be approved' },
  outdated: { zh: '已过时', en: 'outdated' },
  withdrawn: { zh: '已撤销', en: 'withdrawn' },
  waiting: { zh: '已批准，待写入', en: 'approved, to be put in place' },
  'in-force': { zh: '已生效', en: 'in force' },
  replaced: { zh: '已被后来的修改取代', en: 'replaced since' },
  undone: { zh: '已恢复原映射', en: 'undone' },
};
const REFUSED: Localised = { zh: '已退回', en: 'refused' };

/** How a draft stands. @param refused by another officer than whoever proposed it */
export const standingWords = (refused: boolean, standing: Standing): Localised =>
  refused ? REFUSED : standings[standing];

/** Words, or signs as the source has them. */
type MendWord = string | { readonly own: string };

/** A day as the form writes it. */
const exampleOf = (form: string): string =>
  form === 'iso'
    ? '2024-03-05T07:08:09'
    : form
        .replace('yyyy', '2024')
        .replace('MM', '03')
        .replace('dd', '05')
        .replace('HH', '07')
        .replace('mm', '08')
        .replace('ss', '09')
        .replace('M', '3')
        .replace('d', '5')
        .replace('H', '7');

interface Said {
  readonly edits: readonly Edit[];
  readonly steps: readonly Exclude<Step, string>[];
  readonly zh: boolean;
  readonly language: Language;
  readonly codelist: Codelist | undefined;
}

const listed = (texts: readonly string[], between: string): readonly MendWord[] =>
  texts.flatMap((own, at) => (at === 0 ? [{ own }] : [between, { own }]));
const comma = ({ zh }: Said): string => (zh ? '、' : ', ');

const removed = ({ steps }: Said): readonly string[] =>
  steps.flatMap((step) => ('replace' in step && step.replace.by === '' ? [step.replace.text] : []));

function zeros({ steps, zh }: Said): readonly MendWord[] {
  const [length = 0] = steps.flatMap((step) => ('padStart' in step ? [step.padStart.length] : []));
  return [
    zh
      ? `补回前导零，补足 ${String(length)} 位；校验码随之相符`
      : `Leading zeros are put back, to ${String(length)} places; check digits hold then`,
  ];
}

function lookalike({ steps, zh }: Said): readonly MendWord[] {
  const [{ text, by } = { text: '', by: '' }] = steps.flatMap((step) => ('replace' in step ? [step.replace] : []));
  return zh
    ? ['字母 ', { own: text }, ' 按数字 ', { own: by }, ' 读取；该代码不使用此字母，校验码随之相符']
    : [
        'The letter ',
        { own: text },
        ' is read as the digit ',
        { own: by },
        ': the key has no such letter, and check digits hold then',
      ];
}

function group(said: Said): readonly MendWord[] {
  const { edits, zh } = said;
  const [sign] = edits.flatMap((edit) => (edit.do === 'group' ? [edit.group] : []));
  if (sign === undefined)
    return [zh ? '去掉千位分隔符 ' : 'Signs between thousands are left out: ', ...listed(removed(said), comma(said))];
  return [
    zh ? '数字可带千位分隔符 ' : 'Digits may be grouped by ',
    sign === ' ' ? (zh ? '空格' : 'a space') : { own: sign },
  ];
}

function words({ edits, zh, language, codelist }: Said): readonly MendWord[] {
  const pairs = edits.flatMap((edit) => (edit.do === 'words' ? Object.entries(edit.codes) : []));
  return [
    zh ? '增加代码对照：' : 'A word is given its code: ',
    ...pairs.flatMap(([word, code], at): readonly MendWord[] => [
      ...(at === 0 ? [] : ['; ']),
      { own: word },
      ' → ',
      codelist?.codes.get(code)?.[language] ?? { own: code },
    ]),
  ];
}

const KINDS: Readonly<Record<MendKind, (said: Said) => readonly MendWord[]>> = {
  halfwidth: ({ zh }) => [
    zh ? '全角字母、数字和标点按半角读取' : 'Full-width letters, digits and signs are read as half-width',
  ],
  invisible: ({ zh }) => [zh ? '去掉看不见的字符' : 'Signs that nobody sees are left out'],
  spaces: ({ zh }) => [zh ? '去掉中间的空格' : 'Spaces within are left out'],
  upper: ({ zh }) => [zh ? '小写字母按大写读取' : 'Lower-case letters are read as upper-case'],
  separator: (said) => [said.zh ? '去掉分隔符 ' : 'Separators are left out: ', ...listed(removed(said), comma(said))],
  decimals: ({ zh }) => [zh ? '去掉末尾多余的小数零' : 'Decimals of zero at the end are left out'],
  zeros,
  lookalike,
  date: (said) => [
    said.zh ? '也按这样的写法读取日期：' : 'Dates may be written so as well: ',
    ...listed(
      said.edits.flatMap((edit) => (edit.do === 'forms' ? edit.forms.map(exampleOf) : [])),
      comma(said),
    ),
  ],
  group,
  words,
  booleans: ({ edits, zh }) => [
    zh ? '增加是与否的写法：' : 'Words for yes and no: ',
    ...listed(
      edits.flatMap((edit) => (edit.do === 'booleans' ? [...edit.true, ...edit.false] : [])),
      ' / ',
    ),
  ],
  empty: (said) => [
    said.zh ? '以下写法按“没有填写”处理：' : 'These mean that there is no value: ',
    ...listed(
      said.steps.flatMap((step) => ('nullIf' in step ? step.nullIf : [])),
      comma(said),
    ),
  ],
};

export function mendWords(
  { kind, edits }: DraftPart,
  language: Language,
  codelist: Codelist | undefined,
): readonly MendWord[] {
  const steps = edits.flatMap((edit) => (edit.do === 'before' ? edit.steps : []));
  const made = steps.filter((step) => typeof step === 'object');
  return KINDS[kind]({ edits, steps: made, zh: language === 'zh', language, codelist });
}

/** The same as one text, signs of the source between backquotes. */
export const mendLine = (part: DraftPart, language: Language, codelist: Codelist | undefined): string =>
  mendWords(part, language, codelist)
    .map((word) => (typeof word === 'string' ? word : `\`${word.own}\``))
    .join('');

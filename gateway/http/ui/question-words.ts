/** What a search of the log asks, in words: on its page, on paper, and where it is kept under a name. */
import { keyOf } from '../../../contracts/ids.js';
import type { Localised } from '../../../contracts/types.js';
import { typeWords } from '../../documents/words/entry.js';
import type { Names } from '../../documents/words/names.js';
import type { Language } from '../../ground/language/language.js';
import { actionTable, lookTable } from '../../log/entries/actions.js';

/** In the order in which they are told. */
export const QUESTION_LABELS = {
  subject: { zh: '主体', en: 'Subject' },
  client: { zh: '应用', en: 'Client' },
  authority: { zh: '使用单位', en: 'Consumer authority' },
  provider: { zh: '数据提供单位', en: 'Provider' },
  dataset: { zh: '数据集', en: 'Dataset' },
  grant: { zh: '授权', en: 'Grant' },
  purpose: { zh: '用途', en: 'Purpose' },
  item: { zh: '事项编码', en: 'Item' },
  caseId: { zh: '办件编号', en: 'Case' },
  actor: { zh: '经办人', en: 'Case handler' },
  result: { zh: '结果', en: 'Result' },
  type: { zh: '类型', en: 'Type' },
  action: { zh: '操作', en: 'Action' },
  request: { zh: '请求编号', en: 'Request id' },
  since: { zh: '起始时间', en: 'From' },
  until: { zh: '截止时间', en: 'Until' },
} as const satisfies Record<string, Localised>;

type QuestionField = keyof typeof QUESTION_LABELS;
type Question = { readonly [name in QuestionField]?: string };

interface QuestionNames {
  readonly names: Names;
  readonly language: Language;
  /** What the company is called that is asked about. */
  readonly called?: string | undefined;
}

/** Acts and looks that can be asked for. */
export const actsIn = (language: Language): readonly { readonly id: string; readonly name: string }[] =>
  [...Object.entries(lookTable), ...Object.entries(actionTable)].map(([id, words]) => ({ id, name: words[language] }));

/** A company by its name, with its key. */
export function subjectWords(subject: string, called: string | undefined, language: Language): string {
  const key = language === 'zh' ? keyOf(subject) : subject;
  return called === undefined ? key : language === 'zh' ? `${called}（${key}）` : `${called} (${key})`;
}

/** What is asked for by one field; '' where it asks for nothing. */
export function questionWords(
  name: QuestionField,
  asked: Question,
  { names, language, called }: QuestionNames,
): string {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const value = asked[name] ?? '';
  switch (name) {
    case 'client':
    case 'dataset':
    case 'grant':
      return names[name](value) ?? value;
    case 'provider':
    case 'authority':
      return names.authority(value) ?? value;
    case 'purpose':
      return names.purpose(value) ?? value;
    case 'type':
      return value === 'all' ? say('全部类型', 'all types') : typeWords(value, language);
    case 'result':
      return value === 'allow' ? say('提供', 'released') : say('不予提供', 'denied');
    case 'action':
      return actsIn(language).find(({ id }) => id === value)?.name ?? say('未登记的操作', value);
    case 'subject':
      return subjectWords(value, called, language);
    case 'since':
    case 'until':
      return value.replace('T', ' ');
    default:
      return value;
  }
}

export const questionFields = (asked: Question): readonly QuestionField[] =>
  (Object.keys(QUESTION_LABELS) as QuestionField[]).filter((name) => asked[name] !== undefined);

/** The whole question, as a document says it: kind of entry and period are told also where nobody chose them. */
export function questionInWords(
  asked: Question,
  of: QuestionNames,
  /** Kind of entry where none is asked for. */
  type: string | undefined,
): readonly (readonly [Localised, string])[] {
  const { language } = of;
  const told = { ...asked, ...(asked.type === undefined ? { type: type ?? 'all' } : {}) };
  const period: Localised = { zh: '时间范围', en: 'Period' };
  const edge = (name: 'since' | 'until'): string => questionWords(name, asked, of);
  const [zhFrom, zhTo] = [
    asked.since === undefined ? '日志之始' : edge('since'),
    asked.until === undefined ? '出具时' : `${edge('until')}（不含）`,
  ];
  return [
    ...questionFields(told)
      .filter((name) => name !== 'since' && name !== 'until')
      .map((name): readonly [Localised, string] => [QUESTION_LABELS[name], questionWords(name, told, of)]),
    [
      period,
      language === 'zh'
        ? `${zhFrom}至${zhTo}`
        : `from ${asked.since === undefined ? 'the beginning of the log' : edge('since')} to ` +
          `${asked.until === undefined ? 'when this was made' : `before ${edge('until')}`}`,
    ],
  ];
}

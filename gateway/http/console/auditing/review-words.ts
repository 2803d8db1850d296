/** Words of reviews: what was drawn from, and what was found. */
import type { Localised } from '../../../../contracts/types.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { MoreColumn } from '../../../log/search/export/table.js';
import type { Judgement, Review } from '../../../procedures/reviews/store.js';

/** By what a sample may be narrowed, beside its period. */
export const FILTERED = ['client', 'dataset', 'authority'] as const;

/** What was drawn from, in words. */
export function drawnFrom({ filters }: Review, names: Names, language: Language): string {
  const zh = language === 'zh';
  const day = (text: string | undefined): string => (text ?? '').replace('T', ' ');
  const until = filters['until'] === undefined ? (zh ? '抽取时' : 'the drawing') : day(filters['until']);
  const period = zh ? `${day(filters['since'])}至${until}` : `${day(filters['since'])} to ${until}`;
  const of = FILTERED.flatMap((name) => (filters[name] === undefined ? [] : [names[name](filters[name]) ?? '–']));
  return [period, ...of].join(zh ? '，' : ', ');
}

export const verdictWords = (verdict: Judgement['verdict'], language: Language): string =>
  verdict === 'fine' ? (language === 'zh' ? '无异常' : 'nothing found') : language === 'zh' ? '有疑问' : 'in question';

/** What was found of one entry, with the note and who wrote it, as far as the key of that person is there. */
export function judgedInWords(found: Judgement | undefined, language: Language): string {
  const zh = language === 'zh';
  if (found === undefined) return zh ? '待评判' : 'not judged yet';
  const { by, note, verdict } = found;
  const words = verdictWords(verdict, language);
  const said = note === undefined || note === '' ? '' : zh ? `：${note}` : `: ${note}`;
  return `${words}${said}${by === undefined ? '' : zh ? `（${by}）` : ` (${by})`}`;
}

/** What was found, as columns of a table; what stands sealed goes with the key of whoever wrote it. */
export const judgedColumns = (judged: ReadonlyMap<number, Judgement>, language: Language): readonly MoreColumn[] => [
  {
    title: { zh: '评判', en: 'judgement' },
    width: 10,
    cell: (index) => {
      const found = judged.get(index);
      return found === undefined ? judgedInWords(found, language) : verdictWords(found.verdict, language);
    },
  },
  { title: { zh: '评判说明', en: 'reason' }, width: 30, cell: (index) => judged.get(index)?.note },
  { title: { zh: '评判人', en: 'judged by' }, width: 10, cell: (index) => judged.get(index)?.by },
  {
    title: { zh: '评判时间（北京时间 UTC+08:00）', en: 'judged at (Asia/Shanghai, UTC+08:00)' },
    width: 20,
    cell: (index) => {
      const at = judged.get(index)?.at;
      return at === undefined ? undefined : new Date(at);
    },
  },
];

/** What a report on it begins with. */
export function reviewFacts(
  review: Review,
  judged: ReadonlyMap<number, Judgement>,
  names: Names,
  language: Language,
): readonly (readonly [Localised, string])[] {
  const zh = language === 'zh';
  const { at, wanted, entries, size, root } = review;
  const questions = [...judged.values()].filter(({ verdict }) => verdict === 'question').length;
  return [
    [{ zh: '抽查范围', en: 'Drawn from' }, drawnFrom(review, names, language)],
    [{ zh: '抽取时间', en: 'Drawn at' }, zh ? `${localMinute(at)}（北京时间）` : `${localMinute(at)} (UTC+8)`],
    [
      { zh: '样本', en: 'Sample' },
      zh ? `拟抽 ${wanted} 条，抽得 ${entries.length} 条` : `${wanted} wanted, ${entries.length} drawn`,
    ],
    [
      { zh: '评判', en: 'Judged' },
      zh
        ? `已评判 ${judged.size} 条，其中有疑问 ${questions} 条`
        : `${judged.size} judged, ${questions} of them in question`,
    ],
    [
      { zh: '样本依据', en: 'Drawn by' },
      zh
        ? `抽取时已公布的日志共 ${size} 条，存证值 ${root}；样本由此推算，任何人不能挑选`
        : `the published log of ${size} entries, root ${root}: nobody can choose, anybody can draw it again`,
    ],
  ];
}

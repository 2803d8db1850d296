/** The history as a table: a line a look, as the page tells it. */
import { deliveryWords } from '../../../../policies/words.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import { csvOf } from '../../../log/search/export/csv.js';
import { sayIn } from '../../ui/say.js';
import { whatOf, whatWords } from './narrowing.js';
import type { HistoryEntry } from './reading.js';

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export function historyCsv(entries: readonly HistoryEntry[], names: Names, language: Language): string {
  const say = sayIn(language);
  const and = say('；', '; ');
  const heads = [
    say('时间（北京时间）', 'Time (UTC+8)'),
    say('使用单位', 'Authority'),
    say('应用', 'System'),
    say('用途', 'Purpose'),
    say('事项编码', 'Item'),
    say('方式', 'How'),
    say('结果', 'What came of it'),
    say('数据集', 'Datasets'),
    say('提供的字段', 'Fields released'),
    say('提供记录数', 'Records released'),
    say('日志序号', 'Entry of the log'),
  ];
  const lines = entries.map((entry) => {
    const { index, body, item, datasets } = entry;
    const verified = body.type === 'verified';
    return [
      body.time === undefined ? undefined : localSecond(body.time),
      names.authority(body.authority) ?? (verified ? names.verifier(text(body['by']) ?? '') : undefined),
      names.client(body.client),
      names.purpose(body.purpose, body.report),
      item,
      datasets.length === 0
        ? verified
          ? say('文书被核验', 'document verified')
          : say('出具文书', 'document issued')
        : deliveryWords(body.type === 'included' ? 'batch' : (body.delivery ?? 'query'))[language],
      whatOf(entry)
        .map((what) => whatWords(what, language))
        .join(and),
      datasets.map(({ dataset }) => names.dataset(dataset)).join(and),
      datasets
        .filter(({ released, records }) => released && records > 0)
        .map(({ dataset, fields }) => {
          const titles = fields.map((path) => names.field(dataset, path)).join(say('、', ', '));
          return `${names.dataset(dataset) ?? ''}${say('：', ': ')}${titles}`;
        })
        .join(and),
      datasets.reduce((sum, { records }) => sum + records, 0),
      index,
    ];
  });
  return csvOf([heads, ...lines]);
}

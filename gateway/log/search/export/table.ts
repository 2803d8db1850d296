/**
 * Entries as a table for people: a row a dataset of an entry, one value a cell, names beside ids, times of the city.
 * What CSV and workbooks share.
 */
import type { Localised } from '../../../../contracts/types.js';
import { detailsOf, type LogBody, type LogDataset } from '../../entries/body.js';
import type { FoundEntry } from '../index.js';
import type { ExportedEntry } from './evidence.js';

/** What ids are called; undefined where there is no name. */
export interface ExportWords {
  readonly language: 'zh' | 'en';
  readonly type: (id: string | undefined) => string | undefined;
  readonly client: (id: string | undefined) => string | undefined;
  readonly authority: (id: string | undefined) => string | undefined;
  readonly purpose: (id: string | undefined, report?: string) => string | undefined;
  readonly dataset: (id: string | undefined) => string | undefined;
  readonly delivery: (id: string) => string | undefined;
  readonly effect: (id: string | undefined) => string | undefined;
  readonly reason: (id: string | undefined) => string | undefined;
  readonly field: (dataset: string, path: string) => string | undefined;
  /** The entry in one line. */
  readonly summary: (found: FoundEntry) => string | undefined;
  /** What is said of an entry besides, behind its summary; default: nothing. */
  readonly more?: readonly MoreColumn[];
}

/** What somebody else than the log says of an entry: what a review found, for one. */
export interface MoreColumn {
  readonly title: Localised;
  /** Characters. */
  readonly width: number;
  readonly cell: (index: number) => Cell;
}

const nothing = (): undefined => undefined;
/** Ids alone. */
export const WITHOUT_NAMES: ExportWords = {
  language: 'en',
  type: nothing,
  client: nothing,
  authority: nothing,
  purpose: nothing,
  dataset: nothing,
  delivery: nothing,
  effect: nothing,
  reason: nothing,
  field: nothing,
  summary: nothing,
};

/** A `Date` is shown as the city's time, to the second. */
export type Cell = string | number | Date | undefined;

/** Between the values of a list in one cell, in every column that has lists. */
const SEPARATOR = '; ';

interface Row {
  readonly found: FoundEntry;
  readonly body: LogBody & Readonly<Record<string, unknown>>;
  readonly evidence: ExportedEntry['evidence'];
  readonly of: LogDataset | undefined;
  /** Evidence stands on the first row of an entry only. */
  readonly first: boolean;
  readonly words: ExportWords;
}

interface Column {
  readonly title: Localised;
  /** Characters. */
  readonly width: number;
  readonly cell: (row: Row) => Cell;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const column = (zh: string, en: string, width: number, cell: Column['cell']): Column => ({
  title: { zh, en },
  width,
  cell,
});

const COLUMNS: readonly Column[] = [
  column('序号', 'index', 9, ({ found }) => found.index),
  column('时间（北京时间 UTC+08:00）', 'time (Asia/Shanghai, UTC+08:00)', 20, ({ body }) =>
    body.time === undefined ? undefined : new Date(body.time),
  ),
  column('事项', 'event', 14, ({ body, words }) => words.type(body.type)),
  column('事项代码', 'type', 14, ({ body }) => body.type),
  column('摘要', 'summary', 30, ({ found, words }) => words.summary(found)),
  column('应用', 'client name', 24, ({ body, words }) => words.client(body.client)),
  column('应用代码', 'client', 20, ({ body }) => body.client),
  column('使用单位', 'authority name', 20, ({ body, words }) => words.authority(body.authority)),
  column('使用单位代码', 'authority', 14, ({ body }) => body.authority),
  column('用途', 'purpose name', 18, ({ body, words }) => words.purpose(body.purpose, body.report)),
  column('用途代码', 'purpose', 18, ({ body }) => body.purpose),
  column('方式', 'delivery name', 10, ({ body, words }) =>
    body.type === 'released' ? words.delivery(body.delivery ?? 'query') : undefined,
  ),
  column('方式代码', 'delivery', 10, ({ body }) => body.delivery),
  column('数据集', 'dataset name', 24, ({ of, words }) => words.dataset(of?.dataset)),
  column('数据集代码', 'dataset', 24, ({ of }) => of?.dataset),
  column('结果', 'outcome', 8, ({ of, words }) => words.effect(of?.effect)),
  column('结果代码', 'effect', 8, ({ of }) => of?.effect),
  column('理由', 'because', 20, ({ of, words }) => words.reason(of?.reason)),
  column('理由代码', 'reason', 16, ({ of }) => of?.reason),
  column('授权编号', 'grant', 24, ({ of }) => of?.grant),
  column('字段（以“; ”分隔）', 'field names (between them `; `)', 30, ({ of, words }) =>
    joined(of?.fields?.map((path) => words.field(of.dataset ?? '', path) ?? '')),
  ),
  column('字段代码（以“; ”分隔）', 'fields (between them `; `)', 30, ({ of }) => joined(of?.fields)),
  column('记录数', 'records', 8, ({ of }) => of?.records),
  column('主体', 'subject', 24, ({ found, body }) => found.opened?.subject ?? body.subject?.pseudonym),
  column('事项编码', 'item', 18, ({ found, body }) => detailsOf(found.opened).item ?? body.item),
  column('办件编号', 'case_id', 18, ({ found }) => detailsOf(found.opened).caseId),
  column('经办人', 'actor', 14, ({ found }) => detailsOf(found.opened).actor),
  column('请求编号', 'request_id', 22, ({ body }) => body.requestId),
  column('回执', 'receipt', 22, ({ found }) => found.receipt),
  column('策略版本', 'policy_version', 16, ({ body }) => text(body['policyVersion'])),
  column('抹除依据（序号）', 'erased_by', 10, ({ found }) => found.erasedBy),
  column('到期销毁依据（序号）', 'expired_by', 10, ({ found }) => found.expiredBy),
  // what proves the entry: docs/log.md
  column('存证原文', 'body', 20, ({ evidence, first }) => (first ? evidence.text : undefined)),
  column('存证随机数', 'salt', 20, ({ evidence, first }) => (first ? evidence.salt : undefined)),
  column('存证路径（以“; ”分隔）', 'path (between them `; `)', 20, ({ evidence, first }) =>
    first ? joined(evidence.path) : undefined,
  ),
  column('日志检查点', 'checkpoint', 20, ({ evidence, first }) =>
    first && evidence.checkpoint !== undefined ? Buffer.from(evidence.checkpoint).toString('base64') : undefined,
  ),
];

function joined(values: readonly string[] | undefined): string | undefined {
  return values === undefined || values.every((value) => value === '') ? undefined : values.join(SEPARATOR);
}

/** Behind this one stands what is said besides. */
const SUMMARY = COLUMNS.findIndex(({ title }) => title.en === 'summary') + 1;

export const columnsOf = ({ more = [] }: ExportWords): readonly Column[] => [
  ...COLUMNS.slice(0, SUMMARY),
  ...more.map(({ cell, ...rest }): Column => ({ ...rest, cell: ({ found }) => cell(found.index) })),
  ...COLUMNS.slice(SUMMARY),
];

/** The rows of one entry, at least one. */
export function rowsOf(
  { found, evidence }: ExportedEntry,
  words: ExportWords,
  columns = columnsOf(words),
): readonly (readonly Cell[])[] {
  const { body } = found;
  const datasets: readonly (LogDataset | undefined)[] =
    body.datasets === undefined || body.datasets.length === 0 ? [undefined] : body.datasets;
  return datasets.map((of, i) => columns.map(({ cell }) => cell({ found, body, evidence, of, first: i === 0, words })));
}

export const titlesOf = (words: ExportWords): readonly string[] =>
  columnsOf(words).map(({ title }) => title[words.language]);

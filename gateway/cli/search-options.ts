/** Options of the `audit` commands, from the command line's loose values to what they mean. */
import { YitongError } from '../../contracts/errors.js';
import { dataOption, text, workspaceOption } from '../ground/files/places.js';
import type { SearchQuery } from '../log/search/index.js';
import { momentOf } from './moment.js';

type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const PLAIN = [
  'client',
  'authority',
  'provider',
  'dataset',
  'grant',
  'purpose',
  'item',
  'type',
  'action',
  'request',
  'subject',
  'actor',
] as const;

function moment(values: Values, name: 'since' | 'until'): number | undefined {
  const given = text(values[name]);
  if (given === undefined) return undefined;
  return momentOf(given, name);
}

/** @throws YitongError `bad_request` */
export function searchOptions(values: Values): SearchQuery {
  const query: Mutable<SearchQuery> = {};
  for (const name of PLAIN) {
    const value = text(values[name]);
    if (value !== undefined) query[name] = value;
  }
  const caseId = text(values['case']);
  if (caseId !== undefined) query.caseId = caseId;
  const result = text(values['result']);
  if (result !== undefined) {
    if (result !== 'allow' && result !== 'deny')
      throw new YitongError('bad_request', '`--result` is `allow` or `deny`');
    query.result = result;
  }
  const since = moment(values, 'since');
  const until = moment(values, 'until');
  if (since !== undefined) query.since = since;
  if (until !== undefined) query.until = until;
  return query;
}

/** @throws YitongError `bad_request` */
export function wholeNumber(values: Values, name: string): number | undefined {
  const given = text(values[name]);
  if (given === undefined) return undefined;
  if (!/^\d{1,15}$/.test(given)) throw new YitongError('bad_request', `\`--${name}\` must be a whole number`);
  return Number(given);
}

export const searchFlags = {
  workspace: workspaceOption,
  data: dataOption,
  client: { type: 'string', zh: '仅限向该应用提供的', describe: 'only what went to this client' },
  authority: {
    type: 'string',
    zh: '仅限向该单位的应用提供的',
    describe: 'only what went to clients of this authority',
  },
  provider: {
    type: 'string',
    zh: '仅限涉及该单位数据集的',
    describe: 'only where a dataset of this authority was asked',
  },
  dataset: { type: 'string', zh: '仅限涉及该数据集的', describe: 'only where this dataset was asked' },
  grant: { type: 'string', zh: '仅限依该项授权提供的', describe: 'only what was released under this grant' },
  purpose: { type: 'string', zh: '仅限该用途', describe: 'only for this purpose' },
  item: { type: 'string', zh: '仅限该事项编码', describe: 'only for this item of service (事项编码)' },
  case: { type: 'string', zh: '仅限该办件编号', describe: 'only for this case (办件编号)' },
  actor: { type: 'string', zh: '仅限该经办人', describe: 'only by this case handler (经办人)' },
  result: {
    type: 'string',
    zh: '提供或不予提供',
    values: ['allow', 'deny'],
    describe: '`allow`: something was released; `deny`: something was refused',
  },
  type: { type: 'string', zh: '仅限该类条目', describe: 'only events of this type' },
  action: { type: 'string', zh: '仅限该项管理操作', describe: 'only this act of administration' },
  request: { type: 'string', zh: '仅限该请求编号', describe: 'only this request (`X-Request-Id`)' },
  since: {
    type: 'string',
    zh: '自该日期或时间起，也可写多久以前',
    describe: 'only from this date or time on, or so long ago: 10m, 2h, 3d',
  },
  until: { type: 'string', zh: '至该日期或时间前', describe: 'only before this date or time' },
  subject: { type: 'string', zh: '仅限该主体', describe: 'only about this subject (`uscc:…`)' },
  open: {
    type: 'boolean',
    zh: '解密属于主体的内容；按主体检索时总是如此',
    describe: 'decrypt what belongs to the subjects; always so with --subject',
  },
} as const;

/** Options of the `audit` commands, from the command line's loose values to what they mean. */
import { YitongError } from '../../contracts/errors.js';
import type { SearchQuery } from '../audit/search.js';
import { dataOption, text, workspaceOption } from './places.js';

type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;

/** @throws YitongError `bad_request` */
export function searchOptions(values: Values): SearchQuery {
  const since = text(values['since']);
  const limit = text(values['limit']);
  if (since !== undefined && Number.isNaN(Date.parse(since))) throw new YitongError('bad_request', `\`--since ${since}\` is not a date such as 2026-01-31 or 2026-01-31T08:00:00Z`);
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) throw new YitongError('bad_request', '`--limit` must be a whole number above 0');
  const query: { -readonly [K in keyof SearchQuery]: SearchQuery[K] } = {};
  for (const name of ['client', 'dataset', 'purpose', 'type', 'subject'] as const) {
    const value = text(values[name]);
    if (value !== undefined) query[name] = value;
  }
  if (since !== undefined) query.since = Date.parse(since);
  if (limit !== undefined) query.limit = Number(limit);
  return query;
}

export const searchFlags = {
  workspace: workspaceOption,
  data: dataOption,
  client: { type: 'string', describe: 'only what went to this client' },
  dataset: { type: 'string', describe: 'only where this dataset was asked' },
  purpose: { type: 'string', describe: 'only for this purpose' },
  type: { type: 'string', describe: 'only events of this type' },
  since: { type: 'string', describe: 'only from this date or time on' },
  subject: { type: 'string', describe: 'only about this subject (`uscc:…`); decrypts what belongs to it' },
} as const;

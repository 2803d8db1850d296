/** What the pages of the auditor share. */
import { YitongError } from '../../../../contracts/errors.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { ReportNames } from '../../../documents/words/names.js';
import type { SearchIndex } from '../../../log/search/index.js';

export interface Auditing {
  readonly context: GatewayContext;
  /** For what entries say of documents. */
  readonly reports: ReportNames;
  search(): SearchIndex;
}

/** A whole number of the address. @throws YitongError `bad_request` */
export function numberOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new YitongError('bad_request', `\`${name}\` is not a number`);
  return Number(text);
}

/**
 * The auditor's and the inspector's pages: what happened, who saw what, one entry in full with its proof, and how the log is. Each look is
 * itself on record before it is shown.
 */
import { YitongError } from '../../../contracts/errors.js';
import type { SearchIndex } from '../../audit/search/index.js';
import type { GatewayContext, Service } from '../../context.js';
import { alertRoutes } from './alerts.js';
import { entryRoutes } from './entry.js';
import { exportRoutes } from './exports.js';
import { insightRoutes } from './insight.js';
import { logRoutes } from './log.js';
import { overviewRoutes } from './overview.js';
import { searchRoutes } from './search.js';

export interface Auditing {
  readonly context: GatewayContext;
  search(): SearchIndex;
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const auditing: Auditing = { context, search: app.people.search };
    overviewRoutes(app, auditing);
    searchRoutes(app, auditing);
    entryRoutes(app, auditing);
    exportRoutes(app, auditing);
    logRoutes(app, auditing);
    insightRoutes(app, auditing);
    await alertRoutes(app, auditing);
  },
};
export default service;

/** A whole number of the address. @throws YitongError `bad_request` */
export function numberOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new YitongError('bad_request', `\`${name}\` is not a number`);
  return Number(text);
}

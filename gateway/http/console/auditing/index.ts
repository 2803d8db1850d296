/**
 * The auditor's and the inspector's pages: what happened, who saw what, one entry in full with its proof, and how the
 * log is. Each look is itself on record before it is shown.
 */
import { reportsOf } from '../../../../contracts/reports.js';
import type { Service } from '../../../documents/context.js';
import { alertRoutes } from './alerts.js';
import type { Auditing } from './auditing.js';
import { entryRoutes } from './entry.js';
import { exportRoutes } from './exports.js';
import { insightRoutes } from './insight.js';
import { logRoutes } from './log.js';
import { overviewRoutes } from './overview.js';
import { replayRoutes } from './replay.js';
import { reviewRoutes } from './reviews.js';
import { searchRoutes } from './search.js';

const service: Service = {
  port: 'people',
  async register(app, context) {
    const auditing: Auditing = { context, reports: await reportsOf(context.workspace), search: app.people.search };
    overviewRoutes(app, auditing);
    searchRoutes(app, auditing);
    entryRoutes(app, auditing);
    exportRoutes(app, auditing);
    logRoutes(app, auditing);
    replayRoutes(app, auditing);
    insightRoutes(app, auditing);
    reviewRoutes(app, auditing);
    await alertRoutes(app, auditing);
  },
};
export default service;

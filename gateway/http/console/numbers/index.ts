/** /numbers: what reports have replaced, for everybody; the same stands in the metrics. */

import type { Service } from '../../../documents/context.js';
import { reportsOf } from '../../../documents/reports/index.js';
import { watchNumbers } from '../../plugins/metrics.js';
import { sendOpen } from '../../ui/frame.js';
import { numbersView } from './numbers.js';

const service: Service = {
  port: 'people',
  async register(app, context) {
    const { workspace } = context;
    const reports = await reportsOf(context);
    watchNumbers(() => reports.numbers());
    app.get('/numbers', { schema: { hide: true }, config: { compressed: true } }, async (request, reply) => {
      const { language } = request;
      return sendOpen(request, reply, {
        workspace,
        title: language === 'zh' ? '数字' : 'Numbers',
        children: numbersView({
          language,
          numbers: await reports.numbers(),
          reports: [...reports.definitions.values()].map(({ id, title, domains }) => ({
            id,
            title,
            domains: domains.length,
          })),
        }),
      });
    });
  },
};
export default service;

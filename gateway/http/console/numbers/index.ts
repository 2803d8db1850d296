/** /numbers: what reports have replaced, for everybody; the same stands in the metrics. */

import type { Service } from '../../../documents/context.js';
import { reportsOf } from '../../../documents/reports/index.js';
import { watchNumbers } from '../../plugins/metrics.js';
import { page } from '../../ui/page.js';
import { numbersView } from './numbers.js';

const service: Service = {
  port: 'people',
  async register(app, context) {
    const { workspace } = context;
    const reports = await reportsOf(context);
    watchNumbers(() => reports.numbers());
    app.get('/numbers', { schema: { hide: true }, config: { compressed: true } }, async (request, reply) => {
      const { language } = request;
      return reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(
          page({
            language,
            workspace,
            title: language === 'zh' ? '数字' : 'Numbers',
            way: request.session === undefined ? 'sign-in' : 'console',
            children: numbersView({
              language,
              numbers: await reports.numbers(),
              reports: [...reports.definitions.values()].map(({ id, title, domains }) => ({
                id,
                title,
                domains: domains.length,
              })),
            }),
          }),
        );
    });
  },
};
export default service;

/**
 * /console/guide-words: what was asked of the guide and what of it was not understood, for whoever looks after the
 * words of bundles. It shows counts, and masked sentences without who said them; each look is on record first.
 */
import type { FastifyRequest } from 'fastify';
import { bundlesOf } from '../../../../contracts/bundle/load.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { Service } from '../../../documents/context.js';
import { csvOf } from '../../../log/search/export/csv.js';
import { dayAt, heardOf } from '../../../procedures/guide/heard.js';
import { sessionOf } from '../../plugins/people.js';
import { sendCsv, sendFramed } from '../../ui/frame.js';
import { figuresOf } from './figures.js';
import { heardPage, outcomeNames, SPANS } from './heard-page.js';

const PATH = '/console/guide-words';
const ROLES = ['sharing-authority'] as const;
const DAY = 86_400_000;

interface Route {
  readonly Querystring: { readonly days?: string };
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const { workspace, settings, now } = context;
    const { record } = app.people;
    const { bundles, elements } = await bundlesOf(workspace);
    const heard = heardOf(context);
    app.addHook('onClose', () => heard.close());

    async function found(request: FastifyRequest<Route>, isExport: boolean) {
      const span = SPANS.find((one) => String(one) === (request.query.days ?? '30'));
      if (span === undefined) throw new YitongError('bad_request', 'there is no such time');
      const to = now();
      // what this process has not written yet; of others it is a few seconds old
      await heard.flush();
      const all = await heard.between(dayAt(to - (span - 1) * DAY), dayAt(to));
      await record.looked(sessionOf(request).person, {
        requestId: request.id,
        action: 'guide_heard',
        role: 'sharing-authority',
        detail: { days: span, ...(isExport ? { export: true } : {}) },
        results: all.sentences.length,
      });
      return { span, ...all };
    }
    const nav = { title: { zh: '导办用语', en: 'Words of the guide' }, order: 23 };

    app.get<Route>(PATH, { schema: { hide: true }, config: { roles: ROLES, nav } }, async (request, reply) => {
      const { language } = request;
      const { span, counts, sentences } = await found(request, false);
      return sendFramed(request, reply, {
        title: language === 'zh' ? '导办用语' : 'Words of the guide',
        workspace,
        children: heardPage({
          language,
          span,
          keptDays: settings.guide.keptDays,
          figures: figuresOf(counts, sentences),
          bundles,
          elements: elements.elements,
          csv: `${PATH}.csv?days=${String(span)}`,
        }),
      });
    });

    app.get<Route>(
      `${PATH}.csv`,
      { schema: { hide: true }, config: { roles: ROLES, offers: ['text/csv'] } },
      async (request, reply) => {
        const { language } = request;
        const { sentences } = await found(request, true);
        const titles =
          language === 'zh'
            ? ['日期', '提问（已隐去个人信息）', '结果', '接近的事项']
            : ['day', 'sentence (masked)', 'outcome', 'nearest'];
        const body = csvOf([
          titles,
          ...sentences.map(({ day, text, outcome, nearest }) => [
            day,
            text,
            outcomeNames[outcome][language],
            nearest.map((id) => bundles.get(id)?.title[language] ?? id).join(language === 'zh' ? '、' : ', '),
          ]),
        ]);
        return sendCsv(reply, 'guide-words', body);
      },
    );
  },
};
export default service;

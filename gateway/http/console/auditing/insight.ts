/** /console/privileges: what is granted and was not used. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { unused } from '../../../../policies/privilege.js';
import { namesOf } from '../../../documents/words/names.js';
import { useOf } from '../../../log/verify/use-of-grants.js';
import { sessionOf } from '../../plugins/people.js';
import { choicesIn } from '../../ui/filters.js';
import { sendFramed } from '../../ui/frame.js';
import { listed, sendListed } from '../../ui/listing.js';
import { type Auditing, numberOf } from './auditing.js';
import { IDLES, idleListing, idleRows, privilegesPage } from './insight-page.js';

const PATH = '/console/privileges';
const ROLES = ['auditor'] as const;

type Asking = FastifyRequest<{ Querystring: { readonly days?: string; readonly show?: string } }>;

export function insightRoutes(app: FastifyInstance, { context, reports, search }: Auditing): void {
  const { workspace, now } = context;
  /** On record first. */
  async function found(request: Asking, isExport: boolean) {
    const { language } = request;
    const days = numberOf(request.query.days, 'days') ?? 90;
    if (days < 1 || days > 36_500) throw new YitongError('bad_request', '`days` is from 1 to 36500');
    const idle = IDLES.find((one) => one === (request.query.show ?? 'grants'));
    if (idle === undefined) throw new YitongError('bad_request', `\`show\` is one of ${IDLES.join(', ')}`);
    const { use, begins: logBegins } = await useOf(search());
    const { policies } = context.inForce();
    const report = unused(policies, workspace, use, now(), days);
    const listing = idleListing(idle, namesOf(context, language, reports), language);
    const own = { show: idle, days: String(days) };
    const rows = await listed(request, context, listing, idleRows(report, policies, workspace)[idle], own);
    const { q } = rows.chosen;
    await app.people.record.looked(sessionOf(request).person, {
      requestId: request.id,
      action: 'privileges',
      role: 'auditor',
      detail: {
        days,
        show: idle,
        ...choicesIn(rows.filters, rows.chosen),
        ...(isExport ? { export: true } : {}),
      },
      ...(q === undefined ? {} : { about: { filter: q.toLowerCase() } }),
      results: rows.rows.length,
    });
    return { days, idle, report, rows, logBegins };
  }

  app.get(
    PATH,
    {
      schema: { hide: true },
      config: {
        roles: ROLES,
        lists: ['cols'],
        nav: { title: { zh: '授权使用情况', en: 'Least privilege' }, order: 34 },
      },
    },
    async (request: Asking, reply) =>
      sendFramed(request, reply, {
        title: request.language === 'zh' ? '授权使用情况' : 'Least privilege',
        workspace,
        children: privilegesPage(await found(request, false)),
      }),
  );
  app.get(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: ROLES, lists: ['cols'], offers: ['text/csv'] } },
    async (request: Asking, reply) => sendListed(reply, (await found(request, true)).rows),
  );
}

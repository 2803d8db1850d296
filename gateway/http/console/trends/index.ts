/**
 * /console/trends: questions, rows held back, freshness and terms of sharing over 30 and 90 days; of the own authority,
 * or of all for who looks after the whole. The look is on record first.
 */
import { authorityTitle } from '../../../../contracts/authorities.js';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { Service } from '../../../documents/context.js';
import type { Role } from '../../../ground/identity/person.js';
import { localMinute } from '../../../ground/language/time.js';
import { sharingDeskOf } from '../../../procedures/sharing/opened.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { daysUntil, qualityByDay, questionsByDay, TermFigures } from './figures.js';
import { SPANS, type Trend, trendsPage } from './page.js';

const PATH = '/console/trends';
const WHOLE: readonly Role[] = ['auditor', 'sharing-authority'];
const ROLES = [
  'auditor',
  'sharing-authority',
  'inspector',
  'data-officer',
  'sharing-officer',
  'sharing-head',
  'department-head',
] as const;

/** Of what is not here; anything else that fails is a failure. */
const orAway =
  (...codes: readonly string[]) =>
  (error: unknown): undefined => {
    if (isYitongError(error) && codes.includes(error.code)) return undefined;
    throw error;
  };

const service: Service = {
  port: 'people',
  register(app, context) {
    const { workspace, dataDir, now } = context;
    const desk = sharingDeskOf(context);
    app.addHook('onClose', () => desk.close());
    const terms = new TermFigures(async () => (await desk.desk()).matters, now);

    app.get<{ Querystring: { readonly days?: string } }>(
      PATH,
      { schema: { hide: true }, config: { roles: ROLES, nav: { title: { zh: '趋势', en: 'Trends' }, order: 50 } } },
      async (request, reply) => {
        const { person } = sessionOf(request);
        const span = SPANS.find((one) => String(one) === (request.query.days ?? '30'));
        if (span === undefined) throw new YitongError('bad_request', '`days` is 30 or 90');
        const whole = person.roles.some((role) => WHOLE.includes(role));
        const authority = whole ? undefined : (person.authority ?? '');
        const own = [...workspace.contracts.values()].filter(
          (contract) => authority === undefined || contract.authority === authority,
        );
        await app.people.record.looked(person, {
          requestId: request.id,
          action: 'trends',
          role: roleOf(request, person),
          detail: { days: span },
        });
        const ids = own.map(({ id }) => id);
        const days = daysUntil(now(), span);
        const { held, fresh } = qualityByDay(dataDir, days, ids);
        const asked = async () => questionsByDay(app.people.search(), days, authority === undefined ? undefined : ids);
        const trends: readonly Trend[] = [
          {
            id: 'questions',
            stands: false,
            title: { zh: '数据查询', en: 'Questions' },
            value: { zh: '查询次数', en: 'questions' },
            part: { zh: '其中不予提供', en: 'denied something' },
            days: await asked().catch(orAway('log_elsewhere')),
          },
          {
            id: 'held',
            stands: true,
            title: { zh: '未通过检查的行', en: 'Rows held back' },
            value: { zh: '行数', en: 'rows' },
            days: held,
          },
          {
            id: 'fresh',
            stands: true,
            title: { zh: '按期更新', en: 'Freshness' },
            value: { zh: '检查的数据集', en: 'datasets measured' },
            part: { zh: '其中逾期', en: 'late' },
            days: fresh,
          },
          {
            id: 'terms',
            stands: false,
            title: { zh: '共享事项期限', en: 'Terms of sharing' },
            value: { zh: '办结的期限', en: 'terms that ended' },
            part: { zh: '其中逾期', en: 'late' },
            days: (await terms.byDay(days, authority).catch(orAway('not_found'))) ?? [],
          },
        ];
        const { language } = request;
        return sendFramed(request, reply, {
          title: language === 'zh' ? '趋势' : 'Trends',
          workspace,
          children: trendsPage({
            language,
            span,
            of:
              authority === undefined
                ? language === 'zh'
                  ? '全部部门'
                  : 'All authorities'
                : authorityTitle(workspace, authority, language),
            trends: trends.filter((one) => one.days === undefined || one.days.length > 0),
            at: localMinute(now()),
          }),
        });
      },
    );
  },
};
export default service;

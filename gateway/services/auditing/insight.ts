/** /console/replay: the policies on disk against the past. /console/privileges: what is granted and was not used. */
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import { loadPolicies } from '../../../policies/load.js';
import { unused } from '../../../policies/privilege.js';
import { makeReplay } from '../../../policies/replay.js';
import { replayLog } from '../../audit/decisions.js';
import { useOf } from '../../audit/use.js';
import { sendFramed } from '../../console/frame.js';
import { privilegesPage, replayPage } from '../../console/pages/auditing/insight.js';
import { fromLocal } from '../../console/time.js';
import { sessionOf } from '../../plugins/people.js';
import { numberOf, type Auditing } from './auditing.js';

const ROLES = ['auditor'] as const;
const SHOWN = 200;

export function insightRoutes(app: FastifyInstance, { context, search }: Auditing): void {
  const { workspace, now } = context;
  let last: Promise<unknown> = Promise.resolve();

  const moment = (text: string | undefined, name: string): number | undefined => {
    if (text === undefined || text === '') return undefined;
    const at = fromLocal(text);
    if (at === undefined) throw new YitongError('bad_request', `\`${name}\` is not a time`);
    return at;
  };

  app.get<{ Querystring: { since?: string; until?: string } }>(
    '/console/replay',
    { schema: { hide: true }, config: { roles: ROLES, nav: { title: { zh: '策略重放', en: 'Policy replay' }, order: 32 } } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const { language } = request;
      const { since = '', until = '' } = request.query;
      const [from, to] = [moment(since, 'since'), moment(until, 'until')];
      const chosen = request.query.since !== undefined || request.query.until !== undefined;
      await app.people.record.looked(person, { requestId: request.id, action: 'replay', role: 'auditor', detail: { since, until } });
      const result = chosen ? await replay(from, to) : undefined;
      return sendFramed(request, reply, { title: language === 'zh' ? '策略重放' : 'Policy replay', workspace, children: replayPage({ language, since, until, result, shown: SHOWN }) });
    },
  );

  /** One after the other: each reads a whole period in the process that also answers. */
  function replay(since: number | undefined, until: number | undefined): ReturnType<typeof replayLog> {
    const begun = last.then(async () => {
      const set = await loadPolicies(workspace);
      return replayLog(search(), makeReplay(set, workspace), { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) });
    });
    last = begun.catch(() => undefined);
    return begun;
  }

  app.get<{ Querystring: { days?: string } }>(
    '/console/privileges',
    { schema: { hide: true }, config: { roles: ROLES, nav: { title: { zh: '最小权限', en: 'Least privilege' }, order: 34 } } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const { language } = request;
      const days = numberOf(request.query.days, 'days') ?? 90;
      if (days < 1 || days > 36_500) throw new YitongError('bad_request', '`days` is from 1 to 36500');
      await app.people.record.looked(person, { requestId: request.id, action: 'privileges', role: 'auditor', detail: { days } });
      const set = await loadPolicies(workspace);
      const { use, begins } = await useOf(search());
      return sendFramed(request, reply, { title: language === 'zh' ? '最小权限' : 'Least privilege', workspace, children: privilegesPage({ language, days, report: unused(set, workspace, use, now(), days), logBegins: begins }) });
    },
  );
}

/** /console/overview: requests, refusals, speed and the biggest users over time. */
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { namesOf } from '../../../documents/words/names.js';
import { HOUR, latencyQuantile } from '../../../log/search/summary.js';
import { readCheckpoint } from '../../../log/store/published.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import type { Auditing } from './auditing.js';
import { departmentRows } from './departments.js';
import { type OverviewSpan, overview, SPANS } from './overview-page.js';

export function overviewRoutes(app: FastifyInstance, { context, reports, search }: Auditing): void {
  app.get<{ Querystring: { span?: string } }>(
    '/console/overview',
    {
      schema: { hide: true },
      config: { roles: ['auditor'], nav: { title: { zh: '概览', en: 'Overview' }, order: 10 } },
    },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const name = request.query.span ?? 'week';
      if (!Object.hasOwn(SPANS, name)) throw new YitongError('bad_request', '`span` is `day`, `week` or `month`');
      const span = name as OverviewSpan;
      const { hours, step } = SPANS[span];
      // whole steps of the city's day, the present one the last
      const offset = 8 * HOUR;
      const end = (Math.floor((context.now() + offset) / (step * HOUR)) + 1) * step * HOUR - offset;
      const start = end - hours * HOUR;
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'overview',
        role: roleOf(request, person),
        detail: { span },
      });
      const summary = await search().overview(start, end);
      const before = await search().overview(start - hours * HOUR, start);
      const { hours: sums, grants } = summary;
      const bars = Array.from({ length: hours / step }, (_, i) => {
        const from = start + i * step * HOUR;
        let [value, part] = [0, 0];
        for (let hour = from; hour < from + step * HOUR; hour += HOUR) {
          value += sums[String(hour)]?.requests ?? 0;
          part += sums[String(hour)]?.denied ?? 0;
        }
        return { from, value, part };
      });
      const latency: Record<string, number> = {};
      const refused: Record<string, number> = {};
      const totals = {
        clients: new Map<string, [number, number]>(),
        datasets: new Map<string, [number, number]>(),
        purposes: new Map<string, [number, number]>(),
      };
      let records = 0;
      for (const hour of Object.values(sums)) {
        records += hour.records;
        for (const [bucket, count] of Object.entries(hour.latency)) latency[bucket] = (latency[bucket] ?? 0) + count;
        for (const [code, count] of Object.entries(hour.refused)) refused[code] = (refused[code] ?? 0) + count;
        for (const kind of ['clients', 'datasets', 'purposes'] as const) {
          for (const [id, [requests, denied]] of Object.entries(hour[kind])) {
            const [r, d] = totals[kind].get(id) ?? [0, 0];
            totals[kind].set(id, [r + requests, d + denied]);
          }
        }
      }
      const names = namesOf(context, request.language, reports);
      const top = (of: ReadonlyMap<string, readonly [number, number]>, name: (id: string) => string | undefined) =>
        [...of]
          .map(([id, [requests, denied]]) => ({ id, name: name(id), requests, denied }))
          .sort((a, b) => b.requests - a.requests || (a.id < b.id ? -1 : 1))
          .slice(0, 8);
      const { workspace, dataDir } = context;
      const { clients } = context.inForce().policies;
      const departmentOf = (id: string): string => [...clients.values()].find((one) => one.id === id)?.authority ?? '';
      return sendFramed(request, reply, {
        title: request.language === 'zh' ? '概览' : 'Overview',
        workspace,
        children: overview({
          language: request.language,
          span,
          bars,
          step,
          records,
          p50: latencyQuantile(latency, 0.5),
          p99: latencyQuantile(latency, 0.99),
          refused,
          departments: departmentRows(summary, before, departmentOf, names.authority),
          clients: top(totals.clients, names.client),
          datasets: top(totals.datasets, names.dataset),
          purposes: top(totals.purposes, names.purpose),
          grants: Object.keys(grants).length,
          log: readCheckpoint(dataDir),
          now: context.now(),
        }),
      });
    },
  );
}

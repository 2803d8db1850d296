/** /console/overview: requests, refusals, speed and the biggest users over time, and departments beside one another. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { namesOf } from '../../../documents/words/names.js';
import { localMinute } from '../../../ground/language/time.js';
import { HOUR, latencyQuantile, type Summary } from '../../../log/search/summary.js';
import { readCheckpoint } from '../../../log/store/published.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { choicesIn } from '../../ui/filters.js';
import { sendFramed } from '../../ui/frame.js';
import { listed, sendListed } from '../../ui/listing.js';
import type { Auditing } from './auditing.js';
import { departmentListing, departmentRows } from './departments.js';
import { type OverviewSpan, overview, SPANS } from './overview-page.js';

const PATH = '/console/overview';
const ROLES = ['auditor'] as const;
const CITY = 8 * HOUR;

interface Asked {
  readonly span?: string;
}
type Asking = FastifyRequest<{ Querystring: Asked }>;

/** Whole steps of the city's day, the present one the last. @throws YitongError `bad_request` */
function spanOf({ span: name = 'week' }: Asked, now: number) {
  if (!Object.hasOwn(SPANS, name))
    throw new YitongError('bad_request', '`span` is `day`, `week`, `month` or `quarter`');
  const span = name as OverviewSpan;
  const { hours, step } = SPANS[span];
  const end = (Math.floor((now + CITY) / (step * HOUR)) + 1) * step * HOUR - CITY;
  return { span, hours, step, end, start: end - hours * HOUR };
}

/** Sums of the hours: bars of `step` hours, and who or what came how often. */
function summed({ hours: sums }: Summary, { start, hours, step }: ReturnType<typeof spanOf>) {
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
  return { bars, records, refused, totals, p50: latencyQuantile(latency, 0.5), p99: latencyQuantile(latency, 0.99) };
}

/** Those that came most often. */
const top = (of: ReadonlyMap<string, readonly [number, number]>, name: (id: string) => string | undefined) =>
  [...of]
    .map(([id, [requests, denied]]) => ({ id, name: name(id), requests, denied }))
    .sort((a, b) => b.requests - a.requests || (a.id < b.id ? -1 : 1))
    .slice(0, 8);

export function overviewRoutes(app: FastifyInstance, { context, reports, search }: Auditing): void {
  /** On record first. */
  async function found(request: Asking, isExport: boolean) {
    const { person } = sessionOf(request);
    const { language } = request;
    const span = spanOf(request.query, context.now());
    const names = namesOf(context, language, reports);
    // as forms of the search have a time
    const since = localMinute(span.start).replace(' ', 'T');
    const listing = departmentListing(language, SPANS[span.span].title[language], since);
    const summary = await search().overview(span.start, span.end);
    const before = await search().overview(span.start - span.hours * HOUR, span.start);
    const { clients } = context.inForce().policies;
    const departmentOf = (id: string): string => [...clients.values()].find((one) => one.id === id)?.authority ?? '';
    const rows = departmentRows(summary, before, departmentOf, names.authority);
    const departments = await listed(request, context, listing, rows, { span: span.span });
    await app.people.record.looked(person, {
      requestId: request.id,
      action: 'overview',
      role: roleOf(request, person),
      detail: {
        span: span.span,
        ...choicesIn(departments.filters, departments.chosen),
        ...(isExport ? { export: true } : {}),
      },
    });
    return { language, span, names, since, summary, departments };
  }

  app.get<{ Querystring: Asked }>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: ROLES, lists: ['cols'], nav: { title: { zh: '概览', en: 'Overview' }, order: 10 } },
    },
    async (request, reply) => {
      const { language, span, names, since, summary, departments } = await found(request, false);
      const { totals, ...sums } = summed(summary, span);
      return sendFramed(request, reply, {
        title: language === 'zh' ? '概览' : 'Overview',
        workspace: context.workspace,
        children: overview({
          ...sums,
          language,
          span: span.span,
          step: span.step,
          days: [localMinute(span.start).slice(0, 10), localMinute(context.now()).slice(0, 10)],
          since,
          departments,
          clients: top(totals.clients, names.client),
          datasets: top(totals.datasets, names.dataset),
          purposes: top(totals.purposes, names.purpose),
          grants: Object.keys(summary.grants).length,
          log: readCheckpoint(context.dataDir),
        }),
      });
    },
  );
  app.get<{ Querystring: Asked }>(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: ROLES, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => sendListed(reply, (await found(request, true)).departments),
  );
}

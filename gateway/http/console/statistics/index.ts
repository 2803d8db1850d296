/**
 * /console/sharing/statistics: figures of sharing over a period, of a level for its sharing authority and of its own
 * matters for a department; and the documents that are made of them, drafted by one person and approved by another.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { WHOLE } from '../../../../contracts/lifecycle/matter.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { Service } from '../../../documents/context.js';
import { paperOf, sharingPdf } from '../../../documents/sharing-paper.js';
import { cellText, type FigureTable, figureTables } from '../../../documents/words/sharing-tables.js';
import { roleNames } from '../../../ground/identity/person.js';
import type { Json } from '../../../ground/state/port.js';
import { csvOf } from '../../../log/search/export/csv.js';
import { GRADES, isPaper, type SharingPaper, signedPaper } from '../../../procedures/sharing/machines/papers.js';
import { figuresFor } from '../../../procedures/sharing/shown.js';
import type { SharingStatistics } from '../../../procedures/sharing/statistics/index.js';
import { boundsOf, type Period, periodOf, quarterOf } from '../../../procedures/sharing/statistics/period.js';
import type { OpenedMatter } from '../../../procedures/sharing/types.js';
import { formFault } from '../../plugins/forms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendCsv, sendFramed } from '../../ui/frame.js';
import { type Desk, openDesk, READERS } from '../applications/desk.js';
import { actsOf, namesFor, stateOf } from '../applications/reading.js';
import { type Sent, text } from '../applications/sent.js';
import { type PaperLine, statisticsPage } from './page.js';
import { draftPage, paperPage } from './paper-page.js';
import { offeredPeriods, PAPERS, paperNames, STATISTICS } from './words.js';

const DRAFTS = ['sharing-authority'] as const;

type Asked = Readonly<Partial<Record<'period' | 'from' | 'to' | 'table' | 'kind', string>>>;
interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: Asked;
  readonly Body: Sent;
}

/** Days that were filled in count before a period that was chosen. */
function askedPeriod({ period, from = '', to = '' }: Asked, now: number): Period {
  return from === '' && to === ''
    ? periodOf({ period: period === '' ? undefined : period }, now)
    : periodOf({ from, to }, now);
}

const whoIs = (desk: Desk, request: FastifyRequest): string => {
  const { person } = sessionOf(request);
  const authority = namesFor(desk.context).authority(person.authority)[request.language];
  return [person.authority === undefined ? '' : authority, roleNames[roleOf(request, person)][request.language]]
    .filter(Boolean)
    .join(' · ');
};

/** Names as they are now. */
const nameIn = (desk: Desk) => {
  const names = namesFor(desk.context);
  return (id: string): Localised => (names.contract(id) === undefined ? names.authority(id) : names.dataset(id));
};

/** Undefined: whoever looks is told no figures. */
async function figures(desk: Desk, request: FastifyRequest, period: Period): Promise<SharingStatistics | undefined> {
  const { grants, statistics } = await desk.sharing();
  const whose = figuresFor(desk.actorOf(request), grants.places);
  return whose === undefined ? undefined : await statistics(whose, period);
}

const paperIn = ({ contents }: Pick<OpenedMatter, 'contents'>): SharingPaper | undefined =>
  contents['of-period'] as unknown as SharingPaper | undefined;

async function papersOf(desk: Desk, request: FastifyRequest): Promise<readonly PaperLine[]> {
  const all = [
    ...(await desk.all(sessionOf(request).person, 'open')),
    ...(await desk.all(sessionOf(request).person, 'over')),
  ];
  return all
    .flatMap((matter): readonly (PaperLine & { readonly at: number })[] => {
      const { head, state } = matter;
      const paper = paperIn(matter);
      if (!isPaper(head.machine) || paper === undefined) return [];
      const { from, to } = paper;
      const own = state.parts[WHOLE]?.state ?? '';
      return [
        {
          id: head.id,
          machine: head.machine,
          from,
          to,
          state: stateOf(matter),
          signed: own === 'approved' || own === 'received',
          at: matter.openedAt,
        },
      ];
    })
    .sort((a, b) => b.at - a.at);
}

function statisticsRoutes(app: FastifyInstance, desk: Desk): void {
  const { context, workspace } = desk;
  app.get<Route>(
    STATISTICS,
    {
      schema: { hide: true },
      config: { roles: READERS, nav: { title: { zh: '共享统计', en: 'Figures' }, order: 14 } },
    },
    async (request, reply) => {
      const { language, query } = request;
      const now = context.now();
      const period = askedPeriod(query, now);
      const statistics = await figures(desk, request, period);
      const papers = await papersOf(desk, request);
      await desk.looked(request, 'sharing_statistics', papers.length, { ...period, level: statistics?.level === true });
      const periods = offeredPeriods(now);
      const chosen = (query.from ?? '') === '' && (query.to ?? '') === '' ? (query.period ?? quarterOf(now)) : '';
      return sendFramed(request, reply, {
        title: language === 'zh' ? '共享统计' : 'Figures of sharing',
        workspace,
        children: statisticsPage({
          language,
          of: whoIs(desk, request),
          statistics,
          nameOf: nameIn(desk),
          period: chosen,
          periods,
          csv: (table) => `${STATISTICS}.csv?table=${table}&from=${period.from}&to=${period.to}`,
          papers,
          mayDraft: statistics?.level === true && sessionOf(request).person.roles.includes('sharing-authority'),
          closed: boundsOf(period).end <= now,
        }),
      });
    },
  );
  app.get<Route>(
    `${STATISTICS}.csv`,
    { schema: { hide: true }, config: { roles: READERS, offers: ['text/csv'] } },
    async (request, reply) => {
      const { language, query } = request;
      const period = askedPeriod(query, context.now());
      const statistics = await figures(desk, request, period);
      const table =
        statistics === undefined
          ? undefined
          : figureTables(statistics, nameIn(desk)).find(({ id }): boolean => id === query.table);
      if (table === undefined) throw new YitongError('not_found', 'there is no such table for you');
      await desk.looked(request, 'sharing_statistics', table.rows.length, { ...period, table: table.id });
      return sendCsv(reply, `sharing-${table.id}-${period.from}-${period.to}`, csvTable(table, language));
    },
  );
}

const csvTable = ({ columns, rows }: FigureTable, language: 'zh' | 'en'): string =>
  csvOf([
    columns.map(({ title }) => title[language]),
    ...rows.map((row) => row.map((cell) => cellText(cell, language))),
  ]);

/** What the form of a draft says; what is missing is said beside its field. */
function contentOf(body: Sent, { departments }: SharingStatistics): Json {
  const faults: Record<string, Localised> = {};
  const said = (name: string, max: number): string => {
    const value = text(body[name]).slice(0, max);
    if (value.length < 4) faults[name] = { zh: '请用 4 字以上填写。', en: 'Write 4 characters at least.' };
    return value;
  };
  const [findings, measures] = [said('findings', 4000), said('measures', 4000)];
  const grades =
    text(body['kind']) !== 'evaluation'
      ? undefined
      : departments.map(({ authority }) => {
          const grade = GRADES.find((one) => one === text(body[`grade.${authority}`]));
          if (grade === undefined) faults[`grade.${authority}`] = { zh: '请选择等次。', en: 'Choose a grade.' };
          return { authority, grade: grade ?? '', reason: said(`reason.${authority}`, 500) };
        });
  if (Object.keys(faults).length > 0) throw formFault(faults, 'act_incomplete');
  return { from: text(body['from']), to: text(body['to']), findings, measures, ...present({ grades }) };
}

async function levelFigures(desk: Desk, request: FastifyRequest, period: Period): Promise<SharingStatistics> {
  const statistics = await figures(desk, request, period);
  if (statistics?.level !== true) throw new YitongError('not_found', 'only who looks after sharing reports on it');
  return statistics;
}

function draftRoutes(app: FastifyInstance, desk: Desk): void {
  const { workspace } = desk;
  const config = { schema: { hide: true }, config: { roles: DRAFTS } };
  app.get<Route>(`${PAPERS}/new`, config, async (request, reply) => {
    const { language } = request;
    const { kind = '', ...asked } = request.query;
    if (!isPaper(kind)) throw new YitongError('not_found', 'there is no such document');
    const statistics = await levelFigures(desk, request, askedPeriod(asked, desk.context.now()));
    await desk.looked(request, 'sharing_statistics', 0, { from: statistics.from, to: statistics.to, level: true });
    return sendFramed(request, reply, {
      title: paperNames[kind][language],
      workspace,
      scripts: ['choose.js'],
      children: draftPage({ language, machine: kind, action: PAPERS, statistics, nameOf: nameIn(desk) }),
    });
  });
  app.post<Route>(PAPERS, config, async (request, reply) => {
    const { body } = request;
    const kind = text(body['kind']);
    if (!isPaper(kind)) throw new YitongError('bad_request', 'there is no such document');
    const period = periodOf({ from: text(body['from']), to: text(body['to']) }, desk.context.now());
    const content = contentOf(body, await levelFigures(desk, request, period));
    const { matters } = await desk.sharing();
    const act = { actor: desk.actorOf(request), act: 'draft', fields: {}, content, record: desk.recordOf(request) };
    const { head } = await matters.open(kind, {}, act);
    return reply.header('cache-control', 'no-store').redirect(`${PAPERS}/${head.id}`, 303);
  });
  app.get<Route>(`${PAPERS}/:id/edit`, config, async (request, reply) => {
    const { language } = request;
    const { matter, machine, paper } = await openedPaper(desk, request);
    if (!matter.acts.some(({ act }) => act === 'revise'))
      throw new YitongError('not_found', 'it is not to be changed any more');
    const statistics = await levelFigures(desk, request, paper);
    await desk.looked(request, 'sharing_paper', 1, { matter: matter.head.id });
    return sendFramed(request, reply, {
      title: paperNames[machine][language],
      workspace,
      scripts: ['choose.js'],
      children: draftPage({
        language,
        machine,
        action: `${PAPERS}/${matter.head.id}`,
        statistics,
        nameOf: nameIn(desk),
        before: paper,
        seen: String(matter.state.events),
      }),
    });
  });
  app.post<Route>(`${PAPERS}/:id`, config, async (request, reply) => {
    const { body } = request;
    const { matter, paper } = await openedPaper(desk, request);
    if (text(body['seen']) !== String(matter.state.events))
      throw new YitongError('matter_moved', 'somebody acted on the document meanwhile; look at it again');
    const content = contentOf({ ...body, from: paper.from, to: paper.to }, await levelFigures(desk, request, paper));
    const act = { actor: desk.actorOf(request), act: 'revise', fields: {}, content, record: desk.recordOf(request) };
    await (await desk.matters()).act(matter.head.id, act);
    return reply.header('cache-control', 'no-store').redirect(`${PAPERS}/${matter.head.id}`, 303);
  });
}

async function openedPaper(desk: Desk, request: FastifyRequest<Route>) {
  const matter = await desk.opened(request, request.params.id);
  const paper = paperIn(matter);
  const { machine } = matter.head;
  if (!isPaper(machine) || paper === undefined) throw new YitongError('not_found', 'there is no such document');
  return { matter, machine, paper };
}

function paperRoutes(app: FastifyInstance, desk: Desk): void {
  const { context, workspace } = desk;
  const config = { schema: { hide: true }, config: { roles: READERS } };
  app.get<Route>(`${PAPERS}/:id`, config, async (request, reply) => {
    const { language } = request;
    const { matter, machine, paper } = await openedPaper(desk, request);
    const { state } = await desk.sharing();
    const signed = await signedPaper(state, matter.head.id);
    await desk.looked(request, 'sharing_paper', 1, { matter: matter.head.id });
    return sendFramed(request, reply, {
      title: paperNames[machine][language],
      workspace,
      scripts: ['choose.js'],
      children: paperPage({
        language,
        id: matter.head.id,
        machine,
        state: stateOf(matter),
        paper,
        signed,
        valid: matter.state.parts[WHOLE]?.state !== 'revoked',
        acts: actsOf(matter, undefined),
        mayRevise: matter.acts.some(({ act }) => act === 'revise'),
        seen: String(matter.state.events),
      }),
    });
  });
  app.get<Route>(
    `${PAPERS}/:id/pdf`,
    { schema: { hide: true }, config: { roles: READERS, offers: ['application/pdf'] } },
    async (request, reply) => {
      const { matter } = await openedPaper(desk, request);
      const found = await paperOf((await desk.sharing()).state, matter);
      await desk.looked(request, 'sharing_paper', 1, { matter: matter.head.id, document: true });
      return reply
        .type('application/pdf')
        .header('content-disposition', `attachment; filename="${found.signed.machine}-${found.paper.to}.pdf"`)
        .header('cache-control', 'no-store')
        .send(await sharingPdf(found, context, request.headers.host));
    },
  );
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const desk = openDesk(app, context);
    statisticsRoutes(app, desk);
    draftRoutes(app, desk);
    paperRoutes(app, desk);
  },
};
export default service;

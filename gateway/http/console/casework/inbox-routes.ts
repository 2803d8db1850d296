/** What waits for an officer's authority, and its cases: as a page and as a file. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { listed, sendListed } from '../../ui/listing.js';
import { type Desk, OFFICER, PATH, unrecorded } from './desk.js';
import { inboxPage, SHOWS, type Show } from './inbox-page.js';
import { casesListing, waitingListing } from './list.js';

/** Lines that are sorted and narrowed together: an inbox may have a hundred thousand. */
const MOST_LINES = 1000;
/** Cases are longer than lines. */
const MOST_CASES = 300;

interface Route {
  readonly Querystring: { readonly show?: string; readonly matter?: string; readonly after?: string };
}

type Read = Awaited<ReturnType<Desk['cases']>>;
interface Asked {
  readonly show: Show;
  readonly matter: string | undefined;
  readonly after: string | undefined;
}

function askedIn({ show: id = 'todo', matter, after }: Route['Querystring']): Asked {
  const show = SHOWS.find((one) => one === id);
  if (show === undefined) throw new YitongError('bad_request', 'there is no such list');
  return { show, matter, after };
}

const ownOf = ({ show, matter, after }: Asked) => ({ show: show === 'todo' ? undefined : show, matter, after });

async function foundLines({ context, actorOf }: Desk, cases: Read, request: FastifyRequest, asked: Asked) {
  const { show, matter, after } = asked;
  const { lines, counts, next } = await cases.inbox(
    {
      group: show === 'asked' ? 'asked' : 'held',
      over: show === 'over',
      limit: MOST_LINES,
      ...present({ after, bundle: matter }),
    },
    { actor: actorOf(request), record: unrecorded },
  );
  const listing = waitingListing(request.language, cases.bundles);
  const found = await listed(request, context, listing, lines, ownOf(asked));
  return { counts, next, most: MOST_LINES, list: { of: 'lines', listed: found } } as const;
}

async function foundCases({ context, actorOf }: Desk, cases: Read, request: FastifyRequest, asked: Asked) {
  const { show, after } = asked;
  const actor = actorOf(request);
  const closed = show === 'closed';
  const { cases: all, next } = await cases.list(
    closed ? 'closed' : 'open',
    { limit: MOST_CASES, newestFirst: closed, ...present({ after }) },
    { actor, record: unrecorded },
  );
  const listing = casesListing(request.language, cases.bundles, actor.authority);
  const found = await listed(request, context, listing, all, ownOf(asked));
  const counts = await cases.waiting(actor.authority);
  return { counts, next, most: MOST_CASES, list: { of: 'cases', listed: found } } as const;
}

/** What somebody looks at, once that is on record. */
async function found(desk: Desk, request: FastifyRequest<Route>, isExport: boolean) {
  const { person } = sessionOf(request);
  const asked = askedIn(request.query);
  const { show } = asked;
  const cases = await desk.cases();
  const read = await (show === 'open' || show === 'closed' ? foundCases : foundLines)(desk, cases, request, asked);
  const { list } = read;
  const ids =
    list.of === 'lines'
      ? [...new Set(list.listed.shown.map((line) => line.case))]
      : list.listed.shown.map(({ id }) => id);
  await desk.record.looked(person, {
    requestId: request.id,
    action: 'case_inbox',
    role: roleOf(request, person),
    detail: isExport ? { show, export: true } : { show, ids },
    results: isExport ? list.listed.rows.length : ids.length,
  });
  return { ...read, ...asked, bundles: cases.bundles };
}

export function inboxRoutes(app: FastifyInstance, desk: Desk): void {
  const { actorOf, nameOf, workspace } = desk;
  app.get<Route>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: OFFICER, lists: ['cols'], nav: { title: { zh: '待办事项', en: 'Inbox' }, order: 14 } },
    },
    async (request, reply) => {
      const { language } = request;
      const { show, matter, after, counts, next, most, list, bundles } = await found(desk, request, false);
      return sendFramed(request, reply, {
        title: language === 'zh' ? '待办事项' : 'Inbox',
        workspace,
        scripts: ['keys.js'],
        children: inboxPage({
          language,
          authority: nameOf(request)(actorOf(request).authority),
          show,
          bundle: matter,
          counts,
          list,
          bundles,
          most,
          first: after === undefined,
          next,
        }),
      });
    },
  );
  app.get<Route>(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: OFFICER, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => {
      const { list } = await found(desk, request, true);
      return list.of === 'lines' ? sendListed(reply, list.listed) : sendListed(reply, list.listed);
    },
  );
}

/**
 * /console/authorisations: a company lets another ask for its report, and takes it back. The port puts each act on
 * record before it counts.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { keyOf, type SubjectKey } from '../../../../contracts/ids.js';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import type { Localised } from '../../../../contracts/types.js';
import { parseSubject } from '../../../answer/question/request.js';
import { dayIn } from '../../../documents/compute/index.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { namesOfCompanies } from '../../../documents/names/lookup.js';
import { firstInvited, reportsOf } from '../../../documents/reports/index.js';
import { hideSubject } from '../../people/sessions.js';
import { sessionOf } from '../../plugins/people.js';
import { calledFor } from '../../ui/called.js';
import { choosePage } from '../../ui/choose.js';
import { formId } from '../../ui/form.js';
import { sendFramed } from '../../ui/frame.js';
import { listed, sendListed } from '../../ui/listing.js';
import { meant } from '../../ui/meant.js';
import type { Subjects } from '../../ui/speaking.js';
import { type FormBody, many, one } from '../reporting/form.js';
import { askingOf } from '../reporting/index.js';
import { definitionIn, speakingFor } from '../reporting/speaking.js';
import { type AuthorisationsProps, authorisationsPage, withdrawPage } from './authorisations.js';
import { type AuthorisationRow, authorisationListing } from './list.js';

const PATH = '/console/authorisations';
const ROLES = ['subject'] as const;
/** Days for which an authorisation is proposed, and the most. */
const PROPOSED = 90;
const MOST = 365;
const DAY = 86_400_000;

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: {
    readonly of?: string;
    readonly report?: string;
    readonly done?: string;
    readonly invitation?: string;
    readonly declined?: string;
  };
  readonly Body: FormBody | undefined;
}

/** What the pages of authorisations work with. */
async function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace } = context;
  const reports = await reportsOf(context);
  const names = await namesOfCompanies(context);
  app.addHook('onClose', () => reports.close());
  const { definitions } = reports;
  const config = { roles: ROLES, lists: ['domains', 'purposes', 'cols'] };
  const schema = { hide: true };
  const inDays = (days: number): string => dayIn(context.now() + days * DAY);

  const speaking = (request: FastifyRequest, of: string | undefined): Subjects =>
    speakingFor(sessionOf(request), of, definitions, PATH);
  const definitionOf = (report: string | undefined): ReportDefinition => definitionIn(definitions, report);
  return { context, workspace, reports, names, definitions, config, schema, inDays, speaking, definitionOf };
}
type Desk = Awaited<ReturnType<typeof openDesk>>;

/** What a company has given and received, as somebody looks at it. */
async function foundFor(desk: Desk, request: FastifyRequest, subjects: Subjects) {
  const { context, reports, definitions, names, inDays } = desk;
  const found = await reports.authorisationsOf(subjects.subject, askingOf(request));
  const rows = [
    ...found.given.map((one): AuthorisationRow => ({ one, mine: true })),
    ...found.received.map((one): AuthorisationRow => ({ one, mine: false })),
  ];
  const { language } = request;
  const companies = [subjects.subject as SubjectKey, ...rows.map(({ one, mine }) => (mine ? one.to : one.from))];
  const called = await calledFor(names, request, 'subject', companies);
  const listing = authorisationListing({ language, definitions, subjects, today: inDays(0), called });
  const own = { of: subjects.query('?') === '' ? undefined : subjects.hidden };
  return { ...found, called, authorisations: await listed(request, context, listing, rows, own) };
}

/** The page, after what was done or could not be done. */
async function show(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  subjects: Subjects,
  definition: ReportDefinition,
  more: Pick<AuthorisationsProps, 'fault' | 'faultAt' | 'sent'> & { readonly done?: string | undefined },
): Promise<FastifyReply> {
  const { language } = request;
  const { workspace, names, definitions, inDays } = desk;
  const { given, invited, inviting, called, authorisations } = await foundFor(desk, request, subjects);
  const { done, ...rest } = more;
  return sendFramed(request, reply, {
    title: language === 'zh' ? '授权' : 'Authorisations',
    workspace,
    scripts: ['choose.js', 'names.js'],
    children: authorisationsPage({
      language,
      csrf: sessionOf(request).csrf,
      subjects,
      definitions,
      definition,
      authorisations,
      called,
      invited,
      inviting,
      byName: names.definition?.roles.has('subject') === true,
      declined: request.method === 'GET' && (request.query as Route['Querystring']).declined !== undefined,
      today: inDays(0),
      until: inDays(PROPOSED),
      latest: inDays(MOST),
      done: given.find(({ id }) => id === done),
      ...rest,
    }),
  });
}

/** The company of the person that an invitation is to, as the session names it; its link names none. */
async function invitedIn(
  { reports }: Desk,
  request: FastifyRequest,
  invitation: string | undefined,
): Promise<string | undefined> {
  const session = sessionOf(request);
  const to = invitation === undefined ? undefined : await firstInvited(reports, session.person.subjects, invitation);
  return to === undefined ? undefined : hideSubject(session, to);
}

/** What of a form is wrong, by the code of the refusal; undefined where it is no fault of the form. */
const wrong = (code: string): Localised | undefined =>
  code === 'bad_subject'
    ? {
        zh: '这不是有效的统一社会信用代码：共 18 位，末位为校验码。',
        en: 'This is no valid code: it has 18 characters, of which the last is a check.',
      }
    : code === 'bad_request'
      ? {
          zh: '请检查：不能授权给本企业自己；有效期从今天起至多一年。',
          en: 'Check it: not to this company itself, and from today for a year at most.',
        }
      : undefined;

/** Authorisations that a company gave and received. */
function listRoute(app: FastifyInstance, desk: Desk): void {
  const { config, schema, speaking, definitionOf } = desk;
  app.get<Route>(
    PATH,
    { schema, config: { ...config, nav: { title: { zh: '授权', en: 'Authorisations' }, order: 16 } } },
    async (request, reply) => {
      const { of, report, done, invitation } = request.query;
      return show(
        desk,
        request,
        reply,
        speaking(request, of ?? (await invitedIn(desk, request, invitation))),
        definitionOf(report),
        {
          done,
        },
      );
    },
  );
}

/** The list as a file. */
function fileRoute(app: FastifyInstance, desk: Desk): void {
  const { config, schema, speaking } = desk;
  app.get<Route>(`${PATH}.csv`, { schema, config: { ...config, offers: ['text/csv'] } }, async (request, reply) =>
    sendListed(reply, (await foundFor(desk, request, speaking(request, request.query.of))).authorisations),
  );
}

/** A company agrees to an invitation, or declines it. */
function answerRoute(app: FastifyInstance, desk: Desk): void {
  const { reports, config, schema, inDays, speaking, definitionOf } = desk;
  app.post<Route>(`${PATH}/:id/answer`, { schema, config }, async (request, reply) => {
    const body = request.body ?? {};
    const subjects = speaking(request, one(body['of']));
    const asking = askingOf(request);
    const { invited } = await reports.authorisationsOf(subjects.subject, asking);
    const found = invited.find(({ id }) => id === request.params.id);
    if (found === undefined)
      throw new YitongError('not_found', 'nobody has asked you for such an authorisation, or it is answered');
    void reply.header('cache-control', 'no-store');
    if (one(body['answer']) !== 'agree') {
      await reports.decline(found.id, subjects.subject, asking);
      return reply.redirect(`${PATH}?declined=1${subjects.query('&')}`, 303);
    }
    const { report, from, to, domains, purposes } = found;
    try {
      const { authorisation } = await reports.authorise(
        { report, from, to, domains, purposes, since: inDays(0), until: one(body['until']) ?? '' },
        asking,
      );
      return await reply.redirect(`${PATH}?done=${authorisation.id}${subjects.query('&')}`, 303);
    } catch (error) {
      const fault = isYitongError(error) ? wrong(error.code) : undefined;
      if (fault === undefined) throw error;
      return show(desk, request, reply.code(400), subjects, definitionOf(report), { fault });
    }
  });
}

/** A company authorises another. */
function authoriseRoute(app: FastifyInstance, desk: Desk): void {
  const { workspace, reports, names, config, schema, inDays, speaking, definitionOf } = desk;
  app.post<Route>(PATH, { schema, config }, async (request, reply) => {
    const body = request.body ?? {};
    const definition = definitionOf(one(body['report']));
    const subjects = speaking(request, one(body['of']));
    const sent = {
      to: (one(body['to']) ?? '').trim(),
      until: one(body['until']) ?? '',
      domains: many(body['domains']),
      purposes: many(body['purposes']),
    };
    if (sent.domains.length === 0 || sent.purposes.length === 0) {
      return show(desk, request, reply.code(400), subjects, definition, {
        sent,
        fault: { zh: '请至少勾选一个领域和一个用途。', en: 'Choose at least one domain and one purpose.' },
      });
    }
    // ticked in full is without limit: also for what the report will have later
    const narrowed = (chosen: readonly string[], all: number): readonly string[] | undefined =>
      chosen.length === all ? undefined : chosen;
    try {
      const whom = await meant(
        sent.to,
        (text) => parseSubject(`${definition.scheme}:${text}`, workspace.schemes),
        names,
        request,
        'subject',
      );
      if (whom.kind === 'name') {
        const { language } = request;
        const fields = Object.entries(body).flatMap(([name, value]) =>
          name === 'to' ? [] : many(value).map((said): [string, string] => [name, said]),
        );
        return await sendFramed(request, reply, {
          title: language === 'zh' ? '选择企业' : 'Which company?',
          workspace,
          scripts: ['names.js'],
          children: choosePage({
            language,
            text: sent.to,
            found: whom.found,
            action: PATH,
            fields,
            name: 'to',
            valueOf: ({ subject }) => keyOf(subject),
            back: `${PATH}${subjects.query('?')}`,
          }),
        });
      }
      const { authorisation } = await reports.authorise(
        {
          report: definition.id,
          from: subjects.subject,
          to: whom.subject,
          since: inDays(0),
          until: sent.until,
          domains: narrowed(sent.domains, definition.domains.length),
          purposes: narrowed(sent.purposes, definition.purposes.size),
        },
        askingOf(request),
      );
      return await reply
        .header('cache-control', 'no-store')
        .redirect(`${PATH}?done=${authorisation.id}${subjects.query('&')}`, 303);
    } catch (error) {
      const fault = isYitongError(error) ? wrong(error.code) : undefined;
      if (fault === undefined) throw error;
      return show(desk, request, reply.code(400), subjects, definition, {
        sent,
        fault,
        faultAt: `${formId('authorise')}-to`,
      });
    }
  });
}

/** A company withdraws an authorisation, once asked whether it means it. */
function withdrawRoutes(
  app: FastifyInstance,
  { workspace, reports, names, definitions, config, schema, speaking }: Desk,
): void {
  app.get<Route>(`${PATH}/:id/withdraw`, { schema, config }, async (request, reply) => {
    const { language } = request;
    const subjects = speaking(request, request.query.of);
    const { given } = await reports.authorisationsOf(subjects.subject, askingOf(request));
    const found = given.find(({ id }) => id === request.params.id);
    if (found === undefined) throw new YitongError('not_found', 'you have given no such authorisation');
    return sendFramed(request, reply, {
      title: language === 'zh' ? '撤回授权' : 'Withdraw',
      workspace,
      children: withdrawPage({
        language,
        csrf: sessionOf(request).csrf,
        subjects,
        definitions,
        one: found,
        called: await calledFor(names, request, 'subject', [found.to]),
      }),
    });
  });
  app.post<Route>(`${PATH}/:id/withdraw`, { schema, config }, async (request, reply) => {
    const subjects = speaking(request, one(request.body?.['of']));
    await reports.withdraw(request.params.id, subjects.subject, askingOf(request));
    return reply
      .header('cache-control', 'no-store')
      .redirect(`${PATH}?done=${request.params.id}${subjects.query('&')}`, 303);
  });
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const desk = await openDesk(app, context);
    listRoute(app, desk);
    fileRoute(app, desk);
    answerRoute(app, desk);
    authoriseRoute(app, desk);
    withdrawRoutes(app, desk);
  },
};
export default service;

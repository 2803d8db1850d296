/**
 * /console/reports: a company asks for its reports, sees what they would say, issues them, and sees who verified them.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { keyOf, type SubjectKey } from '../../../../contracts/ids.js';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import type { Localised } from '../../../../contracts/types.js';
import { parseSubject, traceOf } from '../../../answer/question/request.js';
import { lookupUrl, publicAddress } from '../../../documents/address.js';
import { dayIn } from '../../../documents/compute/index.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { type Names, namesOfCompanies } from '../../../documents/names/lookup.js';
import { loadRenderers } from '../../../documents/renderers/port.js';
import { type Asking, reportsOf } from '../../../documents/reports/index.js';
import { namesOf } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { sessionOf } from '../../plugins/people.js';
import { calledFor } from '../../ui/called.js';
import { choosePage } from '../../ui/choose.js';
import { formId } from '../../ui/form.js';
import { sendFramed, sendInSteps } from '../../ui/frame.js';
import { listed, sendListed } from '../../ui/listing.js';
import { meant } from '../../ui/meant.js';
import type { Subjects } from '../../ui/speaking.js';
import { type Asked, type FormBody, faultOf, freshForm, many, one, requestOf, sentForm } from './form.js';
import { formPage, REPORT_FORM } from './form-page.js';
import { invitedPage } from './invited.js';
import { type Download, issuedPage, reportPage, type VerifiedBy } from './issued.js';
import { reportListing, reportsPage } from './list.js';
import { previewPage } from './preview.js';
import { definitionIn, speakingFor } from './speaking.js';
import { isReady, type Placed, standings } from './standing.js';

const PATH = '/console/reports';
const ROLES = ['subject'] as const;
/** Verifications that a report's page lists. */
const VERIFIED = 50;

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: {
    readonly of?: string;
    readonly report?: string;
    readonly whom?: string;
    readonly code?: string;
  };
  readonly Body: FormBody | undefined;
}

/** How somebody asks on a page: who it is stands under the company's key. */
export const askingOf = (request: FastifyRequest): Asking => ({
  requestId: request.id,
  by: 'subject',
  traceparent: traceOf(request),
  stated: { actor: sessionOf(request).person.id },
});

/** Whoever the register does not tie to the company is known by its code alone; here it is called by its name. */
async function withNames(names: Names, request: FastifyRequest, placed: readonly Placed[]): Promise<readonly Placed[]> {
  const unnamed = placed.flatMap(({ member }) => (member.name === keyOf(member.subject) ? [member.subject] : []));
  const called = await calledFor(names, request, 'subject', unnamed);
  return placed.map((one) => {
    const name = called.get(one.member.subject);
    return name === undefined ? one : { ...one, member: { ...one.member, name } };
  });
}

/** What the pages of reports work with. */
async function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace } = context;
  const reports = await reportsOf(context);
  const names = await namesOfCompanies(context);
  const renderers = await loadRenderers();
  app.addHook('onClose', () => reports.close());
  const { definitions } = reports;
  const downloads: readonly Download[] = [
    ...[...renderers.values()].map(({ extension }) => ({ extension, coded: true })),
    { extension: 'json', coded: false },
  ];
  const today = (): string => dayIn(context.now());
  const search = () => app.people.search();
  const config = { roles: ROLES, lists: ['subjects', 'domains', 'code'] };
  const schema = { hide: true };

  const speaking = (request: FastifyRequest, of: string | undefined, path = PATH): Subjects =>
    speakingFor(sessionOf(request), of, definitions, path);
  const definitionOf = (report: string | undefined): ReportDefinition => definitionIn(definitions, report);
  async function groupFor(
    request: FastifyRequest,
    subject: string,
    definition: ReportDefinition,
  ): Promise<readonly Placed[]> {
    const asking = askingOf(request);
    const members = await reports.groupOf(definition.id, subject, asking);
    const { received, inviting } = await reports.authorisationsOf(subject, asking);
    const asker = { report: definition.id, by: subject as SubjectKey, today: today() };
    return withNames(names, request, standings(members, asker, received, inviting));
  }
  return {
    context,
    workspace,
    reports,
    names,
    renderers,
    definitions,
    downloads,
    today,
    search,
    config,
    schema,
    speaking,
    definitionOf,
    groupFor,
  };
}
type Desk = Awaited<ReturnType<typeof openDesk>>;

interface Filled {
  readonly subjects: Subjects;
  readonly definition: ReportDefinition;
  readonly asked: Asked;
}
/** The form of a request, with what is wrong in it. */
async function sendForm(
  desk: Desk,
  request: FastifyRequest,
  reply: FastifyReply,
  { subjects, definition, asked }: Filled,
  group?: readonly Placed[],
  wrong?: Localised & { readonly at: string },
): Promise<FastifyReply> {
  const { workspace, definitions, names, today, groupFor } = desk;
  const { language } = request;
  const fault =
    wrong ?? (group === undefined && request.method === 'POST' ? faultOf(asked, definition, today()) : undefined);
  const all = group ?? (await groupFor(request, subjects.subject, definition));
  // one that was named on the form, and that neither register nor authorisation ties to the company
  const strangers = asked.subjects
    .filter((one) => !all.some(({ member }) => member.subject === one))
    .map(
      (one): Placed => ({
        member: { subject: one as SubjectKey, name: keyOf(one), relation: 'named' },
        standing: { state: 'missing' },
      }),
    );
  return sendFramed(request, reply.code(fault === undefined ? 200 : 400), {
    title: language === 'zh' ? '申请报告' : 'Ask for a report',
    workspace,
    scripts: ['choose.js', 'names.js'],
    children: formPage({
      language,
      csrf: sessionOf(request).csrf,
      subjects,
      definition,
      definitions: [...definitions.values()],
      group: [...all, ...(await withNames(names, request, strangers))],
      asked,
      fault,
      faultAt: fault?.at,
      byName: names.definition?.roles.has('subject') === true,
    }),
  });
}
/** What a sent form asks for. */
function filled({ definitionOf, speaking, today }: Desk, request: FastifyRequest<Route>): Filled {
  const body = request.body ?? {};
  const definition = definitionOf(one(body['report']));
  return {
    definition,
    subjects: speaking(request, one(body['of']), `${PATH}/new?report=${definition.id}`),
    asked: sentForm(body, definition, today()),
  };
}

/** The form again with one company more, which it names by its key or its name. */
async function withOther(
  desk: Desk,
  request: FastifyRequest<Route>,
  reply: FastifyReply,
  form: Filled,
  other: string,
): Promise<FastifyReply> {
  const { workspace, names, groupFor } = desk;
  const { subjects, definition, asked } = form;
  const { language, body = {} } = request;
  const group = await groupFor(request, subjects.subject, definition);
  const whom = await meant(
    other,
    (text) => parseSubject(`${definition.scheme}:${text}`, workspace.schemes),
    names,
    request,
    'subject',
  ).catch((error: unknown) => {
    if (!isYitongError(error) || error.code !== 'bad_subject') throw error;
    return undefined;
  });
  if (whom === undefined)
    return sendForm(desk, request, reply, form, group, {
      at: 'other',
      zh: '这不是有效的统一社会信用代码：共 18 位，末位为校验码。',
      en: 'This is no valid code: it has 18 characters, of which the last is a check.',
    });
  if (whom.kind === 'key')
    return sendForm(
      desk,
      request,
      reply,
      { ...form, asked: { ...asked, subjects: [...new Set([...asked.subjects, whom.subject])] } },
      group,
    );
  const fields = Object.entries(body).flatMap(([name, value]) =>
    name === 'other' ? [] : many(value).map((said): [string, string] => [name, said]),
  );
  return sendFramed(request, reply, {
    title: language === 'zh' ? '选择企业' : 'Which company?',
    workspace,
    scripts: ['names.js'],
    children: choosePage({
      language,
      text: other,
      found: whom.found,
      action: `${PATH}/new`,
      fields,
      name: 'other',
      valueOf: ({ subject }) => keyOf(subject),
      back: `${PATH}/new?report=${definition.id}${subjects.query('&')}`,
    }),
  });
}

/** Who verified a document, newest first. */
async function verifiedBy(
  { search, context }: Desk,
  subject: string,
  document: string,
  language: Language,
): Promise<readonly VerifiedBy[]> {
  const names = namesOf(context, language);
  const found: VerifiedBy[] = [];
  for await (const { body } of search().entries({ type: 'verified', subject })) {
    if (body['document'] !== document) continue;
    found.push({ at: body.time ?? '', by: names.verifier(String(body['by'])), outcome: String(body['outcome']) });
    if (found.length === VERIFIED) break;
  }
  return found;
}

/** Reports that a company asked for, as a page and as a file. */
function listRoute(app: FastifyInstance, desk: Desk): void {
  const { context, workspace, reports, definitions, config, schema, speaking } = desk;
  async function found(request: FastifyRequest<Route>) {
    const { language } = request;
    const subjects = speaking(request, request.query.of);
    const rows = await reports.listFor(subjects.subject, askingOf(request));
    const listing = reportListing(language, definitions, context.now(), subjects.query);
    const own = { of: subjects.query('?') === '' ? undefined : subjects.hidden };
    return { language, subjects, reports: await listed(request, context, listing, rows, own) };
  }
  app.get<Route>(
    PATH,
    { schema, config: { ...config, lists: ['cols'], nav: { title: { zh: '信用报告', en: 'Reports' }, order: 15 } } },
    async (request, reply) => {
      const page = await found(request);
      return sendFramed(request, reply, {
        title: page.language === 'zh' ? '信用报告' : 'Reports',
        workspace,
        children: reportsPage(page),
      });
    },
  );
  app.get<Route>(
    `${PATH}.csv`,
    { schema, config: { ...config, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => sendListed(reply, (await found(request)).reports),
  );
}

/** The form, filled in with what is usual. */
function formRoute(app: FastifyInstance, desk: Desk): void {
  const { today, config, schema, speaking, definitionOf, groupFor } = desk;
  app.get<Route>(`${PATH}/new`, { schema, config }, async (request, reply) => {
    const { of, report, whom } = request.query;
    const definition = definitionOf(report);
    const subjects = speaking(request, of, `${PATH}/new?report=${definition.id}`);
    const group = await groupFor(request, subjects.subject, definition);
    const chosen = group.filter(({ member, standing }) =>
      whom === 'group'
        ? member.relation !== 'named'
        : whom === 'ready'
          ? isReady(standing)
          : member.subject === subjects.subject,
    );
    const back = request.kept?.form === formId(REPORT_FORM) ? request.kept.fields : undefined;
    return sendForm(
      desk,
      request,
      reply,
      {
        subjects,
        definition,
        asked:
          back !== undefined
            ? sentForm(back, definition, today())
            : freshForm(
                definition,
                chosen.map(({ member }) => member.subject),
                today(),
              ),
      },
      group,
    );
  });
}

/** What the report would say; or the form again, where it asks for that or is wrong. */
function previewRoute(app: FastifyInstance, desk: Desk): void {
  const { workspace, reports, today, config, schema, groupFor } = desk;
  app.post<Route>(`${PATH}/new`, { schema, config }, async (request, reply) => {
    const form = filled(desk, request);
    const {
      subjects: { subject, hidden },
      definition,
      asked,
    } = form;
    const other = (one(request.body?.['other']) ?? '').trim();
    if (other !== '') return withOther(desk, request, reply, form, other);
    if (one(request.body?.['step']) === 'edit')
      return sendForm(desk, request, reply, form, await groupFor(request, subject, definition));
    if (faultOf(asked, definition, today()) !== undefined) return sendForm(desk, request, reply, form);
    const { language } = request;
    return sendInSteps(
      request,
      reply,
      { title: language === 'zh' ? '预览' : 'Preview', workspace, scripts: ['choose.js'] },
      async (progress) => {
        const preview = await reports.preview(requestOf(asked, subject), { ...askingOf(request), progress });
        return previewPage({ language, csrf: sessionOf(request).csrf, hidden, asked, preview });
      },
    );
  });
}

/** Asks the companies whose authorisation is missing. */
function inviteRoute(app: FastifyInstance, desk: Desk): void {
  const { context, workspace, reports, today, config, schema } = desk;
  app.post<Route>(`${PATH}/invitations`, { schema, config }, async (request, reply) => {
    const { subjects, definition, asked } = filled(desk, request);
    if (faultOf(asked, definition, today()) !== undefined)
      return sendForm(desk, request, reply, { subjects, definition, asked });
    const { language } = request;
    const address = publicAddress(context, request.headers.host);
    const invitations = await reports.invite(requestOf(asked, subjects.subject), askingOf(request));
    return sendFramed(request, reply, {
      title: language === 'zh' ? '已请求授权' : 'Asked',
      workspace,
      scripts: ['choose.js'],
      children: invitedPage({
        language,
        csrf: sessionOf(request).csrf,
        subjects,
        asked,
        invitations,
        linkOf: ({ id }) => `${address}/console/authorisations?invitation=${id}`,
      }),
    });
  });
}

/** Issues a report. */
function issueRoute(app: FastifyInstance, desk: Desk): void {
  const { context, workspace, reports, downloads, today, config, schema } = desk;
  app.post<Route>(PATH, { schema, config }, async (request, reply) => {
    const { subjects, definition, asked } = filled(desk, request);
    if (faultOf(asked, definition, today()) !== undefined)
      return sendForm(desk, request, reply, { subjects, definition, asked });
    const { language } = request;
    // its code is shown once, with its link: where there is none, nothing is issued
    publicAddress(context, request.headers.host);
    return sendInSteps(
      request,
      reply,
      { title: language === 'zh' ? '报告已出具' : 'Issued', workspace, scripts: ['choose.js'] },
      async (progress) => {
        const issued = await reports.issue(requestOf(asked, subjects.subject), { ...askingOf(request), progress });
        const link = lookupUrl(issued.code, context, request.headers.host);
        return issuedPage({ language, csrf: sessionOf(request).csrf, subjects, downloads, issued, link });
      },
    );
  });
}

/** One report. */
function reportRoute(app: FastifyInstance, desk: Desk): void {
  const { workspace, reports, downloads, config, schema, speaking } = desk;
  app.get<Route>(`${PATH}/:id`, { schema, config }, async (request, reply) => {
    const { language } = request;
    const subjects = speaking(request, request.query.of);
    const asking = askingOf(request);
    const issued = await reports.find(request.params.id, subjects.subject, asking);
    return sendInSteps(request, reply, { title: issued.model.title[language], workspace }, async (progress) => {
      const changes = await reports.changesOf(issued.id, subjects.subject, { ...asking, progress });
      return reportPage({
        language,
        csrf: sessionOf(request).csrf,
        subjects,
        downloads,
        issued,
        changes,
        wrongCode: request.query.code === 'wrong',
        verified: await verifiedBy(desk, subjects.subject, issued.document, language),
      });
    });
  });
}

/** A report as a document. */
function documentRoute(
  app: FastifyInstance,
  { context, reports, renderers, definitions, config, schema, speaking }: Desk,
): void {
  app.post<Route>(
    `${PATH}/:id/document`,
    {
      schema,
      config: {
        ...config,
        offers: ['application/json', ...[...renderers.values()].map(({ mediaType }) => mediaType), 'text/html'],
      },
    },
    async (request, reply) => {
      const body = request.body ?? {};
      const { subject, query } = speaking(request, one(body['of']));
      const as = one(body['as']) ?? '';
      const code = many(body['code']).find((text) => text !== '');
      const renderer = [...renderers.values()].find(({ extension }) => extension === as);
      if (renderer === undefined && as !== 'json') throw new YitongError('bad_request', 'there is no such document');
      if (renderer !== undefined && (code === undefined || !(await reports.isCodeOf(request.params.id, code))))
        return reply
          .header('cache-control', 'no-store')
          .redirect(`${PATH}/${encodeURIComponent(request.params.id)}?code=wrong${query('&')}`, 303);
      // one that could not say where it is looked up is not made
      const url = renderer === undefined || code === undefined ? '' : lookupUrl(code, context, request.headers.host);
      const { id, document, model } = await reports.find(request.params.id, subject, askingOf(request));
      void reply
        .header('cache-control', 'no-store')
        .header('content-disposition', `attachment; filename="report.${as}"`);
      if (renderer === undefined || code === undefined)
        return reply.type('application/json; charset=utf-8').send(JSON.stringify({ id, document, model }));
      return reply
        .type(renderer.mediaType)
        .send(
          Buffer.from(
            await renderer.render({ id, model, code, url, seal: definitions.get(model.report)?.seal }, context),
          ),
        );
    },
  );
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const desk = await openDesk(app, context);
    listRoute(app, desk);
    formRoute(app, desk);
    previewRoute(app, desk);
    inviteRoute(app, desk);
    issueRoute(app, desk);
    reportRoute(app, desk);
    documentRoute(app, desk);
  },
};
export default service;

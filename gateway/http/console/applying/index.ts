/**
 * /console/matters: whoever applies, a company or a person, does a matter of several departments as one: begins it,
 * fills in the one form, submits it, follows it and answers what is asked. The service behind it is that of
 * `/v1/cases`; nothing is decided here. Each look and each act is on record first. Needs no script.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { mergeForm } from '../../../../contracts/bundle/merge.js';
import type { Element, StepPort } from '../../../../contracts/bundle/types.js';
import { type FormFaults, isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { Service } from '../../../documents/context.js';
import { materialBytes } from '../../../documents/pdf/open-material.js';
import { askedIn, type CaseForm, fitsSchema } from '../../../procedures/cases/form.js';
import type { Doing } from '../../../procedures/cases/types.js';
import { spokenFor } from '../../people/sessions.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { asUploaded, sendFramed } from '../../ui/frame.js';
import { listed, sendListed } from '../../ui/listing.js';
import { gradeOf } from '../../ui/rating.js';
import { type GivenAnswers, inputName, readAnswers } from '../matters/answers.js';
import { applicantIn, beginningOf, bundleNamed, openWith, PAGE } from './beginning.js';
import { checkPage } from './check.js';
import { type ApplyingDesk, goTo, type OwnCase, openDesk, PATH, ROLES } from './desk.js';
import { draftOf, putSent, questionFaults } from './draft.js';
import { fillPage } from './fill.js';
import { type CaseRow, caseListing, caseOrder, listPage } from './list.js';
import { progressPage } from './progress.js';
import { fieldName, missingWords, type Sent, valuesIn, wrongWords } from './reading.js';
import { questionsPage, startPage } from './start.js';
import { ownVideoPage } from './video.js';

interface Route {
  readonly Params: { readonly id: string };
  readonly Querystring: GivenAnswers & {
    readonly bundle?: string;
    readonly saved?: string;
    readonly of?: string;
  };
  readonly Body: Sent;
}

const own = { schema: { hide: true }, config: { roles: ROLES, lists: 'any' } } as const;
const MESSAGES = 10;
/** Cases of one list; nobody has more under way. */
const MOST_CASES = 500;

const text = (value: string | readonly string[] | undefined): string => (typeof value === 'string' ? value : '');

/** All cases of the subjects of whoever is signed in, as they look at them. */
async function foundCases(desk: ApplyingDesk, request: FastifyRequest<Route>) {
  const session = sessionOf(request);
  const { subjects } = session.person;
  const { of } = request.query;
  const shown = of === undefined ? subjects : [spokenFor(session, of)];
  const service = await desk.cases();
  const rows: CaseRow[] = [];
  const messages = [];
  for (const subject of shown) {
    const how = desk.how(request, subject);
    let after: string | undefined;
    do {
      const page = await service.list('open', { limit: PAGE, ...(after === undefined ? {} : { after }) }, how);
      rows.push(...page.cases.map((found) => ({ found, subject })));
      after = page.next;
    } while (after !== undefined && rows.length < MOST_CASES);
    messages.push(...(await service.messages(how, MESSAGES)));
  }
  const listing = caseListing(request.language, service.bundles, subjects.length > 1);
  const cases = await listed(request, desk.context, listing, rows.sort(caseOrder), { of });
  return { service, messages, cases, isSeveral: subjects.length > 1 };
}

function listRoute(app: FastifyInstance, desk: ApplyingDesk): void {
  app.get<Route>(
    PATH,
    { ...own, config: { ...own.config, nav: { title: { zh: '我的办件', en: 'My cases' }, order: 13 } } },
    async (request, reply) => {
      const { service, messages, cases, isSeveral } = await foundCases(desk, request);
      const { language } = request;
      return sendFramed(request, reply, {
        title: language === 'zh' ? '我的办件' : 'My cases',
        workspace: desk.workspace,
        children: listPage({
          language,
          bundles: service.bundles,
          cases,
          isSeveral,
          messages: messages.sort((a, b) => b.at - a.at).slice(0, MESSAGES),
          nameOf: (authority, region) => desk.nameOf(authority, language, region),
          isSaved: request.query.saved !== undefined,
        }),
      });
    },
  );
  app.get<Route>(`${PATH}.csv`, { ...own, config: { ...own.config, offers: ['text/csv'] } }, async (request, reply) =>
    sendListed(reply, (await foundCases(desk, request)).cases),
  );
}

function startRoutes(app: FastifyInstance, desk: ApplyingDesk): void {
  app.get<Route>(`${PATH}/start`, own, async (request, reply) => {
    const { query, language } = request;
    const service = await desk.cases();
    const bundle = await bundleNamed(desk, text(query.bundle));
    const { answers } = readAnswers(bundle, [...bundle.questions.values()], query);
    return sendFramed(request, reply, {
      title: bundle.title[language],
      workspace: desk.workspace,
      children: startPage({
        language,
        bundle,
        questions: mergeForm(bundle, service.content.elements, answers).questions,
        answers,
        here: desk.workspace.name,
        ...(await beginningOf(desk, request, bundle)),
      }),
    });
  });

  app.post<Route>(PATH, own, async (request, reply) => {
    const { body } = request;
    const service = await desk.cases();
    const bundle = await bundleNamed(desk, text(body['bundle']));
    const subject = applicantIn(request, bundle, text(body['of']));
    const { answers, faults } = readAnswers(bundle, [...bundle.questions.values()], body);
    const asked = mergeForm(bundle, service.content.elements, answers).open.filter(
      (one) => body[inputName(one)] !== undefined,
    );
    const wrong = questionFaults(
      bundle,
      faults,
      asked.map(({ id }) => id),
    );
    if (Object.keys(wrong).length > 0) throw formFault(wrong, 'bad_answers');
    const where = text(body['where']);
    const beginning = { bundle, subject, once: text(body['once']), ...(where === '' ? {} : { region: where }) };
    const id = await openWith(desk, request, beginning, { answers, values: {} });
    return goTo(reply, `${PATH}/${id}/${await nextOf(desk, request, { subject, id })}`);
  });
}

/** The next page of a draft: more questions may follow from answers and from what registers say. */
async function nextOf(
  desk: ApplyingDesk,
  request: FastifyRequest,
  { subject, id }: { readonly subject: string; readonly id: string },
): Promise<string> {
  const { merged } = await (await desk.cases()).form(id, desk.how(request, subject));
  return merged.open.length > 0 ? 'questions' : 'form';
}

function questionsRoutes(app: FastifyInstance, desk: ApplyingDesk): void {
  app.get<Route>(`${PATH}/:id/questions`, own, async (request, reply) => {
    const { id } = request.params;
    const { cases, subject, bundle, found } = await desk.ownCase(request, id);
    if (found.state.phase !== 'draft') return goTo(reply, `${PATH}/${id}`);
    const { merged } = await cases.form(id, desk.how(request, subject));
    const { language } = request;
    return sendFramed(request, reply, {
      title: bundle.title[language],
      workspace: desk.workspace,
      children: questionsPage({
        language,
        id,
        bundle,
        questions: merged.questions,
        answers: found.contents?.answers ?? {},
      }),
    });
  });

  app.post<Route>(`${PATH}/:id/questions`, own, async (request, reply) => {
    const { body, params } = request;
    const { cases, subject, bundle, found } = await desk.ownCase(request, params.id);
    const how = desk.how(request, subject);
    const { answers: given, faults } = readAnswers(bundle, [...bundle.questions.values()], body);
    const before = found.contents?.answers ?? {};
    const kept = Object.entries(before).filter(([id]) => body[`a-${id}`] === undefined);
    const answers = { ...Object.fromEntries(kept), ...given };
    await cases.act(params.id, { act: 'save', answers, values: found.contents?.values ?? {} }, how);
    if (body['then'] === 'later') return goTo(reply, `${PATH}?saved=1`);
    const { merged } = await cases.form(params.id, how);
    // those that stood on the page; what follows from them is asked next
    const open = merged.open.filter((one) => body[inputName(one)] !== undefined).map(({ id }) => id);
    const wrong = questionFaults(bundle, faults, open);
    if (Object.keys(wrong).length > 0) throw formFault(wrong, 'bad_answers');
    return goTo(reply, `${PATH}/${params.id}/${merged.open.length > 0 ? 'questions' : 'form'}`);
  });
}

/** What of the form is not filled in, or not as it is asked for. */
function fieldFaults(form: CaseForm): FormFaults {
  const asked = new Map(askedIn(form).map((field) => [field.element.id, field]));
  return Object.fromEntries(
    form.missing.flatMap(({ what, name }) => {
      const field = asked.get(name);
      if (field === undefined || (what !== 'value' && what !== 'invalid')) return [];
      const words = what === 'value' ? missingWords(field.element) : wrongWords(field.element, field.schema);
      return [[fieldName(name), words] as const];
    }),
  );
}

function formRoutes(app: FastifyInstance, desk: ApplyingDesk): void {
  app.get<Route>(`${PATH}/:id/form`, own, async (request, reply) => {
    const mine = await desk.ownCase(request, request.params.id);
    if (mine.found.state.phase !== 'draft') return goTo(reply, `${PATH}/${mine.found.id}`);
    return sendFramed(request, reply, {
      title: mine.bundle.title[request.language],
      workspace: desk.workspace,
      children: fillPage(await draftOf(desk, request, mine)),
    });
  });

  app.post<Route>(`${PATH}/:id/form`, own, async (request, reply) => {
    const { body, params } = request;
    const { cases, subject, found } = await desk.ownCase(request, params.id);
    const how = desk.how(request, subject);
    const values = valuesIn(body, cases.content.elements, found.contents?.values ?? {});
    // saved as it is: a draft may have what is not right yet
    await cases.act(params.id, { act: 'save', answers: found.contents?.answers ?? {}, values }, how);
    if (body['then'] === 'later') return goTo(reply, `${PATH}?saved=1`);
    const wrong = fieldFaults(await cases.form(params.id, how));
    if (Object.keys(wrong).length > 0) throw formFault(wrong, 'act_incomplete');
    return goTo(reply, `${PATH}/${params.id}`);
  });
}

/** Elements that a department asks for, of its own form. */
function wantedOf({ cases, found: { contents } }: OwnCase, item: string): readonly Element[] {
  const names = contents?.items[item]?.asked?.fields ?? [];
  return names.flatMap((name) => cases.content.elements.elements.get(contents?.layout[item]?.[name] ?? '') ?? []);
}

/** What a form of the case's page does. */
function doingOf(body: Sent, mine: OwnCase): Doing {
  const item = text(body['item']);
  switch (body['act']) {
    case 'submit':
    case 'withdraw':
      return { act: body['act'] };
    case 'rate': {
      const grade = gradeOf(body['grade']);
      if (grade === undefined)
        throw formFault({ grade: { zh: '请选择一项评价。', en: 'Choose one of them.' } }, 'act_incomplete');
      return { act: 'rate', grade, says: text(body['says']).trim() };
    }
    case 'step':
      return { act: 'step', step: text(body['step']), port: text(body['port']) as StepPort };
    case 'give': {
      const values = valuesIn(body, mine.cases.content.elements, {});
      const wanted = new Set(wantedOf(mine, item).map(({ id }) => id));
      const given = Object.entries(values).filter(([id]) => wanted.has(id));
      return { act: 'give', item, values: Object.fromEntries(given), says: text(body['says']).trim() };
    }
    default:
      throw new YitongError('bad_request', 'the form does nothing that can be done');
  }
}

/** What was wrong with a supplement that was not taken, beside its fields. */
function supplementFaults(error: unknown, doing: Doing, mine: OwnCase): unknown {
  if (doing.act !== 'give' || !isYitongError(error)) return error;
  if (error.code !== 'act_incomplete' && error.code !== 'bad_answers') return error;
  const wanted = wantedOf(mine, doing.item);
  const faults = wanted.flatMap((element) => {
    const value = doing.values[element.id];
    if (value === undefined) return [[fieldName(element.id), missingWords(element)] as const];
    return fitsSchema(element.schema, value)
      ? []
      : [[fieldName(element.id), wrongWords(element, element.schema)] as const];
  });
  const nothing = { says: { zh: '请填写补正内容', en: 'Write what you give.' } };
  return formFault(wanted.length === 0 ? nothing : Object.fromEntries(faults), error.code);
}

async function sendCase(
  desk: ApplyingDesk,
  request: FastifyRequest<Route>,
  reply: FastifyReply,
  mine: OwnCase,
): Promise<FastifyReply> {
  const { language } = request;
  const { cases, found, subject, bundle } = mine;
  const { development } = desk;
  const materials = found.contents === undefined ? [] : await cases.materials(found.id, desk.how(request, subject));
  if (found.state.phase === 'draft' && found.contents !== undefined)
    return sendFramed(request, reply, {
      title: bundle.title[language],
      workspace: desk.workspace,
      children: checkPage({
        ...(await draftOf(desk, request, mine)),
        found,
        subject,
        materials,
        objections: bundle.applicant === 'company' ? desk.correction(request, subject) : undefined,
        development,
        isSaved: request.query.saved !== undefined,
      }),
    });
  return sendFramed(request, reply, {
    title: bundle.title[language],
    workspace: desk.workspace,
    children: progressPage({
      language,
      id: found.id,
      bundle,
      elements: cases.content.elements,
      found,
      subject,
      materials,
      events: await cases.events(found.id, 0, desk.how(request, subject)),
      workspace: desk.workspace,
      nameOf: (authority, region) => desk.nameOf(authority, language, region),
      development,
    }),
  });
}

function caseRoutes(app: FastifyInstance, desk: ApplyingDesk): void {
  app.get<Route>(`${PATH}/:id`, own, async (request, reply) =>
    sendCase(desk, request, reply, await desk.ownCase(request, request.params.id)),
  );
  app.post<Route>(`${PATH}/:id`, own, async (request, reply) => {
    const { id } = request.params;
    const mine = await desk.ownCase(request, id);
    const key = text(request.body['key']);
    const doing = doingOf(request.body, mine);
    const how = desk.how(request, mine.subject, key === '' ? undefined : key.slice(0, 100));
    await mine.cases.act(id, doing, how).catch((error: unknown) => {
      throw supplementFaults(error, doing, mine);
    });
    return goTo(reply, `${PATH}/${id}`);
  });
}

/** Both sides of a video question, as the development driver pretends it. */
function videoRoute(app: FastifyInstance, desk: ApplyingDesk): void {
  if (!desk.development) return;
  app.get<Route>(`${PATH}/:id/video`, own, async (request, reply) => {
    const { language } = request;
    const { found, bundle } = await desk.ownCase(request, request.params.id);
    const step = found.acts.find(({ act, port }) => act === 'step' && port === 'video')?.step;
    const done = Object.entries(found.contents?.receipts ?? {}).find(([name]) => name.endsWith('.video'));
    if (step === undefined && done === undefined) throw new YitongError('not_found', 'nobody is seen by video here');
    return sendFramed(request, reply, {
      title: bundle.title[language],
      workspace: desk.workspace,
      children: ownVideoPage({
        language,
        id: found.id,
        bundle,
        step,
        reference: done?.[1],
        events: found.state.events,
      }),
    });
  });
}

interface MaterialRoute {
  readonly Params: { readonly id: string; readonly material: string };
}

/** Papers as they are made, uploads as they were sent; and where something is uploaded. */
function materialRoutes(app: FastifyInstance, desk: ApplyingDesk): void {
  const at = `${PATH}/:id/materials/:material`;
  app.get<MaterialRoute>(
    at,
    { ...own, config: { ...own.config, offers: ['application/pdf', 'image/jpeg', 'image/png'] } },
    async (request, reply) => {
      const { id, material } = request.params;
      const { cases, subject } = await desk.ownCase(request, id);
      const opened = await cases.openMaterial(id, material, desk.how(request, subject));
      const { type, bytes, extension } = await materialBytes(opened, desk.context);
      return asUploaded(reply, type, `${material}.${extension}`).header('content-length', bytes.length).send(bytes);
    },
  );
  app.post<MaterialRoute>(at, { ...own, config: { ...own.config, files: true } }, async (request, reply) => {
    const { id, material } = request.params;
    await putSent(desk, request, await desk.ownCase(request, id), material);
    return goTo(reply, `${PATH}/${id}#materials`);
  });
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const desk = openDesk(app, context);
    listRoute(app, desk);
    startRoutes(app, desk);
    questionsRoutes(app, desk);
    formRoutes(app, desk);
    caseRoutes(app, desk);
    videoRoute(app, desk);
    materialRoutes(app, desk);
  },
};
export default service;

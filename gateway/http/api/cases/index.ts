/**
 * Cases over HTTP: for the client of a bundle through which people apply (header `yitong-subject`), and for systems of
 * the authorities that hold its items. What is shown and what is done is on record first.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { parseSubject } from '../../../answer/question/request.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { administrationBody } from '../../../log/entries/events.js';
import { type ActBody, actBody, doingOf } from '../../../procedures/cases/doing.js';
import { type CaseForm, ownForm } from '../../../procedures/cases/form.js';
import { caseDeskOf } from '../../../procedures/cases/opened.js';
import { outcomesOf } from '../../../procedures/cases/outcomes.js';
import type { TermReading } from '../../../procedures/cases/terms.js';
import type { CaseActor, Cases, HowDone, OpenedCase } from '../../../procedures/cases/types.js';
import { checkStill } from '../../plugins/identity.js';
import { materialRoutes } from './materials.js';
import {
  caseSchema,
  eventsQuery,
  formSchema,
  type ListQuery,
  limitOf,
  listQuery,
  listSchema,
  type OpenBody,
  openBody,
  paramsSchema,
} from './schema.js';

const SUBJECT = 'yitong-subject';
const tags = ['cases'];
const iso = (at: number): string => new Date(at).toISOString();
const termOf = ({ unit, due: { day, provisional }, left, over }: TermReading) => ({
  unit,
  due: day,
  provisional,
  left,
  over,
});

function shownRating({ state: { rating }, answerTerm, contents }: OpenedCase): object | undefined {
  if (rating === undefined) return undefined;
  const { grade, at, answeredAt } = rating;
  return {
    grade,
    at: iso(at),
    ...contents?.rating,
    ...(answerTerm === undefined ? {} : { term: termOf(answerTerm) }),
    ...(answeredAt === undefined ? {} : { answeredAt: iso(answeredAt) }),
  };
}

function shown(opened: OpenedCase, cases: Cases): object {
  const { id, state, over, acts, terms, taskTerms, contents } = opened;
  const bundle = cases.bundles.get(state.bundle);
  return {
    id,
    bundle: state.bundle,
    phase: state.phase,
    openedAt: iso(state.openedAt),
    ...(state.submittedAt === undefined ? {} : { submittedAt: iso(state.submittedAt) }),
    over,
    ...present({ subject: contents?.subject }),
    ...present({ region: state.region }),
    items: Object.entries(state.plan?.items ?? {}).map(([item, { authority, region, sure, unknown }]) => {
      const { status, since } = state.items[item] ?? { status: 'waiting', since: state.at };
      const term = terms[item];
      const fields = contents?.layout[item];
      return {
        item,
        ...present({ title: bundle?.items.get(item)?.title }),
        authority,
        ...present({ region }),
        status,
        since: iso(since),
        ...(term === undefined ? {} : { term: termOf(term) }),
        applies: sure ? 'yes' : 'unknown',
        unknown,
        ...(fields === undefined || contents === undefined ? {} : { form: ownForm(fields, contents.values) }),
        ...contents?.items[item],
      };
    }),
    tasks: Object.entries(state.tasks).flatMap(([task, { owner, doneAt }]) => {
      const term = taskTerms[task];
      return term === undefined ? [] : [{ task, owner, done: doneAt !== undefined, term: termOf(term) }];
    }),
    steps: Object.entries(state.steps).map(([step, done]) => ({ step, done })),
    outcomes: bundle === undefined ? [] : outcomesOf(state, bundle),
    ...present({ rating: shownRating(opened) }),
    acts,
    ...(contents === undefined ? {} : { answers: contents.answers, values: contents.values }),
  };
}

const shownForm = ({ merged, values, filled, missing, obstacles }: CaseForm): object => ({
  fields: merged.fields.map(({ element, schema, required, way }) => ({
    element: element.id,
    title: element.title,
    schema,
    required,
    from: way.way,
    ...present({ value: values[element.id] }),
    ...filled[element.id],
  })),
  questions: merged.questions.map((one) => one.id),
  missing,
  obstacles,
});

function openDesk(app: FastifyInstance, context: GatewayContext) {
  const desk = caseDeskOf(context);
  app.addHook('onClose', () => desk.close());
  const cases = (): Promise<Cases> => desk.cases();
  function actorOf(request: FastifyRequest): CaseActor {
    const client = clientOf(request);
    const given = request.headers[SUBJECT];
    if (given === undefined) return { kind: 'authority', authority: client.authority, client: client.id };
    if (typeof given !== 'string') throw new YitongError('bad_subject', `\`${SUBJECT}\` names one subject`);
    return { kind: 'applicant', subject: parseSubject(given, context.workspace.schemes), client: client.id };
  }
  const how = (request: FastifyRequest, key?: string): HowDone => ({
    actor: actorOf(request),
    ...present({ key }),
    record: ({ action, target, detail, subject, about }) =>
      context.journal.append({
        clear: administrationBody({
          time: iso(context.now()),
          action,
          by: clientOf(request).id,
          ...(target === '' ? {} : { target }),
          detail: { requestId: request.id, ...detail },
        }),
        ...(subject === '' ? {} : { subject: { subject, json: JSON.stringify(about) } }),
      }),
    release: (release) => context.journal.append(release(request.id)),
  });
  return { context, cases, how };
}
type Desk = ReturnType<typeof openDesk>;

function lookRoutes(app: FastifyInstance, { cases, how }: Desk): void {
  app.get<{ Querystring: ListQuery }>(
    '/v1/cases',
    {
      config: { errors: ['bad_subject', 'state_unavailable'] },
      schema: {
        operationId: 'cases',
        summary: "cases that wait for the client's authority, with their terms",
        description: 'What runs out first comes first. With the header `yitong-subject`: the cases of that subject.',
        tags,
        querystring: listQuery,
        response: { 200: listSchema },
      },
    },
    async (request) => {
      const { show = 'todo', after } = request.query;
      const desk = await cases();
      const found = await desk.list(show, { limit: limitOf(request.query), ...present({ after }) }, how(request));
      return { cases: found.cases.map((one) => shown(one, desk)), ...present({ next: found.next }) };
    },
  );
  app.get<{ Params: { id: string } }>(
    '/v1/cases/:id',
    {
      config: { errors: ['bad_subject', 'not_found', 'state_unavailable'] },
      schema: {
        operationId: 'oneCase',
        summary: 'one case: who holds each item, until when, and what may be done',
        description: 'An authority sees the forms of its own items, and what was written with them.',
        tags,
        params: paramsSchema,
        response: { 200: caseSchema },
      },
    },
    async (request) => {
      const desk = await cases();
      return shown(await desk.get(request.params.id, how(request)), desk);
    },
  );
  app.get<{ Params: { id: string } }>(
    '/v1/cases/:id/form',
    {
      config: { errors: ['bad_subject', 'not_found', 'act_refused', 'state_unavailable', 'view_unavailable'] },
      schema: {
        operationId: 'caseForm',
        summary: 'the one form of a draft: what registers fill in, what is missing, what stands in the way',
        description: 'Registers are asked under the client and purpose of the bundle, and each look is on record.',
        tags,
        params: paramsSchema,
        response: { 200: formSchema },
      },
    },
    async (request) => shownForm(await (await cases()).form(request.params.id, how(request))),
  );
  app.get<{ Params: { id: string }; Querystring: { after?: string } }>(
    '/v1/cases/:id/events',
    {
      config: { errors: ['bad_subject', 'not_found', 'state_unavailable'] },
      schema: {
        operationId: 'caseEvents',
        summary: 'what happened on a case, a line an event',
        description: 'Without what was written with it. `after` gives what came since.',
        tags,
        params: paramsSchema,
        querystring: eventsQuery,
        produces: ['application/x-ndjson'],
      },
    },
    async (request, reply) => {
      const events = await (await cases()).events(request.params.id, Number(request.query.after ?? 0), how(request));
      const lines = events.map(({ number, event: { at, by, ...event } }) => {
        const {
          plan: _,
          uses: __,
          checked: ___,
          issued: ____,
          bundle: _____,
          ...act
        } = event as Readonly<Record<string, unknown>>;
        return `${JSON.stringify({ number, at: iso(at), by: by === 'applicant' ? by : by.authority, ...act })}\n`;
      });
      return reply
        .header('content-type', 'application/x-ndjson; charset=utf-8')
        .serializer((text) => text as string)
        .send(lines.join(''));
    },
  );
}

function actRoutes(app: FastifyInstance, { context, cases, how }: Desk): void {
  app.post<{ Body: OpenBody }>(
    '/v1/cases',
    {
      config: { errors: ['bad_subject', 'not_found', 'act_refused', 'state_unavailable'] },
      schema: {
        operationId: 'openCase',
        summary: 'open a draft',
        description: 'For the subject in the header `yitong-subject`, through the client that the bundle names.',
        tags,
        body: openBody,
        response: { 201: caseSchema },
      },
    },
    async (request, reply) => {
      checkStill(context, request, clientOf(request));
      const desk = await cases();
      const { bundle, region, key } = request.body;
      const opened = await desk.open(bundle, how(request, key), present({ region }));
      return reply.status(201).send(shown(opened, desk));
    },
  );
  app.post<{ Params: { id: string }; Body: ActBody }>(
    '/v1/cases/:id',
    {
      config: {
        errors: [
          'bad_subject',
          'not_found',
          'act_refused',
          'act_incomplete',
          'bad_answers',
          'ticket_moved',
          'state_unavailable',
          'view_unavailable',
        ],
      },
      schema: {
        operationId: 'actOnCase',
        summary: "do one of a case's `acts`",
        description:
          '`save` a draft, `submit` it, do a `step`; as an authority `ask` for a supplement (once, whole), `grant`, ' +
          '`refuse` with reasons, `pass` what does not apply, `settle` a task, `stop` as who leads.',
        tags,
        params: paramsSchema,
        body: actBody,
        response: { 200: caseSchema },
      },
    },
    async (request) => {
      checkStill(context, request, clientOf(request));
      const desk = await cases();
      return shown(await desk.act(request.params.id, doingOf(request.body), how(request, request.body.key)), desk);
    },
  );
}

const service: Service = {
  port: 'api',
  register(app, context) {
    const desk = openDesk(app, context);
    lookRoutes(app, desk);
    actRoutes(app, desk);
    materialRoutes(app, desk);
  },
};
export default service;

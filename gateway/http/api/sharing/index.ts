/**
 * /v1/sharing: matters between departments (政务数据共享条例), for systems of a department: applying for data, answering
 * applications, and whatever else the workspace declares of matters. What is shown and what is done is on record first.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { parseSubject } from '../../../answer/question/request.js';
import { clientOf, type Service } from '../../../documents/context.js';
import { paperOf, sharingPdf } from '../../../documents/sharing-paper.js';
import { administrationBody } from '../../../log/entries/events.js';
import { figuresFor, shownTo } from '../../../procedures/sharing/shown.js';
import { sidesOf } from '../../../procedures/sharing/sides.js';
import { setStandingConsent, standingConsents } from '../../../procedures/sharing/standing.js';
import { periodOf } from '../../../procedures/sharing/statistics/period.js';
import type { OpenedMatter } from '../../../procedures/sharing/types.js';
import { checkStill } from '../../plugins/identity.js';
import { attachmentRoutes } from './attachments.js';
import { deputyRoutes } from './deputies.js';
import { type Desk, iso, officerOf, openDesk, tags } from './desk.js';
import { recordRoutes } from './records.js';
import {
  type ActBody,
  actBody,
  datasetParams,
  type ListQuery,
  limitOf,
  listQuery,
  listSchema,
  matterSchema,
  type OpenBody,
  openBody,
  paramsSchema,
  type StandingBody,
  type StatisticsQuery,
  standingBody,
  standingListSchema,
  statisticsQuery,
  statisticsSchema,
} from './schema.js';

const serializerCompiler = () => JSON.stringify;

/** @param authority of the client that is shown it */
function shown(matter: OpenedMatter, authority: string) {
  const { head, lifecycle, state, clocks, over, openedAt, at, parties, deputed, acts } = matter;
  const { contents, steps } = shownTo(matter, authority);
  return {
    id: head.id,
    machine: head.machine,
    over,
    openedAt: iso(openedAt),
    at: iso(at),
    about: head.about,
    parts: Object.entries(state.parts).map(([part, one]) => ({
      part,
      state: one.state,
      variant: one.holder,
      sides: sidesOf(head, part),
      clocks: (clocks[part] ?? []).map(({ clock, due, left, over: late, stoppedAt, asked }) => ({
        clock,
        party: lifecycle.clocks[clock]?.party ?? '',
        due: due.day,
        provisional: due.provisional,
        left,
        over: late,
        ...present({ asked, stoppedAt: stoppedAt === undefined ? undefined : iso(stoppedAt) }),
      })),
    })),
    parties,
    deputed: Object.keys(deputed),
    acts: acts.map(({ act, party, parts, clock }) => ({
      act,
      party,
      parts,
      each: clock !== undefined || lifecycle.acts[act]?.each === true,
      requires: lifecycle.acts[act]?.requires ?? lifecycle.clocks[clock ?? '']?.extension?.requires ?? [],
      optional: lifecycle.acts[act]?.optional ?? [],
      ...present({ clock, content: lifecycle.acts[act]?.content }),
    })),
    contents,
    steps: steps.map(({ event, entry }) => ({
      at: iso(event.at),
      act: event.act,
      party: event.party,
      fields: event.fields,
      receipt: entry,
      ...present({ part: event.part, clock: event.clock, days: event.days }),
      ...(event.deputy === undefined ? {} : { deputy: true }),
    })),
  };
}

function readRoutes(app: FastifyInstance, { desk, actorOf, looked }: Desk): void {
  app.get<{ Querystring: ListQuery }>(
    '/v1/sharing',
    {
      schema: {
        operationId: 'matters',
        summary: "matters of sharing of which the client's authority is a party",
        description: 'The next to run out comes first; of those that are over the newest.',
        tags,
        querystring: listQuery,
        response: { 200: listSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const { tray = 'todo', machine, about, after, role } = request.query;
      const { matters } = await desk();
      const actor = actorOf(client, officerOf(role));
      const limit = limitOf(request.query);
      const page = await matters.list(actor, { tray, limit, ...present({ machine, about, after }) });
      const opened = await Promise.all(page.matters.map(({ head }) => matters.get(head.id, actor)));
      await looked(
        request,
        client,
        opened.map(({ head }) => head.id),
      );
      return { matters: opened.map((one) => shown(one, client.authority)), ...present({ next: page.next }) };
    },
  );
  app.get<{ Params: { id: string }; Querystring: { readonly role?: string } }>(
    '/v1/sharing/:id',
    {
      config: { errors: ['not_found'] },
      schema: {
        operationId: 'matter',
        summary: 'one matter of sharing',
        description: 'With its steps and what your authority may do now.',
        tags,
        params: paramsSchema,
        response: { 200: matterSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const { matters } = await desk();
      const found = await matters.get(request.params.id, actorOf(client, undefined));
      await looked(request, client, [found.head.id]);
      return shown(found, client.authority);
    },
  );
}

function actRoutes(app: FastifyInstance, { context, desk, acting }: Desk): void {
  app.post<{ Body: OpenBody }>(
    '/v1/sharing',
    {
      config: { errors: ['not_found', 'bad_subject', 'act_refused', 'act_incomplete', 'coordinator_unknown'] },
      schema: {
        operationId: 'openMatter',
        summary: 'open a matter of sharing',
        description:
          'For instance the draft of an application: `machine` `application`, `act` `draft`, `content` what is asked ' +
          'for. A draft may lack anything; what is missing is told at once when it is consented to.',
        tags,
        body: openBody,
        response: { 201: matterSchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      checkStill(context, request, client);
      const { machine, subject, ...act } = request.body;
      const { matters } = await desk();
      const about = subject === undefined ? {} : { subject: parseSubject(subject, context.workspace.schemes) };
      const opened = await matters.open(machine, about, acting(request, client, act));
      return reply.status(201).send(shown(opened, client.authority));
    },
  );
  app.post<{ Params: { id: string }; Body: ActBody }>(
    '/v1/sharing/:id',
    {
      config: { errors: ['not_found', 'act_refused', 'act_incomplete', 'matter_moved'] },
      schema: {
        operationId: 'actOnMatter',
        summary: "do one of a matter's `acts`",
        description:
          '`act_refused` (409) where it may not be done in the present state: the message names what may. ' +
          '`act_incomplete` (400) names all that is missing at once.',
        tags,
        params: paramsSchema,
        body: actBody,
        response: { 200: matterSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      checkStill(context, request, client);
      const { matters } = await desk();
      return shown(await matters.act(request.params.id, acting(request, client, request.body)), client.authority);
    },
  );
}

function standingRoutes(app: FastifyInstance, { context, desk, actorOf, recording }: Desk): void {
  app.get(
    '/v1/sharing/standing-consents',
    {
      schema: {
        operationId: 'standingConsents',
        summary: 'datasets of which the provider has agreed once for all',
        description: 'Applications for them are answered at once, by the platform.',
        tags,
        response: { 200: standingListSchema },
      },
    },
    async () => {
      const { state } = await desk();
      return { consents: (await standingConsents(state)).map(({ dataset, at, reason }) => ({ dataset, at, reason })) };
    },
  );
  const set = async (
    request: FastifyRequest<{ Params: { dataset: string }; Body: StandingBody }>,
    stands: boolean,
  ): Promise<{ readonly consents: readonly object[] }> => {
    const client = clientOf(request);
    checkStill(context, request, client);
    const { reason, officer } = request.body;
    const { state } = await desk();
    const { workspace, now } = context;
    await setStandingConsent(
      { workspace, state, now, actor: actorOf(client, officer), record: recording(request, client, officer) },
      request.params.dataset,
      { stands, reason },
    );
    return {
      consents: (await standingConsents(state)).map(({ dataset, at, reason: why }) => ({ dataset, at, reason: why })),
    };
  };
  const described = (operationId: string, summary: string, description: string) => ({
    config: { errors: ['act_refused', 'act_incomplete'] as const },
    schema: {
      operationId,
      summary,
      description,
      tags,
      params: datasetParams,
      body: standingBody,
      response: { 200: standingListSchema },
    },
  });
  const by = 'By an `officer` with the role `sharing-head` of the provider.';
  app.put<{ Params: { dataset: string }; Body: StandingBody }>(
    '/v1/sharing/standing-consents/:dataset',
    described('consentStanding', 'agree once for all to applications for an unconditional dataset', by),
    (request) => set(request, true),
  );
  app.delete<{ Params: { dataset: string }; Body: StandingBody }>(
    '/v1/sharing/standing-consents/:dataset',
    described('withdrawStanding', 'withdraw what was agreed to once for all', by),
    (request) => set(request, false),
  );
}

/** What sharing comes to in figures, and documents about it that were approved. */
function figureRoutes(app: FastifyInstance, { context, desk, actorOf, looked }: Desk): void {
  const { journal, now } = context;
  app.get<{ Querystring: StatisticsQuery }>(
    '/v1/sharing/statistics',
    {
      config: { errors: ['act_refused'] },
      schema: {
        operationId: 'sharingStatistics',
        summary: 'figures of sharing over a period',
        description:
          "Of the client's own authority; with `role` `sharing-authority` of the whole level that it looks after. " +
          'Of a period that is over they are always the same.',
        tags,
        querystring: statisticsQuery,
        response: { 200: statisticsSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const { role, ...asked } = request.query;
      const period = periodOf(asked, now());
      const { grants, statistics } = await desk();
      const whose = figuresFor(actorOf(client, officerOf(role)), grants.places);
      if (whose === undefined || (role === 'sharing-authority' && !whose.level))
        throw new YitongError('act_refused', 'the figures of a level are for who looks after sharing in it');
      const found = await statistics(whose, period);
      await journal.append({
        clear: administrationBody({
          time: iso(now()),
          action: 'sharing_statistics_shown',
          by: client.id,
          detail: { requestId: request.id, ...period, level: whose.level },
        }),
      });
      return found;
    },
  );
  app.get<{ Params: { id: string } }>(
    '/v1/sharing/:id/document',
    {
      config: {
        errors: ['not_found', 'report_revoked', 'bad_config', 'address_unknown'],
        offers: ['application/pdf'],
      },
      schema: {
        operationId: 'sharingDocument',
        summary: 'a report or an evaluation about sharing that was approved, as a signed PDF',
        description: 'Of a matter of the kind `supervision-report` or `evaluation`. Anybody verifies it at `/verify`.',
        tags,
        params: paramsSchema,
        response: { 200: { content: { 'application/pdf': { schema: Type.Unsafe<string>({ type: 'string' }) } } } },
      },
      serializerCompiler,
    },
    async (request, reply) => {
      const client = clientOf(request);
      const { matters, state } = await desk();
      const matter = await matters.get(request.params.id, actorOf(client, officerOf('sharing-authority')));
      const found = await paperOf(state, matter);
      await looked(request, client, [matter.head.id]);
      return reply
        .type('application/pdf')
        .header('content-disposition', `attachment; filename="${found.signed.machine}-${found.paper.to}.pdf"`)
        .send(await sharingPdf(found, context));
    },
  );
}

const service: Service = {
  port: 'api',
  register(app, context) {
    const desk = openDesk(app, context);
    readRoutes(app, desk);
    actRoutes(app, desk);
    standingRoutes(app, desk);
    figureRoutes(app, desk);
    recordRoutes(app, desk);
    deputyRoutes(app, desk);
    attachmentRoutes(app, desk);
  },
};
export default service;

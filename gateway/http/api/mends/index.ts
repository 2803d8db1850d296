/**
 * Mends over HTTP, for clients of the publishing authority: why rows are held back, what could be said otherwise of the
 * mapping, drafts of it, and what is decided on them by an officer whom the client names and answers for. The rules are
 * those of the pages (publishing/mend-acts); what is shown and what is done is on record first.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { present } from '../../../../contracts/present.js';
import type { Contract } from '../../../../contracts/types.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { checkStill } from '../../plugins/identity.js';
import { untilGone } from '../../plugins/until-gone.js';
import { causeAsked, mendActs, TRYING } from '../../publishing/mend-acts.js';
import { openMendDesk } from '../../publishing/mends.js';
import { clientOfficers } from '../../publishing/officers.js';
import { ownDataset } from '../../publishing/owner.js';
import { openQuarantineDesk } from '../../publishing/quarantine.js';
import { answersOf } from './answers.js';
import {
  type ActBody,
  actBody,
  causeQuery,
  draftParams,
  draftSchema,
  listSchema,
  type ProposeBody,
  paramsSchema,
  proposeBody,
  proposedSchema,
} from './schema.js';

const PATH = '/v1/datasets/:id/mends';
const tags = ['publish'];

interface Route {
  readonly Params: { readonly id: string; readonly mend: string };
  readonly Querystring: { readonly code?: string; readonly field?: string };
}

/** What the routes work with. */
function openDesk(app: FastifyInstance, context: GatewayContext) {
  const quarantines = openQuarantineDesk(context);
  app.addHook('onClose', () => quarantines.close());
  const mends = openMendDesk(context, quarantines);
  app.addHook('onClose', () => mends.close());

  return {
    context,
    quarantines,
    mends,
    acts: mendActs(mends, quarantines),
    own: (request: FastifyRequest, id: string): Contract => ownDataset(context, id, clientOf(request)),
    ...clientOfficers(context),
    ...answersOf(context.workspace, mends),
  };
}
type Desk = ReturnType<typeof openDesk>;

/** Why rows are held back, and what could be done about a cause. */
function causeRoutes(app: FastifyInstance, { quarantines, mends, own, note, partOf, shown }: Desk): void {
  app.get<Route>(
    PATH,
    {
      config: { errors: ['not_publisher', 'bad_feed'] },
      schema: {
        operationId: 'mends',
        summary: 'why rows of a dataset are held back, and drafts of what is done about it',
        description: "For clients of the dataset's authority. Causes with the most rows come first.",
        tags,
        params: paramsSchema,
        response: { 200: listSchema },
      },
    },
    async (request) => {
      const contract = own(request, request.params.id);
      const causes = (await quarantines.look(contract, (quarantine) => quarantine.causes())) ?? [];
      const drafts = await mends.list(contract);
      await note(request, 'mends_shown', contract, { drafts: drafts.map(({ draft }) => draft.id) });
      return {
        dataset: contract.id,
        causes,
        drafts: await Promise.all(drafts.map((draft) => shown(contract, draft, false))),
      };
    },
  );
  app.get<Route>(
    `${PATH}/proposed`,
    {
      config: { errors: ['not_publisher', 'bad_feed'] },
      schema: {
        operationId: 'proposedMend',
        summary: 'what could be said otherwise of a mapping so that rows of one cause are read',
        description:
          'Each part is tried on rows that are held back, by the code that reads rows. What would have to be guessed ' +
          'is not proposed.',
        tags,
        params: paramsSchema,
        querystring: causeQuery,
        response: { 200: proposedSchema },
      },
    },
    async (request) => {
      const contract = own(request, request.params.id);
      const cause = causeAsked(request.query);
      const { rows, mend } = await mends.proposed(contract, cause);
      await note(request, 'mends_shown', contract, { cause: cause.code, field: cause.field, rows: mend?.looked ?? 0 });
      return {
        dataset: contract.id,
        ...cause,
        rows,
        looked: mend?.looked ?? 0,
        left: mend?.left ?? 0,
        parts: (mend?.parts ?? []).map((part) => ({
          key: part.key,
          ...partOf(contract, cause.field, part),
          good: part.good,
          otherwise: part.otherwise,
        })),
      };
    },
  );
}

function draftRoute(app: FastifyInstance, { own, note, standing }: Desk): void {
  app.get<Route>(
    `${PATH}/:mend`,
    {
      config: { errors: ['not_publisher', 'not_found'] },
      schema: {
        operationId: 'mend',
        summary: 'one draft of a mend',
        description: 'What it changes, what it would do, who proposed and who decided, and the feed as it would be.',
        tags,
        params: draftParams,
        response: { 200: draftSchema },
      },
    },
    async (request) => {
      const contract = own(request, request.params.id);
      const found = await standing(contract, { id: request.params.mend });
      await note(request, 'mends_shown', contract, { drafts: [found.id] });
      return found;
    },
  );
}

function actRoutes(app: FastifyInstance, { context, acts, own, actor, standing }: Desk): void {
  app.post<Route & { Body: ProposeBody }>(
    PATH,
    {
      handlerTimeout: TRYING,
      config: { errors: ['not_publisher', 'state_conflict', 'bad_feed', 'answer_timeout'] },
      schema: {
        operationId: 'proposeMend',
        summary: 'make a draft of what is proposed for a cause, and try it',
        description:
          'On all rows that are held back, and on the source as it is now. Nothing is published or moved on by that; ' +
          'another officer approves it.',
        tags,
        params: paramsSchema,
        body: proposeBody,
        response: { 201: draftSchema },
      },
    },
    async (request, reply) => {
      const contract = own(request, request.params.id);
      checkStill(context, request, clientOf(request));
      const { code, field = '', parts: keys, row, officer } = request.body;
      const asked = { cause: { code, field }, ...present({ keys, row }) };
      const draft = await acts.propose(contract, asked, actor(request, officer), untilGone(request, TRYING));
      return reply.status(201).send(await standing(contract, draft));
    },
  );
  app.post<Route & { Body: ActBody }>(
    `${PATH}/:mend`,
    {
      handlerTimeout: TRYING,
      config: {
        errors: [
          'not_publisher',
          'not_found',
          'second_person_needed',
          'state_conflict',
          'bad_feed',
          'state_unavailable',
          'answer_timeout',
        ],
      },
      schema: {
        operationId: 'actOnMend',
        summary: 'approve a draft, refuse it, put it in place, or undo it',
        description:
          '`second_person_needed` (403): whoever proposed a draft does not approve it, by whatever way they come. ' +
          '`state_conflict` (409) where it may not be done as the draft and the feed stand: `acts` says what may.',
        tags,
        params: draftParams,
        body: actBody,
        response: { 200: draftSchema },
      },
    },
    async (request) => {
      const contract = own(request, request.params.id);
      checkStill(context, request, clientOf(request));
      const { act, officer } = request.body;
      const { mend } = request.params;
      const done = await acts.act(contract, mend, act, actor(request, officer), untilGone(request, TRYING));
      return standing(contract, done);
    },
  );
}

const service: Service = {
  port: 'api',
  register(app, context) {
    const desk = openDesk(app, context);
    causeRoutes(app, desk);
    draftRoute(app, desk);
    actRoutes(app, desk);
  },
};
export default service;

/** Records of use of grants (政务数据共享条例 Art.29(2)), and which corrections the systems of a department were told of. */
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { strict } from '../../../answer/question/request.js';
import { clientOf } from '../../../documents/context.js';
import type { Json } from '../../../ground/state/port.js';
import { type GrantUse, grantUses, lacksRecords, sidesOfGrant } from '../../../procedures/sharing/grant-sides.js';
import { toldIn, toldTo } from '../../../procedures/sharing/receivers.js';
import { seesTold } from '../../../procedures/sharing/shown.js';
import { USE_STATUSES, useRecords, writeUseRecord } from '../../../procedures/sharing/use-records.js';
import { checkStill } from '../../plugins/identity.js';
import { type Desk, officerOf, tags } from './desk.js';
import { officer } from './schema.js';

const word = Type.String({ minLength: 1, maxLength: 200 });
const said = Type.String({ minLength: 2, maxLength: 4000 });
const grantParams = Type.Object({ grant: word });

const useSchema = Type.Object({
  grant: Type.String(),
  client: Type.String(),
  dataset: Type.String(),
  matter: Type.Optional(Type.String({ description: 'the application that it came of' })),
  sides: Type.Record(Type.String(), Type.String(), { description: 'which authority is what' }),
  from: Type.Optional(Type.String({ format: 'date' })),
  until: Type.Optional(Type.String({ format: 'date' })),
  over: Type.Boolean({ description: 'nothing is given under it any more' }),
  records: Type.Integer({ description: 'how many there are' }),
  lacking: Type.Boolean({ description: 'data are given under it, and nobody has recorded what becomes of them' }),
  status: Type.Optional(Type.Enum([...USE_STATUSES])),
  at: Type.Optional(Type.String({ format: 'date-time', description: 'of the newest record' })),
});

const contentSchema = {
  scenario: Type.String({ ...said, description: 'for what the data are used' }),
  effect: Type.String({ ...said, description: 'what came of it' }),
  storage: Type.String({ ...said, description: 'where they are kept, and how' }),
  destruction: Type.String({ ...said, description: 'what was destroyed, when and how; or that nothing was yet' }),
  status: Type.Enum([...USE_STATUSES]),
};
const recordsSchema = Type.Object({
  grant: Type.String(),
  records: Type.Array(
    Type.Object({ ...contentSchema, at: Type.String({ format: 'date-time' }), receipt: Type.String() }),
    { description: 'the newest last' },
  ),
});
const recordBody = Type.Object({ ...contentSchema, officer: Type.Optional(officer) }, strict);

const usesQuery = Type.Object(
  {
    lacking: Type.Optional(Type.Enum(['true'], { description: 'only those without records' })),
    role: Type.Optional(Type.String({ maxLength: 60, description: 'of the officer for whom your system asks' })),
  },
  strict,
);
const toldQuery = Type.Object(
  {
    matter: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$', description: 'of one correction; default: yours' })),
    after: Type.Optional(Type.String({ maxLength: 1200, description: '`next` of an earlier answer' })),
  },
  strict,
);
const toldSchema = Type.Object({
  told: Type.Array(
    Type.Object({
      matter: Type.String(),
      dataset: Type.String(),
      client: Type.String({ description: 'the system that had the record' }),
      at: Type.String({ format: 'date-time' }),
      receipts: Type.Array(Type.String(), { description: 'of the answers by which it had it' }),
    }),
  ),
  next: Type.Optional(Type.String()),
});

const shownUse = ({ id, client, dataset, matter, sides, from, until, over, kept, ...use }: GrantUse) => ({
  grant: id,
  client,
  dataset,
  sides: { ...sides },
  over,
  records: kept?.count ?? 0,
  lacking: lacksRecords({ id, client, dataset, sides, over, ...present({ kept }), ...use }),
  ...present({ matter, from, until, status: kept?.status, at: kept?.at }),
});

export function recordRoutes(app: FastifyInstance, desk: Desk): void {
  lookRoutes(app, desk);
  writeRoute(app, desk);
  toldRoute(app, desk);
}

const NOT_YOURS = 'there is no such grant, or it is not yours to read';

function lookRoutes(app: FastifyInstance, { context, desk, actorOf, looked }: Desk): void {
  app.get<{ Querystring: Static<typeof usesQuery> }>(
    '/v1/sharing/records',
    {
      schema: {
        operationId: 'useRecords',
        summary: 'grants of your authority, and what is recorded of their use',
        description:
          'Those of which nothing is recorded come first. Requester, provider and sharing authority see them.',
        tags,
        querystring: usesQuery,
        response: { 200: Type.Object({ grants: Type.Array(useSchema) }) },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const { grants } = await desk();
      const all = await grantUses(grants, actorOf(client, officerOf(request.query.role)), context.now());
      const shown = request.query.lacking === 'true' ? all.filter(lacksRecords) : all;
      await looked(
        request,
        client,
        shown.map(({ id }) => id),
      );
      return { grants: shown.map(shownUse) };
    },
  );
  app.get<{ Params: { grant: string } }>(
    '/v1/sharing/records/:grant',
    {
      config: { errors: ['not_found'] },
      schema: {
        operationId: 'useRecordsOf',
        summary: 'what the requester has recorded of one grant',
        description: 'Scenario, effect, storage and destruction; kept three years after the end of the grant at least.',
        tags,
        params: grantParams,
        response: { 200: recordsSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const { grants, state } = await desk();
      const found = await sidesOfGrant(grants, request.params.grant);
      if (found === undefined) throw new YitongError('not_found', NOT_YOURS);
      const { id: grant, sides } = found;
      const records = await useRecords({ state, grant, sides, actor: actorOf(client, undefined) });
      await looked(request, client, [grant]);
      return { grant, records: records.map(({ entry, ...one }) => ({ ...one, receipt: entry })) };
    },
  );
}

function writeRoute(app: FastifyInstance, { context, desk, actorOf, recording }: Desk): void {
  app.post<{ Params: { grant: string }; Body: Static<typeof recordBody> }>(
    '/v1/sharing/records/:grant',
    {
      config: { errors: ['not_found', 'act_refused', 'act_incomplete'] },
      schema: {
        operationId: 'recordUse',
        summary: 'record how a grant of your department is used',
        description: 'By a sharing officer of the requester. Each record is added, none is changed.',
        tags,
        params: grantParams,
        body: recordBody,
        response: { 201: recordsSchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      checkStill(context, request, client);
      const { officer: by, ...content } = request.body;
      const { grants, state } = await desk();
      const found = await sidesOfGrant(grants, request.params.grant);
      if (found === undefined) throw new YitongError('not_found', NOT_YOURS);
      const { id: grant, sides } = found;
      const of = { state, grant, sides, actor: actorOf(client, by) };
      await writeUseRecord(of, content as Json, { record: recording(request, client, by), now: context.now });
      const records = await useRecords(of);
      return reply
        .status(201)
        .send({ grant, records: records.map(({ entry, ...one }) => ({ ...one, receipt: entry })) });
    },
  );
}

function toldRoute(app: FastifyInstance, { desk, actorOf, looked }: Desk): void {
  app.get<{ Querystring: Static<typeof toldQuery> }>(
    '/v1/sharing/receivers',
    {
      config: { errors: ['not_found'] },
      schema: {
        operationId: 'correctionsTold',
        summary: 'corrections of which systems were told that had the record',
        description:
          'Without `matter`: those that your own systems were told of, the newest first. Of a `matter`: whom it ' +
          'told; provider and sharing authority see all of them, others their own.',
        tags,
        querystring: toldQuery,
        response: { 200: toldSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const { matter: id, after } = request.query;
      const { matters, state } = await desk();
      if (id === undefined) {
        const { told, next } = await toldTo(state, client.authority, after);
        await looked(
          request,
          client,
          told.map(({ matter }) => matter),
        );
        return { told, ...present({ next }) };
      }
      const matter = await matters.get(id, actorOf(client, undefined));
      const told = (await toldIn(state, id)).filter((one) => seesTold(matter, one.authority, client.authority));
      await looked(request, client, [id]);
      return { told };
    },
  );
}

/** Deputies of heads who are away, for a department's own system: `officer` names the head who hands over. */
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { present } from '../../../../contracts/present.js';
import { strict } from '../../../answer/question/request.js';
import { clientOf } from '../../../documents/context.js';
import {
  DEPUTED,
  type Deputation,
  deputationsOf,
  handOver,
  isInForce,
  MOST_DAYS,
  takeBack,
} from '../../../procedures/sharing/deputies.js';
import { whoOf } from '../../../procedures/sharing/sides.js';
import { checkStill } from '../../plugins/identity.js';
import { type Desk, iso, tags } from './desk.js';
import { officer } from './schema.js';

const name = Type.String({ minLength: 1, maxLength: 60 });
const day = Type.String({ format: 'date' });
const handOverBody = Type.Object(
  {
    officer,
    role: Type.Enum([...DEPUTED], { description: 'whose acts are handed over: a role of the officer' }),
    deputy: Type.Object(
      { id: Type.String({ minLength: 1, maxLength: 200 }), name },
      { ...strict, description: 'an officer of your system, by the id that it will say' },
    ),
    name: Type.String({ ...name, description: 'of the head, as your department calls them' }),
    from: day,
    until: Type.String({ format: 'date', description: `the last day; ${String(MOST_DAYS)} days at most` }),
    reason: Type.String({ minLength: 4, maxLength: 500 }),
  },
  strict,
);
const endBody = Type.Object({ officer }, strict);
const deputySchema = Type.Object({
  id: Type.String(),
  role: Type.String(),
  of: Type.String(),
  deputy: Type.String(),
  from: day,
  until: day,
  reason: Type.String(),
  receipt: Type.String(),
  inForce: Type.Boolean({ description: 'the deputy may act now' }),
  endedAt: Type.Optional(Type.String({ format: 'date-time' })),
});
const deputiesSchema = Type.Object({ deputies: Type.Array(deputySchema) });

export function deputyRoutes(app: FastifyInstance, { context, desk, actorOf, recording, looked }: Desk): void {
  const { now } = context;
  const shown = (one: Deputation) => ({
    id: one.id,
    role: one.role,
    of: one.ofName,
    deputy: one.deputyName,
    from: one.from,
    until: one.until,
    reason: one.reason,
    receipt: one.entry,
    inForce: isInForce(one, now()),
    ...present({ endedAt: one.endedAt === undefined ? undefined : iso(one.endedAt) }),
  });
  const all = async (authority: string) => ({
    deputies: (await deputationsOf(await desk(), authority)).map(shown),
  });
  app.get(
    '/v1/sharing/deputies',
    {
      schema: {
        operationId: 'deputies',
        summary: 'who of your department stands in for which head',
        description: 'The newest first, with those that are over.',
        tags,
        response: { 200: deputiesSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      await looked(request, client, []);
      return all(client.authority);
    },
  );
  app.post<{ Body: Static<typeof handOverBody> }>(
    '/v1/sharing/deputies',
    {
      config: { errors: ['act_refused', 'act_incomplete', 'matter_moved'] },
      schema: {
        operationId: 'handOver',
        summary: 'hand the acts of a head who will be away to a deputy',
        description:
          'By the head. Whoever drafted consents to nothing, also as a deputy; a deputy hands nothing on. What was ' +
          'agreed to once for all stays with the head.',
        tags,
        body: handOverBody,
        response: { 201: deputiesSchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      checkStill(context, request, client);
      const { officer: head, role, deputy, name: ofName, from, until, reason } = request.body;
      const { state, keys } = await desk();
      await handOver(
        { state, keys, now },
        { actor: actorOf(client, head), record: recording(request, client, head) },
        {
          role,
          deputy: whoOf(actorOf(client, { id: deputy.id, role: 'sharing-officer' })),
          deputyName: deputy.name,
          ofName,
          from,
          until,
          reason,
        },
      );
      return reply.status(201).send(await all(client.authority));
    },
  );
  app.delete<{ Params: { id: string }; Body: Static<typeof endBody> }>(
    '/v1/sharing/deputies/:id',
    {
      config: { errors: ['not_found', 'act_refused', 'matter_moved'] },
      schema: {
        operationId: 'takeBack',
        summary: 'take back at once what was handed over',
        description: 'By the head whose acts they are, or by the deputy.',
        tags,
        params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) }),
        body: endBody,
        response: { 200: deputiesSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      checkStill(context, request, client);
      const { officer: by } = request.body;
      const { state, keys } = await desk();
      const acting = { actor: actorOf(client, by), record: recording(request, client, by) };
      await takeBack({ state, keys, now }, acting, request.params.id);
      return all(client.authority);
    },
  );
}

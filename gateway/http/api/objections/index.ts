/**
 * Objections and repairs over HTTP, for systems of an authority that is a party of them: which wait for it, deciding
 * one, telling that a record was revoked or repaired; and for a client through which subjects speak, with the header
 * `yitong-subject`, for that subject alone. What is shown and what is done is on record first.
 */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { Contract } from '../../../../contracts/types.js';
import type { Client } from '../../../../policies/types.js';
import { parseSubject } from '../../../answer/question/request.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { administrationBody } from '../../../log/entries/events.js';
import type { RecordRef } from '../../../procedures/lifecycles/effects.js';
import type { Actor } from '../../../procedures/lifecycles/parties.js';
import { concerned, recordReader } from '../../../procedures/lifecycles/records.js';
import type { OpenedTicket, SeenTicket, TicketAct } from '../../../procedures/lifecycles/tickets.js';
import { checkStill } from '../../plugins/identity.js';
import { ownDataset } from '../../publishing/owner.js';
import {
  type ActBody,
  actBody,
  type ListQuery,
  limitOf,
  listQuery,
  listSchema,
  type OpenBody,
  openBody,
  paramsSchema,
  ticketSchema,
} from './schema.js';

/** Whom the client speaks for; a subject never stands in an address. */
const SUBJECT = 'yitong-subject';
const iso = (at: number): string => new Date(at).toISOString();

function shown({ head, lifecycle, state, over, clocks, acts, events, record }: OpenedTicket): object {
  return {
    id: head.id,
    lifecycle: lifecycle.id,
    dataset: head.dataset,
    ...(record === undefined
      ? {}
      : { subject: record.subject, ...(record.missing === true ? {} : { recordId: record.recordId }) }),
    state: state.state,
    openedAt: iso(state.openedAt),
    over,
    clocks: clocks.map(({ clock, due, left, over: late, stoppedAt }) => ({
      clock,
      party: lifecycle.clocks[clock]?.party ?? '',
      due: due.day,
      provisional: due.provisional,
      left,
      over: late,
      ...(stoppedAt === undefined ? {} : { stoppedAt: iso(stoppedAt) }),
    })),
    acts: acts.map((act) => ({
      act,
      requires: lifecycle.acts[act]?.requires ?? [],
      optional: lifecycle.acts[act]?.optional ?? [],
    })),
    events: events.map(({ at, act, party, fields }) => ({
      at: iso(at),
      act,
      party,
      ...present({ fields }),
    })),
  };
}

/** What the routes of tickets work with. */
function openDesk(context: GatewayContext) {
  const { journal, tickets, workspace } = context;
  const reader = recordReader(context);

  /** For whom a client speaks now: its authority, or the subject in the header. */
  function actorOf({ headers }: FastifyRequest, client: Client): Actor & { readonly kind: 'client' } {
    const given = headers[SUBJECT];
    if (given === undefined) return { kind: 'client', client };
    if (typeof given !== 'string') throw new YitongError('bad_subject', `\`${SUBJECT}\` names one subject`);
    return { kind: 'client', client, subject: parseSubject(given, workspace.schemes) };
  }
  const acting = (request: FastifyRequest, client: Client, { act, fields = {} }: ActBody): TicketAct => ({
    actor: actorOf(request, client),
    act,
    fields,
    record: ({ action, target, detail, subject, about }) =>
      journal.append({
        clear: administrationBody({
          time: iso(context.now()),
          action,
          by: client.id,
          target,
          detail: { requestId: request.id, ...detail },
        }),
        subject: { subject, json: JSON.stringify(about) },
      }),
  });

  const datasets = [...concerned(workspace, tickets), ...concerned(workspace, tickets, true)];
  function concernedDataset(dataset: string): Contract {
    const contract = datasets.find(({ id }) => id === dataset);
    if (contract === undefined)
      throw new YitongError('not_found', 'there is no such dataset about which a ticket could be opened');
    return contract;
  }

  return { context, journal, tickets, workspace, reader, actorOf, acting, concernedDataset };
}
type Desk = ReturnType<typeof openDesk>;

/** Tickets of which a client is a party. */
function listRoute(app: FastifyInstance, { context, journal, tickets, actorOf }: Desk): void {
  app.get<{ Querystring: ListQuery }>(
    '/v1/objections',
    {
      schema: {
        operationId: 'objections',
        summary: "objections and repairs of which the client's authority is a party",
        description:
          'The next to run out comes first. What was written on a ticket is shown with it. With the header ' +
          '`yitong-subject`, where a lifecycle lets this client speak for subjects: those of that subject.',
        tags: ['objections'],
        querystring: listQuery,
        response: { 200: listSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const { show = 'todo', after } = request.query;
      const fits = ({ acts, over }: SeenTicket): boolean =>
        show === 'closed' ? over : !over && (show === 'open' || acts.length > 0);
      const actor = actorOf(request, client);
      const all = (await tickets.list(actor)).filter(fits);
      const from = after === undefined ? 0 : all.findIndex(({ head }) => head.id === after) + 1;
      if (after !== undefined && from === 0)
        throw new YitongError('bad_request', '`after` names no ticket of this list any more; begin anew');
      const page = all.slice(from, from + limitOf(request.query));
      await journal.append({
        clear: administrationBody({
          time: iso(context.now()),
          action: 'tickets_shown',
          by: client.id,
          detail: { requestId: request.id, ids: page.map(({ head }) => head.id) },
        }),
        ...(actor.subject === undefined ? {} : { subject: { subject: actor.subject, json: '{}' } }),
      });
      const last = page.at(-1);
      const opened = await Promise.all(page.map(({ head }) => tickets.get(head.id, actor)));
      return {
        tickets: opened.map(shown),
        ...(last !== undefined && from + page.length < all.length ? { next: last.head.id } : {}),
      };
    },
  );
}

/** Takes the next step of a ticket. */
function actRoute(app: FastifyInstance, { context, tickets, acting }: Desk): void {
  app.post<{ Params: { id: string }; Body: ActBody }>(
    '/v1/objections/:id',
    {
      config: { errors: ['not_found', 'act_refused', 'act_incomplete', 'ticket_moved'] },
      schema: {
        operationId: 'actOnObjection',
        summary: "do one of a ticket's `acts`",
        description:
          'For instance deciding an objection that was forwarded. `act_refused` (409) where it may not be ' +
          'done in the present state, `act_incomplete` (400) naming all that is missing.',
        tags: ['objections'],
        params: paramsSchema,
        body: actBody,
        response: { 200: ticketSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      checkStill(context, request, client);
      return shown(await tickets.act(request.params.id, acting(request, client, request.body)));
    },
  );
}

/** Opens a ticket on a record. */
function openRoute(
  app: FastifyInstance,
  { context, tickets, workspace, reader, actorOf, acting, concernedDataset }: Desk,
): void {
  app.post<{ Body: OpenBody }>(
    '/v1/objections',
    {
      config: { errors: ['not_publisher', 'bad_subject', 'not_found', 'act_refused', 'act_incomplete'] },
      schema: {
        operationId: 'openObjection',
        summary: "open a ticket about a record of the client's authority",
        description:
          'Tells that the act on which a record rests was revoked, or that a repair is certified. The record ' +
          'must be in its dataset now. With the header `yitong-subject`: what that subject objects to, a ' +
          'record, or without `recordId` that a dataset lacks something of it.',
        tags: ['objections'],
        body: openBody,
        response: { 201: ticketSchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      checkStill(context, request, client);
      const { lifecycle, dataset, subject, recordId, ...act } = request.body;
      const actor = actorOf(request, client);
      const about = parseSubject(subject, workspace.schemes);
      // who speaks for a subject names any dataset, and no other subject
      if (actor.subject !== undefined && actor.subject !== about)
        throw new YitongError('bad_subject', `\`subject\` is not that of \`${SUBJECT}\``);
      const contract = actor.subject === undefined ? ownDataset(context, dataset, client) : concernedDataset(dataset);
      const record: RecordRef =
        recordId === undefined
          ? { dataset: contract.id, subject: about, recordId: '', missing: true }
          : { dataset: contract.id, subject: about, recordId };
      const found = await reader.one(record);
      if (found === undefined) throw new YitongError('not_found', 'the dataset has no such record now');
      return reply.status(201).send(shown(await tickets.open(lifecycle, found.record, acting(request, client, act))));
    },
  );
}

const service: Service = {
  port: 'api',
  register(app, context) {
    if (context.tickets.lifecycles.size === 0) return;
    const desk = openDesk(context);
    listRoute(app, desk);
    actRoute(app, desk);
    openRoute(app, desk);
  },
};
export default service;

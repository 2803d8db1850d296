/**
 * /v1/subscriptions: what changed for the subjects and fields that a client may see, asked for with a cursor or sent to
 * its webhook or its topic. Decided anew for each answer, and on record before it leaves.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { SubjectKey } from '../../../../contracts/ids.js';
import { holdsKey } from '../../../../contracts/keys.js';
import { present } from '../../../../contracts/present.js';
import type { Client } from '../../../../policies/types.js';
import type { Places } from '../../../answer/changes/feed.js';
import { openCursors } from '../../../answer/question/cursors.js';
import { checkScheme, parseSubject } from '../../../answer/question/request.js';
import { deniedSchema } from '../../../answer/question/schemas.js';
import { clientOf, type GatewayContext, type Service } from '../../../documents/context.js';
import { administrationBody } from '../../../log/entries/events.js';
import { lostMembers, type NextChanges, placesBehind } from '../../../procedures/subscriptions/changes.js';
import { openSubscriptions, type SubscriptionDesk } from '../../../procedures/subscriptions/opened.js';
import { type AskedSubscription, idsOf, type Subscription } from '../../../procedures/subscriptions/store.js';
import { publicKeyOf, signingKey } from '../../../procedures/subscriptions/webhook.js';
import { denied } from '../../plugins/denied.js';
import { checkStill } from '../../plugins/identity.js';
import {
  type ChangesQuery,
  changesQuery,
  DEFAULT_WAIT,
  linesSchema,
  listSchema,
  paramsSchema,
  type SubscriptionBody,
  subscriptionBody,
  subscriptionSchema,
} from './schema.js';

/** Lines in one answer. */
const LINES = 500;
/** ms between two looks at whether something changed. */
const LOOK = 250;
/** ms for which it is not noted again that a client asked. */
const NOTED_EACH = 10_000;
const tags = ['subscriptions'];
const NOW = { kind: 'now' } as const;
const NOBODY = '' as SubjectKey;
const iso = (at: number): string => new Date(at).toISOString();

interface Desk {
  readonly context: GatewayContext;
  readonly opened: () => Promise<SubscriptionDesk>;
  readonly cursors: ReturnType<typeof openCursors>;
  readonly isClosing: () => boolean;
  /** That it asked, and from where; so often only that whoever watches knows how far it is. Never rejects. */
  readonly noteAsked: (subscription: Subscription, from: Places) => Promise<void>;
}
type Named = FastifyRequest<{ Params: { id: string } }>;

/** A cursor is of one subscription, as long as it is not ended. */
const scopeOf = ({ client, id, salt }: Subscription): string => JSON.stringify(['subscription', client, id, salt]);

function openDesk(app: FastifyInstance, context: GatewayContext): Desk {
  const onTrouble = (err: unknown): void => app.log.error({ err }, 'subscriptions');
  const subscriptions = openSubscriptions(context, onTrouble);
  let closing = false;
  const asked = new Map<string, number>();
  app.addHook('preClose', async () => void (closing = true));
  app.addHook('onClose', () => subscriptions.close());
  return {
    context,
    opened: () => subscriptions.desk(),
    cursors: openCursors(context.dataDir, context.settings.gateway.cursorKeyFile),
    isClosing: () => closing || context.ending?.() === true,
    async noteAsked(subscription, from) {
      const { client, id } = subscription;
      const now = context.now();
      if (now - (asked.get(`${client}/${id}`) ?? 0) < NOTED_EACH) return;
      asked.set(`${client}/${id}`, now);
      const { store } = await subscriptions.desk();
      // it is told without that as well
      await store.asked(subscription, from, now).catch(() => undefined);
    },
  };
}

const notFound = (): YitongError => new YitongError('not_found', 'the client has no such subscription');

async function found({ opened }: Desk, request: Named): Promise<Subscription> {
  const { store } = await opened();
  const subscription = await store.find(clientOf(request).id, request.params.id);
  if (subscription === undefined) throw notFound();
  return subscription;
}

async function shown({ opened }: Desk, client: Client, subscription: Subscription): Promise<object> {
  const { changes, store, secret } = await opened();
  const plan = changes.plan(client, subscription);
  const { id, purpose, way, form, createdAt, subjects } = subscription;
  const naming = changes.naming(subscription, plan);
  const datasets = plan.datasets.map(({ id: dataset, decision: { effect, reasons } }) => ({
    id: dataset,
    effect,
    ...present({ reason: effect === 'deny' ? (reasons[0]?.code ?? 'not_granted') : undefined }),
    ...(naming.signals(dataset) ? { signals: true } : {}),
  }));
  const pseudonyms =
    subjects === undefined || datasets.every(({ id: dataset }) => !naming.signals(dataset))
      ? undefined
      : [...subjects].map((subject) => ({ subject, pseudonym: naming.pseudonym('subject', subject) }));
  const behindSince = way === 'poll' ? undefined : (await store.told(subscription)).behindSince;
  return {
    id,
    purpose,
    way,
    form,
    createdAt: iso(createdAt),
    datasets,
    ...present({
      subjects: subjects?.size,
      pseudonyms,
      topic: way === 'topic' ? client.topic : undefined,
      publicKey: way === 'webhook' ? publicKeyOf(signingKey(secret, client.id)) : undefined,
      behindSince: behindSince === undefined ? undefined : iso(behindSince),
    }),
  };
}

/** @throws YitongError `bad_request` where the client has no such way */
async function checkWay({ context }: Desk, client: Client, way: SubscriptionBody['way']): Promise<void> {
  if (way !== 'poll' && client[way] === undefined)
    throw new YitongError('bad_request', `\`way\`: the workspace declares no \`${way}\` of this client`);
  if (way === 'topic' && (await context.bus()).driver !== 'kafka')
    throw new YitongError('bad_request', '`way`: the bus of this gateway is its own; a topic needs one on Kafka');
}

/** @throws YitongError `bad_subject` */
function askedOf({ context }: Desk, body: SubscriptionBody): AskedSubscription {
  const { subjects, form = 'record', ...rest } = body;
  const parsed = subjects?.map((text) => parseSubject(text, context.workspace.schemes));
  return { ...rest, form, ...present({ subjects: parsed === undefined ? undefined : [...new Set(parsed)] }) };
}

function putRoute(app: FastifyInstance, desk: Desk): void {
  const { context, opened } = desk;
  app.put<{ Params: { id: string }; Body: SubscriptionBody }>(
    '/v1/subscriptions/:id',
    {
      config: {
        errors: [
          'denied',
          'bad_identifier',
          'purpose_required',
          'bad_subject',
          'too_many_subscriptions',
          'state_unavailable',
        ],
      },
      schema: {
        operationId: 'subscribe',
        summary: 'subscribe to what changes, or change what is subscribed to',
        description:
          'For grants with the delivery `subscription`. It begins with what changes from now on; what it has of ' +
          'datasets that stay goes on where it was.',
        tags,
        params: paramsSchema,
        body: subscriptionBody(context.settings.gateway.maxDatasets),
        response: { 200: subscriptionSchema, 403: deniedSchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const { id } = request.params;
      if (holdsKey(id, context.workspace.schemes.values()))
        throw new YitongError('bad_identifier', 'the name of a subscription is nobody’s number');
      await checkWay(desk, client, request.body.way);
      const asked = askedOf(desk, request.body);
      const { store, changes } = await opened();
      const plan = changes.plan(client, asked);
      if (plan.read.length === 0) return await denied(context, request, reply, plan);
      for (const subject of asked.subjects ?? []) checkScheme(plan.contracts, subject as SubjectKey);
      const known = idsOf(asked).filter((dataset) => context.workspace.contracts.has(dataset));
      const places = await changes.begin(known);
      const { subjects, purpose, way, form, datasets } = asked;
      await context.journal.append({
        clear: administrationBody({
          time: iso(context.now()),
          action: 'subscription_made',
          by: client.id,
          target: id,
          detail: {
            requestId: request.id,
            purpose: plan.unknown?.purpose === undefined ? purpose : '(unknown)',
            datasets: datasets.map((dataset) => dataset.id).filter((dataset) => known.some((one) => one === dataset)),
            way,
            form,
            ...present({ subjects: subjects?.length }),
          },
        }),
      });
      checkStill(context, request, client);
      await store.put(client.id, id, asked, places, context.now());
      const made = await store.find(client.id, id);
      if (made === undefined) throw notFound();
      return await shown(desk, client, made);
    },
  );
}

function lookRoutes(app: FastifyInstance, desk: Desk): void {
  const { opened } = desk;
  app.get(
    '/v1/subscriptions',
    {
      config: { errors: ['state_unavailable'] },
      schema: {
        operationId: 'subscriptions',
        summary: 'the subscriptions of the client',
        description: 'Each with what is decided of it now.',
        tags,
        response: { 200: listSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const all = await (await opened()).store.list(client.id);
      return { subscriptions: await Promise.all(all.map((subscription) => shown(desk, client, subscription))) };
    },
  );
  app.get<{ Params: { id: string } }>(
    '/v1/subscriptions/:id',
    {
      config: { errors: ['not_found', 'state_unavailable'] },
      schema: {
        operationId: 'subscription',
        summary: 'one subscription of the client',
        description: 'With what is decided of it now, and the key by which its webhook is verified.',
        tags,
        params: paramsSchema,
        response: { 200: subscriptionSchema },
      },
    },
    async (request) => await shown(desk, clientOf(request), await found(desk, request)),
  );
}

function endRoute(app: FastifyInstance, desk: Desk): void {
  const { context, opened } = desk;
  app.delete<{ Params: { id: string } }>(
    '/v1/subscriptions/:id',
    {
      config: { errors: ['not_found', 'state_unavailable'] },
      schema: {
        operationId: 'unsubscribe',
        summary: 'end a subscription',
        description: 'Nothing of it is told any more, and its cursors are none. One of that name can be made again.',
        tags,
        params: paramsSchema,
        response: { 200: subscriptionSchema },
      },
    },
    async (request) => {
      const client = clientOf(request);
      const subscription = await found(desk, request);
      const last = await shown(desk, client, subscription);
      await context.journal.append({
        clear: administrationBody({
          time: iso(context.now()),
          action: 'subscription_ended',
          by: client.id,
          target: subscription.id,
          detail: { requestId: request.id },
        }),
      });
      await (await opened()).store.remove(client.id, subscription.id);
      return last;
    },
  );
}

/** @throws YitongError `bad_cursor` */
function placesOf({ cursors }: Desk, subscription: Subscription, after: string | undefined): Places {
  if (after === undefined) return subscription.from;
  const kept = JSON.parse(cursors.recordId(scopeOf(subscription), NOBODY, after, NOW)) as Places;
  return { ...subscription.from, ...kept };
}

const cursorOf = ({ cursors }: Desk, subscription: Subscription, places: Places): string =>
  cursors.make(scopeOf(subscription), NOBODY, JSON.stringify(places), NOW, undefined);

/** Lines in front of the last one, which is over them. */
function bodyOf(desk: Desk, subscription: Subscription, from: Places, next: NextChanges): Buffer {
  const places = placesBehind(from, next);
  const lines = next.lines.map(
    ({ members }, i) => `{"cursor":"${cursorOf(desk, subscription, places[i] ?? from)}",${members}}\n`,
  );
  const behind = cursorOf(desk, subscription, next.places);
  const lost = next.lost.map((dataset) => `{"cursor":"${behind}",${lostMembers(dataset)}}\n`);
  return Buffer.from([...lines, ...lost].join(''), 'utf8');
}

function changesRoute(app: FastifyInstance, desk: Desk): void {
  const { context, opened } = desk;
  app.get<{ Params: { id: string }; Querystring: ChangesQuery }>(
    '/v1/subscriptions/:id/changes',
    {
      config: {
        errors: ['not_found', 'denied', 'bad_cursor', 'view_unavailable', 'bus_unavailable', 'state_unavailable'],
        offers: ['application/x-ndjson', 'application/json'],
      },
      schema: {
        operationId: 'changes',
        summary: 'what changed behind a cursor',
        description:
          'At least once, in order for each subject. The first change ends the waiting. Asking with a cursor says ' +
          'that what came before it was taken.',
        tags,
        params: paramsSchema,
        querystring: changesQuery,
        produces: ['application/x-ndjson'],
        response: { 200: linesSchema, 403: deniedSchema },
      },
    },
    async (request, reply) => {
      const client = clientOf(request);
      const { after, wait = String(DEFAULT_WAIT) } = request.query;
      const until = context.now() + Number(wait) * 1000;
      let from: Places | undefined;
      for (;;) {
        // one that was ended or changed meanwhile is not told as it was
        const subscription = await found(desk, request);
        if (subscription.way !== 'poll')
          throw new YitongError('bad_request', `changes of this subscription are sent, to a ${subscription.way}`);
        if (from === undefined) {
          from = placesOf(desk, subscription, after);
          await desk.noteAsked(subscription, from);
        }
        const { changes } = await opened();
        checkStill(context, request, client);
        const plan = changes.plan(client, subscription);
        if (plan.read.length === 0) return await denied(context, request, reply, plan);
        const hasMoved = await changes.moved(plan, from);
        const next = hasMoved
          ? await changes.next(subscription, plan, from, LINES)
          : { lines: [], lost: [], places: from, decidedUnder: plan.version };
        const isEmpty = next.lines.length === 0 && next.lost.length === 0;
        if (isEmpty && context.now() < until && !desk.isClosing() && !request.raw.socket.destroyed) {
          from = next.places;
          // what moved may be another's: the next may follow at once
          if (!hasMoved) await new Promise((resolve) => setTimeout(resolve, LOOK));
          continue;
        }
        // what was decided before it was read is not in force any more
        if (context.inForce().decider.version !== next.decidedUnder || context.now() >= plan.validUntil) continue;
        const body = bodyOf(desk, subscription, from, next);
        const { purpose } = subscription;
        const receipt = await changes.record({ client, purpose, plan, requestId: request.id }, next.lines, body);
        const behind = cursorOf(desk, subscription, next.places);
        const end = `{"next":"${behind}","changes":${String(next.lines.length)},"receipt":${receipt.json}}\n`;
        const whole = Buffer.concat([body, Buffer.from(end, 'utf8')]);
        context.completions.watch(request, reply, client.id, () => whole.length);
        return reply.code(200).header('content-type', 'application/x-ndjson; charset=utf-8').send(whole);
      }
    },
  );
}

const service: Service = {
  port: 'api',
  register(app, context) {
    const desk = openDesk(app, context);
    putRoute(app, desk);
    lookRoutes(app, desk);
    endRoute(app, desk);
    changesRoute(app, desk);
  },
};
export default service;

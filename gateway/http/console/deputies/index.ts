/** /console/sharing/deputies: a head who is away hands acts to a person of the department, and takes them back. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { dayOf } from '../../../../contracts/calendar.js';
import { isYitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { Service } from '../../../documents/context.js';
import { type Role, roleNames } from '../../../ground/identity/person.js';
import {
  DEPUTED,
  type Deputation,
  deputationsOf,
  handOver,
  isInForce,
  MOST_DAYS,
  takeBack,
} from '../../../procedures/sharing/deputies.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { type Desk, openDesk, whoIs } from '../applications/desk.js';
import { type Sent, text } from '../applications/sent.js';
import { type DeputyLine, deputiesPage, PATH } from './page.js';

const READERS = ['sharing-officer', ...DEPUTED] as const;

interface Route {
  readonly Params: { readonly id: string };
  readonly Body: Sent;
}

const standsOf = (one: Deputation, now: number): DeputyLine['stands'] =>
  one.endedAt !== undefined ? 'ended' : isInForce(one, now) ? 'now' : dayOf(now) < one.from ? 'later' : 'over';

function listRoute(app: FastifyInstance, desk: Desk): void {
  app.get(PATH, { schema: { hide: true }, config: { roles: READERS } }, async (request, reply) => {
    const { language } = request;
    const { person } = sessionOf(request);
    const { state, keys } = await desk.sharing();
    const all = await deputationsOf({ state }, person.authority);
    await desk.looked(request, 'deputies', all.length);
    const now = desk.context.now();
    const me = keys.reference('actor', person.id);
    return sendFramed(request, reply, {
      title: language === 'zh' ? '代行安排' : 'Deputies',
      workspace: desk.workspace,
      children: deputiesPage({
        language,
        of: whoIs(desk, request),
        today: dayOf(now),
        roles: DEPUTED.filter((role) => person.roles.includes(role)).map((role) => ({
          value: role,
          title: roleNames[role][language],
        })),
        lines: all.map((one): DeputyLine => {
          const stands = standsOf(one, now);
          const mine = one.of === me ? 'head' : one.deputy === me ? 'deputy' : undefined;
          return {
            id: one.id,
            role: roleNames[one.role as Role][language],
            of: one.ofName,
            deputy: one.deputyName,
            from: one.from,
            until: one.until,
            reason: one.reason,
            entry: one.entry,
            stands,
            mayEnd: stands === 'now' || stands === 'later' ? mine : undefined,
            ...present({ endedAt: one.endedAt }),
          };
        }),
      }),
    });
  });
}

/** What is wrong beside which field; the rules themselves stand in `deputies.ts`. */
const SAYS: readonly (readonly [about: RegExp, field: string, words: Localised])[] = [
  [
    /deputy of a deputy/,
    'account',
    { zh: '该时段内一方已在代行或者已委托他人代行，不得转委托。', en: 'There is no deputy of a deputy.' },
  ],
  [/own deputy/, 'account', { zh: '不能委托本人代行。', en: 'Nobody is their own deputy.' }],
  [
    /handed over in these days already/,
    'from',
    { zh: '该职权在这些日期已委托代行，请先收回。', en: 'These days are handed over already.' },
  ],
  [/`from` is a day that is over/, 'from', { zh: '第一天不能早于今天。', en: 'The first day is over.' }],
  [/it is for 1 to/, 'until', { zh: `最后一天不早于第一天，最长 ${MOST_DAYS} 天。`, en: `1 to ${MOST_DAYS} days.` }],
  [/are days/, 'from', { zh: '请填写日期。', en: 'Write days.' }],
  [/`deputy` names/, 'account', { zh: '请填写代行人员的登录账号。', en: 'Name the account.' }],
  [/names have/, 'name', { zh: '请填写姓名（60 字以内）。', en: 'Write a name of up to 60 characters.' }],
  [/`reason`/, 'reason', { zh: '请用 4 至 500 字说明事由。', en: 'Say in 4 to 500 characters why.' }],
];

function toldBesideField(error: unknown): unknown {
  if (!isYitongError(error) || !['act_incomplete', 'act_refused'].includes(error.code)) return error;
  const faults = Object.fromEntries(
    SAYS.filter(([about]) => about.test(error.message)).map(([, field, words]) => [field, words]),
  );
  return Object.keys(faults).length === 0 ? error : formFault(faults, 'act_incomplete');
}

function actRoutes(app: FastifyInstance, desk: Desk): void {
  const ground = async () => {
    const { state, keys } = await desk.sharing();
    return { state, keys, now: desk.context.now };
  };
  const acting = (request: FastifyRequest) => ({ actor: desk.actorOf(request), record: desk.recordOf(request) });
  app.post<Route>(PATH, { schema: { hide: true }, config: { roles: DEPUTED } }, async (request, reply) => {
    const { body } = request;
    const { person } = sessionOf(request);
    const account = text(body['account']);
    // whoever signs in here signs in with the same provider
    const issuer = person.id.slice(0, person.id.indexOf('|'));
    try {
      await handOver(await ground(), acting(request), {
        role: text(body['role']),
        deputy: account === '' ? '' : `${issuer}|${account}`,
        deputyName: text(body['name']),
        ofName: person.name.slice(0, 60),
        from: text(body['from']),
        until: text(body['until']),
        reason: text(body['reason']),
      });
    } catch (error) {
      throw toldBesideField(error);
    }
    return reply.header('cache-control', 'no-store').redirect(PATH, 303);
  });
  app.post<Route>(`${PATH}/:id/end`, { schema: { hide: true }, config: { roles: READERS } }, async (request, reply) => {
    await takeBack(await ground(), acting(request), request.params.id);
    return reply.header('cache-control', 'no-store').redirect(PATH, 303);
  });
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const desk = openDesk(app, context);
    listRoute(app, desk);
    actRoutes(app, desk);
  },
};
export default service;

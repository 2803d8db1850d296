/**
 * /console/home: the start of the day. What waits for whoever signed in, what changed since the last day on which they
 * were here, and what does not work with who can mend it. Each room says of itself what waits there.
 */
import type { FastifyInstance } from 'fastify';
import { dayOf } from '../../../../contracts/calendar.js';
import type { GatewayContext } from '../../../documents/context.js';
import { namesOfCompanies } from '../../../documents/names/lookup.js';
import { type Person, ROLES, type Role } from '../../../ground/identity/person.js';
import { noticesOf } from '../../notices/opened.js';
import type { Seen, Visit } from '../../notices/store.js';
import { NOTHING, roomsOf, type Waiting } from '../../people/rooms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import type { AskProps } from './ask.js';
import { type Changed, dayPage, type RoomLine } from './day-page.js';
import { waysOf } from './ways.js';
import { wrongFor } from './wrong.js';

const PATH = '/console/home';

const seenOf = (lines: readonly RoomLine[]): Seen =>
  Object.fromEntries(
    lines
      .filter(({ away }) => !away)
      .map(({ room, waiting: { count, items } }) => [room.id, { count, ids: items.map(({ id }) => id) }]),
  );

/** What is new and what is done since then; undefined where nobody was here before. */
function changedSince(before: Visit | undefined, lines: readonly RoomLine[]): readonly Changed[] | undefined {
  if (before === undefined) return undefined;
  return lines.flatMap(({ room, waiting: { count, items } }): readonly Changed[] => {
    const then = before.seen[room.id] ?? { count: 0, ids: [] };
    const known = new Set(then.ids);
    const now = new Set(items.map(({ id }) => id));
    // of a tray that is longer than what is looked at only the difference is known
    const whole = count === items.length && then.count === then.ids.length;
    const fresh = whole ? items.filter(({ id }) => !known.has(id)).length : Math.max(0, count - then.count);
    const done = whole ? then.ids.filter((id) => !now.has(id)).length : Math.max(0, then.count - count);
    return fresh + done === 0 ? [] : [{ room, fresh, done }];
  });
}

/** Those who may ask who looked at whom. */
const READERS: readonly Role[] = ['auditor', 'inspector'];

/** The question of the search, for whoever may ask it. */
async function askOf(context: GatewayContext, { roles }: Person): Promise<AskProps | undefined> {
  const role = READERS.find((one) => roles.includes(one));
  if (role === undefined) return undefined;
  return { byName: (await namesOfCompanies(context)).definition?.roles.has(role) === true, now: context.now() };
}

export function dayRoute(app: FastifyInstance, context: GatewayContext): void {
  const notices = noticesOf(
    context,
    () => app.people.rooms,
    (err) => app.log.warn({ err }, 'notices'),
  );
  app.get(
    PATH,
    { schema: { hide: true }, config: { roles: ROLES, nav: { title: { zh: '首页', en: 'Home' }, order: 1 } } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const { language } = request;
      const rooms = roomsOf(app.people.rooms, person);
      const lines = await Promise.all(
        rooms.map(async (room): Promise<RoomLine> => {
          try {
            return { room, waiting: await room.waiting(person), away: false };
          } catch (error) {
            // one room that cannot be read does not close the others
            request.log.error({ err: error, room: room.id, requestId: request.id }, 'a room of the console');
            return { room, waiting: NOTHING, away: true };
          }
        }),
      );
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'home',
        role: roleOf(request, person),
        detail: { rooms: Object.fromEntries(lines.map(({ room, waiting }) => [room.id, waiting.count])) },
        results: lines.reduce((sum, { waiting }: { readonly waiting: Waiting }) => sum + waiting.count, 0),
      });
      const today = dayOf(context.now());
      const kept = async (): Promise<Visit | undefined> => {
        const { store } = await notices.desk();
        await store.seen(person, language);
        return await store.visit(person, today, seenOf(lines));
      };
      const before = await kept().catch((error: unknown) => {
        request.log.error({ err: error, requestId: request.id }, 'what was seen before');
        return undefined;
      });
      return sendFramed(request, reply, {
        title: language === 'zh' ? '首页' : 'Home',
        workspace: context.workspace,
        scripts: ['names.js'],
        children: dayPage({
          language,
          name: person.name,
          today,
          lines,
          before: before?.day,
          changed: changedSince(before, lines),
          wrong: await wrongFor(context, app.people.rooms, person),
          ask: await askOf(context, person),
          ways: waysOf(person.roles),
        }),
      });
    },
  );
}

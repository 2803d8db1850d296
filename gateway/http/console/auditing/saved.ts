/**
 * Questions that somebody keeps under a name and asks again by one click; one that raises an alert waits among the work
 * of the day as soon as the log has something new that fits. What is asked stands sealed under the person's own key.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { Person, Role } from '../../../ground/identity/person.js';
import { asJson } from '../../../ground/state/as-json.js';
import type { SearchIndex } from '../../../log/search/index.js';
import { noticesOf } from '../../notices/opened.js';
import type { NoticeStore } from '../../notices/store.js';
import type { Room, WaitingItem } from '../../people/rooms.js';
import { hideSubject } from '../../people/sessions.js';
import { formFault } from '../../plugins/forms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import type { Auditing } from './auditing.js';
import { addressOf, type Filters, filtersOf, HIDDEN, queryOf, type Side, scoped } from './filters.js';
import { periodNamed } from './periods.js';

const SEARCH = '/console/search';
const PATH = `${SEARCH}/saved`;
const READERS = ['auditor', 'inspector'] as const;
const KIND = 'saved-search';
const MOST = 50;
const NAME = 40;
/** New entries that are counted. */
const COUNTED = 100;
const ID = /^[0-9a-f]{16}$/;

interface SavedSearch {
  readonly id: string;
  readonly name: string;
  /** Without a time. */
  readonly filters: Filters;
  readonly side: Side;
  /** Its period by name, as forms send one: `last week` is another week each time it is asked. */
  readonly period?: string;
  /** Whether it waits among the work where something new fits. */
  readonly alert: boolean;
  /** ms since 1970: what was on record by then is known. */
  readonly seenAt: number;
}

/** As the page of the search shows it. */
export interface ShownSaved extends SavedSearch {
  /** What came since it was asked last, of one that tells of it; `more`: at least so many. */
  readonly news?: { readonly count: number; readonly more: boolean };
}

const linkOf = (ref: string): string => `of/${ref}/`;

class SavedSearches {
  constructor(readonly open: () => Promise<NoticeStore>) {}

  /** By name. */
  async list(person: Pick<Person, 'id'>): Promise<readonly SavedSearch[]> {
    const store = await this.open();
    const { documents } = await store.state.documents(KIND, { link: linkOf(store.ref(person)), limit: MOST });
    const all = await Promise.all(documents.map((found) => store.opened<SavedSearch>(found)));
    return all.filter((one) => one !== undefined).sort((a, b) => a.name.localeCompare(b.name, 'zh'));
  }

  /** @throws YitongError `not_found` where it is not this person's */
  async find(person: Pick<Person, 'id'>, id: string): Promise<SavedSearch> {
    const store = await this.open();
    const found = ID.test(id) ? await store.state.document(KIND, `${store.ref(person)}/${id}`) : undefined;
    const saved = await store.opened<SavedSearch>(found);
    if (saved === undefined) throw new YitongError('not_found', 'you have saved no such question');
    return saved;
  }

  async put(person: Pick<Person, 'id'>, saved: SavedSearch): Promise<void> {
    const store = await this.open();
    const ref = store.ref(person);
    const body = asJson(await store.sealed(person, saved));
    await store.state.commit([
      { do: 'put', kind: KIND, id: `${ref}/${saved.id}`, owner: ref, links: [linkOf(ref)], body },
    ]);
  }

  async remove(person: Pick<Person, 'id'>, id: string): Promise<void> {
    const store = await this.open();
    await store.state.commit([{ do: 'remove', kind: KIND, id: `${store.ref(person)}/${id}` }]);
  }
}

interface Route {
  readonly Params: { readonly id: string };
  readonly Body: Readonly<Record<string, string>>;
}

/** What is asked, as the form of the results carries it. */
function askedIn(request: FastifyRequest<Route>): Filters {
  const session = sessionOf(request);
  const { since: _, until: __, ...rest } = request.body;
  const given: Record<string, string> = { ...rest };
  for (const name of HIDDEN) if (given[name] !== undefined) given[name] = hideSubject(session, given[name]);
  const filters = filtersOf(given, session, ['csrf', 'place', 'form', 'side', 'name', 'alert', 'period']);
  queryOf(filters);
  return filters;
}

const roleIn = ({ roles }: Person): Role => READERS.find((role) => roles.includes(role)) ?? 'inspector';

/** @throws YitongError `bad_request` for a period that has no such name */
function periodIn({ period }: Readonly<Record<string, string>>, now: number): string | undefined {
  if (period === undefined || period === '') return undefined;
  if (periodNamed(period, now) === undefined) throw new YitongError('bad_request', 'there is no such period');
  return period;
}

/** What has come of a question that tells of it, since it was asked last. */
async function newsOf(search: SearchIndex, person: Person, one: SavedSearch): Promise<ShownSaved['news'] | undefined> {
  if (!one.alert) return undefined;
  const query = { ...scoped(queryOf(one.filters), roleIn(person), person, one.side), since: one.seenAt };
  const { entries, next } = await search.page(query, { limit: COUNTED });
  return { count: entries.length, more: next !== undefined };
}

/** Questions that tell of what is new wait among the work of the day. */
function roomOf(saved: SavedSearches, search: () => SearchIndex): Room {
  return {
    id: 'saved',
    title: { zh: '已存检索有新记录', en: 'News of saved questions' },
    href: SEARCH,
    roles: READERS,
    async waiting(person) {
      const items: WaitingItem[] = [];
      for (const one of await saved.list(person)) {
        const { id, name, seenAt } = one;
        const news = await newsOf(search(), person, one);
        if (news === undefined || news.count === 0) continue;
        const count = `${news.count}${news.more ? '+' : ''}`;
        items.push({
          // asked again, it waits anew with the next that fits
          id: `${id}.${String(seenAt)}`,
          title: { zh: `${name}：新增 ${count} 条`, en: `${name}: ${count} new` },
          href: `${PATH}/${id}`,
        });
      }
      return { count: items.length, items };
    },
  };
}

/** @returns those of somebody, for the page of the search */
export function savedRoutes(
  app: FastifyInstance,
  { context, search }: Auditing,
): (person: Person) => Promise<readonly ShownSaved[]> {
  const notices = noticesOf(
    context,
    () => app.people.rooms,
    (err) => app.log.warn({ err }, 'notices'),
  );
  const saved = new SavedSearches(async () => (await notices.desk()).store);
  const did = (request: FastifyRequest, target: string, { id, alert, name, filters, period }: SavedSearch) => {
    const { person } = sessionOf(request);
    return app.people.record.did(person, {
      action: 'search_saved',
      role: roleOf(request, person),
      target,
      detail: { requestId: request.id, question: id, alert },
      about: { question: name, filters, ...present({ period }) },
    });
  };
  const config = { roles: READERS };

  app.post<Route>(PATH, { schema: { hide: true }, config }, async (request, reply) => {
    const { person } = sessionOf(request);
    const { name = '', alert, side } = request.body;
    if (name.trim() === '' || name.trim().length > NAME)
      throw formFault({
        name: { zh: `请填写名称，至多 ${NAME} 字。`, en: `Give a name of up to ${NAME} characters.` },
      });
    if ((await saved.list(person)).length >= MOST)
      throw formFault({
        name: { zh: `至多保存 ${MOST} 条，请先删除。`, en: `${MOST} can be kept: remove one first.` },
      });
    const one: SavedSearch = {
      id: randomBytes(8).toString('hex'),
      name: name.trim(),
      filters: askedIn(request),
      side: side === 'authority' ? 'authority' : 'provider',
      ...present({ period: periodIn(request.body, context.now()) }),
      alert: alert === 'yes',
      seenAt: context.now(),
    };
    await did(request, 'saved', one);
    await saved.put(person, one);
    return reply.header('cache-control', 'no-store').redirect(`${PATH}/${one.id}`, 303);
  });

  app.get<Route>(`${PATH}/:id`, { schema: { hide: true }, config }, async (request, reply) => {
    const session = sessionOf(request);
    const one = await saved.find(session.person, request.params.id);
    await saved.put(session.person, { ...one, seenAt: context.now() });
    const side = one.side === 'authority' ? { side: 'authority' } : {};
    const { since, until } = periodNamed(one.period, context.now()) ?? {};
    const filters = { ...one.filters, ...present({ since, until }) };
    return reply.header('cache-control', 'no-store').redirect(addressOf(SEARCH, filters, session, side), 303);
  });

  app.post<Route>(`${PATH}/:id`, { schema: { hide: true }, config }, async (request, reply) => {
    const { person } = sessionOf(request);
    const one = await saved.find(person, request.params.id);
    const { act } = request.body;
    if (act !== 'remove' && act !== 'alert' && act !== 'quiet')
      throw new YitongError('bad_request', '`act` is `remove`, `alert` or `quiet`');
    const next = { ...one, alert: act === 'alert', seenAt: context.now() };
    await did(request, act === 'remove' ? 'removed' : 'alert', act === 'remove' ? one : next);
    if (act === 'remove') await saved.remove(person, one.id);
    else await saved.put(person, next);
    return reply.header('cache-control', 'no-store').redirect(SEARCH, 303);
  });

  app.people.rooms.push(roomOf(saved, search));
  return async (person) => {
    const shown: ShownSaved[] = [];
    for (const one of await saved.list(person))
      shown.push({ ...one, ...present({ news: await newsOf(search(), person, one) }) });
    return shown;
  };
}

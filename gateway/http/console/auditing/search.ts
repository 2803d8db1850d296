/**
 * /console/search: who saw what. A subject, a case or a handler is sent by POST, and stands in the address under a name
 * of this sign-in.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorWords } from '../../../../contracts/error-words.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { SubjectKey } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import type { Localised, Workspace } from '../../../../contracts/types.js';
import { parseSubject } from '../../../answer/question/request.js';
import type { LookUp } from '../../../documents/names/lookup.js';
import { namesOfCompanies } from '../../../documents/names/lookup.js';
import { type Names, namesOf } from '../../../documents/words/names.js';
import type { Person } from '../../../ground/identity/person.js';
import type { Language } from '../../../ground/language/language.js';
import type { FoundPage, SearchIndex, SearchQuery } from '../../../log/search/index.js';
import { hideSubject, type Session } from '../../people/sessions.js';
import { formFault, inField } from '../../plugins/forms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { choosePage } from '../../ui/choose.js';
import { sendFramed } from '../../ui/frame.js';
import { rulesOf } from '../../ui/list.js';
import { LIST_FIELDS, listState } from '../../ui/list-state.js';
import { meant } from '../../ui/meant.js';
import { type Auditing, numberOf } from './auditing.js';
import { calledOne } from './called.js';
import { addressOf, type Filters, filtersOf, HIDDEN, onRecord, queryOf, type Side, scoped } from './filters.js';
import { periodNamed, periodOf, periodsAt } from './periods.js';
import { type ShownSaved, savedRoutes } from './saved.js';
import { entryColumns, type SearchProps, searchPage } from './search-page.js';

const PATH = '/console/search';
const PAGE = 50;
/** Entries that are counted, where there are more than a page. */
const COUNTED = 500;
const READERS = ['auditor', 'inspector'] as const;

/** Which company is meant; the search goes on with the one that is chosen, as it was filled in. */
function sendChoice(
  workspace: Workspace,
  request: FastifyRequest<{ Body: Record<string, unknown> }>,
  reply: FastifyReply,
  text: string,
  found: LookUp,
): FastifyReply {
  const { language, body } = request;
  const fields = Object.entries(body).flatMap(([name, value]): [string, string][] =>
    name === 'subject' || typeof value !== 'string' ? [] : [[name, value]],
  );
  return sendFramed(request, reply, {
    title: language === 'zh' ? '选择企业' : 'Which company?',
    workspace,
    scripts: ['names.js'],
    children: choosePage({
      language,
      text,
      found,
      action: PATH,
      fields,
      name: 'subject',
      valueOf: ({ subject }) => subject,
      back: body['side'] === 'authority' ? `${PATH}?side=authority` : PATH,
    }),
  });
}

/** With its scheme, or without as people paste it: then of the one scheme that takes it. */
function normalised(text: string, schemes: Workspace['schemes']): SubjectKey {
  if (text.includes(':')) return parseSubject(text, schemes);
  const taking = (unchecked: boolean): string[] =>
    [...schemes.values()].flatMap((scheme) => {
      const found = (scheme.unchecked === true) === unchecked ? scheme.parse(text) : undefined;
      return found?.ok === true ? [`${scheme.id}:${found.key}`] : [];
    });
  // a scheme without check digits takes nearly everything: it is meant where no other is
  const checked = taking(false);
  const [only, ...others] = checked.length > 0 ? checked : taking(true);
  if (only === undefined) throw new YitongError('bad_subject', 'this is no key of any scheme here; check its digits');
  if (others.length > 0)
    throw new YitongError('bad_subject', 'more than one scheme has such keys; write `<scheme>:<key>`');
  return parseSubject(only, schemes);
}

/** From when to when a period goes that a form calls by its name. */
function spanOf(period: unknown, now: number): Pick<Filters, 'since' | 'until'> {
  if (period === undefined || period === '') return {};
  const named = typeof period === 'string' ? periodNamed(period, now) : undefined;
  if (named === undefined) throw formFault({ period: { zh: '请选择时间范围。', en: 'Choose a period.' } });
  return present({ since: named.since, until: named.until });
}

/** Takes a question, and keeps whom it is about out of the address. */
function questionRoute(app: FastifyInstance, { context }: Auditing): void {
  const { workspace } = context;

  app.post<{ Body: Record<string, unknown> }>(
    PATH,
    { schema: { hide: true }, config: { roles: READERS } },
    async (request, reply) => {
      const session = sessionOf(request);
      const { period, ...rest } = request.body;
      const given: Record<string, unknown> = { ...rest, ...spanOf(period, context.now()) };
      for (const name of HIDDEN) {
        const value = given[name];
        if (typeof value !== 'string' || value.trim() === '') continue;
        if (value.length > 200)
          throw formFault({ [name]: { zh: '内容过长，至多 200 字。', en: 'Too long: 200 characters at most.' } });
        if (name !== 'subject') {
          given[name] = hideSubject(session, value.trim());
          continue;
        }
        const whom = await meant(
          value.trim(),
          (text) => normalised(text, workspace.schemes),
          await namesOfCompanies(context),
          request,
          roleOf(request, session.person),
        ).catch((error: unknown) =>
          inField('subject', errorWords, () => {
            throw error;
          }),
        );
        if (whom.kind === 'name') return sendChoice(workspace, request, reply, value.trim(), whom.found);
        given[name] = hideSubject(session, whom.subject);
      }
      const side = given['side'] === 'authority' ? { side: 'authority' } : {};
      return reply
        .header('cache-control', 'no-store')
        .redirect(addressOf(PATH, filtersOf(given, session, ['csrf', 'side']), session, side), 303);
    },
  );
}

/** How many there are, as far as they are counted. */
async function totalOf(search: SearchIndex, query: SearchQuery, first: FoundPage): Promise<SearchProps['total']> {
  const { entries, next } = first.next === undefined ? first : await search.page(query, { limit: COUNTED });
  return { count: entries.length, more: next !== undefined };
}

/** The period of a question by its name. */
function periodIn({ since, until }: Filters, now: number, language: Language) {
  const value = periodOf(since, until, now);
  const words = periodNamed(value, now)?.words[language];
  return value === undefined || words === undefined ? undefined : { value, words };
}

/** What a field may be filled with. */
function listsFor({ workspace, inForce }: Auditing['context'], names: Names, language: Language): SearchProps['lists'] {
  const listed = (map: ReadonlyMap<string, { readonly name: Localised }>) =>
    [...map].map(([id, { name }]) => ({ id, name: name[language] }));
  const { clients, purposes, grants } = inForce().policies;
  return {
    datasets: listed(workspace.contracts),
    authorities: listed(workspace.authorities),
    clients: listed(clients),
    purposes: listed(purposes),
    grants: [...grants.keys()]
      .map((id) => ({ id, name: names.grant(id) ?? id }))
      .sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
}

/** Addresses of the question as it is, and of those beside it. */
function waysFrom(filters: Filters, session: Session, side: Side | undefined, now: number, language: Language) {
  const sides: Readonly<Record<string, string>> = side === undefined ? {} : { side };
  const at = (asked: Filters, more: Readonly<Record<string, string>> = {}): string =>
    addressOf(PATH, asked, session, { ...sides, ...more });
  const { since, until, ...bounded } = filters;
  const { subject } = filters;
  return {
    at,
    keeps: Object.fromEntries(new URL(at(filters), 'https://here').searchParams),
    of: `?${new URLSearchParams({
      ...(subject === undefined ? {} : { of: hideSubject(session, subject) }),
      from: new URL(at(filters), 'https://here').search,
    }).toString()}`,
    anyTime: since === undefined && until === undefined ? undefined : at(bounded),
    period: periodIn(filters, now, language),
    periods: periodsAt(now).map((one) => ({
      words: one.words[language],
      href: at({ ...bounded, since: one.since, ...present({ until: one.until }) }),
      chosen: since === one.since && until === one.until,
    })),
    without: (name: keyof Filters) => at({ ...filters, [name]: undefined }),
  };
}

/** What was found. */
function resultsRoute(
  app: FastifyInstance,
  { context, reports, search }: Auditing,
  savedOf: (person: Person) => Promise<readonly ShownSaved[]>,
): void {
  app.get<{ Querystring: Record<string, string | undefined> }>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: READERS, lists: ['cols'], nav: { title: { zh: '使用记录检索', en: 'Search' }, order: 20 } },
    },
    async (request, reply) => {
      const session = sessionOf(request);
      const { person } = session;
      const { language } = request;
      const role = roleOf(request, person);
      const { after, side: asked, ...all } = request.query;
      const ofList: readonly string[] = LIST_FIELDS;
      const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !ofList.includes(name)));
      const side: Side = asked === 'authority' ? 'authority' : 'provider';
      const filters = filtersOf(rest, session, []);
      const from = numberOf(after, 'after');
      const query = scoped(queryOf(filters), role, person, side);
      const names = namesOf(context, language, reports);
      const state = await listState(request, context, rulesOf('search', entryColumns(language, names, false)));
      const oldestFirst = state.sort === 'time' && !state.down;
      const page = await search().page(query, { limit: PAGE, oldestFirst, ...present({ after: from }) });
      const { subject, caseId, actor } = filters;
      const { detail, about } = onRecord(filters, context);
      const inspects = present({ side: role === 'inspector' ? side : undefined });
      await app.people.record.looked(person, {
        requestId: request.id,
        action: subject === undefined && caseId === undefined && actor === undefined ? 'search' : 'search_subject',
        role,
        detail: { ...detail, ...inspects },
        results: page.entries.length,
        about,
      });
      const called = await calledOne(context, request, role, subject);
      const { at, ...ways } = waysFrom(filters, session, inspects.side, context.now(), language);
      return sendFramed(request, reply, {
        title: language === 'zh' ? '使用记录检索' : 'Search',
        workspace: context.workspace,
        scripts: ['names.js'],
        children: searchPage({
          ...ways,
          ...inspects,
          language,
          filters,
          entries: page.entries,
          mayExport: true,
          saved: await savedOf(person),
          state,
          called,
          byName: (await namesOfCompanies(context)).definition?.roles.has(role) === true,
          total: from === undefined ? await totalOf(search(), query, page) : undefined,
          next: page.next === undefined ? undefined : at(filters, { after: String(page.next) }),
          first: from === undefined ? undefined : at(filters),
          names,
          lists: listsFor(context, names, language),
        }),
      });
    },
  );
}

export function searchRoutes(app: FastifyInstance, auditing: Auditing): void {
  questionRoute(app, auditing);
  resultsRoute(app, auditing, savedRoutes(app, auditing));
}

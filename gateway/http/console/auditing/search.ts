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
import { namesOf } from '../../../documents/words/names.js';
import type { Person } from '../../../ground/identity/person.js';
import { hideSubject } from '../../people/sessions.js';
import { formFault, inField } from '../../plugins/forms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { choosePage } from '../../ui/choose.js';
import { sendFramed } from '../../ui/frame.js';
import { rulesOf } from '../../ui/list.js';
import { LIST_FIELDS, listState } from '../../ui/list-state.js';
import { meant } from '../../ui/meant.js';
import { type Auditing, numberOf } from './auditing.js';
import { addressOf, type Filters, filtersOf, HIDDEN, onRecord, queryOf, type Side, scoped } from './filters.js';
import { periodNamed, periodsAt } from './periods.js';
import { type SavedSearch, savedRoutes } from './saved.js';
import { entryColumns, searchPage } from './search-page.js';

const PATH = '/console/search';
const PAGE = 50;
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

/** What was found. */
function resultsRoute(
  app: FastifyInstance,
  { context, reports, search }: Auditing,
  savedOf: (person: Person) => Promise<readonly SavedSearch[]>,
): void {
  const { workspace } = context;
  app.get<{ Querystring: Record<string, string | undefined> }>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: READERS, lists: ['cols'], nav: { title: { zh: '使用记录检索', en: 'Search' }, order: 20 } },
    },
    async (request, reply) => {
      const session = sessionOf(request);
      const { person } = session;
      const role = roleOf(request, person);
      const { after, side: asked, ...all } = request.query;
      const ofList: readonly string[] = LIST_FIELDS;
      const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !ofList.includes(name)));
      const side: Side = asked === 'authority' ? 'authority' : 'provider';
      const filters = filtersOf(rest, session, []);
      const from = numberOf(after, 'after');
      const query = scoped(queryOf(filters), role, person, side);
      const names = namesOf(context, request.language, reports);
      const state = await listState(request, context, rulesOf('search', entryColumns(request.language, names, false)));
      const oldestFirst = state.sort === 'time' && !state.down;
      const page = await search().page(query, { limit: PAGE, oldestFirst, ...present({ after: from }) });
      const { subject, caseId, actor } = filters;
      const { detail, about } = onRecord(filters, context);
      await app.people.record.looked(person, {
        requestId: request.id,
        action: subject === undefined && caseId === undefined && actor === undefined ? 'search' : 'search_subject',
        role,
        detail: { ...detail, ...(role === 'inspector' ? { side } : {}) },
        results: page.entries.length,
        about,
      });
      const sides = role === 'inspector' ? { side } : {};
      const { since: _since, until: _until, ...bounded } = filters;
      const listed = (map: ReadonlyMap<string, { readonly name: Localised }>) =>
        [...map].map(([id, { name }]) => ({ id, name: name[request.language] }));
      return sendFramed(request, reply, {
        title: request.language === 'zh' ? '使用记录检索' : 'Search',
        workspace,
        scripts: ['names.js'],
        children: searchPage({
          language: request.language,
          filters,
          entries: page.entries,
          ...(role === 'inspector' ? { side } : {}),
          mayExport: true,
          saved: await savedOf(person),
          state,
          keeps: Object.fromEntries(new URL(addressOf(PATH, filters, session, sides), 'https://here').searchParams),
          byName: (await namesOfCompanies(context)).definition?.roles.has(role) === true,
          next:
            page.next === undefined
              ? undefined
              : addressOf(PATH, filters, session, { ...sides, after: String(page.next) }),
          first: from === undefined ? undefined : addressOf(PATH, filters, session, sides),
          periods: periodsAt(context.now()).map(({ words, since, until }) => ({
            words: words[request.language],
            href: addressOf(PATH, { ...bounded, since, ...present({ until }) }, session, sides),
            chosen: filters.since === since && filters.until === until,
          })),
          without: (name) => addressOf(PATH, { ...filters, [name]: undefined }, session, sides),
          names,
          lists: {
            datasets: listed(workspace.contracts),
            authorities: listed(workspace.authorities),
            clients: listed(context.inForce().policies.clients),
            purposes: listed(context.inForce().policies.purposes),
            grants: [...context.inForce().policies.grants.keys()]
              .map((id) => ({ id, name: names.grant(id) ?? id }))
              .sort((a, b) => (a.name < b.name ? -1 : 1)),
          },
        }),
      });
    },
  );
}

export function searchRoutes(app: FastifyInstance, auditing: Auditing): void {
  questionRoute(app, auditing);
  resultsRoute(app, auditing, savedRoutes(app, auditing));
}

/**
 * /console/reviews: samples of answers, drawn by what nobody chooses, and judged one by one with their story. Drawing,
 * reading and judging are on record before they are shown.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { dayOf } from '../../../../contracts/calendar.js';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { namesOf } from '../../../documents/words/names.js';
import { keepClasses, parseTerm, readKeep } from '../../../ground/config/terms.js';
import type { FoundEntry, SearchQuery } from '../../../log/search/index.js';
import { readCheckpoint } from '../../../log/store/published.js';
import { type CaseGround, openCaseGround } from '../../../procedures/cases/opened.js';
import { digestOf, draw } from '../../../procedures/reviews/draw.js';
import { openReviews, type Review, type Reviews, type Verdict } from '../../../procedures/reviews/store.js';
import { MOST_ITEMS, type Room, type WaitingItem } from '../../people/rooms.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { choicesIn } from '../../ui/filters.js';
import { sendFramed } from '../../ui/frame.js';
import { listed, sendListed } from '../../ui/listing.js';
import type { Auditing } from './auditing.js';
import { formatIn, OFFERS, sendExport } from './exports.js';
import { queryOf } from './filters.js';
import { periodNamed, periodsAt } from './periods.js';
import { reviewPage } from './review-page.js';
import { judgedColumns, judgedInWords, reviewFacts } from './review-words.js';
import { reviewListing, reviewsPage } from './reviews-page.js';
import { storyOf } from './story.js';

const PATH = '/console/reviews';
const ROLES = ['auditor'] as const;
const MOST_WANTED = 50;
const DAY = 86_400_000;
/** ms for which the start of the day tells of what was found in question. */
const QUESTIONED = 30 * DAY;
const NOTE = { most: 500, least: 4 };

interface Params {
  readonly id: string;
}

interface Drawn {
  readonly period?: string;
  readonly client?: string;
  readonly dataset?: string;
  readonly authority?: string;
  readonly wanted?: string;
}

interface Judged {
  readonly entry?: string;
  readonly verdict?: string;
  readonly note?: string;
}

/** ms for which a review is kept: as long as what auditors look at. */
function keptFor({ context }: Auditing): number {
  const term = parseTerm(readKeep(context.settings.audit.keep).use);
  return term === undefined ? keepClasses.use.days * DAY : (term.months * 31 + term.days) * DAY;
}

/** What may be drawn: the filters of a search, and the entries of their period. @throws YitongError `bad_request` */
async function askedFor({ context, search }: Auditing, body: Drawn) {
  const period = periodNamed(body.period, context.now());
  const wanted = Number(body.wanted);
  if (period === undefined) throw formFault({ period: { zh: '请选择时间范围。', en: 'Choose a period.' } });
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > MOST_WANTED)
    throw formFault({
      wanted: { zh: `请填写 1 至 ${MOST_WANTED} 的整数。`, en: `A whole number from 1 to ${MOST_WANTED}.` },
    });
  const filters: Record<string, string> = { since: period.since, ...present({ until: period.until }) };
  const known = {
    client: context.inForce().policies.clients,
    dataset: context.workspace.contracts,
    authority: context.workspace.authorities,
  };
  for (const [name, all] of Object.entries(known)) {
    const value = body[name as keyof typeof known];
    if (value === undefined || value === '') continue;
    if (!(all as ReadonlyMap<string, unknown>).has(value))
      throw new YitongError('bad_request', 'the form names what the workspace does not have');
    filters[name] = value;
  }
  const { since, until } = queryOf(filters);
  const span: SearchQuery = present({ since, until });
  const edge = async (oldestFirst: boolean): Promise<number | undefined> =>
    (await search().page(span, { limit: 1, oldestFirst })).entries[0]?.index;
  return { filters, wanted, first: await edge(true), last: await edge(false) };
}

/** Whether an entry is an answer that the filters mean. */
function matching({ client, dataset, authority, since, until }: SearchQuery) {
  return (entry: FoundEntry | undefined): boolean => {
    if (entry === undefined) return false;
    const { body } = entry;
    const at = Date.parse(body.time ?? '');
    return (
      body.type === 'released' &&
      entry.expiredBy === undefined &&
      (client === undefined || body.client === client) &&
      (authority === undefined || body.authority === authority) &&
      (dataset === undefined || (body.datasets ?? []).some((one) => one.dataset === dataset)) &&
      (since === undefined || at >= since) &&
      (until === undefined || at < until)
    );
  };
}

/** Draws a sample, puts it on record with what it was drawn from, and keeps it. */
function drawRoute(app: FastifyInstance, auditing: Auditing, reviews: () => Promise<Reviews>): void {
  const { context, search } = auditing;
  app.post<{ Body: Drawn }>(PATH, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { person } = sessionOf(request);
    const { filters, wanted, first, last } = await askedFor(auditing, request.body);
    const nothing = { period: { zh: '该范围内没有使用记录。', en: 'There is no answer in this period.' } };
    const published = readCheckpoint(context.dataDir);
    if (first === undefined || last === undefined || published === undefined) throw formFault(nothing);
    const { root, size } = published;
    // what the root does not cover yet is not drawn
    const until = Math.min(last, size - 1);
    if (first > until) throw formFault(nothing);
    const drawing = { id: randomBytes(8).toString('hex'), root, size, first, last: until, wanted };
    const matches = matching(queryOf(filters));
    const entries = draw(drawing, (index) => matches(search().entry(index)));
    if (entries.length === 0) throw formFault(nothing);
    await app.people.record.looked(person, {
      requestId: request.id,
      action: 'review_drawn',
      role: 'auditor',
      detail: { review: drawing.id, root, size, first, last, wanted, drawing: digestOf(drawing), entries, ...filters },
      results: entries.length,
    });
    await (await reviews()).add({ ...drawing, at: context.now(), filters, entries });
    return reply.header('cache-control', 'no-store').redirect(`${PATH}/${drawing.id}`, 303);
  });
}

/** The sample as a file, with what was found of each where people read it: as a PDF and in tables. */
function exportRoute(app: FastifyInstance, auditing: Auditing, reviews: () => Promise<Reviews>): void {
  const { context, reports } = auditing;
  app.post<{ Params: Params; Body: { readonly format?: string } }>(
    `${PATH}/:id/export`,
    { schema: { hide: true }, config: { roles: ROLES, offers: OFFERS } },
    async (request, reply) => {
      const { language } = request;
      const format = formatIn(request.body.format);
      const { review, judged } = await (await reviews()).find(request.params.id);
      return sendExport(auditing, request, reply, format, {
        kind: 'review',
        source: { entries: [...review.entries].sort((a, b) => a - b) },
        asked: async () => reviewFacts(review, judged, namesOf(context, language, reports), language),
        more: judgedColumns(judged, language),
        verdict: (index) => judgedInWords(judged.get(index), language),
        detail: { review: review.id },
        about: {},
      });
    },
  );
}

/** What an auditor finds of one entry. */
function judgeRoute(app: FastifyInstance, { context }: Auditing, reviews: () => Promise<Reviews>): void {
  app.post<{ Params: Params; Body: Judged }>(
    `${PATH}/:id`,
    { schema: { hide: true }, config: { roles: ROLES } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const { entry, verdict, note = '' } = request.body;
      const { review } = await (await reviews()).find(request.params.id);
      const index = Number(entry);
      if (!review.entries.includes(index)) throw new YitongError('not_found', 'the review has no such entry');
      if (verdict !== 'fine' && verdict !== 'question')
        throw formFault({ verdict: { zh: '请选择评判结果。', en: 'Choose what you found.' } });
      const text = note.trim();
      if (text.length > NOTE.most || (verdict === 'question' && text.length < NOTE.least))
        throw formFault({
          note: {
            zh: `有疑问时请用 ${NOTE.least} 至 ${NOTE.most} 字说明。`,
            en: `Say in ${NOTE.least} to ${NOTE.most} characters what is in question.`,
          },
        });
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'review_judged',
        role: 'auditor',
        detail: { review: review.id, entry: index, verdict },
        about: { note: text },
      });
      const judgement = {
        entry: index,
        at: context.now(),
        verdict: verdict as Verdict,
        ...(text === '' ? {} : { note: text }),
      };
      await (await reviews()).judge(review.id, judgement, person);
      return reply.header('cache-control', 'no-store').redirect(`${PATH}/${review.id}`, 303);
    },
  );
}

/** Samples that were drawn and are not judged to their end, by whichever auditor; and what was found in question. */
function roomOf(now: () => number, reviews: () => Promise<Reviews>): Room {
  const whole = new Set<string>();
  return {
    id: 'reviews',
    title: { zh: '抽查', en: 'Reviews' },
    href: PATH,
    roles: ROLES,
    async waiting() {
      const items = (await (await reviews()).unjudged(whole)).map(({ id, at, entries, judged }): WaitingItem => {
        const left = entries.length - judged;
        return {
          id,
          title: {
            zh: `${dayOf(at)} 抽取：${left} 条待评判，共 ${entries.length} 条`,
            en: `drawn on ${dayOf(at)}: ${left} of ${entries.length} to be judged`,
          },
          href: `${PATH}/${id}`,
        };
      });
      return { count: items.length, items: items.slice(0, MOST_ITEMS) };
    },
    async wrong() {
      return (await (await reviews()).list(now() - QUESTIONED)).flatMap(({ id, at, questions }) =>
        questions === 0
          ? []
          : [
              {
                what: {
                  zh: `${dayOf(at)} 的抽查中有 ${questions} 条存疑`,
                  en: `${questions} of the review of ${dayOf(at)} in question`,
                },
                mends: { zh: '审计人员会同使用单位', en: 'auditors, with whoever used the data' },
                href: `${PATH}/${id}`,
              },
            ],
      );
    },
  };
}

/** All reviews, and the list as a table for a spreadsheet. */
function listRoutes(app: FastifyInstance, { context, reports }: Auditing, reviews: () => Promise<Reviews>): void {
  const { workspace } = context;
  async function found(request: FastifyRequest, isExport: boolean) {
    const { person } = sessionOf(request);
    const { language } = request;
    const listing = reviewListing(language, namesOf(context, language, reports));
    const list = await listed(request, context, listing, await (await reviews()).list());
    const { filters, chosen, rows } = list;
    const { q } = chosen;
    await app.people.record.looked(person, {
      requestId: request.id,
      action: 'reviews',
      role: 'auditor',
      detail: { ...choicesIn(filters, chosen), ...(isExport ? { export: true } : {}) },
      ...(q === undefined ? {} : { about: { filter: q.toLowerCase() } }),
      results: rows.length,
    });
    return list;
  }

  app.get(
    PATH,
    {
      schema: { hide: true },
      config: { roles: ROLES, lists: ['cols'], nav: { title: { zh: '抽查', en: 'Reviews' }, order: 25 } },
    },
    async (request, reply) => {
      const { language } = request;
      const options = (map: ReadonlyMap<string, { readonly name: { readonly zh: string; readonly en: string } }>) =>
        [...map].map(([value, { name }]) => ({ value, title: name[language] }));
      return sendFramed(request, reply, {
        title: language === 'zh' ? '抽查' : 'Reviews',
        workspace,
        children: reviewsPage({
          language,
          reviews: await found(request, false),
          periods: periodsAt(context.now()).map(({ words }) => words[language]),
          lists: {
            client: options(context.inForce().policies.clients),
            dataset: options(workspace.contracts),
            authority: options(workspace.authorities),
          },
        }),
      });
    },
  );
  app.get(
    `${PATH}.csv`,
    { schema: { hide: true }, config: { roles: ROLES, lists: ['cols'], offers: ['text/csv'] } },
    async (request, reply) => sendListed(reply, await found(request, true)),
  );
}

export function reviewRoutes(app: FastifyInstance, auditing: Auditing): void {
  const { context, reports, search } = auditing;
  const { workspace } = context;
  let ground: Promise<CaseGround> | undefined;
  const reviews = async (): Promise<Reviews> => {
    ground ??= openCaseGround(context);
    // what did not open is tried again with the next request
    ground.catch(() => (ground = undefined));
    const { state, keys } = await ground;
    return openReviews(state, keys, keptFor(auditing));
  };
  app.addHook('onClose', async () => (await ground?.catch(() => undefined))?.close());

  listRoutes(app, auditing, reviews);

  app.get<{ Params: Params; Querystring: { readonly entry?: string } }>(
    `${PATH}/:id`,
    { schema: { hide: true }, config: { roles: ROLES } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const { review, judged } = await (await reviews()).find(request.params.id);
      const shown = shownOf(review, judged, request);
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'review',
        role: 'auditor',
        detail: { review: review.id, ...present({ entry: shown }) },
      });
      const { language } = request;
      const names = namesOf(context, language, reports);
      const entry = shown === undefined ? undefined : search().entry(shown);
      return sendFramed(request, reply, {
        title: language === 'zh' ? '抽查' : 'Review',
        workspace,
        children: reviewPage({
          language,
          review,
          judged,
          names,
          entries: review.entries.map((index) => ({ index, entry: search().entry(index) })),
          ...present({ shown: entry }),
          story:
            entry === undefined
              ? []
              : storyOf({
                  body: entry.body,
                  names,
                  grants: context.inForce().policies.grants,
                  keep: readKeep(context.settings.audit.keep),
                  language,
                }),
        }),
      });
    },
  );

  app.people.rooms.push(roomOf(context.now, reviews));
  drawRoute(app, auditing, reviews);
  judgeRoute(app, auditing, reviews);
  exportRoute(app, auditing, reviews);
}

/** The entry that is looked at: the one that was asked for, else the next that was not judged. */
function shownOf(
  { entries }: Review,
  judged: ReadonlyMap<number, unknown>,
  { query }: FastifyRequest<{ Querystring: { readonly entry?: string } }>,
): number | undefined {
  const asked = entries.find((index) => String(index) === query.entry);
  return asked ?? entries.find((index) => !judged.has(index));
}

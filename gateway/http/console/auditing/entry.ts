/**
 * /console/entries/{index}: one entry in full, in words, with what proves it; and whom it was about, if somebody says
 * why they must know.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { namesOf } from '../../../documents/words/names.js';
import { readKeep } from '../../../ground/config/terms.js';
import { detailsOf } from '../../../log/entries/body.js';
import { evidenceOf } from '../../../log/search/export/export.js';
import type { FoundEntry } from '../../../log/search/index.js';
import { readVkey } from '../../../log/store/vkey.js';
import { hideSubject, shownSubject } from '../../people/sessions.js';
import { formFault } from '../../plugins/forms.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { subjectWords } from '../../ui/question-words.js';
import { type Auditing, numberOf } from './auditing.js';
import { calledOne } from './called.js';
import { certificateRoute, type EntryParams as Params } from './certificate.js';
import { entryPage } from './entry-page.js';
import { storyOf } from './story.js';

const READERS = ['auditor', 'inspector'] as const;

const missing = (): YitongError => new YitongError('not_found', 'the log has no such entry');

/** What proves an entry, for the browser to check. */
function proofRoute(
  app: FastifyInstance,
  { context, search }: Auditing,
  entryFor: (request: FastifyRequest<{ Params: Params }>) => FoundEntry,
): void {
  app.get<{ Params: Params }>(
    '/console/entries/:index/proof',
    { schema: { hide: true }, config: { roles: READERS, offers: ['application/json'] } },
    async (request, reply) => {
      const { index } = entryFor(request);
      const evidence = evidenceOf(context.dataDir, search())(index, true);
      if (evidence === undefined) throw missing();
      return reply.header('cache-control', 'no-store').send({ ...evidence, vkey: readVkey(context.dataDir) });
    },
  );
}

/**
 * The subject of a search from which somebody came, where the entry is about it: of any other entry nothing is said.
 * @throws YitongError `bad_request` for an address of another sign-in
 */
async function cameFor(
  { search }: Auditing,
  request: FastifyRequest<{ Params: Params; Querystring: { readonly of?: string } }>,
  { index }: FoundEntry,
): Promise<string | undefined> {
  const { of } = request.query;
  if (of === undefined) return undefined;
  const subject = shownSubject(sessionOf(request), of);
  if (subject === undefined) throw new YitongError('bad_request', 'the address is of another sign-in; search again');
  const { entries } = await search().page({ subject }, { limit: 1, after: index + 1 });
  return entries[0]?.index === index ? subject : undefined;
}

/** From where somebody came: what was asked, as its address has it, or a review. */
interface From {
  readonly from?: string;
  readonly review?: string;
}

/** The way back there; undefined where nobody says one that there is. */
function backTo({ from, review }: From, index: number): Parameters<typeof entryPage>[0]['back'] {
  if (review !== undefined && /^[0-9a-f]{16}$/.test(review))
    return {
      href: `/console/reviews/${review}?entry=${index}`,
      words: { zh: '← 返回抽查', en: '← To the review' },
      hidden: { review },
    };
  if (from === undefined || !/^(?:\?[\w%&=+.:*-]{0,1000})?$/.test(from)) return undefined;
  return {
    href: `/console/search${from}`,
    words: { zh: '← 返回检索结果', en: '← To what was found' },
    hidden: { from },
  };
}

/** An entry as its page shows it. @param subject whom it is about, where whoever looks knows it */
async function shown(
  { context, reports, search }: Auditing,
  request: FastifyRequest<{ Params: Params }>,
  entry: FoundEntry,
  subject: string | undefined,
  came: From,
): Promise<Parameters<typeof entryPage>[0]> {
  const session = sessionOf(request);
  const { item, caseId } = detailsOf(entry.opened);
  const called = await calledOne(context, request, roleOf(request, session.person), subject);
  const names = namesOf(context, request.language, reports);
  const link = (name: string, value: string | undefined): string | undefined =>
    value === undefined ? undefined : `/console/search?${name}=${hideSubject(session, value)}`;
  return {
    language: request.language,
    entry,
    size: search().size(),
    back: backTo(came, entry.index),
    mayOpen: session.person.roles.includes('auditor') && entry.body.subject?.enc !== undefined,
    links: {
      subject: link('subject', subject),
      item: link('item', item),
      case: link('caseId', caseId),
    },
    certified: context.settings.gateway.documents !== '',
    subject,
    called,
    names,
    story: storyOf({
      body: entry.body,
      names,
      grants: context.inForce().policies.grants,
      keep: readKeep(context.settings.audit.keep),
      language: request.language,
      ...(subject === undefined || subject.startsWith('person:')
        ? {}
        : { about: subjectWords(subject, called, request.language) }),
    }),
  };
}

export function entryRoutes(app: FastifyInstance, auditing: Auditing): void {
  const { context, search } = auditing;
  const { workspace } = context;

  /** An inspector's entry names the own authority; any other does not exist for them. */
  function entryFor(request: FastifyRequest<{ Params: Params }>, open: boolean): FoundEntry {
    const { person } = sessionOf(request);
    const entry = search().entry(numberOf(request.params.index, 'index') ?? -1, open);
    if (entry === undefined) throw missing();
    if (roleOf(request, person) === 'inspector') {
      const { body } = entry;
      const own =
        body.authority === person.authority ||
        body.datasets?.some(({ dataset }) => dataset?.startsWith(`${person.authority ?? ''}.`) === true) === true;
      if (!own) throw missing();
    }
    return entry;
  }

  app.get<{ Params: Params; Querystring: From & { readonly of?: string } }>(
    '/console/entries/:index',
    { schema: { hide: true }, config: { roles: READERS } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const entry = entryFor(request, false);
      const subject = await cameFor(auditing, request, entry);
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'entry',
        role: roleOf(request, person),
        detail: { entry: entry.index },
        about: present({ subject }),
      });
      return sendFramed(request, reply, {
        title: request.language === 'zh' ? `第 ${entry.index} 条` : `Entry ${entry.index}`,
        workspace,
        scripts: ['proof.js'],
        children: entryPage(await shown(auditing, request, entry, subject, request.query)),
      });
    },
  );

  app.post<{ Params: Params; Body: From & { readonly reason?: string } }>(
    '/console/entries/:index',
    { schema: { hide: true }, config: { roles: ['auditor'] } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const reason = request.body.reason?.trim() ?? '';
      if (reason.length < 4 || reason.length > 500)
        throw formFault({
          reason: {
            zh: '请用 4 至 500 字说明查看事由。',
            en: 'Say in 4 to 500 characters why you must know whom this was about.',
          },
        });
      const entry = entryFor(request, true);
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'resolve',
        role: 'auditor',
        detail: { entry: entry.index },
        about: { reason, ...(entry.opened === undefined ? {} : { subject: entry.opened.subject }) },
      });
      return sendFramed(request, reply, {
        title: request.language === 'zh' ? `第 ${entry.index} 条` : `Entry ${entry.index}`,
        workspace,
        scripts: ['proof.js'],
        children: entryPage(await shown(auditing, request, entry, entry.opened?.subject, request.body)),
      });
    },
  );

  proofRoute(app, auditing, (request) => entryFor(request, false));
  certificateRoute(app, auditing, READERS, (request) => entryFor(request, false));
}

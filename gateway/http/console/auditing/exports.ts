/**
 * POST /console/export: what a search found, as a file in which each entry proves itself. By POST, so that no address
 * names a subject. Whatever leaves of the log for a person, of a search or of a review, leaves by the one way here.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { dayOf } from '../../../../contracts/calendar.js';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { ENTRIES_PDF, type EntriesGround } from '../../../documents/pdf/entries/model.js';
import { ENTRIES_FORMATS, entriesPdf } from '../../../documents/pdf/entries-paper.js';
import { documentSignerOf } from '../../../documents/pdf/signer.js';
import { namesOf } from '../../../documents/words/names.js';
import { EXPORT_TYPES, type ExportSource, exportEntries, provedEntries } from '../../../log/search/export/export.js';
import type { MoreColumn } from '../../../log/search/export/table.js';
import { hideSubject } from '../../people/sessions.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { exportWords } from '../../ui/export-words.js';
import { questionInWords } from '../../ui/question-words.js';
import type { Auditing } from './auditing.js';
import { calledOne } from './called.js';
import { filtersOf, HIDDEN, onRecord, queryOf, type Side, scoped } from './filters.js';

type Format = (typeof ENTRIES_FORMATS)[number];
const TYPES = { ...EXPORT_TYPES, pdf: ENTRIES_PDF } as const;

/** Media types in which entries leave. */
export const OFFERS = [...new Set(Object.values(TYPES).map(({ mediaType }) => mediaType.split(';')[0] ?? mediaType))];

/** @throws YitongError `bad_request` */
export function formatIn(given: unknown): Format {
  const format = ENTRIES_FORMATS.find((one) => one === given);
  if (format === undefined) throw new YitongError('bad_request', `\`format\` is one of ${ENTRIES_FORMATS.join(', ')}`);
  return format;
}

/** What leaves, and what a document and the log say of it. */
interface Leaving extends Pick<EntriesGround, 'kind' | 'verdict'> {
  readonly source: ExportSource;
  /** What tables say of each entry besides. */
  readonly more?: readonly MoreColumn[];
  readonly asked: () => Promise<EntriesGround['asked']>;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly about: Readonly<Record<string, unknown>>;
}

/** On record first, whatever the format. @throws YitongError `too_many_entries`, `audit_unavailable` */
export async function sendExport(
  auditing: Auditing,
  request: FastifyRequest,
  reply: FastifyReply,
  format: Format,
  { source, more = [], asked, detail, about, ...document }: Leaving,
): Promise<FastifyReply> {
  const { context, reports, search } = auditing;
  const { person } = sessionOf(request);
  const { language } = request;
  const names = namesOf(context, language, reports);
  const { dataDir, settings, workspace, now } = context;
  const { documents } = settings.gateway;
  const drawn =
    format === 'pdf'
      ? await entriesPdf(
          provedEntries(dataDir, search(), source),
          { workspace, settings, dataDir, now: now() },
          { ...document, asked: await asked(), by: person.name, names, language },
          documents === '' ? undefined : documentSignerOf(documents),
        )
      : undefined;
  await request.server.people.record.looked(person, {
    requestId: request.id,
    action: 'export',
    role: roleOf(request, person),
    detail: { ...detail, format, ...present({ document: drawn?.digest }) },
    ...present({ results: drawn?.entries }),
    about,
  });
  const day = dayOf(now());
  void reply
    .type(TYPES[format].mediaType)
    .header('cache-control', 'no-store')
    .header('content-disposition', `attachment; filename="audit-${day}.${TYPES[format].ending}"`);
  if (format === 'pdf') return reply.send(drawn?.bytes);
  const words = { ...exportWords(names, language), more };
  return reply.send(Readable.from(exportEntries(dataDir, search(), format, source, { words }), { objectMode: false }));
}

export function exportRoutes(app: FastifyInstance, auditing: Auditing): void {
  const { context, reports } = auditing;
  app.post<{ Body: Record<string, unknown> }>(
    '/console/export',
    { schema: { hide: true }, config: { roles: ['auditor', 'inspector'], offers: OFFERS } },
    async (request, reply) => {
      const session = sessionOf(request);
      const { person } = session;
      const { language } = request;
      const role = roleOf(request, person);
      const given: Record<string, unknown> = { ...request.body };
      for (const name of HIDDEN) if (typeof given[name] === 'string') given[name] = hideSubject(session, given[name]);
      const filters = filtersOf(given, session, ['csrf', 'side', 'format']);
      const side: Side = given['side'] === 'authority' ? 'authority' : 'provider';
      const format = formatIn(given['format']);
      // a filter that is none is told before anything is on record
      const query = scoped(queryOf(filters), role, person, side);
      const { detail, about } = onRecord(filters, context);
      return sendExport(auditing, request, reply, format, {
        kind: 'search',
        source: query,
        asked: async () =>
          questionInWords(
            // of an inspector the own authority is asked for as well
            { ...filters, ...present({ provider: query.provider, authority: query.authority }) },
            {
              names: namesOf(context, language, reports),
              language,
              called: await calledOne(context, request, role, filters.subject),
            },
            query.type,
          ),
        detail: { ...detail, ...(role === 'inspector' ? { side } : {}) },
        about,
      });
    },
  );
}

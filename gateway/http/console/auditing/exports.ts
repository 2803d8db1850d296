/**
 * POST /console/export: what a search found, as a file in which each entry proves itself. By POST, so that no address
 * names a subject. Whatever leaves of the log for a person, of a search or of a review, leaves by the one way here.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { ENTRIES_PDF, type EntriesGround, entriesModel } from '../../../documents/pdf/entries/model.js';
import { sharedPool } from '../../../documents/pdf/pool.js';
import { documentSignerOf } from '../../../documents/pdf/signer.js';
import { namesOf } from '../../../documents/words/names.js';
import { parseWitnessVkey } from '../../../log/proof/cosignature.js';
import {
  EXPORT_FORMATS,
  EXPORT_TYPES,
  type ExportSource,
  exportEntries,
  provedEntries,
} from '../../../log/search/export/export.js';
import { hideSubject } from '../../people/sessions.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { exportWords } from '../../ui/export-words.js';
import { questionInWords } from '../../ui/question-words.js';
import type { Auditing } from './auditing.js';
import { calledOne } from './called.js';
import { filtersOf, HIDDEN, onRecord, queryOf, type Side, scoped } from './filters.js';

const FORMATS = [...EXPORT_FORMATS, 'pdf'] as const;
type Format = (typeof FORMATS)[number];
const TYPES = { ...EXPORT_TYPES, pdf: ENTRIES_PDF } as const;

/** Media types in which entries leave. */
export const OFFERS = [...new Set(Object.values(TYPES).map(({ mediaType }) => mediaType.split(';')[0] ?? mediaType))];

/** @throws YitongError `bad_request` */
export function formatIn(given: unknown): Format {
  const format = FORMATS.find((one) => one === given);
  if (format === undefined) throw new YitongError('bad_request', `\`format\` is one of ${FORMATS.join(', ')}`);
  return format;
}

/** What leaves, and what a document and the log say of it. */
interface Leaving extends Pick<EntriesGround, 'kind' | 'verdict'> {
  readonly source: ExportSource;
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
  { source, asked, detail, about, ...document }: Leaving,
): Promise<FastifyReply> {
  const { context, reports, search } = auditing;
  const { person } = sessionOf(request);
  const names = namesOf(context, request.language, reports);
  const drawn =
    format === 'pdf'
      ? await pdfOf(auditing, source, {
          ...document,
          asked: await asked(),
          by: person.name,
          names,
          language: request.language,
        })
      : undefined;
  await request.server.people.record.looked(person, {
    requestId: request.id,
    action: 'export',
    role: roleOf(request, person),
    detail: { ...detail, format, ...present({ document: drawn?.digest }) },
    ...present({ results: drawn?.entries }),
    about,
  });
  const day = new Date(context.now()).toISOString().slice(0, 10);
  void reply
    .type(TYPES[format].mediaType)
    .header('cache-control', 'no-store')
    .header('content-disposition', `attachment; filename="audit-${day}.${TYPES[format].ending}"`);
  if (format === 'pdf') return reply.send(drawn?.bytes);
  return reply.send(
    Readable.from(
      exportEntries(context.dataDir, search(), format, source, { words: exportWords(names, request.language) }),
      { objectMode: false },
    ),
  );
}

/** Entries as one document, signed where documents are signed here. */
async function pdfOf(
  { context, search }: Auditing,
  source: ExportSource,
  document: Pick<EntriesGround, 'kind' | 'verdict' | 'asked' | 'by' | 'names' | 'language'>,
) {
  const { workspace, dataDir, settings, now } = context;
  const model = await entriesModel(provedEntries(dataDir, search(), source), {
    ...document,
    city: workspace.name,
    synthetic: workspace.synthetic,
    dataDir,
    witnesses: settings.audit.witnesses.map(({ vkey }) => parseWitnessVkey(vkey)),
    now: now(),
  });
  const { documents } = settings.gateway;
  const { bytes } = await sharedPool().entries(model, documents === '' ? undefined : documentSignerOf(documents));
  return { bytes, entries: model.rows.length, digest: createHash('sha256').update(bytes).digest('base64url') };
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

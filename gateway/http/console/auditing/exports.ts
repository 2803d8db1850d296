/**
 * POST /console/export: what a search found, as a file in which each line proves itself. By POST, so that no address
 * names a subject.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { namesOf } from '../../../documents/words/names.js';
import { EXPORT_FORMATS, EXPORT_TYPES, exportEntries } from '../../../log/search/export/export.js';
import { hideSubject } from '../../people/sessions.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { exportWords } from '../../ui/export-words.js';
import type { Auditing } from './auditing.js';
import { filtersOf, HIDDEN, onRecord, queryOf, type Side, scoped } from './filters.js';

const OFFERS = [...new Set(Object.values(EXPORT_TYPES).map(({ mediaType }) => mediaType.split(';')[0] ?? mediaType))];

export function exportRoutes(app: FastifyInstance, { context, reports, search }: Auditing): void {
  app.post<{ Body: Record<string, unknown> }>(
    '/console/export',
    { schema: { hide: true }, config: { roles: ['auditor', 'inspector'], offers: OFFERS } },
    async (request, reply) => {
      const session = sessionOf(request);
      const { person } = session;
      const role = roleOf(request, person);
      const given: Record<string, unknown> = { ...request.body };
      for (const name of HIDDEN) if (typeof given[name] === 'string') given[name] = hideSubject(session, given[name]);
      const filters = filtersOf(given, session, ['csrf', 'side', 'format']);
      const side: Side = given['side'] === 'authority' ? 'authority' : 'provider';
      const format = EXPORT_FORMATS.find((one) => one === given['format']);
      if (format === undefined)
        throw new YitongError('bad_request', `\`format\` is one of ${EXPORT_FORMATS.join(', ')}`);
      // a filter that is none is told before anything is on record
      const query = scoped(queryOf(filters), role, person, side);
      const { detail, about } = onRecord(filters, context);
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'export',
        role,
        detail: { ...detail, format, ...(role === 'inspector' ? { side } : {}) },
        about,
      });
      const day = new Date(context.now()).toISOString().slice(0, 10);
      return reply
        .type(EXPORT_TYPES[format].mediaType)
        .header('cache-control', 'no-store')
        .header('content-disposition', `attachment; filename="audit-${day}.${EXPORT_TYPES[format].ending}"`)
        .send(
          Readable.from(
            exportEntries(context.dataDir, search(), format, query, {
              words: exportWords(namesOf(context, request.language, reports), request.language),
            }),
            { objectMode: false },
          ),
        );
    },
  );
}

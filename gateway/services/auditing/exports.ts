/** POST /console/export: what a search found, as a file in which each line proves itself. By POST, so that no address names a subject. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import { EXPORT_FORMATS, exportEntries } from '../../audit/search/export.js';
import { hideSubject } from '../../people/sessions.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { filtersOf, HIDDEN, onRecord, queryOf, scoped, type Side } from './filters.js';
import type { Auditing } from './auditing.js';

const TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8', ocsf: 'application/x-ndjson' } as const;

export function exportRoutes(app: FastifyInstance, { context, search }: Auditing): void {
  app.post<{ Body: Record<string, unknown> }>('/console/export', { schema: { hide: true }, config: { roles: ['auditor', 'inspector'], offers: [...new Set(Object.values(TYPES).map((type) => type.split(';')[0] ?? type))] } }, async (request, reply) => {
    const session = sessionOf(request);
    const { person } = session;
    const role = roleOf(request, person);
    const given: Record<string, unknown> = { ...request.body };
    for (const name of HIDDEN) if (typeof given[name] === 'string') given[name] = hideSubject(session, given[name]);
    const filters = filtersOf(given, session, ['csrf', 'side', 'format']);
    const side: Side = given['side'] === 'authority' ? 'authority' : 'provider';
    const format = EXPORT_FORMATS.find((one) => one === given['format']);
    if (format === undefined) throw new YitongError('bad_request', '`format` is ndjson, csv or ocsf');
    // a filter that is none is told before anything is on record
    const query = scoped(queryOf(filters), role, person, side);
    const { detail, about } = onRecord(filters, context);
    await app.people.record.looked(person, { requestId: request.id, action: 'export', role, detail: { ...detail, format, ...(role === 'inspector' ? { side } : {}) }, about });
    const day = new Date(context.now()).toISOString().slice(0, 10);
    return reply
      .type(TYPES[format])
      .header('cache-control', 'no-store')
      .header('content-disposition', `attachment; filename="audit-${day}.${format === 'ocsf' ? 'ocsf.ndjson' : format}"`)
      .send(Readable.from(exportEntries(context.dataDir, search(), format, query)));
  });
}

/**
 * /console/entries/{index}/certificate: what the log proves of an entry, as a signed document for a court. Its making
 * is on record before it leaves.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { certificateModel } from '../../../documents/pdf/certificate/model.js';
import { sharedPool } from '../../../documents/pdf/pool.js';
import { documentSignerOf } from '../../../documents/pdf/signer.js';
import { namesOf } from '../../../documents/words/names.js';
import { parseWitnessVkey } from '../../../log/proof/cosignature.js';
import type { FoundEntry } from '../../../log/search/index.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import type { Auditing } from './auditing.js';

export interface EntryParams {
  readonly index: string;
}

/** @param entryFor the entry of the address, for whoever may see it; throws otherwise */
export function certificateRoute(
  app: FastifyInstance,
  { context, reports }: Auditing,
  roles: readonly ('auditor' | 'inspector')[],
  entryFor: (request: FastifyRequest<{ Params: EntryParams }>) => FoundEntry,
): void {
  const { workspace, dataDir, settings, now } = context;
  app.get<{ Params: EntryParams }>(
    '/console/entries/:index/certificate',
    { schema: { hide: true }, config: { roles, offers: ['application/pdf'] } },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const found = entryFor(request);
      const { documents } = settings.gateway;
      if (documents === '') throw new YitongError('not_found', 'no documents are signed here');
      const names = { zh: namesOf(context, 'zh', reports), en: namesOf(context, 'en', reports) };
      const model = certificateModel(found, {
        dataDir,
        city: workspace.name,
        synthetic: workspace.synthetic,
        names,
        witnesses: settings.audit.witnesses.map(({ vkey }) => parseWitnessVkey(vkey)),
        now: now(),
      });
      const { bytes } = await sharedPool().certificate(model, documentSignerOf(documents));
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'certificate',
        role: roleOf(request, person),
        detail: { entry: found.index, document: createHash('sha256').update(bytes).digest('base64url') },
      });
      return reply
        .type('application/pdf')
        .header('cache-control', 'no-store')
        .header('content-disposition', `attachment; filename="entry-${String(found.index)}-certificate.pdf"`)
        .send(bytes);
    },
  );
}

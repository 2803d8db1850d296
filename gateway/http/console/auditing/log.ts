/** /console/log: how the log is: its checkpoint, its key, who cosigns it, how old it is. */
import type { FastifyInstance } from 'fastify';
import { readCheckpoint } from '../../../log/store/published.js';
import { readVkey } from '../../../log/store/vkey.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import type { Auditing } from './auditing.js';
import { logPage } from './log-page.js';

export function logRoutes(app: FastifyInstance, { context, search }: Auditing): void {
  app.get(
    '/console/log',
    {
      schema: { hide: true },
      config: { roles: ['auditor', 'inspector'], nav: { title: { zh: '日志状态', en: 'Log health' }, order: 40 } },
    },
    async (request, reply) => {
      const { person } = sessionOf(request);
      await app.people.record.looked(person, { requestId: request.id, action: 'log', role: roleOf(request, person) });
      return sendFramed(request, reply, {
        title: request.language === 'zh' ? '日志状态' : 'Log health',
        workspace: context.workspace,
        children: logPage({
          language: request.language,
          checkpoint: readCheckpoint(context.dataDir),
          integrated: search().size(),
          vkey: readVkey(context.dataDir),
          now: context.now(),
        }),
      });
    },
  );
}

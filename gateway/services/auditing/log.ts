/** /console/log: how the log is: its checkpoint, its key, who cosigns it, how old it is. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { auditLayout } from '../../audit/layout.js';
import { parseCheckpoint } from '../../audit/log/checkpoint.js';
import { parseNote } from '../../audit/log/note.js';
import { readVkey } from '../../audit/log/vkey.js';
import { readIfThere } from '../../audit/receipts.js';
import { sendFramed } from '../../console/frame.js';
import { logPage } from '../../console/pages/auditing/log.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import type { Auditing } from './index.js';

export interface PublishedCheckpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  /** ms since 1970 */
  readonly at: number;
  /** Names of the keys that signed it. */
  readonly signedBy: readonly string[];
  readonly note: string;
}

export function readCheckpoint(dataDir: string): PublishedCheckpoint | undefined {
  const file = join(auditLayout(dataDir).log, 'checkpoint');
  const bytes = readIfThere(file);
  if (bytes === undefined) return undefined;
  const note = parseNote(bytes);
  const { origin, size, root } = parseCheckpoint(note.text);
  return { origin, size, root: root.toString('base64'), at: statSync(file).mtimeMs, signedBy: note.signatures.map(({ name }) => name), note: bytes.toString('utf8') };
}

export function logRoutes(app: FastifyInstance, { context, search }: Auditing): void {
  app.get('/console/log', { schema: { hide: true }, config: { roles: ['auditor', 'inspector'], nav: { title: { zh: '日志状态', en: 'Log health' }, order: 40 } } }, async (request, reply) => {
    const { person } = sessionOf(request);
    await app.people.record.looked(person, { requestId: request.id, action: 'log', role: roleOf(request, person) });
    return sendFramed(request, reply, {
      title: request.language === 'zh' ? '日志状态' : 'Log health',
      workspace: context.workspace,
      children: logPage({ language: request.language, checkpoint: readCheckpoint(context.dataDir), integrated: search().size(), vkey: readVkey(context.dataDir), now: context.now() }),
    });
  });
}

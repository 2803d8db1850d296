/**
 * /console/replay: the policies on disk against the past. The page arrives as the replay goes: its progress while the
 * request is open, then what it found. Leaving the page, by its button or otherwise, ends the request and the replay
 * with it.
 */

import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { namesOf } from '../../../documents/words/names.js';
import { fromLocal } from '../../../ground/language/time.js';
import { sessionOf } from '../../plugins/people.js';
import { framed, sendFramed } from '../../ui/frame.js';
import type { Auditing } from './auditing.js';
import { HERE, replayPage, replayPart } from './replay-page.js';
import { runningReplays } from './running.js';

const PATH = '/console/replay';
const ROLES = ['auditor'] as const;
const SHOWN = 200;

function moment(text: string, name: string): number | undefined {
  if (text === '') return undefined;
  const at = fromLocal(text);
  if (at === undefined) throw new YitongError('bad_request', `\`${name}\` is not a time`);
  return at;
}

export function replayRoutes(app: FastifyInstance, { context, reports }: Auditing): void {
  const { workspace, dataDir } = context;
  const replays = runningReplays(dataDir);
  // before connections are waited for: one of them may be that of a replay
  app.addHook('preClose', () => replays.close());

  app.get<{ Querystring: { since?: string; until?: string } }>(
    PATH,
    {
      schema: { hide: true },
      config: { roles: ROLES, nav: { title: { zh: '策略回溯验证', en: 'Policy replay' }, order: 32 } },
    },
    async (request, reply) => {
      const { person } = sessionOf(request);
      const { language } = request;
      const { since = '', until = '' } = request.query;
      const [from, to] = [moment(since, 'since'), moment(until, 'until')];
      const chosen = request.query.since !== undefined || request.query.until !== undefined;
      await app.people.record.looked(person, {
        requestId: request.id,
        action: 'replay',
        role: 'auditor',
        detail: { since, until },
      });
      const page = {
        title: language === 'zh' ? '策略回溯验证' : 'Policy replay',
        workspace,
        children: replayPage({ language, path: PATH, since, until, running: chosen }),
      };
      if (!chosen) return sendFramed(request, reply, page);
      const names = namesOf(context, language, reports);
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const told = replays.start(
        person.id,
        {
          workspace: workspace.dir,
          data: dataDir,
          most: SHOWN,
          ...present({ since: from, until: to }),
        },
        gone.signal,
      );
      const [before = '', behind = ''] = framed(request, page).split(HERE);
      const parts = async function* (): AsyncGenerator<string> {
        yield before;
        for await (const message of told) yield replayPart({ language, path: PATH, message, names });
        yield behind;
      };
      // a byte for whoever stands between would be held back: nothing is compressed or kept
      return reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(Readable.from(parts(), { objectMode: false }));
    },
  );
}

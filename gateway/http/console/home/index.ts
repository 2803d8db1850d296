/**
 * The people's port: start page, style sheet, icon. Strict CSP; nothing on it needs a certificate or tells of a
 * subject.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { YitongError } from '../../../../contracts/errors.js';
import { asCommand, loadTour } from '../../../../policies/tour.js';
import { statusOf } from '../../../answer/question/status.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { reportsOf } from '../../../documents/reports/index.js';
import { compress, encodingFor } from '../../plugins/compress.js';
import { assets } from '../../ui/assets.js';
import { dayRoute } from './day.js';
import { home } from './page.js';

/**
 * Size and root of the published checkpoint; undefined while there is none (C2SP tlog-checkpoint: origin, size, root).
 */
async function checkpoint(dataDir: string): Promise<{ size: number; root: string } | undefined> {
  const text = await readFile(join(dataDir, 'log', 'checkpoint'), 'utf8').catch(() => undefined);
  const [, size, root] = text?.split('\n') ?? [];
  return size === undefined || root === undefined ? undefined : { size: Number(size), root };
}

/** The first question of the workspace's tour, or how to get a workspace. */
async function example({ workspace }: GatewayContext): Promise<string> {
  const [first] = await loadTour(workspace);
  return first === undefined ? 'npx yitong query --help' : asCommand(first);
}

const service: Service = {
  port: 'people',
  async register(app, context) {
    const { workspace, view, now, dataDir } = context;
    dayRoute(app, context);
    const tour = await example(context);
    const reports = await reportsOf(context);
    app.addHook('onClose', () => reports.close());
    const { assets: all, folder } = assets();
    const [, , current = ''] = folder.split('/');
    const made = new Map<string, Promise<Buffer>>();
    app.get<{ Params: { build: string; name: string } }>(
      '/assets/:build/:name',
      {
        schema: { hide: true },
        config: { open: true, offers: [...new Set(all.map(({ type }) => type.split(';')[0] ?? type))] },
      },
      async (request, reply) => {
        const { build, name } = request.params;
        const found = all.find((one) => one.name === name);
        if (found === undefined) throw new YitongError('not_found', 'there is no such asset');
        const encoding = encodingFor(request.headers['accept-encoding']);
        // a page of another build, as replicas have while they are replaced, gets what there is, and asks again the
        // next time
        void reply
          .header('cache-control', build === current ? 'public, max-age=31536000, immutable' : 'no-cache')
          .header('vary', 'accept-encoding')
          .type(found.type);
        if (encoding === undefined) return reply.send(found.text);
        const key = `${encoding} ${name}`;
        let bytes = made.get(key);
        if (bytes === undefined) made.set(key, (bytes = compress(found.text, encoding, true)));
        return reply.header('content-encoding', encoding).send(await bytes);
      },
    );
    app.get('/', { schema: { hide: true }, config: { compressed: true } }, async (request, reply) => {
      const datasets = [...workspace.contracts.values()]
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map((contract) => {
          const state = view.datasetState(contract.id);
          return {
            id: contract.id,
            name: contract.name,
            provider: workspace.authorities.get(contract.authority)?.name ?? {
              zh: contract.authority,
              en: contract.authority,
            },
            sharing: contract.sharing.attribute,
            records: state.records,
            ...statusOf(contract, state, now()),
          };
        });
      const html = home({
        language: request.language,
        signedIn: request.session !== undefined,
        documents: reports.definitions.size > 0,
        workspace,
        datasets,
        authorities: workspace.authorities.size,
        log: await checkpoint(dataDir),
        example: tour,
      });
      return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(html);
    });
  },
};
export default service;

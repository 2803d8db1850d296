/** The people's port: start page, style sheet, icon. Strict CSP; nothing on it needs a certificate or tells of a subject. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { css, icon, scripts } from '../../console/assets.js';
import { home } from '../../console/pages/home.js';
import type { GatewayContext, Service } from '../../context.js';
import { reportsOf } from '../../reports/index.js';
import { asCommand, loadTour } from '../../tour/tour.js';
import { statusOf } from '../../answer/status.js';

/** Size and root of the published checkpoint; undefined while there is none (C2SP tlog-checkpoint: origin, size, root). */
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
    const tour = await example(context);
    const reports = await reportsOf(context);
    app.addHook('onClose', () => reports.close());
    const asset = (path: string, type: string, body: string): void => {
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
      app.get(path, { schema: { hide: true }, config: { offers: [type.split(';')[0] ?? type] } }, (request, reply) => {
        void reply.header('etag', etag).header('cache-control', 'no-cache');
        return request.headers['if-none-match'] === etag ? reply.code(304).send() : reply.type(type).send(body);
      });
    };
    asset('/assets/yitong.css', 'text/css; charset=utf-8', css);
    asset('/assets/icon.svg', 'image/svg+xml', icon);
    for (const { name, text } of await scripts()) asset(`/assets/${name}`, 'text/javascript; charset=utf-8', text);
    app.get('/', { schema: { hide: true } }, async (request, reply) => {
      const datasets = [...workspace.contracts.values()]
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map((contract) => {
          const state = view.datasetState(contract.id);
          return {
            id: contract.id,
            name: contract.name,
            provider: workspace.authorities.get(contract.authority)?.name ?? { zh: contract.authority, en: contract.authority },
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

/**
 * A gateway of one process on a city's data, for `audit-added-p99`: it waits for each entry to be durable, or, after
 * each SIGUSR2 the other way, answers with a journal that does nothing. For `query-traced` it has more ports, one a
 * share of traced questions. argv[2]: `{ workspace, data, pki, endpoint?, ratios? }`; prints its ports, the untraced
 * one first. Never for production: half of the time it keeps no record.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { anchorsOf } from '../../../gateway/answer/inforce/anchors.js';
import { inForceOf } from '../../../gateway/answer/inforce/snapshot.js';
import { openLmdbViewReader } from '../../../gateway/answer/view/lmdb/index.js';
import { readSettings, signerNames } from '../../../gateway/ground/config/index.js';
import { makeIdentifier } from '../../../gateway/ground/identity/identify.js';
import { serverTlsOptions } from '../../../gateway/ground/identity/tls.js';
import { startTracing } from '../../../gateway/ground/tracing/index.js';
import type { Tracing } from '../../../gateway/ground/tracing/port.js';
import { buildApp } from '../../../gateway/http/app.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import type { Journal } from '../../../gateway/log/entries/port.js';
import { openJournal } from '../../../gateway/log/journal/journal.js';
import { openAuditSigners } from '../../../gateway/log/store/signer.js';
import { loadPolicies } from '../../../policies/load.js';

const {
  workspace: folder,
  data,
  pki,
  endpoint = '',
  ratios = [],
} = JSON.parse(process.argv[2] ?? '{}') as {
  workspace: string;
  data: string;
  pki: string;
  endpoint?: string;
  ratios?: readonly number[];
};
const workspace = await loadWorkspace(folder);
const settings = readSettings(workspace.settings, { file: join(folder, 'yitong.json') }, process.env, {});
const policies = await loadPolicies(workspace);
const layout = auditLayout(data);
const durable = await openJournal({
  dir: layout.journals,
  name: 'bench',
  keys: { dir: layout.subjectKeys },
  signer: openAuditSigners(data, signerNames(settings.audit.origin)).replica,
  now: Date.now,
});
// answers of both are of one length
const receipt = await durable.append({ clear: '{"type":"released"}' });
const nothing: Pick<Journal, 'append' | 'note'> = { append: () => Promise.resolve(receipt), note: () => undefined };
let used: Pick<Journal, 'append' | 'note'> = durable;
process.on('SIGUSR2', () => (used = used === durable ? nothing : durable));
const journal: Journal = {
  append: (draft) => used.append(draft),
  note: (draft) => used.note(draft),
  healthy: true,
  close: () => Promise.resolve(),
};

const inForce = inForceOf(policies, await anchorsOf(policies, pki), workspace);
const view = openLmdbViewReader({ dir: join(data, 'view'), workspace });
const pem = (file: string): string => readFileSync(join(pki, 'server', file), 'utf8');
const served = async (tracing: Tracing | undefined): Promise<FastifyInstance> => {
  const app = await buildApp(
    'api',
    {
      workspace,
      settings,
      view,
      journal,
      inForce: () => inForce,
      identify: makeIdentifier({ inForce: () => inForce, now: Date.now }),
      bus: () => Promise.reject(new Error('this gateway has no bus')),
      dataDir: data,
      now: Date.now,
      ...(tracing === undefined ? {} : { tracer: tracing.tracer }),
    },
    { https: serverTlsOptions({ cert: pem('cert.pem'), key: pem('key.pem'), anchors: inForce.anchors }) },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  return app;
};
const apps = [await served(undefined)];
for (const sampleRatio of ratios)
  apps.push(
    await served(
      await startTracing(
        { ...settings.tracing, endpoint, sampleRatio },
        { process: 'bench', baseDir: folder, bus: 'embedded' },
      ),
    ),
  );
process.stdout.write(`${apps.map(({ server }) => String((server.address() as AddressInfo).port)).join(' ')}\n`);
process.on(
  'SIGTERM',
  () =>
    void Promise.all(apps.map((app) => app.close())).then(async () => {
      await durable.close();
      await view.close();
      process.exit(0);
    }),
);

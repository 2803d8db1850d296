/**
 * One gateway in this process, over real TLS, on the shops of the template workspace; its disk can be one that fails.
 */

import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { anchorsOf } from '../../../gateway/answer/inforce/anchors.js';
import { inForceOf } from '../../../gateway/answer/inforce/snapshot.js';
import { openLmdbViewReader } from '../../../gateway/answer/view/lmdb/index.js';
import type { WorkerContext } from '../../../gateway/documents/context.js';
import { type GatewaySettings, readSettings, signerNames } from '../../../gateway/ground/config/index.js';
import { makeIdentifier } from '../../../gateway/ground/identity/identify.js';
import type { Provider } from '../../../gateway/ground/identity/provider.js';
import { serverTlsOptions } from '../../../gateway/ground/identity/tls.js';
import { buildApp } from '../../../gateway/http/app.js';
import { clearOf } from '../../../gateway/log/entries/answer-digest.js';
import { openSubjectKeys } from '../../../gateway/log/entries/keys.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import type { Journal } from '../../../gateway/log/entries/port.js';
import { type OpenJournal, openJournal } from '../../../gateway/log/journal/journal.js';
import { openAuditSigners } from '../../../gateway/log/store/signer.js';
import { initPki, issueClient, issueServer } from '../../../gateway/operate/pki/authority.js';
import { loadPolicies } from '../../../policies/load.js';
import { ask, type RawAnswer, type RawRequest } from '../../e2e/ask.js';
import { cli } from '../../e2e/city.js';
import { openWorkspace } from '../../registers/run.js';
import { stateOfRun } from '../../support/shared-state.js';

/** A shop of the template, and a word of its record that must not leave unseen. */
export const SHOP = { subject: 'uscc:91990101MAEXA0001X', name: '晨光面馆' } as const;
export const QUESTION = { purpose: 'permit-check', subject: SHOP.subject, datasets: [{ id: 'office.shops' }] } as const;

export interface Served {
  readonly app: FastifyInstance;
  /** The people's port, for `inject`. */
  readonly people: FastifyInstance;
  readonly api: string;
  readonly dir: string;
  readonly data: string;
  readonly pki: string;
  readonly journal: OpenJournal;
  /**
   * What somebody waited for, made durable, in order. Beside it the journal writes what is gathered, as `completed`,
   * when its time has come.
   */
  readonly waited: readonly Readonly<Record<string, unknown>>[];
  /** What the journal has said of its health so far, newest last. */
  readonly health: readonly boolean[];
  /** As `front-desk`, or as the client named. */
  ask(request: RawRequest, client?: string): Promise<RawAnswer>;
}

export interface ServeOptions {
  readonly hook?: { readonly module: string; readonly parameter: unknown };
  readonly settings?: Partial<GatewaySettings>;
  readonly provider?: Provider;
  /** Where the people's port is said to be open. */
  readonly peopleAddress?: string;
  /** Of the bus that the shops were read to; default none. */
  readonly bus?: boolean;
  /** Client → requests a minute. */
  readonly clients?: Readonly<Record<string, number>>;
}

async function addClients(workspace: string, clients: Readonly<Record<string, number>>): Promise<void> {
  const folder = join(workspace, 'policies/clients');
  const desk = JSON.parse(await readFile(join(folder, 'front-desk.json'), 'utf8')) as object;
  for (const [name, rate] of Object.entries(clients)) {
    await writeFile(
      join(folder, `${name}.json`),
      JSON.stringify({ ...desk, identity: { spiffe: `spiffe://yitong.example/client/${name}` }, rate }),
    );
  }
}

export async function serve(t: Test, options: ServeOptions = {}): Promise<Served> {
  const dir = t.testdir();
  const [folder, data, pki] = [join(dir, 'workspace'), join(dir, 'data'), join(dir, 'pki')];
  execFileSync(process.execPath, [cli, 'init', folder]);
  await addClients(folder, options.clients ?? {});
  const filled = await openWorkspace(data, folder, data);
  await filled.run('office.shops');
  if ((await filled.subject('uscc', SHOP.subject.slice(5), ['office.shops'])).length !== 1)
    throw new Error('the view has not got the shop');
  await filled.close();

  const workspace = await loadWorkspace(folder);
  const policies = await loadPolicies(workspace);
  const settings = readSettings(workspace.settings, { file: join(folder, 'yitong.json') }, {}, options.settings ?? {});
  await initPki(pki);
  const server = await issueServer(pki);
  for (const client of policies.clients.keys()) await issueClient(pki, client);
  const layout = auditLayout(data);
  const keys = openSubjectKeys({ dir: layout.subjectKeys });
  const health: boolean[] = [];
  const journal = await openJournal({
    dir: layout.journals,
    name: 'w1',
    keys,
    signer: openAuditSigners(data, signerNames(settings.audit.origin)).replica,
    now: Date.now,
    segmentBytes: 65_536,
    backoff: 20,
    onHealth: (healthy) => health.push(healthy),
    ...present({ hook: options.hook }),
  });
  const waited: Readonly<Record<string, unknown>>[] = [];
  const recorded: Journal = {
    async append(draft) {
      const receipt = await journal.append(draft);
      waited.push(JSON.parse(clearOf(draft)) as Record<string, unknown>);
      return receipt;
    },
    note: (draft) => journal.note(draft),
    get healthy() {
      return journal.healthy;
    },
    close: () => journal.close(),
  };
  const view = openLmdbViewReader({ dir: join(data, 'view'), workspace });
  const anchors = await anchorsOf(policies, pki);
  const inForce = inForceOf(policies, anchors, workspace);
  const bus = options.bus === true ? await openEmbeddedBus({ dir: join(data, 'bus') }) : undefined;
  const state = await (await stateOfRun())?.();
  const context: WorkerContext = {
    workspace,
    settings,
    view,
    journal: recorded,
    inForce: () => inForce,
    identify: makeIdentifier({ inForce: () => inForce, now: Date.now }),
    bus: () => (bus === undefined ? Promise.reject(new Error('this gateway has no bus')) : Promise.resolve(bus)),
    dataDir: data,
    now: Date.now,
    ...present({ provider: options.provider, state }),
    ...(options.peopleAddress === undefined ? {} : { peopleAddress: () => options.peopleAddress }),
  };
  const app = await buildApp('api', context, {
    https: serverTlsOptions({
      cert: await readFile(server.cert, 'utf8'),
      key: await readFile(server.key, 'utf8'),
      anchors,
    }),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const people = await buildApp('people', context);
  t.teardown(async () => {
    await app.close();
    await people.close();
    await bus?.close();
    await journal.close();
    await keys.close();
    await view.close();
  });
  const api = `https://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return {
    app,
    people,
    api,
    dir,
    data,
    pki,
    journal,
    waited,
    health,
    ask: (request, client = 'front-desk') => ask(api, pki, client, request),
  };
}

/**
 * One world under load: a gateway group, a connector a feed, departments that change, clients that publish and ask.
 * Faults come from outside; `finish` lets everything run to its end, and hands over what the judge compares.
 */

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type BusSettings, openBus } from '../../../connectors/bus/open.js';
import { dataTopic } from '../../../connectors/bus/port.js';
import type { RunReport } from '../../../connectors/run.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { openLmdbViewReader } from '../../../gateway/answer/view/lmdb/index.js';
import { busOf } from '../../../gateway/operate/bus.js';
import { openApi } from '../../connectors/api.js';
import { cli } from '../../e2e/city.js';
import { freePorts } from '../../support/servers/ports.js';
import type { Outcome } from './judge.js';
import { Ledger } from './ledger.js';
import { apiLoad } from './load/api.js';
import { asker, type Gateway, pusher } from './load/clients.js';
import { fileLoad } from './load/files.js';
import { History } from './model.js';
import { randomOf } from './random.js';
import { Service } from './service.js';
import { Signals } from './signals.js';
import { DATASETS, makeWorkspace, type WorkspaceOptions } from './workspace.js';

export interface WorldOptions {
  readonly seed: number;
  readonly kafka?: WorkspaceOptions['kafka'];
  /** Default 3. */
  readonly askers?: number;
  /** Default 2. */
  readonly pushers?: number;
}

export interface World {
  readonly gateway: Service;
  /** By the dataset that each feeds. */
  readonly connectors: ReadonlyMap<string, Service>;
  readonly signals: Signals;
  readonly prefix: string;
  /** How far the load is, for a line of progress. */
  count(): string;
  /**
   * Stops the load, runs every feed to its end, waits for the view, stops the group.
   * @throws Error where one of these does not come to an end
   */
  finish(): Promise<Outcome>;
  readonly dir: string;
  /** Whatever still runs ends; nothing is left on disk unless it is to be looked at. */
  remove(keep?: boolean): Promise<void>;
}

/** Folders of this process's worlds; none outlives it. */
const folders = new Set<string>();
process.once('exit', () => {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

const READY_WITHIN = 120_000;
const DRAINED_WITHIN = 120_000;

async function repeat(signal: AbortSignal, ms: number, work: () => Promise<void> | void): Promise<void> {
  while (!signal.aborted) {
    await work();
    await wait(ms, undefined, { signal }).catch(() => undefined);
  }
}

/** Waits until the group has said that it is ready, and every connector has run once. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const { seed, kafka } = options;
  const dir = await mkdtemp(join(tmpdir(), 'yitong-faults-'));
  folders.add(dir);
  const workspace = join(dir, 'workspace');
  const data = join(dir, 'data');
  // an office's connectors share the folder of its bus; where there is Kafka, each department has a folder of its own
  const connectorData = kafka === undefined ? data : join(dir, 'connectors');
  const prefix = `faults-${randomBytes(4).toString('hex')}`;
  const [apiPort = 0, people = 0, health = 0] = await freePorts(3);
  const history = new History();
  const ledger = new Ledger();
  const signals = new Signals();
  const changes = apiLoad(DATASETS.api, history, randomOf(seed, 'api'));
  const api = await openApi(changes.reply);
  await makeWorkspace({
    dir: workspace,
    prefix,
    ...present({ kafka }),
    ports: { api: apiPort, people, health },
    apiUrl: api.url,
  });
  const files = fileLoad(DATASETS.files, join(workspace, 'inbox'), history, randomOf(seed, 'files'));

  let ready = (): void => undefined;
  const isReady = new Promise<void>((resolve) => (ready = resolve));
  const gateway = new Service(['gateway', '--workspace', workspace, '--data', data, '--json'], (line) => {
    if (line.includes('"ready":true')) ready();
  });
  let reports = 0;
  const connectors = new Map(
    [DATASETS.files, DATASETS.api].map((dataset) => [
      dataset,
      new Service(['connector', dataset, '--workspace', workspace, '--data', connectorData, '--json'], (line) => {
        const report = JSON.parse(line) as RunReport;
        reports += 1;
        signals.succeeded('fed', performance.now() - report.ms, dataset);
        if (dataset === DATASETS.files && report.sourceTime !== undefined) void files.taken(report.sourceTime);
        if (report.state === 'refused') ledger.wrong.push(`a snapshot of \`${dataset}\` was refused: ${line}`);
      }),
    ]),
  );
  const stopping = new AbortController();
  const services = [gateway, ...connectors.values()];
  let working: Promise<unknown> = Promise.resolve();
  const remove = async (keep = false): Promise<void> => {
    stopping.abort();
    for (const service of services) service.kill(true);
    await Promise.all(services.map((service) => service.stop()));
    await working.catch(() => undefined);
    await api.close();
    folders.delete(dir);
    if (!keep) await rm(dir, { recursive: true, force: true });
  };

  try {
    gateway.start();
    const patience = new AbortController();
    const first = await Promise.race([
      isReady.then(() => true),
      wait(READY_WITHIN, false, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (!first) throw new Error(`the gateway was not ready within ${READY_WITHIN / 1000} s: ${gateway.complaints}`);
    const address: Gateway = { api: `https://127.0.0.1:${apiPort}`, pki: join(workspace, 'pki') };
    const common = { gateway: address, ledger, signals, signal: stopping.signal };
    working = Promise.all([
      repeat(stopping.signal, 150, () => files.drop()),
      repeat(stopping.signal, 700, () => changes.release()),
      ...Array.from({ length: options.askers ?? 3 }, (_, i) =>
        asker({ ...common, random: randomOf(seed, `asker ${i}`) }, i),
      ),
      ...Array.from({ length: options.pushers ?? 2 }, (_, i) =>
        pusher({ ...common, random: randomOf(seed, `pusher ${i}`) }, i, history),
      ),
    ]);
    working.catch(() => undefined);
    const fed = Promise.all([...connectors.keys()].map((dataset) => signals.next('fed', READY_WITHIN, dataset)));
    for (const connector of connectors.values()) connector.start();
    if ((await fed).includes(undefined))
      throw new Error(
        'a connector did not come to the end of a run: ' +
          `${[...connectors.values()].map(({ complaints }) => complaints).join('\n')}`,
      );
  } catch (error) {
    await remove();
    throw error;
  }

  async function once(dataset: string): Promise<RunReport> {
    return await new Promise((resolve, reject) => {
      execFile(
        process.execPath,
        [cli, 'connector', dataset, '--once', '--workspace', workspace, '--data', connectorData, '--json'],
        { timeout: DRAINED_WITHIN },
        (error, stdout, stderr) => {
          // exit 1: rows were quarantined
          if (error !== null && error.code !== 1) reject(new Error(`the last run of \`${dataset}\` failed: ${stderr}`));
          else resolve(JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as RunReport);
        },
      );
    });
  }

  /** Until the view stands where the bus does. */
  async function drained(settings: BusSettings): Promise<void> {
    const loaded = await loadWorkspace(workspace);
    const bus = await openBus(settings);
    const view = openLmdbViewReader({ dir: join(data, 'view'), workspace: loaded });
    try {
      const ids = [...loaded.contracts.keys()];
      const until = Date.now() + DRAINED_WITHIN;
      for (;;) {
        const cut = view.cut(ids);
        const states = await Promise.all(
          ids.map(async (id) => ({ topic: dataTopic(prefix, id), state: await bus.topicState(dataTopic(prefix, id)) })),
        );
        if (
          states.every(
            ({ topic, state }) => state?.partitions.every(({ high }, i) => (cut[topic]?.[i] ?? 0) >= high) === true,
          )
        )
          return;
        if (Date.now() > until)
          throw new Error(
            `the view does not get to where the bus is: ${JSON.stringify({ cut, states })}; ${gateway.complaints}`,
          );
        await wait(50);
      }
    } finally {
      await view.close();
      await bus.close();
    }
  }

  return {
    dir,
    gateway,
    connectors,
    signals,
    prefix,
    count: () =>
      `${history.size()} versions, ${ledger.acknowledged.length} pushed, ${ledger.answers.length} answers, ` +
      `${reports} runs`,
    async finish() {
      stopping.abort();
      await working;
      for (const connector of connectors.values()) await connector.stop();
      for (const dataset of connectors.keys()) while ((await once(dataset)).rows > 0);
      await drained(await busOf(undefined, workspace, data));
      const code = await gateway.stop();
      if (code !== 0) ledger.wrong.push(`the group did not end in order: ${String(code)}; ${gateway.complaints}`);
      return { workspace, data, connectorData, history, ledger, broken: { [DATASETS.files]: files.broken() } };
    },
    remove,
  };
}

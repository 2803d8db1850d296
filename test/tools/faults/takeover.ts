/**
 * Two replicas answer, the one that sequences is killed, and the other takes over by the documented command: once with
 * the disk of the dead one at hand and once without. Every receipt that a client holds must then be in the log that
 * goes on, or be declared missing in it; and no name may have two trees.
 */
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readIfThere } from '../../../gateway/ground/files/read-if-there.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { parseCheckpoint } from '../../../gateway/log/proof/checkpoint.js';
import { treeRoot } from '../../../gateway/log/proof/merkle.js';
import { parseNote } from '../../../gateway/log/proof/note.js';
import { tileNodes } from '../../../gateway/log/proof/tiles.js';
import { openSearch } from '../../../gateway/log/search/index.js';
import { lookupReceipt } from '../../../gateway/log/store/receipts.js';
import { verifyLog } from '../../../gateway/log/verify/verify.js';
import { cli } from '../../e2e/city.js';
import { replicaFiles } from '../../log/replicas.js';
import { freePorts } from '../../support/servers/ports.js';
import { callerOf } from './caller.js';
import { randomOf } from './random.js';
import { Service } from './service.js';
import { DATASETS, makeWorkspace, PURPOSE } from './workspace.js';

export const TAKEOVERS = ['takeover-lost', 'takeover-kept'] as const;
export type TakeoverKind = (typeof TAKEOVERS)[number];

export interface TakeoverReport {
  readonly kind: TakeoverKind;
  readonly seed: number;
  readonly durability: 'local' | 'replicated';
  /** Answers with a receipt that clients got. */
  readonly receipts: number;
  readonly logged: number;
  /** Declared missing in the log. */
  readonly declared: number;
  readonly renamed: boolean;
  readonly seconds: number;
  readonly findings: readonly string[];
}

const READY_WITHIN = 120_000;
const ASKED_WITHIN = 30_000;
const folders = new Set<string>();
process.once('exit', () => {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

const NAMES = ['west', 'east'] as const;
type Name = (typeof NAMES)[number];

interface Running {
  readonly service: Service;
  readonly api: string;
  readonly health: string;
}

const subject = (n: number): string => `uscc:91990101MAEXA${String(n % 10).padStart(3, '0')}1X`;

/** @returns receipts in the order in which they came */
async function asking(running: Running, pki: string, signal: AbortSignal, receipts: string[]): Promise<void> {
  const caller = await callerOf(running.api, pki, 'asker');
  try {
    for (let n = 0; !signal.aborted; n++) {
      const reply = await caller
        .post('/v1/query', { purpose: PURPOSE, subject: subject(n), datasets: [{ id: DATASETS.files }] })
        .catch(() => undefined);
      const receipt =
        reply?.status === 200
          ? (JSON.parse(reply.text) as { readonly receipt?: { readonly journal: string; readonly seq: number } })
              .receipt
          : undefined;
      if (receipt === undefined) await wait(20);
      else receipts.push(`${receipt.journal}:${receipt.seq}`);
    }
  } finally {
    caller.close();
  }
}

/** What the log of a folder declares missing. */
async function declaredIn(data: string): Promise<(id: string) => boolean> {
  const search = openSearch(data);
  const gaps: { readonly journal?: string; readonly from?: number; readonly to?: number; readonly open?: boolean }[] =
    [];
  try {
    for await (const { body } of search.entries({ type: 'journal_gap' })) gaps.push(body as (typeof gaps)[number]);
  } finally {
    await search.close();
  }
  return (id) => {
    const [journal, seq] = id.split(':');
    return gaps.some(
      (gap) =>
        gap.journal === journal &&
        Number(seq) >= (gap.from ?? Infinity) &&
        (gap.open === true || Number(seq) <= (gap.to ?? 0)),
    );
  };
}

/** One of them, from two fresh replicas to the verdict. */
export async function takeoverRun(kind: TakeoverKind, seed: number): Promise<TakeoverReport> {
  const started = performance.now();
  const random = randomOf(seed, kind);
  const durability = random.chance(0.5) ? 'replicated' : 'local';
  const dir = await mkdtemp(join(tmpdir(), 'yitong-takeover-'));
  folders.add(dir);
  const workspace = join(dir, 'workspace');
  const pki = join(workspace, 'pki');
  const dataOf = (name: Name): string => join(dir, `data-${name}`);
  const ports = await freePorts(8);
  const port = (name: Name, which: number): number => ports[NAMES.indexOf(name) * 4 + which] ?? 0;
  await makeWorkspace({
    dir: workspace,
    prefix: 'takeover',
    ports: { api: port('west', 0), people: port('west', 1), health: port('west', 2) },
    apiUrl: 'https://127.0.0.1:1',
  });
  const files = {
    west: await replicaFiles(join(dir, 'pki'), 'west'),
    east: await replicaFiles(join(dir, 'pki'), 'east'),
  };
  const settings = (name: Name, more: Readonly<Record<string, string>> = {}): Record<string, string> => {
    const other = name === 'east' ? 'west' : 'east';
    return {
      YITONG_GATEWAY_WORKERS: '1',
      YITONG_GATEWAY_PORT: String(port(name, 0)),
      YITONG_GATEWAY_PEOPLE_PORT: String(port(name, 1)),
      YITONG_GATEWAY_HEALTH_PORT: String(port(name, 2)),
      YITONG_GATEWAY_DRAIN_SECONDS: '0',
      YITONG_AUDIT_REPLICA: name,
      YITONG_AUDIT_REPLICA_PORT: String(port(name, 3)),
      YITONG_AUDIT_SEQUENCER: String(name === 'west'),
      YITONG_AUDIT_DURABILITY: durability,
      YITONG_AUDIT_REPLICAS: JSON.stringify({
        [other]: { url: `https://127.0.0.1:${port(other, 3)}`, spiffe: `spiffe://log.test/replica/${other}` },
      }),
      YITONG_AUDIT_REPLICA_CERT: files[name].replicaCert,
      YITONG_AUDIT_REPLICA_KEY: files[name].replicaKey,
      YITONG_AUDIT_REPLICA_CA: files[name].replicaCa,
      ...more,
    };
  };
  const services: Service[] = [];
  async function start(name: Name, more?: Readonly<Record<string, string>>): Promise<Running> {
    let ready = (): void => undefined;
    const isReady = new Promise<void>((resolve) => (ready = resolve));
    const service = new Service(
      ['gateway', '--workspace', workspace, '--data', dataOf(name), '--json'],
      (line) => {
        if (line.includes('"ready":true')) ready();
      },
      settings(name, more),
    );
    services.push(service);
    service.start();
    const late = wait(READY_WITHIN, 'late' as const, { ref: false });
    if ((await Promise.race([isReady, late])) === 'late')
      throw new Error(`${name} did not become ready: ${service.complaints}`);
    return { service, api: `https://127.0.0.1:${port(name, 0)}`, health: `http://127.0.0.1:${port(name, 2)}` };
  }
  const findings: string[] = [];
  const receipts: Record<Name, string[]> = { west: [], east: [] };
  try {
    const [west, east] = await Promise.all([start('west'), start('east')]);
    const stop = { west: new AbortController(), east: new AbortController() };
    const asked = NAMES.map((name) => asking(name === 'west' ? west : east, pki, stop[name].signal, receipts[name]));
    const enough = random.between(20, 120);
    for (
      const until = performance.now() + ASKED_WITHIN;
      receipts.west.length < enough || receipts.east.length < 10;
      await wait(5)
    )
      if (performance.now() > until) break;
    const checkpoint = readIfThere(join(auditLayout(dataOf('west')).log, 'checkpoint'));
    // the whole machine at once
    west.service.kill(true);
    const dead = west.service.stop();
    stop.west.abort();
    await dead;
    const old = dataOf('west');
    if (kind === 'takeover-lost') rmSync(old, { recursive: true, force: true });
    await wait(random.between(100, 1500));
    stop.east.abort();
    await Promise.all(asked);
    await east.service.stop();

    // by the words of docs/operating.md
    const alone = {
      YITONG_AUDIT_REPLICAS: '{}',
      YITONG_AUDIT_SEQUENCER: 'true',
      YITONG_AUDIT_EPOCH: '2',
      YITONG_AUDIT_DURABILITY: 'local',
    };
    const args = [
      'audit',
      'takeover',
      '--workspace',
      workspace,
      '--data',
      dataOf('east'),
      '--json',
      ...(kind === 'takeover-kept' ? ['--from', old, '--no-newer', 'the disk itself'] : []),
    ];
    const command = async (
      more: readonly string[],
    ): Promise<{ readonly renamed: boolean; readonly origin?: string }> => {
      const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args, ...more], {
        env: { ...process.env, ...settings('east', alone) },
        maxBuffer: 64 << 20,
      });
      return JSON.parse(stdout) as { renamed: boolean; origin?: string };
    };
    await command([]);
    if (existsSync(join(auditLayout(dataOf('east')).log, 'checkpoint'))) findings.push('a plan wrote a log');
    const done = await command(['--yes']);
    const after = await start('east', { ...alone, YITONG_AUDIT_ORIGIN: done.origin ?? '' });
    const more = new AbortController();
    const last = asking(after, pki, more.signal, receipts.east);
    await wait(1000);
    more.abort();
    await last;
    await after.service.stop();

    const data = dataOf('east');
    const report = await verifyLog({ logDir: auditLayout(data).log, dataDir: data });
    if (!report.ok) findings.push(`the log does not verify: ${report.fault ?? ''}`);
    if (report.newer > 0) findings.push(`${report.newer} entries are in no log`);
    if (done.renamed !== (kind === 'takeover-lost'))
      findings.push(
        done.renamed
          ? 'the log lost its name although its disk was there'
          : 'the log kept its name although nothing of it was left',
      );
    // what was published before is the beginning of what goes on under the name
    if (checkpoint !== undefined && !done.renamed) {
      const { size, root } = parseCheckpoint(parseNote(checkpoint).text);
      if (
        !treeRoot(
          size,
          tileNodes(report.size, (path) => readIfThere(join(auditLayout(data).log, path))),
        ).equals(root)
      )
        findings.push(`two trees have ${size} entries under one name`);
    }
    if (
      checkpoint !== undefined &&
      done.renamed &&
      parseCheckpoint(parseNote(checkpoint).text).origin === report.origin
    )
      findings.push('a second tree was begun under one name');
    const missing = await declaredIn(data);
    let [logged, declared] = [0, 0];
    for (const name of NAMES) {
      for (const id of receipts[name]) {
        if (lookupReceipt(data, id).kind === 'logged') logged++;
        else if (missing(id)) {
          declared++;
          if (kind === 'takeover-kept')
            findings.push(`the receipt ${id} of ${name} is declared missing although its disk was there`);
          else if (name === 'east')
            findings.push(`the receipt ${id} of the replica that took over is declared missing`);
          else if (durability === 'replicated')
            findings.push(`the receipt ${id} is declared missing although a second replica had it`);
        } else findings.push(`the receipt ${id} of ${name} is neither in the log nor declared missing`);
      }
    }
    if (receipts.west.length === 0 || receipts.east.length === 0) findings.push('nobody was answered');
    return {
      kind,
      seed,
      durability,
      receipts: receipts.west.length + receipts.east.length,
      logged,
      declared,
      renamed: done.renamed,
      seconds: Math.round((performance.now() - started) / 1000),
      findings,
    };
  } finally {
    for (const service of services) {
      service.kill(true);
      await service.stop();
    }
    if (findings.length === 0) await rm(dir, { recursive: true, force: true });
    else process.stderr.write(`its files are left in ${dir}\n`);
    folders.delete(dir);
  }
}

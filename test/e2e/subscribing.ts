/** Who takes changes in end-to-end tests: a poll, a receiver in Python, a topic; and a workspace that lets them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { type Bus, dataTopic, HEADER, type OutRecord } from '../../connectors/bus/port.js';
import { encodeFramed } from '../../contracts/avro.js';
import { subjectKey } from '../../contracts/ids.js';
import uscc from '../../contracts/subjects/uscc.js';
import type { ContractVersion } from '../../contracts/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import type { Change, Client } from '../../gateway/client/index.js';
import { runningUp } from '../../gateway/ground/files/places.js';
import { initPki, issueServer } from '../../gateway/operate/pki/authority.js';
import { freePorts } from '../support/servers/ports.js';
import { childrenOf } from '../tools/bench/servers.js';
import { until } from './ask.js';
import { type City, cli } from './city.js';

export const DATASET = 'office.shops';
const SUBJECTS = 50;
export const TOPIC = (prefix: string): string => `front-desk-${prefix}.changes`;
const CONTRACT = 'contracts/datasets/office/shops/contract.json';
const CLIENT = 'policies/clients/front-desk.json';
const GRANT = 'policies/grants/front-desk-shops.json';
export const asked = { purpose: 'permit-check', datasets: [{ id: DATASET, fields: ['name'] }] };
export const subjects = Array.from({ length: SUBJECTS }, (_, n) => subjectKey('uscc', uscc.make(n + 1000)));

type Json = Readonly<Record<string, unknown>>;
async function change(workspace: string, path: string, parts: Json): Promise<void> {
  const file = join(workspace, path);
  const content = JSON.parse(await readFile(file, 'utf8')) as Json;
  await writeFile(`${file}.new`, JSON.stringify({ ...content, ...parts }));
  await rename(`${file}.new`, file);
}
export const suspend = (workspace: string): Promise<void> => change(workspace, GRANT, { status: 'suspended' });

export interface Desk {
  readonly workspace: string;
  readonly port: number;
  readonly pair: { readonly cert: string; readonly key: string };
}

/** A workspace of which one client may be told what changes, by webhook and, where it is named, by a topic. */
export async function deskIn(dir: string, workspace: string, topic?: string): Promise<Desk> {
  const [port = 0] = await freePorts(1);
  const pki = join(dir, 'receiver');
  await initPki(pki);
  const pair = await issueServer(pki);
  await copyFile(join(pki, 'ca.pem'), join(workspace, 'policies/clients/receiver.pem'));
  const { sharing } = JSON.parse(await readFile(join(workspace, CONTRACT), 'utf8')) as { readonly sharing: Json };
  await change(workspace, CONTRACT, { sharing: { ...sharing, delivery: ['query', 'subscription'] } });
  const webhook = { url: `https://127.0.0.1:${String(port)}/changes`, ca: 'receiver.pem' };
  await change(workspace, CLIENT, { webhook, ...(topic === undefined ? {} : { topic }) });
  await change(workspace, GRANT, { delivery: ['query', 'subscription'] });
  return { workspace, port, pair };
}

export const initOffice = (workspace: string): void => void execFileSync(process.execPath, [cli, 'init', workspace]);

/** Who publishes: of one subject after the other, the name counts. */
export interface Publisher {
  /** From the nth on, so many. */
  publish(n: number, many: number): Promise<void>;
}

export async function publisherOf(workspace: string, bus: Bus): Promise<Publisher> {
  const { contracts, prefix } = await loadWorkspace(workspace);
  const version = contracts.get(DATASET as never)?.latest;
  if (version === undefined) throw new Error('no such dataset');
  const producer = await bus.producer();
  const topic = dataTopic(prefix, DATASET);
  return {
    publish: async (n, many) =>
      void (await producer.send(
        topic,
        Array.from({ length: many }, (_, i) => changed(version, n + i)),
      )),
  };
}

function changed(version: ContractVersion, n: number): OutRecord {
  const subject = subjects[n % SUBJECTS] ?? '';
  const key = subject.slice('uscc:'.length);
  const encoded = encodeFramed(version, {
    uscc: key,
    name: `第${String(Math.floor(n / SUBJECTS))}次`,
    district: null,
    openedOn: null,
    seats: n,
  });
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.problems));
  return {
    subject,
    recordId: '',
    value: encoded.body,
    headers: {
      [HEADER.sourceTime]: new Date().toISOString(),
      [HEADER.position]: String(n),
      [HEADER.contractVersion]: '1',
      [HEADER.sequence]: `1.${String(n + 1)}`,
    },
  };
}

export interface Told {
  readonly subject: string;
  readonly round: number;
  readonly at: number;
}
export const toldOf = ({ subject, record }: Pick<Change, 'subject' | 'record'>, at: number): Told[] =>
  record === undefined || subject === undefined
    ? []
    : [{ subject, round: Number(/\d+/.exec(String(record['name']))?.[0]), at }];

/** What came for the first time of each subject, in the order in which it came. */
export function firsts(told: readonly Told[]): ReadonlyMap<string, readonly number[]> {
  const rounds = new Map<string, number[]>();
  for (const { subject, round } of told) {
    const known = rounds.get(subject) ?? [];
    if (!known.includes(round)) known.push(round);
    rounds.set(subject, known);
  }
  return rounds;
}

/** @returns how many were there to be killed */
export function killed(running: City, word: string, most = 1): number {
  const up = runningUp(running.data);
  const children = up === undefined ? [] : childrenOf(up.pid, word).slice(0, most);
  for (const child of children) process.kill(child, 'SIGKILL');
  return children.length;
}

export async function received(out: string): Promise<readonly Told[]> {
  const text = await readFile(out, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Change & { at: number })
    .flatMap((line) => toldOf(line, line.at));
}

export class Receiver {
  #child: ChildProcess | undefined;
  refused = 0;
  constructor(
    readonly python: string,
    readonly given: object,
  ) {}
  async start(): Promise<void> {
    const child = spawn(this.python, [join('test', 'e2e', 'receiver.py'), JSON.stringify(this.given)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'ready') resolve();
        else this.refused++;
      });
    });
    await ready;
  }
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** Asks again and again with the cursor that it keeps; what it was told before a failure is asked for again. */
export class Poller {
  readonly told: Told[] = [];
  stopped = false;
  deniedAt: number | undefined;
  failures = 0;
  constructor(readonly name = 'polled') {}
  async run(running: City): Promise<void> {
    let desk: Client = await running.as('front-desk');
    let after: string | undefined;
    while (!this.stopped) {
      try {
        const answer = await desk.changes(this.name, { wait: 1, ...(after === undefined ? {} : { after }) });
        for (const one of answer.changes) this.told.push(...toldOf(one, Date.now()));
        after = answer.next;
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'denied') this.deniedAt ??= Date.now();
        this.failures++;
        desk.close();
        await new Promise((resolve) => setTimeout(resolve, 50));
        desk = await running.as('front-desk');
      }
    }
    desk.close();
  }
}

/** What is in a topic, as it comes. */
export async function readTopic(t: Test, bus: Bus, topic: string): Promise<readonly (Told & { key: string })[]> {
  const told: (Told & { key: string })[] = [];
  const consumption = await bus.consume({
    topics: [topic],
    from: () => 0,
    onBatch: async (batch) => {
      for (const { key, value } of batch)
        for (const one of toldOf(JSON.parse(String(value)) as Change, Date.now())) told.push({ ...one, key });
    },
    onOffsetLost: ({ low }) => low,
  });
  t.teardown(() => consumption.stop());
  return told;
}

const whole = (told: readonly Told[]): number => [...firsts(told).values()].reduce((sum, one) => sum + one.length, 0);

/** All of them came, each at least once, in order for each subject. */
export async function cameInOrder(
  t: Test,
  name: string,
  count: number,
  told: () => Promise<readonly Told[]> | readonly Told[],
): Promise<void> {
  await until(
    `all of them ${name}`,
    async () => whole(await told()),
    (now) => now === count,
    120_000,
  );
  const rounds = Array.from({ length: count / SUBJECTS }, (_, round) => round);
  const all = await told();
  const bad = [...firsts(all)].filter(([, seen]) => seen.join() !== rounds.join());
  t.strictSame(bad, [], `${name}: each of ${String(count)} once at least, in order for each of ${String(SUBJECTS)}`);
  t.comment(`${name}: ${String(all.length)} told, ${String(all.length - count)} of them again`);
}

interface Ending {
  readonly workspace: string;
  readonly publisher: Publisher;
  readonly from: number;
  /** All that was told so far. */
  readonly told: () => Promise<readonly Told[]>;
  readonly denied: () => boolean;
}

/** The grant ends while changes go on. */
export async function ending(t: Test, { workspace, publisher, from, told, denied }: Ending): Promise<void> {
  let n = from;
  let going = true;
  const publishing = (async () => {
    while (going) {
      await publisher.publish(n++, 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  const count = async (): Promise<number> => (await told()).length;
  const before = await count();
  await until('some more', count, (now) => now > before + 10);
  const endedAt = Date.now();
  await suspend(workspace);
  await until(
    'that it is denied',
    async () => denied(),
    (is) => is,
  );
  // as many again are published after the five seconds as came in them
  await new Promise((resolve) => setTimeout(resolve, 8000));
  going = false;
  await publishing;
  const last = Math.max(...(await told()).map(({ at }) => at));
  t.ok(last - endedAt < 5000, `nothing is told ${String(last - endedAt)} ms after the end of the grant`);
  t.comment(`the last change left ${String(last - endedAt)} ms after the end of the grant, of ${String(n)} published`);
}

/**
 * A thousand changes on their way to a client that polls and to one with a webhook, while processes of the gateway and
 * the receiver are killed: each is told at least once, in order for a subject, and none after the end of its grant. The
 * receiver is Python, and verifies each delivery.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { openBus } from '../../connectors/bus/open.js';
import { dataTopic, HEADER, type OutRecord, type Producer } from '../../connectors/bus/port.js';
import { encodeFramed } from '../../contracts/avro.js';
import { subjectKey } from '../../contracts/ids.js';
import uscc from '../../contracts/subjects/uscc.js';
import type { ContractVersion } from '../../contracts/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import type { Change, Client } from '../../gateway/client/index.js';
import { runningUp } from '../../gateway/ground/files/places.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { initPki, issueServer } from '../../gateway/operate/pki/authority.js';
import { pythonForTest } from '../support/python.js';
import { freePorts } from '../support/servers/ports.js';
import { childrenOf } from '../tools/bench/servers.js';
import { until } from './ask.js';
import { type City, city, cli } from './city.js';

t.setTimeout(240_000);

const DATASET = 'office.shops';
const SUBJECTS = 50;
const CHANGES = 1000;
type Json = Readonly<Record<string, unknown>>;

const dir = t.testdir();
const workspace = join(dir, 'workspace');
execFileSync(process.execPath, [cli, 'init', workspace]);
const read = async (path: string): Promise<Json> => JSON.parse(await readFile(join(workspace, path), 'utf8')) as Json;
async function change(path: string, parts: Json): Promise<void> {
  await writeFile(join(workspace, `${path}.new`), JSON.stringify({ ...(await read(path)), ...parts }));
  await rename(join(workspace, `${path}.new`), join(workspace, path));
}

const CONTRACT = 'contracts/datasets/office/shops/contract.json';
const CLIENT = 'policies/clients/front-desk.json';
const GRANT = 'policies/grants/front-desk-shops.json';
const [port = 0] = await freePorts(1);
const pki = join(dir, 'receiver');
await initPki(pki);
const pair = await issueServer(pki);
await copyFile(join(pki, 'ca.pem'), join(workspace, 'policies/clients/receiver.pem'));
await change(CONTRACT, {
  sharing: { ...((await read(CONTRACT))['sharing'] as Json), delivery: ['query', 'subscription'] },
});
await change(CLIENT, { webhook: { url: `https://127.0.0.1:${String(port)}/changes`, ca: 'receiver.pem' } });
await change(GRANT, { delivery: ['query', 'subscription'] });

const subjects = Array.from({ length: SUBJECTS }, (_, n) => subjectKey('uscc', uscc.make(n + 1000)));
const versionOf = async (): Promise<ContractVersion> => {
  const contract = (await loadWorkspace(workspace)).contracts.get(DATASET as never);
  if (contract === undefined) throw new Error('no such dataset');
  return contract.latest;
};

/** The nth change: of one subject after the other, its name counts. */
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

interface Told {
  readonly subject: string;
  readonly round: number;
  readonly at: number;
}
const toldOf = ({ subject, record }: Pick<Change, 'subject' | 'record'>, at: number): Told[] =>
  record === undefined || subject === undefined
    ? []
    : [{ subject, round: Number(/\d+/.exec(String(record['name']))?.[0]), at }];

/** What came for the first time of each subject, in the order in which it came. */
function firsts(told: readonly Told[]): ReadonlyMap<string, readonly number[]> {
  const rounds = new Map<string, number[]>();
  for (const { subject, round } of told) {
    const known = rounds.get(subject) ?? [];
    if (!known.includes(round)) known.push(round);
    rounds.set(subject, known);
  }
  return rounds;
}

function killed(running: City, word: string): boolean {
  const up = runningUp(running.data);
  const [child] = up === undefined ? [] : childrenOf(up.pid, word);
  if (child === undefined) return false;
  process.kill(child, 'SIGKILL');
  return true;
}

async function received(out: string): Promise<readonly Told[]> {
  const text = await readFile(out, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Change & { at: number })
    .flatMap((line) => toldOf(line, line.at));
}

class Receiver {
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
class Poller {
  readonly told: Told[] = [];
  stopped = false;
  deniedAt: number | undefined;
  failures = 0;
  async run(running: City): Promise<void> {
    let desk: Client = await running.as('front-desk');
    let after: string | undefined;
    while (!this.stopped) {
      try {
        const answer = await desk.changes('polled', { wait: 1, ...(after === undefined ? {} : { after }) });
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

async function publishAll(
  producer: Producer,
  version: ContractVersion,
  topic: string,
  each: (n: number) => Promise<void>,
) {
  for (let n = 0; n < CHANGES; n += 10) {
    await producer.send(
      topic,
      Array.from({ length: 10 }, (_, i) => changed(version, n + i)),
    );
    await each(n);
  }
}

void t.test('a thousand changes under kill -9 of gateway and receiver', async (t) => {
  const python = pythonForTest(t, 'cryptography', 'cryptography');
  if (python === undefined) return;
  const version = await versionOf();
  const running = await city(t, { workspace });
  const desk = await running.as('front-desk');
  const asked = { purpose: 'permit-check', datasets: [{ id: DATASET, fields: ['name'] }] };
  await desk.subscribe('polled', { ...asked, way: 'poll', subjects: subjects });
  const sent = await desk.subscribe('sent', { ...asked, way: 'webhook', subjects: subjects });
  const out = join(dir, 'received');
  const receiver = new Receiver(python, { port, ...pair, out, publicKey: sent.publicKey });
  await receiver.start();
  t.teardown(() => receiver.kill());
  const poller = new Poller();
  const polling = poller.run(running);

  const bus = await openBus({ driver: 'embedded', dir: join(running.data, 'bus') });
  t.teardown(() => bus.close());
  const producer = await bus.producer();
  const topic = dataTopic((await loadWorkspace(workspace)).prefix, DATASET);
  const begun = Date.now();
  let kills = 0;
  await publishAll(producer, version, topic, async (n) => {
    if (n % 100 !== 50) return;
    if (n % 200 === 50 && killed(running, 'operate/process/worker.js')) kills++;
    if (n % 400 === 150 && killed(running, 'operate/process/writer.js')) kills++;
    if (n % 300 === 50) {
      await receiver.kill();
      kills++;
      await new Promise((resolve) => setTimeout(resolve, 300));
      await receiver.start();
    }
    await new Promise((resolve) => setTimeout(resolve, 700));
  });
  const whole = (told: readonly Told[]): number => [...firsts(told).values()].reduce((sum, one) => sum + one.length, 0);
  await until(
    'all of them polled',
    async () => whole(poller.told),
    (count) => count === CHANGES,
    90_000,
  );
  await until(
    'all of them received',
    async () => whole(await received(out)),
    (count) => count === CHANGES,
    90_000,
  );
  const took = Date.now() - begun;

  const rounds = Array.from({ length: CHANGES / SUBJECTS }, (_, round) => round);
  for (const [name, told] of [
    ['polled', poller.told],
    ['received', await received(out)],
  ] as const) {
    const bad = [...firsts(told)].filter(([, seen]) => seen.join() !== rounds.join());
    t.strictSame(
      bad,
      [],
      `${name}: each of ${String(CHANGES)} once at least, in order for each of ${String(SUBJECTS)}`,
    );
    t.comment(`${name}: ${String(told.length)} told, ${String(told.length - CHANGES)} of them again`);
  }
  t.equal(receiver.refused, 0, 'each signature was verified');
  t.comment(`${String(kills)} kills, ${String(poller.failures)} failed polls, ${String(took)} ms`);

  await ending(t, { running, poller, producer, version, topic, out });
  poller.stopped = true;
  await polling;
  await running.stop();
  const report = await verifyLog({ logDir: join(running.data, 'log'), dataDir: running.data });
  t.match(report, { ok: true }, report.fault ?? 'the log verifies');
});

interface Ending {
  readonly running: City;
  readonly poller: Poller;
  readonly producer: Producer;
  readonly version: ContractVersion;
  readonly topic: string;
  readonly out: string;
}

/** The grant ends while changes go on. */
async function ending(t: Test, { poller, producer, version, topic, out }: Ending): Promise<void> {
  let n = CHANGES;
  let going = true;
  const publishing = (async () => {
    while (going) {
      await producer.send(topic, [changed(version, n++)]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  const count = async (): Promise<number> => (await received(out)).length;
  const before = await count();
  await until('some more', count, (now) => now > before + 10);
  const endedAt = Date.now();
  await change(GRANT, { status: 'suspended' });
  await until(
    'that it is denied',
    async () => poller.deniedAt,
    (at) => at !== undefined,
  );
  // as many again are published after the five seconds as came in them
  await new Promise((resolve) => setTimeout(resolve, 8000));
  going = false;
  await publishing;
  const last = Math.max(...[...poller.told, ...(await received(out))].map(({ at }) => at));
  t.ok(last - endedAt < 5000, `nothing is told ${String(last - endedAt)} ms after the end of the grant`);
  t.comment(`the last change left ${String(last - endedAt)} ms after the end of the grant, of ${String(n)} published`);
}

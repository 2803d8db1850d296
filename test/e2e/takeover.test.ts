/**
 * Two process groups that elect who sequences their log: the one that does is stopped and continued, then killed for
 * good with its disk. The other takes over each time within half a minute, and nobody signs a second tree.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runningUp } from '../../gateway/ground/files/places.js';
import { PostgresState } from '../../gateway/ground/state/postgres/state.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { parseCheckpoint } from '../../gateway/log/proof/checkpoint.js';
import { treeRoot } from '../../gateway/log/proof/merkle.js';
import { parseNote } from '../../gateway/log/proof/note.js';
import { tileNodes } from '../../gateway/log/proof/tiles.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { replicaFiles } from '../log/replicas.js';
import { freePorts } from '../support/servers/ports.js';
import { postgresForTest } from '../support/servers/postgres.js';
import { stateForTest } from '../support/servers/state.js';
import { childrenOf } from '../tools/bench/servers.js';
import { ask, until } from './ask.js';
import { type City, city, cli } from './city.js';

t.setTimeout(300_000);

/** ms within which another one sequences, in the words of the house. */
const WITHIN = 30_000;

interface Health {
  readonly ready: boolean;
  readonly warnings: readonly string[];
  readonly replicas?: {
    readonly election?: {
      readonly standing: string;
      readonly reason?: string;
      readonly copies: readonly { readonly state: string }[];
    };
  };
}

const BODY = { purpose: 'permit-check', subject: 'uscc:91990101MAEXA0001X', datasets: [{ id: 'office.shops' }] };
const health = async (at: City): Promise<Health> => (await (await fetch(`${at.health}/health/ready`)).json()) as Health;
const standing = async (at: City): Promise<string | undefined> => (await health(at)).replicas?.election?.standing;

async function answered(t: Test, at: City): Promise<string> {
  const { status, text } = await ask(at.api, at.pki, 'front-desk', { method: 'POST', path: '/v1/query', body: BODY });
  t.equal(status, 200, text.slice(0, 300));
  const { receipt } = JSON.parse(text) as { receipt: { readonly journal: string; readonly seq: number } };
  return `${receipt.journal}:${receipt.seq}`;
}

const isLogged = async (at: City, id: string): Promise<boolean> => {
  const { text } = await ask(at.api, at.pki, 'front-desk', { path: `/v1/receipts/${id}` });
  return (JSON.parse(text) as { readonly state: string }).state === 'logged';
};

async function logged(at: City, ids: readonly string[]): Promise<void> {
  for (const id of ids)
    await until(
      `the receipt ${id}`,
      () => isLogged(at, id),
      (yes) => yes,
      WITHIN,
    );
}

/** The group and all below it. */
const tree = (pid: number): readonly number[] => [pid, ...childrenOf(pid, '')];
function signal(pid: number, name: NodeJS.Signals): void {
  for (const one of tree(pid)) process.kill(one, name);
}

const noteAt = (data: string): Buffer => readFileSync(join(auditLayout(data).log, 'checkpoint'));
/** Whether a checkpoint is of the log of a folder, or of its beginning. */
function isOf(note: Buffer, data: string): boolean {
  const { size, root } = parseCheckpoint(parseNote(note).text);
  const whole = parseCheckpoint(parseNote(noteAt(data)).text).size;
  const read = (path: string): Buffer | undefined => {
    const file = join(auditLayout(data).log, path);
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  return size <= whole && treeRoot(size, tileNodes(whole, read)).equals(root);
}

/** What one shows is the log of the other; it may be shown by who stands by a moment before who sequences has it in place. */
async function sameLog(shown: City, other: City): Promise<void> {
  const note = noteAt(shown.data);
  await until(
    'what it publishes to be the one log',
    async () => isOf(note, other.data),
    (found) => found,
  );
}

interface Member {
  readonly name: string;
  readonly at: City;
  readonly pid: number;
}

interface Pair {
  readonly members: readonly [Member, Member];
  /** Replicas that had the newest run when it was reserved. */
  holders(): Promise<readonly string[]>;
}

async function pair(t: Test): Promise<Pair | undefined> {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return undefined;
  const { server, user, passwords, schema } = await stateForTest(t, postgres);
  const store = new PostgresState({ server, schema, user });
  t.teardown(() => store.close());
  const dir = t.testdir();
  const workspace = join(dir, 'office');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  writeFileSync(join(dir, 'password'), passwords.user, { mode: 0o600 });
  writeFileSync(join(dir, 'installation'), randomBytes(32).toString('hex'), { mode: 0o600 });
  const { hostname, port, pathname } = new URL(postgres.url);
  const file = join(workspace, 'yitong.json');
  const state = {
    driver: 'postgres',
    servers: [`${hostname}:${port}`],
    database: pathname.slice(1),
    schema,
    user,
    passwordFile: join(dir, 'password'),
    installationKeyFile: join(dir, 'installation'),
    tls: false,
  };
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), state }));
  const names = ['east', 'west'] as const;
  const ports = await freePorts(2);
  const all = Object.fromEntries(
    names.map((name, i) => [
      name,
      { url: `https://127.0.0.1:${String(ports[i])}`, spiffe: `spiffe://log.test/replica/${name}` },
    ]),
  );
  const started: Member[] = [];
  for (const [i, name] of names.entries()) {
    const { replicaCert, replicaKey, replicaCa } = await replicaFiles(join(dir, 'pki'), name);
    const at = await city(t, {
      workspace,
      data: join(dir, `data-${name}`),
      env: {
        YITONG_GATEWAY_WORKERS: '1',
        YITONG_AUDIT_TAKEOVER: 'automatic',
        YITONG_AUDIT_REPLICA: name,
        YITONG_AUDIT_REPLICAS: JSON.stringify(all),
        YITONG_AUDIT_REPLICA_PORT: String(ports[i]),
        YITONG_AUDIT_REPLICA_CERT: replicaCert,
        YITONG_AUDIT_REPLICA_KEY: replicaKey,
        YITONG_AUDIT_REPLICA_CA: replicaCa,
      },
    });
    started.push({ name, at, pid: runningUp(at.data)?.pid ?? Number.NaN });
  }
  return {
    members: started as unknown as readonly [Member, Member],
    async holders() {
      const head = await store.document('log', 'head');
      return (head?.body as { readonly copies?: readonly string[] } | undefined)?.copies ?? [];
    },
  };
}

void t.test('whichever is left goes on with the log', async (t) => {
  const both = await pair(t);
  if (both === undefined) return;
  const { members, holders } = both;
  const [east, west] = members;
  /** What is reserved next goes to both. Until a run did, the log may have gone on while the other was brought what it lacked. */
  const whole = (at: City): Promise<unknown> =>
    until(
      'the copy to be whole',
      async () => {
        await ask(at.api, at.pki, 'front-desk', { method: 'POST', path: '/v1/query', body: BODY });
        return { held: (await holders()).length, copies: (await health(at)).replicas?.election?.copies };
      },
      ({ held, copies }) => held === 2 && copies?.every(({ state }) => state === 'kept') === true,
    );
  const first = await until(
    'one that sequences and one that stands by',
    async () => {
      const found = [await standing(east.at), await standing(west.at)];
      return found.includes('stands_by') ? [east, west].find((_, i) => found[i] === 'sequences') : undefined;
    },
    (one) => one !== undefined,
  );
  if (first === undefined) return;
  const second = first === east ? west : east;
  const receipts = [await answered(t, east.at), await answered(t, west.at), await answered(t, second.at)];
  for (const { at } of [first, second]) await logged(at, receipts);
  await whole(first.at);

  await t.test('one that is stopped is followed by the other, and signs nothing when it goes on', async (t) => {
    signal(first.pid, 'SIGSTOP');
    const at = Date.now();
    await until(
      'the other to sequence',
      () => standing(second.at),
      (found) => found === 'sequences',
      WITHIN,
    );
    t.comment(`${String(Date.now() - at)} ms after the stop`);
    receipts.push(await answered(t, second.at));
    await logged(second.at, receipts);
    const before = parseCheckpoint(parseNote(noteAt(first.at.data)).text);
    signal(first.pid, 'SIGCONT');
    await until(
      'it to stand by',
      () => standing(first.at),
      (found) => found === 'stands_by',
    );
    await sameLog(first.at, second.at);
    t.ok(parseCheckpoint(parseNote(noteAt(second.at.data)).text).size > before.size);
    receipts.push(await answered(t, first.at));
    await logged(second.at, receipts);
    await logged(first.at, receipts);
    await sameLog(first.at, second.at);
  });

  await t.test('one that is killed for good, with its disk, is followed by the other', async (t) => {
    await whole(second.at);
    const last = noteAt(second.at.data);
    signal(second.pid, 'SIGKILL');
    const at = Date.now();
    rmSync(second.at.data, { recursive: true, force: true });
    await until(
      'the other to sequence',
      () => standing(first.at),
      (found) => found === 'sequences',
      WITHIN,
    );
    t.comment(`${String(Date.now() - at)} ms after the kill`);
    receipts.push(await answered(t, first.at));
    await logged(first.at, receipts);
    t.ok(isOf(last, first.at.data), 'the log goes on from what was published');
    const figures = await (await fetch(`${first.at.health}/metrics`)).text();
    t.match(figures, /yitong_task_age_seconds\{task="sequencer-lease"\} \d/);
  });
  await first.at.stop();
  const report = await verifyLog({ logDir: auditLayout(first.at.data).log, dataDir: first.at.data });
  t.match(report, { ok: true, declaredMissing: 0 }, report.fault ?? '');
});

/**
 * Two process groups, one log: answers from both are in it, also after the one that does not sequence was killed; each
 * receipt verifies offline.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { replicaFiles } from '../log/replicas.js';
import { freePorts } from '../support/servers/ports.js';
import { ask, until } from './ask.js';
import { type City, city, cli } from './city.js';

t.setTimeout(180_000);

interface Promised {
  readonly journal: string;
  readonly seq: number;
}
interface Health {
  readonly ready: boolean;
  readonly warnings: readonly string[];
  readonly log?: { readonly size: number };
  /** Undefined until the writer has told of them. */
  readonly replicas?: {
    readonly sequencer?: string;
    readonly askedSeconds?: number;
    readonly others: readonly {
      readonly name: string;
      readonly state: string;
      readonly lag: number;
      readonly ageSeconds?: number;
    }[];
  };
}

const BODY = { purpose: 'permit-check', subject: 'uscc:91990101MAEXA0001X', datasets: [{ id: 'office.shops' }] };
const post = (at: City) => ask(at.api, at.pki, 'front-desk', { method: 'POST', path: '/v1/query', body: BODY });
const health = async (at: City): Promise<Health> => (await (await fetch(`${at.health}/health/ready`)).json()) as Health;

async function answered(t: Test, at: City): Promise<{ readonly id: string; readonly text: string }> {
  const { status, text } = await post(at);
  t.equal(status, 200, text.slice(0, 300));
  const { receipt } = JSON.parse(text) as { receipt: Promised };
  return { id: `${receipt.journal}:${receipt.seq}`, text };
}

const receiptAt = async (at: City, id: string): Promise<{ readonly state: string }> =>
  JSON.parse((await ask(at.api, at.pki, 'front-desk', { path: `/v1/receipts/${id}` })).text) as { state: string };

interface Pair {
  readonly start: (name: 'east' | 'west', env?: Readonly<Record<string, string>>) => Promise<City>;
  readonly dir: string;
}

async function pair(t: Test): Promise<Pair> {
  const dir = t.testdir();
  const workspace = join(dir, 'office');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const [east = 0, west = 0] = await freePorts(2);
  const ports = { east, west };
  const files = {
    east: await replicaFiles(join(dir, 'pki'), 'east'),
    west: await replicaFiles(join(dir, 'pki'), 'west'),
  };
  return {
    dir,
    start: (name, env = {}) => {
      const other = name === 'east' ? 'west' : 'east';
      const { replicaCert, replicaKey, replicaCa } = files[name];
      return city(t, {
        workspace,
        data: join(dir, `data-${name}`),
        env: {
          YITONG_AUDIT_REPLICA: name,
          YITONG_AUDIT_REPLICA_PORT: String(ports[name]),
          YITONG_AUDIT_SEQUENCER: String(name === 'west'),
          YITONG_AUDIT_REPLICAS: JSON.stringify({
            [other]: { url: `https://127.0.0.1:${ports[other]}`, spiffe: `spiffe://log.test/replica/${other}` },
          }),
          YITONG_AUDIT_REPLICA_CERT: replicaCert,
          YITONG_AUDIT_REPLICA_KEY: replicaKey,
          YITONG_AUDIT_REPLICA_CA: replicaCa,
          ...env,
        },
      });
    },
  };
}

t.test('one log holds the entries of both, and a receipt of each verifies offline', async (t) => {
  const { dir, start } = await pair(t);
  const west = await start('west');
  const early = await answered(t, west);
  t.same(
    await receiptAt(west, early.id),
    { id: early.id, state: 'not_yet' },
    'nothing is signed before the other replica has agreed',
  );
  let east = await start('east');
  const first = await answered(t, east);
  const ofWest = await answered(t, west);
  for (const [what, at, id] of [
    ['of the sequencer, there', west, ofWest.id],
    ['of the other, there', east, first.id],
    ['of the sequencer, asked of the other', east, ofWest.id],
    ['from before', west, early.id],
  ] as const) {
    await until(
      `a receipt ${what}`,
      () => receiptAt(at, id),
      ({ state }) => state === 'logged',
    );
  }
  const up = await until(
    'both well',
    () => health(west),
    ({ ready, warnings, replicas }) =>
      ready &&
      warnings.length === 0 &&
      replicas?.others.every(({ state, lag }) => state === 'following' && lag === 0) === true,
  );
  t.match(up, { ready: true, replicas: { sequencer: 'west', others: [{ name: 'east', ageSeconds: Number }] } });
  // a writer tells its health twice a second at most: who sequences may be known to it before it is seen there
  const other = await until(
    'the other to say who sequences',
    () => health(east),
    ({ ready, replicas }) => ready && replicas?.sequencer !== undefined,
  );
  t.match(other, { ready: true, replicas: { sequencer: 'west', others: [] } });
  const lag = /yitong_replica_lag_entries\{replica="east"\} 0/;
  const metrics = await until(
    'the metric of what is not copied yet, at nothing',
    async () => (await fetch(`${west.health}/metrics`)).text(),
    (text) => lag.test(text),
  );
  t.match(metrics, lag);
  t.throws(
    () => readFileSync(join(east.data, 'log', 'vkey')),
    'a replica that does not sequence shows no key of a log',
  );

  // killed with answers given that nobody has taken yet
  const last = await answered(t, east);
  process.kill((JSON.parse(readFileSync(join(east.data, 'up.json'), 'utf8')) as { pid: number }).pid, 'SIGKILL');
  await until(
    'the alarm',
    () => health(west),
    ({ warnings }) => warnings.some((warning) => /`east` is not followed/.test(warning)),
  );
  t.equal((await post(west)).status, 200, 'the other goes on');
  await until(
    'the end of its processes',
    () =>
      Promise.resolve(readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(`data-east`))),
    (left) => left.length === 0,
  );
  east = await start('east');
  const after = await answered(t, east);
  for (const id of [last.id, after.id])
    await until(
      'a receipt from before and after',
      () => receiptAt(east, id),
      ({ state }) => state === 'logged',
    );

  const vkey = readFileSync(join(west.data, 'log', 'vkey'), 'utf8').trim();
  for (const [name, at, { id, text }] of [
    ['east', east, last],
    ['west', west, ofWest],
  ] as const) {
    const kept = join(dir, `${name}.json`);
    writeFileSync(kept, JSON.stringify(await receiptAt(at, id)));
    t.match(
      execFileSync(process.execPath, [cli, 'audit', 'receipt', '--verify', kept, '--vkey', vkey], { encoding: 'utf8' }),
      /verified: entry \d+/,
      name,
    );
    writeFileSync(kept, text);
    t.match(
      execFileSync(
        process.execPath,
        [cli, 'audit', 'verify', '--log', join(west.data, 'log'), '--vkey', vkey, '--promise', kept],
        { encoding: 'utf8' },
      ),
      /the promise is kept/,
      name,
    );
  }
  await east.stop();
  await west.stop();
  const verified = execFileSync(process.execPath, [cli, 'audit', 'verify', '--data', west.data], { encoding: 'utf8' });
  t.match(verified, /the log .* verifies/);
  t.match(verified, / 0 declared missing/);
});

t.test('with `replicated` no answer is given that a second replica does not hold', async (t) => {
  const { start } = await pair(t);
  const env = { YITONG_AUDIT_DURABILITY: 'replicated', YITONG_AUDIT_REPLICATION_TIMEOUT_MS: '700' };
  const west = await start('west', env);
  const refused = await post(west);
  t.equal(refused.status, 503);
  t.match(JSON.parse(refused.text), { code: 'replication_timeout' });
  t.notMatch(refused.text, 'receipt');
  const east = await start('east', env);
  await until(
    'an answer of the one',
    () => post(west),
    ({ status }) => status === 200,
  );
  // on a busy machine the second copy may come too late more than once: whatever is answered has one
  const { text } = await until(
    'an answer of the other',
    () => post(east),
    ({ status }) => status === 200,
  );
  const { receipt } = JSON.parse(text) as { receipt: Promised };
  t.ok(readdirSync(join(west.data, 'mirrors', 'east')).includes(receipt.journal));
  await east.stop();
  t.match(await post(west), { status: 503 });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

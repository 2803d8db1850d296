/**
 * Damage to the files of a data folder that was in use: each is flipped, cut, emptied and removed, and the gateway is
 * started on what is left. It refuses with what to do, or heals and says so; no record is ever wrong or missing under
 * `current`. The table is in docs/faults.md, "The stores".
 */
import { execFile, spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { rememberLooked, wasLooked } from '../../../connectors/lmdb/looked.js';
import uscc from '../../../contracts/subjects/uscc.js';
import { cli } from '../../e2e/city.js';
import { freePorts } from '../../support/servers/ports.js';
import { type Caller, callerOf } from './caller.js';
import { randomOf } from './random.js';
import { DATASETS, makeWorkspace, PURPOSE } from './workspace.js';

t.setTimeout(600_000);

const COMPANIES = 60;
const ASKED = Array.from({ length: COMPANIES }, (_, n) => n).filter((n) => n % 7 === 0 || n % 5 === 1);
const company = (n: number): string => uscc.make(n);
const stateOf = (n: number): string => `open ${String(n)}`;

type How = 'flipped' | 'cut' | 'emptied' | 'removed';
const ALL: readonly How[] = ['flipped', 'cut', 'emptied', 'removed'];

interface Started {
  /** Undefined where it ended before it was ready. */
  readonly ready: boolean;
  /** What it said on stderr. */
  said(): string;
  stop(): Promise<void>;
}

/** Until it is ready, has ended, or has not come up in time. */
async function start(workspace: string, data: string, within = 40_000): Promise<Started> {
  const child = spawn(process.execPath, [cli, 'gateway', '--workspace', workspace, '--data', data, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const ended = new Promise<boolean>((resolve) => child.once('exit', () => resolve(false)));
  const up = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      words += `${line}\n`;
      if (line.includes('"ready":true')) resolve(true);
    });
  });
  const over = new AbortController();
  const ready = await Promise.race([ended, up, wait(within, false, { signal: over.signal }).catch(() => false)]);
  over.abort();
  return {
    ready,
    said: () => words,
    async stop() {
      child.kill('SIGTERM');
      // a second one ends the time in which it says that it stops
      const again = setTimeout(() => child.kill('SIGTERM'), 200);
      const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
      await ended;
      clearTimeout(again);
      clearTimeout(late);
    },
  };
}

interface Seen {
  readonly status: string;
  readonly states: readonly string[];
}

async function ask(caller: Caller, n: number): Promise<Seen> {
  const { status, text } = await caller.post('/v1/query', {
    subject: `uscc:${company(n)}`,
    purpose: PURPOSE,
    datasets: [{ id: DATASETS.files }],
  });
  if (status !== 200) return { status: String(status), states: [] };
  const [one] = (
    JSON.parse(text) as { datasets: readonly { status: string; records: readonly { record: { state: string } }[] }[] }
  ).datasets;
  return { status: one?.status ?? 'missing', states: (one?.records ?? []).map(({ record }) => record.state) };
}

function damage(file: string, how: How, seed: number): void {
  const bytes = readFileSync(file);
  const random = randomOf(seed, file);
  switch (how) {
    case 'flipped':
      // twelve bits, some of them where records stand
      for (let i = 0; i < 12; i++) {
        const at = random.between(0, bytes.length - 1);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
      }
      for (let n = 0; n < COMPANIES; n += 7) {
        const at = bytes.lastIndexOf(stateOf(n));
        if (at >= 0) bytes[at] = (bytes[at] ?? 0) ^ 1;
      }
      writeFileSync(file, bytes);
      break;
    case 'cut':
      truncateSync(file, Math.floor(bytes.length / 2));
      break;
    case 'emptied':
      truncateSync(file, 0);
      break;
    case 'removed':
      rmSync(file);
      break;
  }
}

t.test('each file of a data folder, flipped, cut, emptied and removed', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'yitong-damage-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const workspace = join(dir, 'workspace');
  const data = join(dir, 'data');
  const whole = join(dir, 'whole');
  const [api = 0, people = 0, health = 0] = await freePorts(3);
  await makeWorkspace({
    dir: workspace,
    prefix: 'damage',
    ports: { api, people, health },
    apiUrl: 'http://127.0.0.1:9',
  });
  const row = (n: number): string => `${company(n)},1,${stateOf(n)},${String(n)},`;
  writeFileSync(
    join(workspace, 'inbox', '2026-01-01.csv'),
    `uscc,number,state,amount,note\n${Array.from({ length: COMPANIES }, (_, n) => row(n)).join('\n')}\nnobody,1,open,1,\n`,
  );
  const caller = await callerOf(`https://127.0.0.1:${String(api)}`, join(workspace, 'pki'), 'asker');
  t.teardown(() => caller.close());

  const first = await start(workspace, data);
  t.ok(first.ready, first.ready ? 'it starts' : first.said().slice(-2000));
  // exit 1: one row of it is in quarantine
  await promisify(execFile)(process.execPath, [
    cli,
    'connector',
    DATASETS.files,
    '--once',
    '--workspace',
    workspace,
    '--data',
    data,
    '--json',
  ]).catch(() => undefined);
  const settled = async (): Promise<Seen> => {
    let seen = await ask(caller, 3);
    for (
      const until = Date.now() + 30_000;
      seen.status !== 'current' && Date.now() < until;
      seen = await ask(caller, 3)
    )
      await wait(200);
    return seen;
  };
  t.strictSame(await settled(), { status: 'current', states: [stateOf(3)] });
  await first.stop();
  cpSync(data, whole, { recursive: true });

  const again = (): void => {
    rmSync(data, { recursive: true, force: true });
    cpSync(whole, data, { recursive: true });
  };

  /** Starts on what is left, asks about every company, and says what came of it. */
  async function outcome(
    t: Test,
    all = false,
  ): Promise<{ readonly refused: boolean; readonly said: string; readonly current: number }> {
    const group = await start(workspace, data);
    try {
      if (!group.ready) return { refused: true, said: group.said(), current: 0 };
      let current = 0;
      const wrong: string[] = [];
      const until = Date.now() + (all ? 40_000 : 3000);
      do {
        current = 0;
        for (const n of ASKED) {
          const { status, states } = await ask(caller, n);
          if (status !== 'current') continue;
          current += 1;
          if (states.length !== 1 || states[0] !== stateOf(n)) wrong.push(`${String(n)}: ${JSON.stringify(states)}`);
        }
      } while (current < ASKED.length && wrong.length === 0 && Date.now() < until);
      t.strictSame(wrong, [], 'nothing wrong or missing under `current`');
      return { refused: false, said: group.said(), current };
    } finally {
      await group.stop();
      caller.close();
    }
  }
  const refuses = async (t: Test, what: RegExp): Promise<void> => {
    const { refused, said } = await outcome(t);
    t.ok(refused, 'it does not start');
    t.match(said, what);
    t.match(said, /put .* back from a backup/, 'and says what to do');
  };

  for (const how of ALL) {
    await t.test(`bus/data.mdb ${how}`, async (t) => {
      again();
      damage(join(data, 'bus', 'data.mdb'), how, 3);
      if (how !== 'flipped') return refuses(t, /the embedded bus is damaged/);
      const { refused, said } = await outcome(t);
      if (refused) t.match(said, /the embedded bus is damaged/);
      else t.pass('the view has what the bus had; what it lacks is not said to be current');
    });
    if (how === 'flipped')
      await t.test(`bus/data.mdb ${how}, and no view that has it already`, async (t) => {
        again();
        damage(join(data, 'bus', 'data.mdb'), how, 5);
        rmSync(join(data, 'view'), { recursive: true });
        const { refused, said, current } = await outcome(t);
        if (refused) t.match(said, /the embedded bus is damaged/);
        else {
          t.equal(current, 0, 'of no company');
          t.match(said, /damaged/);
        }
      });
    await t.test(`view/view.mdb ${how}`, async (t) => {
      again();
      damage(join(data, 'view', 'view.mdb'), how, 7);
      const { refused, said, current } = await outcome(t, true);
      t.notOk(refused, refused ? said.slice(-1500) : 'it starts');
      t.equal(current, ASKED.length, 'and has it all again');
      if (how === 'flipped' || how === 'cut') t.match(said, /the view is damaged/);
    });
  }
  await t.test('view/view.mdb flipped by a disk that decays, which its times do not show', async (t) => {
    again();
    const file = join(data, 'view', 'view.mdb');
    damage(file, 'flipped', 7);
    // as it is remembered where nothing has touched it since it was looked at
    rememberLooked(file);
    const group = await start(workspace, data);
    try {
      t.ok(group.ready, group.ready ? 'it starts' : group.said().slice(-1500));
      const wrong: string[] = [];
      let current = 0;
      const all = (): boolean => current === ASKED.length && /the view is damaged/.test(group.said());
      for (const until = Date.now() + 60_000; !all() && wrong.length === 0 && Date.now() < until; ) {
        current = 0;
        for (const n of ASKED) {
          const { status, states } = await ask(caller, n);
          if (status !== 'current') continue;
          current += 1;
          if (states.length !== 1 || states[0] !== stateOf(n)) wrong.push(`${String(n)}: ${JSON.stringify(states)}`);
        }
      }
      t.strictSame(wrong, [], 'nothing wrong or missing under `current`, before it is found and after');
      t.match(group.said(), /the view is damaged/, 'it is found');
      t.equal(current, ASKED.length, 'and all is there again');
    } finally {
      await group.stop();
      caller.close();
    }
    t.ok(wasLooked(file), 'the new one is remembered, for it was closed in order');
  });
  for (const how of ['cut', 'emptied', 'removed'] as const)
    await t.test(`state/store ${how}`, async (t) => {
      again();
      damage(join(data, 'state', 'store'), how, 11);
      await refuses(t, /the store of the state is damaged/);
    });
  // each file and damage: audit/keys-damage
  for (const [file, how] of [
    ['subjects', 'removed'],
    ['secret', 'flipped'],
    ['halves', 'cut'],
  ] as const) {
    await t.test(`audit/keys/${file} ${how}`, async (t) => {
      again();
      damage(join(data, 'audit', 'keys', file), how, 9);
      await refuses(t, /keys of subjects are damaged or lost/);
    });
  }
  await t.test('audit/keys/halves flipped', async (t) => {
    again();
    damage(join(data, 'audit', 'keys', 'halves'), 'flipped', 9);
    // those of the subjects that it hit are refused, the others are answered
    const { refused, current } = await outcome(t);
    t.notOk(refused);
    t.ok(current > 0 && current < ASKED.length, `${String(current)} of ${String(ASKED.length)} are answered`);
  });
  await t.test('the folder of the keys removed', async (t) => {
    again();
    rmSync(join(data, 'audit', 'keys'), { recursive: true });
    await refuses(t, /keys of subjects are damaged or lost/);
  });

  /** A command that needs the store; answering goes on without it. */
  const runs = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      cli,
      ...args,
      '--workspace',
      workspace,
      '--data',
      data,
      '--json',
    ]).catch((error: { stdout: string; stderr: string }) => error);
    return `${stdout}${stderr}`;
  };
  for (const how of ALL) {
    for (const file of how === 'flipped' || how === 'removed'
      ? ['connectors/data.mdb']
      : ['connectors/data.mdb', `quarantine/${DATASETS.files}.mdb`]) {
      await t.test(`${file} ${how}`, async (t) => {
        again();
        damage(join(data, ...file.split('/')), how, 13);
        const said = await runs('connector', DATASETS.files, '--once');
        if (how === 'flipped' && !/store_damaged/.test(said)) {
          // where no page of it was hit that a run needs, everything is published again or is there
          await outcome(t);
          return;
        }
        t.match(said, /store_damaged|damaged/);
        t.match(said, /back from a backup/);
        t.equal((await outcome(t, true)).current, ASKED.length, 'everything is answered meanwhile');
      });
    }
  }
  t.ok(readdirSync(whole).length > 3);
});

/**
 * What replicas share, in a backup and back: nothing is lost or changed, nothing comes twice, and of what is no whole
 * dump nothing at all is there.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import type { Change, State } from '../../../gateway/ground/state/port.js';
import { dumpState, loadState } from '../../../gateway/ground/state/postgres/dump.js';
import { Pool } from '../../../gateway/ground/state/postgres/pool.js';
import { PostgresState } from '../../../gateway/ground/state/postgres/state.js';
import { secretIn } from '../../../gateway/ground/state/secret.js';
import { destroySharedKey, sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { cli } from '../../e2e/city.js';
import type { Ended } from '../../e2e/command.js';
import { fill } from '../../log/filled.js';
import { postgresForTest, type TestPostgres } from '../../support/servers/postgres.js';
import { stateForTest, type TestState } from '../../support/servers/state.js';

t.setTimeout(240_000);

interface Opened {
  readonly postgres: TestPostgres;
  readonly made: TestState;
  readonly state: PostgresState;
}

async function opened(t: Test): Promise<Opened | undefined> {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return undefined;
  const made = await stateForTest(t, postgres);
  const state = new PostgresState({ server: made.server, schema: made.schema, user: made.user });
  t.teardown(() => state.close());
  return { postgres, made, state };
}

const STREAMS = ['ticket/1', 'ticket/2', 'a stream with \u{1F42B} and "quotes"'];
const KINDS = ['paper', 'list'];

/** More than a page of each, with texts that are easily spoilt. */
async function filled(state: State): Promise<void> {
  const text = (i: number): string => `line ${String(i)}\n\\ \u2028 "x" 一通 ${'y'.repeat(i % 50)}`;
  for (let i = 0; i < 1300; i += 100) {
    const changes: Change[] = Array.from({ length: 100 }, (_, n): Change => {
      const at = i + n;
      return {
        do: 'put',
        kind: KINDS[at % 2] ?? '',
        id: `id ${String(at)}`,
        links: [`by/${String(at % 7)}`, 'all'],
        ...(at % 3 === 0 ? { owner: `person ${String(at % 5)}` } : {}),
        ...(at % 11 === 0 ? { until: 9_000_000_000_000 + at } : {}),
        body: { text: text(at), large: 2 ** 53 - 1 - at, nothing: null },
      };
    });
    await state.commit([
      ...changes,
      { do: 'append', stream: STREAMS[(i / 100) % 3] ?? '', events: [text(i), { i }] },
      { do: 'count', counter: `c/${String(i)}`, by: i - 500, ...(i % 200 === 0 ? { until: 9_000_000_000_000 } : {}) },
      { do: 'set', set: `s/${String(i % 300)}`, put: { [`m ${String(i)}`]: { i } } },
      {
        do: 'send',
        topic: 'news',
        key: String(i),
        value: Buffer.from(text(i)).toString('base64'),
        headers: { a: 'b' },
      },
    ]);
  }
  await state.commit([{ do: 'remove', kind: 'paper', id: 'id 2' }]);
  await state.lease('one', 'me', 60_000);
}

/** All that the port gives out. */
async function everything(state: State): Promise<object> {
  const pages = async (kind: string, query: object): Promise<readonly unknown[]> => {
    const all: unknown[] = [];
    let after: string | undefined;
    do {
      const page = await state.documents(kind, { ...query, limit: 300, ...(after === undefined ? {} : { after }) });
      all.push(...page.documents);
      after = page.next;
    } while (after !== undefined);
    return all;
  };
  return {
    streams: await Promise.all(STREAMS.map((stream) => state.events(stream))),
    documents: await Promise.all(
      KINDS.flatMap((kind) => [
        pages(kind, {}),
        pages(kind, { link: 'by/3' }),
        pages(kind, { owner: 'person 3', descending: true }),
      ]),
    ),
    counters: [...(await state.counters(''))],
    sets: await Promise.all(
      [0, 100, 200].map(async (i) => {
        const { version, members } = await state.set(`s/${String(i)}`);
        return [version, [...members].sort()];
      }),
    ),
    outbox: await state.outbox(1000),
  };
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

t.test('what was dumped is what is there again, and what comes after it is newer than all of it', async (t) => {
  const [here, there] = [await opened(t), await opened(t)];
  if (here === undefined || there === undefined) return;
  await filled(here.state);
  const user = new Pool(here.made.server);
  const owner = new Pool(there.made.owner);
  t.teardown(() => Promise.all([user.close(), owner.close()]));
  const lines: string[] = [];
  const before = await everything(here.state);
  t.equal(await dumpState(user, here.made.schema, (line) => void lines.push(line)), await here.state.revision());
  t.ok(lines.length > 3000);

  for (const [what, damaged] of [
    ['cut off', lines.slice(0, -1)],
    ['with a line missing', [...lines.slice(0, 40), ...lines.slice(41)]],
    ['with something behind its end', [...lines, lines[1] ?? '']],
    ['of another kind', ['{"format":2,"version":1,"revision":1}', ...lines.slice(1)]],
    ['that is none', ['hello']],
    ['that is empty', []],
  ] as const) {
    await t.rejects(loadState(owner, there.made.schema, each(damaged)), { code: 'bad_request' }, what);
    t.equal(await there.state.revision(), 0, `nothing of one ${what} is there`);
    t.same((await there.state.documents('paper')).documents, []);
  }

  const watched = await there.state.revision();
  t.equal(await loadState(owner, there.made.schema, each(lines)), lines.length - 2);
  t.strictSame(await everything(there.state), before);
  t.equal((await there.state.changes(watched)).lost, true, 'whoever watched reads anew');
  t.equal((await there.state.changes(await here.state.revision())).lost, true, 'also who watched the lost one');
  const { revision } = await there.state.commit([{ do: 'put', kind: 'paper', id: 'id 2', body: 'again' }]);
  t.ok(revision > (await here.state.revision()) + 1_000_000, 'no version comes twice');
  const lease = await there.state.lease('one', 'another', 1000);
  t.ok((lease?.token ?? 0) > 1_000_000, 'and no holder from before is let in');
  await t.rejects(loadState(owner, there.made.schema, each(lines)), { code: 'state_conflict' });
});

t.test('a dump is of one moment, whatever is committed meanwhile', async (t) => {
  const here = await opened(t);
  if (here === undefined) return;
  const { state, made } = here;
  await state.commit(
    Array.from({ length: 900 }, (_, i): Change => ({ do: 'put', kind: 'account', id: `a${String(i)}`, body: 100 })),
  );
  const user = new Pool(made.server);
  t.teardown(() => user.close());
  let going = true;
  let moved = 0;
  const moving = (async () => {
    for (let i = 0; going; i++) {
      const [from, to] = [(i * 7) % 900, (i * 13 + 450) % 900];
      if (from === to) continue;
      const found = await state.documentsById('account', [`a${String(from)}`, `a${String(to)}`]);
      await state.commit(
        found.map(({ kind, id, version, body }): Change => {
          const amount = (body as number) + (id === `a${String(from)}` ? -1 : 1);
          return { do: 'put', kind, id, version, body: amount };
        }),
      );
      moved++;
    }
  })();
  const dumps: number[] = [];
  while (dumps.length < 5 || moved < 20) {
    let sum = 0;
    await dumpState(user, made.schema, async (line) => {
      const { table, row } = JSON.parse(line) as { readonly table?: string; readonly row?: { readonly body: string } };
      if (table === 'documents') sum += Number(row?.body);
      if (sum % 5000 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    });
    dumps.push(sum);
  }
  going = false;
  await moving;
  t.same([...new Set(dumps)], [90_000]);
});

t.test('a backup holds what replicas share, and what was erased since does not come back with it', async (t) => {
  const [here, there] = [await opened(t), await opened(t)];
  if (here === undefined || there === undefined) return;
  const dir = t.testdir();
  const command = ({ made, postgres }: Opened, ...args: string[]): Promise<Ended> => {
    const { hostname, port, pathname } = new URL(postgres.url);
    const [password, ownerPassword] = [join(dir, `${made.user}`), join(dir, `${made.owner.user}`)];
    writeFileSync(password, made.passwords.user, { mode: 0o600 });
    writeFileSync(ownerPassword, made.passwords.owner, { mode: 0o600 });
    const env = {
      ...process.env,
      YITONG_STATE_DRIVER: 'postgres',
      YITONG_STATE_SERVERS: JSON.stringify([`${hostname}:${port}`]),
      YITONG_STATE_TLS: 'false',
      YITONG_STATE_DATABASE: pathname.slice(1),
      YITONG_STATE_SCHEMA: made.schema,
      YITONG_STATE_USER: made.user,
      YITONG_STATE_PASSWORD_FILE: password,
      YITONG_STATE_OWNER: made.owner.user,
      YITONG_STATE_OWNER_PASSWORD_FILE: ownerPassword,
    };
    return promisify(execFile)(process.execPath, [cli, ...args, '--json'], { env, maxBuffer: 64 << 20 }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (failed: Ended) => failed,
    );
  };
  const data = join(dir, 'data');
  await fill(data, 20);
  await secretIn(here.state, 'subjects');
  const keys = await sharedSealingKeys(here.state);
  const [one, other] = [await keys.secretOf('person:1'), await keys.secretOf('person:2')];
  const older = await command(here, 'backup', join(dir, 'older'), '--data', data);
  t.equal(older.code, 0, older.stderr);
  t.match(JSON.parse(older.stdout), { complete: true });
  await destroySharedKey(here.state, 'person:1');
  t.equal((await command(here, 'backup', join(dir, 'newer'), '--data', data)).code, 0);
  t.equal((await command(here, 'backup', '--check', join(dir, 'older'))).code, 0);

  const loaded = await command(there, 'state', 'load', join(dir, 'older'), '--erasures', join(dir, 'newer'));
  t.equal(loaded.code, 0, loaded.stderr);
  const back = await sharedSealingKeys(there.state);
  t.equal(await back.find('person:1'), undefined);
  t.equal(await back.byPseudonym(one.pseudonym), undefined);
  t.strictSame((await back.find('person:2'))?.key.export(), other.key.export());
  t.match(await command(there, 'state', 'load', join(dir, 'older')), { code: 2, stderr: /holds a state already/ });

  const restored = join(dir, 'restored');
  t.equal((await command(there, 'restore', join(dir, 'newer'), '--data', restored, '--no-newer', 'a test')).code, 0);
  t.throws(() => readFileSync(join(restored, 'shared/state.ndjson')), 'it is no part of a data folder');

  const away = { ...here, postgres: { ...here.postgres, url: 'postgres://u:p@127.0.0.1:1/none' } };
  const without = await command(away, 'backup', join(dir, 'without'), '--data', data);
  t.equal(without.code, 1, without.stderr);
  t.match(JSON.parse(without.stdout), { complete: false, missing: String });
  t.match(await command(there, 'state', 'load', join(dir, 'without')), {
    code: 2,
    stderr: /nothing that replicas share/,
  });
  t.equal((await command(here, 'backup', '--check', join(dir, 'without'))).code, 0, 'what it has is whole');
});

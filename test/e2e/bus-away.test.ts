/**
 * A gateway whose Kafka is not there, goes away and comes back: it answers, says so, and loses nothing that it
 * accepted.
 */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { runningUp } from '../../gateway/ground/files/places.js';
import { startBroker } from '../support/servers/broker.js';
import { kafkaForTest } from '../support/servers/kafka.js';
import { childrenOf } from '../tools/bench/servers.js';
import { ask, until } from './ask.js';
import { type City, city, cli } from './city.js';

t.setTimeout(180_000);
const DATASET = 'office.shops';
const KEY = uscc.make(7);

interface Ready {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

if (kafkaForTest(t) !== undefined) {
  void t.test('a bus that is absent, lost and back', async (t) => {
    const broker = await startBroker(t);
    const dir = t.testdir();
    const workspace = join(dir, 'city');
    execFileSync(process.execPath, [cli, 'init', workspace]);
    const bus = {
      driver: 'kafka',
      brokers: [broker.addresses['PLAINTEXT']],
      clientId: 'away',
      groupId: 'away',
      replication: 1,
      minInsyncReplicas: 1,
      spool: { maxBytes: 5000, afterMs: 500 },
    };
    const file = join(workspace, 'yitong.json');
    await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), bus }));
    await writeFile(
      join(workspace, `connectors/feeds/office/shops.json`),
      JSON.stringify({ source: { kind: 'http-push' }, schedule: 'push' }),
    );
    const data = join(dir, 'data');
    let running: City;
    const start = async (): Promise<void> => {
      running = await city(t, { workspace, data });
    };
    let pushes = 0;
    const push = async (
      seats = pushes,
      extra = {},
    ): Promise<{ readonly status: number; readonly text: string; readonly retry: unknown }> => {
      const value = { uscc: KEY, name: '晨光面馆', district: '东湖区', openedOn: '2024-03-18', seats, ...extra };
      const body = { sourceTime: new Date().toISOString(), records: [{ position: `p${pushes++}`, value }] };
      const { status, text, headers } = await ask(running.api, running.pki, 'front-desk', {
        method: 'POST',
        path: `/v1/datasets/${DATASET}/records`,
        body,
      });
      return { status, text, retry: headers['retry-after'] };
    };
    const look = async (): Promise<{
      readonly status: string;
      readonly records: readonly { readonly provenance: { readonly version: string } }[];
    }> => {
      const { text } = await ask(running.api, running.pki, 'front-desk', {
        method: 'POST',
        path: '/v1/query',
        body: { purpose: 'permit-check', subject: `uscc:${KEY}`, datasets: [{ id: DATASET }] },
      });
      const [answer] = (
        JSON.parse(text) as { datasets: { status: string; records: { provenance: { version: string } }[] }[] }
      ).datasets;
      if (answer === undefined) throw new Error(text);
      return answer;
    };
    const health = async (): Promise<Ready> => (await (await fetch(`${running.health}/health/ready`)).json()) as Ready;
    const forwarded = (): Promise<unknown> =>
      until('nothing waits', health, ({ ready, warnings }) => ready && warnings.length === 0, 60_000);

    await t.test('it starts without a bus, says why it knows nothing, and takes what is pushed', async (t) => {
      await broker.stop();
      await start();
      t.match(await until('a reason', health, ({ reasons }) => reasons.length > 0), {
        ready: false,
        reasons: [/the bus is away.*bus_unavailable/],
      });
      t.match(await look(), { status: 'never-loaded', records: [] });
      t.match(await push(), { status: 202, text: /"spooled"/ });
      const before = Date.now();
      t.match(await push(), { status: 202 });
      t.ok(Date.now() - before < 1500, 'the second does not try a bus that others wait for');
      t.match(
        await push(1, { seats: 'x' }),
        { status: 202, text: /"quarantined"/ },
        'a contract is a contract, also without a bus',
      );
      t.match((await until('word of the spool', health, ({ warnings }) => warnings.length > 0)).warnings, [
        /wait for the bus since/,
      ]);
      const { text } = await fetch(`${running.health}/metrics`).then(async (response) => ({
        text: await response.text(),
      }));
      t.match(text, /yitong_spool_records [1-9]/);
    });

    await t.test('when it comes, what waited is published and seen', async (t) => {
      await broker.start();
      const started = Date.now();
      const seen = await until(
        'the record',
        look,
        ({ status, records }) => status === 'current' && records.length === 1,
        60_000,
      );
      t.comment(`seen ${Date.now() - started} ms after the broker answered`);
      t.equal(seen.records.length, 1);
      await forwarded();
      t.match(await push(), { status: 200, text: /"published"/ });
    });

    await t.test(
      'lost while running: queries go on, and a whole group that is killed meanwhile loses nothing',
      async (t) => {
        await broker.stop('SIGKILL');
        t.match(await push(100), { status: 202 });
        t.equal((await look()).records.length, 1, 'what is known is answered');
        const away = await until(
          'word of the bus',
          health,
          ({ warnings }) => warnings.some((one) => one.includes('the bus is away')),
          60_000,
        );
        t.ok(away.ready, 'a replica that has a view serves on');
        t.match(await push(101), { status: 202 });
        const up = runningUp(data);
        if (up === undefined) throw new Error('up does not run');
        const children = ['writer', 'worker', 'feeds'].flatMap((word) => childrenOf(up.pid, word));
        for (const pid of [up.pid, ...children]) process.kill(pid, 'SIGKILL');
        await start();
        t.match(await push(102), { status: 202 });
        await broker.start();
        const started = Date.now();
        await forwarded();
        t.comment(`all forwarded ${Date.now() - started} ms after the broker answered`);
        t.match(await push(102), { status: 200, text: /"unchanged"/ }, 'the newest of what was spooled is what counts');
      },
    );

    await t.test('a full spool says so, and when to come again', async (t) => {
      await broker.stop('SIGKILL');
      let last = await push(200);
      for (let n = 201; last.status === 202 && n < 400; n++) last = await push(n);
      t.match(last, { status: 503, text: /spool_full/, retry: '30' });
      await broker.start();
      await forwarded();
      t.match(await push(1), { status: 200, text: /"published"/ });
    });
  });
}

/**
 * Replicas that share their state on PostgreSQL: what is suspended at one is refused at the other within five seconds;
 * while the server is away queries go on, and what was suspended stays so.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { shareSuspensions } from '../../gateway/answer/inforce/shared-suspensions.js';
import { PostgresState } from '../../gateway/ground/state/postgres/state.js';
import { cuttingProxy } from '../support/servers/cutting-proxy.js';
import { postgresForTest } from '../support/servers/postgres.js';
import { stateForTest } from '../support/servers/state.js';
import { ask, until } from './ask.js';
import { city, cli } from './city.js';

t.setTimeout(200_000);

const GRANT = 'front-desk-shops';
const SHOP = 'uscc:91990101MAEXA0001X';

t.test('what one replica suspends, the other refuses, with the server of both or without it', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const { schema, user, server, passwords } = await stateForTest(t, postgres);
  const { hostname, port, pathname } = new URL(postgres.url);
  let proxy = await cuttingProxy(hostname, Number(port));
  const { port: way } = proxy;
  const dir = t.testdir({ password: passwords.user, other: {} });
  const workspace = join(dir, 'workspace');
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const town = await city(t, {
    workspace,
    env: {
      YITONG_STATE_DRIVER: 'postgres',
      YITONG_STATE_SERVERS: JSON.stringify([`127.0.0.1:${way}`]),
      YITONG_STATE_TLS: 'false',
      YITONG_STATE_DATABASE: pathname.slice(1),
      YITONG_STATE_SCHEMA: schema,
      YITONG_STATE_USER: user,
      YITONG_STATE_PASSWORD_FILE: join(dir, 'password'),
    },
  });
  const status = async (): Promise<string> => {
    const { text } = await ask(town.api, town.pki, 'front-desk', {
      method: 'POST',
      path: '/v1/query',
      body: { purpose: 'permit-check', subject: SHOP, datasets: [{ id: 'office.shops' }] },
    });
    return (
      (JSON.parse(text) as { readonly datasets?: readonly { readonly status: string }[] }).datasets?.[0]?.status ?? text
    );
  };
  const metric = async (name: string): Promise<string> =>
    (await (await fetch(`${town.health}/metrics`)).text())
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`))
      .join();
  t.equal(await status(), 'current');
  t.match(await metric('yitong_state_up'), / 1$/);

  // another replica, with a data folder of its own
  const state = new PostgresState({ server, schema, user });
  const shared = shareSuspensions(state, join(dir, 'other'), () => undefined);
  t.teardown(async () => {
    await shared.stop();
    await state.close();
  });
  await shared.change((grants) =>
    grants.set(GRANT, { at: new Date().toISOString(), by: 'sharing-authority', reason: 'too much', entry: 'w1:1' }),
  );
  const since = Date.now();
  await until('the refusal', status, (seen) => seen === 'denied', 30_000);
  t.comment(`refused at the other replica after ${Date.now() - since} ms`);

  await proxy.close();
  await until(
    'the metric says so',
    () => metric('yitong_state_up'),
    (seen) => / 0$/.test(seen),
  );
  await until(
    'the warning',
    async () => await (await fetch(`${town.health}/health/ready`)).text(),
    (seen) => seen.includes('the state does not answer'),
  );
  t.equal(await status(), 'denied', 'what was known stays in force');
  await shared.change((grants) => grants.clear());
  t.equal(await status(), 'denied');

  proxy = await cuttingProxy(hostname, Number(port), way);
  t.teardown(() => proxy.close());
  await until('resumed once the server is back', status, (seen) => seen === 'current');
  await until(
    'the metric',
    () => metric('yitong_state_up'),
    (seen) => / 1$/.test(seen),
  );
  await town.stop();
});

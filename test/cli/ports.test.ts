/**
 * A port that is taken is found before anything is loaded: one that nobody named is given up for the next, one that
 * somebody named is refused.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { choosePorts, namedPorts, refusalOf } from '../../gateway/operate/process/ports.js';
import { cli } from '../e2e/city.js';

/** A port that something listens on. */
async function taken(t: Test): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}
const at = (port: number, peoplePort: number, healthPort: number) => ({
  host: '127.0.0.1',
  port,
  peopleHost: '127.0.0.1',
  peoplePort,
  healthHost: '127.0.0.1',
  healthPort,
});

t.test('what nobody named moves, all three together', async (t) => {
  const port = await taken(t);
  const { flags, taken: found } = await choosePorts(at(port, 0, 0), new Set(), true);
  t.same(found, [{ key: 'port', port }]);
  t.same(Object.keys(flags), ['port'], 'one that takes any port does not move');
  t.not(flags.port, port);
  t.equal(await refusalOf('127.0.0.1', flags.port ?? port), undefined, 'and is free');
  t.ok(flags.port === 0 || ((flags.port ?? 0) - port) % 10 === 0, 'in steps that are remembered');
});

t.test('what somebody named is refused, in a message that says what to set', async (t) => {
  const port = await taken(t);
  const refused = {
    code: 'port_taken',
    message:
      `the people's port ${String(port)} of 127.0.0.1 is taken by another program; stop what uses it, or name ` +
      `another: \`gateway.peoplePort\` in yitong.json, or \`YITONG_GATEWAY_PEOPLE_PORT\`, or \`--port\``,
  };
  await t.rejects(choosePorts(at(0, port, 0), new Set(['peoplePort']), true), refused);
  await t.rejects(
    choosePorts(at(0, port, 0), new Set(), false),
    { code: 'port_taken' },
    'a gateway never takes another',
  );
  t.same(await choosePorts(at(0, 0, 0), new Set(['port']), false), { flags: {}, taken: [] });
  await t.rejects(
    choosePorts({ ...at(0, 0, 1), healthHost: '192.0.2.1' }, new Set(), true),
    { message: /the health port 1 of 192\.0\.2\.1 is on an address that this machine does not have/ },
    'another number would not help',
  );
});

t.test('`up` and `gateway` say so before they load anything or make keys', async (t) => {
  const port = await taken(t);
  const dir = t.testdir();
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [cli, ...args], {
      cwd: dir,
      encoding: 'utf8',
      env: {
        ...process.env,
        YITONG_GATEWAY_SERVER_CERT: 'c.pem',
        YITONG_GATEWAY_SERVER_KEY: 'k.pem',
        YITONG_GATEWAY_HEALTH_PORT: '0',
      },
    });
  t.equal(run('init', 'city').status, 0);
  const asked = run('up', '--workspace', 'city', '--port', String(port));
  t.match(asked, {
    status: 2,
    stdout: '',
    stderr: `the mTLS port ${String(port)} of 127.0.0.1 is taken by another program; stop what uses it`,
  });
  t.match(asked.stderr, /^[^\n]+\[port_taken\]\n$/, 'one line');
  t.notOk(existsSync(join(dir, 'city', '.yitong', 'data', 'pki')), 'no key was made');
  writeFileSync(
    join(dir, 'city', 'yitong.json'),
    JSON.stringify({
      ...(JSON.parse(readFileSync(join(dir, 'city', 'yitong.json'), 'utf8')) as object),
      gateway: { port, peoplePort: 0 },
    }),
  );
  t.match(run('gateway', '--workspace', 'city'), { status: 2, stderr: /\[port_taken\]\n$/ });
});

t.test('named are ports of yitong.json, of the environment and of the command line', (t) => {
  t.same([...namedPorts({ port: 1 }, {}, {})], ['port']);
  t.same([...namedPorts(undefined, { YITONG_GATEWAY_PEOPLE_PORT: '2' }, {})], ['peoplePort']);
  t.same([...namedPorts({ workers: 2 }, { YITONG_GATEWAY_WORKERS: '2' }, { healthPort: 0 })], ['healthPort']);
  t.same([...namedPorts({}, {}, {})], []);
  t.end();
});

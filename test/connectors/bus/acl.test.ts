/** `yitong bus acl` against the standard authorizer: a department's topics are written by that department only. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type Acl, aclText, compareAcls, openAcls } from '../../../connectors/bus/kafka/acl.js';
import { type KafkaOptions, openKafkaBus } from '../../../connectors/bus/kafka/bus.js';
import { type Bus, controlSpec } from '../../../connectors/bus/port.js';
import { rightsOf } from '../../../connectors/bus/rights.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { cli } from '../../e2e/city.js';
import { collect, record, rejectsWith } from '../../support/conformance/bus.js';
import { kafkaForTest } from '../../support/servers/kafka.js';
import { secureBroker } from '../../support/servers/secure-broker.js';

t.setTimeout(120_000);

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
const run = (...args: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [cli, ...args], (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });

async function settle(workspace: string, acl: object): Promise<void> {
  const file = join(workspace, 'yitong.json');
  await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), acl }));
}
async function office(t: Test, acl: object): Promise<string> {
  const dir = join(t.testdir(), 'city');
  await run('init', dir);
  await settle(dir, acl);
  return dir;
}

t.test('the commands say who may do what, and nobody else anything', async (t) => {
  const workspace = await office(t, { principals: { office: ["User:O'Hara"] }, gateway: ['User:gw1', 'User:gw2'] });
  const { code, out } = await run('bus', 'acl', '--workspace', workspace);
  t.equal(code, 0);
  t.match(out, `--allow-principal 'User:O'\\''Hara' --operation Write`);
  const { acls } = JSON.parse((await run('bus', 'acl', '--json', '--workspace', workspace)).out) as {
    acls: { principal: string; operation: string; name: string }[];
  };
  t.strictSame(
    [...new Set(acls.filter(({ operation }) => operation === 'Write').map(({ principal }) => principal))],
    ["User:O'Hara"],
  );
  t.ok(acls.some(({ principal, operation }) => principal === 'User:gw2' && operation === 'Read'));
});

t.test('settings that mean nothing are refused by name', async (t) => {
  const workspace = await office(t, {});
  for (const [acl, said] of [
    [{ authorities: {} }, /unknown key `authorities`/],
    [{ authority: 'User:all' }, /acl|authority/],
    [{ reads: { office: ['office.nothing'] } }, /`office\.nothing`/],
    [{ principals: { ofice: ['User:x'] } }, /`ofice`/],
  ] as const) {
    await settle(workspace, acl);
    const { code, err } = await run('bus', 'acl', '--workspace', workspace);
    t.equal(code, 2);
    t.match(err, said);
  }
});

t.test('a right of others that reaches our topics is found, also by a wider pattern', async (t) => {
  const workspace = await loadWorkspace(await office(t, {}));
  const rights = rightsOf({ workspace, settings: {}, groupId: 'gw', pushed: new Set() });
  const other = {
    principal: 'User:x',
    permission: 'Allow',
    operation: 'Write',
    host: '*',
    resource: 'topic',
    pattern: 'literal',
  };
  const { prefix } = workspace;
  const found = [`${prefix}.office.shops`, `${prefix}x.a.b`, '*'].map((name) => ({ ...other, name }));
  const wide = { ...other, name: prefix.slice(0, 3), pattern: 'prefixed' };
  const { surplus, wider, missing } = compareAcls(
    rights,
    [...found, wide, { ...other, name: `${prefix}.`, pattern: 'prefixed' }],
    prefix,
  );
  t.strictSame(
    surplus.map(({ name }) => name),
    [`${prefix}.office.shops`, `${prefix}.`],
  );
  t.strictSame(
    wider.map(({ name }) => name),
    ['*', prefix.slice(0, 3)],
  );
  t.equal(missing.length, rights.length);
});

t.test('an authority reads its steps of cases and writes its acts, the gateway the other way round', async (t) => {
  const workspace = await loadWorkspace(await office(t, {}));
  const settings = { principals: { fire: ['User:fire'] } };
  const rights = rightsOf({ workspace, settings, groupId: 'gw', pushed: new Set(), caseTopics: ['fire'] });
  const of = (who: string): readonly string[] =>
    rights
      .filter(({ principal, name }) => principal === who && (name.includes('.fire._') || name === 'fire.'))
      .map(({ operation, resource, name }) => `${operation} ${resource} ${name.slice(name.indexOf('fire'))}`);
  t.strictSame(of('User:fire'), [
    'Read topic fire._steps',
    'Read topic fire._sharing',
    'Write topic fire._acts',
    'Read group fire.',
  ]);
  t.strictSame(
    of('User:CN=gateway').filter((right) => /^(Read|Write)/.test(right)),
    ['Write topic fire._steps', 'Write topic fire._sharing', 'Read topic fire._acts'],
  );
  t.throws(() => rightsOf({ workspace, settings, groupId: 'gw', pushed: new Set() }), { code: 'bad_config' });
});

t.test('the gateway writes the topic of a client, and that client alone reads it', async (t) => {
  const dir = await office(t, { clients: { 'front-desk': ['User:desk'] } });
  const file = join(dir, 'policies/clients/front-desk.json');
  const content = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...content, topic: 'desk.changes' }));
  const { code, out } = await run('bus', 'acl', '--json', '--workspace', dir);
  t.equal(code, 0);
  const { acls } = JSON.parse(out) as {
    acls: { principal: string; operation: string; resource: string; name: string }[];
  };
  t.strictSame(
    acls
      .filter(({ name }) => ['desk.changes', 'front-desk.'].includes(name))
      .map(({ principal, operation, resource, name }) => `${principal} ${operation} ${resource} ${name}`),
    [
      'User:CN=gateway Write topic desk.changes',
      'User:desk Read topic desk.changes',
      'User:desk Read group front-desk.',
    ],
  );
  const { prefix } = await loadWorkspace(dir);
  await writeFile(file, JSON.stringify({ ...content, topic: `${prefix}.office.shops` }));
  const refused = await run('bus', 'acl', '--workspace', dir);
  t.equal(refused.code, 2, 'a topic of a register is nobody’s own');
  t.match(refused.err, /does not begin with/);
});

if (kafkaForTest(t) !== undefined) {
  void t.test('with the ACLs set, a foreign write is refused', async (t) => {
    const broker = await secureBroker(t, []);
    const workspace = await office(t, {});
    const admin = join(workspace, 'admin.json');
    await writeFile(admin, JSON.stringify({ driver: 'kafka', ...broker.admin() }));
    const command = (...args: readonly string[]): Promise<Ran> =>
      run('bus', 'acl', '--workspace', workspace, '--admin', admin, ...args);
    const { prefix } = await loadWorkspace(workspace);
    const spec = { topic: `${prefix}.office.shops`, partitions: 1, history: 'full' } as const;
    const open = async (name: string, more: Partial<KafkaOptions> = {}): Promise<Bus> => {
      const bus = await openKafkaBus({ ...(await broker.certificate(name)), ...more });
      t.teardown(() => bus.close());
      return bus;
    };
    const [office_, fire, gateway] = [
      await open('office'),
      await open('fire'),
      await open('gateway', { groupId: prefix }),
    ];

    t.equal((await command('--check')).code, 1, 'nothing is set yet');
    await rejectsWith(t, 'bus_denied', office_.ensureTopics([spec]));
    const set = await command('--apply');
    t.equal(set.code, 0, set.out + set.err);
    t.equal((await command('--check')).code, 0);

    await t.test('its authority makes its topics and writes to them', async () => {
      await office_.ensureTopics([spec, controlSpec(prefix, 'office')]);
      await (await office_.producer()).send(spec.topic, [record('uscc:A', 'own')]);
    });
    await t.test('another authority can neither write nor read nor make a topic there', async (t) => {
      const producer = await fire.producer();
      const before = Date.now();
      await rejectsWith(t, 'bus_denied', producer.send(spec.topic, [record('uscc:A', 'foreign')]));
      t.ok(Date.now() - before < 1500, 'it is not tried again and again');
      await rejectsWith(
        t,
        'bus_denied',
        collect(fire, [spec.topic], () => true),
      );
      await rejectsWith(t, 'bus_denied', fire.ensureTopics([{ ...spec, topic: `${prefix}.office.other` }]));
    });
    await t.test('the gateway reads and does not write', async (t) => {
      t.strictSame(
        (await collect(gateway, [spec.topic], (got) => got.length === 1)).map(({ value }) => String(value)),
        ['own'],
      );
      await rejectsWith(t, 'bus_denied', (await gateway.producer()).send(spec.topic, [record('uscc:A', 'x')]));
    });
    await t.test('what somebody else was allowed is found, and removed when that is said', async (t) => {
      const foreign: Acl = {
        principal: 'User:CN=fire',
        permission: 'Allow',
        operation: 'Write',
        host: '*',
        resource: 'topic',
        name: spec.topic,
        pattern: 'literal',
      };
      const acls = openAcls(broker.admin());
      await acls.add([foreign]);
      // the broker that is asked hears of it a moment later
      while (!(await acls.list()).some((acl) => aclText(acl) === aclText(foreign))) await pause(50);
      const found = await command('--check');
      t.equal(found.code, 1);
      t.match(found.out, `surplus  User:CN=fire Write topic ${spec.topic}`);
      const asked = await command('--prune');
      t.equal(asked.code, 2, 'nobody is there to be asked');
      t.match(asked.err, '--yes');
      t.equal((await command('--prune', '--yes')).code, 0);
      await rejectsWith(t, 'bus_denied', (await fire.producer()).send(spec.topic, [record('uscc:A', 'foreign')]));
    });
    await t.test('who may not alter the cluster is told so', async (t) => {
      const weak = join(workspace, 'weak.json');
      await writeFile(weak, JSON.stringify({ driver: 'kafka', ...(await broker.certificate('office')) }));
      const { code, err } = await run('bus', 'acl', '--apply', '--workspace', workspace, '--admin', weak);
      t.equal(code, 2);
      t.match(err, 'bus_denied');
    });
  });
}

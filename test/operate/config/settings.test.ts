/**
 * Configuration from yitong.json and the environment: what an operator sets counts, and what nobody knows is refused.
 */
import { chmodSync, statSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { shape } from '../../../contracts/validate.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { namesBus, readBusSettings } from '../../../gateway/ground/config/bus.js';
import { configurationSchema, readSettings, settingsTable, workersFor } from '../../../gateway/ground/config/index.js';
import { keptFromOthers, mayClose, openToOthers } from '../../../gateway/ground/files/private-file.js';

const place = { file: 'yitong.json' };
const kafka = {
  driver: 'kafka',
  brokers: ['one:9092'],
  clientId: 'y',
  replication: 3,
  minInsyncReplicas: 2,
  groupId: 'city',
};

t.test('the environment counts more than yitong.json, key by key', async (t) => {
  const env = { YITONG_GATEWAY_PORT: '9443', YITONG_AUDIT_SEQUENCER: 'false' };
  const { gateway, audit } = readSettings({ gateway: { port: 1, workers: 3 } }, place, env);
  t.match(
    { port: gateway.port, workers: gateway.workers, sequencer: audit.sequencer },
    { port: 9443, workers: 3, sequencer: false },
  );
});

t.test('where nobody says how many workers there are, the machine says it, and the writer keeps a core', async (t) => {
  t.strictSame([1, 2, 3, 8, 64].map(workersFor), [1, 1, 2, 7, 8]);
  t.equal(readSettings({}, place, {}).gateway.workers, workersFor(availableParallelism()));
});

t.test('a bus may come from the environment alone, or change one key of yitong.json', async (t) => {
  const env = Object.fromEntries(
    Object.entries(kafka).map(([key, value]) => [
      `YITONG_BUS_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
  t.ok(namesBus(undefined, env));
  t.notOk(namesBus(undefined, {}));
  t.strictSame(readBusSettings(undefined, place, env), kafka);
  t.match(readBusSettings(kafka, place, { YITONG_BUS_BROKERS: '["two:9092"]' }), {
    brokers: ['two:9092'],
    groupId: 'city',
  });
});

t.test('what is wrong in the environment names its variable, and all that a bus lacks is said at once', (t) => {
  t.throws(() => readBusSettings(undefined, place, { YITONG_BUS_DRIVER: 'kafka', YITONG_BUS_CLIENT_ID: 'city' }), {
    code: 'bad_config',
    message:
      '`bus.brokers` (`YITONG_BUS_BROKERS`), `bus.replication` (`YITONG_BUS_REPLICATION`), ' +
      '`bus.minInsyncReplicas` (`YITONG_BUS_MIN_INSYNC_REPLICAS`), `bus.groupId` (`YITONG_BUS_GROUP_ID`) are ' +
      'not set, in yitong.json or in the environment',
  });
  t.throws(() => readBusSettings(undefined, place, { YITONG_BUS_BROKERS: '["one:9092"]' }), {
    message: '`bus.driver` (`YITONG_BUS_DRIVER`) is not set, in yitong.json or in the environment',
  });
  t.throws(() => readBusSettings(kafka, place, { YITONG_BUS_BROKERS: 'one:9092' }), {
    code: 'bad_config',
    message: '`YITONG_BUS_BROKERS` must be array; it is written as JSON',
  });
  t.throws(() => readBusSettings(kafka, place, { YITONG_BUS_BROKERS: '["one"]' }), {
    message: /^`YITONG_BUS_BROKERS` must match pattern/,
  });
  t.throws(() => readBusSettings(kafka, place, { YITONG_BUS_DRIVER: 'kafak' }), {
    message: '`YITONG_BUS_DRIVER` must be one of `embedded`, `kafka`',
  });
  t.throws(
    () => readBusSettings({ ...kafka, brokers: 'one' }, place, {}),
    { message: '`brokers` must be array', extra: { place } },
    'and what stands in the file names the file',
  );
  t.throws(
    () => readSettings({}, place, { YITONG_GATEWAY_PORT: 'https' }),
    { message: '`YITONG_GATEWAY_PORT` must be integer' },
    'so of each section',
  );
  t.throws(() => readSettings({ gateway: { port: 1 } }, place, { YITONG_GATEWAY_PORT: '70000' }), {
    message: /^`YITONG_GATEWAY_PORT` must be <= 65535$/,
  });
  t.end();
});

t.test('a key that nobody knows is refused, wherever it stands', async (t) => {
  t.throws(() => readSettings({ gateway: { prot: 1 } }, place, {}), { code: 'bad_config' });
  t.throws(() => readSettings({}, place, { YITONG_GATEWAY_PROT: '1' }), { code: 'bad_config' });
  t.throws(() => readSettings({}, place, { YITONG_BUS_BROKER: '["x:1"]' }), { code: 'bad_config' });
  t.throws(() => readBusSettings({ ...kafka, broker: 'x' }, place, {}), { code: 'bad_config' });
  t.throws(() => readSettings({}, place, { YITONG_GATEWAY_PORT: 'https' }), { code: 'bad_config' });
});

t.test('each section that the environment knows may stand in yitong.json', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'yitong-settings-'));
  const sections = [...new Set(settingsTable().map(({ section }) => section))];
  t.ok(sections.includes('people'));
  await writeFile(
    join(dir, 'yitong.json'),
    JSON.stringify({
      name: { zh: '试', en: 'trial' },
      prefix: 'trial',
      ...Object.fromEntries(sections.map((name) => [name, {}])),
    }),
  );
  const { settings } = await loadWorkspace(dir);
  t.strictSame(Object.keys(settings).sort(), sections.sort());
});

t.test('every setting says more than its key, and its default is one that it accepts', async (t) => {
  const wordsOf = (text: string): string[] =>
    text
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter((word) => word.length > 2 && word !== 'the' && word !== 'its');
  const meanings = new Map<string, string>();
  for (const { section, key, meaning, default: preset, schema } of settingsTable()) {
    const name = `${section}.${key}`;
    const own = new Set(wordsOf(key));
    t.ok(
      wordsOf(meaning).some((word) => !own.has(word)),
      `${name}: \`${meaning}\` tells an operator what the key does not`,
    );
    const inSection = `${section}: ${meaning}`;
    t.equal(meanings.get(inSection), undefined, `${name} means something else than each other setting of its section`);
    meanings.set(inSection, name);
    if (preset === undefined) continue;
    const check = shape<unknown>({ type: 'object', properties: { [key]: schema } }, 'bad_config');
    t.doesNotThrow(() => check({ [key]: preset }, place), `${name} accepts its default`);
  }
});

t.test(
  'replicas with the same settings but their name have one sequencer, and one that is not declared does not start',
  (t) => {
    const others = Object.fromEntries(
      ['city-0', 'city-1', 'city-2'].map((name) => [
        name,
        { url: `https://${name}.city:8446`, spiffe: `spiffe://city.example/${name}` },
      ]),
    );
    const env = { YITONG_AUDIT_REPLICAS: JSON.stringify(others), YITONG_AUDIT_SEQUENCER_REPLICA: 'city-1' };
    const as = (replica: string, more: Readonly<Record<string, string>> = {}) =>
      readSettings({}, place, { ...env, ...more, YITONG_AUDIT_REPLICA: replica }).audit;
    const all = Object.keys(others).map((name) => as(name));
    t.strictSame(
      all.map(({ sequencer }) => sequencer),
      [false, true, false],
    );
    t.strictSame(
      all.map(({ replicas }) => Object.keys(replicas)),
      [
        ['city-1', 'city-2'],
        ['city-0', 'city-2'],
        ['city-0', 'city-1'],
      ],
    );
    t.throws(() => as('city-3'), { code: 'bad_config' }, 'scaled beyond what is declared');
    t.throws(
      () => as('city-0', { YITONG_AUDIT_SEQUENCER_REPLICA: 'city-9' }),
      { code: 'bad_config' },
      'nobody would sequence',
    );
    t.match(
      readSettings({ audit: { sequencerReplica: 'main' } }, place, {}).audit,
      { sequencer: true, replicas: {} },
      'one alone need not name itself',
    );
    t.throws(() => readSettings({ audit: { sequencerReplica: 'other' } }, place, {}), { code: 'bad_config' });
    t.end();
  },
);

t.test('the JSON schema of the configuration knows each setting, and refuses what readSettings refuses', (t) => {
  const { properties } = configurationSchema() as { properties: Readonly<Record<string, { properties: object }>> };
  t.strictSame(
    Object.entries(properties).flatMap(([section, { properties: keys }]) =>
      Object.keys(keys).map((key) => `${section}.${key}`),
    ),
    settingsTable()
      .filter(({ variable }) => variable !== undefined)
      .map(({ section, key }) => `${section}.${key}`),
  );
  const check = shape<unknown>(configurationSchema(), 'bad_config');
  t.doesNotThrow(() => check({ gateway: { workers: 2 }, audit: { required: 1 } }, place));
  for (const wrong of [{ gateway: { prot: 1 } }, { gateway: { workers: '2' } }, { gatewey: {} }])
    t.throws(() => check(wrong, place), { code: 'bad_config' });
  t.end();
});

t.test('a key is kept from others by its mode, or by root for our group', (t) => {
  const ours = [65532];
  const file = (mode: number, uid: number, gid: number) => keptFromOthers({ mode, uid, gid }, ours);
  t.ok(file(0o100600, 1000, 1000));
  t.ok(file(0o100400, 0, 0));
  t.ok(file(0o100440, 0, 65532), 'as Kubernetes mounts a Secret');
  for (const [mode, uid, gid, what] of [
    [0o640, 1000, 65532, 'an owner who is not root gave it to the group'],
    [0o440, 0, 100, 'the group is not ours'],
    [0o440, 0, 0, 'the group of root'],
    [0o460, 0, 65532, 'the group writes'],
    [0o444, 0, 65532, 'all can read it'],
  ] as const)
    t.notOk(file(mode, uid, gid), what);
  t.end();
});

t.test(
  'a key of ours that was given to our own group is closed again; one that anybody else may have seen is not mended',
  async (t) => {
    const us = { uid: 65532, groups: [65532, 2000] };
    const folder = { mode: 0o42770, uid: 65532, gid: 65532 };
    const closes = (mode: number, uid: number, gid: number, at = folder) => mayClose({ mode, uid, gid }, at, us);
    t.ok(closes(0o100660, 65532, 65532), 'as the kubelet leaves it on a copied volume');
    t.ok(closes(0o100640, 65532, 2000));
    for (const [mode, uid, gid, at, what] of [
      [0o664, 65532, 65532, folder, 'all could read it'],
      [0o660, 65532, 100, folder, 'a group that is not ours could read it'],
      [0o660, 1000, 65532, folder, "it is another's"],
      [0o660, 65532, 65532, { ...folder, uid: 1000 }, "its folder is another's, who may have put it there"],
    ] as const)
      t.notOk(closes(mode, uid, gid, at), what);

    await t.test('of files', async (t) => {
      const heard: string[] = [];
      const listen = ({ message }: Error): void => void heard.push(message);
      process.on('warning', listen);
      t.teardown(() => process.off('warning', listen));
      const file = join(t.testdir({ key: 'x' }), 'key');
      chmodSync(file, 0o660);
      t.equal(openToOthers(file), undefined);
      t.equal(statSync(file).mode & 0o777, 0o600);
      chmodSync(file, 0o604);
      t.match(openToOthers(file), /chmod 600/);
      t.equal(statSync(file).mode & 0o777, 0o604, 'left for who decides whether the key is still one');
      const other = { uid: 65532, groups: [65532] };
      if (process.getuid?.() === 0) t.match(openToOthers(file, other), /belongs to root/);
      await new Promise(setImmediate);
      t.equal(heard.length, 1);
      t.match(heard[0], `${file} was open to group`);
    });
  },
);

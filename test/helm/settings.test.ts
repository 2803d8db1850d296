/** One declaration of the configuration: the chart knows each setting as the gateway reads it, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { type BusSettings, busSettingsSchema } from '../../connectors/bus/open.js';
import { shape } from '../../contracts/validate.js';
import { readBusSettings } from '../../gateway/ground/config/bus.js';
import { readSettings, settingsTable } from '../../gateway/ground/config/index.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { CHART, type Container, helmForTest, judgeForTest, matrix, podsOf } from './chart.js';

const place = { file: 'values.yaml' };
interface Generator {
  readonly OWNED: Readonly<Record<string, readonly string[]>>;
  valuesSchema(): Promise<string>;
}
const generator = (await import(pathToFileURL(join(packageRoot(), 'helm/schema.mjs')).href)) as Generator;

/** What the container's process would see; fields of its pod as of the first replica. */
const environment = (container: Container, pod = 'city-yitong-0'): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (container.env ?? []).flatMap(({ name, value, valueFrom }) =>
      valueFrom?.secretKeyRef === undefined
        ? [[name, valueFrom?.fieldRef?.fieldPath === 'metadata.name' ? pod : (value ?? '').replaceAll('$$(', '$(')]]
        : [],
    ),
  );

t.test('values.schema.json is what `node helm/schema.mjs` makes', async (t) => {
  t.equal(readFileSync(join(CHART, 'values.schema.json'), 'utf8'), await generator.valuesSchema());
});

t.test('every variable that the chart sets is a setting, and what a gateway reads of them is in order', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const known = new Set(settingsTable().map(({ variable }) => variable));
  for (const [name, objects] of Object.entries(judge(await matrix(t, helm)).objects)) {
    for (const { owner, spec } of podsOf(objects)) {
      for (const container of spec.containers) {
        const env = environment(container);
        for (const variable of Object.keys(env)) t.ok(known.has(variable), `${name}: ${variable}`);
        t.equal(
          new Set((container.env ?? []).map((one) => one.name)).size,
          (container.env ?? []).length,
          `${name}: ${container.name} has each variable once`,
        );
        if (container.name === 'witness') continue;
        const bus = readBusSettings(undefined, place, env);
        if (container.name !== 'gateway') continue;
        const replicas = Math.max(1, Object.keys(JSON.parse(env['YITONG_AUDIT_REPLICAS'] ?? '{}') as object).length);
        t.equal(owner.spec['replicas'] ?? replicas, replicas, `${name}: as many as are declared`);
        const all = Array.from(
          { length: replicas },
          (_, i) => readSettings({}, place, environment(container, `${owner.metadata.name}-${String(i)}`)).audit,
        );
        t.equal(all.filter(({ sequencer }) => sequencer).length, 1, `${name}: one sequences`);
        t.strictSame(
          [...new Set(all.map((audit) => Object.keys(audit.replicas).length))],
          [replicas - 1],
          `${name}: each knows all others`,
        );
        t.throws(
          () => readSettings({}, place, environment(container, `${owner.metadata.name}-${String(replicas)}`)),
          { code: 'bad_config' },
          `${name}: one more than declared does not start`,
        );
        t.equal(bus.driver, name.startsWith('one-node') ? 'embedded' : 'kafka', name);
      }
    }
  }
});

t.test('each setting arrives at the gateway as it stands in the values', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const settings = settingsTable().flatMap(({ variable, ...one }) =>
    variable === undefined || one.section === 'bus' || generator.OWNED[one.section]?.includes(one.key) === true
      ? []
      : [{ ...one, variable }],
  );
  const config: Record<string, Record<string, unknown>> = {
    bus: {
      driver: 'kafka',
      brokers: ['k-1:9092', '[fd00::1]:9093'],
      replication: 3,
      minInsyncReplicas: 2,
      spool: { maxBytes: 123_456_789_012 },
      weakTopics: 'warn',
    },
  };
  for (const { section, key, default: value } of settings) (config[section] ??= {})[key] = value;
  // numbers that YAML turns to floating point, text that Kubernetes would expand or YAML would read as something else
  Object.assign(config['audit']!, {
    segmentBytes: 1_073_741_824,
    epoch: 1_000_000_000,
    keep: { query: 'P3Y' },
    origin: 'log.city.example/$(HOME) "a\' : #b',
  });
  // what the machine says where nobody does
  Object.assign(config['gateway']!, { workers: 3 });
  Object.assign(config['people']!, { clientId: 'true', rolesClaim: '0123' });
  delete config['audit']!['keep'];
  const { code, stdout, stderr } = await helm.template({ config, tls: { server: { existingSecret: 's' } } });
  t.equal(code, 0, stderr);
  const [gateway] = podsOf(judge({ x: stdout }).objects['x']!).flatMap(({ spec }) => spec.containers);
  const env = environment(gateway!);
  for (const { section, key, variable } of settings)
    if (config[section]?.[key] !== undefined) t.ok(variable in env, `${section}.${key}`);
  const read = readSettings({}, place, env) as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  for (const [section, keys] of Object.entries(config)) {
    if (section === 'bus' || read[section] === undefined) continue;
    if (section === 'keep') {
      // terms are read into milliseconds
      t.strictSame(read[section], readSettings({ keep: keys }, place, {}).keep, section);
      continue;
    }
    for (const [key, value] of Object.entries(keys)) t.strictSame(read[section][key], value, `${section}.${key}`);
  }
  t.match(readBusSettings(undefined, place, env), {
    ...config['bus'],
    clientId: 'city-yitong-0',
    groupId: 'city-yitong',
  });
});

t.test(
  'every process that loads feeds lets them read what is mounted for them, and what the values declare, and no more',
  async (t) => {
    const helm = helmForTest(t);
    const judge = judgeForTest(t);
    if (helm === undefined || judge === undefined) return;
    const declared = { connectors: { roots: ['/srv/drop', '/inbox'], allowHosts: ['db.example:5432'] } };
    const texts = {
      mounted: (await helm.template({}, { example: 'three-zones' })).stdout,
      declared: (await helm.template({ config: declared }, { example: 'three-zones' })).stdout,
      none: (await helm.template({ connectors: [{ feed: 'a.b' }] }, { example: 'one-node' })).stdout,
    };
    const { objects } = judge(texts);
    const reach = (name: keyof typeof texts): readonly (readonly [unknown, unknown])[] =>
      podsOf(objects[name]!)
        .flatMap(({ spec }) => spec.containers.map((container) => environment(container)))
        .map((env) => [env['YITONG_CONNECTORS_ROOTS'], env['YITONG_CONNECTORS_ALLOW_HOSTS']]);
    t.strictSame(reach('mounted'), Array(3).fill(['["/run/samr","/inbox"]', undefined]));
    t.strictSame(reach('declared'), Array(3).fill(['["/srv/drop","/inbox","/run/samr"]', '["db.example:5432"]']));
    t.strictSame(reach('none'), Array(2).fill([undefined, undefined]));
  },
);

t.test('how a process proves itself to Kafka is what the bus takes', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const check = shape<BusSettings>(busSettingsSchema, 'bad_config');
  const texts = {
    sasl: (await helm.template({}, { example: 'existing-kafka' })).stdout,
    mutual: (await helm.template({}, { example: 'three-zones' })).stdout,
  };
  const of = (name: keyof typeof texts, container: string): BusSettings =>
    check(
      readBusSettings(
        undefined,
        place,
        environment(
          podsOf(objects[name]!)
            .flatMap(({ spec }) => spec.containers)
            .find((one) => one.name === container)!,
        ),
      ),
      place,
    );
  const { objects } = judge(texts);
  t.match(of('sasl', 'gateway'), {
    ssl: { caFile: '/run/yitong/kafka-ca/ca.pem' },
    sasl: { mechanism: 'scram-sha-512', username: 'yitong-gateway', passwordFile: '/run/yitong/kafka-sasl/password' },
    groupId: 'yitong',
  });
  t.match(of('sasl', 'connector'), { sasl: { username: 'samr' }, groupId: 'samr' }, 'a connector is its authority');
  t.match(of('mutual', 'gateway'), {
    ssl: { certFile: '/run/yitong/kafka-client/tls.crt', keyFile: '/run/yitong/kafka-client/tls.key' },
    sasl: undefined,
  });
});

/** What the chart renders is what Kubernetes takes, in its older and newer versions; every example and option of it. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CHART, EXAMPLES, helmForTest, judgeForTest, matrix, OPTIONS, ofKind, podsOf } from './chart.js';

/** Kinds of others, whose schemas Kubernetes does not have. */
const OTHERS = ['Certificate', 'PrometheusRule', 'ServiceMonitor', 'TLSRoute'];

t.test('helm lint has nothing to say', async (t) => {
  const helm = helmForTest(t);
  if (helm === undefined) return;
  t.strictSame(readdirSync(join(CHART, 'examples')).sort(), EXAMPLES.map((name) => `${name}.yaml`).sort());
  for (const example of EXAMPLES) {
    const { code, stdout, stderr } = await helm.lint({}, example);
    t.equal(code, 0, `${example}: ${stdout}${stderr}`);
  }
});

t.test(
  'every example with every option is valid for Kubernetes 1.27, 1.31, 1.34 and 1.37, and names objects once',
  async (t) => {
    const helm = helmForTest(t);
    const judge = judgeForTest(t);
    if (helm === undefined || judge === undefined) return;
    const texts = await matrix(t, helm);
    // a workspace as an image is of 1.31 and newer
    const older = Object.fromEntries(Object.entries(texts).filter(([, text]) => !/^ +image: \{ reference/m.test(text)));
    t.ok(Object.keys(older).length > EXAMPLES.length * 2 && Object.keys(older).length < Object.keys(texts).length);
    const now = judge(texts, ['1.31', '1.34', '1.37']);
    t.strictSame(now.wrong, []);
    t.strictSame(now.unknown, OTHERS);
    t.strictSame(judge(older, ['1.27']).wrong, []);
    for (const [name, objects] of Object.entries(now.objects)) {
      const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      t.strictSame([...new Set(names)], names, name);
      for (const { metadata } of objects) {
        t.ok(metadata.name.length <= 63, `${name}: ${metadata.name}`);
        t.equal(
          metadata.labels?.['app.kubernetes.io/instance'],
          'city',
          `${name}: ${metadata.name} belongs to its release`,
        );
      }
    }
  },
);

t.test(
  'a TLSRoute has the version that the cluster serves, the newest of several; one that serves none is told',
  async (t) => {
    const helm = helmForTest(t);
    const judge = judgeForTest(t);
    if (helm === undefined || judge === undefined) return;
    const group = 'gateway.networking.k8s.io';
    const served = (...versions: readonly string[]): readonly string[] => [
      `${group}/v1`,
      `${group}/v1/Gateway`,
      ...versions.flatMap((version) => [`${group}/${version}`, `${group}/${version}/TLSRoute`]),
    ];
    const route = async (apis: readonly string[], gatewayApi = {}): Promise<string | undefined> => {
      const { code, stdout, stderr } = await helm.template({ gatewayApi }, { example: 'three-zones', apis });
      t.equal(code, 0, stderr);
      return ofKind(judge({ x: stdout }).objects['x']!, 'TLSRoute')[0]?.apiVersion;
    };
    t.equal(await route(served('v1alpha2')), `${group}/v1alpha2`);
    t.equal(await route(served('v1alpha2', 'v1alpha3')), `${group}/v1alpha3`);
    t.equal(await route(served('v1alpha2', 'v1alpha3', 'v1')), `${group}/v1`);
    t.equal(await route([]), `${group}/v1alpha3`, 'no cluster was asked');
    t.equal(await route(served('v1'), { apiVersion: `${group}/v1alpha2` }), `${group}/v1alpha2`, 'what is said counts');
    const none = await helm.template({}, { example: 'three-zones', apis: served() });
    t.not(none.code, 0);
    t.match(none.stderr, /gatewayApi.*TLSRoute/);
  },
);

t.test('with a state that is shared any replica answers, and only the gateway reaches its servers', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const shared = OPTIONS['a state that is shared']!.values;
  const texts = {
    plain: (await helm.template({}, { example: 'three-zones' })).stdout,
    shared: (await helm.template(shared, { example: 'three-zones' })).stdout,
  };
  const { objects } = judge(texts);
  const services = (name: keyof typeof texts): readonly string[] =>
    ofKind(objects[name]!, 'Service').map(({ metadata }) => metadata.name);
  t.ok(services('plain').includes('city-yitong-lead'));
  t.strictSame(
    services('shared'),
    services('plain').filter((name) => name !== 'city-yitong-lead'),
  );
  for (const { owner, labels, spec } of podsOf(objects['shared']!)) {
    const text = JSON.stringify(spec);
    const isGateway = labels['app.kubernetes.io/component'] === 'gateway';
    for (const part of [
      'YITONG_STATE_PASSWORD_FILE',
      'state-password',
      '/run/yitong/state-ca',
      'state-client',
      'state-key',
    ])
      t.equal(text.includes(part), isGateway, `${owner.metadata.name}: ${part}`);
  }
  const reached = ofKind(objects['shared']!, 'NetworkPolicy')
    .filter(({ spec }) => JSON.stringify(spec).includes('10.8.0.0/24'))
    .map(({ metadata, spec }) => [metadata.name, JSON.stringify(spec).includes('"port":6432')]);
  t.strictSame(reached, [['city-yitong-gateway', true]]);
});

t.test('replicas that share the state and elect who sequences are equal: no way leads to one of them', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const { config, ...rest } = OPTIONS['a state that is shared']!.values as { readonly config: object };
  const render = async (audit: object): Promise<string> =>
    (await helm.template({ ...rest, config: { ...config, audit } }, { example: 'three-zones' })).stdout;
  const texts = { chosen: await render({ takeover: 'manual' }), equal: await render({ takeover: 'automatic' }) };
  const { objects, wrong } = judge(texts);
  t.strictSame(wrong, []);
  const leads = (name: keyof typeof texts): readonly string[] =>
    objects[name]!.filter((one) => JSON.stringify(one.spec ?? {}).includes('statefulset.kubernetes.io/pod-name')).map(
      ({ kind, metadata }) => `${kind} ${metadata.name}`,
    );
  t.strictSame(leads('chosen'), ['Service city-yitong-people'], 'where one sequences, pages of the log are there');
  t.strictSame(leads('equal'), []);
  for (const name of ['chosen', 'equal'] as const) {
    const services = ofKind(objects[name]!, 'Service');
    t.notOk(services.some(({ metadata }) => metadata.name === 'city-yitong-lead'));
    t.notOk(texts[name].includes('sessionAffinity'), 'pages and forms are taken by any replica');
    t.equal(texts[name].includes('YITONG_AUDIT_SEQUENCER_REPLICA'), name === 'chosen');
    t.equal(texts[name].includes('YITONG_AUDIT_TAKEOVER'), true);
  }
});

t.test('with a view on servers only the gateway has their secrets and reaches them', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const { stdout } = await helm.template(OPTIONS['a view on servers']!.values, { example: 'three-zones' });
  const { objects } = judge({ served: stdout });
  for (const { owner, labels, spec } of podsOf(objects['served']!)) {
    const text = JSON.stringify(spec);
    const isGateway = labels['app.kubernetes.io/component'] === 'gateway';
    for (const part of [
      'YITONG_VIEW_DRIVER',
      'YITONG_VIEW_SERVERS',
      'YITONG_VIEW_PASSWORD_FILE',
      'view-password',
      '/run/yitong/view-ca',
      'view-client',
    ])
      t.equal(text.includes(part), isGateway, `${owner.metadata.name}: ${part}`);
    t.notOk(text.includes('YITONG_VIEW_INSTALLATION_KEY_FILE') || text.includes('state-password'));
  }
  const reached = ofKind(objects['served']!, 'NetworkPolicy')
    .filter(({ spec }) => JSON.stringify(spec).includes('10.9.0.0/24'))
    .map(({ metadata, spec }) => [
      metadata.name,
      JSON.stringify(spec).includes('"port":6433') && JSON.stringify(spec).includes('"port":5432'),
    ]);
  t.strictSame(reached, [['city-yitong-gateway', true]]);
});

t.test('a house with only a witness, or with connectors alone, installs nothing of a gateway', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const witness = OPTIONS['a house with only a witness']!.values;
  const none = { gateway: { enabled: false } };
  const texts = {
    bare: (await helm.template({ ...none, witness: witness['witness'] as object })).stdout,
    witness: (await helm.template(witness, { example: 'three-zones' })).stdout,
    connectors: (await helm.template({ ...none, gatewayApi: { enabled: false } }, { example: 'three-zones' })).stdout,
  };
  const { objects } = judge(texts);
  const all = (name: keyof typeof texts): readonly string[] =>
    objects[name]!.map(({ kind, metadata }) => `${kind} ${metadata.name.replace('city-yitong', '')}`).sort();
  const own = [
    'ConfigMap -witness',
    'Deployment -witness',
    'NetworkPolicy -deny',
    'NetworkPolicy -witness',
    'PersistentVolumeClaim -witness',
    'Service -witness',
    'Service -witness-health',
    'ServiceAccount ',
  ];
  t.strictSame(all('bare'), own, 'two values are enough');
  t.strictSame(
    all('witness').filter((name) => !/^(?:ServiceMonitor|PrometheusRule|ConfigMap -dashboard)/.test(name)),
    own,
  );
  t.strictSame([...new Set(all('connectors').map((name) => name.split(' ')[0]))].sort(), [
    'ConfigMap',
    'Deployment',
    'NetworkPolicy',
    'PersistentVolumeClaim',
    'PrometheusRule',
    'Service',
    'ServiceAccount',
    'ServiceMonitor',
  ]);
  t.notMatch(all('connectors').join('\n'), /StatefulSet|-lead|-people|-gateway|-pods/);
});

t.test(
  'the pod that restores a volume is valid, keeps to the pod security of the others, and moves what was ' +
    'restored to where the gateway looks',
  (t) => {
    const judge = judgeForTest(t);
    if (judge === undefined) return t.end();
    const text =
      /### Restoring a volume[\s\S]*?```yaml\n([\s\S]*?)```/.exec(
        readFileSync(join(CHART, 'README.md'), 'utf8'),
      )?.[1] ?? '';
    const { objects, wrong } = judge({ text }, ['1.34', '1.37']);
    t.strictSame(wrong, []);
    const { initContainers, containers } = objects['text']![0]!.spec as {
      readonly initContainers: readonly { readonly args: readonly string[] }[];
      readonly containers: readonly { readonly command: readonly string[] }[];
    };
    for (const container of [...initContainers, ...containers])
      t.match(container, {
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      });
    t.match(initContainers[0]?.args, ['restore', String, '--data', '/volume/restored']);
    const volume = t.testdir({ restored: { keys: { 'log.key': 'k' }, log: {} }, 'lost+found': {} });
    const [, ...args] = containers[0]!.command.map((word) => word.replaceAll('/volume/', `${volume}/`));
    t.equal(spawnSync(process.execPath, args, { encoding: 'utf8' }).stderr, '');
    t.strictSame(readdirSync(volume).sort(), ['keys', 'log', 'lost+found']);
    t.equal(readFileSync(join(volume, 'keys', 'log.key'), 'utf8'), 'k');
    t.end();
  },
);

t.test('the schemas of Kubernetes that judge here find what is wrong', (t) => {
  const judge = judgeForTest(t);
  if (judge === undefined) return t.end();
  const service = (spec: string): string => `apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: ${spec}\n`;
  const versions = ['1.34'];
  t.strictSame(judge({ x: service('{ ports: [{ port: 1 }] }') }, versions).wrong, []);
  t.match(judge({ x: service('{ prots: [] }') }, versions).wrong, [/prots/]);
  t.match(judge({ x: service("{ ports: [{ port: '1' }] }") }, versions).wrong, [/port/]);
  t.match(judge({ x: service('{ type: ClusterIP, type: NodePort }') }, versions).wrong, [/twice/]);
  t.end();
});

t.test('Prometheus and Grafana get the files of the chart, whole', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const { stdout } = await helm.template(OPTIONS['everything watched']!.values, { example: 'existing-kafka' });
  const alerts = readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8');
  const dashboard = readFileSync(join(CHART, 'files/dashboard.json'), 'utf8');
  const { objects } = judge({
    rendered: stdout,
    alerts: `apiVersion: x/v1\nkind: Alerts\nmetadata: { name: x }\n${alerts}`,
  });
  const all = objects['rendered']!;
  const { groups } = objects['alerts']![0] as unknown as { readonly groups: readonly unknown[] };
  t.ok(groups.length > 0);
  t.strictSame(ofKind(all, 'PrometheusRule')[0]?.spec['groups'], groups);
  const map = all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.labels?.['grafana_dashboard'] === '1');
  t.strictSame(JSON.parse(map?.data?.['yitong.json'] ?? ''), JSON.parse(dashboard));
});

t.test('a link of an alert leads to where the house serves its manual', async (t) => {
  const helm = helmForTest(t);
  if (helm === undefined) return;
  const served = 'https://wiki.city.example/yitong/operating';
  const { stdout } = await helm.template(
    { monitoring: { prometheusRule: { enabled: true, runbooks: served } } },
    { example: 'existing-kafka' },
  );
  const links = [...stdout.matchAll(/runbook_url: (\S+)#yitong\w+$/gm)].map(([, url]) => url);
  t.ok(links.length > 30);
  t.strictSame(new Set(links), new Set([served]));
});

t.test("feeds with like names have objects of their own, in the gateway's pod as well", async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const long = 'd'.repeat(50);
  const feeds = ['a.b-c', 'a-b.c', `a.${long}-one`, `a.${long}-two`];
  const login = {
    kafka: { sasl: { mechanism: 'scram-sha-512', username: 'a', existingSecret: 'a' } },
    files: [{ mountPath: '/run/a', secret: 'a' }],
  };
  const { stdout: apart } = await helm.template(
    { connectors: feeds.map((feed) => ({ feed, ...login })) },
    { example: 'existing-kafka' },
  );
  const { stdout: together } = await helm.template(
    { connectors: feeds.map((feed) => ({ feed, files: login.files })) },
    { example: 'one-node' },
  );
  const { objects, wrong } = judge({ apart, together }, ['1.34']);
  t.strictSame(wrong, []);
  const deployments = ofKind(objects['apart']!, 'Deployment').map(({ metadata }) => metadata.name);
  t.equal(new Set(deployments).size, feeds.length, deployments.join(' '));
  const [pod] = podsOf(objects['together']!);
  t.equal(new Set(pod?.spec.containers.map(({ name }) => name)).size, feeds.length + 1);
  t.equal(new Set(pod?.spec.volumes.map(({ name }) => name)).size, pod?.spec.volumes.length);
  for (const name of [...deployments, ...(pod?.spec.containers ?? []).map((one) => one.name)])
    t.ok(name.length <= 63, name);
});

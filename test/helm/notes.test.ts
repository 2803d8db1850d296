/** What the operator reads after an install: where things are, and what is not as it should be. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { CHART, type Example, helmForTest, judgeForTest, type Rendering, type Values } from './chart.js';
import { clusterForTest } from './cluster.js';

/** Helm shows notes only after an install, so they are rendered as the content of a ConfigMap. */
function notes(t: Test): ((values: Values, example: Example, more?: Rendering) => Promise<string>) | undefined {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return undefined;
  const chart = join(t.testdir(), 'yitong');
  cpSync(CHART, chart, { recursive: true });
  const file = join(chart, 'templates/NOTES.txt');
  writeFileSync(join(chart, 'templates/_notes.tpl'), `{{- define "notes" }}${readFileSync(file, 'utf8')}{{ end }}`);
  writeFileSync(
    join(chart, 'templates/notes.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: notes }\ndata:\n  text: {{ include "notes" . | toJson }}\n',
  );
  rmSync(file);
  return async (values, example, more = {}) => {
    const { code, stdout, stderr } = await helm.template(values, { ...more, example, chart });
    t.equal(code, 0, stderr);
    return judge({ x: stdout }).objects['x']!.find(({ metadata }) => metadata.name === 'notes')?.data?.['text'] ?? '';
  };
}

const warnings = (text: string): readonly string[] => text.split('\n').filter((line) => line.includes('WARNING'));

t.test('what is missing is said', async (t) => {
  const read = notes(t);
  if (read === undefined) return;
  t.strictSame(warnings(await read({}, 'three-zones')), [], 'a whole install has no warning');
  const told: readonly (readonly [Values, Example, RegExp])[] = [
    [{}, 'one-node', /no witness/],
    [{ config: { audit: { durability: 'replicated' } } }, 'existing-kafka', /two replicas/],
    [{ networkPolicy: { kafka: { to: [] } } }, 'three-zones', /no pod reaches Kafka/],
    [{ networkPolicy: { issuer: { to: [] } } }, 'three-zones', /nobody can sign in/],
    [{ networkPolicy: { witnesses: { to: [] } } }, 'three-zones', /no checkpoint is published/],
    [{ networkPolicy: { enabled: false } }, 'three-zones', /every pod of the cluster/],
    [{ workspace: { path: '/app' } }, 'one-node', /invented/],
  ];
  for (const [values, example, says] of told) t.match(warnings(await read(values, example)).join('\n'), says);
});

t.test('each address that is named is there, and the volume is said not to be on a network', async (t) => {
  const read = notes(t);
  if (read === undefined) return;
  const text = await read({}, 'three-zones');
  for (const part of [
    'city-yitong.gov.svc:8443',
    'city-yitong-lead.gov.svc:8443',
    'city-yitong-people.gov.svc:443',
    'https://data.city.example',
    'data-city-yitong-<n>',
    'never a network file system',
    'city-yitong-0 sequences',
  ])
    t.match(text, part);
  t.match(await read({}, 'one-node'), 'lost with its disk');
  const equal = await read(
    {
      config: { audit: { takeover: 'automatic' }, state: { driver: 'postgres', servers: ['pg'] } },
      state: { password: { existingSecret: 's' }, installationKey: { existingSecret: 'k' } },
    },
    'three-zones',
  );
  t.match(equal, 'which elect who sequences');
  t.notMatch(equal, /-lead/);
});

t.test('without a gateway it speaks of what is there', async (t) => {
  const read = notes(t);
  if (read === undefined) return;
  const witness = { enabled: true, name: 'witness.example/w1', existingSecret: 'key', logs: [{ vkey: 'x' }] };
  const alone = await read({ gateway: { enabled: false }, witness, connectors: [] }, 'one-node');
  t.match(alone, 'city-yitong-witness.gov.svc:8460');
  t.notMatch(alone, /sequences|statefulset|replica/);
  t.match(warnings(alone).join('\n'), /no log reaches it/);
  const feeds = await read({ gateway: { enabled: false }, gatewayApi: { enabled: false } }, 'three-zones');
  t.match(feeds, 'deployment/city-yitong-feed-tax--tax-arrears');
  t.strictSame(warnings(feeds), []);
});

t.test('an image volume that the cluster has dropped is said at the next upgrade', async (t) => {
  const read = notes(t);
  if (read === undefined) return;
  await t.test('a cluster', async (t) => {
    const cluster = await clusterForTest(t);
    const spec = (volume: object) => ({
      replicas: 3,
      template: {
        spec: {
          volumes: [
            { name: 'tmp', emptyDir: {} },
            { name: 'workspace', ...volume },
          ],
        },
      },
    });
    for (const dropped of [{}, { emptyDir: {} }]) {
      cluster.set('city-yitong', spec(dropped));
      t.match(warnings(await read({}, 'three-zones', cluster)).join('\n'), /dropped the image volume.*ImageVolume/);
    }
    for (const there of [
      { image: { reference: 'x' } },
      { persistentVolumeClaim: { claimName: 'city' } },
      { configMap: { name: 'city' } },
    ]) {
      cluster.set('city-yitong', spec(there));
      t.strictSame(warnings(await read({}, 'three-zones', cluster)), []);
    }
  });
});

t.test('with the autoscaler it is said how many replicas stay, and from where that is known', async (t) => {
  const read = notes(t);
  if (read === undefined) return;
  await t.test('a cluster', async (t) => {
    const cluster = await clusterForTest(t);
    const scaled = { replicas: 4, autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 4 } };
    cluster.set('city-yitong', { replicas: 3 });
    const kept = await read(scaled, 'three-zones', cluster);
    t.match(kept, /spec\.replicas stays 3, as the StatefulSet has it/);
    t.strictSame(warnings(kept), []);
    cluster.set('city-yitong', { replicas: 1 });
    t.match(
      warnings(await read(scaled, 'three-zones', cluster)).join('\n'),
      /has 1 replica.*2/,
      'what an older chart took away is given back, and said',
    );
    cluster.set('city-yitong', { replicas: 0 });
    t.match(warnings(await read(scaled, 'three-zones', cluster)).join('\n'), /scaled to 0/);
    cluster.set('city-yitong', undefined);
    t.match(await read(scaled, 'three-zones', cluster), /begins with all 4/);
  });
});

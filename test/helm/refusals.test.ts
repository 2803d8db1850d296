/** What would have gone wrong on a cluster is refused before anything is made, and the refusal names the value. */
import t from 'tap';
import { type Example, helmForTest, type Values } from './chart.js';

const REFUSED: readonly (readonly [what: string, example: Example, values: Values, says: RegExp])[] = [
  ['a key that nobody knows', 'one-node', { replcas: 3 }, /replcas/],
  ['such a key inside', 'one-node', { tls: { server: { secret: 'x' } } }, /secret/],
  ['a setting that nobody knows', 'one-node', { config: { gateway: { prot: 1 } } }, /prot/],
  ['a section that nobody knows', 'one-node', { config: { gatewey: {} } }, /gatewey/],
  ['a setting of the wrong type', 'one-node', { config: { gateway: { workers: '2' } } }, /workers/],
  ['a setting outside its range', 'one-node', { config: { gateway: { workers: 0 } } }, /workers/],
  ['a choice that is none', 'one-node', { config: { audit: { durability: 'maybe' } } }, /durability/],
  ["an address that is the chart's", 'one-node', { config: { gateway: { host: '0.0.0.0' } } }, /host/],
  ['a key file by value', 'one-node', { config: { gateway: { serverKey: '/etc/key' } } }, /serverKey/],
  ['a second sequencer, by list', 'three-zones', { sequencer: [0, 1] }, /sequencer/],
  ['a second sequencer, by setting', 'three-zones', { config: { audit: { sequencer: true } } }, /sequencer/],
  [
    'a second sequencer, by name',
    'three-zones',
    { config: { audit: { sequencerReplica: 'other' } } },
    /sequencerReplica/,
  ],
  ['a sequencer that is not there', 'three-zones', { sequencer: 3 }, /sequencer: there is no replica 3/],
  ['no sequencer', 'three-zones', { sequencer: null }, /sequencer/],
  ['a default taken away', 'one-node', { image: { repository: null } }, /repository/],
  ['replicas on the embedded bus', 'one-node', { replicas: 2 }, /config\.bus\.driver/],
  ['Kafka without brokers', 'one-node', { config: { bus: { driver: 'kafka' } } }, /config\.bus\.brokers/],
  ['a broker that is no address', 'three-zones', { config: { bus: { brokers: ['kafka'] } } }, /brokers/],
  [
    'a second copy where there is one replica',
    'one-node',
    { config: { audit: { durability: 'replicated' } } },
    /durability/,
  ],
  [
    'a server without certificate',
    'one-node',
    { tls: { server: { existingSecret: '' } } },
    /tls\.server\.existingSecret/,
  ],
  ['a certificate too few', 'existing-kafka', { replicas: 3 }, /tls\.replica\.existingSecrets: one for each of the 3/],
  [
    'two replicas with one key',
    'existing-kafka',
    { tls: { replica: { existingSecrets: ['a', 'a'] } } },
    /two replicas with one key/,
  ],
  [
    'replicas that nobody vouches for',
    'existing-kafka',
    { tls: { replica: { ca: { configMap: '' } } } },
    /tls\.replica\.ca/,
  ],
  ['replicas without names', 'existing-kafka', { tls: { replica: { spiffePrefix: '' } } }, /spiffePrefix/],
  ['sign-in without its secret', 'three-zones', { people: { clientSecret: { existingSecret: '' } } }, /clientSecret/],
  ['sign-in that leads nowhere', 'three-zones', { config: { people: { publicUrl: null } } }, /publicUrl/],
  [
    'a state on servers that nobody names',
    'existing-kafka',
    { config: { state: { driver: 'postgres' } }, state: { password: { existingSecret: 's' } } },
    /config\.state\.servers/,
  ],
  [
    'a state without a password',
    'existing-kafka',
    { config: { state: { driver: 'postgres', servers: ['pg'] } } },
    /state\.password/,
  ],
  [
    'a password of a state that is not shared',
    'existing-kafka',
    { state: { password: { existingSecret: 's' } } },
    /state: config\.state\.driver/,
  ],
  [
    'an election without a state that is shared',
    'three-zones',
    { config: { audit: { takeover: 'automatic' } } },
    /config\.audit\.takeover/,
  ],
  [
    'an election without a key of the installation',
    'three-zones',
    {
      config: { audit: { takeover: 'automatic' }, state: { driver: 'postgres', servers: ['pg'] } },
      state: { password: { existingSecret: 's' } },
    },
    /installationKey/,
  ],
  [
    'a view on servers that nobody names',
    'existing-kafka',
    { config: { view: { driver: 'postgres' } }, view: { password: { existingSecret: 's' } } },
    /config\.view\.servers/,
  ],
  [
    'a view without a password',
    'existing-kafka',
    { config: { view: { driver: 'postgres', servers: [{ name: 'a', addresses: ['pg'] }] } } },
    /view\.password/,
  ],
  [
    'a password of a view that is on no server',
    'existing-kafka',
    { view: { password: { existingSecret: 's' } } },
    /view: config\.view\.driver/,
  ],
  [
    'a password in plain sight',
    'existing-kafka',
    { kafka: { tls: { enabled: false }, sasl: { mechanism: 'plain' } } },
    /plain/,
  ],
  ['a login without its secret', 'existing-kafka', { kafka: { sasl: { existingSecret: '' } } }, /kafka\.sasl/],
  [
    'a connector that would publish as the gateway',
    'existing-kafka',
    { connectors: [{ feed: 'tax.arrears' }] },
    /connectors\[tax\.arrears\]\.kafka\.sasl/,
  ],
  [
    'the same by certificate',
    'three-zones',
    { connectors: [{ feed: 'tax.arrears' }] },
    /connectors\[tax\.arrears\]\.kafka\.tls\.clientSecret/,
  ],
  ['two connectors of one feed', 'one-node', { connectors: [{ feed: 'a.b' }, { feed: 'a.b' }] }, /twice/],
  ['a feed whose name could be taken for another', 'one-node', { connectors: [{ feed: 'a--b.c' }] }, /feed/],
  ['a feed that is no name', 'one-node', { connectors: [{ feed: 'a' }] }, /feed/],
  [
    "a connector's secret by value",
    'one-node',
    { connectors: [{ feed: 'a.b', env: [{ name: 'YITONG_FEED_X', value: 'secret' }] }] },
    /value/,
  ],
  [
    'any variable of a connector',
    'one-node',
    { connectors: [{ feed: 'a.b', env: [{ name: 'NODE_OPTIONS', secret: 's', key: 'k' }] }] },
    /name/,
  ],
  ['a container without bounds', 'one-node', { resources: { limits: null } }, /limits/],
  ['a volume that many share', 'one-node', { storage: { accessMode: 'ReadWriteMany' } }, /accessMode/],
  ["a name that is no replica's", 'one-node', { fullnameOverride: '9-city' }, /fullnameOverride/],
  ['a name that is too long', 'one-node', { nameOverride: 'a-very-long-name-of-a-city-indeed' }, /27 characters/],
  [
    'more replicas than are declared',
    'existing-kafka',
    { autoscaling: { enabled: true, maxReplicas: 5 } },
    /maxReplicas/,
  ],
  [
    'an autoscaler that takes the sequencer away',
    'three-zones',
    { sequencer: 2, autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 3 } },
    /sequences/,
  ],
  ['a workspace that is not named', 'one-node', { workspace: { kind: 'persistentVolumeClaim' } }, /claimName/],
  [
    'files mounted into a ConfigMap',
    'three-zones',
    { workspace: { kind: 'configMap', configMap: { name: 'c', items: [{ key: 'a', path: 'yitong.json' }] } } },
    /overlays/,
  ],
  [
    'a path out of the workspace',
    'one-node',
    { workspace: { kind: 'configMap', configMap: { name: 'c', items: [{ key: 'a', path: '../etc' }] } } },
    /path/,
  ],
  ['an Ingress to a closed port', 'existing-kafka', { service: { people: { enabled: false } } }, /service\.people/],
  ['a house where nothing would run', 'one-node', { gateway: { enabled: false }, connectors: [] }, /nothing would run/],
  [
    "connectors of the gateway's pod without one",
    'one-node',
    { gateway: { enabled: false }, connectors: [{ feed: 'a.b' }] },
    /gateway's pod/,
  ],
  [
    'an address of a gateway that is not there',
    'three-zones',
    { gateway: { enabled: false } },
    /gateway\.enabled is false/,
  ],
  ['a witness without a key', 'one-node', { witness: { enabled: true, name: 'w', logs: [{ vkey: 'x' }] } }, /witness/],
];

t.test('refused', async (t) => {
  const helm = helmForTest(t);
  if (helm === undefined) return;
  for (const [what, example, values, says] of REFUSED) {
    const { code, stderr } = await helm.template(values, { example });
    t.not(code, 0, what);
    t.match(stderr, says, what);
  }
});

t.test(
  'an image volume where Kubernetes would drop it without a word is refused, until somebody says that its ' +
    'feature gate is on',
  async (t) => {
    const helm = helmForTest(t);
    if (helm === undefined) return;
    const volume = (featureGate: boolean) => ({ workspace: { imageVolume: { featureGate } } });
    for (const cluster of ['1.31.0', '1.33.5', 'v1.34.4-gke.100', '1.34.0+k3s1']) {
      const { code, stderr } = await helm.template(volume(false), { example: 'three-zones', cluster });
      t.not(code, 0, cluster);
      t.match(stderr, /workspace\.imageVolume\.featureGate.*ImageVolume/, cluster);
      t.equal((await helm.template(volume(true), { example: 'three-zones', cluster })).code, 0, cluster);
    }
    const old = await helm.template(volume(true), { example: 'three-zones', cluster: '1.30.9' });
    t.match(old.stderr, /1\.31/, 'no gate helps there');
    for (const cluster of ['1.35.0', 'v1.35.1-eks-1', '1.37.0'])
      t.equal((await helm.template(volume(false), { example: 'three-zones', cluster })).code, 0, cluster);
    t.equal(
      (await helm.template({ workspace: { kind: 'image' } }, { example: 'one-node', cluster: '1.30.9' })).code,
      0,
      'others are not asked',
    );
  },
);

t.test('a cluster that is too old is refused', async (t) => {
  const helm = helmForTest(t);
  if (helm === undefined) return;
  const { code, stderr } = await helm.template({}, { example: 'one-node', cluster: '1.26.0' });
  t.not(code, 0);
  t.match(stderr, /kubeVersion/);
});

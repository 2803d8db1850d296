/**
 * The pods that the chart renders, run as processes: what it says to them is what they start with. There is no cluster
 * here; scheduling, volumes and networks are Kubernetes' and are not run.
 */
import {
  chmodSync,
  cpSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Issuer, keyPem, type LeafParts, makeKeys, makeLeaf, makeRoot } from '../../gateway/operate/pki/x509.js';
import { ask, until } from '../e2e/ask.js';
import { missingHere } from '../support/missing.js';
import { freePorts } from '../support/servers/ports.js';
import { makeWorkspace, PURPOSE } from '../tools/faults/workspace.js';
import { helmForTest, judgeForTest, type Manifest, podsOf, type Values } from './chart.js';
import { asUser, type Running, type Store, startContainer, USER } from './pods.js';

t.setTimeout(240_000);

interface Ready {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly replicas?: {
    readonly sequencer?: string;
    readonly others: readonly { readonly state: string; readonly lag: number }[];
  };
}
const health = async (port: number): Promise<Ready | undefined> =>
  await fetch(`http://127.0.0.1:${port}/health/ready`).then(
    async (response) => (await response.json()) as Ready,
    () => undefined,
  );
const comes = (what: string, port: number, process: Running): Promise<Ready | undefined> =>
  until(
    what,
    () =>
      Promise.race([
        health(port),
        process.ended.then(() => {
          throw new Error(`${what}: ${process.said()}`);
        }),
      ]),
    (seen) => seen?.ready === true,
    60_000,
  );

async function issuer(common: string): Promise<
  Issuer & {
    readonly leaf: (use: LeafParts['use'], names: LeafParts['names']) => Promise<Readonly<Record<string, string>>>;
  }
> {
  const span = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 30 * 86_400_000) };
  const keys = await makeKeys('ec');
  let serial = 4096;
  const root: Issuer = { certificate: await makeRoot('City', common, '4001', keys, span), key: keys.privateKey };
  return {
    ...root,
    async leaf(use, names) {
      const own = await makeKeys('ec');
      const certificate = await makeLeaf(root, {
        organisation: 'City',
        common,
        serialNumber: `40${String(++serial)}`,
        use,
        names,
        publicKey: own.publicKey,
        ...span,
      });
      return { 'tls.crt': certificate, 'tls.key': await keyPem(own.privateKey), 'ca.crt': root.certificate };
    },
  };
}

/** A workspace that everybody may read, as in an image. */
async function workspaceIn(dir: string): Promise<string> {
  const workspace = join(dir, 'workspace');
  await makeWorkspace({
    dir: workspace,
    prefix: 'faults',
    ports: { api: 1, people: 2, health: 3 },
    apiUrl: 'http://127.0.0.1:1',
  });
  const open = (path: string): void => {
    chmodSync(path, 0o755);
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) open(join(path, entry.name));
      else chmodSync(join(path, entry.name), 0o644);
    }
  };
  open(workspace);
  return workspace;
}

/** The same as the kubelet mounts a ConfigMap of it: links through `..data`. */
function asConfigMap(workspace: string, to: string): string {
  mkdirSync(to);
  cpSync(workspace, join(to, '..2026_11_30'), { recursive: true });
  symlinkSync('..2026_11_30', join(to, '..data'));
  for (const name of readdirSync(workspace)) symlinkSync(join('..data', name), join(to, name));
  return to;
}

async function rendered(
  t: Test,
  values: Values,
  example: 'one-node' | 'existing-kafka',
): Promise<readonly Manifest[] | undefined> {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return undefined;
  const { code, stdout, stderr } = await helm.template(values, { example });
  t.equal(code, 0, stderr);
  return judge({ x: stdout }).objects['x']!;
}

const BODY = { purpose: PURPOSE, subject: 'uscc:91990101MAEXA0001X', datasets: [{ id: 'faults.files' }] };
const portsOf = ([api = 0, people = 0, port = 0]: readonly number[]): Readonly<Record<string, string>> => ({
  YITONG_GATEWAY_PORT: String(api),
  YITONG_GATEWAY_PEOPLE_PORT: String(people),
  YITONG_GATEWAY_HEALTH_PORT: String(port),
  YITONG_GATEWAY_DRAIN_SECONDS: '1',
});

t.test('one node: the gateway and a connector of its pod start, and a row of the inbox is answered', async (t) => {
  const objects = await rendered(
    t,
    {
      connectors: [{ feed: 'faults.files', inbox: [{ mountPath: '/workspace/inbox', claimName: 'inbox' }] }],
      documents: { existingSecret: 'documents' },
    },
    'one-node',
  );
  if (objects === undefined) return;
  const dir = t.testdir();
  chmodSync(dir, 0o755);
  const workspace = await workspaceIn(dir);
  writeFileSync(join(workspace, 'inbox', 'one.csv'), 'uscc,number,state,amount,note\n91990101MAEXA0001X,1,open,5,\n');
  const ca = await issuer('City CA');
  const store: Store = {
    'city-server': await ca.leaf('server', [{ type: 'ip', value: '127.0.0.1' }]),
    documents: await ca.leaf('documents', []),
  };
  const [pod] = podsOf(objects);
  const [gateway, feed] = pod!.spec.containers;
  const ports = await freePorts(4);
  const common = { pod: pod!, name: 'city-yitong-0', dir: join(dir, 'pod'), workspace, store };
  const group = startContainer(t, { ...common, container: gateway!, env: portsOf(ports) });
  await comes('the gateway', ports[2]!, group);
  const port = String(ports[3]);
  const connector = startContainer(t, {
    ...common,
    container: { ...feed!, args: feed!.args.map((arg) => (arg === '8450' ? port : arg)) },
  });
  await comes('the connector', ports[3]!, connector);
  const pki = join(workspace, 'pki');
  cpSync(pki, join(dir, 'client'), { recursive: true });
  writeFileSync(join(dir, 'client', 'ca.pem'), ca.certificate);
  const answer = await until(
    'the row',
    () =>
      ask(`https://127.0.0.1:${ports[0]}`, join(dir, 'client'), 'asker', {
        method: 'POST',
        path: '/v1/query',
        body: BODY,
      }),
    ({ status, text }) => status === 200 && text.includes('"amount":5'),
    60_000,
  );
  t.match(JSON.parse(answer.text), { datasets: {} });
  t.match(await (await fetch(`http://127.0.0.1:${ports[2]}/metrics`)).text(), /yitong_requests_total/);
  t.match(await (await fetch(`http://127.0.0.1:${ports[3]}/metrics`)).text(), /yitong_/);
  t.strictSame(
    readdirSync(join(connector.dir, 'data')).sort(),
    ['bus', 'connectors', 'crosswalks', 'quarantine'],
    'it wrote where it has a volume',
  );
  t.equal(await connector.stop(), 0, connector.said());
  t.equal(await group.stop(), 0, group.said());
});

/**
 * As the kubelet does with a volume whose root has not the group or not its setgid bit: a restored or copied one. Every
 * file and folder is given to the group.
 */
function givenToGroup(volume: string): void {
  for (const name of ['', ...(readdirSync(volume, { recursive: true }) as string[])]) {
    const path = join(volume, name);
    const { mode } = lstatSync(path);
    lchownSync(path, -1, USER);
    if (!lstatSync(path).isSymbolicLink())
      chmodSync(path, (mode & 0o7777) | (statSync(path).isDirectory() ? 0o2770 : 0o660));
  }
}

t.test(
  'a volume that was copied or restored: the kubelet gives its keys to the group, and the gateway takes them ' +
    'back and says so',
  async (t) => {
    if (!asUser)
      return void missingHere(t, 'the user of the pod: this is not root, or that user cannot read what was compiled');
    const objects = await rendered(t, { connectors: [], documents: { existingSecret: 'documents' } }, 'one-node');
    if (objects === undefined) return;
    const dir = t.testdir();
    chmodSync(dir, 0o755);
    const workspace = await workspaceIn(dir);
    const ca = await issuer('City CA');
    const store: Store = {
      'city-server': await ca.leaf('server', [{ type: 'ip', value: '127.0.0.1' }]),
      documents: await ca.leaf('documents', []),
    };
    const [pod] = podsOf(objects);
    const start = async (): Promise<Running> => {
      const ports = await freePorts(3);
      const group = startContainer(t, {
        pod: pod!,
        container: pod!.spec.containers[0]!,
        name: 'city-yitong-0',
        dir: join(dir, 'pod'),
        workspace,
        store,
        env: portsOf(ports),
      });
      await comes('the gateway', ports[2]!, group);
      return group;
    };
    const first = await start();
    t.equal(await first.stop(), 0, first.said());
    t.notMatch(first.said(), /group/, 'nothing to take back on a volume of its own');
    const volume = join(dir, 'pod', 'volume');
    const keys = (readdirSync(volume, { recursive: true }) as string[])
      .filter((name) => /(?:\.key|\/secret)$/.test(name))
      .map((name) => join(volume, name));
    t.equal(keys.length, 3, 'of log, replica and subjects');
    givenToGroup(volume);
    for (const file of keys) t.equal(statSync(file).mode & 0o777, 0o660);
    const second = await start();
    t.equal(await second.stop(), 0, second.said());
    for (const file of keys) t.strictSame([statSync(file).mode & 0o777, statSync(file).uid], [0o600, USER], file);
    t.match(
      second.said(),
      /"level":"warn"[^\n]*log\.key[^\n]*group 65532[^\n]*0600/,
      'the operator reads it in the process log',
    );
    const third = await start();
    t.equal(await third.stop(), 0, third.said());
    t.notMatch(third.said(), /group 65532/);
  },
);

t.test(
  'a workspace volume that is not there: Kubernetes drops an image volume without a word, the process refuses ' +
    'with what to do',
  async (t) => {
    const helm = helmForTest(t);
    const judge = judgeForTest(t);
    if (helm === undefined || judge === undefined) return;
    const { stdout } = await helm.template(
      { connectors: [{ feed: 'samr.company-register', kafka: { tls: { clientSecret: 'kafka-samr' } } }] },
      { example: 'three-zones' },
    );
    const pods = podsOf(judge({ x: stdout }).objects['x']!);
    // it does not come to reading any of them
    const store = new Proxy<Store>({}, { get: () => new Proxy({}, { get: () => 'x' }) });
    // what was mounted over it is there all the same
    const laid = { bare: {}, overlaid: { policies: { grants: {} } } };
    const dir = t.testdir(laid);
    chmodSync(dir, 0o755);
    for (const pod of pods) {
      for (const name of Object.keys(laid)) {
        const container = pod.spec.containers[0]!;
        const own = join(dir, `${pod.owner.metadata.name}-${name}`);
        mkdirSync(own);
        const started = startContainer(t, {
          pod,
          container: {
            ...container,
            volumeMounts: container.volumeMounts.filter(({ mountPath }) => !mountPath.startsWith('/workspace')),
          },
          name: 'city-yitong-0',
          dir: own,
          workspace: join(dir, name),
          store,
          without: /^YITONG_BUS_/,
        });
        t.equal(await started.ended, 2, started.said());
        t.match(
          started.said(),
          /there is no workspace in this folder.*ImageVolume.*\[bad_workspace\]/,
          `${container.name}, ${name}`,
        );
      }
    }
  },
);

t.test(
  'two replicas: each knows itself by its name alone, they meet, one sequences; one that is not declared does ' +
    'not start',
  async (t) => {
    const objects = await rendered(
      t,
      {
        connectors: [],
        documents: { existingSecret: 'documents' },
        tls: { replica: { ca: { configMap: 'city-replica-ca' } } },
      },
      'existing-kafka',
    );
    if (objects === undefined) return;
    const dir = t.testdir();
    chmodSync(dir, 0o755);
    const workspace = asConfigMap(await workspaceIn(dir), join(dir, 'mounted'));
    const ca = await issuer('City CA');
    const replicas = await issuer('Replica CA');
    const names = ['city-yitong-0', 'city-yitong-1'];
    const spiffe = (name: string): LeafParts['names'] => [
      { type: 'url', value: `spiffe://city.example/replica/${name}` },
    ];
    const store: Store = {
      'city-server': await ca.leaf('server', [{ type: 'ip', value: '127.0.0.1' }]),
      documents: await ca.leaf('documents', []),
      'city-replica-0': await replicas.leaf('both', spiffe(names[0]!)),
      'city-replica-1': await replicas.leaf('both', spiffe(names[1]!)),
      'city-replica-ca': { 'ca.crt': replicas.certificate },
      'city-oidc': { secret: 'of the provider' },
      'kafka-ca': { 'ca.crt': ca.certificate },
      'kafka-gateway': { password: 'x' },
    };
    const [pod] = podsOf(objects);
    const replicaPorts = await freePorts(2);
    const instead = Object.fromEntries(
      names.map((name, i) => [
        `https://${name}.city-yitong-pods.gov.svc.cluster.local:8446`,
        `https://127.0.0.1:${replicaPorts[i]}`,
      ]),
    );
    const start = async (i: number): Promise<{ readonly process: Running; readonly ports: readonly number[] }> => {
      const ports = await freePorts(3);
      const own = join(dir, `pod-${i}`);
      mkdirSync(own);
      // the bus is the one thing that is another here: each replica has an embedded one
      const env = {
        ...portsOf(ports),
        YITONG_AUDIT_REPLICA_PORT: String(replicaPorts[i] ?? 0),
        YITONG_BUS_DRIVER: 'embedded',
        YITONG_BUS_DIR: join(own, 'volume', 'bus'),
      };
      return {
        ports,
        process: startContainer(t, {
          pod: pod!,
          container: pod!.spec.containers[0]!,
          name: `city-yitong-${i}`,
          dir: own,
          workspace,
          store,
          env,
          instead,
          without: /^YITONG_BUS_/,
        }),
      };
    };
    const stranger = await start(2);
    t.not(await stranger.process.ended, 0);
    t.match(stranger.process.said(), /names every replica, and `city-yitong-2` is not among them/);
    const both = [await start(0), await start(1)];
    for (const [i, { process, ports }] of both.entries()) await comes(`replica ${i}`, ports[2]!, process);
    const [first, second] = both as [typeof stranger, typeof stranger];
    const met = await until(
      'agreement',
      () => health(second.ports[2]!),
      (seen) => seen?.replicas?.sequencer === 'city-yitong-0',
      60_000,
    );
    t.ok(met?.ready);
    await until(
      'copies',
      () => health(first.ports[2]!),
      (seen) => seen?.replicas?.others.every(({ state, lag }) => state === 'following' && lag === 0) === true,
      60_000,
    );
    for (const { process } of both) t.equal(await process.stop(), 0, process.said());
  },
);

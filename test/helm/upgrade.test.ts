/** An upgrade of what is there: the number of replicas is the autoscaler's, and is neither lost nor set back. */
import t, { type Test } from 'tap';
import { type Example, helmForTest, judgeForTest, ofKind, type Values } from './chart.js';
import { type Cluster, clusterForTest } from './cluster.js';

const SET = 'city-yitong';

/** Renders against a cluster, and says what the StatefulSet would have. */
async function upgrade(
  t: Test,
): Promise<
  { readonly cluster: Cluster; readonly replicas: (values: Values, example: Example) => Promise<unknown> } | undefined
> {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return undefined;
  const cluster = await clusterForTest(t);
  return {
    cluster,
    async replicas(values, example) {
      const { code, stdout, stderr } = await helm.template(values, { example, kubeconfig: cluster.kubeconfig });
      t.equal(code, 0, stderr);
      return ofKind(judge({ x: stdout }).objects['x']!, 'StatefulSet')[0]?.spec['replicas'];
    },
  };
}

const scaled = (minReplicas: number, maxReplicas: number, more: Values = {}): Values => ({
  replicas: maxReplicas,
  autoscaling: { enabled: true, minReplicas, maxReplicas },
  ...more,
});

t.test('switching the autoscaler on takes no replica away', async (t) => {
  const at = await upgrade(t);
  if (at === undefined) return;
  for (const live of [2, 3]) {
    at.cluster.set(SET, { replicas: live });
    t.equal(await at.replicas(scaled(2, 3), 'three-zones'), live, `${live} run, ${live} stay`);
    t.equal(
      await at.replicas(scaled(2, 3, { sequencer: 1 }), 'three-zones'),
      live,
      `${live} run, and the second of them sequences`,
    );
  }
});

t.test('the number stays between what keeps the sequencing replica and what is declared', async (t) => {
  const at = await upgrade(t);
  if (at === undefined) return;
  at.cluster.set(SET, { replicas: 1 });
  t.equal(
    await at.replicas(scaled(2, 3, { sequencer: 1 }), 'three-zones'),
    2,
    'an upgrade by an older chart took the sequencing one away: it comes back',
  );
  at.cluster.set(SET, { replicas: 5 });
  t.equal(await at.replicas(scaled(2, 3), 'three-zones'), 3, 'those that are no longer declared would refuse to start');
  at.cluster.set(SET, { replicas: 0 });
  t.equal(
    await at.replicas(scaled(2, 3), 'three-zones'),
    0,
    'stopped by hand, for a restore: an upgrade does not start it',
  );
});

t.test('a first install begins with all that are declared: the log begins when all have met', async (t) => {
  const at = await upgrade(t);
  if (at === undefined) return;
  t.equal(await at.replicas(scaled(2, 3), 'three-zones'), 3);
});

t.test('without the autoscaler the number is that of the values', async (t) => {
  const at = await upgrade(t);
  if (at === undefined) return;
  at.cluster.set(SET, { replicas: 2 });
  t.equal(await at.replicas({ replicas: 3 }, 'three-zones'), 3);
});

t.test('where the number cannot be asked for, nothing is rendered', async (t) => {
  const helm = helmForTest(t);
  if (helm === undefined) return;
  const cluster = await clusterForTest(t);
  cluster.forbid();
  const { code, stderr } = await helm.template(scaled(2, 3), {
    example: 'three-zones',
    kubeconfig: cluster.kubeconfig,
  });
  t.not(code, 0);
  t.match(stderr, /Forbidden/);
});

t.test('without a cluster, as for kubectl apply, the number is that of the values and never missing', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const { stdout } = await helm.template(scaled(2, 3), { example: 'three-zones' });
  t.equal(ofKind(judge({ x: stdout }).objects['x']!, 'StatefulSet')[0]?.spec['replicas'], 3);
});

/**
 * What an operator would lose by one line too few: read-only roots, users without rights, secrets by reference, volumes
 * that stay, a grace period that is long enough.
 */
import t from 'tap';
import { settingsTable } from '../../gateway/ground/config/index.js';
import { EXAMPLES, helmForTest, judgeForTest, type Manifest, matrix, ofKind, podsOf, type Source } from './chart.js';

t.test('every example with every option', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const rendered = Object.entries(judge(await matrix(t, helm)).objects);
  t.ok(rendered.length > EXAMPLES.length * 8);

  await t.test('no container runs as root, writes its root, keeps a capability, or has no bounds', async (t) => {
    for (const [name, objects] of rendered) {
      const pods = podsOf(objects);
      t.ok(pods.length > 0);
      for (const { owner, spec } of pods) {
        const at = `${name}: ${owner.metadata.name}`;
        t.match(
          spec,
          {
            automountServiceAccountToken: false,
            // Kubernetes would set YITONG_GATEWAY_PORT to `tcp://…` where a Service is called so, and Yitong refuses to
            // start
            enableServiceLinks: false,
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 65532,
              fsGroup: 65532,
              fsGroupChangePolicy: 'OnRootMismatch',
              seccompProfile: { type: 'RuntimeDefault' },
            },
          },
          at,
        );
        // what the Pod Security Standard `restricted` lets in, and image volumes
        for (const { name: _, ...kind } of spec.volumes)
          t.ok(
            ['configMap', 'emptyDir', 'image', 'persistentVolumeClaim', 'projected', 'secret'].includes(
              Object.keys(kind).join(),
            ),
            `${at}: ${Object.keys(kind).join()}`,
          );
        for (const never of ['hostNetwork', 'hostPID', 'hostIPC']) t.notOk(spec[never], at);
        for (const container of spec.containers) {
          t.strictSame(
            container.securityContext,
            { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
            `${at}, ${container.name}`,
          );
          for (const each of [
            container.resources.requests['cpu'],
            container.resources.requests['memory'],
            container.resources.requests['ephemeral-storage'],
            container.resources.limits['memory'],
            container.resources.limits['ephemeral-storage'],
          ])
            t.ok(each, `${at}, ${container.name}`);
          for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const)
            t.ok(container[probe], `${at}, ${container.name}: ${probe}`);
          // what it can write is a volume that was meant for that
          for (const { name: volume, readOnly, mountPath } of container.volumeMounts)
            t.ok(readOnly === true || volume === 'data' || volume === 'tmp', `${at}, ${container.name}: ${mountPath}`);
        }
      }
    }
  });

  await t.test('a secret is only ever named: no value of one, and no Secret, is in what is rendered', async (t) => {
    for (const [name, objects] of rendered) {
      t.strictSame(ofKind(objects, 'Secret'), [], name);
      for (const { owner, spec } of podsOf(objects)) {
        const at = `${name}: ${owner.metadata.name}`;
        const mounted = new Map(spec.volumes.map((volume) => [volume.name, volume]));
        for (const { secret, projected } of spec.volumes) {
          const sources: readonly (Source & { defaultMode?: number })[] =
            projected?.sources ?? (secret === undefined ? [] : [{ secret }]);
          if (sources.length > 0)
            t.equal(projected?.defaultMode ?? secret?.defaultMode, 0o440, `${at}: others cannot read it`);
          for (const source of sources) t.ok(source.secret?.secretName ?? source.secret?.name, at);
        }
        for (const container of spec.containers) {
          for (const { mountPath, name: volume } of container.volumeMounts)
            t.ok(mounted.has(volume) || volume === 'data', `${at}: ${mountPath}`);
          // files of keys and passwords stand below /run, where Secrets are mounted, and there is a mount for each
          for (const { name: variable, value = '' } of container.env ?? []) {
            // where feeds may read, in whichever pod each of them runs
            if (variable === 'YITONG_CONNECTORS_ROOTS') continue;
            for (const [file] of value.matchAll(/\/(?:run|etc)\/[a-z0-9/.-]+/g)) {
              t.ok(
                container.volumeMounts.some(
                  ({ mountPath, readOnly }) => readOnly === true && file.startsWith(`${mountPath}`),
                ),
                `${at}: ${variable} names ${file}, which is mounted`,
              );
            }
          }
        }
      }
    }
  });

  await t.test('a pod has longer to end than it drains, and what it wrote stays', async (t) => {
    const drain = settingsTable().find(({ section, key }) => section === 'gateway' && key === 'drainSeconds');
    for (const [name, objects] of rendered) {
      for (const set of ofKind(objects, 'StatefulSet')) {
        const [pod] = podsOf([set]);
        t.ok((pod?.spec.terminationGracePeriodSeconds ?? 0) >= Number(drain?.default ?? 0) + 30, name);
        t.strictSame(
          set.spec['persistentVolumeClaimRetentionPolicy'],
          { whenDeleted: 'Retain', whenScaled: 'Retain' },
          name,
        );
        t.strictSame(
          set.spec['volumeClaimTemplates']
            .flatMap(({ spec }: Manifest) => spec['accessModes'])
            .filter((mode: string) => mode === 'ReadWriteMany'),
          [],
          name,
        );
        t.ok(Number(set.spec['replicas']) > 0, `${name}: without a number the API server would put 1`);
      }
      for (const claim of ofKind(objects, 'PersistentVolumeClaim'))
        t.equal(claim.metadata.annotations?.['helm.sh/resource-policy'], 'keep', `${name}: ${claim.metadata.name}`);
    }
    if (drain === undefined) return;
    const { stdout } = await helm.template({ config: { gateway: { drainSeconds: 90 } } }, { example: 'one-node' });
    t.equal(podsOf(judge({ x: stdout }).objects['x']!)[0]?.spec.terminationGracePeriodSeconds, 120);
  });

  await t.test(
    'pods that are replaced one by one: what selects a pod is on it, and never changes with the version of the chart',
    async (t) => {
      for (const [name, objects] of rendered) {
        const pods = podsOf(objects);
        for (const { owner, labels } of pods) {
          for (const [key, value] of Object.entries(owner.spec['selector'].matchLabels as Record<string, string>))
            t.equal(labels[key], value, `${name}: ${owner.metadata.name}: ${key}`);
          t.notOk(
            'helm.sh/chart' in labels || 'app.kubernetes.io/version' in labels,
            `${name}: ${owner.metadata.name}`,
          );
        }
        for (const { spec, metadata } of ofKind(objects, 'Service')) {
          const { 'statefulset.kubernetes.io/pod-name': pod, ...rest } = spec['selector'] as Record<string, string>;
          const chosen = pods.filter(({ labels }) =>
            Object.entries(rest).every(([key, value]) => labels[key] === value),
          );
          t.equal(chosen.length > 0, true, `${name}: the Service ${metadata.name} leads to pods`);
          if (pod !== undefined)
            t.ok(
              chosen.some(({ owner }) => pod.startsWith(`${owner.metadata.name}-`)),
              `${name}: ${pod}`,
            );
          for (const { targetPort } of spec['ports'] as { targetPort: string }[]) {
            for (const {
              spec: { containers },
            } of chosen)
              t.ok(
                containers.some(({ ports = [] }) => ports.some((port) => port.name === targetPort)),
                `${name}: ${metadata.name} leads to ${targetPort}`,
              );
          }
        }
      }
    },
  );
});

/** The chart as an operator renders it, and what Kubernetes would make of it. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { missingHere } from '../support/missing.js';
import { pythonForTest } from '../support/python.js';

export const CHART = join(packageRoot(), 'helm/yitong');
export const EXAMPLES = ['one-node', 'three-zones', 'existing-kafka'] as const;
export type Example = (typeof EXAMPLES)[number];
/** Of the cluster that is rendered for, unless a test says another. */
const CLUSTER = '1.34.0';

export type Values = Readonly<Record<string, unknown>>;

export interface Rendered {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Rendering {
  readonly example?: Example;
  /** Version of Kubernetes. */
  readonly cluster?: string;
  readonly chart?: string;
  /**
   * File with the address of a cluster that is asked what is there; without it none is asked, as in `helm template` by
   * itself.
   */
  readonly kubeconfig?: string;
  /** What the cluster serves beside what Kubernetes has: `group/version`, `group/version/Kind`. */
  readonly apis?: readonly string[];
}

export interface Helm {
  /** `helm template` in the namespace `gov`, release `city`. */
  template(values: Values, more?: Rendering): Promise<Rendered>;
  lint(values: Values, example?: Example): Promise<Rendered>;
}

/** Helm from YITONG_TEST_HELM, else from the path; without it: skipped by name, in CI a failure. */
export function helmForTest(t: Test): Helm | undefined {
  const helm = process.env['YITONG_TEST_HELM'] ?? 'helm';
  if (spawnSync(helm, ['version', '--short']).status !== 0)
    return missingHere(t, 'helm: not here, set YITONG_TEST_HELM');
  const folder = mkdtempSync(join(tmpdir(), 'yitong-helm-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  const run = async (
    verb: readonly string[],
    values: Values,
    example: Example | undefined,
    cluster: string,
  ): Promise<Rendered> => {
    const file = join(folder, `${String(++count)}.json`);
    writeFileSync(file, JSON.stringify(values));
    const files = [...(example === undefined ? [] : ['-f', join(CHART, 'examples', `${example}.yaml`)]), '-f', file];
    return await promisify(execFile)(helm, [...verb, '--namespace', 'gov', '--kube-version', cluster, ...files], {
      maxBuffer: 64 << 20,
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (failed: Rendered) => failed,
    );
  };
  return {
    template: (values, { example, cluster = CLUSTER, chart = CHART, kubeconfig, apis = [] } = {}) =>
      run(
        [
          'template',
          'city',
          chart,
          ...(kubeconfig === undefined ? [] : ['--dry-run=server', '--kubeconfig', kubeconfig]),
          ...apis.flatMap((api) => ['--api-versions', api]),
        ],
        values,
        example,
        cluster,
      ),
    lint: (values, example) => run(['lint', '--strict', CHART], values, example, CLUSTER),
  };
}

/** A rendered object; only what the tests look at is typed. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: every kind of manifest
  readonly spec: Readonly<Record<string, any>>;
  readonly data?: Readonly<Record<string, string>>;
}

export interface Judged {
  readonly objects: Readonly<Record<string, readonly Manifest[]>>;
  readonly wrong: readonly string[];
  readonly unknown: readonly string[];
}

export type Judge = (texts: Readonly<Record<string, string>>, versions?: readonly string[]) => Judged;

/**
 * Parses manifests and holds them against the schemas of Kubernetes; Python with kubernetes-validate, like other
 * Pythons of the tests.
 */
export function judgeForTest(t: Test): Judge | undefined {
  const python = pythonForTest(t, 'kubernetes_validate', 'kubernetes-validate');
  if (python === undefined) return undefined;
  const script = join(packageRoot(), 'test/helm/validate.py');
  return (texts, versions = []) => {
    const { status, stdout, stderr } = spawnSync(python, [script], {
      input: JSON.stringify({ texts, versions }),
      encoding: 'utf8',
      maxBuffer: 256 << 20,
    });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Judged;
  };
}

export interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: {
      readonly fieldRef?: { readonly fieldPath: string };
      readonly secretKeyRef?: { readonly name: string; readonly key: string };
    };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
    readonly subPath?: string;
    readonly subPathExpr?: string;
  }[];
  readonly securityContext: unknown;
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly livenessProbe?: unknown;
  readonly readinessProbe?: unknown;
  readonly startupProbe?: unknown;
}

export interface Source {
  readonly secret?: {
    readonly name?: string;
    readonly secretName?: string;
    readonly items?: readonly { readonly key: string; readonly path: string }[];
    readonly defaultMode?: number;
  };
}
export interface Volume extends Source {
  readonly name: string;
  readonly projected?: { readonly sources: readonly Source[]; readonly defaultMode?: number };
  readonly configMap?: NonNullable<Source['secret']>;
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean };
}

export interface Pod {
  readonly owner: Manifest;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly containers: readonly Container[];
    readonly volumes: readonly Volume[];
    readonly terminationGracePeriodSeconds: number;
  };
}

/** Whatever makes pods. */
export const podsOf = (objects: readonly Manifest[]): readonly Pod[] =>
  objects.flatMap((owner) => {
    const template = (
      owner.spec as
        | {
            readonly template?: {
              readonly metadata: { readonly labels: Readonly<Record<string, string>> };
              readonly spec: Pod['spec'];
            };
          }
        | undefined
    )?.template;
    return template === undefined ? [] : [{ owner, labels: template.metadata.labels, spec: template.spec }];
  });

export const ofKind = (objects: readonly Manifest[], kind: string): readonly Manifest[] =>
  objects.filter((one) => one.kind === kind);

/** Options that an operator sets over an example; each is rendered with each example that it fits. */
export const OPTIONS: Readonly<Record<string, { readonly values: Values; readonly not?: readonly Example[] }>> = {
  plain: { values: {} },
  'nothing optional': {
    values: {
      networkPolicy: { enabled: false },
      podDisruptionBudget: { enabled: false },
      service: { people: { enabled: false }, lead: { enabled: false } },
      ingress: { enabled: false },
      gatewayApi: { enabled: false },
      serviceAccount: { create: false },
      connectors: [],
    },
  },
  'everything watched': {
    values: {
      monitoring: {
        serviceMonitor: { enabled: true },
        prometheusRule: { enabled: true },
        dashboard: { enabled: true },
      },
    },
  },
  'a witness': {
    values: {
      witness: {
        enabled: true,
        name: 'witness.example/w1',
        existingSecret: 'witness-key',
        logs: [{ vkey: 'city.example/log+1a2b3c4d+AT' }],
        tlsSecret: 'witness-tls',
      },
      networkPolicy: { witness: { from: [{ ipBlock: { cidr: '10.9.0.0/16' } }] } },
    },
  },
  'a house with only a witness': {
    values: {
      gateway: { enabled: false },
      connectors: [],
      ingress: { enabled: false },
      gatewayApi: { enabled: false },
      tls: { server: { existingSecret: '' }, replica: { existingSecrets: [] } },
      witness: {
        enabled: true,
        name: 'witness.example/w1',
        existingSecret: 'witness-key',
        logs: [{ vkey: 'city.example/log+1a2b3c4d+AT' }],
      },
      networkPolicy: { witness: { from: [{ ipBlock: { cidr: '10.9.0.0/16' } }] } },
      monitoring: { serviceMonitor: { enabled: true } },
    },
  },
  'a workspace on a volume': {
    values: {
      workspace: {
        kind: 'persistentVolumeClaim',
        persistentVolumeClaim: { claimName: 'city', subPath: 'current' },
        overlays: [],
      },
    },
  },
  'a workspace of a ConfigMap': {
    values: {
      workspace: {
        kind: 'configMap',
        configMap: {
          name: 'city',
          items: [
            { key: 'yitong.json', path: 'yitong.json' },
            { key: 'g1', path: 'policies/grants/g1.json' },
          ],
        },
        overlays: [],
      },
    },
  },
  'certificates by cert-manager': {
    values: {
      certManager: { enabled: true, issuerRef: { name: 'city' } },
      tls: { server: { existingSecret: '' }, replica: { existingSecrets: [] } },
    },
  },
  'a state that is shared': {
    values: {
      config: { state: { driver: 'postgres', servers: ['pg-1.city.example', 'pg-2.city.example:6432'] } },
      state: {
        password: { existingSecret: 'state-password' },
        ca: { configMap: 'state-ca' },
        clientSecret: 'state-client',
        installationKey: { existingSecret: 'state-key' },
      },
      networkPolicy: { state: { to: [{ ipBlock: { cidr: '10.8.0.0/24' } }] } },
    },
  },
  'a view on servers': {
    values: {
      config: {
        view: {
          driver: 'postgres',
          servers: [
            { name: 'north', addresses: ['pg-3.city.example', 'pg-4.city.example:6433'] },
            { name: 'south', addresses: ['pg-5.city.example'] },
          ],
        },
      },
      view: {
        password: { existingSecret: 'view-password' },
        ca: { configMap: 'view-ca' },
        clientSecret: 'view-client',
      },
      networkPolicy: { view: { to: [{ ipBlock: { cidr: '10.9.0.0/24' } }] } },
    },
  },
  'another sequencer': { values: { sequencer: 1, config: { audit: { epoch: 2 } } }, not: ['one-node'] },
  scaled: { values: { autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 2 } }, not: ['one-node'] },
  'nobody may come': {
    values: {
      networkPolicy: {
        api: { from: [] },
        people: { from: [] },
        metrics: { from: [] },
        dns: { to: [] },
        kafka: { to: [] },
        issuer: { to: [] },
        witnesses: { to: [] },
        state: { to: [] },
        view: { to: [] },
      },
    },
  },
  'names and places of pods': {
    values: {
      fullnameOverride: 'y',
      commonLabels: { owner: 'bureau' },
      podLabels: { tier: 'front' },
      podAnnotations: { note: 'x' },
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'city', operator: 'Exists' }],
      priorityClassName: 'high',
      image: { pullSecrets: ['pull'] },
      listenAddress: '::',
    },
  },
};

/** Each example with each option that fits it, rendered: name → manifests. */
export async function matrix(t: Test, helm: Helm): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  for (const example of EXAMPLES) {
    for (const [name, { values, not = [] }] of Object.entries(OPTIONS)) {
      if (not.includes(example)) continue;
      const { code, stdout, stderr } = await helm.template(values, { example });
      t.equal(code, 0, `${example}, ${name}: ${stderr}`);
      texts[`${example}, ${name}`] = stdout;
    }
  }
  return texts;
}

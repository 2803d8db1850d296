/**
 * What Helm asks a cluster while it renders: a small part of the API of Kubernetes on this machine's loopback, with the
 * objects that a test says are there.
 */
import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';

export interface Cluster {
  /** File with the address of the cluster, for `--kubeconfig`. */
  readonly kubeconfig: string;
  /** The StatefulSet of that name in the namespace `gov`; without `spec` there is none. */
  set(name: string, spec: Readonly<Record<string, unknown>> | undefined): void;
  /** Answers every question about an object with 403, as to an account without rights. */
  forbid(): void;
}

const SETS = '/apis/apps/v1/namespaces/gov/statefulsets/';

/** Serves until the test ends. */
export async function clusterForTest(t: Test): Promise<Cluster> {
  const sets = new Map<string, Readonly<Record<string, unknown>>>();
  let forbidden = false;
  const say = (response: ServerResponse, code: number, body: unknown): void => {
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const refuse = (response: ServerResponse, code: number, reason: string): void =>
    say(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message: reason, code });
  const server = createServer(({ url = '' }, response) => {
    const path = url.split('?')[0] ?? '';
    if (path === '/apis/apps/v1') {
      return say(response, 200, {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: 'apps/v1',
        resources: [
          {
            name: 'statefulsets',
            singularName: 'statefulset',
            namespaced: true,
            kind: 'StatefulSet',
            verbs: ['get', 'list'],
          },
        ],
      });
    }
    if (forbidden && path.startsWith(SETS)) return refuse(response, 403, 'Forbidden');
    const name = path.startsWith(SETS) ? path.slice(SETS.length) : '';
    const spec = sets.get(name);
    if (spec === undefined) return refuse(response, 404, 'NotFound');
    say(response, 200, { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name, namespace: 'gov' }, spec });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  const kubeconfig = join(t.testdir(), 'kubeconfig.json');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [{ name: 'test', cluster: { server: address } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      users: [{ name: 'test', user: {} }],
    }),
  );
  return {
    kubeconfig,
    set: (name, spec) => void (spec === undefined ? sets.delete(name) : sets.set(name, spec)),
    forbid: () => {
      forbidden = true;
    },
  };
}

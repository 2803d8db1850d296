/**
 * An address before two gateways that gives each request to the one that did not have the last: what stands between
 * people and replicas, as bad as it can be. Signing in goes to the first alone: each city under test has a development
 * provider of its own, where an office has one for all.
 */
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { City } from '../../e2e/city.js';

export interface Turning {
  readonly address: string;
  /** Who had each page and form, in their order. */
  readonly taken: readonly { readonly at: number; readonly method: string; readonly path: string }[];
}

export async function turning(t: Test, cities: readonly [City, City]): Promise<Turning> {
  const [first] = cities;
  const pem = (name: string): Buffer => readFileSync(join(first.pki, name));
  const taken: { at: number; method: string; path: string }[] = [];
  let last = 0;
  const server = createServer({ cert: pem('server/cert.pem'), key: pem('server/key.pem') }, (asked, answer) => {
    const path = asked.url ?? '/';
    const isSignIn = /^\/(?:sign-in|callback)\b/.test(path);
    // files of pages are as good as their names, and come several at a time
    const isPage = !isSignIn && asked.headers['sec-fetch-mode'] === 'navigate';
    if (isPage) {
      last = 1 - last;
      taken.push({ at: last, method: asked.method ?? 'GET', path: path.replace(/\?.*/, '') });
    }
    const to = isSignIn ? first : cities[last === 0 ? 0 : 1];
    const host = isSignIn ? { host: new URL(first.people).host } : {};
    const { method, headers } = asked;
    const passed = request(
      new URL(path, to.people),
      { method, agent: false, rejectUnauthorized: false, headers: { ...headers, ...host } },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.rawHeaders);
        got.pipe(answer);
      },
    );
    passed.once('error', () => answer.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { address: `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`, taken };
}

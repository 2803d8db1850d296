/** A browser without a screen: cookies and redirects on the people's port of a city and at its development provider. */

import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { City } from '../../e2e/city.js';

export interface Visit {
  readonly status: number;
  readonly location: string;
  readonly text: string;
}

export class Visitor {
  /** Values of cookies, by name, over both hosts. */
  readonly jar = new Map<string, string>();
  readonly #ca: Buffer;
  constructor(private readonly city: Pick<City, 'people' | 'pki'>) {
    this.#ca = readFileSync(join(city.pki, 'ca.pem'));
  }

  get #cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      const pair = line.split(';')[0] ?? '';
      this.jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
  }

  ours(
    path: string,
    method: 'GET' | 'POST' = 'GET',
    form?: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Visit> {
    const body = form === undefined ? '' : new URLSearchParams(form).toString();
    return new Promise((resolve, reject) => {
      const sent = request(
        new URL(path, this.city.people),
        {
          method,
          ca: this.#ca,
          agent: false,
          headers: {
            accept: 'text/html',
            cookie: this.#cookie,
            ...(form === undefined
              ? {}
              : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }),
            ...headers,
          },
        },
        (response) => {
          this.#keep(response.headers['set-cookie'] ?? []);
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              location: response.headers.location ?? '',
              text: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Follows the provider from `url` until it leads back to the city. */
  async #theirs(url: string, method: 'GET' | 'POST' = 'GET'): Promise<{ readonly at: string; readonly text: string }> {
    for (let at = url, how = method, hops = 0; hops < 10; hops++, how = 'GET') {
      const answer = await fetch(at, { method: how, redirect: 'manual', headers: { cookie: this.#cookie } });
      this.#keep(answer.headers.getSetCookie());
      const location = answer.headers.get('location');
      if (location === null) return { at, text: await answer.text() };
      at = new URL(location, at).href;
      if (at.startsWith(this.city.people)) return { at, text: '' };
    }
    throw new Error('too many redirects');
  }

  /** Returns the address at which the sign-in came back, with its code. */
  async signIn(person: string): Promise<string> {
    const left = await this.ours('/sign-in');
    const choose = await this.#theirs(left.location);
    const action = [...choose.text.matchAll(/action="([^"]+)"/g)]
      .map(([, one = '']) => one)
      .find((one) => one.endsWith(`/${person}`));
    if (action === undefined)
      throw new Error(`${person} is not among those who can sign in: ${choose.text.slice(0, 500)}`);
    const { at: back } = await this.#theirs(new URL(action, choose.at).href, 'POST');
    const { status } = await this.ours(new URL(back).pathname + new URL(back).search);
    if (status !== 303) throw new Error(`the sign-in ended with ${String(status)}`);
    return back;
  }
}

/** A person at the console, below a real browser: cookies, forms, and the way through the identity provider. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { City } from './city.js';

type Place = Pick<City, 'people' | 'pki'>;

export interface Page {
  readonly status: number;
  readonly location: string;
  readonly text: string;
}

/** A browser: its cookies count at every gateway, as behind one address. */
export class Browser {
  readonly jar = new Map<string, string>();
  readonly #foreign = new Map<string, string>();

  get(at: Place, path: string): Promise<Page> {
    return this.#send(at, path);
  }

  /** Sends a form with what stands in the page that it is on. */
  async post(at: Place, page: string, path: string, fields: Readonly<Record<string, string>>): Promise<Page> {
    const { text } = await this.get(at, page);
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
    return this.#send(at, path, new URLSearchParams({ csrf, ...fields }).toString());
  }

  #send(at: Place, path: string, form?: string): Promise<Page> {
    const url = new URL(path, at.people);
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', origin: url.origin };
    return new Promise((resolve, reject) => {
      const ca = readFileSync(join(at.pki, 'ca.pem'));
      const method = form === undefined ? 'GET' : 'POST';
      request(url, { method, ca, agent: false, headers: { accept: 'text/html', cookie, ...type } }, (response) => {
        for (const line of response.headers['set-cookie'] ?? []) keep(this.jar, line);
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location ?? '',
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      })
        .once('error', reject)
        .end(form);
    });
  }

  /** Follows the provider's redirects until one leads back to the gateway, or a page is shown. */
  async #theirs(at: Place, url: string, method: 'GET' | 'POST' = 'GET'): Promise<string> {
    let next = url;
    for (let hops = 0; hops < 10; hops++) {
      const cookie = [...this.#foreign].map(([name, value]) => `${name}=${value}`).join('; ');
      const how = hops === 0 ? method : 'GET';
      const answer = await fetch(next, { method: how, redirect: 'manual', headers: { cookie } });
      for (const line of answer.headers.getSetCookie()) keep(this.#foreign, line);
      const location = answer.headers.get('location');
      if (location === null) return next;
      next = new URL(location, next).href;
      if (new URL(next).origin === new URL(at.people).origin) return next;
    }
    throw new Error('too many redirects');
  }

  /** @throws Error that says what was answered, where nobody is sent to the provider */
  async signIn(at: Place, person: string): Promise<void> {
    const { status, location, text } = await this.get(at, '/sign-in');
    if (location === '') throw new Error(`/sign-in answered ${String(status)}: ${wordsOf(text)}`);
    const choose = await this.#theirs(at, location);
    const { pathname, search } = new URL(await this.#theirs(at, `${choose}/${person}`, 'POST'));
    await this.get(at, pathname + search);
  }
}

/** What a page says, with the code of an error. */
const wordsOf = (page: string): string =>
  `${/data-error="([^"]+)"/.exec(page)?.[1] ?? ''} ${page.replace(/<(style|script)[^]*?<\/\1>|<[^>]+>/g, ' ')}`
    .replace(/\s+/g, ' ')
    .slice(0, 500);

function keep(jar: Map<string, string>, line: string): void {
  const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
  if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
  else jar.set(name, value);
}

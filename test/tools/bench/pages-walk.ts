/**
 * Whoever signs in to a city and follows every link of the people's port: one address of each page that there is, as
 * the router has it (test/http/console/pages.ts), asked over one kept-alive TLS connection as a browser does.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { Browser } from '../../e2e/browser.js';
import { pageRoutes, routeOf } from '../../http/console/pages.js';
import type { CityAddresses } from './servers.js';

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly isPage: boolean;
  readonly text: string;
  /** From the request to the last byte of the body. */
  readonly ms: number;
  /** As they came, compressed or not. */
  readonly bytes: number;
}

export interface PageTimes {
  readonly role: string;
  /** The route, and which parameters its address had. */
  readonly page: string;
  readonly path: string;
  readonly times: readonly number[];
  readonly bytes: number;
}

/** Addresses of one kind that are asked for a page. */
const TRIES = 3;

/** An address more than once only where what it says is of another kind. */
const kindOf = ({ pathname, searchParams }: URL): string => {
  const named = [...new Set(searchParams.keys())].sort().join('&');
  return `${routeOf(pathname) ?? pathname}${named === '' ? '' : `?${named}`}`;
};

export class Visitor {
  readonly browser = new Browser();
  readonly #agent: Agent;
  constructor(
    readonly city: CityAddresses,
    /** Who, as `policies/people.json` has it; without one nobody is signed in. */
    readonly role: string,
  ) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(join(city.pki, 'ca.pem')) });
  }

  /** @param compressed as a browser asks; the text is not read then */
  ask(path: string, compressed: boolean): Promise<Answer> {
    const cookie = [...this.browser.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = {
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'accept-language': 'zh-CN',
      ...(cookie === '' ? {} : { cookie }),
      ...(compressed ? { 'accept-encoding': 'gzip, deflate, br' } : {}),
    };
    return new Promise((resolve, reject) => {
      const began = performance.now();
      request(new URL(path, this.city.people), { agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const ms = performance.now() - began;
          const body = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location ?? '',
            isPage: response.headers['content-type']?.startsWith('text/html') === true,
            text: compressed ? '' : body.toString('utf8'),
            ms,
            bytes: body.length,
          });
        });
      })
        .once('error', reject)
        .end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Addresses of a page to pages of the same city. */
function linksOf(text: string, at: URL): readonly URL[] {
  return [...text.matchAll(/<a\b[^>]*?\bhref="([^"]*)"[^>]*>/g)].flatMap(([tag, href = '']) => {
    if (/\bdownload\b/.test(tag)) return [];
    const url = new URL(href.replaceAll('&amp;', '&'), at);
    url.hash = '';
    return url.origin !== at.origin || url.searchParams.has('lang') ? [] : [url];
  });
}

/** One address of each kind that is met from the first pages on. */
async function addresses(visitor: Visitor, starts: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const tried = new Map<string, number>();
  const queued = new Set(starts);
  for (const path of queued) {
    const at = new URL(path, visitor.city.people);
    const kind = kindOf(at);
    const tries = tried.get(kind) ?? 0;
    if (found.has(kind) || tries === TRIES) continue;
    tried.set(kind, tries + 1);
    const { status, location, isPage, text } = await visitor.ask(path, false);
    const next = location === '' ? linksOf(text, at) : [new URL(location, at)];
    if (status === 200 && isPage && pageRoutes.includes(routeOf(at.pathname) ?? '')) found.set(kind, path);
    for (const { origin, pathname, search } of isPage || location !== '' ? next : [])
      if (origin === at.origin && !/^\/(?:sign-in|callback|assets|log)\b/.test(pathname))
        queued.add(`${pathname}${search}`);
  }
  return found;
}

/** Each page of theirs: once to warm up, then so many times. */
export async function pagesOf(visitor: Visitor, starts: readonly string[], rounds: number): Promise<PageTimes[]> {
  const all: PageTimes[] = [];
  for (const [page, path] of await addresses(visitor, starts)) {
    const { bytes } = await visitor.ask(path, true);
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const { status, isPage, ms } = await visitor.ask(path, true);
      if (status !== 200 || !isPage) throw new Error(`${visitor.role}: ${page} answered ${String(status)}`);
      times.push(ms);
    }
    all.push({ role: visitor.role, page, path, times, bytes });
  }
  return all;
}

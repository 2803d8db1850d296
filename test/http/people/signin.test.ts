import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import type { Provider } from '../../../gateway/ground/identity/provider.js';
import type { Sessions } from '../../../gateway/http/people/sessions.js';
import type { People } from '../../../gateway/http/plugins/people.js';
import { demoPersons } from '../../../gateway/http/provider/persons.js';
import { developmentProvider } from '../../../gateway/http/provider/provider.js';
import { type Served, serve } from '../api/serve.js';

// each test makes a workspace by the command line
t.setTimeout(180_000);

const HOST = 'people.test:8444';
const claims = { roles: 'yitong_roles', authority: 'yitong_authority', subjects: 'yitong_subjects' };

async function provider(t: Test): Promise<Provider> {
  const workspace = await loadWorkspace(packageRoot());
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on(
    'request',
    developmentProvider({
      issuer,
      clientId: 'yitong',
      clientSecret: 'a-secret-of-the-test',
      redirectUris: [`https://${HOST}/callback`],
      claims,
      persons: await demoPersons(workspace),
      workspace,
    }),
  );
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  return { issuer, clientId: 'yitong', clientSecret: 'a-secret-of-the-test', claims, insecure: true };
}

/** A browser with two jars: ours by inject, the provider's by HTTP. */
class Browser {
  readonly jar = new Map<string, string>();
  private readonly foreign = new Map<string, string>();
  constructor(private readonly served: Served) {}

  async ours(
    url: string,
    method: 'GET' | 'POST' = 'GET',
    payload?: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; location: string; text: string }> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const body =
      payload === undefined
        ? {}
        : {
            payload: new URLSearchParams(payload).toString(),
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
          };
    const answer = await this.served.people.inject({
      method,
      url,
      ...body,
      headers: { host: HOST, accept: 'text/html', cookie, ...(body.headers ?? {}), ...headers },
    });
    for (const { name, value, maxAge, expires } of answer.cookies)
      if (maxAge === 0 || (expires !== undefined && expires.getTime() < Date.now())) this.jar.delete(name);
      else this.jar.set(name, value);
    return { status: answer.statusCode, location: String(answer.headers.location ?? ''), text: answer.body };
  }

  /** Follows the provider's redirects until one leads back to us. */
  async theirs(url: string, method: 'GET' | 'POST' = 'GET'): Promise<string> {
    for (let at = url, how = method, hops = 0; hops < 10; hops++, how = 'GET') {
      const cookie = [...this.foreign].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(at, { method: how, redirect: 'manual', headers: { cookie } });
      for (const line of answer.headers.getSetCookie()) {
        const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
        this.foreign.set(name, value);
      }
      const location = answer.headers.get('location');
      if (location === null) return at;
      at = new URL(location, at).href;
      if (new URL(at).host === HOST) return at;
    }
    throw new Error('too many redirects');
  }

  async signIn(person: string, to = '/console'): Promise<{ status: number; location: string }> {
    const left = await this.ours(`/sign-in?to=${encodeURIComponent(to)}`);
    const choose = await this.theirs(left.location);
    const back = await this.theirs(`${choose}/${person}`, 'POST');
    const { pathname, search } = new URL(back);
    return this.ours(pathname + search);
  }
}

const NAME = '__Host-yitong';
const sessionsOf = ({ people }: Served): Sessions =>
  (people as typeof people & { readonly people: People }).people.sessions;

t.test('signing in leads back to where one was, and signing out ends it everywhere', async (t) => {
  const served = await serve(t, { provider: await provider(t), peopleAddress: `https://${HOST}` });
  const browser = new Browser(served);
  t.match(await browser.ours('/console'), { status: 303, location: '/sign-in?to=%2Fconsole' });
  t.match(await browser.signIn('lin-auditor', '/console?lang=en'), { status: 303, location: '/console?lang=en' });
  const token = browser.jar.get(NAME) ?? '';
  const session = await sessionsOf(served).find(token);
  t.match(session, { person: { name: '林审计', roles: ['auditor'] } });

  const foreign = await browser.ours('/sign-out', 'POST', { csrf: 'guessed' });
  t.match(foreign, { status: 403, text: /form_foreign/ }, 'a form from elsewhere signs nobody out');
  t.equal(
    (await browser.ours('/sign-out', 'POST', { csrf: session?.csrf ?? '' }, { origin: 'https://evil.test' })).status,
    403,
  );
  t.equal(
    (await browser.ours('/sign-out', 'POST', { csrf: session?.csrf ?? '' }, { 'sec-fetch-site': 'cross-site' })).status,
    403,
  );
  t.match(await browser.ours('/sign-out', 'POST', { csrf: session?.csrf ?? '' }), {
    status: 303,
    location: '/signed-out',
  });
  t.equal(await sessionsOf(served).find(token), undefined);
});

t.test('whoever planted a cookie before gains nothing by the sign-in', async (t) => {
  const served = await serve(t, { provider: await provider(t), peopleAddress: `https://${HOST}` });
  const browser = new Browser(served);
  const attacker = { id: 'x|attacker', name: 'x', roles: ['auditor' as const], subjects: [] };
  const planted = (await sessionsOf(served).create(attacker)).token;
  browser.jar.set(NAME, planted);
  await browser.signIn('wu-inspector');
  t.not(browser.jar.get(NAME), planted);
  t.equal(await sessionsOf(served).find(planted), undefined);
  t.match(await sessionsOf(served).find(browser.jar.get(NAME) ?? ''), {
    person: { roles: ['inspector'], authority: 'tax' },
  });
});

t.test('a callback that was not begun here, comes twice or was changed signs nobody in', async (t) => {
  const served = await serve(t, { provider: await provider(t), peopleAddress: `https://${HOST}` });
  const browser = new Browser(served);
  const { location } = await browser.ours('/sign-in');
  const back = new URL(await browser.theirs(`${await browser.theirs(location)}/lin-auditor`, 'POST'));
  const stranger = new Browser(served);
  t.match(await stranger.ours(back.pathname + back.search), { status: 401, text: /sign_in_failed/ }, 'another browser');
  const changed = new URL(back);
  changed.searchParams.set('state', 'other');
  t.equal((await browser.ours(changed.pathname + changed.search)).status, 401, 'another state');
  t.equal((await browser.ours(back.pathname + back.search)).status, 401, 'a sign-in that failed is over');
  t.notOk(browser.jar.has(NAME));
});

t.test('what a role may not see it is not shown, and who is not signed in is told so', async (t) => {
  const served = await serve(t, { provider: await provider(t), peopleAddress: `https://${HOST}` });
  const browser = new Browser(served);
  t.match(await browser.ours('/console/entries/0/proof', 'GET', undefined, { accept: 'application/json' }), {
    status: 401,
    text: /sign_in_required/,
  });
  await browser.signIn('wu-inspector');
  for (const path of [
    '/console/overview',
    '/console/complaints',
    '/console/grants',
    '/console/feeds',
    '/console/history',
  ]) {
    t.match(await browser.ours(path), { status: 403, text: /role_missing/ }, path);
  }
});

t.test('a sign-in leads to a path of this port, wherever it was told to lead', async (t) => {
  const served = await serve(t, { provider: await provider(t), peopleAddress: `https://${HOST}` });
  for (const to of ['https://evil.test/', '//evil.test', '/\\evil.test', 'javascript:alert(1)', '']) {
    t.match(await new Browser(served).signIn('lin-auditor', to), { status: 303, location: '/console' }, to);
  }
});

t.test('without a provider nobody signs in, and the pages say so', async (t) => {
  const served = await serve(t);
  const answer = await new Browser(served).ours('/sign-in');
  t.equal(answer.status, 503);
  t.match(answer.text, /sign_in_unavailable/);
});

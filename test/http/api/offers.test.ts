/**
 * In which media types each route answers, and whose answers scripts of other pages may read: over all routes of both
 * ports.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { present } from '../../../contracts/present.js';
import { ROLES } from '../../../gateway/ground/identity/person.js';
import { preferred } from '../../../gateway/http/plugins/offers.js';
import type { RawAnswer } from '../../e2e/ask.js';
import { faces, type Route, routesOf } from './faces.js';

t.setTimeout(120_000);

const CLIENT = 'credit-report-centre';
const EVERYBODY = { roles: ROLES, authority: 'samr', subjects: ['uscc:91990102MA00001692'] };
const NONE = 'application/vnd.nobody+xml';
/**
 * What is for everybody, the same for each: the issuer's metadata with its keys, the key of documents, status lists,
 * and the published log. The router prints the log's as its wildcard alone.
 */
const PUBLIC = ['GET /.well-known/jwt-vc-issuer', 'GET /*', 'GET /status/:list', 'GET /verify/ca.pem'];

const label = ({ method, url }: Route): string => `${method} ${url}`;
const addressOf = (url: string): string =>
  url === '/*' ? '/log/vkey' : url.replaceAll(/:(\w+)/g, '0').replace('*', 'x');

t.test(
  'a media type that a route does not offer is 406, for whoever may ask; what it offers, ranges, weights and ' +
    'nothing at all are taken',
  async (t) => {
    const here = await faces(t);
    mkdirSync(join(here.dataDir, 'log'), { recursive: true });
    writeFileSync(join(here.dataDir, 'log', 'vkey'), 'log.test+1+A\n');
    const sides: readonly (readonly [
      string,
      readonly Route[],
      (route: Route, accept: string | undefined) => Promise<RawAnswer>,
    ])[] = [
      [
        'api',
        // asked by other regions alone: whoever else does is told that first
        routesOf(here.api).filter(({ url }) => url !== '/v1/region-cases'),
        ({ method, url }, accept) =>
          here.ask(
            {
              method,
              path: addressOf(url),
              headers: { 'yitong-subject': 'uscc:91990102MA00001692', ...present({ accept }) },
              ...(method === 'POST' ? { body: {} } : {}),
            },
            CLIENT,
          ),
      ],
      [
        'people',
        // signing out comes last: the session ends with it
        routesOf(here.people)
          .filter(({ url }) => !url.startsWith('/assets/*'))
          .sort((a, b) => Number(a.url === '/sign-out') - Number(b.url === '/sign-out')),
        async ({ method, url }, accept) =>
          here.visit(
            {
              method,
              path: addressOf(url),
              headers: { accept: accept ?? '*/*' },
              ...(method === 'POST' ? { body: { csrf: await here.csrf(EVERYBODY) } } : {}),
            },
            EVERYBODY,
          ),
      ],
    ];
    for (const [side, routes, ask] of sides) {
      t.ok(routes.length > 25, `${side}: ${String(routes.length)} routes`);
      let fine = 0;
      for (const route of routes) {
        const entries = here.entries.length;
        for (const accept of [NONE, `${NONE};q=0.9, audio/*`, '*/*;q=0']) {
          const refused = await ask(route, accept);
          t.equal(refused.status, 406, `${label(route)} ${accept}`);
          t.match(JSON.parse(refused.text), { code: 'not_acceptable', status: 406 });
          t.match(refused.headers['content-type'], /^application\/problem\+json/);
        }
        t.equal(here.entries.length, entries, `${label(route)}: nothing was done before`);
        for (const accept of ['*/*', undefined, `${NONE}, */*;q=0.1`, 'no media range'])
          t.not((await ask(route, accept)).status, 406, `${label(route)} ${accept ?? 'nothing'}`);
        const answer = await ask(route, '*/*');
        const [type = ''] = String(answer.headers['content-type'] ?? '').split(';');
        if (answer.status !== 200) continue;
        fine++;
        for (const accept of [type, `${type};q=0.2, ${NONE}`, `${type.split('/')[0] ?? ''}/*`])
          t.equal((await ask(route, accept)).status, 200, `${label(route)} ${accept}`);
      }
      t.ok(fine > 5, `${side}: ${String(fine)} answered with a content of their own`);
    }
    const other = await here.ask(
      { method: 'POST', path: '/v1/region-cases', headers: { accept: NONE }, body: {} },
      CLIENT,
    );
    t.equal(other.status, 404, 'who is no region is told that first');
    const stranger = await here.visit({ path: '/console/search', headers: { accept: NONE } });
    t.not(stranger.status, 406, 'who may not ask is told that first');
  },
);

t.test(
  'scripts of any page may read what is for everybody, with GET and HEAD and no cookie; nothing else',
  async (t) => {
    const here = await faces(t);
    const foreign = {
      origin: 'https://elsewhere.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'x-csrf',
    };
    for (const [side, routes] of [
      ['api', routesOf(here.api)],
      ['people', routesOf(here.people)],
    ] as const) {
      const open: string[] = [];
      for (const route of routes) {
        for (const method of [route.method, 'HEAD', 'OPTIONS', 'POST']) {
          const path = addressOf(route.url);
          const answer =
            side === 'api'
              ? await here.ask({ method, path, headers: foreign, ...(method === 'POST' ? { body: {} } : {}) }, CLIENT)
              : await here.visit(
                  {
                    method,
                    path,
                    headers: foreign,
                    ...(method === 'POST' ? { body: { csrf: await here.csrf(EVERYBODY) } } : {}),
                  },
                  EVERYBODY,
                );
          const allowed = answer.headers['access-control-allow-origin'];
          t.notOk(
            answer.headers['access-control-allow-credentials'] ??
              answer.headers['access-control-allow-methods'] ??
              answer.headers['access-control-allow-headers'],
            `${method} ${path}`,
          );
          if (method === route.method && allowed === '*') open.push(label(route));
          if (!['GET', 'HEAD'].includes(method)) t.equal(allowed, undefined, `${method} ${path}`);
        }
      }
      t.strictSame(open.sort(), side === 'api' ? [] : [...PUBLIC].sort(), side);
    }
  },
);

t.test('the liked best of what is offered is sent', (t) => {
  const offers = ['application/json', 'application/pdf', 'text/html'];
  for (const [accept, wanted] of Object.entries({
    '': 'application/json',
    '*/*': 'application/json',
    'application/*': 'application/json',
    'text/*': 'text/html',
    'APPLICATION/PDF': 'application/pdf',
    'application/pdf': 'application/pdf',
    'application/pdf;q=0.4, application/json;q=0.3': 'application/pdf',
    'application/json, application/pdf;q=0.9': 'application/json',
    'application/pdf, */*': 'application/pdf',
    'application/json;q=0, */*': 'application/pdf',
    'application/*;q=0, */*;q=0.1': 'text/html',
    'text/html; charset=utf-8; q=1.000': 'text/html',
    'x, ;;, */json, text/html': 'text/html',
  }))
    t.equal(preferred(accept, offers), wanted, accept);
  for (const accept of [
    'image/png',
    '*/*;q=0',
    'application/json;q=0',
    'application/*;q=0.000, text/plain',
    'application/jsonp',
  ])
    t.equal(preferred(accept, offers), undefined, accept);
  t.end();
});

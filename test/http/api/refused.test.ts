/**
 * Whoever is known and is refused something is on record with it, whatever the route: each route of the real app is
 * asked by somebody who may not.
 */

import t from 'tap';
import { type ErrorCode, errorTable } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { type Person, ROLES, type Role } from '../../../gateway/ground/identity/person.js';
import { exampleOf, type Faces, faces, type Route, routesOf } from './faces.js';

t.setTimeout(240_000);

/**
 * What every client that is known may do: `<operation>` of the API's description. A route that is added is refused to a
 * stranger, or stands here.
 */
const FOR_EVERY_CLIENT: readonly string[] = [
  'catalogue',
  'catalogueEntry',
  'catalogueDcat',
  'catalogueCsv',
  // content of the workspace; nobody's data are in it
  'bundles',
  'bundle',
  'mergeBundle',
  'guide',
  // what waits for the client's own authority: an empty list
  'cases',
  'openapi',
  'schema',
  'schemaSubjects',
  'schemaVersion',
  'schemaVersions',
  // answers about the client's own only: an empty list, `not_yet`
  'reportDefinitions',
  'receipt',
  'documentChanges',
  'objections',
  'matters',
  'useRecords',
  'correctionsTold',
  'deputies',
  // of the client's own department alone: whom its head names, its own officers say
  'handOver',
  // which datasets are answered at once; nobody's data are in it
  'standingConsents',
  'subscriptions',
  'files',
  // whoever holds a document or credential may have it verified; each is an entry of its own
  'verifyDocuments',
  'verifyCredential',
  'sandboxQuery',
  'sharingStatistics',
  'sandboxSubjects',
];
/** Whoever is signed in: the first page, and what was kept of a form. */
const FOR_EVERY_ROLE: ReadonlySet<string> = new Set([
  '/console',
  '/console/keep',
  '/console/kept/:id',
  // what waits for whoever it is, and what each is told of
  '/console/home',
  '/console/notices',
  '/console/notices/:id',
  '/console/notices/read',
  '/console/notices/settings',
  '/console/notices/mail',
  '/console/notices/confirm',
]);
/** What anybody may read or send on the people's port;  is the published log as the router prints it. */
const FOR_ANYBODY: readonly string[] = [
  'GET /',
  'GET /assets/*',
  'GET /.well-known/jwt-vc-issuer',
  'GET /status/:list',
  'GET /compliance',
  'GET /compliance/:code',
  'GET /compliance/report',
  'GET /compliance/report/:code',
  'POST /compliance/report',
  'GET /*',
  'GET /numbers',
  'GET /guide',
  'POST /guide',
  'POST /guide/begin',
  'GET /matters',
  'GET /matters/:bundle',
  'GET /ratings',
  'GET /verify',
  'POST /verify',
  'GET /verify/:code',
  'GET /verify/ca.pem',
  'GET /sign-in',
  'GET /callback',
  'POST /sign-out',
  'GET /signed-out',
];
/** A client of the city that is entitled to none of what the examples ask for. */
const STRANGER = 'fire-inspector';

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string }>>>>;
}
const filled = (url: string, parameters: Readonly<Record<string, unknown>>): string =>
  url.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(parameters[name] ?? 'x'))).replace('*', 'x');
const label = ({ method, url }: Route): string => `${method} ${url}`;
const withRequest = ({ entries }: Faces, id: unknown) =>
  entries.filter(({ body }) => body['requestId'] === id).map(({ body }) => body);

t.test(
  'a client that may not is refused on every route of its port, and each refusal is on record before it is told',
  async (t) => {
    const here = await faces(t);
    const { paths } = JSON.parse((await here.ask({ path: '/v1/openapi.json' }, STRANGER)).text) as Described;
    const routes = routesOf(here.api);
    t.ok(routes.length >= 25, `${String(routes.length)} routes`);
    const open: string[] = [];
    for (const route of routes) {
      const operation = paths[route.url.replaceAll(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()]?.operationId ?? '';
      const { parameters, request } = exampleOf(operation);
      const headers = Object.fromEntries(
        Object.entries(parameters)
          .filter(([name]) => name.startsWith('yitong-'))
          .map(([name, value]) => [name, String(value)]),
      );
      if (/^GET \/v1\/(?:reports|authorisations)/.test(label(route)) || route.method === 'DELETE')
        headers['yitong-subject'] ??= 'uscc:91990102MA00001692';
      const answer = await here.ask(
        {
          method: route.method,
          path: filled(route.url, parameters),
          headers,
          ...present({ body: request }),
        },
        STRANGER,
      );
      const found = withRequest(here, answer.headers['x-request-id']);
      if (FOR_EVERY_CLIENT.includes(operation)) {
        open.push(operation);
        t.same(
          found.filter(({ type }) => type === 'refused'),
          [],
          `${label(route)}: nothing was refused`,
        );
        continue;
      }
      const { code } = JSON.parse(answer.text) as { code: ErrorCode };
      t.ok(
        [403, 404, 409, 410].includes(answer.status),
        `${label(route)} is refused: ${String(answer.status)} ${code}`,
      );
      const said = found.find(({ type }) => type === 'refused' || type === 'released' || type === 'region');
      t.ok(said, `${label(route)} ${code} is on record`);
      if (said?.['type'] !== 'refused') continue;
      t.match(said, { type: 'refused', port: 'api', route: label(route), code, client: STRANGER, authority: 'fire' });
    }
    t.strictSame(open.sort(), [...FOR_EVERY_CLIENT].sort(), 'each of the routes for every client is there');
  },
);

t.test('a refusal names the dataset where the workspace has it, and nothing that the caller made up', async (t) => {
  const here = await faces(t);
  const push = (id: string) =>
    here.ask({ method: 'POST', path: `/v1/datasets/${id}/records`, body: exampleOf('publish').request }, STRANGER);
  const [known, unknown] = [await push('transport.weighbridge-checks'), await push('91990102MA00001692')];
  t.match(withRequest(here, known.headers['x-request-id']), [
    {
      code: 'not_publisher',
      route: 'POST /v1/datasets/:id/records',
      datasets: [{ dataset: 'transport.weighbridge-checks', effect: 'deny', reason: 'not_publisher' }],
    },
  ]);
  const [entry] = withRequest(here, unknown.headers['x-request-id']);
  t.match(entry, { code: 'not_publisher' });
  t.notMatch(JSON.stringify(entry), /91990102MA00001692/);
  t.notOk(entry !== undefined && 'datasets' in entry);
});

t.test('what cannot be put on record is not told: 503 and nothing else', async (t) => {
  const here = await faces(t);
  here.healthy = false;
  const answer = await here.ask(
    { method: 'POST', path: '/v1/datasets/transport.weighbridge-checks/records', body: exampleOf('publish').request },
    STRANGER,
  );
  t.match(JSON.parse(answer.text), { status: 503, code: 'audit_unavailable' });
  t.match(
    JSON.parse(
      (await here.visit({ path: '/console/grants' }, { roles: ['subject'], subjects: ['uscc:91990102MA00001692'] }))
        .text,
    ),
    { status: 503, code: 'audit_unavailable' },
  );
});

const SUBJECT = 'uscc:91990102MA00001692';
const somebody = (role: Role): Pick<Person, 'roles'> & Partial<Person> => ({
  roles: [role],
  authority: 'tax',
  subjects: [SUBJECT],
});

t.test(
  'a person of another role, one with a foreign form and one who is not signed in are refused on every page, ' +
    'and it is on record',
  async (t) => {
    const here = await faces(t);
    const open: string[] = [];
    let refused = 0;
    for (const route of routesOf(here.people)) {
      const path = filled(route.url, {});
      const body = route.method === 'GET' ? {} : { body: 'a=b' };
      const codeFor = async (
        as?: Parameters<Faces['visit']>[1],
      ): Promise<{ readonly code: string; readonly id: unknown }> => {
        const { text, headers } = await here.visit({ method: route.method, path, ...body }, as);
        return {
          code: text.startsWith('{') ? (JSON.parse(text) as { code: string }).code : '',
          id: headers['x-request-id'],
        };
      };
      if ((await codeFor()).code !== 'sign_in_required') {
        open.push(label(route));
        continue;
      }
      const codes = new Set<string>();
      for (const role of ROLES) {
        const { code, id } = await codeFor(somebody(role));
        codes.add(code);
        if (code !== 'role_missing' && code !== 'form_foreign') continue;
        refused++;
        t.match(
          withRequest(here, id),
          [{ type: 'refused', port: 'people', route: label(route), code, roles: [role] }],
          `${label(route)} for ${role}: ${code}`,
        );
      }
      if (!FOR_EVERY_ROLE.has(route.url)) t.ok(codes.has('role_missing'), `${label(route)} is not for every role`);
      if (route.method !== 'GET') t.ok(codes.has('form_foreign'), `${label(route)} takes no form from elsewhere`);
      t.ok(codes.size > (FOR_EVERY_ROLE.has(route.url) ? 0 : 1), `${label(route)} is for somebody`);
    }
    t.ok(refused > 150, `${String(refused)} refusals`);
    t.ok(
      here.entries
        .filter(({ body }) => body['type'] === 'refused')
        .every(({ draft }) => draft.subject?.subject.startsWith('person:test|') === true),
      'who it was stands under the own key',
    );
    const strangers = open.filter(
      (one) =>
        !FOR_ANYBODY.some(
          (known) => known === one || (known.endsWith('/assets/*') && one.startsWith(known.slice(0, -1))),
        ),
    );
    t.strictSame(
      strangers.sort(),
      ['GET /compliance/answer', 'GET /compliance/answer/state', 'POST /compliance', 'POST /compliance/answer'],
      'what anybody may ask is known; those of a scanner are bound to its cookie',
    );
    for (const [method, path, body] of [
      ['GET', '/compliance/answer', undefined],
      ['GET', '/compliance/answer/state', undefined],
      ['POST', '/compliance/answer', 'a=b'],
    ] as const) {
      const as = { roles: ['auditor'] as const };
      const answer = await here.visit(
        { method, path, ...(body === undefined ? {} : { body: { csrf: await here.csrf(as) } }) },
        as,
      );
      t.equal(answer.status, errorTable.code_unknown.status, `${method} ${path}`);
      t.match(
        withRequest(here, answer.headers['x-request-id']),
        [{ type: 'refused', code: 'code_unknown' }],
        `${method} ${path}`,
      );
    }
    await here.people.close();
    const counted = here.notes.filter(({ type }) => type === 'refused_before_identity');
    t.ok(
      counted.some(({ code, count }) => code === 'sign_in_required' && Number(count) > 20),
      'who was not known is counted by address and minute',
    );
  },
);

t.test('what hides from others what they may not see is a refusal too', async (t) => {
  const here = await faces(t);
  const officer = { roles: ['data-officer'] as const, authority: 'tax' };
  const answer = await here.visit({ path: '/console/feeds/samr.company-register' }, officer);
  t.equal(answer.status, 404);
  t.match(withRequest(here, answer.headers['x-request-id']), [
    {
      type: 'refused',
      code: 'not_found',
      route: 'GET /console/feeds/:dataset',
      datasets: [{ dataset: 'samr.company-register' }],
    },
  ]);
  const report = await here.ask(
    { path: '/v1/reports/623631ee368142c06903b1e8a98de636', headers: { 'yitong-subject': 'uscc:91990102MA00001692' } },
    'credit-report-centre',
  );
  t.match(withRequest(here, report.headers['x-request-id']), [
    { type: 'refused', code: 'not_found', client: 'credit-report-centre' },
  ]);
  for (const path of ['/v1/catalogue/no.such', '/v1/no-such-route']) {
    const missing = await here.ask({ path }, STRANGER);
    t.equal(missing.status, 404);
    t.same(withRequest(here, missing.headers['x-request-id']), [], `${path}: what everybody may know is not there`);
  }
});

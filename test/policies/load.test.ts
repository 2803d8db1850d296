import { createHash } from 'node:crypto';
import { cp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { present } from '../../contracts/present.js';
import { runCases } from '../../policies/cases.js';
import { makeDecider } from '../../policies/decide.js';
import { loadPolicies } from '../../policies/load.js';
import { contract, FIELDS, field, workspace, write } from './city.js';

const name = { zh: '名', en: 'name' };
const CLIENT = { authority: 'tax', name, identity: { spiffe: 'spiffe://city/client/alpha' }, status: 'active' };
const GRANT = {
  client: 'alpha',
  dataset: 'tax.debts',
  fields: ['name', { path: 'address' }, { path: 'key', as: 'match' }],
  rows: { all: true },
  purposes: ['credit'],
  delivery: ['query'],
  from: '2026-01-01',
  until: '2026-12-31',
  legalBasis: ['law'],
  requires: [],
  subjectNotice: { mode: 'immediate' },
  status: 'active',
};
const BASE = {
  'policies/purposes.json': { credit: { name, legalBasis: ['law'] } },
  'policies/clients/alpha.json': CLIENT,
  'policies/grants/one.json': GRANT,
  'policies/anchors/city.json': { name, ca: 'city.pem', authorities: ['tax'], crl: 'city.crl.pem', crlGrace: 'PT24H' },
  'policies/rules/t/policy.cedar': '@id("all")\npermit (principal, action, resource);\n',
};
const CONTRACTS = [
  contract('tax.debts', 'conditional', [...FIELDS, { ...field('amount', 'internal'), type: 'decimal' }]),
];
const load = async (dir: string, files: Readonly<Record<string, unknown>> = {}) => {
  await write(dir, { ...BASE, ...files });
  return loadPolicies(workspace(CONTRACTS, dir));
};

t.test('what is declared is what is decided by', async (t) => {
  const dir = t.testdir();
  const set = await load(dir);
  t.match(
    [...set.grants.values()],
    [
      {
        id: 'one',
        fields: [
          { path: 'name', as: 'value' },
          { path: 'address', as: 'value' },
          { path: 'key', as: 'match' },
        ],
        rows: { kind: 'all' },
      },
    ],
  );
  t.match(set.anchors, [
    {
      id: 'city',
      ca: join(dir, 'policies/anchors/city.pem'),
      crl: join(dir, 'policies/anchors/city.crl.pem'),
      crlGrace: 86_400_000,
      authorities: ['tax'],
    },
  ]);
  t.match(set.rules, [{ id: 't/all', effect: 'permit', line: 1 }]);
  t.equal(set.version, (await load(dir)).version);
  t.not(
    set.version,
    (await load(dir, { 'policies/rules/t/policy.cedar': 'permit (principal, action, resource);' })).version,
  );
  const client = [...set.clients.values()][0];
  if (client !== undefined)
    t.match(
      makeDecider(set, workspace(CONTRACTS)).decide({
        client,
        purpose: 'credit',
        dataset: 'tax.debts',
        delivery: 'query',
        now: Date.parse('2026-05-05'),
      }),
      { effect: 'allow', grant: 'one' },
    );
});

t.test('a nearer layer adds purposes and replaces files of the same name', async (t) => {
  const [far, near] = [t.testdir({ far: {}, near: {} }) + '/far', t.testdirName + '/near'];
  await write(far, BASE);
  await write(near, {
    'policies/purposes.json': { licence: { name, legalBasis: ['law'] } },
    'policies/clients/alpha.json': { ...CLIENT, status: 'suspended' },
  });
  const set = await loadPolicies({ ...workspace(CONTRACTS), layers: [near, far] });
  t.same([...set.purposes.keys()].sort(), ['credit', 'licence']);
  t.match([...set.clients.values()], [{ status: 'suspended' }]);
});

const grant = (parts: object) => ({ 'policies/grants/one.json': { ...GRANT, ...parts } });
const client = (parts: object) => ({ 'policies/clients/alpha.json': { ...CLIENT, ...parts } });
const policy = (text: string) => ({ 'policies/rules/t/policy.cedar': text });
const FORBID = 'forbid (principal, action, resource) when';
const mistakes: readonly [
  what: string,
  files: Record<string, unknown>,
  code: string,
  message: RegExp,
  line?: number,
][] = [
  ['an unknown key', grant({ colour: 'red' }), 'bad_grant', /unknown key `colour`/],
  ['an unknown client', grant({ client: 'beta' }), 'bad_grant', /no client `beta`/],
  ['an unknown dataset', grant({ dataset: 'tax.nothing' }), 'bad_grant', /no dataset `tax.nothing`/],
  ['an unknown field', grant({ fields: ['nme'] }), 'bad_grant', /no field `nme`/],
  ['all fields at once', grant({ fields: ['*'] }), 'bad_grant', /`\*` is not granted/],
  ['a field twice', grant({ fields: ['name', { path: 'name', as: 'match' }] }), 'bad_grant', /twice/],
  [
    'bands of a text',
    grant({ fields: [{ path: 'name', as: 'band', bands: ['<1'] }] }),
    'bad_grant',
    /`name` is neither a number nor a date/,
  ],
  [
    'bands of an amount that overlap',
    grant({ fields: [{ path: 'amount', as: 'band', bands: ['0–10', '5–20'] }] }),
    'bad_grant',
    /begins before the band in front of it ends/,
  ],
  [
    'a band that is none',
    grant({ fields: [{ path: 'amount', as: 'band', bands: ['10-20'] }] }),
    'bad_grant',
    /`10-20` is no band/,
  ],
  [
    'a band of dates for a number',
    grant({ fields: [{ path: 'amount', as: 'band', bands: ['<2020-01-01'] }] }),
    'bad_grant',
    /bounds that are no numbers/,
  ],
  [
    'a band without bands',
    grant({ fields: [{ path: 'amount', as: 'band' }] }),
    'bad_grant',
    /`bands` stands with the form/,
  ],
  ['a number of what is no list', grant({ fields: [{ path: 'name', as: 'count' }] }), 'bad_grant', /`name` is no list/],
  [
    'a mask over a number',
    grant({ fields: [{ path: 'amount', as: 'masked' }] }),
    'bad_grant',
    /`amount` is not free text/,
  ],
  [
    'a field of what is only told to exist',
    grant({ fields: [{ path: 'address', as: 'exists' }, 'address.city'] }),
    'bad_grant',
    /`address.city` lies in `address`/,
  ],
  ['a batch limit without the delivery', grant({ batchLimit: 5 }), 'bad_grant', /`batchLimit` stands with/],
  ['an unknown purpose', grant({ purposes: ['fun'] }), 'bad_grant', /no purpose `fun`/],
  ['a date that is none', grant({ until: '2026-02-30' }), 'bad_grant', /until/],
  ['a term that ends before it begins', grant({ from: '2027-01-01' }), 'bad_grant', /`from` is after `until`/],
  ['a delivery that the dataset does not offer', grant({ delivery: ['file'] }), 'bad_grant', /not delivered by `file`/],
  ['two kinds of rows', grant({ rows: { all: true, subjects: ['uscc:AAAA'] } }), 'bad_grant', /rows/],
  [
    'a subject that is no key',
    grant({ rows: { subjects: ['uscc:secret'] } }),
    'bad_grant',
    /^`rows.subjects.0` is no normalised/,
  ],
  [
    'an area by an unknown field',
    grant({ rows: { area: { field: 'nowhere', areas: ['31'] } } }),
    'bad_grant',
    /`nowhere`/,
  ],
  ['an area that is everywhere', grant({ rows: { area: { field: 'name', areas: [''] } } }), 'bad_grant', /areas/],
  ['a withheld notice without its basis', grant({ subjectNotice: { mode: 'withheld' } }), 'bad_grant', /legalBasis/],
  ['a delayed notice without its delay', grant({ subjectNotice: { mode: 'delayed' } }), 'bad_grant', /delay/],
  ['an unknown authority', client({ authority: 'police' }), 'bad_policy', /no authority `police`/],
  [
    'two identities',
    client({ identity: { spiffe: 'spiffe://city/a', keyHash: 'a'.repeat(64) } }),
    'bad_policy',
    /either `spiffe`/,
  ],
  [
    'a SPIFFE id with dots for steps',
    client({ identity: { spiffe: 'spiffe://city/../alpha' } }),
    'bad_policy',
    /spiffe/,
  ],
  [
    'an identity that another has',
    { 'policies/clients/beta.json': CLIENT },
    'bad_policy',
    /same as that of client `alpha`/,
  ],
  [
    'an anchor for an unknown authority',
    { 'policies/anchors/city.json': { name, ca: 'a.pem', authorities: ['police'], crl: 'a.crl' } },
    'bad_policy',
    /police/,
  ],
  [
    'an anchor that says nothing of revocation',
    { 'policies/anchors/city.json': { name, ca: 'a.pem', authorities: '*' } },
    'bad_policy',
    /write `crl`, the file of its revocation lists, or `noCrlBecause`/,
  ],
  [
    'an anchor that has a list and says that it has none',
    {
      'policies/anchors/city.json': {
        name,
        ca: 'a.pem',
        authorities: '*',
        crl: 'a.crl',
        noCrlBecause: 'nobody keeps one here',
      },
    },
    'bad_policy',
    /one of them/,
  ],
  [
    'an anchor without a list that gives no reason',
    { 'policies/anchors/city.json': { name, ca: 'a.pem', authorities: '*', noCrlBecause: 'none' } },
    'bad_policy',
    /noCrlBecause/,
  ],
  [
    'a revocation list outside of the workspace',
    { 'policies/anchors/city.json': { name, ca: 'a.pem', authorities: '*', crl: '../../../elsewhere/a.crl' } },
    'bad_policy',
    /`crl`: `..\/..\/..\/elsewhere\/a.crl` leads out of the workspace/,
  ],
  [
    'a CA outside of the workspace',
    { 'policies/anchors/city.json': { name, ca: '../../../../a.pem', authorities: '*', crl: 'a.crl' } },
    'bad_policy',
    /`ca`: .* leads out of the workspace/,
  ],
  [
    'a hidden revocation list',
    { 'policies/anchors/city.json': { name, ca: 'a.pem', authorities: '*', crl: '../../.git/a.crl' } },
    'bad_policy',
    /`crl`: .* is hidden/,
  ],
  [
    'a policy that does not compile',
    policy('permit (principal, action, resource)\n  wen { true };'),
    'bad_policy',
    /wen/,
    2,
  ],
  [
    'an unknown attribute',
    policy(`permit (principal, action, resource);\n\n${FORBID} { resource.colour == "red" };`),
    'bad_policy',
    /colour/,
    3,
  ],
  [
    'a misspelt classification',
    policy(`${FORBID} { resource.classification == "sensitiv" };`),
    'bad_policy',
    /`resource.classification` is compared with `sensitiv`/,
  ],
  [
    'a misspelt purpose in a list',
    policy(`${FORBID} { ["credit", "fun"].contains(context.purpose) };`),
    'bad_policy',
    /`fun`/,
  ],
  [
    'a policy about an unknown client',
    policy('forbid (principal == Client::"beta", action, resource);'),
    'bad_policy',
    /`beta`/,
  ],
  ['a policy that never holds', policy(`${FORBID} { resource.persons && false };`), 'bad_policy', /impossible/],
  ['a template', policy('permit (principal == ?principal, action, resource);'), 'bad_policy', /templates/],
  [
    'an id twice',
    policy(
      '@id("a")\npermit (principal, action, resource);\n@id("a")\nforbid (principal, action, resource) when { ' +
        'resource.persons };',
    ),
    'bad_policy',
    /twice/,
    3,
  ],
];
for (const [what, files, code, message, line] of mistakes) {
  t.test(`${what} is refused with its file`, async (t) => {
    const dir = t.testdir();
    const file = join(dir, Object.keys(files)[0] ?? '');
    await t.rejects(load(dir, files), {
      code,
      message,
      extra: { place: { file, ...present({ line }) } },
    });
  });
}

t.test('a revocation list that is a link out of the workspace is refused; one that stays inside is read', async (t) => {
  const dir = t.testdir({
    elsewhere: { 'a.crl': '' },
    city: { policies: { anchors: { '..data': { 'city.crl.pem': '' } } } },
  });
  const city = join(dir, 'city');
  const file = join(city, 'policies/anchors/city.crl.pem');
  await symlink('..data/city.crl.pem', file);
  t.match((await load(city)).anchors, [{ id: 'city', crl: file }], 'as the kubelet mounts it');
  await rm(file);
  await symlink('../../../elsewhere/a.crl', file);
  await t.rejects(load(city), { code: 'bad_policy', message: /`crl`: `city.crl.pem` leads out of the workspace/ });
});

t.test('the base rules hold in a workspace that has nothing else', async (t) => {
  const dir = t.testdir();
  const base = new URL('../../../policies/rules/base/', import.meta.url).pathname;
  await cp(base, join(dir, 'policies/rules/base'), { recursive: true });
  const space = workspace([], dir);
  const set = await loadPolicies(space);
  const results = runCases(set, makeDecider(set, space), 0);
  t.ok(results.length > 10);
  t.same(
    results.filter(({ failure }) => failure !== undefined),
    [],
  );
});

t.test('a case that no longer holds is found', async (t) => {
  const dir = t.testdir();
  const input = { client: 'alpha', purpose: 'credit', dataset: 'tax.debts', at: '2026-05-05T00:00:00Z' };
  const set = await load(dir, {
    'policies/rules/t/cases.json': [
      {
        name: 'holds',
        input,
        expect: {
          effect: 'allow',
          fields: ['name', 'address.city', 'address.street', 'address.geo.lat'],
          reason: 'not_released_as_value',
        },
      },
      { name: 'too many', input: { ...input, fields: ['name'] }, expect: { effect: 'allow', fields: [] } },
      { name: 'too late', input: { ...input, at: '2027-01-01T00:00:00Z' }, expect: { effect: 'allow' } },
      {
        name: 'a rule',
        input: { resource: { classification: 'personal' } },
        expect: { effect: 'allow', reason: 't/all' },
      },
    ],
  });
  const results = runCases(set, makeDecider(set, workspace(CONTRACTS)), 0);
  t.match(results, [
    { name: 'holds', failure: undefined },
    { failure: /fields/ },
    { failure: /expected allow, got deny \(grant_expired\)/ },
    { failure: undefined },
  ]);
});

t.test('the key hash of a client is hex as `openssl` and `sha256sum` print it', async (t) => {
  const sha256 = createHash('sha256').update('key').digest('hex');
  const set = await load(t.testdir(), client({ identity: { keyHash: sha256 } }));
  t.match([...set.clients.values()], [{ binding: { kind: 'key', sha256 } }]);
});

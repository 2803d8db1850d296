import { spawnSync } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { latinIn } from '../http/console/latin.js';
import { write } from './city.js';

const root = new URL('../../../', import.meta.url).pathname;
const main = new URL('../../gateway/cli/main.js', import.meta.url).pathname;
const name = { zh: '信用平台', en: 'credit platform' };
const RULES =
  'permit (principal, action, resource);\n@id("no-people")\nforbid (principal, action, resource) when { ' +
  'resource.classification == "personal" };\n';

async function city(
  t: Test,
  files: Readonly<Record<string, unknown>> = {},
): Promise<(...args: string[]) => { status: number | null; stdout: string; stderr: string }> {
  const dir = join(t.testdir(), 'city');
  await cp(join(root, 'test/fixtures/contracts/city'), dir, { recursive: true });
  await write(dir, {
    'policies/purposes.json': { credit: { name, legalBasis: ['law'] } },
    'policies/clients/alpha.json': {
      authority: 'fire',
      name,
      identity: { spiffe: 'spiffe://city/client/alpha' },
      status: 'active',
    },
    'policies/grants/one.json': {
      client: 'alpha',
      dataset: 'samr.company-register',
      fields: ['name', 'address', 'members'],
      rows: { all: true },
      purposes: ['credit'],
      delivery: ['query'],
      from: '2026-01-01',
      until: '2026-12-31',
      legalBasis: ['law'],
      requires: [],
      subjectNotice: { mode: 'immediate' },
      status: 'active',
    },
    'policies/rules/t/policy.cedar': RULES,
    'policies/rules/t/cases.json': [
      {
        name: 'people stay out',
        input: { resource: { classification: 'personal' } },
        expect: { effect: 'deny', reason: 't/no-people' },
      },
    ],
    ...files,
  });
  return (...args) =>
    spawnSync(process.execPath, [main, 'policies', ...args, '--workspace', dir], { encoding: 'utf8' });
}

t.test('a check says what holds, and fails on a case that does not', async (t) => {
  const good = await city(t);
  t.match(good('check'), { status: 0, stdout: '1 clients, 1 grants, 2 policies; 1 of 1 cases hold' });
  const bad = await city(t, {
    'policies/rules/t/cases.json': [
      { name: 'people come in', input: { resource: { classification: 'personal' } }, expect: { effect: 'allow' } },
    ],
  });
  t.match(bad('check'), { status: 1, stdout: /cases.json: people come in: expected allow, got deny \(t\/no-people\)/ });
  const broken = await city(t, { 'policies/rules/t/policy.cedar': 'permit (principal);' });
  t.match(broken('check'), { status: 2, stderr: /policy\.cedar:1: .*\[bad_policy\]/ });
});

t.test('an officer reads in words why a client gets what it gets', async (t) => {
  const run = await city(t);
  const ask = [
    'explain',
    '--client',
    'alpha',
    '--purpose',
    'credit',
    '--dataset',
    'samr.company-register',
    '--at',
    '2026-05-05T00:00:00Z',
  ];
  const all = run(...ask);
  t.equal(all.status, 0);
  for (const words of [
    /^allowed: credit platform \(alpha\) asks samr.company-register by query for credit/,
    /under grant one \(law\), in force from 2026-01-01 to 2026-12-31/,
    /fields: name, address.city, address.street, members\[\].role/,
    /classification personal: a policy forbids it, or none permits it \(t\/no-people\)/,
    /withheld members\[\].name/,
    /this holds until the beginning of 2027-01-01 in Shanghai/,
  ])
    t.match(all.stdout, words);
  const zh = run(...ask, '--zh').stdout;
  t.match(zh, /^允许：信用平台为“[^”]+”以查询方式取用“[^”]+”/);
  t.same(latinIn(zh), ['law'], 'names, and no id: that is the basis in law of this grant');
  t.match(run(...ask, '--fields', 'capital'), { status: 1, stdout: /^denied/ });
  t.match(run('explain', '--client', 'nobody', '--purpose', 'credit', '--dataset', 'x'), {
    status: 2,
    stderr: /no client `nobody`/,
  });
});

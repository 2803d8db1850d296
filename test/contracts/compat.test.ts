import { spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { checkWorkspace } from '../../contracts/compat.js';
import { impact } from '../../contracts/impact.js';
import { refuseSchema } from '../../contracts/refuse.js';
import { loadWorkspace } from '../../contracts/workspace.js';

const fixture = fileURLToPath(new URL('../../../test/fixtures/contracts/city', import.meta.url));
const main = fileURLToPath(new URL('../../gateway/cli/main.js', import.meta.url));
type Json = Record<string, unknown>;
interface Field extends Json {
  name: string;
}

async function copy(t: Test): Promise<string> {
  const dir = join(t.testdir(), 'city');
  await cp(fixture, dir, { recursive: true });
  return dir;
}
async function edit(file: string, change: (value: Json) => void, to = file): Promise<void> {
  const value = JSON.parse(await readFile(file, 'utf8')) as Json;
  change(value);
  await writeFile(to, JSON.stringify(value));
}
const penalty = 'contracts/datasets/fire/penalty';
const fieldsOf = (schema: Json): Field[] => schema['fields'] as Field[];
const field = (schema: Json, name: string): Field => fieldsOf(schema).find((candidate) => candidate.name === name)!;
const fresh = (more: Json): Field => ({
  name: 'fresh',
  type: 'string',
  title: { zh: '新', en: 'new' },
  classification: 'internal',
  ...more,
});

t.test('the fixture has nothing to find', async (t) => {
  const workspace = await loadWorkspace(fixture);
  t.same(await checkWorkspace(workspace, workspace), []);
});

const schemaChanges: readonly [string, (schema: Json) => void, RegExp | undefined][] = [
  ['a removed field', (schema) => fieldsOf(schema).pop(), /`fine` was removed/],
  ['a new field without default', (schema) => fieldsOf(schema).push(fresh({})), /`fresh` is new and has no default/],
  ['a new field with default', (schema) => fieldsOf(schema).push(fresh({ default: '' })), undefined],
  [
    'another type',
    (schema) => (field(schema, 'fine')['type'] = 'string'),
    /`fine` changed its type from decimal\(18,2\) to string/,
  ],
  [
    'another scale',
    (schema) => (field(schema, 'fine')['type'] = { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 }),
    /decimal\(18,2\) to decimal\(18,4\)/,
  ],
  ['another unit', (schema) => (field(schema, 'fine')['unit'] = 'CNY 10000'), /changed its unit/],
  [
    'a field that may be null',
    (schema) => (field(schema, 'fine')['type'] = ['null', field(schema, 'fine')['type']]),
    undefined,
  ],
  ['a renamed record', (schema) => (schema['name'] = 'Other'), /renamed its type/],
];
for (const [what, change, message] of schemaChanges) {
  t.test(`${what} in a new version is ${message === undefined ? 'let through' : 'an error, in words'}`, async (t) => {
    const dir = await copy(t);
    const dataset = join(dir, penalty);
    await rm(join(dataset, 'examples'), { recursive: true });
    await edit(join(dataset, 'v1.avsc'), change, join(dataset, 'v2.avsc'));
    const errors = (await checkWorkspace(await loadWorkspace(dir, { allowUnregistered: true }))).filter(
      ({ severity }) => severity === 'error',
    );
    if (message === undefined) return t.same(errors, []);
    t.equal(errors[0]?.code, 'schema_incompatible');
    t.match(errors.map((error) => error.message).join('\n'), message);
  });
}

t.test('compatibility is transitive: the third version is held against the first', async (t) => {
  const dir = await copy(t);
  const dataset = join(dir, penalty);
  await rm(join(dataset, 'examples'), { recursive: true });
  const grade = (symbols: string[]) => (schema: Json) =>
    fieldsOf(schema).push(
      fresh({
        name: 'grade',
        type: { type: 'enum', name: 'Grade', symbols },
        default: 'A',
        classification: 'personal',
      }),
    );
  await edit(join(dataset, 'v1.avsc'), grade(['A', 'B']), join(dataset, 'v2.avsc'));
  await edit(
    join(dataset, 'v1.avsc'),
    (schema) => {
      grade(['A', 'C'])(schema);
      field(schema, 'grade')['classification'] = 'public';
      field(schema, 'uscc')['classification'] = 'restricted';
    },
    join(dataset, 'v3.avsc'),
  );
  const findings = await checkWorkspace(await loadWorkspace(dir, { allowUnregistered: true }));
  const said = (severity: string): string =>
    findings
      .filter((finding) => finding.severity === severity)
      .map(({ message }) => message)
      .join('\n');
  t.match(said('error'), /v3 against v2: `grade` lost the symbols `B`/);
  t.match(said('error'), /`grade` lowered its classification from `personal` to `public`/);
  t.match(said('note'), /`grade` has the new symbols `C`/);
  t.match(said('note'), /`uscc` raised its classification/);
  t.equal(findings.filter(({ message }) => message.includes('raised')).length, 1, 'said once, not for every pair');
});

t.test('a value that was optional stays optional', async (t) => {
  const dir = await copy(t);
  const dataset = join(dir, penalty);
  await edit(
    join(dataset, 'v1.avsc'),
    (schema) => (field(schema, 'fine')['type'] = ['null', field(schema, 'fine')['type']]),
    join(dataset, 'v2.avsc'),
  );
  await cp(join(dataset, 'v1.avsc'), join(dataset, 'v3.avsc'));
  const errors = (await checkWorkspace(await loadWorkspace(dir, { allowUnregistered: true }))).filter(
    ({ severity }) => severity === 'error',
  );
  t.same(
    errors.map(({ message }) => message),
    ['v3 against v2: `fine` must now have a value, but older data may hold none'],
  );
});

t.test('a schema changed after publication is an error', async (t) => {
  const dir = await copy(t);
  await writeFile(join(dir, 'contracts/schema-ids.json'), '{}');
  await edit(
    join(dir, penalty, 'v1.avsc'),
    (schema) => (field(schema, 'fine')['title'] = { zh: '罚款额', en: 'amount' }),
  );
  const findings = await checkWorkspace(
    await loadWorkspace(dir, { allowUnregistered: true }),
    await loadWorkspace(fixture),
  );
  t.match(findings, [{ severity: 'error', message: /v1 was changed after publication; write v2\.avsc/ }]);
});

const contractChanges: readonly [string, (contract: Json) => void, RegExp][] = [
  ['another record id', (contract) => (contract['recordId'] = ['uscc']), /record id changed/],
  [
    'another subject',
    (contract) => (contract['subject'] = { scheme: 'siren', field: 'uscc', persons: false }),
    /subject changed/,
  ],
  ['another partition count', (contract) => (contract['partitions'] = 8), /partition count changed from 4 to 8/],
  ['history that is lost', (contract) => (contract['history'] = 'latest'), /history changed/],
  [
    'conditions added on the sly',
    (contract) => ((contract['sharing'] as { conditions: { use: Json } }).conditions.use['en'] = 'only on Mondays'),
    /conditions were added or changed; that needs an approval/,
  ],
  [
    'delivery taken away',
    (contract) => ((contract['sharing'] as Json)['delivery'] = ['file']),
    /delivery by query was taken away/,
  ],
];
for (const [what, change, message] of contractChanges) {
  t.test(`${what} is an error against what was published`, async (t) => {
    const dir = await copy(t);
    await rm(join(dir, penalty, 'examples'), { recursive: true });
    await edit(join(dir, penalty, 'contract.json'), change);
    const errors = (await checkWorkspace(await loadWorkspace(dir), await loadWorkspace(fixture))).filter(
      ({ severity }) => severity === 'error',
    );
    t.equal(errors.length, 1);
    t.match(errors[0]?.message, message);
  });
}

t.test('conditions with a later approval are a note; a removed dataset is an error', async (t) => {
  const dir = await copy(t);
  await edit(join(dir, penalty, 'contract.json'), (contract) => {
    (contract['sharing'] as { conditions: { use: Json } }).conditions.use['en'] = 'only on Mondays';
    contract['approval'] = { role: '局长', date: '2025-12-01' };
  });
  await rm(join(dir, 'contracts/datasets/samr/company-register'), { recursive: true });
  const findings = await checkWorkspace(await loadWorkspace(dir), await loadWorkspace(fixture));
  t.match(findings, [
    { severity: 'note', message: /approved on 2025-12-01/ },
    { severity: 'error', dataset: 'samr.company-register', message: /was removed/ },
  ]);
});

t.test('examples that lie are found, with their file', async (t) => {
  const dir = await copy(t);
  const examples = join(dir, 'contracts/datasets/samr/company-register/examples');
  const full = join(examples, 'valid/full.json');
  await edit(
    full,
    (value) => (value['uscc'] = '91310115MA1K3BTP2C'),
    join(examples, 'invalid/bad_check_digit--uscc.json'),
  );
  await edit(full, () => undefined, join(examples, 'invalid/missing_value--nothing.json'));
  await edit(full, (value) => delete value['name'], join(examples, 'invalid/bad_value--wrong-code.json'));
  await edit(full, () => undefined, join(examples, 'invalid/whatever.json'));
  await edit(full, (value) => (value['uscc'] = '91310115ma1k3btp2b'));
  const findings = await checkWorkspace(await loadWorkspace(dir));
  t.match(
    findings.map(({ message, place }) => `${place?.file.split('/').at(-1)}: ${message}`),
    [
      /^full.json: .*normal form/,
      /^bad_value--wrong-code.json: .*missing_value/,
      /^missing_value--nothing.json: .*accepted/,
      /^whatever.json: .*named after/,
    ],
  );
  t.equal(findings.length, 4);
});

t.test('shapes that are refused at registration', (t) => {
  const attributes = { title: { zh: '一', en: 'one' }, classification: 'public' };
  const schema = (type: unknown, more: Json = {}, name = 'x'): Json => ({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'id', type: 'string', ...attributes },
      { name, type, ...attributes, ...more },
    ],
  });
  const keys = { subject: { field: 'id' }, recordId: [] as string[] };
  let deep: unknown = 'string';
  for (let level = 0; level < 20; level++) deep = { type: 'array', items: deep };
  const cases: readonly [string, unknown, RegExp, typeof keys?][] = [
    ['null items', schema({ type: 'array', items: 'null' }), /holds nothing/],
    ['empty records', schema({ type: 'map', values: { type: 'record', name: 'E', fields: [] } }), /without fields/],
    [
      'records of empty ones',
      schema({
        type: 'array',
        items: { type: 'record', name: 'O', fields: [{ name: 'e', type: { type: 'record', name: 'E', fields: [] } }] },
      }),
      /without fields/,
    ],
    ['fixed of no bytes', schema({ type: 'array', items: { type: 'fixed', name: 'F', size: 0 } }), /size/],
    ['recursion', schema(['null', 'R']), /recursion/],
    ['wide unions', schema(['null', 'string', 'int']), /union/],
    ['unions without null', schema(['string', 'int']), /union/],
    ['float', schema('float'), /float/],
    ['unknown types', schema('text'), /unknown type `text`/],
    ['unknown logical types', schema({ type: 'string', logicalType: 'uuid' }), /logical type/],
    ['unknown attributes', schema('string', { owner: 'me' }), /unknown key `owner`/],
    ['__proto__', schema('string', {}, '__proto__'), /name/],
    ['constructor', schema('string', {}, 'constructor'), /name/],
    ['names that are no path', schema('string', {}, 'a-b'), /name/],
    ['names twice', schema('string', {}, 'id'), /twice/],
    ['no title', schema('string', { title: undefined }), /title/],
    ['no classification', schema('string', { classification: 'secret' }), /classification/],
    ['a code list on a number', schema('int', { codelist: 'status' }), /codelist/],
    [
      'more than 500 fields',
      {
        type: 'record',
        name: 'R',
        fields: Array.from({ length: 501 }, (_, n) => ({ name: `f${n}`, type: 'int', ...attributes })),
      },
      /more than 500/,
    ],
    ['more than 16 levels', schema(deep), /deeper than 16/],
    ['no record', 'string', /is an Avro record/],
    ['a subject that is not there', schema('string'), /not a field/, { subject: { field: 'y' }, recordId: [] }],
    [
      'a subject that may be null',
      schema(['null', 'string']),
      /may be null/,
      { subject: { field: 'x' }, recordId: [] },
    ],
    ['a subject that is a number', schema('int'), /no key/, { subject: { field: 'x' }, recordId: [] }],
    [
      'a record id in a list',
      schema({
        type: 'array',
        items: { type: 'record', name: 'I', fields: [{ name: 'n', type: 'int', ...attributes }] },
      }),
      /inside a list/,
      { subject: { field: 'id' }, recordId: ['x[].n'] },
    ],
  ];
  for (const [what, refused, message, given] of cases)
    t.throws(() => refuseSchema(refused, given ?? keys), { code: 'schema_refused', message }, what);
  t.equal(refuseSchema(schema({ type: 'array', items: ['null', 'string'] }), keys).length, 2);
  t.end();
});

const grants = [
  { id: 'g-members', client: 'credit', dataset: 'samr.company-register', fields: ['members'] },
  { id: 'g-name', client: 'window', dataset: 'samr.company-register', fields: ['name'] },
  { id: 'g-fine', client: 'window', dataset: 'fire.penalty', fields: ['fine'] },
];

async function changed(t: Test): Promise<string> {
  const dir = await copy(t);
  const company = join(dir, 'contracts/datasets/samr/company-register');
  await edit(
    join(company, 'v2.avsc'),
    (schema) => {
      const member = (field(schema, 'members')['type'] as { items: Json }).items;
      fieldsOf(member).push(fresh({ name: 'phone', classification: 'sensitive', default: '' }));
    },
    join(company, 'v3.avsc'),
  );
  await rm(join(dir, penalty), { recursive: true });
  return dir;
}

t.test('a change names the grants that it touches, and only those', async (t) => {
  const [before, after] = [
    await loadWorkspace(fixture),
    await loadWorkspace(await changed(t), { allowUnregistered: true }),
  ];
  t.same(impact(before, before, grants), []);
  t.match(impact(before, after, grants), [
    {
      grant: 'g-members',
      client: 'credit',
      effects: [{ kind: 'gains', message: /`members\[\].phone` \(sensitive\) is new/ }],
    },
    { grant: 'g-fine', client: 'window', effects: [{ kind: 'loses', message: /gone/ }] },
  ]);
});

t.test('the command tells people and machines, by exit code as well', async (t) => {
  const run = (...args: string[]) => spawnSync(process.execPath, [main, 'contracts', ...args], { encoding: 'utf8' });
  t.match(run('check', '--workspace', fixture), { status: 0, stdout: /2 contracts: 0 errors, 0 notes/ });
  const dir = await changed(t);
  await mkdir(join(dir, 'policies/grants'), { recursive: true });
  const terms = {
    rows: { all: true },
    purposes: ['p'],
    delivery: ['query'],
    from: '2026-01-01',
    until: '2026-12-31',
    legalBasis: ['x'],
    requires: [],
    subjectNotice: { mode: 'immediate' },
    status: 'active',
  };
  for (const { id, fields, ...rest } of grants) {
    // both ways to write a field
    const written = fields.map((path, i) => (i % 2 === 0 ? { path, as: 'value' } : path));
    await writeFile(join(dir, `policies/grants/${id}.json`), JSON.stringify({ ...terms, ...rest, fields: written }));
  }
  const told = run('check', '--workspace', dir, '--against', fixture, '--impact');
  t.match(told, { status: 1, stdout: /fire.penalty .*was removed[^]*grant g-members of credit[^]*gains[^]*1 error/ });
  const json = run('check', '--workspace', dir, '--against', fixture, '--impact', '--json');
  t.match(JSON.parse(json.stdout), { contracts: 1, errors: 1, impact: [{ grant: 'g-fine' }, { grant: 'g-members' }] });
  t.match(run('check', '--workspace', dir, '--impact'), { status: 2, stderr: /--against/ });
  t.match(run('check', '--workspace', join(dir, 'nowhere')), {
    status: 2,
    stderr: /there is no workspace in this folder/,
  });
  t.match(run('register', '--workspace', dir), { status: 0, stdout: /samr.company-register v3 is 4/ });
  await edit(
    join(dir, 'contracts/datasets/samr/company-register/contract.json'),
    (contract) => delete contract['approval'],
  );
  t.match(run('check', '--workspace', dir), { status: 1, stdout: /approval[^]*contract\.json/ });
});

t.test('a second city replaces a whole dataset and keeps the ids below', async (t) => {
  const root = t.testdir();
  await cp(fixture, join(root, 'city'), { recursive: true });
  const own = join(root, 'second');
  await mkdir(join(own, 'contracts/datasets/fire/penalty'), { recursive: true });
  await writeFile(
    join(own, 'yitong.json'),
    JSON.stringify({ name: { zh: '二', en: 'second' }, prefix: 'second', extends: '../city' }),
  );
  for (const file of ['contract.json', 'v1.avsc']) {
    await edit(
      join(root, 'city', penalty, file),
      (value) => {
        if (file === 'v1.avsc') fieldsOf(value).push(fresh({ default: '' }));
      },
      join(own, penalty, file),
    );
  }
  await t.rejects(loadWorkspace(own), { code: 'schema_unregistered' });
  t.match(
    spawnSync(process.execPath, [main, 'contracts', 'register', '--workspace', own], { encoding: 'utf8' }).stdout,
    /fire.penalty v1 is 4/,
  );
  const workspace = await loadWorkspace(own);
  t.equal(workspace.prefix, 'second');
  t.same([...workspace.schemasById.keys()].sort(), [2, 3, 4]);
  t.ok(workspace.schemasById.get(4)?.version.fields.some(({ path }) => path === 'fresh'));
  t.equal(workspace.layers.length, 2);
  await edit(join(root, 'city/yitong.json'), (settings) => (settings['extends'] = '../second'));
  await t.rejects(loadWorkspace(own), { code: 'bad_workspace', message: /leads back/ });
  await edit(join(root, 'city/yitong.json'), (settings) => delete settings['extends']);
  await edit(
    join(own, 'contracts/schema-ids.json'),
    (ids) => ((ids['fire.penalty'] as Record<string, Json>)['1']!['id'] = 3),
  );
  await t.rejects(loadWorkspace(own), { code: 'schema_id_collision', extra: { place: { file: /schema-ids\.json$/ } } });
});

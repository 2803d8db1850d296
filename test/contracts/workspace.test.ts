import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { decodeRecord, encodeRecord } from '../../contracts/avro.js';
import { YitongError } from '../../contracts/errors.js';
import { datasetId } from '../../contracts/ids.js';
import { registerSchemas } from '../../contracts/register.js';
import { loadWorkspace } from '../../contracts/workspace.js';

const fixture = fileURLToPath(new URL('../../../test/fixtures/contracts/city', import.meta.url));
const company = datasetId('samr.company-register');

t.test('a workspace loads with its contracts, ids, fields and code lists', async (t) => {
  const workspace = await loadWorkspace(fixture);
  t.same([...workspace.contracts.keys()], ['fire.penalty', 'samr.company-register']);
  const contract = workspace.contracts.get(company)!;
  t.equal(contract.updateFrequency, 86_400_000);
  t.equal(contract.latest.version, 2);
  t.equal(workspace.schemasById.get(contract.latest.schemaId)?.version, contract.latest);
  t.same(
    contract.latest.fields.map(({ path, classification, branch }) => [path, classification, branch]),
    [
      ['uscc', 'public', false],
      ['name', 'public', false],
      ['status', 'public', false],
      ['established', 'public', false],
      ['capital', 'public', false],
      ['address', 'internal', true],
      ['address.city', 'public', false],
      ['address.street', 'internal', false],
      ['members', 'personal', true],
      ['members[].name', 'personal', false],
      ['members[].role', 'public', false],
      ['tags', 'public', false],
    ],
  );
  t.same(workspace.settings, { bus: { driver: 'embedded' } });
  t.equal(workspace.synthetic, true);
  const example: unknown = JSON.parse(await readFile(join(contract.dir, 'examples/valid/full.json'), 'utf8'));
  const encoded = encodeRecord(contract.latest, example, { codelists: workspace.codelists });
  t.ok(encoded.ok);
  if (encoded.ok) {
    t.same(decodeRecord(contract.latest, encoded.body), example);
    t.same(contract.latest.type.fromBuffer(encoded.body), example, 'avsc reads the same');
  }
});

async function copy(t: Test): Promise<string> {
  const dir = join(t.testdir(), 'city');
  await cp(fixture, dir, { recursive: true });
  return dir;
}

async function edit(file: string, change: (value: Record<string, unknown>) => void): Promise<void> {
  const value = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  change(value);
  await writeFile(file, JSON.stringify(value));
}

t.test('an id is given once and never to another text', async (t) => {
  const dir = await copy(t);
  const ids = join(dir, 'contracts/schema-ids.json');
  await writeFile(ids, '{}');
  await t.rejects(loadWorkspace(dir), { code: 'schema_unregistered', message: /contracts register/ });
  t.same(
    (await registerSchemas(dir)).added.map(({ dataset, version, id }) => [dataset, version, id]),
    [
      ['fire.penalty', 1, 1],
      ['samr.company-register', 1, 2],
      ['samr.company-register', 2, 3],
    ],
  );
  const text = await readFile(ids, 'utf8');
  t.same((await registerSchemas(dir)).added, []);
  t.equal(await readFile(ids, 'utf8'), text);
  await edit(join(dir, 'contracts/datasets/fire/penalty/v1.avsc'), (schema) => (schema['doc'] = 'changed'));
  await t.rejects(registerSchemas(dir), { code: 'schema_id_collision', extra: { place: { file: /v1\.avsc$/ } } });
});

const contractFile = 'contracts/datasets/fire/penalty/contract.json';
const refusals: readonly [string, string, (value: Record<string, unknown>) => void, string, RegExp][] = [
  ['an unknown key', contractFile, (value) => (value['surprise'] = 1), 'bad_contract', /`surprise`/],
  ['a contract without grading', contractFile, (value) => delete value['grading'], 'bad_contract', /grading/],
  [
    'a condition that is not said',
    contractFile,
    (value) => (value['sharing'] = { attribute: 'conditional', delivery: ['query'] }),
    'bad_contract',
    /scope and use/,
  ],
  [
    'not shared, without a reason',
    contractFile,
    (value) => (value['sharing'] = { attribute: 'none' }),
    'bad_contract',
    /legal basis/,
  ],
  [
    'an unknown scheme',
    contractFile,
    (value) => (value['subject'] = { scheme: 'shoe-size', field: 'uscc', persons: false }),
    'bad_contract',
    /must be one of/,
  ],
  [
    'a record id that is no field',
    contractFile,
    (value) => (value['recordId'] = ['nothing']),
    'schema_refused',
    /`nothing` is not a field/,
  ],
  ['an unknown section', 'yitong.json', (value) => (value['kafka'] = {}), 'bad_workspace', /`kafka`/],
];
for (const [what, file, change, code, message] of refusals) {
  t.test(`${what} is refused with its file`, async (t) => {
    const dir = await copy(t);
    await edit(join(dir, file), change);
    await t.rejects(loadWorkspace(dir), { code, message });
    const error = await loadWorkspace(dir).catch((cause: unknown) => cause as YitongError);
    t.ok(error instanceof YitongError && error.extra.place !== undefined);
  });
}

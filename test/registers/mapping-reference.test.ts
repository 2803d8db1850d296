/** docs/mapping.md says what every step and condition does; each of its examples is run here. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { compileMapping, parseMapping } from '../../connectors/mapping/index.js';
import type { Cell } from '../../connectors/reading/port.js';
import { compileSchema } from '../../contracts/avro.js';
import { type ContractFile, makeContract } from '../../contracts/contract.js';
import { fieldsOf } from '../../contracts/fields.js';
import { datasetId } from '../../contracts/ids.js';
import { registerSchemas } from '../../contracts/register.js';
import { loadKeySchemes } from '../../contracts/subjects.js';
import type { AvroSchema, Contract } from '../../contracts/types.js';
import { account, fixture, openWorkspace, repository } from './run.js';

type Json = Readonly<Record<string, unknown>>;

interface Example {
  readonly written: string;
  readonly input: string;
  readonly output: string;
}

/** Rows of a table under a heading: `| `what` | words | `input` → `output` |`. */
function examples(page: string, heading: string): Example[] {
  const section = page.split(`\n### ${heading}\n`)[1]?.split(/\n##/)[0] ?? '';
  const found: Example[] = [];
  for (const line of section.split('\n')) {
    const row = /^\| `(.+?)` \| .* \| `(.*)` → `(.+)` \|$/.exec(line);
    if (row !== null) found.push({ written: row[1] ?? '', input: row[2] ?? '', output: row[3] ?? '' });
  }
  return found;
}

/** What an example expects: a JSON value, or the code of a refusal. */
type Expected =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly code: string };
const expected = (output: string): Expected =>
  /^[a-z]+_[a-z_]+$/.test(output) ? { kind: 'refused', code: output } : { kind: 'value', value: JSON.parse(output) };

const words = { title: { zh: '值', en: 'value' }, classification: 'public' };

function typeFor(value: unknown): AvroSchema {
  if (typeof value === 'number') return 'double';
  if (typeof value === 'boolean') return 'boolean';
  if (!Array.isArray(value)) return 'string';
  const [first] = value as readonly unknown[];
  if (typeof first !== 'object' || first === null) return { type: 'array', items: 'string' };
  const fields = Object.keys(first).map((name) => ({ name, type: 'string', ...words }));
  return { type: 'array', items: { type: 'record', name: 'Part', fields } };
}

async function contractOf(type: AvroSchema): Promise<Contract> {
  const text = await readFile(
    new URL('test/fixtures/workspaces/france/contracts/datasets/insee/sirene/contract.json', repository),
    'utf8',
  );
  const file = { ...(JSON.parse(text) as ContractFile), subject: { scheme: 'siren', field: 'value', persons: false } };
  const schema = {
    type: 'record',
    name: 'Example',
    fields: [{ name: 'value', type: ['null', type], default: null, ...words }],
  };
  const version = { version: 1, schemaId: 1, schema, type: compileSchema(schema), fields: fieldsOf(schema) };
  return makeContract(datasetId('example.values'), '.', file, [version], { file: 'contract.json' });
}

async function run(value: unknown, cells: Readonly<Record<string, Cell>>, type: AvroSchema): Promise<Expected> {
  const mapping = parseMapping({ fields: { value } }, 'docs/mapping.md');
  const mapped = compileMapping(mapping, await contractOf(type), await loadKeySchemes()).map(cells);
  if ('skipped' in mapped) return { kind: 'refused', code: 'skipped' };
  return mapped.ok
    ? { kind: 'value', value: mapped.value['value'] }
    : { kind: 'refused', code: mapped.problems[0]?.code ?? '' };
}

void t.test('a data officer can trust every example of docs/mapping.md', async (t) => {
  const page = await readFile(new URL('docs/mapping.md', repository), 'utf8');

  await t.test('steps', async (t) => {
    const rows = examples(page, 'Steps');
    for (const { written, input, output } of rows) {
      const wanted = expected(output);
      const type = typeFor(wanted.kind === 'value' ? wanted.value : '');
      const cell = JSON.parse(input) as string;
      t.same(
        await run({ from: 'Cell', steps: [JSON.parse(written)] }, { Cell: cell }, type),
        wanted,
        `${written} on ${input}`,
      );
    }
    const named = new Set(
      rows.map(({ written }) =>
        written.startsWith('{')
          ? (Object.keys(JSON.parse(written) as object)[0] ?? '')
          : (JSON.parse(written) as string),
      ),
    );
    t.same(
      [...named].sort(),
      [
        'boolean',
        'codes',
        'crosswalk',
        'date',
        'digits',
        'halfwidth',
        'integer',
        'key',
        'lower',
        'nullIf',
        'number',
        'padStart',
        'part',
        'replace',
        'slice',
        'split',
        'squeeze',
        'stripPrefix',
        'stripSuffix',
        'trim',
        'upper',
      ],
      'every step has an example',
    );
  });

  await t.test('ways to make a value', async (t) => {
    const rows = examples(page, 'Ways to make a value');
    t.strictSame(
      rows.map(({ written }) => Object.keys(JSON.parse(written) as object)[0]),
      ['from', 'from', 'const', 'concat', 'case', 'rows'],
      'every way has an example',
    );
    for (const { written, input, output } of rows) {
      const wanted = JSON.parse(output) as unknown;
      t.same(
        await run(JSON.parse(written), JSON.parse(input) as Record<string, string>, typeFor(wanted)),
        { kind: 'value', value: wanted },
        `${written} on ${input}`,
      );
    }
  });

  await t.test('conditions', async (t) => {
    const rows = examples(page, 'Conditions');
    t.equal(rows.length, 9, 'every condition has an example');
    for (const { written, input, output } of rows) {
      const value = { case: [{ when: JSON.parse(written) as unknown, use: { const: true } }], else: { const: false } };
      t.same(
        await run(value, JSON.parse(input) as Record<string, string>, 'boolean'),
        expected(output),
        `${written} on ${input}`,
      );
    }
  });

  await t.test('"your own register in five minutes" works as it is written', async (t) => {
    const section = page.split('## Your own register in five minutes, by hand')[1]?.split('\n## ')[0] ?? '';
    const csv = [...section.matchAll(/^ {4}(\S.*)$/gm)].map(([, line]) => line).slice(0, 2);
    const feed = JSON.parse((/```json\n([\s\S]*?)```/.exec(section)?.[1] ?? '').replace(/^ {3}/gm, '')) as Json;
    const contract = JSON.parse(
      await readFile(join(fixture('shanghai'), 'contracts/datasets/amr/enterprises/contract.json'), 'utf8'),
    ) as Json;
    const field = (name: string, type: AvroSchema) => ({
      name,
      type,
      title: { zh: name, en: name },
      classification: 'public',
    });
    const schema = {
      type: 'record',
      name: 'Company',
      fields: [
        field('code', 'string'),
        field('name', 'string'),
        field('registeredOn', { type: 'int', logicalType: 'date' }),
        field('capital', { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 2 }),
      ],
    };
    const name = { zh: '某局', en: 'an office' };
    const dir = t.testdir({
      workspace: {
        'yitong.json': JSON.stringify({ name, prefix: 'own' }),
        data: { 'companies.csv': `${csv.join('\n')}\n` },
        contracts: {
          datasets: {
            office: {
              'authority.json': JSON.stringify({ name }),
              companies: {
                'contract.json': JSON.stringify({
                  ...contract,
                  subject: { scheme: 'uscc', field: 'code', persons: false },
                }),
                'v1.avsc': JSON.stringify(schema),
              },
            },
          },
        },
        connectors: { feeds: { office: { 'companies.json': JSON.stringify(feed) } } },
      },
    });
    const workspace = join(dir, 'workspace');
    await registerSchemas(workspace);
    const register = await openWorkspace(dir, workspace, dir);
    t.teardown(() => register.close());
    t.match(account(await register.run('office.companies')), { rows: 1, published: 1 });
    t.strictSame(await register.subject('uscc', '91310104MA00000011', ['office.companies']), [
      [
        'office.companies',
        { code: '91310104MA00000011', name: '示例贸易有限公司', registeredOn: '2019-04-28', capital: '1000.50' },
      ],
    ]);
  });
});

/** A contract, schemes and a workspace made in memory, for suites that need no files. */
import avsc from 'avsc';
import type { Feed } from '../../connectors/feed.js';
import { parseMapping } from '../../connectors/mapping/index.js';
import { authorityId, datasetId, fieldPath } from '../../contracts/ids.js';
import type { AvroSchema, Contract, FieldInfo, KeyScheme, Workspace } from '../../contracts/types.js';

/** Nine digits, the last of which makes the sum of all divisible by ten; letters are upper-cased first. */
export const digit9: KeyScheme = {
  id: 'digit9',
  name: { zh: '测试', en: 'test' },
  standard: 'none; for tests',
  persons: false,
  parse(input) {
    const key = input.trim().toUpperCase();
    if (!/^[A-Z]?\d{9}$/.test(key)) return { ok: false, code: 'bad_value', reason: 'is not nine digits' };
    const sum = [...key.slice(-9)].reduce((total, digit) => total + Number(digit), 0);
    return sum % 10 === 0
      ? { ok: true, key, changed: key !== input }
      : { ok: false, code: 'bad_check_digit', reason: 'does not satisfy its check digit' };
  },
  mask: (key) => `${key.slice(0, 2)}*******`,
  make(n) {
    const body = String(n % 100_000_000).padStart(8, '0');
    const sum = [...body].reduce((total, digit) => total + Number(digit), 0);
    return `${body}${(10 - (sum % 10)) % 10}`;
  },
};

export const schemes: ReadonlyMap<string, KeyScheme> = new Map([[digit9.id, digit9]]);

const nullable = (type: AvroSchema): AvroSchema => ['null', type];
export const schema: AvroSchema = {
  type: 'record',
  name: 'Company',
  fields: [
    { name: 'code', type: 'string' },
    { name: 'name', type: 'string' },
    { name: 'status', type: nullable('string'), default: null },
    { name: 'staff', type: nullable('int'), default: null },
    { name: 'score', type: nullable('double'), default: null },
    { name: 'active', type: nullable('boolean'), default: null },
    { name: 'tags', type: nullable({ type: 'array', items: 'string' }), default: null },
    {
      name: 'address',
      type: nullable({
        type: 'record',
        name: 'Address',
        fields: [
          { name: 'city', type: 'string' },
          { name: 'street', type: nullable('string'), default: null },
        ],
      }),
      default: null,
    },
    {
      name: 'members',
      type: nullable({
        type: 'array',
        items: {
          type: 'record',
          name: 'Member',
          fields: [
            { name: 'name', type: 'string' },
            { name: 'id', type: nullable('string'), default: null },
          ],
        },
      }),
      default: null,
    },
    { name: 'since', type: nullable('string'), default: null },
  ],
};

const info = (path: string, type: string, isNullable: boolean, branch = false): FieldInfo => ({
  path: fieldPath(path),
  title: { zh: path, en: path },
  classification: 'public',
  type,
  nullable: isNullable,
  branch,
});

const fields: readonly FieldInfo[] = [
  info('code', 'string', false),
  info('name', 'string', false),
  info('status', 'string', true),
  info('staff', 'int', true),
  info('score', 'double', true),
  info('active', 'boolean', true),
  info('tags', 'array', true),
  info('address', 'record', true, true),
  info('address.city', 'string', false),
  info('address.street', 'string', true),
  info('members', 'array', true, true),
  info('members[].name', 'string', false),
  info('members[].id', 'string', true),
  info('since', 'date', true),
];

export function contract(overrides: Partial<Contract> = {}): Contract {
  const type = avsc.Type.forSchema(structuredClone(schema) as avsc.Schema, { wrapUnions: false });
  const version = { version: 1, schemaId: 7, schema, type, fields };
  const title = { zh: '公司', en: 'companies' };
  const approval = { role: 'officer', date: '2024-01-01' };
  return {
    id: datasetId('test.companies'),
    authority: authorityId('test'),
    name: title,
    description: title,
    subject: { scheme: 'digit9', field: fieldPath('code'), persons: false },
    recordId: [],
    updateFrequency: 86_400_000,
    updateFrequencyText: 'P1D',
    sharing: { attribute: 'unconditional', delivery: ['query'] },
    grading: { category: 'test', grade: 'general' },
    approval,
    assessments: { secrecy: approval, personalInformation: approval },
    domains: [],
    kind: 'registration',
    partitions: 3,
    history: 'full',
    maxRecordBytes: 20_000,
    versions: [version],
    latest: version,
    dir: 'contracts/datasets/test/companies',
    ...overrides,
  };
}

export function workspace(of: Contract = contract()): Workspace {
  return {
    dir: '.',
    name: { zh: '测试', en: 'test' },
    prefix: 'yt',
    synthetic: true,
    layers: ['.'],
    authorities: new Map([[of.authority, { id: of.authority, name: of.name }]]),
    contracts: new Map([[of.id, of]]),
    codelists: new Map(),
    schemes,
    schemasById: new Map([[of.latest.schemaId, { contract: of, version: of.latest }]]),
    settings: {},
  };
}

export function feed(source: Feed['source'], overrides: Partial<Feed> = {}, fieldsOf: object = {}): Feed {
  return {
    dataset: datasetId('test.companies'),
    authority: authorityId('test'),
    source,
    schedule: 'P1D',
    snapshot: true,
    maxWithdrawShare: 0.1,
    onDuplicate: 'quarantine',
    mapping: parseMapping(
      {
        fields: {
          code: { from: 'code', steps: [{ key: 'digit9' }] },
          name: { from: 'name', steps: ['trim'] },
          status: { from: 'status' },
          ...fieldsOf,
        },
      },
      'feed.json',
    ),
    file: 'feed.json',
    ...overrides,
  };
}

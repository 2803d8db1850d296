/** An invented workspace for the tests of decisions, and files for the loader. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import avsc from 'avsc';
import { authorityId, clientId, datasetId, fieldPath, grantId, purposeId } from '../../contracts/ids.js';
import type { Classification, Contract, FieldInfo, SharingAttribute, Workspace } from '../../contracts/types.js';
import type { Client, Grant, PolicySet, Purpose, Rule } from '../../policies/types.js';

const title = { zh: '项', en: 'item' };
export const field = (path: string, classification: Classification, branch = false): FieldInfo => ({
  path: fieldPath(path),
  title,
  classification,
  branch,
  nullable: true,
  type: branch ? 'record' : 'string',
});

export const FIELDS: readonly FieldInfo[] = [
  field('key', 'public'),
  field('name', 'public'),
  field('address', 'internal', true),
  field('address.city', 'internal'),
  field('address.street', 'restricted'),
  field('address.geo', 'personal', true),
  field('address.geo.lat', 'personal'),
  field('members', 'personal', true),
  field('members[].role', 'internal'),
  field('members[].idNumber', 'sensitive'),
  field('tags', 'public'),
];

export function contract(
  id: string,
  attribute: SharingAttribute = 'conditional',
  fields: readonly FieldInfo[] = FIELDS,
): Contract {
  const dataset = datasetId(id);
  const latest = { version: 1, schemaId: 1, schema: 'string', type: avsc.Type.forSchema('string'), fields };
  const signed = { role: 'head', date: '2026-01-01' };
  return {
    id: dataset,
    authority: authorityId(id.split('.')[0] ?? ''),
    name: title,
    description: title,
    subject: { scheme: 'uscc', field: fieldPath('key'), persons: false },
    recordId: [],
    updateFrequency: 1,
    updateFrequencyText: 'PT1S',
    sharing: { attribute, delivery: ['query', 'verify', 'batch'] },
    grading: { category: 'market', grade: 'general' },
    approval: signed,
    assessments: { secrecy: signed, personalInformation: signed },
    domains: ['business'],
    kind: 'register',
    partitions: 1,
    history: 'full',
    maxRecordBytes: 1000,
    versions: [latest],
    latest,
    dir: id,
  };
}

export function workspace(contracts: readonly Contract[], dir = '/nowhere'): Workspace {
  const authorities = [...new Set(['tax', 'court', ...contracts.map(({ authority }) => authority)])].map((id) =>
    authorityId(id),
  );
  return {
    dir,
    name: title,
    prefix: 'test',
    synthetic: true,
    layers: [dir],
    authorities: new Map(authorities.map((id) => [id, { id, name: title }])),
    contracts: new Map(contracts.map((one) => [one.id, one])),
    codelists: new Map(),
    schemasById: new Map(),
    settings: {},
    schemes: new Map([
      [
        'uscc',
        {
          id: 'uscc',
          name: title,
          standard: 'none',
          persons: false,
          mask: () => '*',
          make: String,
          parse: (input: string) =>
            /^[0-9A-Z]{4}$/.test(input)
              ? { ok: true, key: input, changed: false }
              : { ok: false, code: 'bad_value', reason: 'form' },
        },
      ],
    ]),
  };
}

export const client = (id: string, status: Client['status'] = 'active', authority = 'tax'): Client => ({
  id: clientId(id),
  authority: authorityId(authority),
  name: title,
  binding: { kind: 'spiffe', uri: `spiffe://city/client/${id}` },
  status,
});
export const purpose = (id: string, legalBasis: readonly string[] = ['law']): Purpose => ({
  id: purposeId(id),
  name: title,
  legalBasis,
});

export const grant = (id: string, parts: Partial<Grant> = {}): Grant => ({
  id: grantId(id),
  client: clientId('alpha'),
  dataset: datasetId('tax.debts'),
  fields: [{ path: fieldPath('name'), as: 'value' }],
  rows: { kind: 'all' },
  purposes: [purposeId('credit')],
  delivery: ['query'],
  from: '2026-01-01',
  until: '2026-12-31',
  legalBasis: ['law'],
  requires: [],
  subjectNotice: { mode: 'immediate' },
  status: 'active',
  ...parts,
});
export const rule = (id: string, text: string): Rule => ({
  id,
  topic: id.split('/')[0] ?? '',
  text,
  effect: text.includes('permit') ? 'permit' : 'forbid',
  file: 'policy.cedar',
  line: 1,
});
export const PERMIT_ALL = rule('t/permit', 'permit (principal, action, resource);');

export const policySet = (parts: {
  clients?: readonly Client[];
  grants?: readonly Grant[];
  purposes?: readonly Purpose[];
  rules?: readonly Rule[];
}): PolicySet => ({
  version: 'test',
  clients: new Map((parts.clients ?? [client('alpha')]).map((one) => [one.id, one])),
  grants: new Map((parts.grants ?? []).map((one) => [one.id, one])),
  purposes: new Map((parts.purposes ?? [purpose('credit')]).map((one) => [one.id, one])),
  anchors: [],
  regions: new Map(),
  rules: parts.rules ?? [PERMIT_ALL],
  cases: [],
});

/** Writes files below `dir`; an object becomes JSON. */
export async function write(dir: string, files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

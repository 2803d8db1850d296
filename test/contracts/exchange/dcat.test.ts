/**
 * The catalogue goes out as DCAT-AP 3 that others' validator takes, and comes back without losing what DCAT can say;
 * the same of CSV. Drafts of what another catalogue has hold nothing that it did not say.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { fromCatalogueCsv, toCatalogueCsv } from '../../../contracts/exchange/csv.js';
import { compared, draftsOf } from '../../../contracts/exchange/drafts.js';
import { type ExchangedCatalogue, type ExchangedEntry, exchanged } from '../../../contracts/exchange/model.js';
import { fromDcat } from '../../../contracts/exchange/read-dcat.js';
import { toDcat } from '../../../contracts/exchange/write-dcat.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { pythonForTest } from '../../support/python.js';

t.setTimeout(300_000);

const ADDRESSES = { api: 'https://gateway.yunzhou.example:8443', people: 'https://www.yunzhou.example' };
const workspace = await loadWorkspace(packageRoot());
const own = exchanged(workspace);

/** What the city does not have: no sharing, a way of each kind, an odd interval, a whole contact point, a formula. */
const odd: ExchangedEntry = {
  id: 'samr.odd',
  name: { zh: '=特殊“信息”, 甲', en: '=Odd, "quoted"\nin two lines' },
  description: { zh: '说明', en: 'Said' },
  publisher: {
    id: 'samr-2',
    name: { zh: '某局', en: 'Some bureau' },
    contact: { office: { zh: '数据科', en: 'Data office' }, telephone: '+86-21-0000000', email: 'data@samr.example' },
  },
  updateFrequency: 'P3DT4H',
  attribute: 'none',
  delivery: [],
  refusal: { zh: '法律禁止', en: 'An act forbids it' },
  legislation: ['政务数据共享条例第十三条', '某法（示例）'],
  domains: ['税务', '农业农村'],
  category: '法人信息',
  kind: 'statistics',
  versions: [1, 2, 3],
  issued: '2026-02-03',
};
const ways: ExchangedEntry = {
  ...odd,
  id: 'samr.ways',
  attribute: 'conditional',
  delivery: ['query', 'verify', 'batch', 'file', 'subscription'],
  scope: { zh: '范围', en: 'Scope' },
  use: { zh: '用途', en: 'Use' },
  refusal: undefined as never,
  updateFrequency: 'PT15M',
};
const { refusal: _, ...conditional } = ways;
const all: ExchangedCatalogue = {
  ...own,
  entries: [...own.entries, odd, conditional].sort((a, b) => (a.id < b.id ? -1 : 1)),
};

t.test('JSON-LD and CSV come back as they were', (t) => {
  t.ok(own.entries.length > 40);
  t.strictSame(fromDcat(JSON.stringify(toDcat(all, ADDRESSES))), all);
  t.strictSame(fromCatalogueCsv(toCatalogueCsv(all)).entries, all.entries);
  t.end();
});

t.test('the shapes of DCAT-AP 3.0.1, by pySHACL', (t) => {
  const python = pythonForTest(t, 'pyshacl', 'pyshacl');
  if (python === undefined) return t.end();
  const shapes = join(packageRoot(), 'test/fixtures/dcat-ap-3.0.1');
  const validate = (document: object): readonly Readonly<Record<string, string>>[] => {
    const file = join(mkdtempSync(join(tmpdir(), 'yitong-dcat-')), 'catalogue.jsonld');
    writeFileSync(file, JSON.stringify(document));
    const files = ['shapes', 'range', 'mdr-vocabularies.shape'].map((one) => join(shapes, `${one}.ttl`));
    const said = execFileSync(python, [join(packageRoot(), 'test/contracts/exchange/validate.py'), file, ...files], {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    });
    const [first = '{}', ...lines] = said.trim().split('\n');
    t.ok((JSON.parse(first) as { triples: number }).triples > 1000, first);
    return lines.map((line) => JSON.parse(line) as Readonly<Record<string, string>>);
  };
  const results = validate(toDcat(all, ADDRESSES));
  t.strictSame(results.filter(({ severity }) => severity === 'Violation').slice(0, 5), [], 'nothing is violated');
  // the tables of the Union name neither our authorities nor kinds of registers
  const warned = [...new Set(results.map(({ severity, path }) => `${severity} ${path?.split(/[#/]/).at(-1)}`))].sort();
  t.strictSame(warned, ['Warning publisher', 'Warning type']);

  // the validator would have said something
  const broken = JSON.stringify(toDcat(all, ADDRESSES)).replaceAll('"dct:title"', '"dct:abstract"');
  t.ok(
    validate(JSON.parse(broken) as object).some(
      ({ severity, path }) => severity === 'Violation' && path === 'http://purl.org/dc/terms/title',
    ),
  );
  t.end();
});

t.test('catalogues of others, in the ways that JSON-LD can be written', (t) => {
  const other = {
    '@context': {
      dcat: 'http://www.w3.org/ns/dcat#',
      dct: 'http://purl.org/dc/terms/',
      foaf: 'http://xmlns.com/foaf/0.1/',
      id: '@id',
      type: '@type',
      title: { '@id': 'dct:title', '@container': '@language' },
      description: { '@id': 'dct:description', '@language': 'en' },
      frequency: { '@id': 'dct:accrualPeriodicity', '@type': '@id' },
    },
    type: 'dcat:Catalog',
    'dcat:dataset': [
      {
        id: 'https://other.example/sets/Air-Quality',
        type: 'dcat:Dataset',
        title: { en: 'Air', zh: '空气', fr: 'Air' },
        description: 'What is in it',
        frequency: 'http://publications.europa.eu/resource/authority/frequency/WEEKLY',
        'dct:publisher': { id: 'https://other.example/who/Agency', type: 'foaf:Agent', 'foaf:name': 'Agency' },
      },
    ],
  };
  const read = fromDcat(JSON.stringify(other));
  t.strictSame(read.entries, [
    {
      id: 'https://other.example/sets/Air-Quality',
      name: { en: 'Air', zh: '空气' },
      description: { en: 'What is in it' },
      publisher: { id: 'https://other.example/who/Agency', name: { en: 'Agency' } },
      attribute: 'none',
      delivery: [],
      legislation: [],
      domains: [],
      versions: [],
      updateFrequency: 'P7D',
    },
  ]);
  const drafts = draftsOf(read.entries);
  t.strictSame([...drafts.keys()], ['agency/authority.json', 'agency/air-quality/contract.json']);
  const draft = JSON.parse(drafts.get('agency/air-quality/contract.json') ?? '') as Readonly<Record<string, unknown>>;
  t.notOk('approval' in draft || 'assessments' in draft, 'what people have to decide is not made up');
  for (const text of ['{', '[]', '3', '{"@context":"https://other.example/context"}', '{"@type":"dcat:Dataset"}'])
    t.throws(() => fromDcat(text), { code: 'bad_request' }, text);
  for (const text of ['', 'a,b\n1,2\n', 'id,sharing\nx.y,perhaps\n', '"id\n'])
    t.throws(() => fromCatalogueCsv(text), { code: 'bad_request' }, text);
  const deep = `${'{"dct:title":'.repeat(5000)}"x"${'}'.repeat(5000)}`;
  t.throws(() => fromDcat(deep), { code: 'bad_request' });
  t.end();
});

t.test('beside the own catalogue', (t) => {
  const [first, second] = own.entries as [ExchangedEntry, ExchangedEntry];
  const found = { ...own, entries: [first, { ...second, updateFrequency: 'P9D' }, odd] };
  t.strictSame(
    compared(found, own).map(({ id, state, differs }) => ({ id, state, differs })),
    [
      { id: first.id, state: 'same', differs: [] },
      { id: second.id, state: 'different', differs: ['updateFrequency'] },
      { id: odd.id, state: 'new', differs: [] },
    ],
  );
  t.end();
});

import t from 'tap';
import { fieldPath } from '../../../contracts/ids.js';
import { company, grant, subjectOf, world } from './world.js';

const ask = (parts: object = {}) => ({
  purpose: 'credit',
  subject: subjectOf(0),
  datasets: [{ id: 'tax.debts' }],
  ...parts,
});
interface Dataset {
  readonly status: string;
  readonly records: readonly { readonly record: object }[];
  readonly withheld: readonly object[];
}
const datasetsOf = (json: Readonly<Record<string, unknown>>): readonly Dataset[] => json['datasets'] as Dataset[];

t.test('a service sees each field in the form in which it is granted', async (t) => {
  const { post } = await world(t, {
    grants: [
      grant('one', [
        { path: fieldPath('key'), as: 'masked' },
        { path: fieldPath('name'), as: 'masked' },
        'area',
        { path: fieldPath('capital'), as: 'band', bands: ['<1000', '1000–5000', '≥5000'] },
        { path: fieldPath('opened'), as: 'exists' },
        { path: fieldPath('staff'), as: 'match' },
        { path: fieldPath('members'), as: 'count' },
      ]),
    ],
  });
  const { json } = await post('/v1/query', ask());
  const [dataset] = datasetsOf(json);
  t.same(
    dataset?.records.map(({ record }) => record),
    [
      {
        key: { masked: (dataset?.records[0]?.record as { key: { masked: string } } | undefined)?.key.masked },
        name: { masked: '示**' },
        area: '310104',
        capital: { band: '1000–5000' },
        opened: { exists: true },
        members: { count: 2 },
      },
    ],
  );
  t.match(
    (dataset?.records[0]?.record as { key: { masked: string } } | undefined)?.key.masked,
    /^[0-9A-Z]{4}\*+[0-9A-Z]+$/,
    'a key by the mask of its scheme',
  );
  t.same(dataset?.withheld, [{ field: 'staff', reason: 'not_released_as_value' }]);
});

t.test('a client whose grant is limited to areas or to a list of subjects sees no other record', async (t) => {
  const records = [
    company(0, { area: '310104' }),
    company(0, { area: '320500', name: '外地公司' }),
    company(1, { area: '310105' }),
  ];
  const names = async (rows: Parameters<typeof grant>[2], subject: string) => {
    const { post } = await world(t, { records, grants: [grant('one', ['name', 'area'], rows)] });
    const { json } = await post('/v1/query', ask({ subject }));
    const [dataset] = datasetsOf(json);
    t.match(dataset?.withheld, [{ field: '*', reason: 'rows_limited' }]);
    return dataset?.records.map(({ record }) => (record as { area: string }).area);
  };
  const shanghai = { rows: { kind: 'area' as const, field: fieldPath('area'), areas: ['31'] } };
  t.same(await names(shanghai, subjectOf(0)), ['310104']);
  t.same(await names(shanghai, subjectOf(1)), ['310105']);
  const listed = { rows: { kind: 'subjects' as const, subjects: [subjectOf(0)] } };
  t.same(await names(listed, subjectOf(0)), ['310104', '320500']);
  t.same(await names(listed, subjectOf(1)), []);
});

t.test('a dry run says what would be answered and why, reads no record, and is on record as a dry run', async (t) => {
  const here = await world(t, {
    grants: [
      grant('one', ['name', { path: fieldPath('members'), as: 'count' }, { path: fieldPath('staff'), as: 'match' }]),
    ],
  });
  const body = ask({
    datasets: [
      { id: 'tax.debts', fields: ['name', 'members', 'staff', 'area'] },
      { id: 'court.cases' },
      { id: 'nobody.nothing' },
    ],
    dryRun: true,
  });
  const { status, json } = await here.post('/v1/query', body);
  t.equal(status, 200);
  t.match(json, {
    dryRun: true,
    datasets: [
      {
        id: 'tax.debts',
        effect: 'allow',
        grant: 'one',
        reasons: [],
        fields: [
          { field: 'name', as: 'value' },
          { field: 'members', as: 'count' },
        ],
        withheld: [
          { field: 'area', reason: 'field_not_granted' },
          { field: 'staff', reason: 'not_released_as_value' },
        ],
      },
      { id: 'court.cases', effect: 'deny', reasons: ['not_granted'], fields: [] },
      { id: 'nobody.nothing', effect: 'deny', reasons: ['not_granted'], fields: [] },
    ],
    receipt: { seq: 1 },
  });
  t.same(here.reads, [], 'the view was not read');
  t.match(
    here.entries.map(({ body }) => body),
    [
      {
        type: 'released',
        dryRun: true,
        datasets: [
          { dataset: 'tax.debts', effect: 'allow', records: 0 },
          { effect: 'deny' },
          { dataset: '(unknown)', effect: 'deny' },
        ],
      },
    ],
  );
  const denied = await here.post('/v1/query', ask({ datasets: [{ id: 'court.cases' }], dryRun: true }));
  t.equal(denied.status, 200, 'that all would be denied is an answer, not a denial');
  await here.post('/v1/query', ask());
  t.notOk('dryRun' in (here.entries[2]?.body ?? {}), 'a query is no dry run');
  t.equal(here.reads.length, 1);
});

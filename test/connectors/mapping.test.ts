import fc from 'fast-check';
import t from 'tap';
import { compileMapping, parseMapping } from '../../connectors/mapping/index.js';
import type { Cell } from '../../connectors/reading/port.js';
import { contract, digit9, schemes } from './fixtures.js';

const base = { code: { const: digit9.make(1) }, name: { const: 'x' } };
const compile = (fields: object, more: object = {}) =>
  compileMapping(
    parseMapping({ fields: { ...base, ...fields }, ...more }, 'feed.json'),
    contract(),
    schemes,
    'feed.json',
  );

/** What one cell becomes in the text field `status`, or the code of its problem. */
function status(cell: Cell, steps: readonly unknown[], more: object = {}): unknown {
  const mapped = compile({ status: { from: 'c', steps } }, more).map({ c: cell });
  if ('skipped' in mapped) return 'skipped';
  return mapped.ok ? mapped.value['status'] : mapped.problems[0]?.code;
}

t.test('a department gets what it wrote: every step on what registers hold', (t) => {
  const table: readonly (readonly [cell: Cell, steps: readonly unknown[], result: unknown])[] = [
    ['  a b ', ['trim'], 'a b'],
    ['  ', [], null],
    ['Ab', ['upper'], 'AB'],
    ['ÀB', ['lower'], 'àb'],
    ['（上海）ＡＢ１　Ⅷ', ['halfwidth'], '(上海)AB1 Ⅷ'],
    ['a  b\t\nc', ['squeeze'], 'a b c'],
    ['12.345/0001-9', ['digits'], '1234500019'],
    ['no', ['digits'], null],
    [digit9.make(42), [{ key: 'digit9' }], digit9.make(42)],
    ['123456789', [{ key: 'digit9' }], 'bad_check_digit'],
    ['27/04/2018', [{ date: 'dd/MM/yyyy' }], '2018-04-27'],
    ['29/02/2018', [{ date: 'dd/MM/yyyy' }], 'bad_value'],
    ['29/02/2000', [{ date: 'dd/MM/yyyy' }], '2000-02-29'],
    ['29/02/1900', [{ date: 'dd/MM/yyyy' }], 'bad_value'],
    ['31/04/2018', [{ date: 'dd/MM/yyyy' }], 'bad_value'],
    ['27/04/18', [{ date: 'dd/MM/yyyy' }], 'bad_value'],
    ['27/04/2018x', [{ date: 'dd/MM/yyyy' }], 'bad_value'],
    ['2019年1月2日', [{ date: 'yyyy年M月d日' }], '2019-01-02'],
    ['20190102', [{ date: ['iso', 'yyyyMMdd'] }], '2019-01-02'],
    ['2019-01-02 08:30:00', [{ date: 'yyyy-MM-dd HH:mm:ss' }], '2019-01-02T00:30:00.000Z'],
    ['2019-01-02 08:30', [{ date: 'yyyy-MM-dd HH:mm', zone: 'Europe/Paris' }], '2019-01-02T07:30:00.000Z'],
    ['2019-07-02 08:30', [{ date: 'yyyy-MM-dd HH:mm', zone: 'Europe/Paris' }], '2019-07-02T06:30:00.000Z'],
    ['2019-03-31 02:30', [{ date: 'yyyy-MM-dd HH:mm', zone: 'Europe/Paris' }], 'bad_value'],
    ['1988-07-01 08:30', [{ date: 'yyyy-MM-dd HH:mm' }], '1988-06-30T23:30:00.000Z'],
    ['2019-01-02 24:00', [{ date: 'yyyy-MM-dd HH:mm', zone: 'UTC' }], 'bad_value'],
    ['2017-06-01T02:00:00+02:00', [{ date: 'iso' }], '2017-06-01T00:00:00.000Z'],
    ['2017-06-01', [{ date: 'iso' }], '2017-06-01'],
    ['18219,70', [{ number: { decimal: ',' } }], '18219.70'],
    ['-1.234.567,5', [{ number: { decimal: ',', group: '.' } }], '-1234567.5'],
    ['3,139.7000', [{ number: { group: ',' } }], '3139.7000'],
    ['12,34', [{ number: { group: ',' } }], 'bad_value'],
    ['1,0000', [{ number: { group: ',' } }], 'bad_value'],
    ['1\u202f234', [{ number: { group: ' ' } }], '1234'],
    ['007.0', [{ number: {} }], '7.0'],
    ['9007199254740993.10', [{ number: {} }], '9007199254740993.10'],
    ['1e5', [{ number: {} }], 'bad_value'],
    ['.5', [{ number: {} }], 'bad_value'],
    ['', [{ number: {} }], null],
    ['12', [{ integer: true }], '12'],
    ['12.5', [{ integer: true }], 'bad_value'],
    ['Très satisfaisant', [{ codes: { 'Très satisfaisant': 'A', Satisfaisant: 'B' } }], 'A'],
    ['?', [{ codes: { a: 'A' } }], 'not_in_codelist'],
    ['?', [{ codes: { a: 'A' }, else: 'Z' }], 'Z'],
    ['?', [{ codes: { a: 'A' }, else: null }], null],
    ['44.059006, 6.149175', [{ part: { by: ',', index: 1 } }, 'trim'], '6.149175'],
    ['a/b/c', [{ part: { by: '/', index: -1 } }], 'c'],
    ['a', [{ part: { by: '/', index: 3 } }], null],
    ['2017-06-01T02', [{ slice: [0, 10] }], '2017-06-01'],
    ['7', [{ padStart: { length: 3, with: '0' } }], '007'],
    ['a$b$', [{ replace: { text: '$', by: '$&' } }], 'a$&b$&'],
    ['CNPJ 12', [{ stripPrefix: 'CNPJ ' }], '12'],
    ['12号', [{ stripSuffix: '号' }], '12'],
    ['-', [{ nullIf: ['-'] }], null],
    [12, ['trim'], '12'],
    [12, [], '12'],
    [['a'], ['trim'], 'bad_value'],
    ['x'.repeat(65_537), [], 'bad_value'],
  ];
  for (const [cell, steps, result] of table)
    t.equal(status(cell, steps), result, `${String(cell).slice(0, 40)} through ${JSON.stringify(steps)}`);
  t.equal(status('N/A', [], { nulls: ['N/A'] }), null);
  t.equal(status('2019-07-02 08:30', [{ date: 'yyyy-MM-dd HH:mm' }], { zone: 'UTC' }), '2019-07-02T08:30:00.000Z');
  t.end();
});

t.test('typed fields, nested records and lists come out in the JSON form', (t) => {
  const mapping = compile({
    staff: { from: 'staff' },
    score: { from: 'score', steps: [{ number: { decimal: ',' } }] },
    active: { from: 'active', steps: [{ boolean: { true: ['oui'], false: ['non'] } }] },
    tags: { from: 'tags', steps: [{ split: ';', each: ['trim', 'upper'] }] },
    'address.city': { from: 'city' },
    'address.street': { concat: [{ from: 'street' }, { text: ' ' }, { from: 'no' }] },
    members: {
      rows: {
        from: 'members',
        split: '),',
        fields: {
          name: { from: '*', steps: [{ part: { by: '(', index: 0 } }, 'trim'] },
          id: { from: '*', steps: [{ part: { by: '(', index: -1 } }, 'digits'] },
        },
      },
    },
    status: {
      case: [
        { when: { column: 'uf', in: ['SP', 'RJ'] }, use: { const: 'south-east' } },
        { when: { column: 'uf', empty: true }, use: { const: 'federal' } },
      ],
      else: { from: 'uf' },
    },
  });
  const cells = {
    staff: '73',
    score: '7,50',
    active: 'oui',
    tags: ' a;;b ',
    city: 'Aiglun',
    street: 'Rue',
    no: '1',
    members: 'RIESTE (352853667),CINE (352853568)',
    uf: ' SP ',
  };
  const mapped = mapping.map(cells);
  t.strictSame('ok' in mapped && mapped.ok && mapped.value, {
    code: digit9.make(1),
    name: 'x',
    staff: 73,
    score: 7.5,
    active: true,
    tags: ['A', 'B'],
    address: { city: 'Aiglun', street: 'Rue 1' },
    members: [
      { name: 'RIESTE', id: '352853667' },
      { name: 'CINE', id: '352853568' },
    ],
    status: 'south-east',
  });
  const empty = mapping.map({
    staff: '',
    score: null,
    active: '',
    tags: '',
    city: '',
    street: '',
    no: '1',
    members: '',
    uf: '',
  });
  t.match('ok' in empty && empty.ok && empty.value, { address: null, members: null, staff: null, status: 'federal' });
  const half = mapping.map({ ...cells, city: '' });
  t.match(half, { ok: false, problems: [{ code: 'missing_value', field: 'address.city' }] });
  t.end();
});

t.test(
  'a row that is not the dataset’s is skipped, a lower-case key is noted, a record is named by its key alone',
  (t) => {
    const mapping = compile(
      { code: { from: 'code', steps: [{ key: 'digit9' }] }, name: { from: 'name' } },
      {
        skip: {
          not: {
            all: [
              { column: 'kind', equals: 'J' },
              { column: 'code', startsWith: 'x' },
            ],
          },
        },
      },
    );
    t.strictSame(mapping.map({ kind: 'F', code: 'x', name: 'n' }), { skipped: true });
    const key = `x${digit9.make(5)}`;
    t.match(mapping.map({ kind: 'J', code: key, name: 'n' }), {
      ok: true,
      notes: ['key_normalised'],
      value: { code: key.toUpperCase() },
    });
    t.match(mapping.map({ kind: 'J', code: key, name: '' }), {
      ok: false,
      problems: [{ code: 'missing_value', field: 'name', reason: /column `name`/ }],
    });
    t.strictSame(mapping.identify({ kind: 'J', code: key, name: '' }), { code: key.toUpperCase() });
    t.equal(mapping.identify({ kind: 'J', code: 'nonsense' }), undefined);
    t.end();
  },
);

t.test('an officer’s slip in a mapping is refused when the feed is read, with the place', (t) => {
  const refused: readonly (readonly [object, RegExp])[] = [
    [{ status: { from: 'c', step: [] } }, /`mapping.fields.status` has the unknown key `step`/],
    [{ status: { from: 'c', const: 1 } }, /exactly one of/],
    [{ status: { from: 'c', steps: ['shout'] } }, /`mapping.fields.status.steps.0` has the unknown step `shout`/],
    [{ status: { from: 'c', steps: [{ regex: '(a+)+' }] } }, /unknown step `regex`/],
    [{ status: { from: 'c', steps: [{ integer: true }, 'trim'] } }, /must be the last step/],
    [{ status: { from: 'c', steps: [{ key: 'nobody' }] } }, /unknown key scheme `nobody`/],
    [{ status: { from: 'c', steps: [{ date: 'dd/MM' }] } }, /reads no full date/],
    [{ status: { from: 'c', steps: [{ date: 'iso', zone: 'Mars/Base' }] } }, /unknown zone/],
    [{ status: { from: 'c', steps: new Array(65).fill('trim') } }, /more than 64/],
    [{ nothing: { from: 'c' } }, /the contract has no field `nothing`/],
    [{ tags: { from: 'c', steps: [{ split: ',', max: 5000 }] } }, /whole number from 1 to 1000/],
  ];
  for (const [fields, message] of refused) t.throws(() => compile(fields), { code: 'bad_feed', message });
  t.throws(() => compileMapping(parseMapping({ fields: { code: { from: 'c' } } }, 'f'), contract(), schemes), {
    code: 'bad_feed',
    message: /required field `name` is not mapped/,
  });
  let deep: object = { const: 1 };
  for (let i = 0; i < 9; i++) deep = { case: [], else: deep };
  t.throws(() => compile({ status: deep }), { code: 'bad_feed', message: /nested more than 8/ });
  t.end();
});

t.test('no cell can make a mapping throw, hang or grow without bound', (t) => {
  const step = fc.constantFrom<unknown>(
    'trim',
    'upper',
    'lower',
    'halfwidth',
    'squeeze',
    'digits',
    { key: 'digit9' },
    { date: ['iso', 'dd/MM/yyyy', 'yyyy-MM-dd HH:mm'] },
    { number: { decimal: ',', group: '.' } },
    { codes: { a: 'b' }, else: null },
    { part: { by: ',', index: -1 } },
    { slice: [1, -1] },
    { padStart: { length: 1000, with: 'ab' } },
    { replace: { text: 'a', by: 'aaaaaaaa' } },
    { stripPrefix: 'a' },
    { stripSuffix: 'a' },
    { nullIf: ['a'] },
  );
  const cell = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom<Cell>(null, 1, true, ['a'], { a: 1 }, 'a'.repeat(60_000), '31/12/9999', '-1.234,5'),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 64 }), cell, (steps, value) => {
      const mapped = compile({
        status: { from: 'c', steps },
        tags: { from: 'c', steps: [{ split: ',', each: steps.slice(0, 20) }] },
      }).map({ c: value });
      if ('ok' in mapped && mapped.ok) {
        const made = mapped.value['status'];
        if (typeof made === 'string') return made.length <= 3 * 65_536;
      }
      return true;
    }),
    { numRuns: 200 },
  );
  t.end();
});

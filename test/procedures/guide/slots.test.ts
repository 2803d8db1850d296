/** What a sentence says already is found by declared types, as an element takes it, and nothing else is. */
import t from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { addressesIn, amountsIn } from '../../../gateway/procedures/guide/amounts.js';
import { openGuide } from '../../../gateway/procedures/guide/guide.js';

t.setTimeout(120_000);
/** 2026-11-30, noon in the city. */
const NOW = Date.parse('2026-11-30T04:00:00Z');
const guide = await openGuide(await loadWorkspace(packageRoot()));
if (guide === undefined) throw new Error('the workspace has no bundle');

const told = (sentence: string): readonly string[] =>
  amountsIn(sentence, NOW).map(({ kind, value }) => `${kind} ${value}`);

t.test('amounts, as people write them', (t) => {
  for (const [sentence, ...amounts] of [
    ['店里八十平方', 'area 80'],
    ['大概120㎡', 'area 120'],
    ['一百二十来个平方米', 'area 120'],
    ['８０平米的铺子', 'area 80'],
    ['注册资本500万', 'money 5000000'],
    ['一百五十万元', 'money 1500000'],
    ['1.5亿', 'money 150000000'],
    ['成交价2,300,000元', 'money 2300000'],
    ['三千块', 'money 3000'],
    ['4.5吨的货车', 'mass 4500'],
    ['十八吨', 'mass 18000'],
    ['总质量4500公斤', 'mass 4500'],
    ['18T的车', 'mass 18000'],
    ['2026年11月20日决议', 'date 2026-11-20'],
    ['11月3号', 'date 2026-11-03'],
    ['2026-11-20', 'date 2026-11-20'],
    ['明天开业', 'date 2026-12-01'],
  ] as const)
    t.same(told(sentence), amounts, sentence);
  for (const sentence of [
    '我想开一家饭店',
    '三个股东',
    '两辆车',
    '十万个为什么',
    '13月40日',
    '2026-02-30',
    '万一不行呢',
    '平时几点开门',
    '4.5米的招牌',
  ])
    t.same(told(sentence), [], sentence);
  t.end();
});

t.test('an address has a street and a number', (t) => {
  t.same(addressesIn('我想在云州市云溪区和平路18号开个面馆'), ['云州市云溪区和平路18号']);
  t.same(addressesIn('公司搬到湖滨路6号3楼301室了'), ['湖滨路6号3楼301室']);
  t.same(addressesIn('在学校门口那条路上'), []);
  t.end();
});

t.test('each is of the element that the matter asks for, and answers its question', (t) => {
  const restaurant = guide.answer('我想在云溪区和平路18号开一家八十平方米的面馆', NOW);
  t.equal(restaurant.bundle, 'open-restaurant');
  t.match(
    restaurant.slots.find(({ kind }) => kind === 'area'),
    { value: '80', element: 'premises.area', title: { zh: /面积/ } },
  );
  t.match(
    restaurant.slots.find(({ kind }) => kind === 'address'),
    { value: '云溪区和平路18号' },
  );
  const transport = guide.answer('买了两辆18吨的货车想跑运输', NOW);
  t.match(transport.slots, [{ kind: 'mass', value: '18000', element: 'transport.heaviest' }]);
  t.equal(transport.ask?.question, 'carries');
  const company = guide.answer('想在东湖区注册一家科技公司，注册资本100万', NOW);
  t.match(company.slots, [
    { kind: 'money', value: '1000000', element: 'founding.capital' },
    { kind: 'code', value: '990102', element: 'founding.district' },
  ]);
  t.end();
});

t.test('the key of a company is found, that of a person is not repeated', (t) => {
  const { slots } = guide.answer('我要注销公司，代码91990102MA0000001D，我的证件319900195001010028', NOW);
  t.match(slots, [{ kind: 'key', value: '91990102MA0000001D', element: 'company.uscc' }]);
  t.notMatch(JSON.stringify(slots), /319900195001010028/);
  t.end();
});

t.test('any text at all is answered', (t) => {
  for (const text of [
    '',
    ' ',
    '。。。',
    '😀',
    '\u0000\ud800',
    'a'.repeat(10_000),
    '一'.repeat(10_000),
    '9'.repeat(10_000),
    '路1号'.repeat(200),
    '区'.repeat(400),
    '万'.repeat(400),
    '__proto__',
    'constructor 注销',
  ]) {
    const begun = performance.now();
    const { bundle, candidates } = guide.answer(text, NOW);
    t.ok(bundle === null || candidates.some((one) => one.bundle === bundle), JSON.stringify(text.slice(0, 20)));
    t.ok(performance.now() - begun < 2000, 'in time');
  }
  t.end();
});

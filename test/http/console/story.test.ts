/** What an auditor is told of one answer in sentences, and the periods that a search offers. */
import t from 'tap';
import { readKeep } from '../../../gateway/ground/config/terms.js';
import { periodOf, periodsAt } from '../../../gateway/http/console/auditing/periods.js';
import { storyOf } from '../../../gateway/http/console/auditing/story.js';
import type { LogBody } from '../../../gateway/log/entries/body.js';
import { latinIn } from './latin.js';

type Told = Parameters<typeof storyOf>[0];

const names = {
  client: () => '受理系统',
  authority: () => '市场监管局',
  purpose: () => '开办餐饮店',
  dataset: (id: string | undefined) => (id === 'a.b' ? '企业登记信息' : '欠税信息'),
  field: (_dataset: string, path: string) => (path === 'name' ? '名称' : '住所'),
} as unknown as Told['names'];

const grants = (mode: string): Told['grants'] =>
  new Map([
    ['one', { from: '2026-01-01', until: '2027-12-31', legalBasis: ['某条例（示例）第二条'], subjectNotice: { mode } }],
  ]) as unknown as Told['grants'];

const body: LogBody = {
  type: 'released',
  time: '2026-02-28T16:30:00.000Z',
  client: 'desk',
  authority: 'samr',
  purpose: 'open',
  datasets: [
    { dataset: 'a.b', effect: 'allow', grant: 'one', fields: ['name', 'address'], records: 2 },
    { dataset: 'c.d', effect: 'deny', reason: 'not_granted' },
  ],
};

const told = (change: Partial<Told> = {}): readonly string[] =>
  storyOf({ body, names, grants: grants('immediate'), keep: readKeep({}), language: 'zh', ...change });

t.test('one answer as a story', async (t) => {
  const story = told();
  t.same(latinIn(story.join('\n')), [], 'no code, no id');
  t.match(story, [
    '2026-03-01 00:30（北京时间），市场监管局的“受理系统”为“开办餐饮店”查询了一个主体的数据。',
    '企业登记信息：提供了2条记录的名称、住所。授权有效期为2026-01-01至2027-12-31，法律依据为某条例（示例）第二条。',
    /^欠税信息：未予提供，原因是.+。$/,
    '本条记录先写入日志，答复随后送出。',
    '当事人可随时查阅本次使用。',
    '本条记录的内容至少保存至2029-03-01，存证长期保留。',
  ]);
  t.match(told({ language: 'en' })[1], '2 records with 名称, 住所. Granted from 2026-01-01 to 2027-12-31');
  t.match(told({ grants: new Map() })[1], '所依据的授权已不在现行授权之中', 'nothing is said of a grant that is gone');
  t.notMatch(told({ grants: new Map() }).join(), '当事人', 'nor whether the subject is told');
  t.match(told({ grants: grants('withheld') }).join(), '不告知当事人');
  t.match(told({ grants: grants('delayed') }).join(), '期限届满后可查阅');
  t.match(told({ body: { ...body, dryRun: true } }).join(), '未读取任何记录');
  t.match(
    told({ body: { ...body, datasets: [{ dataset: 'a.b', effect: 'allow', grant: 'one', records: 0 }] } })[1],
    '经查无记录',
  );
  t.match(told({ body: { ...body, delivery: 'batch', batch: 40 } })[0], '批量查询了40个主体');
  t.match(
    told({ about: '云州安光快餐有限公司（9199）' })[0],
    '查询了“云州安光快餐有限公司（9199）”的数据',
    'by its name',
  );
  t.match(
    told({ about: '云州安光快餐有限公司', body: { ...body, delivery: 'batch', batch: 40 } })[0],
    '批量查询了40个主体（其中有“云州安光快餐有限公司”）',
  );
  t.match(told({ keep: readKeep({ releases: 'P5Y' }) }).join(), '至少保存至2031-03-01');
  t.same(told({ body: { ...body, type: 'looked' } }), [], 'what is no answer has no story');
});

t.test('periods by their names, in the time of the city', async (t) => {
  // 00:30 on Sunday the 1st of March in Shanghai
  const at = periodsAt(Date.parse('2026-02-28T16:30:00Z'));
  t.same(
    at.map(({ words, since, until }) => [words.en, since, until]),
    [
      ['Today', '2026-03-01T00:00', undefined],
      ['Yesterday', '2026-02-28T00:00', '2026-03-01T00:00'],
      ['This week', '2026-02-23T00:00', undefined],
      ['Last week', '2026-02-16T00:00', '2026-02-23T00:00'],
      ['This month', '2026-03-01T00:00', undefined],
      ['Last month', '2026-02-01T00:00', '2026-03-01T00:00'],
      ['Last seven days', '2026-02-23T00:00', undefined],
      ['Last quarter', '2025-10-01T00:00', '2026-01-01T00:00'],
      ['This year', '2026-01-01T00:00', undefined],
    ],
  );
  t.equal(periodsAt(Date.parse('2026-01-15T00:00:00Z'))[5]?.since, '2025-12-01T00:00', 'over the turn of the year');
  const may = Date.parse('2026-05-20T20:00:00Z');
  t.match(periodsAt(may)[7], { since: '2026-01-01T00:00', until: '2026-04-01T00:00' });
  for (const [at, { since, until }] of periodsAt(may).entries())
    t.equal(periodOf(since, until, may), String(at), 'and by what they are back to their names');
  t.equal(periodOf('2026-05-19T00:00', '2026-05-21T00:00', may), undefined);
  t.equal(periodOf(undefined, undefined, may), undefined);
});

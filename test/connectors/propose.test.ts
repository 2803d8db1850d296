/**
 * What is proposed for a file: nothing is guessed in silence, and nothing that digits or check characters say is lost.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import t, { type Test } from 'tap';
import type { Answers } from '../../connectors/propose/decision.js';
import type { Proposal } from '../../connectors/propose/propose.js';
import { plain } from '../../connectors/propose/terms.js';
import { simplified } from '../../connectors/propose/traditional.js';
import siret from '../../contracts/subjects/siret.js';
import uscc from '../../contracts/subjects/uscc.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { firmsCsv } from './proposed.js';
import { context, newCity, proposeText } from './proposing.js';

const workspaceDir = newCity();
const proposed = async (
  t: Test,
  content: string | Uint8Array,
  answers: Partial<Answers> = {},
  name = 'firms.csv',
): Promise<Proposal> => proposeText(t, await context(workspaceDir), content, answers, name);

const of = ({ decisions }: Proposal, about: string) => decisions.find((decision) => decision.about === about);
const typeOf = ({ fields }: Proposal, column: string): string | undefined =>
  fields.find((field) => field.column === column)?.type.kind;
const table = (head: string, rows: number, row: (i: number) => string, end = '\n'): string =>
  [head, ...Array.from({ length: rows }, (_, i) => row(i + 1))].join(end) + end;

t.test('the charset and the separator are found, whatever the office uses', async (t) => {
  const text = firmsCsv(60);
  for (const charset of ['utf-8', 'gb18030'])
    t.equal(of(await proposed(t, iconv.encode(text, charset)), 'charset')?.proposed, charset);
  const big5 = table('統一編號,公司名稱', 60, (i) => `${uscc.make(i)},臺灣示範第${i}股份有限公司的營業處所`);
  t.equal(of(await proposed(t, iconv.encode(big5, 'big5')), 'charset')?.proposed, 'big5');
  const latin = table(
    'siret;Raison sociale;Adresse',
    60,
    (i) => `${siret.make(i)};Société générale n° ${i};rue de l’Église à Évreux`,
  );
  const found = await proposed(t, iconv.encode(latin, 'windows-1252'));
  t.strictSame([of(found, 'charset')?.proposed, of(found, 'delimiter')?.proposed], ['windows-1252', ';']);
  for (const [separator, spoken] of [
    ['\t', 'tab'],
    ['|', '|'],
    ['^', '^'],
  ] as const) {
    t.equal(
      of(
        await proposed(
          t,
          table(['code', 'name', 'note'].join(separator), 30, (i) =>
            [uscc.make(i), `firm, the ${i}; first`, 'x'].join(separator),
          ),
        ),
        'delimiter',
      )?.proposed,
      spoken,
    );
  }
  const odd = await proposed(
    t,
    table('code,name', 30, (i) => `${uscc.make(i)},5" pipe ${i}`),
  );
  t.equal(odd.draft.feed.source['quote'], '', 'quotes that are inches are no quotes');
});

t.test('digits that would be lost stay text, dates that could be two days are asked about', async (t) => {
  const found = await proposed(
    t,
    table('code;zip;serial;amount;thousand;euro;day;when;compact', 60, (i) =>
      [
        uscc.make(i),
        String(i % 9).padStart(5, '0'),
        9007199254740993n + BigInt(i),
        i * 10,
        `${1 + (i % 9)}.000`,
        `1.${String(100 + i)},50`,
        `0${1 + (i % 9)}/0${1 + (i % 8)}/2020`,
        `${13 + (i % 10)}.01.2020`,
        `2020${String(1 + (i % 12)).padStart(2, '0')}15`,
      ].join(';'),
    ),
  );
  t.strictSame(
    ['zip', 'serial', 'amount', 'thousand', 'euro', 'day', 'when', 'compact'].map((column) => typeOf(found, column)),
    ['text', 'text', 'int', 'text', 'decimal', 'text', 'date', 'text'],
  );
  for (const about of ['thousand type', 'day type', 'compact type']) t.equal(of(found, about)?.sure, false, about);
  t.match(of(found, 'day type')?.alternatives, ['dd/MM/yyyy', 'MM/dd/yyyy']);
  t.equal(found.trial.published, 60);
  const said = await proposed(
    t,
    table('code;day', 30, (i) => `${uscc.make(i)};0${1 + (i % 9)}/0${1 + (i % 8)}/2020`),
    { dateFormats: new Map([['day', 'MM/dd/yyyy']]) },
  );
  t.strictSame([typeOf(said, 'day'), said.trial.first[0]?.['day']], ['date', '2020-02-02']);
});

t.test('what names a person is personal by its title or its values, and nothing unknown is public', async (t) => {
  const { fields } = await proposed(t, firmsCsv(100));
  const classes = Object.fromEntries(fields.map(({ column, classification }) => [column, classification]));
  t.match(classes, {
    统一社会信用代码: 'public',
    法定代表人: 'personal',
    身份证号: 'personal',
    联系电话: 'personal',
    经营地址: 'internal',
    窗口流水: 'restricted',
  });
  const nameless = await proposed(
    t,
    table('code,a1,a2,a3', 60, (i) => `${uscc.make(i)},1380013${String(8000 + i)},p${i}@example.com,other`),
  );
  t.strictSame(
    nameless.fields.map(({ classification }) => classification),
    ['public', 'personal', 'personal', 'internal'],
  );
});

t.test('rows without a good key are counted beforehand, as a run then counts them', async (t) => {
  const found = await proposed(t, firmsCsv(200));
  t.match(of(found, 'subject')?.reason, /196 values of 200/);
  t.match(found.trial, { rows: 200, published: 196, quarantined: 4, refused: [{ code: 'bad_check_digit', rows: 4 }] });
});

t.test('the key is the fewest columns under which no two rows meet', async (t) => {
  const head = 'code,number,kind,note';
  const single = await proposed(
    t,
    table(head, 90, (i) => `${uscc.make(Math.ceil(i / 3))},N${i},${i % 3},x`),
  );
  t.equal(of(single, 'key')?.proposed, 'number');
  const pair = await proposed(
    t,
    table('code,kind,year', 120, (i) => `${uscc.make(Math.ceil(i / 6))},k${i % 3},${2018 + (i % 2)}`),
  );
  t.strictSame([...pair.draft.contractFile.recordId].sort(), ['kind', 'year']);
  t.equal(pair.trial.quarantined, 0);
  const none = await proposed(
    t,
    table('code,kind', 60, (i) => `${uscc.make(Math.ceil(i / 2))},k${i % 1}`),
  );
  t.match(none.trial, { published: 30, merged: 30 }, 'rows that are the same are no duplicates');
  t.strictSame(none.draft.contractFile.recordId, []);
});

t.test('a key inside a longer one can be chosen, and gets its own field', async (t) => {
  const text = table('SIRET,nom', 40, (i) => `${siret.make(i)},firm ${i}`);
  const proposal = await proposed(t, text);
  t.match(of(proposal, 'subject'), { proposed: 'SIRET:siret', sure: false, alternatives: ['SIRET:siren'] });
  const chosen = await proposed(t, text, { subject: { column: 'SIRET', scheme: 'siren' } });
  t.strictSame([chosen.subjectField, chosen.trial.published], ['siren', 40]);
  t.match(chosen.trial.first[0], { siren: siret.make(1).slice(0, 9), siret: siret.make(1) });
});

t.test('JSON, lines, fixed widths and files without header are read', async (t) => {
  const items = Array.from({ length: 30 }, (_, i) => ({
    code: uscc.make(i + 1),
    owner: { city: '示例市' },
    tags: ['a'],
    parts: [{ n: 1 }],
    open: i % 2 === 0,
  }));
  const document = await proposed(t, JSON.stringify({ total: 30, data: { list: items } }), {}, 'list.json');
  t.match(document.draft.feed.source, { kind: 'json', items: '/data/list' });
  t.strictSame(
    document.fields.map(({ field, type }) => [field, type.kind]),
    [
      ['code', 'text'],
      ['ownerCity', 'text'],
      ['tags', 'texts'],
      ['open', 'boolean'],
    ],
  );
  t.match(document.leftOut, [{ column: 'parts' }]);
  t.equal(document.trial.published, 30);
  const lines = await proposed(t, `${items.map((item) => JSON.stringify(item)).join('\n')}\n`, {}, 'list.ndjson');
  t.match(lines.draft.feed.source, { kind: 'json', format: 'lines' });
  const fixed = await proposed(
    t,
    iconv.encode(
      Array.from({ length: 30 }, (_, i) => `${uscc.make(i + 1)}示例${i % 2 === 0 ? '贸易' : '    '}    20190428`).join(
        '\n',
      ),
      'gb18030',
    ),
    {},
    'list.txt',
  );
  t.match(fixed.draft.feed.source, { kind: 'fixed-width', unit: 'bytes' });
  t.equal(of(fixed, 'columns')?.sure, false);
  const bare = await proposed(
    t,
    Array.from({ length: 30 }, (_, i) => `${uscc.make(i + 1)},firm ${i},2020-01-15`).join('\n'),
  );
  t.match(
    [of(bare, 'header')?.proposed, bare.fields.map(({ field }) => field)],
    ['none', ['column1', 'column2', 'column3']],
  );
  t.equal(bare.trial.published, 30);
});

t.test('a file that is no register, or no file that is read, is refused with what to do', async (t) => {
  await t.rejects(
    proposed(
      t,
      table('code,name', 30, (i) => `${110_000 + i},区${i}`),
    ),
    { code: 'bad_feed', message: /no column holds keys/ },
  );
  await t.rejects(proposed(t, ''), { message: /is empty/ });
  await t.rejects(proposed(t, new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 1, 2, 3, 4])), {
    message: /save it as `\.xlsx`/,
  });
  await t.rejects(proposed(t, 'code,name\n'), { message: /there is no row/ });
  await t.rejects(proposed(t, firmsCsv(30), { classes: new Map([['nothing', 'public']]) }), {
    message: /there is no column or field `nothing`/,
  });
  await t.rejects(proposed(t, firmsCsv(30), { subject: { column: '企业名称', scheme: 'uscc' } }), {
    message: /no value of `企业名称`/,
  });
});

t.test('titles in traditional characters are the words that they are in simplified ones', async (t) => {
  const head =
    '社會信用代碼,店名,統一編號,公司名稱,負責人,聯絡電話,地址,資本額,核准設立日期,營業項目,有無停業,停業日期';
  const people = '陳張劉葉龔';
  const found = await proposed(
    t,
    table(head, 60, (i) =>
      [
        uscc.make(i),
        `示範店${i}`,
        `0${1_000_000 + i}`,
        `示範第${i}公司`,
        `${people.charAt(i % 5)}某某`,
        `0912${String(100_000 + i)}`,
        `示範路${i}號`,
        i * 1000,
        '2020-01-31',
        '餐飲',
        i % 2 === 0 ? '有' : '無',
        i % 4 === 0 ? '2021-05-31' : '無',
      ].join(','),
    ),
  );
  const by = Object.fromEntries(
    found.fields.map(({ column, field, classification, type }) => [column, `${field} ${classification} ${type.kind}`]),
  );
  t.match(by, {
    店名: 'name public text',
    統一編號: 'unifiedNumber public text',
    負責人: 'personInCharge personal text',
    聯絡電話: 'phone personal text',
    地址: 'address internal text',
    資本額: 'registeredCapital public int',
    核准設立日期: 'establishedOn public date',
    營業項目: 'businessScope public text',
    有無停業: /boolean$/,
    停業日期: /date$/,
  });
  t.equal(
    found.fields.find(({ column }) => column === '公司名稱')?.title.zh,
    '公司名稱',
    'the title is the one of the source',
  );
  t.strictSame(
    [
      found.trial.published,
      found.trial.first[0]?.['column11'] ?? found.trial.first[0]?.[found.fields[10]?.field ?? ''],
    ],
    [60, false],
  );
});

t.test('the dictionary is one, in simplified characters', async (t) => {
  const { terms } = await context(workspaceDir);
  const words = JSON.stringify(terms);
  t.equal(simplified(words), words, 'no traditional character in it, so a word is known in both or in neither');
  for (const [traditional, word] of [
    ['統編', '统编'],
    ['證照號碼', '证照号码'],
    ['營業項目', '营业项目'],
    ['縣市別', '县市别'],
    ['處罰決定書文號', '处罚决定书文号'],
    ['法定代表人', '法定代表人'],
    ['註冊資本', '注册资本'],
  ] as const)
    t.equal(plain(traditional), plain(word));
});

t.test(
  'a key scheme that the workspace declares is found: by its check where it has one, else by its title, never ' +
    'in any column of its form',
  async (t) => {
    const dir = newCity('declared');
    mkdirSync(join(dir, 'contracts/subjects'), { recursive: true });
    const page = readFileSync(join(packageRoot(), 'docs/mapping.md'), 'utf8');
    for (const [, id = '', text = ''] of page.matchAll(
      /`contracts\/subjects\/([a-z-]+)\.json`:\n\n```json\n([^`]+)```/g,
    ))
      writeFileSync(join(dir, `contracts/subjects/${id}.json`), text);
    writeFileSync(
      join(dir, 'contracts/subjects/code4.json'),
      JSON.stringify({
        name: { zh: '四位', en: 'four digits' },
        standard: 'own',
        kind: 'pattern',
        persons: true,
        length: 4,
        pattern: '9999',
        vectors: { valid: ['0001'], invalid: [{ input: '1', code: 'bad_value' }] },
      }),
    );
    const at = await context(dir);
    const number = at.workspace.schemes.get('unified-number');
    if (number === undefined) throw new Error('the page has no example');
    const firms = table(
      '統一編號,店名,年,資本',
      60,
      (i) => `${number.make(i)},示範店${i},${2000 + (i % 20)},${1000 + i}`,
    );
    const found = await proposeText(t, at, firms);
    t.match(of(found, 'subject'), { proposed: '統一編號:unified-number', sure: true });
    t.match(found.trial, { published: 60, quarantined: 0 });
    const told = found.fields
      .slice(0, 3)
      .map(({ field, classification, type }) => `${field} ${classification} ${type.kind}`);
    t.strictSame(
      told,
      ['unifiedNumber public text', 'name public text', 'year public int'],
      "a number of four digits is not everybody's key",
    );
    // zeros that a spreadsheet took
    const lost = await proposeText(
      t,
      at,
      table('統一編號,店名', 60, (i) => `${number.make(i).replace(/^0+/, '')},示範店${i}`),
    );
    t.match([of(lost, 'zeros')?.proposed, lost.trial.published], ['padStart 8', 60]);
    const stalls = await proposeText(
      t,
      at,
      table('摊位,店名', 60, (i) => `A ${i},示範店${i}`),
    );
    t.match(of(stalls, 'subject'), { proposed: '摊位:stall', sure: false });
    t.match([stalls.trial.published, stalls.fields[0]?.classification], [60, 'internal']);
    const said = await proposeText(
      t,
      at,
      table('格,店名', 60, (i) => `A ${i},示範店${i}`),
      { subject: { column: '格', scheme: 'stall' } },
    );
    t.equal(said.trial.published, 60);
    await t.rejects(
      proposeText(
        t,
        at,
        table('格,店名', 60, (i) => `A ${i},示範店${i}`),
      ),
      { code: 'bad_feed', message: /no column holds keys/ },
    );
    const headed = await proposeText(t, at, `${firms.split('\n').slice(1).join('\n')}`, {
      subject: { column: 'column1', scheme: 'unified-number' },
    });
    t.equal(of(headed, 'header')?.proposed, 'none');
  },
);

t.test('which column names a firm is known by its title or asked, and what is said of it counts', async (t) => {
  const head = 'code,户名,备注内容,法定代表人';
  const rows = (title: string): string =>
    table(head.replace('户名', title), 40, (i) => `${uscc.make(i)},第${i}号面馆,甲${i},张某某`);
  t.match(of(await proposed(t, rows('企业名称')), 'firm'), { proposed: '企业名称', sure: true });
  const found = await proposed(t, rows('户名'));
  t.match(of(found, 'firm'), { proposed: 'none', sure: false, alternatives: ['户名', '备注内容'] });
  t.equal(found.fields[1]?.classification, 'restricted', 'nobody knows what it tells');
  const said = await proposed(t, rows('户名'), { firm: '户名' });
  t.match(of(said, 'firm'), { proposed: '户名', sure: true });
  t.match(said.fields[1], {
    column: '户名',
    field: 'name',
    classification: 'public',
    title: { zh: '户名', en: 'Name' },
  });
  const none = await proposed(t, rows('户名'), { firm: null });
  t.match(of(none, 'firm'), { proposed: 'none', sure: true });
  t.strictSame(none.fields, found.fields, 'which changes nothing else');
  const other = await proposed(t, rows('企业名称'), { firm: '备注内容' });
  t.strictSame(
    other.fields.slice(1, 3).map(({ field }) => field),
    ['companyName', 'name'],
    'one column is called so',
  );
  await t.rejects(proposed(t, rows('户名'), { firm: 'nothing' }), { message: /no column `nothing`/ });
  await t.rejects(proposed(t, rows('户名'), { firm: 'code' }), { message: /beside the key/ });
  // what somebody calls a column by a word of registers says what it is
  const named = await proposed(t, rows('户名'), { names: new Map([['备注内容', 'homeAddress']]) });
  t.equal(named.fields[2]?.classification, 'personal');
});

t.test('rows that a source says have left are asked about, and count until somebody says so', async (t) => {
  for (const [title, gone, stays, expected] of [
    ['是否作废', '是', '否', '是否作废=是'],
    ['删除标志', '1', '0', '删除标志=1'],
    ['数据有效标志', '有效', '已失效', '数据有效标志=已失效'],
    ['is_deleted', 'Y', 'N', 'is_deleted=Y'],
    ['valid', 'yes', 'no', 'valid=no'],
    ['删除状态', '已删除', '未删除', '删除状态=已删除'],
  ] as const) {
    const text = table(`code,${title}`, 40, (i) => `${uscc.make(i)},${i % 4 === 0 ? gone : stays}`);
    const found = await proposed(t, text);
    t.match(of(found, 'gone'), { proposed: 'none', sure: false, alternatives: [expected] }, title);
    t.equal(found.trial.published, 40, 'until then each row counts');
    t.notOk('skip' in found.draft.feed.mapping);
    const said = await proposed(t, text, { gone: { column: title, values: [gone] } });
    t.match(said.trial, { rows: 40, published: 30, quarantined: 0, skipped: 10 });
    t.strictSame(said.draft.feed.mapping.skip, { column: title, in: [gone] });
    t.equal(of(said, 'gone')?.sure, true);
    t.match(of(await proposed(t, text, { gone: null }), 'gone'), { proposed: 'none', sure: true });
  }
  const plainly = await proposed(
    t,
    table('code,登记状态', 40, (i) => `${uscc.make(i)},${i % 4 === 0 ? '注销' : '存续'}`),
  );
  t.equal(of(plainly, 'gone'), undefined, 'a firm that is struck off is still on the register');
  await t.rejects(proposed(t, firmsCsv(20), { gone: { column: 'nothing', values: ['x'] } }), {
    message: /no column `nothing`/,
  });
});

t.test('each reason stands in Chinese too, without a word of another language but the source’s own', async (t) => {
  const texts = [
    firmsCsv(60),
    table('code;zip;serial;amount;thousand;euro;day;when;compact', 60, (i) =>
      [
        uscc.make(Math.ceil(i / 2)),
        String(i % 9).padStart(5, '0'),
        9007199254740993n + BigInt(i),
        i * 10,
        `${1 + (i % 9)}.000`,
        `1.${String(100 + i)},50`,
        `0${1 + (i % 9)}/0${1 + (i % 8)}/2020`,
        `${13 + (i % 10)}.01.2020`,
        `2020${String(1 + (i % 12)).padStart(2, '0')}15`,
      ].join(';'),
    ),
    table('SIRET,nom', 40, (i) => `${siret.make(i)},firm ${i}`),
  ];
  for (const text of texts)
    for (const { about, reason, zh } of (await proposed(t, text)).decisions) {
      t.not(zh.trim(), '', `${about}: ${reason}`);
      t.notMatch(zh.replace(/“[^”]*”/g, ''), /[A-Za-z]{2,}/, `${about}: ${reason}`);
    }
});

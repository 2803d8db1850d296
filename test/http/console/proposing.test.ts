/**
 * A data officer sees what a sample would become before anything is written, answers what it cannot say, and takes
 * answers back; each answer is one of the proposal that the command line makes, and the sample is kept nowhere.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import type { Answers } from '../../../connectors/propose/decision.js';
import { filesOf } from '../../../connectors/propose/write.js';
import uscc from '../../../contracts/subjects/uscc.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { context, proposeFile } from '../../connectors/proposing.js';
import { type Faces, faces } from '../api/faces.js';
import { officeWithBrowser } from './casework-town.js';

// a browser draws some dozens of pages
t.setTimeout(400_000);

const OFFICER = { id: 'test|chen', name: '陈专员', roles: ['data-officer'], authority: 'samr' } as const;
const PATH = '/console/feeds/new';
const ROWS = [
  ['91990102MA00001692', '和顺早点', '张三丰', '13800000001', '2025-03-04'],
  ['91990105MA000011U0', '云记修鞋', '李四光', '13800000002', '2025-03-05'],
  ['91990105MA0000193X', '阿婆豆花', '王五岳', '13800000003', '2025-04-01'],
  // its check digit is wrong
  ['91990106MA000011WX', '老街凉面', '赵六合', '13800000004', '2025-04-02'],
];
const csv = [['统一社会信用代码', '摊位名称', '联系人', '联系电话', '核准日期'], ...ROWS]
  .map((row) => row.join(','))
  .join('\n');

const NAME = 'stalls.csv';
const day = (n: number): string => String(1 + (n % 9)).padStart(2, '0');
/** Of which much has to be asked: what stalls are called, which is the month, which rows are void, what 备查 is. */
const ASKED = [
  '统一社会信用代码,户名,联系人,核准日期,是否作废,备查',
  ...Array.from(
    { length: 30 },
    (_, n) =>
      `${uscc.make(n + 1)},第${String(n + 1)}号面馆,张某某,${day(n)}/${day(n + 3)}/2025,${n % 5 === 0 ? '是' : '否'},甲${String(n)}`,
  ),
].join('\n');
/** Half of the keys are wrong: nobody would take the column for one of keys. */
const HALF = [
  '编码,户名',
  ...Array.from({ length: 30 }, (_, n) => {
    const key = uscc.make(n + 1);
    return `${n % 2 === 0 ? key : key.slice(0, 17) + (key.endsWith('A') ? 'B' : 'A')},第${String(n + 1)}号面馆`;
  }),
].join('\n');

type Fields = Readonly<Record<string, string>>;
const HEADERS = { accept: 'text/html', 'accept-language': 'zh', 'content-type': 'multipart/form-data; boundary=x' };

function bodyOf(fields: Fields, file?: { readonly name: string; readonly content: string }): string {
  const parts = Object.entries(fields).map(
    ([name, value]) => `content-disposition: form-data; name="${name}"\r\n\r\n${value}`,
  );
  if (file !== undefined)
    parts.push(
      `content-disposition: form-data; name="files"; filename="${file.name}"\r\ncontent-type: text/csv\r\n\r\n${file.content}`,
    );
  return `${parts.map((part) => `--x\r\n${part}\r\n`).join('')}--x--\r\n`;
}

async function send(
  here: Faces,
  name: string,
  content: string,
  who: Parameters<Faces['visit']>[1] = OFFICER,
  fields: Fields = { dataset: 'market-stalls' },
) {
  const body = bodyOf({ csrf: await here.csrf(OFFICER), ...fields }, { name, content });
  return here.visit({ method: 'POST', path: PATH, body, headers: HEADERS }, who);
}

/** What nobody fills in of the form on a page, and what somebody did. */
const hiddenIn = (html: string): Record<string, string> =>
  Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
function chosenIn(html: string, field: string): string {
  const [, select = ''] =
    new RegExp(`<select[^>]* name="${field.replace('.', '\\.')}"[^>]*>([^]*?)</select>`).exec(html) ?? [];
  return /<option(?=[^>]* selected)[^>]* value="([^"]*)"/.exec(select)?.[1] ?? '';
}
const stands = (html: string, field: string): string =>
  chosenIn(html, field) || (new RegExp(`name="${field.replace('.', '\\.')}" value="([^"]*)"`).exec(html)?.[1] ?? '');

/** The files that are offered, by their paths. */
function filesIn(html: string): Record<string, unknown> {
  const [, base64 = ''] = /href="data:application\/zip;base64,([^"]*)"/.exec(html) ?? [];
  const zip = Buffer.from(base64, 'base64');
  const found: Record<string, unknown> = {};
  for (let at = zip.indexOf('PK\u0001\u0002'); at >= 0; at = zip.indexOf('PK\u0001\u0002', at + 4)) {
    const name = zip.toString('ascii', at + 46, at + 46 + zip.readUInt16LE(at + 28));
    const from = zip.readUInt32LE(at + 42) + 30 + name.length;
    const packed = zip.subarray(from, from + zip.readUInt32LE(at + 20));
    found[name] = JSON.parse(inflateRawSync(packed).toString('utf8'));
  }
  return found;
}

/** The page of a sample, and its form sent again and again. */
async function sheetOf(here: Faces, content: string, name = NAME) {
  const csrf = await here.csrf(OFFICER);
  const first = await here.visit({ path: PATH, headers: { accept: 'text/html', 'accept-language': 'zh' } }, OFFICER);
  const { place = '', form = '' } = hiddenIn(first.text);
  let { text } = await send(here, name, content, OFFICER, { place, form });
  return {
    get html() {
      return text;
    },
    async send(fields: Fields): Promise<string> {
      const { sample = '', 'sample.name': file = '' } = hiddenIn(text);
      const body = bodyOf({ csrf, place, form, sample, 'sample.name': file, ...fields });
      const answer = await here.visit({ method: 'POST', path: PATH, body, headers: HEADERS }, OFFICER);
      if (answer.status !== 200) throw new Error(`${String(answer.status)} ${answer.text.slice(0, 200)}`);
      return (text = answer.text);
    },
  };
}

t.test('a sample is told what it would become', async (t) => {
  const here = await faces(t);
  const before = readdirSync(here.dataDir).sort();
  const { status, text } = await send(here, 'market-stalls.csv', csv);
  t.equal(status, 200);
  t.match(text, /样表共 4 行：3 行可以发布，0 行与其他行相同，1 行不能通过校验/);
  t.match(text, /统一社会信用代码[^]*主体标识/, 'whose records they are');
  t.match(text, /联系人[^]*个人信息/, 'what is personal');
  t.notMatch(text, /张三丰|13800000001/, 'and is masked');
  t.match(text, /和顺早点/, 'the rows as they would be published');
  for (const path of [
    'connectors/feeds/samr/market-stalls.json',
    'contracts/datasets/samr/market-stalls/contract.json',
  ])
    t.ok(path in filesIn(text), path);
  t.match(here.entries.at(-1)?.body, { type: 'looked', action: 'feeds', results: 4 });
  t.notMatch(JSON.stringify(here.entries.map(({ body }) => body)) + here.log.join(''), /张三丰|和顺早点/);
  t.same(readdirSync(here.dataDir).sort(), before, 'nothing is written');
  t.same(
    readdirSync(tmpdir()).filter((name) => name.startsWith(`yitong-trial-${String(process.pid)}-`)),
    [],
    'nor left behind',
  );
});

t.test('what is no sample is said beside its field', async (t) => {
  const here = await faces(t);
  const said = async (name: string, content: string): Promise<string> => {
    const { status, headers, text } = await send(here, name, content);
    if (status !== 303) return text;
    return (await here.visit({ path: String(headers.location), headers: { accept: 'text/html' } }, OFFICER)).text;
  };
  t.match(await said('stalls.pdf', '%PDF-1.7'), /请选择 CSV、JSON 或者 Excel 文件|请求格式不正确/);
  t.match(await said('stalls.csv', ''), /未能读懂这份样表|请求格式不正确/, 'nothing in it');
  t.equal((await send(here, 'stalls.csv', csv, { roles: ['auditor'] })).status, 403);
});

t.test('what the sample cannot say is asked, each with its reason', async (t) => {
  const here = await faces(t);
  const { html } = await sheetOf(here, ASKED);
  const open = html.slice(html.indexOf('个问题待您确认'), html.indexOf('其他判断，如有不符可在此说明'));
  t.match(open, /哪一列是单位名称？[^]*没有一列的列名是单位名称的常见叫法/);
  t.match(open, /哪些行虽在表中，但已经删除或者作废？[^]*“是否作废”/);
  t.match(open, /核准日期[^]*看不出日和月哪个在前：按<[^>]*>“日\/月\/年”<\/span>和<[^>]*>“月\/日\/年”/);
  t.match(open, /备查[^]*没有认得的词/);
  t.match(open, /户名（如 第1号面馆、第2号面馆/, 'columns are told by a few of their values');
  t.notMatch(html, /张某某/, 'what is personal is masked there as well');
  t.match(
    html.slice(html.indexOf('其他判断')),
    /哪一列是主体标识？[^]*30 个值中有 30 个（100%）是有效的统一社会信用代码/,
  );
});

/** Answers as somebody gives them, and what they are to the proposal; by fields of the form. */
const KNOWN: readonly (readonly [field: string, value: string, question: string, of: Partial<Answers>])[] = [
  ['firm', '2', 'firm', { firm: '户名' }],
  ['firm', 'none', 'firm', { firm: null }],
  ['gone', '5=是', 'gone', { gone: { column: '是否作废', values: ['是'] } }],
  ['gone', 'none', 'gone', { gone: null }],
  ['type.4', 'date:dd/MM/yyyy', 'type 4', { dateFormats: new Map([['核准日期', 'dd/MM/yyyy']]) }],
  ['type.4', 'date:MM/dd/yyyy', 'type 4', { dateFormats: new Map([['核准日期', 'MM/dd/yyyy']]) }],
  ['type.4', 'text', 'type 4', { types: new Map([['核准日期', 'text']]) }],
  ['class.6', 'personal', 'class 6', { classes: new Map([['备查', 'personal']]) }],
  ['name.6', 'remarks', 'name 6', { names: new Map([['备查', 'remarks']]) }],
  ['own.6', 'checkNote', 'name 6', { names: new Map([['备查', 'checkNote']]) }],
  ['key', '6', 'key', { key: ['备查'] }],
  ['key', 'none', 'key', { key: [] }],
  ['dataset', 'noodle-stalls', 'dataset', { dataset: 'noodle-stalls' }],
];

/** What the core proposes by these answers, as files. */
async function proposed(t: Test, content: string, answers: Partial<Answers>): Promise<Record<string, unknown>> {
  const at = await context(packageRoot());
  // not below the workspace, where what lies in a hidden folder is no source
  const dir = await mkdtemp(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, NAME), content);
  const now = () => new Date();
  const made = await proposeFile(join(dir, NAME), { ...at, now }, { authority: 'samr', ...answers }, NAME);
  const { draft } = made;
  const feed = { ...draft.feed, source: { ...draft.feed.source, path: `inbox/${NAME}` } };
  const { files } = filesOf({ ...made, draft: { ...draft, feed } });
  return Object.fromEntries(files.map((file) => [file.path, JSON.parse(JSON.stringify(file.content)) as unknown]));
}

t.test('whatever is answered and taken back, the draft is the one that the same answers make', async (t) => {
  const here = await faces(t);
  const sheet = await sheetOf(here, ASKED);
  t.strictSame(filesIn(sheet.html), await proposed(t, ASKED, {}), 'nothing is answered');
  let said: Record<string, string> = {};
  for (let step = 0; step < 16; step++) {
    const answered = KNOWN.filter(([field, value]) => said[field] === value);
    const back = step % 4 === 3 ? answered[Math.floor(Math.random() * answered.length)] : undefined;
    if (back !== undefined) {
      await sheet.send({ ...said, back: back[2] });
      const { [back[0]]: _, ...left } = said;
      said = left;
      t.equal(stands(sheet.html, back[0]), '', `${back[0]} was taken back`);
    } else {
      const [field, value, question] = KNOWN[Math.floor(Math.random() * KNOWN.length)] ?? KNOWN[0]!;
      // one answer a question
      const others = Object.entries(said).filter(([name]) => KNOWN.find(([known]) => known === name)?.[2] !== question);
      said = { ...Object.fromEntries(others), [field]: value };
      await sheet.send(said);
    }
    const answers: Partial<Answers> = Object.assign(
      {},
      ...KNOWN.filter(([field, value]) => said[field] === value).map(([, , , one]) => one),
    );
    t.strictSame(filesIn(sheet.html), await proposed(t, ASKED, answers), JSON.stringify(said));
    for (const [field, value] of Object.entries(said))
      t.equal(stands(sheet.html, field), value, `${field} stands there`);
  }
});

t.test('rows that have left are not of the dataset, and are told', async (t) => {
  const here = await faces(t);
  const sheet = await sheetOf(here, ASKED);
  t.match(sheet.html, /样表共 30 行：30 行可以发布/, 'nothing is dropped that nobody spoke of');
  await sheet.send({ gone: '5=是' });
  t.match(sheet.html, /样表共 30 行：24 行可以发布，0 行与其他行相同，0 行不能通过校验，6 行已删除或者作废/);
  await sheet.send({ gone: '5=是', back: 'gone' });
  t.match(sheet.html, /样表共 30 行：30 行可以发布/);
});

t.test('an answer that cannot be is told beside its field, with all that was answered; the others count', async (t) => {
  const here = await faces(t);
  const sheet = await sheetOf(here, ASKED);
  const wrong = { subject: '2', scheme: 'uscc', dataset: 'Not An Id', 'own.6': '1x', firm: '2', 'type.4': 'text' };
  await sheet.send(wrong);
  for (const [field, words] of [
    ['subject', '“户名”中没有一个值是有效的统一社会信用代码'],
    ['dataset', '标识由小写字母、数字和短横线组成'],
    ['own.6', '字段名由英文字母、数字和下划线组成'],
  ] as const) {
    const id = `-${field.replace('.', '-')}`;
    t.match(sheet.html, new RegExp(`<a href="#f-[0-9a-f]{12}${id}">${words}`), `${field}: at the top`);
    t.match(sheet.html, new RegExp(`id="f-[0-9a-f]{12}${id}-fault">${words}`), `${field}: beside it`);
  }
  for (const [field, value] of Object.entries(wrong)) t.equal(stands(sheet.html, field), value, `${field} is kept`);
  t.strictSame(
    filesIn(sheet.html),
    await proposed(t, ASKED, { firm: '户名', types: new Map([['核准日期', 'text']]) }),
    'what can be counts',
  );
  // how the file is read
  await sheet.send({ charset: 'utf-16le', firm: '2' });
  t.match(sheet.html, /按此读不出样表|字节不符合这种编码/);
  t.equal(stands(sheet.html, 'charset'), 'utf-16le');
  t.match(sheet.html, /样表共 30 行/);
});

t.test('whose records they are is asked where nothing tells, and cannot be left open', async (t) => {
  const here = await faces(t);
  const sheet = await sheetOf(here, HALF);
  t.match(sheet.html, /先要知道哪一列是主体标识[^]*没有一列被认出是统一社会信用代码/);
  t.notMatch(sheet.html, /dataset\.zip/, 'nothing is offered');
  await sheet.send({ subject: 'none' });
  t.match(sheet.html, /没有主体标识的表不能成为数据集/);
  t.equal(stands(sheet.html, 'subject'), 'none');
  await sheet.send({ subject: '1', scheme: 'uscc' });
  t.match(sheet.html, /样表共 30 行：15 行可以发布，0 行与其他行相同，15 行不能通过校验/);
  t.strictSame(
    filesIn(sheet.html),
    await proposed(t, HALF, { subject: { column: '编码', scheme: 'uscc' } }),
    'as the command line would be answered',
  );
  await sheet.send({ subject: '1', scheme: 'uscc', back: 'subject' });
  t.match(sheet.html, /先要知道哪一列是主体标识/);
});

t.test('a session that is over loses no answer, and the sample is kept nowhere', async (t) => {
  const here = await faces(t);
  const sheet = await sheetOf(here, ASKED);
  await sheet.send({ firm: '2' });
  const { sample = '', 'sample.name': name = '', place = '', form = '' } = hiddenIn(sheet.html);
  const body = bodyOf({ csrf: 'x', place, form, sample, 'sample.name': name, firm: '2', 'own.6': 'checkNote' });
  const host = { host: 'people.test', ...HEADERS };
  const over = await here.people.inject({ method: 'POST', url: PATH, headers: host, payload: body });
  t.equal(over.statusCode, 303);
  const to = new URLSearchParams(String(over.headers.location).split('?')[1]).get('to') ?? '';
  t.match(to, /^\/console\/kept\//);
  const cookie = [await here.cookie(OFFICER), ...over.cookies.map((one) => `${one.name}=${one.value}`)].join('; ');
  const visit = (url: string) =>
    here.people.inject({ url, headers: { host: 'people.test', accept: 'text/html', 'accept-language': 'zh', cookie } });
  const page = await visit(String((await visit(to)).headers.location));
  t.match(page.body, /您此前的说明已保留，重新选择样表后仍然有效/);
  const back = hiddenIn(page.body);
  t.match(back, { firm: '2', 'own.6': 'checkNote' });
  t.notOk('sample' in back, 'the sample has to be chosen again');
  for (const file of readdirSync(here.dataDir, { recursive: true, withFileTypes: true }))
    if (file.isFile())
      t.notOk(
        readFileSync(join(file.parentPath, file.name)).includes('号面馆'),
        `${file.name} has nothing of the sample`,
      );
  const { text } = await send(here, NAME, ASKED, OFFICER, back);
  t.equal(stands(text, 'firm'), '2', 'it counts for the sample that is chosen again');
});

t.test('a sample of nearly the largest size goes along with its answers', async (t) => {
  const here = await faces(t);
  const long = (n: number): string => randomBytes(30_000).toString('hex').slice(n);
  const content = [
    '统一社会信用代码,户名,说明',
    ...Array.from({ length: 30 }, (_, n) => `${uscc.make(n + 1)},第${String(n)}号面馆,${long(n)}`),
  ].join('\n');
  t.ok(content.length > 1_700_000);
  const sheet = await sheetOf(here, content);
  await sheet.send({ firm: '2' });
  t.match(sheet.html, /样表共 30 行：30 行可以发布/);
  t.equal(stands(sheet.html, 'firm'), '2');
});

t.test('a field that is too large, or a sample that was meddled with, is none', async (t) => {
  const here = await faces(t);
  const csrf = await here.csrf(OFFICER);
  const post = async (fields: Fields): Promise<number> =>
    (
      await here.visit(
        {
          method: 'POST',
          path: PATH,
          body: bodyOf({ csrf, ...fields }),
          headers: HEADERS,
        },
        OFFICER,
      )
    ).status;
  t.equal(await post({ sample: 'AAAA', 'sample.name': NAME, firm: 'x'.repeat(70_000) }), 400);
  t.equal(await post({ sample: 'nothing packed', 'sample.name': NAME }), 400);
  t.equal(await post({ sample: 'A'.repeat(3_000_000), 'sample.name': NAME }), 400);
  // what unpacks to far more than a sample may have
  t.equal(
    await post({ sample: deflateRawSync(Buffer.alloc(30_000_000)).toString('base64'), 'sample.name': NAME }),
    400,
  );
});

t.test('in a browser: asked, answered, refused; by keyboard and in both languages', async (t) => {
  const office = await officeWithBrowser(t);
  if (office === undefined) return;
  const { page, complaints, inspect } = await office.as(OFFICER);
  const upload =
    (content: string, and: (on: Page) => Promise<unknown> = () => Promise.resolve()) =>
    async (on: Page): Promise<void> => {
      await on.setInputFiles('input[type=file]', { name: NAME, mimeType: 'text/csv', buffer: Buffer.from(content) });
      await on.click(`form[action="${PATH}"] button.button`);
      await on.waitForSelector('input[name=sample]', { state: 'attached' });
      await and(on);
      await on.evaluate("document.querySelector('details.seen').open = true");
    };
  const answer = async (on: Page, fields: Fields): Promise<void> => {
    await on.evaluate("document.querySelector('details.seen').open = true");
    for (const [name, value] of Object.entries(fields)) {
      const select = on.locator(`select[name="${name}"]`);
      if ((await select.count()) > 0) await select.selectOption(value);
      else await on.fill(`input[name="${name}"]`, value);
    }
    await Promise.all([on.waitForNavigation(), on.locator(`form[action="${PATH}"] button.button`).first().click()]);
  };
  t.same(await inspect(PATH, 'feed-asked', upload(ASKED)), []);
  t.same(
    await inspect(
      PATH,
      'feed-answered',
      upload(ASKED, (on) => answer(on, { firm: '2', gone: '5=是', 'type.4': 'date:dd/MM/yyyy', 'name.6': 'remarks' })),
    ),
    [],
  );
  t.same(await inspect(PATH, 'feed-unfinished', upload(HALF)), []);
  t.same(
    await inspect(
      PATH,
      'feed-unmeant',
      upload(ASKED, (on) => answer(on, { subject: '2', dataset: 'Not An Id' })),
    ),
    [],
  );

  await page.goto(`${PATH}?lang=zh`);
  await upload(ASKED)(page);
  await page.locator('select[name=firm]').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const chosen = await page.locator('select[name=firm]').inputValue();
  t.not(chosen, '', 'a column is chosen by keyboard');
  await page.locator(`form[action="${PATH}"] button.button`).first().focus();
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  t.equal(await page.locator('select[name=firm]').inputValue(), chosen, 'and stands there');
  await Promise.all([page.waitForNavigation(), page.click('button.lang')]);
  t.match(
    await page.innerText('main'),
    /to be confirmed[^]*Take this answer back/,
    'the other language takes all along',
  );
  t.equal(await page.locator('select[name=firm]').inputValue(), chosen);
  await Promise.all([page.waitForNavigation(), page.click('button[name=back]')]);
  t.equal(await page.locator('select[name=firm]').inputValue(), '', 'what was answered is taken back');
  await page.goto(`${PATH}?lang=zh`);
  await page.fill('input[name=dataset]', 'noodle-stalls');
  await Promise.all([page.waitForNavigation(), page.click('button.lang')]);
  t.equal(await page.inputValue('input[name=dataset]'), 'noodle-stalls', 'so does the form of the sample');
  t.same(complaints, []);
});

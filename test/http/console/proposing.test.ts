/** A data officer sees what a sample would become before anything is written; the sample is kept nowhere. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { type Faces, faces } from '../api/faces.js';

const OFFICER = { roles: ['data-officer'], authority: 'samr' } as const;
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

async function send(here: Faces, name: string, content: string, who: Parameters<Faces['visit']>[1] = OFFICER) {
  const parts = [
    `content-disposition: form-data; name="csrf"\r\n\r\n${await here.csrf(OFFICER)}`,
    'content-disposition: form-data; name="dataset"\r\n\r\nmarket-stalls',
    `content-disposition: form-data; name="files"; filename="${name}"\r\ncontent-type: text/csv\r\n\r\n${content}`,
  ];
  const body = `${parts.map((part) => `--x\r\n${part}\r\n`).join('')}--x--\r\n`;
  return here.visit(
    {
      method: 'POST',
      path: PATH,
      body,
      headers: { accept: 'text/html', 'accept-language': 'zh', 'content-type': 'multipart/form-data; boundary=x' },
    },
    who,
  );
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
  const [, base64 = ''] = /href="data:application\/zip;base64,([^"]*)"/.exec(text) ?? [];
  const archive = Buffer.from(base64, 'base64');
  for (const path of [
    'connectors/feeds/samr/market-stalls.json',
    'contracts/datasets/samr/market-stalls/contract.json',
  ])
    t.ok(archive.includes(path), path);
  t.match(here.entries.at(-1)?.body, { type: 'looked', action: 'feeds', results: 4 });
  t.notMatch(JSON.stringify(here.entries.map(({ body }) => body)) + here.log.join(''), /张三丰|和顺早点/);
  t.same(readdirSync(here.dataDir).sort(), before, 'nothing is written');
  t.same(
    readdirSync(tmpdir()).filter((name) => name.startsWith('yitong-sample-')),
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
  t.match(await said('stalls.csv', '名称,电话\n甲,1\n乙,2\n'), /未能读懂这份样表|请求格式不正确/, 'no key');
  t.equal((await send(here, 'stalls.csv', csv, { roles: ['auditor'] })).status, 403);
});

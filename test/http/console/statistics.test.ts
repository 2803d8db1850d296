/**
 * Figures of sharing and the documents made of them, in a browser: a report that one person drafts, another approves
 * and the government receives; its PDF is judged by a program of others, by the command line's rules and by the page of
 * verification.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { verifyPdf } from '../../../gateway/documents/pdf/verify.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import { programForTest, run, saved, office as signerOffice } from '../../documents/reports/documents.js';
import { judgedByVeraPdf } from '../../documents/reports/verapdf.js';
import { until } from '../../e2e/ask.js';
import { application, asContent, people as officers, sharingOver } from '../../procedures/sharing/world.js';
import { act, main, people } from './applications-walk.js';
import { officeWithBrowser } from './casework-town.js';

t.setTimeout(300_000);
const STATISTICS = '/console/sharing/statistics';
const PAPERS = '/console/sharing/papers';
const ling = { id: 'test|ling', name: '凌局长', roles: ['department-head'], authority: 'data-bureau' } as const;
const gu = { id: 'test|gu', name: '顾秘书长', roles: ['government'], authority: 'yunzhou-government' } as const;
const ASKED = 'tax.tax-arrears';
// the fixture of this test is the office's own
const dir = await mkdtemp(join(tmpdir(), 'yitong-test-'));
t.teardown(() => rm(dir, { recursive: true, force: true }));
const { pki, ca, caFile } = await signerOffice(dir);

const office = await officeWithBrowser(t, {
  gateway: { documents: join(pki, 'documents'), documentCa: caFile },
  people: { publicUrl: 'https://verify.yunzhou.example' },
});

/** Applications of the third quarter: one answered in time and supplied, one answered late, one refused, one waiting. */
async function quarter(dataDir: string): Promise<void> {
  const state = openEmbeddedState({ dir: join(dataDir, 'state') });
  let now = Date.parse('2026-07-06T10:00:00+08:00');
  const { matters, act: does } = await sharingOver(state, { now: () => now });
  const day = (text: string): void => void (now = Date.parse(`${text}T10:00:00+08:00`));
  const [first] = application().datasets;
  const filed = async (): Promise<string> => {
    const content = asContent({ ...application(), datasets: [first] });
    const { id } = (await matters.open('application', {}, does(officers.officer, 'draft', { content }))).head;
    await matters.act(id, does(officers.head, 'approve'));
    await matters.act(id, does(officers.officer, 'file'));
    return id;
  };
  const answers = async (id: string, yes: boolean): Promise<void> => {
    const fields = ['amount', 'taxKind'].map((path) =>
      yes ? { path, decision: 'agree' } : { path, decision: 'refuse', reason: '依法不得提供' },
    );
    const fieldsOf = yes ? {} : { ground: 'no-duty', reason: '不属于履行职责所需' };
    const content = asContent({ fields });
    await matters.act(id, does(officers.taxOfficer, 'propose', { part: ASKED, content, fields: fieldsOf }));
    await matters.act(id, does(officers.taxHead, yes ? 'agree' : 'refuse', { part: ASKED, fields: fieldsOf }));
  };
  const [inTime, late, refused] = [await filed(), await filed(), await filed()];
  day('2026-07-14');
  await answers(inTime, true);
  await answers(refused, false);
  day('2026-07-22');
  await answers(late, true);
  await matters.act(inTime, does(officers.taxOfficer, 'supply', { part: ASKED }));
  day('2026-09-28');
  await filed();
  await matters.close();
  await state.close();
}

t.test('figures of a quarter, for the sharing authority and for a department', async (t) => {
  if (office === undefined) return;
  await quarter(office.here.dataDir);
  const gao = await office.as(people.gao);
  const { page } = gao;
  await page.goto('/console/home?lang=zh');
  t.match(
    await main(page),
    /需要关注[\s\S]*欠税信息（云州市交通运输局）：答复（有条件共享）已逾期 \d+ 个工作日[\s\S]*由国家税务总局云州市税务局处理/,
    'what another department lets run out is told first',
  );
  await page.getByRole('link', { name: /^欠税信息（云州市交通运输局）：答复/ }).click();
  await page.getByRole('link', { name: '责令其改正' }).click();
  await page.locator('summary', { hasText: '责令提供部门改正' }).click();
  t.equal(
    await page.locator('form:has(input[value="order-provider"]) select[name="content.authority"]').inputValue(),
    'tax',
    'and is ordered to mend it',
  );
  await page.goto(`${STATISTICS}?period=2026-Q3&lang=zh`);
  const said = await main(page);
  t.match(said, /本级全部共享事项，2026-07-01 至 2026-09-30/);
  t.match(said, /4\s*提出共享申请/);
  t.match(said, /2\s*同意共享，不予共享 1/);
  t.match(said, /66\.7%\s*按期答复/);
  // 14 July is the 6th working day after 6 July, and 22 July the 12th
  t.match(said, /8\s*平均答复工作日/);
  t.match(said, /100%\s*按期提供/);
  const timely = page.getByRole('region', { name: '提供部门数据共享及时性' }).last();
  t.match((await timely.locator('tr', { hasText: '税务' }).innerText()).replace(/\s+/g, ' '), / 4 2 1 0 8 1 1 6 0 0$/);
  t.same(await gao.inspect(`${STATISTICS}?period=2026-Q3`, 'sharing-statistics'), []);
  const csv = await office.here.visit({ path: `${STATISTICS}.csv?table=timeliness&period=2026-Q3` }, people.gao);
  t.match(csv.text, /提供部门,收到申请,按期答复[\s\S]*,4,2,1,0,8,1,1,6,0,0/);
  const pan = await office.here.visit(
    { path: `${STATISTICS}?period=2026-Q3&lang=zh`, headers: { accept: 'text/html' } },
    people.pan,
  );
  t.match(pan.text, /本单位提出和收到的共享事项/);
  t.notMatch(pan.text, /国家税务总局|66\.7%|起草监督情况报告/, 'another department sees nothing of it');
  t.same(
    (
      await office.here.visit(
        { path: `${STATISTICS}.csv?table=timeliness&period=2026-Q3` },
        { id: 'test|gu', name: '顾', roles: ['government'], authority: 'yunzhou-government' },
      )
    ).status,
    404,
  );
  t.equal(
    (await office.here.visit({ path: `${STATISTICS}?period=2026-Q9`, headers: { accept: 'text/html' } }, people.gao))
      .status,
    400,
  );
  t.same(gao.complaints, []);
  const { ask } = office.here;
  const level = await ask({ path: '/v1/sharing/statistics?period=2026-Q3&role=sharing-authority' }, 'one-stop-counter');
  t.match(JSON.parse(level.text), {
    level: true,
    total: { machines: { application: { came: 4 } }, terms: { answers: { inTime: 2, late: 1, waiting: 1, mean: 8 } } },
  });
  const own = await ask({ path: '/v1/sharing/statistics?period=2026-Q3' }, 'transport-licensing');
  t.match(JSON.parse(own.text), { level: false, authority: 'transport', departments: [{ authority: 'transport' }] });
  t.match(
    (await ask({ path: '/v1/sharing/statistics?role=sharing-authority' }, 'transport-licensing')).text,
    /act_refused/,
    'a department has no figures of the level',
  );
  const told = office.here.entries.filter(({ body }) => body['by'] === 'transport-licensing');
  t.match(told.at(-1)?.body, { action: 'sharing_statistics_shown' }, 'figures are on record before they are told');
});

t.test('a report: drafted by one, approved by another, received by the government', async (t) => {
  if (office === undefined) return;
  const gao = await office.as(people.gao);
  const { page } = gao;
  await page.goto(`${STATISTICS}?period=2026-Q4&lang=zh`);
  t.match(await main(page), /该期间尚未结束/, 'not of a quarter that is not over');
  await page.goto(`${STATISTICS}?period=2026-Q3&lang=zh`);
  await page.getByRole('link', { name: '起草监督情况报告' }).click();
  await page.waitForURL(/papers\/new/);
  t.match(await main(page), /政务数据共享主管部门应当加强对本行政区域内[\s\S]*并向本级人民政府报告/);
  t.same(await gao.inspect(`${PAPERS}/new?kind=evaluation&from=2026-07-01&to=2026-09-30`, 'sharing-paper-new'), []);
  await page.goto(`${PAPERS}/new?kind=supervision-report&from=2026-07-01&to=2026-09-30&lang=zh`);
  await page.locator('[name=findings]').fill('个别部门答复逾期，需求部门使用记录不全。');
  await page.locator('[name=measures]').fill('约谈逾期部门，督促按季度补齐使用记录。');
  await page.locator('form[action="/console/sharing/papers"] button[type=submit]').click();
  await page.waitForURL(/papers\/[0-9a-f]{16}$/);
  const path = new URL(page.url()).pathname;
  const id = path.slice(-16);
  t.match(await main(page), /待负责人审定[\s\S]*个别部门答复逾期/);
  t.equal(await page.locator('summary', { hasText: '审定并签名' }).count(), 0, 'who drafts does not approve');
  t.same(await gao.inspect(`${path}/edit`, 'sharing-paper-edit'), []);
  t.equal((await office.here.visit({ path: `${path}/pdf` }, people.gao)).status, 404, 'nothing is signed yet');
  const ye = { path, headers: { accept: 'text/html' } };
  t.equal((await office.here.visit(ye, people.ye)).status, 404, 'a department does not see it');
  t.equal((await office.here.visit(ye, gu)).status, 404, 'nor the government, before it was approved');
  const head = await office.as(ling);
  await head.page.goto(`${path}?lang=zh`);
  await act(head.page, '审定并签名');
  const signed = office.here.entries.filter(
    ({ body }) => (body['detail'] as { readonly act?: string } | undefined)?.act === 'approve',
  );
  t.equal(signed.length, 1, 'the approval is on record');
  await head.page.goto(`${path}?lang=zh`);
  t.match(await main(head.page), /已审定并签名[\s\S]*核验码/);
  t.same(await head.inspect(path, 'sharing-paper-signed'), []);
  const pdf = await office.here.people.inject({
    method: 'GET',
    url: `${path}/pdf`,
    headers: { cookie: await office.here.cookie(ling), accept: 'application/pdf' },
  });
  t.equal(pdf.statusCode, 200, pdf.statusCode === 200 ? 'it is given' : office.here.log.slice(-3).join());
  const bytes = pdf.rawPayload;
  const file = saved(t.testdir(), bytes);

  const document = `/v1/sharing/${id}/document`;
  const asked = await office.here.ask({ path: document }, 'one-stop-counter');
  t.equal(asked.status, 200, 'by the API as well');
  t.match(asked.headers['content-type'], 'application/pdf');
  t.equal((await office.here.ask({ path: document }, 'transport-licensing')).status, 404, 'for no other department');

  await t.test('the PDF is genuine for programs that know nothing of ours', async (t) => {
    const { ok, fault, model, code } = await verifyPdf(bytes, [ca]);
    t.equal(fault, undefined);
    t.equal(ok, true);
    t.match(model, { format: 'yitong-sharing/1', kind: 'supervision-report', paper: { from: '2026-07-01' } });
    const changed = Buffer.from(bytes);
    changed[bytes.length >> 1] = (changed[bytes.length >> 1] ?? 0) ^ 1;
    t.equal((await verifyPdf(changed, [ca])).ok, false, 'one bit');
    if (programForTest(t, 'pdfsig', 'poppler-utils')) {
      t.match(run('pdfsig', '-nocert', file), /Signature is Valid\./);
      t.match(run('pdfsig', '-nocert', file), /Total document signed/);
    }
    if (programForTest(t, 'pdftotext', 'poppler-utils')) {
      const text = run('pdftotext', '-layout', file, '-').replaceAll(/\s+/g, '');
      t.match(text, /第三十八条第二款/);
      t.match(text, /安全保障措施等的监督，并向本级人民政府报告。/);
      t.match(text, /个别部门答复逾期/);
      t.ok(text.includes(code ?? '-'));
    }
    const judged = judgedByVeraPdf(t, [file]);
    if (judged !== undefined) t.strictSame(judged, [`${file}: ok`], 'PDF/UA-1');
  });

  await t.test('and for whoever holds its code, or the file', async (t) => {
    const { code = '' } = await verifyPdf(bytes, [ca]);
    const reader = await office.as(gu);
    await reader.page.goto('/verify?lang=zh');
    await reader.page.fill('input[name=code]', code);
    await reader.page.click('form[action="/verify"] button[type=submit]');
    await reader.page.waitForSelector('.outcome.ok');
    t.match(await main(reader.page), /真实有效[\s\S]*政务数据共享监督情况报告[\s\S]*云州市人民政府/);
    t.notMatch(await main(reader.page), /个别部门答复逾期/, 'nothing of what it says');
    await reader.page.setInputFiles('[data-drop] input[type=file]', {
      name: 'report.pdf',
      mimeType: 'application/pdf',
      buffer: bytes,
    });
    const judged = await until(
      'the check of the file',
      async () => (await reader.page.getAttribute('[data-drop]', 'data-state')) ?? '',
      (state) => !['idle', 'ready', 'checking'].includes(state),
    );
    t.equal(judged, 'proved');
  });

  const government = await office.as(gu);
  await government.page.goto(`${STATISTICS}?lang=zh`);
  t.match(await main(government.page), /监督情况报告[\s\S]*2026-07-01 至 2026-09-30[\s\S]*待本级人民政府接收/);
  await government.page.goto(`${path}?lang=zh`);
  await act(government.page, '接收报告');
  await page.goto(`${STATISTICS}?period=2026-Q3&lang=zh`);
  t.match(await main(page), /本级人民政府已接收/);
  t.match(id, /^[0-9a-f]{16}$/);
  t.same([...gao.complaints, ...head.complaints, ...government.complaints], []);
});

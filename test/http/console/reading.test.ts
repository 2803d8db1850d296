/**
 * Those who read the log do their work on the pages of a real city, in a real browser; and no page breaks its own
 * policy, its width or its contrast.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import t from 'tap';
import { parseVkey } from '../../../gateway/log/proof/note.js';
import type { Evidence } from '../../../gateway/log/search/export/evidence.js';
import { checkExport } from '../../../gateway/log/search/export/export.js';
import { programForTest, run } from '../../documents/reports/documents.js';
import { until } from '../../e2e/ask.js';
import { SUBJECT, seen } from './town.js';

// a city starts, and a browser draws some hundred pages
t.setTimeout(300_000);

t.test('the pages of those who read the log', async (t) => {
  const ready = await seen(t);
  if (ready === undefined) return;
  const { as } = ready;

  await t.test('an auditor finds an entry, and the browser proves it', async (t) => {
    const { page, complaints, inspect } = await as('lin-auditor');
    await page.goto('/console/search');
    await page.fill('input[name=subject]', SUBJECT);
    await page.click('form.filters button[type=submit]');
    t.notMatch(page.url(), /91990102MA00001692/, 'no address names a subject');
    await until(
      'the entry',
      async () => (await page.reload(), page.locator('tbody tr').count()),
      (rows) => rows === 3,
    );
    t.match(await page.innerText('[data-total]'), /3/);
    await page.selectOption('form[action="/console/export"] select[name=format]', 'pdf');
    const [whole] = await Promise.all([
      page.waitForEvent('download'),
      page.click('form[action="/console/export"] button'),
    ]);
    if (programForTest(t, 'pdftotext', 'poppler-utils')) {
      const text = run('pdftotext', '-layout', await whole.path(), '-');
      t.equal((text.match(/#\d+\b/g) ?? []).length, 3, 'the whole search on paper');
      t.match(text.replace(/\s/g, ''), /91990102MA00001692/);
    }
    await page.click('tbody tr:last-child a');
    const entry = new URL(page.url()).pathname;
    await until(
      'the proof',
      async () => (await page.getAttribute('[data-proof]', 'data-state')) ?? '',
      (state) => {
        if (state === 'not-yet') void page.click('[data-prove]').catch(() => undefined);
        return state === 'proved';
      },
    );
    t.same(await page.locator('[data-holds=true]').count(), 3);
    await page.fill('[data-subject] input[name=reason]', '核对该企业是否在窗口办理');
    await page.click('[data-subject] button');
    t.match(await page.innerText('[data-subject]'), /事项编码|Item/, 'what was asked for, or that it was not said');
    await page.click('main > p.foot a');
    t.match(page.url(), /\/console\/search\?subject=/, 'and back to what was found');
    await page.goto(entry);
    t.equal(await page.locator('main > p.foot a[href^="/console/search"]').count(), 0);
    for (const [path, name] of [
      ['/console/overview', 'overview'],
      ['/console/search', 'search'],
      [entry, 'entry'],
      ['/console/log', 'log'],
      ['/console/alerts', 'alerts'],
      ['/console/replay', 'replay'],
      ['/console/privileges', 'privileges'],
    ] as const)
      t.same(await inspect(path, name), []);
    await page.goto('/console/overview?lang=zh');
    t.match(
      await page.innerText('[data-departments] tbody'),
      /云州市数据局\s+\d+[\s\S]*此前没有/,
      'departments are compared',
    );
    await page.emulateMedia({ media: 'print' });
    t.notOk(await page.isVisible('.nav'), 'on paper there is no menu');
    t.notOk(await page.isVisible('main .pills'));
    t.ok(await page.isVisible('[data-departments] table'), 'but what the page says');
    await page.emulateMedia({ media: 'screen' });
    t.same(complaints, []);
  });

  await t.test('an auditor draws a sample and judges it, entry by entry', async (t) => {
    const { page, complaints, inspect } = await as('lin-auditor');
    await page.goto('/console/reviews?lang=zh');
    t.match(await page.innerText('main'), /尚未抽查/);
    await page.selectOption('select[name=period]', { label: '今日' });
    await page.selectOption('select[name=wanted]', '5');
    await page.click('main form.filters button[type=submit]');
    await page.waitForURL(/reviews\/[0-9a-f]{16}$/);
    t.match(await page.innerText('main'), /已评判 0 条，共 3 条（拟抽 5 条，符合条件的不足）/);
    t.match(await page.innerText('.story'), /查询了一个主体的数据[^]*先写入日志/, 'what happened, in sentences');
    const review = new URL(page.url()).pathname;
    t.same(await inspect(review, 'review'), []);
    await page.goto(`${review}?lang=zh`);
    const judge = async (verdict: string, note = ''): Promise<string> => {
      await page.fill('textarea[name=note]', note);
      await page.click(`.judge button[name=verdict][value=${verdict}]`);
      return page.innerText('main');
    };
    t.match(await judge('question'), /请用 4 至 500 字说明/, 'a question says what it is');
    t.match(await judge('question', '用途与事项不符，请核实'), /已评判 1 条/);
    t.match(await judge('fine'), /已评判 2 条/);
    t.match(await judge('fine'), /样本已全部评判[^]*林审计：用途与事项不符，请核实/);
    t.match(await page.innerText('.notice'), /有疑问的记录：第 \d+ 条[^]*导出抽查报告/, 'and what comes next');
    const [report] = await Promise.all([
      page.waitForEvent('download'),
      page.click(`form[action="${review}/export"] button`),
    ]);
    if (programForTest(t, 'pdftotext', 'poppler-utils')) {
      const text = run('pdftotext', '-raw', await report.path(), '-').replace(/\s/g, '');
      t.match(text, /数据使用记录抽查报告/);
      t.match(text, /已评判3条，其中有疑问1条/);
      t.match(text, /有疑问：用途与事项不符，请核实（林审计）/);
    }
    await page.goto(`${review}?lang=zh`);
    await page.selectOption(`form[action="${review}/export"] select[name=format]`, 'csv');
    const [table] = await Promise.all([
      page.waitForEvent('download'),
      page.click(`form[action="${review}/export"] button`),
    ]);
    const lines = parse(readFileSync(await table.path()), { columns: true, bom: true }) as Record<string, string>[];
    const doubted = lines.filter((line) => line['评判'] === '有疑问');
    t.equal(new Set(doubted.map((line) => line['序号'])).size, 1, 'judgements are in the table as well');
    t.match(doubted[0], { 评判说明: '用途与事项不符，请核实', 评判人: '林审计' });
    t.match(doubted[0]?.['评判时间（北京时间 UTC+08:00）'], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    await page.goto('/console/reviews?lang=zh');
    t.match(await page.innerText('tbody'), /已完成\s+3 \/ 3\s+1/);
    await page.goto('/console/reviews?state=open&lang=zh');
    t.match(await page.innerText('main'), /符合条件 0 项（状态：评判中）[^]*没有符合条件的内容/);
    t.same(await inspect('/console/reviews', 'reviews'), []);
    t.same(complaints, []);
    await page.goto('/console/search?type=looked&action=review_judged&lang=zh');
    await until(
      'three judgements on record',
      async () => (await page.reload(), page.locator('tbody tr').count()),
      (rows) => rows === 3,
    );
  });

  await t.test('the whole way to a proof goes by keyboard alone', async (t) => {
    const { page } = await as('lin-auditor');
    const press = async (key: string, reached: string): Promise<void> => {
      for (
        let i = 0;
        i < 60 &&
        !(await page.evaluate<boolean>(`document.activeElement?.matches(${JSON.stringify(reached)}) ?? false`));
        i++
      )
        await page.keyboard.press(key);
      t.ok(await page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(reached)})`), reached);
    };
    await page.goto('/console/overview');
    await page.keyboard.press('Tab');
    t.match(
      await page.locator('.skip').boundingBox(),
      { x: 12 },
      'the way past the navigation is seen once it has the focus',
    );
    await page.keyboard.press('Enter');
    t.equal(await page.evaluate<string>('document.activeElement.id'), 'main');
    await press('Shift+Tab', '.nav a[href="/console/search"]');
    await page.keyboard.press('Enter');
    await page.waitForURL(/search/);
    await press('Tab', 'input[name=subject]');
    await page.keyboard.type(SUBJECT);
    await page.keyboard.press('Enter');
    await page.waitForURL(/subject=/);
    await press('Tab', 'tbody a');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-proof][data-state=proved]');
  });

  await t.test(
    'a company reads its history, without what it may not know yet, and complains; the auditor sees it',
    async (t) => {
      const { page, complaints, inspect } = await as('he-company');
      await page.goto('/console/history');
      const text = await page.innerText('main');
      t.match(text, /企业变更与注销服务系统[^]*开办餐饮店一件事/);
      t.notMatch(text, /食品安全监督检查/, 'an inspection of which notice is given thirty days later');
      const last = page.locator('.timeline > li').last();
      await last.locator('summary').click();
      await last.locator('textarea').fill('本企业没有申请开办餐饮店');
      await last.locator('form button').click();
      t.match(await page.innerText('main'), /投诉已记入日志[^]*您于 [^]*投诉：本企业没有申请开办餐饮店[^]*待受理/);
      await until(
        'the complaint',
        async () => (await page.goto('/console/history'), page.innerText('main')),
        (now) => now.includes('本企业没有申请开办餐饮店'),
      );
      t.same(await inspect('/console/history', 'history'), []);
      t.same(complaints, []);
      const auditor = await as('lin-auditor');
      await auditor.page.goto('/console/complaints');
      t.match(await auditor.page.innerText('main'), /本企业没有申请开办餐饮店/);
      await auditor.page.click('.timeline h2 a');
      t.match(await auditor.page.innerText('main'), /一网通办受理系统/);
      t.same(await auditor.inspect('/console/complaints', 'complaints'), []);

      // it is taken up, explained by whoever used the data, answered and closed
      await auditor.page.goto('/console/complaints?lang=zh');
      await auditor.page.click('a[href^="/console/tickets/"]');
      const ticket = new URL(auditor.page.url()).pathname;
      const does = async (who: typeof auditor, act: string, field?: string, words = ''): Promise<string> => {
        await who.page.goto(`${ticket}?lang=zh`);
        const form = who.page.locator(`form:has(input[name=act][value="${act}"])`);
        if (field !== undefined) await form.locator(`textarea[name="field.${field}"]`).fill(words);
        await form.locator('button[type=submit]').click();
        return who.page.innerText('main');
      };
      const answeredBy = async (): Promise<string | undefined> => {
        await page.goto('/console/history?lang=zh');
        return /预计 (\d{4}-\d\d-\d\d) 前答复/.exec(await page.innerText('main'))?.[1];
      };
      const told = await answeredBy();
      t.match(await does(auditor, 'accept'), /已受理/);
      t.match(await answeredBy(), /^\d{4}/);
      t.equal(await answeredBy(), told, 'the day of the answer, and not that of a step before it');
      t.match(await page.innerText('main'), /已受理[^]*预计 \d{4}-\d\d-\d\d 前答复/);
      t.same(await auditor.inspect(ticket, 'complaint-auditor'), []);
      t.match(
        await does(auditor, 'reject', 'answer', '经查，系一网通办窗口依申请查询，投诉不成立'),
        /已答复：投诉不成立/,
      );
      await page.goto('/console/history?lang=zh');
      t.match(
        await page.innerText('main'),
        /已答复：投诉不成立[^]*答复：经查，系一网通办窗口依申请查询/,
        'the company sees state and answer where it looked',
      );
      await page.click(`a[href="${ticket}"]`);
      t.match(await page.innerText('main'), /提交投诉[^]*本企业没有申请开办餐饮店/);
      t.same(await inspect(ticket, 'complaint-company'), []);
      await page.goto('/console/tickets?show=closed&lang=zh');
      t.match(await page.innerText('tbody'), /数据使用投诉[^]*已答复：投诉不成立/);
      t.same(auditor.complaints, []);
    },
  );

  await t.test('an inspector exports who saw the department’s data, and the file proves itself', async (t) => {
    const { page, complaints, inspect } = await as('wu-inspector');
    await page.goto('/console/search');
    t.equal(await page.locator('tbody tr').count(), 1);
    t.same(await inspect('/console/search', 'inspector'), []);
    await page.goto('/console/search');
    await page.selectOption('form[action="/console/export"] select[name=format]', 'ndjson');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('form[action="/console/export"] button'),
    ]);
    const lines = readFileSync(await download.path(), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): Evidence => {
        const value = JSON.parse(line) as Evidence & { readonly body: object };
        return { ...value, text: JSON.stringify(value.body) };
      });
    const verifier = parseVkey((await (await page.request.get('/log/vkey')).text()).trim());
    t.same(checkExport(lines, verifier.name, [verifier]), { proved: 1, erased: 0, unproved: 0 });
    t.equal((await page.request.get('/console/complaints')).status(), 403, 'role_missing');
    t.same(complaints, []);
  });
});

/**
 * Those who keep data and grants do their work on the pages of a real city, in a real browser; and no page breaks its
 * own policy, its width or its contrast.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { State } from '../../../connectors/publish/index.js';
import { GatewayError } from '../../../gateway/client/index.js';
import { until } from '../../e2e/ask.js';
import { query } from '../../e2e/suite.js';
import { DATASET, question, seen } from './town.js';

// a city starts, and a browser draws some hundred pages
t.setTimeout(300_000);

async function published(state: State): Promise<{ readonly subject: string; readonly recordId: string }[]> {
  const found: { readonly subject: string; readonly recordId: string }[] = [];
  for await (const one of state.all(DATASET)) found.push(one);
  return found;
}

const GRANT = 'counter-company-register';

/** A sample of a register that the city does not have; the check digit of the last key is wrong. */
const STALLS = `统一社会信用代码,摊位名称,联系人,联系电话,核准日期
91990102MA00001692,和顺早点,张三丰,13800000001,2025-03-04
91990105MA000011U0,云记修鞋,李四光,13800000002,2025-03-05
91990106MA000011WX,老街凉面,赵六合,13800000004,2025-04-02
`;

t.test('the pages of those who keep data and grants', async (t) => {
  const ready = await seen(t);
  if (ready === undefined) return;
  const { town, as, know } = ready;

  await t.test(
    'a data officer sees what was held back, and has a row tried again once the mapping is mended',
    async (t) => {
      const { page, complaints, inspect } = await as('chen-officer');
      await page.goto('/console/feeds');
      await page.click(`a[href="/console/feeds/${DATASET}"]`);
      const rows = page.locator('ul.rows > li');
      const before = await rows.count();
      t.ok(before >= 2, `${before} rows are held back`);
      t.match(await rows.first().innerText(), /取值不在代码表内/);
      await rows.first().locator('form[action$="/content"] button').click();
      t.match(await page.innerText('.content dl.own'), /4530/);
      await page.goto(`/console/feeds/${DATASET}`);
      await page.click('.card table th a');
      t.match(await page.innerText('h1'), /^类型：取值不在代码表内/, 'the cause, by field and in words');
      t.match(await page.innerText('.chips'), /4530 × [0-9]+/, 'what stands in the wrong cells, and how often');
      const cause = new URL(page.url());
      t.equal(await page.locator('.cells tbody tr').count(), before, 'all rows of the cause, side by side');
      t.same(
        await page.locator('.cells thead th.wrong').allInnerTexts(),
        ['type\n类型'],
        'the column that is wrong comes first, with what it becomes',
      );
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: '导出这些行（纯文本表格）' }).click();
      const file = readFileSync(await (await download).path(), 'utf8');
      t.match(file, /^\ufeff位置,问题,[^]*类型：取值不在代码表内[^]*4530/, 'the rows for whoever keeps the source');
      t.equal(file.trimEnd().split('\r\n').length, before + 1);
      t.same(await inspect(`${cause.pathname}${cause.search}`, 'feed-cause'), []);
      t.same(await inspect('/console/feeds/new', 'feed-new'), []);
      t.same(
        await inspect('/console/feeds/new', 'feed-proposed', async (on) => {
          await on.setInputFiles('input[type=file]', {
            name: '市场摊位.csv',
            mimeType: 'text/csv',
            buffer: Buffer.from(STALLS),
          });
          await on.click('form[action="/console/feeds/new"] button[type=submit]');
          await on.waitForSelector('a[download="dataset.zip"]');
        }),
        [],
        'what a sample would become',
      );
      await page.goto(`/console/feeds/${DATASET}?lang=zh`);
      await rows.first().locator('form[action$="/retry"] button').click();
      t.match(await page.innerText('[role=status]'), /取值不在代码表内/, 'nothing is mended yet');
      t.same(
        [...(await inspect('/console/feeds', 'feeds')), ...(await inspect(`/console/feeds/${DATASET}`, 'feed'))],
        [],
      );
      know('1130', '1219', '2100', '4530');
      await page.goto(`/console/feeds/${DATASET}`);
      await rows.first().locator('form[action$="/retry"] button').click();
      t.match(await page.innerText('[role=status]'), /1 published|发布 1/);
      t.equal(await rows.count(), before - 1);
      await page.click('.head.below button');
      t.equal(await rows.count(), 0);
      const other = await page.request.get('/console/feeds/tax.tax-arrears');
      t.equal(other.status(), 404, 'another authority’s feed does not exist');
      t.same(complaints, []);
    },
  );

  await t.test(
    'a data officer looks at a record that left and is held, keeps it, and then has it withdrawn',
    async (t) => {
      const state = State.open(town.data);
      const [known] = await published(state);
      if (known === undefined) throw new Error('nothing is published');
      await state.changeHeld(
        DATASET,
        [
          {
            subject: known.subject,
            recordId: known.recordId,
            since: new Date().toISOString(),
            by: ['row'],
            positions: ['licences.csv#17'],
          },
        ],
        [],
      );
      await state.close();
      const { page, complaints, inspect } = await as('chen-officer');
      t.same(await inspect(`/console/feeds/${DATASET}`, 'feed-held'), []);
      await page.goto(`/console/feeds/${DATASET}`);
      const rows = page.locator('ul.rows > li');
      t.match(
        await rows.first().innerText(),
        new RegExp(`${known.subject.slice(known.subject.indexOf(':') + 1)}[^]*licences.csv#17`),
      );
      await rows.first().locator('form[action$="/keep"] button').click();
      t.match(await rows.first().innerText(), /已确认保留|kept/);
      await rows.first().locator('form[action$="/release"] button').click();
      t.equal(await rows.count(), 0);
      const after = State.open(town.data);
      t.notOk(
        (await published(after)).some(
          ({ subject, recordId }) => subject === known.subject && recordId === known.recordId,
        ),
        'it is withdrawn',
      );
      await after.close();
      t.same(complaints, []);
    },
  );

  await t.test(
    'the sharing authority suspends a grant, and within five seconds nobody gets anything by it',
    async (t) => {
      const { page, complaints, inspect } = await as('gao-sharing');
      t.same(
        [
          ...(await inspect('/console/grants', 'grants')),
          ...(await inspect(`/console/grants/${GRANT}`, 'grant')),
          ...(await inspect('/console/grants/clients/one-stop-counter', 'grants-of-client')),
        ],
        [],
      );
      await page.goto(`/console/grants?q=${GRANT}`);
      await page.click('tbody a');
      await page.fill('input[name=reason]', '超出用途，暂停核查');
      await page.click('form[action$="/suspend"] button');
      const reasons = async (): Promise<unknown> => {
        const asked: unknown[] = [];
        // each worker
        for (let i = 0; i < 4; i++)
          asked.push(
            await query(town, 'one-stop-counter', question).then(
              () => 'released',
              (error: unknown) => (error instanceof GatewayError ? error.code : error),
            ),
          );
        return asked.join();
      };
      await until('the suspension', reasons, (seen) => seen === 'denied,denied,denied,denied', 5000);
      await until(
        'the page',
        async () => (await page.reload(), page.innerText('[role=status]')),
        (text) => /已生效|\(in force:/.test(text),
      );
      t.same(await inspect(`/console/grants/${GRANT}`, 'grant-suspended'), []);
      await page.goto(`/console/grants/${GRANT}`);
      await page.fill('input[name=reason]', '核查完毕');
      await page.click('form[action$="/resume"] button');
      await until('the end of the suspension', reasons, (seen) => seen === 'released,released,released,released', 5000);
      t.same(complaints, []);
    },
  );

  await t.test('what everybody sees is as well kept', async (t) => {
    const { inspect, complaints } = await as('he-company');
    t.same(await inspect('/', 'home'), []);
    t.same(complaints, []);
  });
});

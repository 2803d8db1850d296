/** An objection over the pages of a real city, in a real browser, and the providing authority's system over HTTP. */
import t from 'tap';
import { ask, type RawAnswer, type RawRequest, until } from '../e2e/ask.js';
import { type City, city } from '../e2e/city.js';
import { entries } from '../e2e/command.js';
import { chromiumForTest, type Desk, launch, signIn } from '../http/console/browser.js';
import { COMPANY } from './acts.js';

// a city starts, and a browser draws some fifty pages
t.setTimeout(180_000);

type Json = Readonly<Record<string, unknown>>;
interface TicketJson {
  readonly id: string;
  readonly state: string;
  readonly recordId: string;
  readonly acts: readonly { readonly act: string }[];
  readonly clocks: readonly Json[];
}
const asked = async (
  town: City,
  client: string,
  request: RawRequest,
): Promise<{ readonly status: number; readonly json: Json & { readonly tickets?: readonly TicketJson[] } }> => {
  const { status, text }: RawAnswer = await ask(town.api, town.pki, client, request);
  return { status, json: JSON.parse(text) as Json };
};
const GROUNDS = '处罚对象并非本企业，名称相近';

t.test('objections and repair in a city', async (t) => {
  const chromium = chromiumForTest(t);
  if (chromium === undefined) return;
  const town = await city(t, { env: { YITONG_GATEWAY_WORKERS: '2' } });
  const browser = await launch(t, chromium);
  const as = (person: string): Promise<Desk> => signIn(browser, town.people, person);
  const [company, centre, provider] = [await as('feng-company'), await as('zhou-centre'), await as('chen-officer')];
  let ticket = '';
  const does = async ({ page }: Desk, act: string, field?: string, text = ''): Promise<string> => {
    // an inspection leaves the other language behind
    await page.goto(`${ticket}?lang=zh`);
    const form = page.locator(`form:has(input[name=act][value="${act}"])`);
    if (field !== undefined) await form.locator(`textarea[name="field.${field}"]`).fill(text);
    await form.locator('button').click();
    return page.innerText('main');
  };
  /** The record's own line on the company's page. */
  const line = async (): Promise<string> => {
    await company.page.goto('/console/tickets/records?lang=zh');
    return company.page.locator('.timeline > li').filter({ hasText: '市场监管行政处罚信息' }).first().innerText();
  };

  await t.test('a company objects to one of its records', async (t) => {
    const { page, inspect, complaints } = company;
    t.same(await inspect('/console/tickets', 'tickets-empty'), []);
    t.same(await inspect('/console/tickets/records', 'ticket-records'), []);
    await page.goto('/console/tickets/records?lang=zh');
    const item = page.locator('.timeline > li').filter({ hasText: '市场监管行政处罚信息' }).first();
    const objecting = item.locator('details').filter({ hasText: '提出异议' });
    await objecting.locator('summary').press('Enter');
    await objecting.locator('textarea[name="field.grounds"]').fill(GROUNDS);
    await objecting.locator('textarea[name="field.grounds"]').press('Tab');
    await objecting.locator('form button').press('Enter');
    await page.waitForURL(/\/console\/tickets\/[0-9a-f]{16}$/);
    ticket = new URL(page.url()).pathname;
    t.match(await page.innerText('main'), new RegExp(`已提出[^]*标注异议[^]*转交提供单位[^]*${GROUNDS}`));
    t.notMatch(page.url(), /91990105/, 'no address names a subject');
    t.notMatch(await line(), /异议标注/, 'not marked before the centre marks it');
    t.same(complaints, []);
  });

  await t.test('the centre marks and forwards it; until then the provider sees nothing', async (t) => {
    const { page, inspect, complaints } = centre;
    t.same((await asked(town, 'food-inspector', { path: '/v1/objections' })).json, { tickets: [] });
    t.equal((await provider.page.request.get(ticket)).status(), 404);
    await page.goto('/console/tickets?lang=zh');
    t.match(await page.innerText('tbody'), /信用信息异议[^]*已提出[^]*剩 1 个工作日|今日到期/);
    t.match(await does(centre, 'mark'), /该记录在信用报告中标注“异议”[^]*按期办理/);
    t.match(await line(), /异议标注/);
    t.match(await does(centre, 'forward'), /已转交提供单位/);
    t.same(
      [...(await inspect('/console/tickets?show=open', 'tickets')), ...(await inspect(ticket, 'ticket-centre'))],
      [],
    );
    t.same(complaints, []);
  });

  await t.test(
    'the provider tells that its decision was revoked, the centre deletes the record, and the mark goes',
    async (t) => {
      t.same(
        [
          ...(await provider.inspect('/console/tickets', 'tickets-provider')),
          ...(await provider.inspect(ticket, 'ticket-provider')),
        ],
        [],
      );
      t.match(await does(provider, 'tell-revoked', 'decision', '云复决〔2026〕1号'), /行政行为已撤销，待删除/);
      t.match(await line(), /异议标注/);
      t.match(await does(centre, 'delete'), /该记录不再展示，也不进入信用报告/);
      const after = await line();
      t.notMatch(after, /异议标注/);
      t.match(after, /不再展示/);
      t.same(await company.inspect(ticket, 'ticket-closed'), []);
      t.same([...provider.complaints, ...centre.complaints, ...company.complaints], []);
    },
  );

  await t.test(
    'a provider looks up a record and certifies its repair; a system of the same authority takes it back',
    async (t) => {
      const { page, inspect, complaints } = provider;
      await page.goto('/console/tickets/records?lang=zh');
      await page.selectOption('select[name=dataset]', COMPANY.dataset);
      await page.fill('input[name=subject]', COMPANY.subject);
      await page.click('form.filters button');
      t.notMatch(page.url(), /91990105/);
      const item = page.locator('.timeline > li').first();
      const repair = item.locator('details').filter({ hasText: '出具信用修复证明' });
      await repair.locator('summary').click();
      await repair.locator('textarea').fill('云信修〔2026〕2号');
      await repair.locator('form button').click();
      await page.waitForURL(/\/console\/tickets\/[0-9a-f]{16}$/);
      const { json } = await asked(town, 'food-inspector', { path: '/v1/objections' });
      const [one] = json.tickets ?? [];
      t.match(one, {
        state: 'repair-told',
        acts: [{ act: 'take-back', requires: ['reason'] }],
        clocks: [{ clock: 'take-down', party: 'centre', over: false }],
      });
      const path = `/v1/objections/${one?.id ?? ''}`;
      t.match(await asked(town, 'food-inspector', { method: 'POST', path, body: { act: 'take-back' } }), {
        status: 400,
        json: { code: 'act_incomplete' },
      });
      t.match(await asked(town, 'food-inspector', { method: 'POST', path, body: { act: 'take-down' } }), {
        status: 409,
        json: { code: 'act_refused' },
      });
      t.match(
        await asked(town, 'bidding-centre', {
          method: 'POST',
          path,
          body: { act: 'take-back', fields: { reason: '误报，撤回' } },
        }),
        { status: 404 },
        'another authority',
      );
      t.match(
        await asked(town, 'food-inspector', {
          method: 'POST',
          path,
          body: { act: 'take-back', fields: { reason: '误报，撤回' } },
        }),
        { status: 200, json: { state: 'taken-back', over: true } },
      );
      t.same(await inspect('/console/tickets?show=closed', 'tickets-closed'), []);
      t.same(complaints, []);
    },
  );

  await t.test('a system tells a revocation, of its own authority’s records only', async (t) => {
    const known = (await asked(town, 'food-inspector', { path: '/v1/objections?show=closed' })).json.tickets?.[0];
    const body = {
      lifecycle: 'repair',
      dataset: COMPANY.dataset,
      subject: COMPANY.subject,
      recordId: known?.recordId,
      act: 'tell-revoked',
      fields: { decision: '云复决〔2026〕3号' },
    };
    const open = (client: string, other: object = {}): Promise<unknown> =>
      asked(town, client, { method: 'POST', path: '/v1/objections', body: { ...body, ...other } });
    t.match(await open('bidding-centre'), { status: 403, json: { code: 'not_publisher' } });
    t.match(await open('food-inspector', { recordId: 'never issued' }), { status: 404 });
    t.match(await open('food-inspector', { colour: 'red' }), { status: 400 });
    t.match(await open('food-inspector'), { status: 201, json: { state: 'revocation-told' } });
    t.match(await open('food-inspector'), { status: 409, json: { code: 'act_refused' } }, 'one is open');
    await company.page.goto('/console?lang=zh');
    const first = await company.page.locator('[data-room=messages]').innerText();
    for (const decided of [
      /办理结论：已删除 · 信用信息异议/,
      /办理结论：告知已撤回 · 撤销与信用修复/,
      /告知行政行为已撤销 · 撤销与信用修复/,
    ])
      t.match(first, decided, 'what was decided stands where the company comes in');
    await company.page.locator('[data-room=messages] ul a').first().click();
    const told = await company.page.innerText('main');
    for (const message of [
      /办理结论：已删除[^]*信用信息异议/,
      /办理结论：告知已撤回[^]*误报，撤回/,
      /告知行政行为已撤销[^]*云复决〔2026〕3号/,
    ])
      t.match(told, message, 'the company is told of it where it comes in');
    t.notMatch(told, new RegExp(GROUNDS), 'what it said itself is no message');
  });

  await t.test('each act is in the log, naming nobody in clear', async (t) => {
    const acts = await until(
      'the acts',
      () => entries<Json & { readonly detail: Json }>(town.data, '--action', 'ticket_act'),
      (found) => found.length >= 8,
    );
    t.same(
      acts.map(({ detail }) => detail['act']).sort(),
      ['delete', 'file', 'forward', 'mark', 'take-back', 'tell-repaired', 'tell-revoked', 'tell-revoked'].sort(),
    );
    t.same([...new Set(acts.map(({ by }) => by))].sort(), [
      'credit-centre',
      'data-officer',
      'food-inspector',
      'subject',
    ]);
    t.notMatch(JSON.stringify(acts.map(({ detail, target }) => [detail, target])), /91990105|名称相近|云复决/);
    t.notMatch(town.said(), /91990105|名称相近|云复决/, 'nor in what the processes say');
    const metrics = await (await fetch(new URL('/metrics', town.health))).text();
    t.match(metrics, /yitong_tickets_open\{lifecycle="repair",state="revocation-told"\} 1/);
    t.match(await (await fetch(new URL('/metrics', town.health))).text(), /yitong_tickets_unreadable 0/);
  });
});

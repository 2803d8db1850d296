/**
 * An application for sharing as four people go through it in a real browser: drafted, what is missing told beside each
 * field, consented to by another person, filed, told once what is missing, completed, answered field by field, agreed.
 */
import t from 'tap';
import { act, begin, complete, main, PATH, pathOf, people } from './applications-walk.js';
import { officeWithBrowser } from './casework-town.js';

t.setTimeout(300_000);
const ARREARS = '欠税信息';
const office = await officeWithBrowser(t);

t.test('from the catalogue to an answer, as four people', async (t) => {
  if (office === undefined) return;
  const { here, as } = office;
  const song = await as(people.song);
  const { page } = song;

  await page.goto(`${PATH}?lang=zh`);
  t.match(await main(page), /没有等待您办理的事项[\s\S]*新建一件申请/, 'an empty tray says what to do');
  t.same(await song.inspect(PATH, 'applications-empty'), []);
  await page.goto(`${PATH}/new?purpose=open-transport-company&lang=zh`);
  t.match(await main(page), /该用途通常需要/, 'what the purpose needs is told');
  t.same(await song.inspect(`${PATH}/new?purpose=open-transport-company`, 'applications-new'), []);
  const edit = await begin(song, 'open-transport-company', ['tax.dishonesty-list', 'tax.tax-arrears']);
  const matter = edit.replace('/edit', '');
  t.match(await main(page), /主体标识，用于找到记录/, 'why a field is in the smallest set');
  await page.locator('details.sample summary', { hasText: '样例' }).first().click();
  t.match(await main(page), /样例内容是虚构的，不是任何主体的真实数据/);

  for (const one of await page.locator('details.more-fields summary').all()) await one.click();
  await page.locator('input[name="pick.1"][value="amount"]').check();
  await page.locator('[name="callsADay.0"]').fill('很多');
  await page.getByRole('button', { name: '保存并检查' }).click();
  await page.waitForSelector('#faults');
  t.match(await main(page), /请填写正整数/);
  t.equal(await page.locator('[name="callsADay.0"]').inputValue(), '很多', 'own words are kept after an error');
  t.ok(await page.locator('input[name="pick.1"][value="amount"]').isChecked(), 'and what was picked');
  await page.locator('[name="callsADay.0"]').fill('');
  await page.getByRole('button', { name: '保存并检查' }).click();
  await page.waitForURL(/told=1/);
  const told = await main(page);
  t.match(told, /还缺 \d+ 项，已在对应栏目旁一次列明/);
  t.match(told, /请说明为什么需要这个字段[\s\S]*请填写每日最多调用次数[\s\S]*请填写联系处室和电话/, 'all at once');
  t.same(await song.inspect(`${edit}?told=1`, 'applications-draft'), []);
  const early = await as(people.yu);
  await early.page.goto(`${matter}?lang=zh`);
  t.match(await main(early.page), /需要补充 \d+ 项（一次性列明）[\s\S]*请填写联系处室和电话/);
  t.notMatch(await main(early.page), /同意提出申请/, 'what is not complete cannot be consented to');

  await page.goto(`${edit}?lang=zh`);
  t.ok(await page.locator('input[name="pick.1"][value="amount"]').isChecked(), 'a draft is kept');
  await page.locator('[name="why.1.amount"]').fill('核验是否欠税及欠税数额');
  await page.locator('input[name="pick.0"][value="reason"]').evaluate((box) => {
    const closed = (box as unknown as { closest(of: string): { open: boolean } | null }).closest('details');
    if (closed !== null) closed.open = true;
  });
  await page.locator('input[name="pick.0"][value="reason"]').check();
  await page.locator('[name="why.0.reason"]').fill('核验失信情形');
  await complete(song, 2);
  await page.getByRole('button', { name: '保存并检查' }).click();
  await page.waitForURL(/told=1/);
  t.match(await main(page), /材料齐全，可以提请同意/);

  await page.getByRole('link', { name: '添加数据集（请先保存）' }).click();
  t.notOk(await page.locator('input[value="tax.tax-arrears"]').isVisible(), 'what is there is not offered again');
  for (const box of await page.locator('input[name=dataset]').all()) await box.setChecked(false);
  await page.locator('input[name=dataset][value="samr.business-licence"]').check();
  await page.getByRole('button', { name: '加入申请' }).click();
  await page.waitForURL(/edit$/);
  t.equal(await page.locator('section.asked h2').count(), 4, 'a dataset is added to the draft');
  t.equal(await page.locator('[name="why.1.amount"]').inputValue(), '核验是否欠税及欠税数额', 'and nothing is lost');
  await page.locator('input[name=drop][value="samr.business-licence"]').check();
  await page.getByRole('button', { name: '保存并检查' }).click();
  await page.waitForURL(/told=1/);
  t.match(await main(page), /材料齐全，可以提请同意/);
  t.equal(await page.locator('section.asked h2').count(), 3, 'and left out again');

  const yu = await as(people.yu);
  await yu.page.goto(`${PATH}?lang=zh`);
  t.match(await main(yu.page), /审核是否同意提出/, 'it waits for the head');
  await yu.page.keyboard.press('j');
  await yu.page.keyboard.press('Enter');
  await yu.page.waitForURL(new RegExp(matter));
  t.notMatch(await main(yu.page), /继续填写/, 'who consents does not write');
  t.same(await yu.inspect(matter, 'applications-consent'), []);
  await yu.page.goto(`${matter}?lang=zh`);
  await act(yu.page, '同意提出申请');
  t.match(await main(yu.page), /已经负责人同意/);

  await page.goto(`${matter}?lang=zh`);
  await act(page, '提出申请');
  t.match(await main(page), /答复[\s\S]*剩 \d+ 个工作日/, 'terms run from then');

  const headers = { accept: 'text/html', 'x-request-id': 'the-same-of-both' };
  const pan = await here.visit({ path: matter, headers }, people.pan);
  const none = await here.visit({ path: `${PATH}/${'c1'.repeat(8)}`, headers }, people.pan);
  t.equal(pan.status, 404, 'of another department');
  const bare = (text: string): string => text.replaceAll(/[0-9a-f]{16}/g, '');
  t.equal(bare(pan.text), bare(none.text), 'and told as of one that there is not');

  const ding = await as(people.ding);
  await ding.page.goto(`${PATH}?lang=zh`);
  t.match(await main(ding.page), /拟定答复/);
  t.same(await ding.inspect(PATH, 'applications-tray'), []);
  await ding.page.goto(`${matter}?lang=zh`);
  const asked = await main(ding.page);
  t.match(asked, /提供风险[\s\S]*分级[\s\S]*涉及主体[\s\S]*同类授权[\s\S]*每日调用/, 'risk in figures');
  t.match(
    asked,
    /本次申请 200 次[\s\S]*未设阈值[\s\S]*申请单位(?:尚无该数据集的授权|已有 \d+ 项授权)[\s\S]*全部授权合计/,
    'calls against thresholds, and what the applicant has already',
  );
  t.same(await ding.inspect(matter, 'applications-provider'), []);
  await ding.page.goto(`${matter}?lang=zh`);
  await act(ding.page, '一次性告知补充材料', async (form) => {
    await form.locator('input[name=missing]').nth(1).check();
    await form.locator('textarea').fill('请写明核验的时间范围');
  });
  await page.goto(`${matter}?lang=zh`);
  t.match(await main(page), /需要补充 2 项（一次性列明）[\s\S]*请写明核验的时间范围/);
  t.same(await song.inspect(matter, 'applications-missing'), []);
  await page.goto(`${matter}?lang=zh`);
  await act(page, '补充材料', (form) => form.locator('textarea').fill('仅核验受理当日是否欠税'));
  t.notMatch(await main(page), /需要补充 \d/);

  await ding.page.goto(`${matter}?lang=zh`);
  await act(
    ding.page,
    '拟定答复',
    (form) => form.locator('input[name="decide.amount"][value=refuse]').check(),
    ARREARS,
  );
  await ding.page.waitForSelector('#faults');
  t.match(await main(ding.page), /请写明不同意提供/);
  await ding.page.locator('[name="because.amount"]').first().fill('核验是否欠税无需具体数额');
  await ding.page.locator('section.act details[open] button[type=submit]').click();
  await ding.page.waitForURL(new RegExp(`${matter}$`));
  t.match(await main(ding.page), /核验是否欠税无需具体数额/);

  await ding.page.locator('textarea[name=text]').fill('欠税数额如确有需要，可另行说明');
  await ding.page.getByRole('button', { name: '发送' }).click();
  await ding.page.waitForURL(/#comments$/);
  t.match(await main(ding.page), /沟通记录[\s\S]*欠税数额如确有需要/);

  await page.goto(`${matter}?lang=zh`);
  t.notMatch(await main(page), /无需具体数额|拟定答复/, 'a reply is none before the head has agreed');

  const ye = await as(people.ye);
  await ye.page.goto(`${matter}?lang=zh`);
  t.match(await main(ye.page), /不同意[\s\S]*核验是否欠税无需具体数额/, 'the head sees the reply field by field');
  t.notMatch(await main(ye.page), /不同意共享/, 'a reply that agrees to some is not refused as a whole');
  t.same(await ye.inspect(matter, 'applications-head'), []);
  await ye.page.goto(`${matter}?lang=zh`);
  await act(ye.page, '同意共享', undefined, ARREARS);
  t.match(await main(ye.page), /同意共享，待提供/);

  await page.goto(`${matter}?lang=zh`);
  const answered = await main(page);
  t.match(answered, /同意共享，待提供[\s\S]*不同意[\s\S]*核验是否欠税无需具体数额/);
  t.match(
    answered,
    /办理经过[\s\S]*同意共享[\s\S]*税务[\s\S]*共享工作机构负责人[\s\S]*回执/,
    'who, when and its receipt',
  );
  t.match(answered, /沟通记录[\s\S]*税务[\s\S]*欠税数额如确有需要/, 'what the other side wrote');
  const acts = here.entries.filter(({ body }) => body['action'] === 'sharing_act');
  t.ok(acts.length >= 7);
  t.notMatch(
    JSON.stringify(acts.map(({ body }) => body)),
    /宋经办|叶科长|无需具体数额/,
    'names and words under a key alone',
  );
  const looks = here.entries.filter(({ body }) => body['action'] === 'application');
  t.match(looks.at(-1)?.body, { detail: { application: pathOf(page).split('/').at(-1) } });
  t.same(await song.inspect(matter, 'applications-answered'), []);
  t.same(await song.inspect(`${PATH}/calendar`, 'applications-calendar'), []);
  t.same([...song.complaints, ...yu.complaints, ...ding.complaints, ...ye.complaints], []);
});

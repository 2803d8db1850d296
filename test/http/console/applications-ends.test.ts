/**
 * How sharing is quarrelled over, changed and ended, by persons of each role in a real browser: a term that is extended,
 * a dispute that the authority does not settle and the government decides, one across levels, a service that changes once its users were
 * heard, and data that are disposed of with proof.
 */
import t from 'tap';
import { act, begin, complete, main, PATH, pathOf, people } from './applications-walk.js';
import type { Desk } from './browser.js';
import { officeWithBrowser } from './casework-town.js';

t.setTimeout(400_000);
const office = await officeWithBrowser(t);
const gu = { id: 'test|gu', name: '顾秘书长', roles: ['government'], authority: 'yunzhou-government' } as const;
const meng = {
  id: 'test|meng',
  name: '孟经办',
  roles: ['sharing-officer'],
  authority: 'beita-approval-bureau',
} as const;
const hao = {
  id: 'test|hao',
  name: '郝处长',
  roles: ['superior-authority'],
  authority: 'province-data-bureau',
} as const;
const ji = { id: 'test|ji', name: '季秘书长', roles: ['government'], authority: 'province-government' } as const;
const counter = { id: 'test|mu', name: '穆经办', roles: ['sharing-officer'], authority: 'data-bureau' } as const;
type Form = Parameters<NonNullable<Parameters<typeof act>[2]>>[0];

/** Each text is told the same, and each day. */
const saying =
  (words: string, day = '2026-01-05') =>
  async (form: Form): Promise<void> => {
    for (const one of await form.locator('textarea:visible, input[type=text]:visible').all())
      await one.fill((await one.getAttribute('name')) === 'days' ? '5' : words);
    for (const one of await form.locator('input[type=date]:visible').all()) await one.fill(day);
  };

/** Opens a matter of that machine with what is written on its form. @returns its path */
async function opened(
  { page }: Desk,
  machine: string,
  {
    chosen,
    words,
    title,
  }: { readonly chosen: Readonly<Record<string, string>>; readonly words: string; readonly title?: string },
): Promise<string> {
  await page.goto(`${PATH}/open/${machine}?lang=zh`);
  if (title !== undefined) await page.locator('summary', { hasText: title }).click();
  const button = page.getByRole('button', { name: title ?? '' }).last();
  const form = page.locator('main form', { has: button }).last();
  for (const [name, value] of Object.entries(chosen)) await form.locator(`select[name="${name}"]`).selectOption(value);
  await saying(words)(form);
  await form.locator('button[type=submit]').last().click();
  await page.waitForURL(/applications\/[0-9a-f]{16}/);
  return pathOf(page);
}

async function done({ page }: Desk, matter: string, title: string, words: string, day?: string): Promise<string> {
  await page.goto(`${matter}?lang=zh`);
  await act(page, title, saying(words, day));
  return main(page);
}

t.test('a term for the reply is extended with the authority’s consent, and the requester sees both', async (t) => {
  if (office === undefined) return;
  const [song, yu, ding, gao] = await Promise.all(
    [people.song, people.yu, people.ding, people.gao].map((one) => office.as(one)),
  );
  if (song === undefined || yu === undefined || ding === undefined || gao === undefined) return;
  const edit = await begin(song, 'open-transport-company', ['tax.tax-arrears']);
  const matter = edit.replace('/edit', '');
  await complete(song, 1);
  for (const one of await song.page.locator('[name^="why."]:visible').all())
    if ((await one.inputValue()) === '') await one.fill('核验是否欠税');
  await song.page.getByRole('button', { name: '保存，查看全件' }).click();
  await done(yu, matter, '同意提出申请', '');
  await done(song, matter, '提出申请', '');
  const asked = await done(ding, matter, '申请延长答复期限', '需与征管部门核对口径');
  t.match(asked, /申请延长 5 个工作日/);
  await gao.page.goto(`${PATH}?lang=zh`);
  t.match(await main(gao.page), /延期|延长/, 'it waits for the authority');
  t.same(await gao.inspect(PATH, 'ends-extension-tray'), []);
  t.same(await gao.inspect(matter, 'ends-extension-authority'), []);
  await done(gao, matter, '同意延长答复期限', '情况属实，同意');
  await song.page.goto(`${matter}?lang=zh`);
  t.match(await main(song.page), /已依法延长一次[\s\S]*同意延长[\s\S]*申请延长 5 个工作日/);
  t.same(await song.inspect(matter, 'ends-extension-requester'), []);
  await ding.page.goto(`${matter}?lang=zh`);
  t.notMatch(await main(ding.page), /申请延长答复期限/, 'once, and no more');
  t.same([...song.complaints, ...yu.complaints, ...ding.complaints, ...gao.complaints], []);
});

t.test('a dispute that the departments and the authority do not settle is decided by the government', async (t) => {
  if (office === undefined) return;
  const [song, pan, gao, government] = await Promise.all(
    [people.song, people.pan, people.gao, gu].map((one) => office.as(one)),
  );
  if (song === undefined || pan === undefined || gao === undefined || government === undefined) return;
  const matter = await opened(song, 'dispute', {
    chosen: { 'content.grant': 'transport-licensing-company-register' },
    words: '要求补充提供法定代表人变更记录',
  });
  t.match(await main(song.page), /协商中/);
  await done(song, matter, '提出一致意见', '先提供近三年的变更记录');
  const heard = await done(pan, matter, '不同意一致意见', '变更记录不属于本目录内容');
  t.match(heard, /变更记录不属于本目录内容/);
  t.same(await pan.inspect(matter, 'ends-dispute-provider'), []);
  t.equal((await office.here.visit({ path: matter, headers: { accept: 'text/html' } }, gu)).status, 404, 'not yet');
  await done(song, matter, '向同级主管部门申请协调', '请予协调，依法应当提供');
  await gao.page.goto(`${PATH}?lang=zh`);
  t.match(await main(gao.page), /共享争议/, 'it waits for the authority');
  t.same(await gao.inspect(matter, 'ends-dispute-authority'), []);
  await done(gao, matter, '未达成一致，报本级人民政府', '双方意见不一致，报请决定');
  await government.page.goto(`${PATH}?lang=zh`);
  t.match(await main(government.page), /共享争议/, 'and then for the government');
  t.same(await government.inspect(PATH, 'ends-dispute-government-tray'), []);
  t.same(await government.inspect(matter, 'ends-dispute-government'), []);
  t.match(await done(government, matter, '作出决定', '应当提供，限十个工作日内补充目录'), /已决定/);
  await song.page.goto(`${matter}?lang=zh`);
  t.match(await main(song.page), /已决定[\s\S]*应当提供，限十个工作日内补充目录/);
  t.same(await song.inspect(matter, 'ends-dispute-decided'), []);
  t.same([...song.complaints, ...pan.complaints, ...gao.complaints, ...government.complaints], []);
});

t.test('a dispute of a district and a city goes to who is superior to both, and never to another', async (t) => {
  if (office === undefined) return;
  const [district, pan, province, government] = await Promise.all([meng, people.pan, hao, ji].map(office.as));
  if (district === undefined || pan === undefined || province === undefined || government === undefined) return;
  const chosen = { 'content.dataset': 'samr.company-register', 'content.requester': meng.authority };
  const matter = await opened(district, 'dispute', { chosen, words: '审批需要企业登记的历史变更记录' });
  const begun = await main(district.page);
  t.match(
    begun,
    /协商中[\s\S]*共同的上级政务数据共享主管部门\s*省数据局[\s\S]*人民政府\s*省人民政府/,
    'whose it will be',
  );
  t.match(begun, /向共同的上级主管部门申请协调/);
  t.notMatch(begun, /向同级主管部门申请协调/, 'what would be refused is not offered');
  t.same(await district.inspect(matter, 'ends-across-raised'), []);
  await pan.page.goto(`${PATH}?show=held&lang=zh`);
  t.match(await main(pan.page), /共享争议/, 'the other side is told');
  await done(district, matter, '向共同的上级主管部门申请协调', '协商未果，请予协调');
  for (const other of [people.gao, gu])
    t.equal(
      (await office.here.visit({ path: matter, headers: { accept: 'text/html' } }, other)).status,
      404,
      'not theirs',
    );
  await province.page.goto(`${PATH}?lang=zh`);
  t.match(await main(province.page), /共享争议/, 'it waits for the common superior');
  t.same(await province.inspect(PATH, 'ends-across-superior-tray'), []);
  t.same(await province.inspect(matter, 'ends-across-superior'), []);
  await done(province, matter, '未达成一致，报本级人民政府', '双方意见不一致，报请决定');
  t.match(await done(government, matter, '作出决定', '应当提供历史变更记录'), /已决定/);
  for (const side of [district, pan]) {
    await side.page.goto(`${matter}?lang=zh`);
    t.match(await main(side.page), /已决定[\s\S]*应当提供历史变更记录/, 'each side is told');
  }
  t.same(await pan.inspect(matter, 'ends-across-decided'), []);

  // superior to a city's department and a province's nobody is declared: the page says whom the law names
  await pan.page.goto(`${PATH}/open/dispute?lang=zh`);
  const form = pan.page.locator('main form');
  await form.locator('select[name="content.dataset"]').selectOption('samr.company-register');
  await form.locator('select[name="content.requester"]').selectOption('province-market-bureau');
  await saying('省级部门要求另行提供全量数据')(form);
  await form.locator('button[type=submit]').click();
  await pan.page.waitForURL(/kept=/);
  t.match(await main(pan.page), /第二十八条第二款由共同的上级政务数据共享主管部门协调处理/, 'whom the law names');
  t.equal(
    await form.locator('select[name="content.requester"]').inputValue(),
    'province-market-bureau',
    'nothing is lost',
  );
  t.same(await pan.inspect(`${PATH}/open/dispute`, 'ends-across-open'), []);
  await pan.page.goto(`${PATH}/open/dispute?lang=zh`);
  await saying('没有选择授权')(form);
  await form.locator('button[type=submit]').click();
  await pan.page.waitForURL(/kept=/);
  t.match(await main(pan.page), /请填写“涉及的数据集”[\s\S]*请填写“需求部门”/, 'beside the fields');
  t.same([...district.complaints, ...pan.complaints, ...province.complaints, ...government.complaints], []);
});

t.test('a service changes once each department that uses it was heard, and the change is filed', async (t) => {
  if (office === undefined) return;
  const [song, yu, bureau, gao] = await Promise.all(
    [people.song, people.yu, counter, people.gao].map((one) => office.as(one)),
  );
  if (song === undefined || yu === undefined || bureau === undefined || gao === undefined) return;
  const matter = await opened(song, 'service-change', {
    chosen: {
      'content.dataset': 'transport.vehicle-certificates',
      'content.change': 'delivery',
      'content.delivery': 'query',
    },
    words: '取消逐件查询，改为批量核验',
  });
  t.notMatch(await main(song.page), /报主管部门备案/, 'not before anybody was heard');
  await done(yu, matter, '同意并发起协商', '');
  await bureau.page.goto(`${PATH}?lang=zh`);
  t.match(await main(bureau.page), /共享服务变更/, 'it waits for the department that uses it');
  t.same(await bureau.inspect(matter, 'ends-change-requester'), []);
  await done(bureau, matter, '协商：有异议', '受理窗口仍需逐件查询，请保留至年底');
  t.same(await song.inspect(matter, 'ends-change-objected'), []);
  await done(song, matter, '回应异议', '同意保留至十二月三十一日');
  await done(bureau, matter, '协商：同意', '同意按此执行');
  await done(song, matter, '报主管部门备案', '已逐一协商，各方同意');
  await gao.page.goto(`${matter}?lang=zh`);
  t.match(
    await main(gao.page),
    /已备案，待生效[\s\S]*受理窗口仍需逐件查询/,
    'the authority reads how it was negotiated',
  );
  t.same(await gao.inspect(matter, 'ends-change-filed'), []);
  t.match(await done(song, matter, '变更生效', ''), /已生效/);
  t.same([...song.complaints, ...yu.complaints, ...bureau.complaints, ...gao.complaints], []);
});

t.test('what is needed no longer is disposed of, and that is proven', async (t) => {
  if (office === undefined) return;
  const [song, pan] = await Promise.all([people.song, people.pan].map((one) => office.as(one)));
  if (song === undefined || pan === undefined) return;
  const matter = await opened(song, 'disposal', {
    chosen: { 'content.grant': 'transport-licensing-business-licence', 'field.ground': 'achieved' },
    words: '事项已办结，不再需要',
    title: '告知目的已实现',
  });
  await done(pan, matter, '提出处置要求', '删除全部副本，含备份');
  t.same(await song.inspect(matter, 'ends-disposal-demanded'), []);
  await done(song, matter, '处置并提交证明', '已逻辑删除');
  await done(pan, matter, '证明不充分，退回', '未说明备份介质的处置');
  const proven = await done(song, matter, '处置并提交证明', '生产库与备份介质均已覆写，监督人在场');
  t.match(proven, /已处置，待确认/);
  t.same(await pan.inspect(matter, 'ends-disposal-proven'), []);
  t.match(await done(pan, matter, '确认处置', ''), /已确认/);
  t.same(await song.inspect(matter, 'ends-disposal-confirmed'), []);
  t.same([...song.complaints, ...pan.complaints], []);
});

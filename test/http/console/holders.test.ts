/**
 * What stands beside the steps of sharing, in a real browser: what is attached, a deputy for a head who is away, and what
 * is recorded of the use of grants, with those of which nothing is.
 */
import t from 'tap';
import { examplePlan } from '../../../gateway/procedures/materials/example.js';
import { act, begin, complete, main, PATH, people } from './applications-walk.js';
import { officeWithBrowser } from './casework-town.js';

t.setTimeout(600_000);
const office = await officeWithBrowser(t);
const SUN = { id: 'test|sun', name: '孙副科长', roles: ['sharing-officer'], authority: 'transport' } as const;
const DEPUTIES = '/console/sharing/deputies';
const RECORDS = '/console/sharing/records';
const GRANT = 'transport-licensing-company-register';

t.test('a file goes with an application, and a deputy consents to it for the head', async (t) => {
  if (office === undefined) return;
  const { here, as } = office;
  const song = await as(people.song);
  const { page } = song;
  const edit = await begin(song, 'open-transport-company', ['tax.dishonesty-list']);
  await complete(song, 1);
  for (const box of await page.locator('textarea[name^="why."], input[name^="why."]').all())
    if ((await box.isVisible()) && (await box.inputValue()) === '') await box.fill('核验失信情形');
  await page.getByRole('button', { name: '保存并检查' }).click();
  await page.waitForURL(/told=1/);
  t.match(await main(page), /材料齐全/);
  const matter = edit.replace('/edit', '');

  await page.goto(`${matter}?lang=zh`);
  await page.locator('summary', { hasText: '添加附件' }).click();
  const put = async (name: string, buffer: Buffer): Promise<void> => {
    await page.locator('select[name=kind]').selectOption('basis');
    await page.locator('input[name=file]').setInputFiles({ name, mimeType: 'application/pdf', buffer });
    await page.getByRole('button', { name: '添加', exact: true }).click();
    await page.waitForLoadState();
  };
  await put('依据.pdf', Buffer.from('not a file of any kind'));
  await page.waitForSelector('#faults');
  t.match(await main(page), /仅接收 PDF、OFD、Excel、JPEG、PNG 文件/, 'what is not taken is told beside its field');
  await page.goto(`${matter}?lang=zh`);
  await page.locator('summary', { hasText: '添加附件' }).click();
  await put('依据.png', examplePlan());
  await page.waitForURL(/#files$/);
  t.match(await main(page), /附件[\s\S]*法律法规或者文件依据[\s\S]*PNG[\s\S]*校验值/);
  const href = (await page.locator('#files + section a[download]').getAttribute('href')) ?? '';
  const given = await here.visit({ path: href, headers: { accept: 'image/png' } }, people.song);
  t.equal(given.status, 200);
  t.match(given.headers['content-disposition'], /^attachment; filename="basis-\w+\.png"$/);
  t.equal(given.headers['x-content-type-options'], 'nosniff');
  t.equal((await here.visit({ path: href, headers: { accept: 'image/png' } }, people.ding)).status, 404);
  t.same(await song.inspect(matter, 'holders-files'), []);

  const yu = await as(people.yu);
  await yu.page.goto(`${DEPUTIES}?lang=zh`);
  t.match(await main(yu.page), /没有代行安排/);
  const hand = async (account: string, name: string): Promise<void> => {
    await yu.page.locator('[name=name]').fill(name);
    await yu.page.locator('[name=account]').fill(account);
    await yu.page.locator('[name=reason]').fill('赴外地培训');
    await yu.page.locator('form button', { hasText: '委托代行' }).click();
    await yu.page.waitForLoadState();
  };
  await hand('yu', '于科长');
  await yu.page.waitForSelector('#faults');
  t.match(await main(yu.page), /不能委托本人代行/);
  t.equal(await yu.page.locator('[name=reason]').inputValue(), '赴外地培训', 'what was written is kept');
  await yu.page.goto(`${DEPUTIES}?lang=zh`);
  await hand('sun', '孙副科长');
  await yu.page.waitForSelector('ul.offers li');
  t.match(await main(yu.page), /孙副科长代于科长[\s\S]*代行中[\s\S]*赴外地培训[\s\S]*回执[\s\S]*收回/);
  t.same(await yu.inspect(DEPUTIES, 'holders-deputies'), []);

  await page.goto(`${matter}?lang=zh`);
  t.notMatch(await main(page), /同意提出申请/, 'who drafted consents to nothing');
  const sun = await as(SUN);
  await sun.page.goto(`${PATH}?lang=zh`);
  t.match(await main(sun.page), /您正在代行于科长的共享工作机构负责人职权[\s\S]*审核是否同意提出/);
  await sun.page.goto(`${matter}?lang=zh`);
  t.match(await main(sun.page), /您代于科长办理此事项/);
  await act(sun.page, '同意提出申请');
  t.match(await main(sun.page), /已经负责人同意[\s\S]*办理经过[\s\S]*代需求部门共享工作机构负责人/, 'the step says so');
  t.same(await sun.inspect(matter, 'holders-deputy-matter'), []);
  const deeds = here.entries.filter(({ body }) => body['action'] === 'sharing_act');
  t.match(deeds.at(-1)?.body, { detail: { act: 'approve', deputy: /^[0-9a-f]{16}$/ } });
  t.notMatch(JSON.stringify(deeds.map(({ body }) => body)), /孙副科长|于科长|test\|sun/, 'names under a key alone');

  await yu.page.goto(`${DEPUTIES}?lang=zh`);
  await yu.page.locator('ul.offers summary', { hasText: '收回' }).click();
  await yu.page.locator('ul.offers button', { hasText: '收回' }).click();
  await yu.page.waitForSelector('ul.offers .state:has-text("已收回")');
  await sun.page.goto(`${PATH}?lang=zh`);
  t.notMatch(await main(sun.page), /您正在代行/, 'what was taken back is over at once');
  t.same([...song.complaints, ...yu.complaints, ...sun.complaints], []);
});

t.test('the use of a grant is recorded, and grants of which nothing is are listed', async (t) => {
  if (office === undefined) return;
  const { here, as } = office;
  const gao = await as(people.gao);
  await gao.page.goto(`${RECORDS}?q=${encodeURIComponent('道路运输')}&lang=zh`);
  t.match(await main(gao.page), /\d+ 项有效授权还没有使用记录[\s\S]*道路运输许可审批系统[\s\S]*没有记录/);
  t.same(await gao.inspect(RECORDS, 'holders-records'), []);
  const song = await as(people.song);
  const { page } = song;
  await page.goto(`${RECORDS}/${GRANT}?lang=zh`);
  await page.locator('[name=scenario]').fill('审查道路运输经营许可申请');
  await page.locator('[name=effect]').fill('申请人不再提交营业执照复印件');
  await page.locator('[name=storage]').fill('仅在受理环节展示，不落库');
  await page.locator('[name=destruction]').fill('受理结束即清除');
  await page.locator('form button', { hasText: '登记' }).click();
  await page.waitForSelector('section.use-record');
  t.match(await main(page), /使用记录[\s\S]*使用中[\s\S]*审查道路运输经营许可申请[\s\S]*回执/);
  t.same(await song.inspect(`${RECORDS}/${GRANT}`, 'holders-record'), []);
  await gao.page.goto(`${RECORDS}?show=kept&lang=zh`);
  t.match(await main(gao.page), /道路运输许可审批系统[\s\S]*1 条/);
  await gao.page.goto(`${RECORDS}/${GRANT}?lang=zh`);
  t.match(await main(gao.page), /受理结束即清除/);
  t.notMatch(await main(gao.page), /登记使用情况/, 'who oversees writes none');
  await gao.page.goto(`/console/grants/${GRANT}?lang=zh`);
  t.match(await main(gao.page), /使用记录[\s\S]*1 条，查看/, 'its grant leads there');
  const nobody = await here.visit({ path: `${RECORDS}/${GRANT}`, headers: { accept: 'text/html' } }, people.ding);
  t.equal(nobody.status, 404, 'a department that is no side of it');
  t.same(await song.inspect('/console/sharing/told', 'holders-told'), []);
  t.same([...gao.complaints, ...song.complaints], []);
});

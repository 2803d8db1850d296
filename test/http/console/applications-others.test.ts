/**
 * Matters of sharing that are no applications, on the same pages: a misuse from its finding to its end, by the authority
 * and the department that misused; nobody else sees it.
 */
import t from 'tap';
import { act, main, PATH, pathOf, people } from './applications-walk.js';
import { officeWithBrowser } from './casework-town.js';

t.setTimeout(300_000);
const office = await officeWithBrowser(t);
const GRANT = 'transport-licensing-company-register';

t.test('a misuse, as the machine declares it', async (t) => {
  if (office === undefined) return;
  const { here, as } = office;
  const gao = await as(people.gao);
  const { page } = gao;
  await page.goto(`${PATH}?lang=zh`);
  await page.locator('details.begin summary').click();
  await page.locator(`details.begin a[href="${PATH}/open/misuse"]`).click();
  await page.waitForURL(/open\/misuse/);
  t.same(await gao.inspect(`${PATH}/open/misuse`, 'matters-open'), []);
  await page.goto(`${PATH}/open/misuse?grant=${GRANT}&lang=zh`);
  t.equal(await page.locator('[name="content.grant"]').inputValue(), GRANT, 'the grant that somebody came from');
  await page.locator('[name="field.ground"]').selectOption({ index: 1 });
  await page.locator('[name="field.found"]').fill('查询次数与受理件数明显不符');
  await page.locator('main form button[type=submit]').last().click();
  await page.waitForURL(/applications\/[0-9a-f]{16}/);
  const matter = pathOf(page);
  t.match(await main(page), /违规使用处置[\s\S]*涉及的授权|授权[\s\S]*道路运输许可审批系统/);
  t.match(await main(page), /查询次数与受理件数明显不符/);
  t.same(await gao.inspect(matter, 'matters-misuse'), []);
  await page.goto(`${matter}?lang=zh`);
  await act(page, '暂停共享权限', (form) => form.locator('textarea').fill('涉嫌超范围使用，先行暂停'));
  t.match(await main(page), /暂停/);
  await act(page, '责成限期整改', async (form) => {
    await form.locator('textarea').fill('核对调用日志并书面说明');
    await form.locator('input[type=date]').fill('2035-01-01');
  });
  const song = await as(people.song);
  await song.page.goto(`${PATH}?lang=zh`);
  t.match(await main(song.page), /违规使用处置[\s\S]*报告整改情况/, 'it waits for the department that misused');
  await song.page.goto(`${matter}?lang=zh`);
  await act(song.page, '报告整改情况', (form) => form.locator('textarea').fill('已核对日志，系批量重试所致，已修复'));
  t.same(await song.inspect(matter, 'matters-misuse-requester'), []);
  await page.goto(`${matter}?lang=zh`);
  await act(page, '恢复共享权限', (form) => form.locator('textarea').fill('整改到位，恢复权限'));
  t.match(await main(page), /恢复/);
  t.equal(
    (await here.visit({ path: matter, headers: { accept: 'text/html' } }, people.ding)).status,
    404,
    'a department that has nothing to do with it does not see it',
  );
  t.same([...gao.complaints, ...song.complaints], []);
});

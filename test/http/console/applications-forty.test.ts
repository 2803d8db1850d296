/** An officer who must clear forty applications before noon. */
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import { application, asContent, sharingOver, people as sides } from '../../procedures/sharing/world.js';
import { main, PATH, people } from './applications-walk.js';
import { officeWithBrowser } from './casework-town.js';

t.setTimeout(240_000);
const office = await officeWithBrowser(t);

t.test('forty applications before noon: what has no conditions goes together, the rest stays', async (t) => {
  if (office === undefined) return;
  const { here, as } = office;
  const state = openEmbeddedState({ dir: join(here.dataDir, 'state') });
  t.teardown(() => state.close());
  const { matters, act: doing } = await sharingOver(state, { now: Date.now });
  for (let at = 0; at < 40; at++) {
    const content = asContent({ ...application(), item: String(at) });
    const { head } = await matters.open('application', {}, doing(sides.officer, 'draft', { content }));
    await matters.act(head.id, doing(sides.head, 'approve'));
    await matters.act(head.id, doing(sides.officer, 'file'));
  }
  const ding = await as(people.ding);
  const { page } = ding;
  await page.goto(`${PATH}?attribute=unconditional&lang=zh`);
  t.match(await main(page), /待我办理 80/);
  t.equal(await page.locator('table.tray tbody tr').count(), 40, 'those alone');
  t.same(
    await ding.check(
      PATH,
      'zh',
      [
        [1280, 'light'],
        [390, 'light'],
      ],
      'applications-forty',
    ),
    [],
  );
  await page.goto(`${PATH}?attribute=unconditional&lang=zh`);
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  t.match(await main(page), /已选 1 \/ 40/, 'by keyboard');
  await page.getByRole('button', { name: '全选可一并办理的' }).click();
  t.match(await main(page), /已选 40 \/ 40/);
  await page.getByRole('button', { name: '对所选拟定“全部同意”的答复' }).click();
  await page.waitForURL(/did=40/);
  t.match(await main(page), /已一并办理 40 件/);
  await page.goto(`${PATH}?attribute=unconditional&lang=zh`);
  t.match(await main(page), /没有符合筛选条件的事项/);
  await page.goto(`${PATH}?lang=zh`);
  t.equal(await page.locator('input[name=pick]').count(), 0, 'what has conditions is answered one by one');

  const ye = await as(people.ye);
  await ye.page.goto(`${PATH}?attribute=unconditional&lang=zh`);
  const [first, ...others] = await ye.page.locator('input[name=pick]').all();
  t.equal(others.length, 39, 'a reply that agrees in full waits for the head, together');
  await first?.check();
  await ye.page.getByRole('button', { name: '同意所选' }).click();
  await ye.page.waitForURL(/did=1/);
  t.match(await main(ye.page), /已一并办理 1 件/);
  await ye.page.getByRole('link', { name: '长期同意' }).click();
  t.same(await ye.inspect(`${PATH}/standing`, 'applications-standing'), []);
  await ye.page.goto(`${PATH}/standing?lang=zh`);
  const card = ye.page.locator('li.card', { hasText: '税务严重失信主体名单' });
  await card.locator('summary').click();
  await card.locator('input[name=reason]').fill('名单依法公开，一律同意共享');
  await card.getByRole('button', { name: '作出长期同意' }).click();
  await ye.page.waitForLoadState();
  t.match(await main(ye.page), /名单依法公开，一律同意共享[\s\S]*撤销长期同意/);
  t.same([...ding.complaints, ...ye.complaints], []);
});

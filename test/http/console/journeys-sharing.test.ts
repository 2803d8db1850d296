/** Two of the eight journeys: an application that is drafted from a dataset's page, and its decision. */
import t from 'tap';
import { act, main, PATH, pathOf, people } from './applications-walk.js';
import { officeWithBrowser } from './casework-town.js';
import { Film, JOURNEYS, journeyRows } from './journeys.js';

t.setTimeout(240_000);
const DATASET = 'police.drivers';
const PURPOSE = 'open-transport-company';
const cheng = { id: 'test|cheng', name: '程经办', roles: ['sharing-officer'], authority: 'police' } as const;
const han = { id: 'test|han', name: '韩科长', roles: ['sharing-head'], authority: 'police' } as const;

const office = await officeWithBrowser(t);

t.test('the table has each journey once, in its order', (t) => {
  t.same(
    journeyRows().map(({ at }) => at),
    JOURNEYS.map((_, at) => at + 1),
  );
  t.end();
});

if (office !== undefined) {
  const { as } = office;
  let matter = '';

  t.test('a sharing officer applies from the page of a dataset, until it waits for the head', async (t) => {
    const film = new Film(t, 'application');
    const song = await as(people.song);
    const page = await film.from(song);
    await page.click('nav a[href="/console/datasets"]');
    await page.fill('form.filters input[name=q]', '驾驶人');
    await page.click('form.filters button');
    await page.click(`main a[href="/console/datasets/${DATASET}"]`);
    await page.waitForURL(/datasets\/police/);
    await film.picture(page);
    t.equal(await page.inputValue('select[name=client]'), 'transport-licensing', 'the system that asks most');
    await page.selectOption('select[name=purpose]', PURPOSE);
    await page.click(`form[action="${PATH}"] button`);
    await page.waitForURL(/\/edit$/);
    await film.picture(page);
    t.ok((await page.locator('input[name="pick.0"]:checked').count()) > 3, 'the fields that the purpose needs');
    for (const [name, words] of [
      ['callsADay.0', '200'],
      ['until.0', '2035-12-31'],
      ['item', '000118011000'],
      ['scenario', '核验道路运输经营许可申请人的驾驶人员条件'],
      ['necessity', '依法审查申请条件，申请人无需另行提交证明'],
      ['office', '行政审批处'],
      ['phone', '021-00000000'],
    ] as const)
      await page.fill(`[name="${name}"]`, words);
    await page.check('[name=truthful]');
    await page.getByRole('button', { name: '保存，查看全件' }).click();
    await page.waitForURL(/applications\/[0-9a-f]{16}$/);
    await film.picture(page);
    matter = pathOf(page);
    t.notMatch(await main(page), /需要补充/, 'it is complete');
    const yu = await as(people.yu);
    await yu.page.goto('/console/home');
    t.equal(await yu.page.locator(`[data-room=sharing] a[href="${matter}"]`).count(), 1, 'it waits for the head');
    film.end();
    t.same(await song.inspect(`/console/datasets/${DATASET}`, 'journey-dataset'), []);
    t.same([...song.complaints, ...yu.complaints], []);
  });

  t.test('the head of the department that provides it decides', async (t) => {
    for (const [who, title] of [
      [people.yu, '同意提出申请'],
      [people.song, '提出申请'],
      [cheng, '拟定答复'],
    ] as const) {
      const { page } = await as(who);
      await page.goto(matter);
      await act(page, title);
    }
    const film = new Film(t, 'decision');
    const desk = await as(han);
    const page = await film.from(desk);
    await page.click(`[data-room=sharing] a[href="${matter}"]`);
    await page.waitForURL(`**${matter}`);
    await film.picture(page);
    t.match(await main(page), /核验道路运输经营许可申请人的驾驶人员条件/, 'with all that was asked in sight');
    await page.click('section.act[data-key=y] button');
    await page.waitForSelector('section.act[data-key=y]', { state: 'detached' });
    await film.picture(page);
    t.match(await main(page), /同意共享/);
    film.end();
    t.same(desk.complaints, []);
  });
}

/**
 * An application in a city that runs, by four people in a real browser, until the system that it was for is answered,
 * and no field that was refused leaves.
 */
import t from 'tap';
import { until } from '../../e2e/ask.js';
import { query } from '../../e2e/suite.js';
import { act, begin, complete, main, PATH } from './applications-walk.js';
import { SUBJECT, seen } from './town.js';

t.setTimeout(300_000);
const DATASET = 'samr.enforcement-measures';
const PURPOSE = 'open-transport-company';

t.test('what was agreed to on these pages is in force', async (t) => {
  const ready = await seen(t);
  if (ready === undefined) return;
  const { town, as } = ready;
  const question = { purpose: PURPOSE, subject: SUBJECT, datasets: [{ id: DATASET, fields: ['outcome', 'officers'] }] };
  const answer = async (): Promise<string> =>
    JSON.stringify(await query(town, 'transport-licensing', question).catch(String));
  const before = await answer();
  t.match(before, /no dataset of the request may be answered/, 'nothing before');

  const song = await as('song-sharing');
  const { page } = song;
  const edit = await begin(song, PURPOSE, [DATASET]);
  const matter = edit.replace('/edit', '');
  await page.locator('details.more-fields').evaluateAll((all) => {
    for (const one of all) (one as unknown as { open: boolean }).open = true;
  });
  for (const [path, why] of [
    ['reason', '核验采取强制措施的事由'],
    ['outcome', '核验处理结果'],
    ['officers', '联系办案人员'],
  ] as const) {
    await page.locator(`input[name="pick.0"][value="${path}"]`).check();
    await page.locator(`[name="why.0.${path}"]`).fill(why);
  }
  await complete(song, 1);
  await page.getByRole('button', { name: '保存，查看全件' }).click();
  await page.waitForURL(new RegExp(`${matter}$`));
  const yu = await as('yu-sharing');
  await yu.page.goto(`${matter}?lang=zh`);
  await act(yu.page, '同意提出申请');
  await page.goto(`${matter}?lang=zh`);
  await act(page, '提出申请');
  const pan = await as('pan-sharing');
  await pan.page.goto(`${matter}?lang=zh`);
  await act(pan.page, '拟定答复', async (form) => {
    await form.locator('input[name="decide.officers"][value=refuse]').check();
    await form.locator('[name="because.officers"]').fill('办案人员信息非审查所必需');
  });
  const wei = await as('wei-sharing');
  await wei.page.goto(`${matter}?lang=zh`);
  await act(wei.page, '同意共享');
  const now = await until('the answer', answer, (text) => text.includes('"current"'));
  t.match(now, /"grant":"a-/, 'under the grant that came of it');
  t.match(now, /"withheld":\[{"field":"officers"/, 'the field that was refused is withheld');

  // nobody has to: the platform does it where a question is answered
  const supplied = async (): Promise<string> => {
    await pan.page.goto(`${matter}?lang=zh`);
    return main(pan.page);
  };
  await until('the data are supplied', supplied, (text) => text.includes('已提供'));
  await page.goto(`${matter}?lang=zh`);
  t.match(await main(page), /授权已生效/);
  await act(page, '确认投入使用');
  t.match(await main(page), /使用中/);
  t.same(await song.inspect(matter, 'applications-in-use'), []);

  const gao = await as('gao-sharing');
  await gao.page.goto(`${matter}?lang=zh`);
  await gao.page.getByRole('link', { name: '授权已生效，查看授权' }).click();
  t.match(await main(gao.page), /道路运输许可审批系统[\s\S]*来源\s*共享申请，查看全件/, 'the grant leads back');
  t.same(await gao.inspect(new URL(gao.page.url()).pathname, 'applications-grant'), []);
  await gao.page.goto(`${PATH}/calendar?lang=zh`);
  t.same([...song.complaints, ...yu.complaints, ...pan.complaints, ...wei.complaints, ...gao.complaints], []);
});

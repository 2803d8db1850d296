/**
 * Rooms of the day: complaints and reviews of auditors, and what a company is told. What waits is counted once, in its
 * own room; what was decided for a company stands where its day begins, until it has looked.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readSettings } from '../../../gateway/ground/config/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import type { Role } from '../../../gateway/ground/identity/person.js';
import { openCaseGround } from '../../../gateway/procedures/cases/opened.js';
import { useRef } from '../../../gateway/procedures/lifecycles/effects.js';
import type { Actor } from '../../../gateway/procedures/lifecycles/parties.js';
import { openTickets } from '../../../gateway/procedures/lifecycles/tickets.js';
import { openReviews } from '../../../gateway/procedures/reviews/store.js';
import { until } from '../../e2e/ask.js';
import { act, COMPANY, centre, company, filing, provider } from '../../procedures/acts.js';
import { faces } from '../api/faces.js';
import { latinIn } from './latin.js';

t.setTimeout(240_000);
const DAY = 86_400_000;
const here = await faces(t, { settings: { gateway: { healthPort: 0 } } });
const workspace = await loadWorkspace(packageRoot());
const html = { accept: 'text/html', 'accept-language': 'zh' };
const shots = process.env['YITONG_TEST_SCREENSHOTS'];
type Who = NonNullable<Parameters<typeof here.visit>[1]>;
const auditor: Who = { roles: ['auditor'] };
const feng: Who = { id: 'x|feng', roles: ['subject'], subjects: [COMPANY.subject] };
const lin: Actor = { kind: 'person', person: { id: 'x|lin', name: '林', roles: ['auditor' as Role], subjects: [] } };

/** As another process of this city. @param ago ms */
async function ticketsOf(ago: number) {
  const tickets = await openTickets({ dataDir: here.dataDir, workspace, now: () => Date.now() - ago, lag: 0 });
  t.teardown(() => tickets.close());
  return tickets;
}
const [long, now] = [await ticketsOf(120 * DAY), await ticketsOf(0)];

async function pageOf(path: string, who: Who, name = '') {
  const { status, text, headers } = await here.visit({ path, headers: html }, who);
  if (shots !== undefined && name !== '') {
    mkdirSync(shots, { recursive: true });
    writeFileSync(join(shots, `${name}.html`), text);
  }
  const main = text.slice(text.indexOf('<main'), text.indexOf('</main>'));
  const words = main
    .replace(/<[^>]*>/g, ' ')
    .replace(/&\w+;/g, ' ')
    .replace(/\s+/g, ' ');
  return { status, main, words, location: String(headers.location ?? '') };
}
/** The first page, once the app has seen what another process stored. */
const homeOf = (who: Who, seen: RegExp, name?: string) =>
  until(
    String(seen),
    () => pageOf('/console/home', who, name),
    ({ words }) => seen.test(words),
  );

t.test('a complaint waits among the complaints, with the days left, and nowhere else', async (t) => {
  const { head } = await now.open(
    'complaint',
    useRef('samr', COMPANY.subject, 17),
    act(company, 'file', { complaint: '从未申请，不知为何被查询' }),
  );
  const { words, main } = await homeOf(auditor, /投诉 1/, 'home-complaint');
  t.same(latinIn(words), []);
  t.match(words, /投诉 1 \S+使用数据：待受理 (?:剩 \d+ 个工作日|今日到期)/);
  t.match(main, new RegExp(`data-room="complaints"[^]*href="/console/tickets/${head.id}"`));
  t.match(words, /没有待办：[^。]*异议与信用修复/, 'not counted a second time');
  t.match(here.entries.at(-1)?.body, { action: 'home', detail: { rooms: { complaints: 1, tickets: 0 } } });
  t.match((await pageOf('/console/complaints', auditor)).words, /待受理/);
});

t.test('whom an explanation was asked of, and who let its term run out, is what is wrong', async (t) => {
  const { head } = await long.open(
    'complaint',
    useRef('tax', COMPANY.subject, 18),
    act(company, 'file', { complaint: '未经授权被查询' }),
  );
  await long.act(head.id, act(lin, 'accept'));
  await long.act(head.id, act(lin, 'ask', { question: '请说明查询依据' }));
  const { words } = await homeOf(auditor, /投诉 2/);
  t.match(words, /使用数据：待使用单位说明 已逾期 \d+ 个工作日/);
  t.match(words, /需要关注.*投诉（\S+使用数据）：使用单位说明已逾期 由使用单位处理/);
  t.same(latinIn(words), []);
  await now.act(head.id, act(lin, 'reject', { answer: '查询依据充分' }));
  t.notMatch((await homeOf(auditor, /投诉 1/)).words, /使用单位说明已逾期/);
});

t.test('a sample that is not judged to its end waits, and what was in question is told', async (t) => {
  const { state: settings } = readSettings({}, { file: 'yitong.json' }, {});
  const ground = await openCaseGround({ dataDir: here.dataDir, now: Date.now, settings: { state: settings } });
  const reviews = openReviews(ground.state, ground.keys, 100 * DAY);
  const drawn = { filters: {}, root: 'r', size: 9, first: 0, last: 8, wanted: 2, entries: [3, 5] };
  const [id, old] = ['0123456789abcdef', 'fedcba9876543210'];
  await reviews.add({ ...drawn, id, at: Date.now() });
  await reviews.add({ ...drawn, id: old, at: Date.now() - 40 * DAY });
  const by = { id: 'x|lin', name: '林' };
  const judged = (review: string, entry: number, verdict: 'fine' | 'question') =>
    reviews.judge(review, { entry, at: Date.now(), verdict, note: '依据不明' }, by);
  await judged(id, 3, 'question');
  await judged(old, 3, 'question');
  const first = await pageOf('/console/home', auditor, 'home-reviews');
  t.same(latinIn(first.words), []);
  t.match(first.words, /抽查 2 \S+ 抽取：1 条待评判，共 2 条/);
  t.match(first.main, new RegExp(`href="/console/reviews/${id}"`));
  t.match(first.words, /的抽查中有 1 条存疑 由审计人员会同使用单位处理/);
  t.equal(first.words.match(/条存疑/g)?.length, 1, 'for a month');
  await judged(id, 5, 'fine');
  await judged(old, 5, 'fine');
  t.notMatch((await pageOf('/console/home', auditor)).words, /待评判/);
  await judged(id, 5, 'question');
  t.match((await pageOf('/console/home', auditor)).words, /的抽查中有 2 条存疑/, 'judged anew');
  await ground.close();
  const inspector: Who = { roles: ['inspector'], authority: 'samr' };
  t.notMatch((await pageOf('/console/home', inspector)).words, /抽查|投诉/, 'rooms of auditors alone');
});

t.test('a company finds what was decided where it comes in, until it has looked', async (t) => {
  t.match(await here.visit({ path: '/console', headers: html }, feng), { status: 303, headers: { location: /home$/ } });
  await homeOf(feng, /办理结论：已答复：投诉不成立/);
  await pageOf('/console/messages', feng);
  t.notMatch((await pageOf('/console/home', feng)).words, /新的办理情况/, 'looked at');

  const { head } = await now.open(
    'objection',
    { ...COMPANY, recordId: '云市监罚〔2026〕18号' },
    { ...filing, actor: company },
  );
  await now.act(head.id, act(centre, 'mark'));
  await now.act(head.id, act(centre, 'forward'));
  const told = await homeOf(feng, /转交提供单位/, 'home-company');
  t.same(latinIn(told.words), []);
  t.match(told.words, /有 1 项新的办理情况。 新的办理情况 消息 1 转交提供单位 · 信用信息异议 · \S+ 待我办理/);
  t.match(told.main, /data-room="messages"[^]*href="\/console\/messages"/);
  t.match(here.entries.at(-1)?.body, { action: 'home', detail: { rooms: { messages: 1 } } });

  await now.act(head.id, act(provider, 'keep', { reason: '信息无误' }));
  const ended = await homeOf(feng, /办理结论/);
  t.match(ended.words, /消息 1 办理结论：\S+ · 信用信息异议/, 'one line a matter, and its end first');
  const page = await pageOf('/console/messages', feng);
  t.match(page.words, /办理结论：\S+ 新 .*信息无误/, 'all of it is on the page of messages');
  t.notMatch((await pageOf('/console/messages', { ...feng, name: '冯' })).words, / 新 /, 'seen, in whichever browser');
  t.notMatch((await pageOf('/console/home', feng)).words, /新的办理情况|办理结论/);
  const other: Who = { id: 'x|he', roles: ['subject'], subjects: ['uscc:91990102MA00001692'] };
  t.notMatch((await pageOf('/console/home', other)).words, /新的办理情况|办理结论/, 'nobody else is told');
});

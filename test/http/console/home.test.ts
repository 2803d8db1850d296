/** The start of the day of each role: what waits, what changed, what is wrong; and the notices of whoever comes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { datasetId } from '../../../contracts/ids.js';
import { ROLES } from '../../../gateway/ground/identity/person.js';
import { periodsAt } from '../../../gateway/http/console/auditing/periods.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { putQualityDay } from '../../../gateway/procedures/catalogue/days.js';
import { openAlerts } from '../../../gateway/procedures/watch/store.js';
import { faces } from '../api/faces.js';
import { latinIn } from './latin.js';

t.setTimeout(240_000);
const here = await faces(t, { settings: { gateway: { healthPort: 0 } } });
const html = { accept: 'text/html', 'accept-language': 'zh' };
const COMPANY = 'uscc:91990105MA0000193X';
const shots = process.env['YITONG_TEST_SCREENSHOTS'];
type Who = NonNullable<Parameters<typeof here.visit>[1]>;
const auditor: Who = { roles: ['auditor'] };

async function pageOf(path: string, who: Who) {
  const { status, text, headers } = await here.visit({ path, headers: html }, who);
  if (shots !== undefined) {
    mkdirSync(shots, { recursive: true });
    writeFileSync(join(shots, `home-${who.roles.join('-')}.html`), text);
  }
  const main = text.slice(text.indexOf('<main'), text.indexOf('</main>'));
  const words = main
    .replace(/<[^>]*>/g, ' ')
    .replace(/&\w+;/g, ' ')
    .replace(/\s+/g, ' ');
  return { status, text, main, words, location: String(headers.location ?? '') };
}

const alert = (id: string) => ({
  id: `${id}1`.repeat(16),
  rule: 'purpose',
  time: Date.now(),
  recorded: true,
  client: 'one-stop-counter',
  facts: { purpose: 'open-restaurant' },
  entries: [0],
});

t.test('every role has a first page, in words, and its look is on record', async (t) => {
  for (const role of ROLES) {
    const who: Who = { roles: [role], authority: 'samr', subjects: role === 'subject' ? [COMPANY] : [] };
    const { status, words } = await pageOf('/console/home', who);
    t.equal(status, 200, role);
    t.same(latinIn(words), [], role);
    t.match(words, role === 'developer' ? /您好.*从这里开始.*在沙箱中试查.*需要关注/ : /您好.*待我办理.*需要关注/);
    t.match(here.entries.at(-1)?.body, { type: 'looked', action: 'home' });
  }
  t.equal((await here.visit({ path: '/console/home', headers: html })).status, 303, 'and nobody else');
});

t.test('whoever comes seldom is told where to begin', async (t) => {
  const company = await pageOf('/console/home', { roles: ['subject'], subjects: [COMPANY] });
  t.match(company.words, /待我办理.*从这里开始.*申请信用报告.*谁使用过我的数据.*更正记录、信用修复/);
  const ways = [...company.main.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href);
  for (const href of ['/console/reports', '/console/history', '/console/tickets', '/guide'])
    t.ok(ways.includes(href), href);
  const developer: Who = { roles: ['developer'], authority: 'data-bureau' };
  const desk = await pageOf('/console/home', developer);
  t.notMatch(desk.words, /待我办理|没有待办/, 'nothing ever waits for a developer');
  for (const [, href = ''] of (/data-ways[^]*?<\/ul>/.exec(desk.main)?.[0] ?? '').matchAll(/href="([^"]*)"/g))
    t.equal((await pageOf(href, developer)).status, 200, href);
  t.notMatch((await pageOf('/console/home', auditor)).words, /从这里开始/);
  const authority: Who = { roles: ['sharing-authority'], authority: 'data-bureau' };
  const bureau = await pageOf('/console/home', authority);
  t.match(bureau.words, /从这里开始.*长期未使用的授权.*停用一个应用的全部授权.*哪些部门逾期未办/);
  for (const [, href = ''] of (/data-ways[^]*?<\/ul>/.exec(bureau.main)?.[0] ?? '').matchAll(/href="([^"]*)"/g))
    t.equal((await pageOf(href, authority)).status, 200, href);
  t.match(
    (await pageOf('/console/grants?state=unused', authority)).words,
    /提供单位.*符合条件/,
    'whose data a grant is of',
  );
});

t.test('a developer is told on the page of a dataset whether own systems may ask it', async (t) => {
  const developer: Who = { roles: ['developer'], authority: 'data-bureau' };
  const mine = await pageOf('/console/datasets/samr.company-register', developer);
  t.match(mine.words, /本单位的应用可以查询：.*一网通办受理系统，用于开办餐饮店一件事 在沙箱中试查/);
  const [, tries = ''] = /data-mine="granted"[^]*?href="([^"]*)"/.exec(mine.main) ?? [];
  t.equal((await pageOf(tries.replaceAll('&amp;', '&'), developer)).status, 200, 'and tries it there');
  const none = await pageOf('/console/datasets/construction.penalties', { roles: ['developer'], authority: 'fire' });
  t.match(none.words, /还不能查询此数据集.*数据共享经办人员.*提出共享申请/);
  t.notMatch((await pageOf('/console/datasets/samr.company-register', auditor)).words, /本单位的应用/);
});

t.test('what waits is counted by its own room, and leads there', async (t) => {
  const store = openAlerts(auditLayout(here.dataDir).alerts);
  store.commit([alert('a'), alert('b')], { next: 8, time: 0, states: {} });
  await store.close();
  const { words, main } = await pageOf('/console/home', auditor);
  t.match(words, /共有 2 项待办/);
  t.match(words, /告警 2/);
  t.match(main, /href="\/console\/alerts\/a1a1/);
  t.match(here.entries.at(-1)?.body, { action: 'home', detail: { rooms: { alerts: 2 } }, results: 2 });
});

t.test('where the log does not take the look nothing is shown', async (t) => {
  here.healthy = false;
  t.equal((await pageOf('/console/home', auditor)).status, 503);
  here.healthy = true;
});

t.test('what is wrong says who can mend it', async (t) => {
  const { words } = await pageOf('/console/home', { roles: ['sharing-authority'] });
  t.match(words, /尚未接入 由.+数据专员(?:（.+，[\d-]+）)?处理/);
});

t.test('settings are chosen by their person, and are on record without the address in clear', async (t) => {
  const csrf = await here.csrf(auditor);
  const { words } = await pageOf('/console/notices/settings', auditor);
  t.same(latinIn(words), []);
  t.notMatch(words, /邮件地址/, 'no e-mail where there is no server');
  const set = await here.visit(
    { method: 'POST', path: '/console/notices/settings', headers: html, body: { csrf, page: 'due' } },
    auditor,
  );
  t.equal(set.status, 303);
  t.match(here.entries.at(-1)?.body, { action: 'notices_chosen', target: 'switches' });
  const { main } = await pageOf('/console/notices/settings', auditor);
  t.match(main, /name="page" value="due" checked/);
  t.notMatch(main, /name="page" value="alerts" checked/);
  const bad = { csrf, page: 'nothing-such' };
  t.equal(
    (await here.visit({ method: 'POST', path: '/console/notices/settings', headers: html, body: bad }, auditor)).status,
    400,
  );
});

t.test('a notice of somebody else is none', async (t) => {
  const { status } = await pageOf(`/console/notices/${'0'.repeat(16)}`, auditor);
  t.equal(status, 404);
  t.equal((await pageOf('/console/notices', auditor)).status, 200);
});

t.test('trends are pictures and tables, of the own authority or of all, and on record', async (t) => {
  const day = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
  const quality = { day, at: Date.now(), records: 9, sampled: 9, corrections: 0, held: 41, fresh: false };
  putQualityDay(here.dataDir, datasetId('samr.company-register'), quality);
  putQualityDay(here.dataDir, datasetId('tax.tax-arrears'), { ...quality, held: 100, fresh: true });
  const whole = await pageOf('/console/trends?days=90', auditor);
  t.equal(whole.status, 200);
  t.same(latinIn(whole.words), []);
  t.match(whole.words, /全部部门/);
  t.match(whole.words, new RegExp(`${day.slice(5)} 141`));
  t.match(whole.words, new RegExp(`${day.slice(5)} 2 1`), 'two datasets, one of them late');
  t.match(here.entries.at(-1)?.body, { action: 'trends', detail: { days: 90 } });
  const own = await pageOf('/console/trends', { roles: ['data-officer'], authority: 'samr' });
  t.match(own.words, new RegExp(`${day.slice(5)} 41`));
  t.notMatch(own.words, /141/);
  t.equal((await pageOf('/console/trends?days=31', auditor)).status, 400);
});

t.test(
  'a list is sorted, shows the columns that were chosen, remembers both, and goes out as it is shown',
  async (t) => {
    const officer: Who = { roles: ['data-officer'], authority: 'samr' };
    const names = (main: string): readonly string[] =>
      [...main.matchAll(/<th scope="row"[^>]*><a href="\/console\/feeds\/([^"]*)"/g)].map(([, id = '']) => id);
    const heads = (main: string): readonly string[] =>
      [...main.matchAll(/<th scope="col"[^>]*>(.*?)<\/th>/g)].map(([, head = '']) =>
        head.replace(/<[^>]*>/g, '').replace(/ [↑↓↕]$/, ''),
      );
    const own = names((await pageOf('/console/feeds', officer)).main);
    t.ok(own.length > 5);
    const up = await pageOf('/console/feeds?sort=name', officer);
    t.match(up.main, /aria-sort="ascending"/);
    const down = names((await pageOf('/console/feeds?sort=name&down=1', officer)).main);
    t.same(down, [...names(up.main)].reverse());
    t.same(names((await pageOf('/console/feeds', officer)).main), down, 'remembered');
    t.same(
      names((await pageOf('/console/feeds', { ...officer, id: 'test|other' })).main),
      own,
      'for that person alone',
    );
    const few = await pageOf('/console/feeds?cols=&cols=state', officer);
    t.same(heads(few.main), ['数据集', '状态']);
    t.same(latinIn(few.words), []);
    const [one = ''] = own;
    const word = encodeURIComponent(few.main.match(new RegExp(`feeds/${one}">([^<]*)<`))?.[1] ?? '');
    const csv = await here.visit(
      { path: `/console/feeds.csv?q=${word}`, headers: { ...html, accept: '*/*' } },
      officer,
    );
    t.match(csv.headers['content-type'], /^text\/csv/);
    t.match(csv.text, /^\uFEFF数据集,状态\r\n/);
    t.match(here.entries.at(-1)?.body, { action: 'feeds', detail: { export: true } });
    t.equal(heads((await pageOf('/console/feeds?cols=', officer)).main).length, 7, 'and all again');
    t.same(names((await pageOf('/console/feeds?sort=', officer)).main), own);
    for (const bad of ['sort=nothing', 'cols=nothing', 'page=0'])
      t.equal((await pageOf(`/console/feeds?${bad}`, officer)).status, 400, bad);
    t.equal(
      (await here.visit({ path: '/console/feeds.csv', headers: { ...html, accept: '*/*' } }, auditor)).status,
      403,
    );
    const sharing: Who = { roles: ['sharing-officer'], authority: 'transport' };
    t.equal((await pageOf('/console/applications?sort=due&down=1', sharing)).status, 200);
    t.equal(
      (await here.visit({ path: '/console/applications.csv', headers: { ...html, accept: '*/*' } }, sharing)).status,
      200,
    );
    t.equal((await pageOf('/console/search?sort=time', auditor)).status, 200);
  },
);

t.test('a question is kept with its period by name, says what it asks, and is of its person alone', async (t) => {
  const csrf = await here.csrf(auditor);
  const keep = (more: Readonly<Record<string, string>>) =>
    here.visit(
      {
        method: 'POST',
        path: '/console/search/saved',
        headers: html,
        body: { csrf, name: '上周的拒绝', client: 'one-stop-counter', result: 'deny', alert: 'yes', ...more },
      },
      auditor,
    );
  t.equal((await keep({ period: '99' })).status, 400);
  const kept = await keep({ period: '3' });
  t.equal(kept.status, 303);
  const saved = String(kept.headers.location);
  const asked = new URL((await pageOf(saved, auditor)).location, 'https://here');
  const week = periodsAt(Date.now())[3];
  t.match(Object.fromEntries(asked.searchParams), {
    client: 'one-stop-counter',
    since: week?.since,
    until: week?.until,
  });
  const { words } = await pageOf(`${asked.pathname}${asked.search}`, auditor);
  t.match(words, /上周的拒绝 有新记录时提醒 应用：一网通办受理系统；结果：不予提供；上周 \S+ \S+ 查看后没有新记录/);
  t.match(words, /没有符合条件的记录。 不限时间，重新检索/, 'and what to do where there is nothing');
  t.match(words, /时间范围也保存：上周/, 'the period of the page has its name');
  t.same(latinIn(words), []);
  const other: Who = { ...auditor, id: 'test|other-auditor' };
  t.notMatch((await pageOf('/console/search', other)).words, /上周的拒绝/);
  t.equal((await pageOf(saved, other)).status, 404);
});

t.test(
  'departments are compared as they are sorted, and go out so; what is counted is found for the same time',
  async (t) => {
    const { words, main, status } = await pageOf('/console/overview?span=quarter&sort=share&down=1', auditor);
    t.equal(status, 200);
    t.match(words, /使用单位对比/);
    t.same(latinIn(words), []);
    t.match(main, /span=quarter" aria-current="true"/);
    const csv = await here.visit(
      { path: '/console/overview.csv?span=day', headers: { ...html, accept: '*/*' } },
      auditor,
    );
    t.match(csv.text, /^\uFEFF使用单位,请求,其中拒绝,拒绝占比,此前 24 小时,变化\r\n/);
    t.match(here.entries.at(-1)?.body, { action: 'overview', detail: { span: 'day', export: true } });
    t.equal((await pageOf('/console/overview?span=year', auditor)).status, 400);
    for (const path of ['overview', 'reviews', 'alerts', 'privileges'].map((page) => `/console/${page}.csv`))
      t.equal(
        (await here.visit({ path, headers: { ...html, accept: '*/*' } }, { roles: ['inspector'], authority: 'tax' }))
          .status,
        403,
        path,
      );
  },
);

t.test('alerts that wait come first, are found by a word, and go out as they are shown', async (t) => {
  const open = await pageOf('/console/alerts', auditor);
  t.match(open.words, /待处理 2 全部 2/);
  t.same(latinIn(open.words), []);
  const csrf = await here.csrf(auditor);
  const path = `/console/alerts/${'a1'.repeat(16)}`;
  t.equal(
    (await here.visit({ method: 'POST', path, headers: html, body: { csrf, note: '已电话核实' } }, auditor)).status,
    303,
  );
  t.match((await pageOf('/console/alerts', auditor)).words, /待处理 1 全部 2/);
  t.match((await pageOf('/console/alerts?show=all&q=%E5%8F%97%E7%90%86', auditor)).words, /一网通办受理系统[^]*已确认/);
  t.match(
    (await pageOf('/console/alerts?q=nothing', auditor)).words,
    /共 1 项，符合条件 0 项（ ?规则、应用、数据：nothing/,
  );
  t.match((await pageOf('/console/alerts?rule=gone', auditor)).words, /规则：其他[^]*没有符合条件的内容/);
  const csv = await here.visit({ path: '/console/alerts.csv?show=all', headers: { ...html, accept: '*/*' } }, auditor);
  t.equal(csv.text.trimEnd().split('\r\n').length, 3);
  t.match(here.entries.at(-1)?.body, { action: 'alerts', detail: { show: 'all', export: true }, results: 2 });
  t.equal((await pageOf('/console/alerts?show=none', auditor)).status, 400);
});

t.test('alerts that are picked are acknowledged by one note, each on record by itself', async (t) => {
  const store = openAlerts(auditLayout(here.dataDir).alerts);
  store.commit([alert('c'), alert('d'), alert('e')], { next: 9, time: 0, states: {} });
  await store.close();
  const { words, main } = await pageOf('/console/alerts', auditor);
  t.match(words, /待处理 4/);
  t.match(words, /对所选告警的处理说明/);
  const [, back = ''] = /name="back" value="([^"]*)"/.exec(main) ?? [];
  const ids = [...main.matchAll(/name="alert" value="([^"]*)"/g)].map(([, id = '']) => id).slice(0, 3);
  t.equal(ids.length, 3);
  const send = async (note: string, picked: readonly string[]) =>
    here.visit(
      {
        method: 'POST',
        path: '/console/alerts/acknowledge',
        headers: html,
        body: new URLSearchParams([
          ['csrf', await here.csrf(auditor)],
          ['note', note],
          ['back', back],
          ...picked.map((id): [string, string] => ['alert', id]),
        ]).toString(),
      },
      auditor,
    );
  t.equal((await send('已逐一核实', [])).status, 400, 'nothing is picked');
  t.equal((await send('好', ids)).status, 400, 'no note');
  t.match((await pageOf('/console/alerts', auditor)).words, /待处理 4/);
  t.match(await send('已逐一核实', ids), { status: 303, headers: { location: '/console/alerts?show=open' } });
  t.same(
    here.entries
      .filter(({ body }) => body['action'] === 'alert_acknowledged')
      .slice(-3)
      .map(({ body }) => (body['detail'] as { readonly alert: string }).alert)
      .sort(),
    [...ids].sort(),
  );
  t.match((await pageOf('/console/alerts', auditor)).words, /待处理 1/);
  t.match((await pageOf(`/console/alerts/${ids[0] ?? ''}`, auditor)).words, /已逐一核实/);
  t.equal((await send('已逐一核实', ['f1'.repeat(16)])).status, 404);
});

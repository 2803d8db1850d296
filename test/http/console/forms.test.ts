/**
 * No form of the console is lost, and none ends on a bare page: not with what cannot be taken, not when the session was
 * over, not in the other language.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComponentChild, h } from 'preact';
import t, { type Test } from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import type { Person, Role } from '../../../gateway/ground/identity/person.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import { openKeptForms } from '../../../gateway/http/people/kept.js';
import { KEPT_FOR, keptFile, keptIn } from '../../../gateway/http/people/kept-map.js';
import { openSessions, type Session, sessionFile } from '../../../gateway/http/people/sessions.js';
import { SESSION_COOKIE } from '../../../gateway/http/plugins/people.js';
import { Form, formId } from '../../../gateway/http/ui/form.js';
import { page } from '../../../gateway/http/ui/page.js';
import { type Faces, faces, routesOf } from '../api/faces.js';

t.setTimeout(180_000);

const COMPANY = 'uscc:91990105MA0000193X';
const HOST = 'people.test';
const WRITTEN = '本企业从未申请开办餐饮店，请核查';

/** A browser at the people's port: its cookies, and who is signed in. */
class Visitor {
  readonly jar = new Map<string, string>();
  session: Session | undefined;
  constructor(private readonly here: Faces) {}

  async signIn(roles: readonly Role[], more: Partial<Person> = {}): Promise<Session> {
    const { token, session } = await this.here.people.people.sessions.create({
      id: `https://id.test|${roles.join('-')}`,
      name: '某人',
      roles,
      subjects: [],
      ...more,
    });
    this.jar.set(SESSION_COOKIE, token);
    this.session = session;
    return session;
  }

  async ask(
    method: 'GET' | 'POST',
    url: string,
    fields?: Readonly<Record<string, string | readonly string[]>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly location: string; readonly text: string }> {
    const body = new URLSearchParams(
      Object.entries(fields ?? {}).flatMap(([name, value]) =>
        [value].flat().map((one): [string, string] => [name, one as string]),
      ),
    );
    const answer = await this.here.people.inject({
      method,
      url,
      headers: {
        host: HOST,
        accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
        cookie: [...this.jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(fields === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
      ...(fields === undefined ? {} : { payload: body.toString() }),
    });
    for (const { name, value, maxAge, expires } of answer.cookies) {
      if (maxAge === 0 || (expires !== undefined && expires.getTime() < Date.now())) this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return { status: answer.statusCode, location: String(answer.headers.location ?? ''), text: answer.body };
  }

  /** As a form of a page sends it. */
  post(
    page: string,
    action: string,
    form: string,
    fields: Readonly<Record<string, string | readonly string[]>>,
  ): ReturnType<Visitor['ask']> {
    const { session } = this;
    if (session === undefined) throw new Error('nobody is signed in');
    return this.ask('POST', action, {
      csrf: session.csrf,
      place: this.here.people.people.kept.sealPlace(session, page),
      form: formId(form),
      ...fields,
    });
  }
}

interface Bad {
  readonly as: readonly Role[];
  readonly more?: Partial<Person>;
  /** Where the form stands. */
  readonly page: string;
  readonly action?: string;
  readonly form?: string;
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  /** What the page says of it, and where it has them the words that were written. */
  readonly says: RegExp;
}

const officer = { authority: 'samr' };
const speaker = { subjects: [COMPANY] };
const FEED = 'samr.business-licence';
const GRANT = 'counter-company-register';
const ALERT = 'a1'.repeat(16);
const feed = (what: string): Bad => ({
  as: ['data-officer'],
  more: officer,
  page: `/console/feeds/${FEED}`,
  action: `/console/feeds/${FEED}/${what}`,
  fields: { id: 'x' },
  says: /请求格式不正确|未找到/,
});
const grant = (what: string): Bad => ({
  as: ['sharing-authority'],
  page: `/console/grants/${GRANT}`,
  action: `/console/grants/${GRANT}/${what}`,
  fields: { reason: '核' },
  says: /请用 4 至 500 字说明理由[^]*value="核"|请用 4 至 500 字/,
});

/** Of all that one system may have: nothing was picked. */
const grantsOf = (what: string): Bad => ({
  as: ['sharing-authority'],
  page: '/console/grants/clients/one-stop-counter',
  action: `/console/grants/clients/one-stop-counter/${what}`,
  fields: { reason: WRITTEN },
  says: /请至少勾选一项授权/,
});

/** Of a case that nobody has. */
const CASE = 'c1'.repeat(8);
const matter = (what: string): Bad => ({
  as: ['subject'],
  more: speaker,
  page: '/console/matters',
  action: `/console/matters${what}`,
  fields: { act: 'submit', bundle: 'x' },
  says: /未找到/,
});

const application = (what: string, fields: Bad['fields'], says: RegExp): Bad => ({
  as: ['sharing-officer'],
  more: { authority: 'transport' },
  page: '/console/applications',
  action: `/console/applications${what}`,
  fields,
  says,
});

const talk = (what: string): Bad => ({ ...matter(''), action: `/guide/cases${what}` });

/** Something wrong for each form that is sent, by its route. */
const BAD: Readonly<Record<string, Bad>> = {
  '/console/history': {
    as: ['subject'],
    more: speaker,
    page: '/console/tickets',
    fields: { entry: '3', text: '不' },
    says: /请用 4 至 2000 字说明投诉理由/,
  },
  '/console/tickets': {
    as: ['subject'],
    more: speaker,
    page: '/console/tickets/records',
    fields: { lifecycle: 'objection', act: 'file', record: 'x', 'field.grounds': WRITTEN },
    says: new RegExp(`未找到[^]*原表单已不在本页[^]*${WRITTEN}`),
  },
  '/console/tickets/find': {
    as: ['data-officer'],
    more: officer,
    page: '/console/tickets/records',
    fields: { dataset: 'samr.penalties', subject: '91990105X' },
    says: /主体代码不正确[^]*aria-invalid[^>]*value="91990105X"|value="91990105X"[^>]*aria-invalid/,
  },
  '/console/tickets/:id': {
    as: ['subject'],
    more: speaker,
    page: '/console/tickets',
    action: '/console/tickets/3f0a91c23f0a91c2',
    fields: { act: 'withdraw', 'field.reason': WRITTEN },
    says: new RegExp(`未找到[^]*${WRITTEN}`),
  },
  '/console/feeds/:dataset/content': feed('content'),
  '/console/feeds/:dataset/retry': feed('retry'),
  '/console/feeds/:dataset/release': feed('release'),
  '/console/feeds/:dataset/keep': feed('keep'),
  '/console/feeds/:dataset/mends': { ...feed('mends'), fields: { code: 'no_such' } },
  '/console/feeds/:dataset/mends/:id/approve': feed('mends/0000000000000000/approve'),
  '/console/feeds/:dataset/mends/:id/write': feed('mends/0000000000000000/write'),
  '/console/feeds/:dataset/mends/:id/withdraw': feed('mends/0000000000000000/withdraw'),
  '/console/feeds/:dataset/mends/:id/undo': feed('mends/0000000000000000/undo'),
  '/console/feeds/:dataset/rows/file': { ...feed('rows/file'), fields: { code: 'no_such' } },
  '/console/feeds/new': {
    as: ['data-officer'],
    more: officer,
    page: '/console/feeds/new',
    fields: { dataset: 'Not An Id' },
    says: /请选择样表[^]*value="Not An Id"/,
  },
  '/console/grants/suspend': {
    as: ['sharing-authority'],
    page: '/console/grants',
    fields: { grant: GRANT, reason: '核' },
    says: /请用 4 至 500 字说明理由[^]*value="核"|请用 4 至 500 字/,
  },
  '/console/grants/:id/suspend': grant('suspend'),
  '/console/grants/:id/resume': grant('resume'),
  '/console/grants/clients/:client/suspend': grantsOf('suspend'),
  '/console/grants/clients/:client/resume': grantsOf('resume'),
  '/console/authorisations': {
    as: ['subject'],
    more: speaker,
    page: '/console/authorisations',
    form: 'authorise',
    fields: { to: '9199010', until: '2026-12-24', domains: ['tax'], purposes: ['bond'] },
    says: /统一社会信用代码[^]*value="9199010"/,
  },
  '/console/authorisations/:id/withdraw': {
    as: ['subject'],
    more: speaker,
    page: '/console/authorisations',
    action: '/console/authorisations/x/withdraw',
    fields: {},
    says: /未找到/,
  },
  '/console/compliance': {
    as: ['subject'],
    more: speaker,
    page: '/console/compliance',
    fields: { of: 'x' },
    says: /未找到/,
  },
  '/console/compliance/confirm': {
    as: ['subject'],
    more: speaker,
    page: '/console/compliance',
    fields: { shown: 'x' },
    says: /没有这个合规码/,
  },
  '/console/compliance/refuse': {
    as: ['subject'],
    more: speaker,
    page: '/console/compliance',
    fields: {},
    says: /没有这个合规码/,
  },
  '/console/reports/new': {
    as: ['subject'],
    more: speaker,
    page: '/console/reports/new',
    form: 'report',
    fields: { subjects: [COMPANY], domains: ['taxation'], range: '24', purpose: '', bearer: '某证券公司' },
    says: /请选择用途[^]*value="某证券公司"/,
  },
  '/console/reports': {
    as: ['subject'],
    more: speaker,
    page: '/console/reports/new',
    form: 'report',
    fields: { subjects: [COMPANY], domains: [], range: '24', purpose: 'bond', bearer: '某证券公司' },
    says: /请至少勾选一个领域[^]*value="某证券公司"/,
  },
  '/console/reports/invitations': {
    as: ['subject'],
    more: speaker,
    page: '/console/reports/new',
    form: 'report',
    fields: { subjects: [COMPANY], domains: [], range: '24', purpose: 'bond', bearer: '某证券公司' },
    says: /请至少勾选一个领域[^]*value="某证券公司"|未找到|请求格式不正确/,
  },
  '/console/authorisations/:id/answer': {
    as: ['subject'],
    more: speaker,
    page: '/console/authorisations',
    action: '/console/authorisations/x/answer',
    fields: { answer: 'agree', until: 'never' },
    says: /未找到|请求格式不正确/,
  },
  '/console/compliance/release': {
    as: ['subject'],
    more: speaker,
    page: '/console/reports',
    fields: { report: 'x', scope: 'chosen' },
    says: /未找到|请求格式不正确/,
  },
  '/console/compliance/release/withdraw': {
    as: ['subject'],
    more: speaker,
    page: '/console/reports',
    fields: {},
    says: /没有这个合规码|未找到/,
  },
  '/compliance/report': { as: [], page: '/compliance', fields: { code: 'x' }, says: /没有这个合规码|既不表示有记录/ },
  '/console/reports/:id/document': {
    as: ['subject'],
    more: speaker,
    page: '/console/reports',
    action: '/console/reports/x/document',
    fields: { as: 'doc' },
    says: /请求格式不正确/,
  },
  '/console/search': {
    as: ['auditor'],
    page: '/console/search',
    fields: { subject: '91990105X' },
    says: /主体代码不正确[^]*91990105X/,
  },
  '/console/search/saved': {
    as: ['auditor'],
    page: '/console/search',
    form: 'save-search',
    fields: { name: '', client: 'one-stop-counter' },
    says: /请填写名称，至多 40 字/,
  },
  '/console/search/saved/:id': {
    as: ['auditor'],
    page: '/console/search',
    action: `/console/search/saved/${ALERT.slice(0, 16)}`,
    fields: { act: 'remove' },
    says: /未找到/,
  },
  '/console/notices/settings': {
    as: ['auditor'],
    page: '/console/notices/settings',
    fields: { page: 'nothing-such' },
    says: /请求格式不正确/,
  },
  '/console/notices/mail': {
    as: ['auditor'],
    page: '/console/notices/settings',
    fields: { address: 'wang@' },
    says: /请填写有效的邮箱地址/,
  },
  '/console/notices/confirm': {
    as: ['auditor'],
    page: '/console/notices/settings',
    fields: { code: '12345678' },
    says: /确认码不正确或已过期/,
  },
  '/console/export': { as: ['auditor'], page: '/console/search', fields: { format: 'doc' }, says: /请求格式不正确/ },
  '/console/entries/:index': {
    as: ['auditor'],
    page: '/console/search',
    action: '/console/entries/0',
    fields: { reason: '查' },
    says: /请用 4 至 500 字说明查看事由/,
  },
  '/console/alerts/:id': {
    as: ['auditor'],
    page: '/console/alerts',
    action: `/console/alerts/${ALERT}`,
    fields: { note: '好' },
    says: /未找到|请用 4 至 500 字/,
  },
  '/console/alerts/acknowledge': {
    as: ['auditor'],
    page: '/console/alerts',
    fields: { note: '好' },
    says: /请先勾选告警/,
  },
  '/console/reviews': {
    as: ['auditor'],
    page: '/console/reviews',
    fields: { period: '9', wanted: '10' },
    says: /请选择时间范围/,
  },
  '/console/reviews/:id': {
    as: ['auditor'],
    page: '/console/reviews',
    action: '/console/reviews/0123456789abcdef',
    fields: { verdict: 'fine', entry: '1' },
    says: /未找到/,
  },
  '/console/reviews/:id/export': {
    as: ['auditor'],
    page: '/console/reviews',
    action: '/console/reviews/0123456789abcdef/export',
    fields: { format: 'pdf' },
    says: /未找到/,
  },
  '/verify': { as: [], page: '/verify', fields: { code: 'AAAA-BBBB' }, says: /核验码为 28 位[^]*value="AAAA-BBBB"/ },
  '/compliance': {
    as: [],
    page: '/compliance',
    fields: { code: 'x', report: 'credit', months: '24' },
    says: /至少选择一个领域|没有这个合规码/,
  },
  '/compliance/answer': { as: [], page: '/compliance', fields: {}, says: /没有这个合规码/ },
  '/guide': { as: [], page: '/guide', fields: { sentence: '想开面馆'.repeat(500) }, says: /这段话太长/ },
  '/console/casework/:id': {
    as: ['case-officer'],
    more: officer,
    page: '/console/casework',
    action: `/console/casework/${CASE}`,
    fields: { act: 'grant' },
    says: /未找到/,
  },
  '/console/applications': application(
    '',
    { client: '', purpose: '', dataset: ['tax.tax-arrears'] },
    /请先选择使用系统和用途/,
  ),
  '/console/applications/together': application('/together', {}, /请先选择要一并办理的申请/),
  '/console/applications/:id/files': application(`/${CASE}/files`, { to: 'application', kind: 'basis' }, /未找到/),
  '/console/applications/:id/files/:file/remove': application(`/${CASE}/files/${CASE}/remove`, {}, /未找到/),
  '/console/sharing/deputies': {
    as: ['sharing-head'],
    more: { authority: 'transport' },
    page: '/console/sharing/deputies',
    fields: {
      role: 'sharing-head',
      name: '孙副科长',
      account: 'sun',
      from: '2020-01-01',
      until: '2020-01-02',
      reason: WRITTEN,
    },
    says: new RegExp(`第一天不能早于今天[^]*${WRITTEN}`),
  },
  '/console/sharing/deputies/:id/end': {
    as: ['sharing-head'],
    more: { authority: 'transport' },
    page: '/console/sharing/deputies',
    action: `/console/sharing/deputies/${CASE}/end`,
    fields: {},
    says: /未找到/,
  },
  '/console/sharing/records/:grant': {
    as: ['sharing-officer'],
    more: { authority: 'transport' },
    page: '/console/sharing/records/transport-licensing-company-register',
    action: '/console/sharing/records/transport-licensing-company-register',
    fields: { scenario: WRITTEN, effect: '', storage: '不落库', destruction: '尚未销毁', status: 'in-use' },
    says: new RegExp(`请填写应用成效[^]*${WRITTEN}`),
  },
  '/console/sharing/papers': {
    as: ['sharing-authority'],
    more: { authority: 'data-bureau' },
    page: '/console/sharing/papers/new?kind=supervision-report&from=2026-04-01&to=2026-06-30',
    action: '/console/sharing/papers',
    fields: { kind: 'supervision-report', from: '2026-04-01', to: '2026-06-30', findings: WRITTEN, measures: '无' },
    says: new RegExp(`${WRITTEN}[^]*请用 4 字以上填写`),
  },
  '/console/sharing/papers/:id': {
    as: ['sharing-authority'],
    more: { authority: 'data-bureau' },
    page: '/console/sharing/statistics',
    action: `/console/sharing/papers/${CASE}`,
    fields: { findings: WRITTEN, measures: WRITTEN },
    says: /未找到/,
  },
  '/console/applications/:id/comment': application(`/${CASE}/comment`, { text: WRITTEN }, /未找到/),
  '/console/applications/standing/:id': {
    ...application('/standing/tax.dishonesty-list', { reason: '好' }, /请用 4 至 500 字说明理由/),
    as: ['sharing-head'],
    more: { authority: 'tax' },
  },
  '/console/applications/open/:machine': application('/open/none', { 'field.reason': WRITTEN }, /未找到/),
  '/console/applications/:id': application(`/${CASE}`, { act: 'approve' }, /未找到/),
  '/console/applications/:id/draft': application(
    `/${CASE}/draft`,
    { item: WRITTEN },
    new RegExp(`未找到[^]*${WRITTEN}`),
  ),
  '/console/matters': matter(''),
  '/guide/cases': talk(''),
  '/guide/cases/:id': talk(`/${CASE}`),
  '/guide/cases/:id/answer': talk(`/${CASE}/answer`),
  '/guide/cases/:id/help': talk(`/${CASE}/help`),
  '/guide/cases/:id/materials/:material': talk(`/${CASE}/materials/plan`),
  '/console/calls/:id': {
    as: ['case-officer'],
    more: officer,
    page: '/console/calls',
    action: `/console/calls/${CASE}`,
    fields: { seen: '1', says: '' },
    says: /请填写答复/,
  },
  '/console/developer': {
    as: ['developer'],
    more: { authority: 'data-bureau' },
    page: '/console/developer',
    fields: {
      client: 'one-stop-counter',
      purpose: 'open-restaurant',
      subject: COMPANY,
      dataset: 'samr.company-register',
    },
    says: /沙箱中只有虚构主体/,
  },
  // these faces are production, whose CA is elsewhere
  '/console/developer/keys': {
    as: ['developer'],
    more: { authority: 'data-bureau' },
    page: '/console/developer/keys',
    fields: { client: 'one-stop-counter', request: 'x' },
    says: /由其他证书机构签发，不在本页办理/,
  },
  '/console/developer/keys/:serial/revoke': {
    as: ['developer'],
    more: { authority: 'data-bureau' },
    page: '/console/developer/keys',
    action: '/console/developer/keys/4A/revoke',
    fields: {},
    says: /由其他证书机构签发，不在本页办理/,
  },
  '/console/matters/:id': matter(`/${CASE}`),
  '/console/matters/:id/questions': matter(`/${CASE}/questions`),
  '/console/matters/:id/form': matter(`/${CASE}/form`),
  '/console/matters/:id/materials/:material': matter(`/${CASE}/materials/plan`),
};
/** Nobody fills them in, or whatever is filled in goes along; names are looked up by a script. */
const WITHOUT = [
  '/sign-out',
  '/console/keep',
  '/console/feeds/:dataset/read',
  '/console/names',
  '/console/notices/read',
  '/guide/begin',
];

t.test(
  'each form that is sent with something wrong comes back: its page, the menu, what was written, and what is wrong',
  async (t) => {
    const here = await faces(t, { listening: 'https://people.test' });
    const routes = routesOf(here.people)
      .filter(({ method }) => method === 'POST')
      .map(({ url }) => url);
    t.same(routes.filter((url) => BAD[url] === undefined && !WITHOUT.includes(url)).sort(), [], 'every form is tried');
    for (const [route, { as, more = {}, page, action = route, form = action, fields, says }] of Object.entries(BAD)) {
      const visitor = new Visitor(here);
      if (as.length > 0) await visitor.signIn(as, more);
      const sent =
        as.length > 0 ? await visitor.post(page, action, form, fields) : await visitor.ask('POST', action, fields);
      const shown = sent.status === 303 ? await visitor.ask('GET', sent.location) : sent;
      const { pathname } = new URL(sent.status === 303 ? sent.location : page, 'https://x');
      t.equal(pathname, page.split('?')[0], `${route}: the page of the form`);
      t.ok(sent.status === 303 || (sent.status >= 400 && sent.status < 500), `${route}: ${String(sent.status)}`);
      t.ok(shown.status < 500, `${route}: ${String(shown.status)}`);
      t.match(shown.text, says, `${route} says what is wrong`);
      t.match(shown.text, /role="alert"/, route);
      if (as.length > 0) t.match(shown.text, /<nav class="nav"/, `${route}: the menu is there`);
      t.notMatch(sent.location, /91990105|%E|某/, 'no address says what was written');
    }
  },
);

t.test('every form of a page of the console can come back', (t) => {
  const folder = join(packageRoot(), 'gateway', 'http', 'console');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  // pages for whoever has not signed in show what was sent themselves
  const own = new Set([
    'compliance/ask.tsx',
    'guide/guide.tsx',
    'guide/matter.tsx',
    'releasing/release.tsx',
    'verification/verify.tsx',
  ]);
  t.ok(
    files.some((name) => own.has(name)),
    'the pages are there',
  );
  t.same(
    files.filter((name) => !own.has(name) && /<form[^>]*method="post"/.test(readFileSync(join(folder, name), 'utf8'))),
    [],
    'forms are `Form`s',
  );
  t.end();
});

t.test(
  'what was written after the session was over is there again after the sign-in, for its person alone',
  async (t) => {
    const here = await faces(t);
    const visitor = new Visitor(here);
    const page = `/console/grants/${GRANT}`;
    await visitor.signIn(['sharing-authority']);
    const before = await visitor.ask('GET', `${page}?lang=zh`);
    t.match(before.text, /name="place" value="[\w-]+"/);
    await here.people.people.sessions.end(visitor.jar.get(SESSION_COOKIE) ?? '');
    const sent = await visitor.post(page, `${page}/suspend`, `${page}/suspend`, { reason: WRITTEN });
    t.match(sent, { status: 303, location: /^\/sign-in\?to=%2Fconsole%2Fkept%2F[\w-]{16}$/ });
    const way = decodeURIComponent(sent.location.slice('/sign-in?to='.length));
    t.same(
      here.entries.filter(({ body }) => body['action'] === 'grant_suspended'),
      [],
      'nothing was done',
    );

    // somebody else at the same browser
    await visitor.signIn(['sharing-authority'], { id: 'https://id.test|other' });
    t.match(await visitor.ask('GET', way), { status: 303, location: '/console' });
    t.notMatch((await visitor.ask('GET', `${page}?kept=${way.slice(-16)}`)).text, WRITTEN, 'nor by its number');
    // the same person at another browser
    const elsewhere = new Visitor(here);
    await elsewhere.signIn(['sharing-authority']);
    t.match(await elsewhere.ask('GET', way), { status: 303, location: '/console' });

    await visitor.signIn(['sharing-authority']);
    const back = await visitor.ask('GET', way);
    t.match(back, { status: 303, location: `${page}?kept=${way.slice(-16)}` });
    const { text } = await visitor.ask('GET', back.location);
    t.match(text, /登录已过期[^]*请核对后重新提交/);
    t.match(text, new RegExp(`name="reason"[^>]*value="${WRITTEN}"|value="${WRITTEN}"[^>]*name="reason"`));
    const again = await visitor.post(page, `${page}/suspend`, `${page}/suspend`, { reason: WRITTEN });
    t.match(again, { status: 303, location: page });
    t.equal(here.entries.filter(({ body }) => body['action'] === 'grant_suspended').length, 1);
  },
);

t.test('a page that another session of the same person had is filled in again; somebody else’s is not', async (t) => {
  const here = await faces(t);
  const visitor = new Visitor(here);
  const page = `/console/grants/${GRANT}`;
  const first = await visitor.signIn(['sharing-authority']);
  await visitor.signIn(['sharing-authority']);
  visitor.session = first;
  const sent = await visitor.post(page, `${page}/suspend`, `${page}/suspend`, { reason: WRITTEN });
  t.match(sent, { status: 303, location: /\?kept=/ });
  t.match((await visitor.ask('GET', sent.location)).text, WRITTEN);
  await visitor.signIn(['sharing-authority'], { id: 'https://id.test|other' });
  visitor.session = first;
  t.match(await visitor.post(page, `${page}/suspend`, `${page}/suspend`, { reason: WRITTEN }), {
    status: 403,
    text: /表单已过期/,
  });
  const csrf = {
    place: here.people.people.kept.sealPlace(first, page),
    form: formId(`${page}/suspend`),
    reason: WRITTEN,
  };
  t.equal(
    (await visitor.ask('POST', `${page}/suspend`, csrf, { origin: 'https://evil.test' })).status,
    403,
    'nothing is kept for a foreign page',
  );
  await here.people.people.sessions.end(visitor.jar.get(SESSION_COOKIE) ?? '');
  t.equal((await visitor.ask('POST', `${page}/suspend`, csrf, { 'sec-fetch-site': 'cross-site' })).status, 401);
  t.equal(
    (await visitor.ask('POST', `${page}/suspend`, { reason: WRITTEN })).status,
    401,
    'a form that says not where it stands',
  );
  t.same(
    here.entries.filter(({ body }) => body['action'] === 'grant_suspended'),
    [],
  );
});

t.test(
  'a form that is half filled in goes along into the other language, and so does what the address asks',
  async (t) => {
    const here = await faces(t);
    const visitor = new Visitor(here);
    await visitor.signIn(['subject'], { subjects: [COMPANY, 'uscc:91990102MA00001692'] });
    const { text: list } = await visitor.ask('GET', '/console/reports?lang=zh');
    const [, of = ''] = /href="\/console\/reports\?of=([\w-]+)"/.exec(list) ?? [];
    const page = `/console/reports/new?of=${of}`;
    const { text } = await visitor.ask('GET', page);
    t.match(
      text,
      new RegExp(`<button class="lang" form="${formId('report')}" formAction="/console/keep\\?lang=en"`, 'i'),
    );
    const sent = await visitor.post(page, '/console/keep?lang=en', 'report', {
      of,
      report: 'credit',
      subjects: [COMPANY],
      domains: ['taxation', 'fire'],
      range: '24',
      purpose: '',
      bearer: '某证券公司',
    });
    t.match(sent, { status: 303, location: /^\/console\/reports\/new\?of=[\w-]+&kept=[\w-]{16}$/ });
    const { text: english } = await visitor.ask('GET', sent.location);
    t.match(english, /<html lang="en">[^]*What you had filled in was kept[^]*value="某证券公司"/);
    t.same(
      [...english.matchAll(/<input type="checkbox" name="domains" value="([\w-]+)"[^>]* checked/g)].map(
        ([, domain]) => domain,
      ).length <= 2,
      true,
      'no box is ticked that was not',
    );
    t.match((await visitor.ask('GET', `/console/grants?q=x`)).status, 403);
    const authority = new Visitor(here);
    await authority.signIn(['sharing-authority']);
    t.match(
      (await authority.ask('GET', '/console/datasets?q=tax&lang=zh')).text,
      /class="lang" href="\?q=tax&amp;lang=en"/,
    );
  },
);

t.test('what is kept is sealed, ends after half an hour, and does not pile up', async (t: Test) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const clock = { now: 1_700_000_000_000 };
  const now = (): number => clock.now;
  const sessions = openSessions({ map: sessionFile(dataDir), now, idleMs: 60_000, maxMs: 600_000 });
  const kept = openKeptForms(keptFile(dataDir, now), now);
  t.teardown(async () => {
    await kept.close();
    await sessions.close();
  });
  const { session } = await sessions.create({ id: 'i|s', name: '何经理', roles: ['subject'], subjects: [COMPANY] });
  const place = kept.openPlace(kept.sealPlace(session, '/console/history?page=2'));
  if (place === undefined) throw new Error('the place does not open');
  t.same(place, { person: 'i|s', path: '/console/history', query: [{ name: 'page', value: '2', hidden: false }] });
  t.equal(kept.openPlace(`${kept.sealPlace(session, '/console')}x`.slice(1)), undefined);
  const form = { form: formId('x'), fields: { text: WRITTEN } };
  const { token, id } = await kept.keep(undefined, place, form);
  t.same(await kept.find(token, id, session.person), { place, kept: form });
  for (const [other, number, person] of [
    [undefined, id, session.person],
    [token, id, { id: 'i|other' }],
    [token, id.split('').reverse().join(''), session.person],
    ['x', id, session.person],
  ] as const)
    t.equal(await kept.find(other, number, person), undefined);
  for (const file of readdirSync(join(dataDir, 'people')))
    t.notOk(readFileSync(join(dataDir, 'people', file)).includes(WRITTEN), file);
  clock.now += KEPT_FOR + 1;
  t.equal(await kept.find(token, id, session.person), undefined, 'it is over');
  const last = await kept.keep(token, place, form);
  for (let i = 0; i < 520; i++) {
    clock.now += 1;
    await kept.keep(token, place, form);
  }
  t.equal(await kept.find(token, last.id, session.person), undefined, 'the oldest went');
  clock.now += 24 * 3_600_000;
  t.equal(kept.openPlace(kept.sealPlace(session, '/console')) === undefined, false);
});

t.test('where replicas share a state, what was kept at one is there at the other', async (t: Test) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'yitong-test-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const clock = { now: Date.now() };
  const now = (): number => clock.now;
  const states = [1, 2].map(() => openEmbeddedState({ dir: join(dataDir, 'state'), now }));
  const [east, west] = states.map((state) => openKeptForms(keptIn(state), now));
  if (east === undefined || west === undefined) throw new Error('two');
  t.teardown(async () => {
    for (const state of states) await state.close();
  });
  const sessions = openSessions({ map: sessionFile(dataDir), now, idleMs: 60_000, maxMs: 600_000 });
  t.teardown(() => sessions.close());
  const { session } = await sessions.create({ id: 'i|s', name: '何经理', roles: ['subject'], subjects: [COMPANY] });
  await Promise.all([east.ready(), west.ready()]);
  const place = west.openPlace(east.sealPlace(session, '/console/history'));
  if (place === undefined) throw new Error('the place does not open');
  const form = { form: formId('x'), fields: { text: WRITTEN } };
  const first = await east.keep(undefined, place, form);
  t.same(await west.find(first.token, first.id, session.person), { place, kept: form });
  t.equal(await west.find(first.token, first.id, { id: 'i|other' }), undefined);
  for (let i = 0; i < 45; i++) {
    clock.now += 1;
    await west.keep(first.token, place, form);
  }
  t.equal(await east.find(first.token, first.id, session.person), undefined, 'the oldest of a person went');
  const last = await west.keep(first.token, place, form);
  const left = await states[0]?.documents('kept-form');
  t.equal(left?.documents.length, 40);
  t.notOk(JSON.stringify(left).includes(WRITTEN));
  clock.now += KEPT_FOR + 1;
  t.equal(await east.find(first.token, last.id, session.person), undefined, 'it is over');
});

t.test(
  'the Enter key does what the form’s own first button does, though the switch of the language stands before it',
  (t) => {
    const frame = {
      language: 'zh',
      workspace: { name: { zh: '城', en: 'city' }, synthetic: true },
      title: 't',
      place: 'p',
      session: { name: 'n', roles: 'r', csrf: 'c', nav: [] },
    } as const;
    const buttons = (html: string): readonly string[] =>
      [...html.matchAll(/<button\b([^>]*)>/g)].flatMap(([, of = '']) =>
        /form="|name="act"|plain/.test(of) ? [of] : [],
      );
    const form = (...children: readonly ComponentChild[]): string =>
      page({ ...frame, children: h(Form, { action: '/console/x' }, ...children) });
    const [enter = '', lang = '', own = ''] = buttons(
      form(
        h('input', { name: 'a' }),
        h('button', { type: 'button', class: 'plain' }),
        h('button', { name: 'act', value: '不"予', formNoValidate: true }, 'b'),
      ),
    ).filter((one) => !one.includes('type="button"'));
    t.match(lang, /class="lang"[^]*formaction="\/console\/keep/);
    for (const one of [enter, own]) t.match(one, /name="act" value="不&quot;予" formnovalidate/);
    t.match(enter, new RegExp(`^ hidden form="${formId('/console/x')}"`), 'and is not seen');
    const [plain = ''] = buttons(form(h('button', {}, 'b')));
    t.match(plain, /^ hidden form="f-[0-9a-f]{12}" type="submit"$/, 'one that says nothing more');
    t.end();
  },
);

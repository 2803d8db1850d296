/**
 * A case of two regions (不动产跨省转移登记): applied for here, its four items done by the authorities over there; while
 * they are away it waits, nothing is done twice, and both logs prove the same transactions.
 */
import { join } from 'node:path';
import t from 'tap';
import type { Case } from '../../gateway/http/api/cases/client.js';
import { examplePlan } from '../../gateway/procedures/materials/example.js';
import { named, written } from '../procedures/cases/office.js';
import { until } from './ask.js';
import { Browser } from './browser.js';
import { entries, run } from './command.js';
import { SELLER, TITLE, twoRegions } from './region-cases.js';
import { type Json, put, read } from './regions.js';

t.setTimeout(300_000);
const two = await twoRegions(t);
const { near, workspace } = two;
let { far } = two;
const counter = await near.as('one-stop-counter');
const as = { as: SELLER };
const QUESTION = {
  purpose: 'transfer-real-estate',
  subject: SELLER,
  datasets: [{ id: 'natural-resources.titles' }],
};
const bundle = named('transfer-real-estate');
let id = '';
const item = async (name: string): Promise<Case['items'][number]> =>
  (await counter.oneCase(id, as)).items.find((one) => one.item === name) as Case['items'][number];
const isStatus = (name: string, status: string): Promise<Case['items'][number]> =>
  until(
    `${name} to be ${status}`,
    () => item(name),
    (found) => found.status === status,
  );

t.test('the form is filled by the registers of both regions', async (t) => {
  await t.rejects(counter.openCase({ bundle: 'open-restaurant', region: 'wanghai' }, as), { code: 'act_refused' });
  ({ id } = await counter.openCase({ bundle: bundle.id, region: 'wanghai' }, as));
  await counter.actOnCase(id, { act: 'step', step: 'fill', port: 'identity' }, as);
  await counter.actOnCase(id, { act: 'step', step: 'fill', port: 'video' }, as);
  const values = { ...written(bundle), 'title.number': TITLE };
  await counter.actOnCase(id, { act: 'save', answers: { 'only-home': true }, values }, as);
  await counter.putCaseMaterial(id, 'contract-text', examplePlan(), as);
  const form = await counter.caseForm(id, as);
  const value = (name: string): unknown => form.fields.find(({ element }) => element === name)?.value;
  t.equal(value('title.address'), '望海市海东区滨海大道168号1204室', 'of the title register there');
  t.equal(value('company.name'), '云州兴源酒楼有限公司', 'of the company register here');
  t.strictSame(form.missing, []);
  t.strictSame(form.obstacles, []);
});

const officer = async (person: string, name: string, act: string, more: Readonly<Record<string, string>> = {}) => {
  const browser = new Browser();
  await browser.signIn(far, person);
  const inbox = await until(
    `${name} to come over there`,
    () => browser.get(far, '/console/casework'),
    ({ text }) => /\/console\/casework\/[0-9a-f]{16}/.test(text),
  );
  const path = /\/console\/casework\/[0-9a-f]{16}/.exec(inbox.text)?.[0] ?? '';
  const { text } = await browser.get(far, path);
  const seen = /name="seen" value="(\d+)"/.exec(text)?.[1] ?? '';
  const done = await browser.post(far, path, path, { act, item: name, seen, ...more });
  return { ...done, page: text };
};

const grants = async (person: string, name: string): Promise<void> => {
  const { status, page } = await officer(person, name, 'grant');
  t.equal(status, 303, page.length > 0 ? `${name} is decided` : 'a page');
  await isStatus(name, 'granted');
};

t.test('its items go there, and what is decided there comes back', async (t) => {
  await counter.actOnCase(id, { act: 'step', step: 'fill', port: 'signature' }, as);
  const { items, region } = await counter.actOnCase(id, { act: 'submit' }, as);
  t.equal(region, 'wanghai');
  t.strictSame([...new Set(items.map((one) => one.region))], ['wanghai']);
  await grants('bai-construction', 'contract');
});

t.test('a supplement is asked for there, given here, and looked at there', async (t) => {
  const asked = await officer('luo-tax', 'taxes', 'ask', { says: '请说明付款方式（示例）' });
  t.equal(asked.status, 303);
  t.equal((await isStatus('taxes', 'supplement')).asked?.says, '请说明付款方式（示例）');
  await counter.actOnCase(id, { act: 'give', item: 'taxes', values: {}, says: '银行转账' }, as);
  const { page } = await until(
    'the supplement to be there',
    () => officer('luo-tax', 'taxes', 'look'),
    (found) => found.page.includes('银行转账'),
  );
  t.match(page, '银行转账');
  await grants('luo-tax', 'taxes');
});

t.test('the far side is called back while something is decided: it waits, and comes once it is in again', async (t) => {
  await counter.actOnCase(id, { act: 'step', step: 'pay', port: 'payment' }, as);
  const file = join(workspace, 'policies/regions/wanghai.json');
  const change = async (parts: Json): Promise<void> => put(file, { ...(await read(file)), ...parts });
  await until(
    'the item to be there',
    () => officer('han-land', 'registration', 'look'),
    ({ page }) => page.includes('registration') || page !== '',
  );
  await change({ status: 'suspended' });
  await until(
    'it to be out',
    () =>
      counter
        .queryRegion('wanghai', QUESTION)
        .then(String, (error: unknown) => (error as { reason?: string }).reason ?? String(error)),
    (said) => said !== '[object Object]',
  );
  await officer('han-land', 'registration', 'grant');
  t.equal((await item('registration')).status, 'held', 'nothing comes of who is out');
  await change({ status: 'active' });
  await isStatus('registration', 'granted');
});

t.test('the last of them, and what is left for the applicant', async (t) => {
  await grants('jin-water', 'water');
  t.match(await counter.oneCase(id, as), { phase: 'decided' });
  await counter.actOnCase(id, { act: 'step', step: 'post', port: 'post' }, as);
  t.match(await counter.oneCase(id, as), { phase: 'delivered', over: true });
  const acts = (await counter.caseEvents(id, 0, as)).filter(({ by }) => by !== 'applicant');
  t.strictSame(
    acts.map(({ by, act }) => `${by} ${act}`),
    ['construction grant', 'tax ask', 'tax grant', 'natural-resources grant', 'water grant'],
    'each act once',
  );
});

t.test('the far side is away, and comes back elsewhere: what was applied for meanwhile arrives, once', async (t) => {
  await far.stop();
  const file = join(workspace, 'policies/regions/wanghai.json');
  const [before] = ((await read(file))['offer'] as { readonly api: readonly string[] }).api;
  ({ id } = await counter.openCase({ bundle: bundle.id, region: 'wanghai' }, as));
  await counter.actOnCase(id, { act: 'step', step: 'fill', port: 'identity' }, as);
  const values = { ...written(bundle), 'title.number': TITLE };
  await counter.actOnCase(id, { act: 'save', answers: { 'only-home': true }, values }, as);
  const { missing } = await counter.caseForm(id, as);
  t.ok(
    missing.some(({ what, registers }) => what === 'away' && registers?.includes('natural-resources.titles') === true),
    'a register over there is away, and nothing is asked in its place',
  );
  far = await two.again();
  const [after] = ((await read(file))['offer'] as { readonly api: readonly string[] }).api;
  t.not(before, after, 'it stands elsewhere');
  await until(
    'it to answer',
    () => counter.caseForm(id, as),
    (form) => !form.missing.some(({ what }) => what === 'away'),
  );
  await counter.putCaseMaterial(id, 'contract-text', examplePlan(), as);
  await counter.actOnCase(id, { act: 'step', step: 'fill', port: 'video' }, as);
  await counter.actOnCase(id, { act: 'step', step: 'fill', port: 'signature' }, as);
  await counter.actOnCase(id, { act: 'submit' }, as);
  await grants('bai-construction', 'contract');
  await grants('luo-tax', 'taxes');
  await far.stop();
  await counter.actOnCase(id, { act: 'step', step: 'pay', port: 'payment' }, as);
  await until(
    'it to be told that nobody takes it',
    () => entries<Json>(near.data, '--type', 'region'),
    (found) => found.some(({ step, delivery }) => step === 'unavailable' && delivery === 'case'),
  );
  t.equal((await item('registration')).status, 'held', 'its turn, and it waits');
  far = await two.again();
  await grants('han-land', 'registration');
  await grants('jin-water', 'water');
  const taken = (await entries<Json>(far.data, '--type', 'region')).filter(
    ({ step, errand }) => step === 'taken' && (errand as { case?: string } | undefined)?.case === id,
  );
  // one whose answer was lost on the way came again under its id, and changed nothing
  t.equal(new Set(taken.map(({ requestId }) => requestId)).size, 4, 'four items came');
  const acts = (await counter.caseEvents(id, 0, as)).filter(({ by }) => by !== 'applicant');
  t.equal(acts.length, 4, 'and each was decided once');
});

/** Answered ones by their id. */
const errands = (found: readonly Json[]): ReadonlyMap<unknown, Json> =>
  new Map(
    found
      .filter(({ step, delivery }) => step === 'answered' && delivery === 'case')
      .map((one) => [one['requestId'], one]),
  );

t.test('both logs prove the same transactions', async (t) => {
  // an answer that was lost on the way comes with the next attempt, which may be after the item was decided
  const here = await until(
    'the last of what was brought to be answered',
    () => entries<Json>(near.data, '--type', 'region'),
    (found) => errands(found).size >= 9,
  );
  const brought = errands(here);
  t.equal(brought.size, 9, 'four items of each case, and a supplement');
  for (const [requestId, { theirs }] of brought) {
    const there = await entries<Json>(far.data, '--request', String(requestId));
    const taken = there.find(({ step }) => step === 'taken') as Json & { theirs: { receipt: string } };
    t.ok(taken, 'on record there under its id');
    t.match(JSON.parse(taken.theirs.receipt), { bodySha256: /^[\w-]{43}$/ }, 'with the promise of the log here');
    t.match(JSON.parse((theirs as { receipt: string }).receipt), { bodySha256: /^[\w-]{43}$/ }, 'and theirs here');
    t.equal(here.filter((one) => one['requestId'] === requestId && one['step'] === 'asked').length, 1);
  }
  for (const data of [near.data, far.data])
    t.equal((await run('audit', 'verify', '--data', data)).code, 0, 'both verify from their files');
});

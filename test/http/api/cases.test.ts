/** A case over HTTP: opened, filled in, submitted, decided and delivered; each look and act on record first. */
import t from 'tap';
import type { Case } from '../../../gateway/http/api/cases/client.js';
import { elements, named, written } from '../../procedures/cases/office.js';
import { type Faces, faces } from './faces.js';

t.setTimeout(120_000);

const PERSON = 'cn-id:11010519491231002X';
const COUNTER = 'one-stop-counter';

async function ask<T = Case>(
  here: Faces,
  client: string,
  method: string,
  path: string,
  body?: unknown,
  as?: string,
): Promise<{ readonly status: number; readonly answer: T; readonly text: string }> {
  const headers = as === undefined ? {} : { 'yitong-subject': as };
  const { status, text } = await here.ask({ method, path, headers, ...(body === undefined ? {} : { body }) }, client);
  return {
    status: Number(status),
    answer: (text.startsWith('{') && !text.includes('}\n{') ? JSON.parse(text) : undefined) as T,
    text,
  };
}

async function submitted(here: Faces, answers: Readonly<Record<string, unknown>>): Promise<Case> {
  const post = (path: string, body: object) => ask(here, COUNTER, 'POST', path, body, PERSON);
  const { answer: draft } = await post('/v1/cases', { bundle: 'open-company', key: JSON.stringify(answers) });
  const { answer: again } = await post('/v1/cases', { bundle: 'open-company', key: JSON.stringify(answers) });
  t.equal(again.id, draft.id, 'opened once under its key');
  const path = `/v1/cases/${draft.id}`;
  await post(path, { act: 'save', answers, values: written(named('open-company')) });
  for (const port of ['identity', 'signature'])
    t.equal((await post(path, { act: 'step', step: 'fill', port })).status, 200, port);
  const sent = await post(path, { act: 'submit' });
  t.equal(sent.status, 200, sent.text.slice(0, 400));
  return sent.answer;
}

t.test('a company is opened over HTTP, by who applies and systems of its authorities', async (t) => {
  const here = await faces(t, { settings: { gateway: { caseDrivers: 'development' } } });
  const before = here.entries.length;
  const sent = await submitted(here, { seals: false, invoices: false, hires: false });
  t.match(sent, {
    phase: 'submitted',
    items: [{ item: 'registration', authority: 'samr', status: 'held', term: { unit: 'on-the-spot' } }],
  });
  const path = `/v1/cases/${sent.id}`;
  t.equal((await ask(here, 'fire-inspector', 'GET', path)).status, 404, 'it is not theirs');
  t.equal(
    (await ask(here, COUNTER, 'GET', path, undefined, 'cn-id:11010519491231003X')).status >= 400,
    true,
    'nor another person’s',
  );
  const inbox = await ask<{ cases: readonly Case[] }>(here, 'food-inspector', 'GET', '/v1/cases');
  t.match(
    inbox.answer.cases,
    [{ id: sent.id, items: [{ status: 'held' }] }],
    'it waits for the authority of that client',
  );
  t.notMatch(inbox.text, /11010519491231002X/, 'a list names nobody');
  const lacking = await ask<{ code: string }>(here, 'food-inspector', 'POST', path, {
    act: 'grant',
    item: 'registration',
  });
  t.equal(lacking.status, 400, 'what it issues comes with it');
  const issued = { 'company.uscc': String(elements.elements.get('company.uscc')?.examples[0]) };
  const done = await ask(here, 'food-inspector', 'POST', path, {
    act: 'grant',
    item: 'registration',
    issued,
    key: 'k1',
  });
  t.match(done.answer, { phase: 'decided', items: [{ status: 'granted' }] });
  const twice = await ask(here, 'food-inspector', 'POST', path, {
    act: 'grant',
    item: 'registration',
    issued,
    key: 'k1',
  });
  t.match(twice.answer, { phase: 'decided' }, 'sent again, it is done once');
  for (const [step, port] of [
    ['collect', 'post'],
    ['bank', 'appointment'],
  ] as const)
    await ask(here, COUNTER, 'POST', path, { act: 'step', step, port }, PERSON);
  const { answer: last } = await ask(here, COUNTER, 'GET', path, undefined, PERSON);
  t.match(last, { phase: 'delivered', over: true, values: issued });
  const { text } = await ask(here, COUNTER, 'GET', `${path}/events`, undefined, PERSON);
  const events = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { act: string; by: string });
  t.strictSame(
    events.map(({ act, by }) => `${by} ${act}`),
    [
      'applicant open',
      'applicant save',
      'applicant step',
      'applicant step',
      'applicant submit',
      'samr grant',
      'applicant step',
      'applicant step',
    ],
  );
  const entries = here.entries.slice(before).filter(({ body }) => String(body['action']).startsWith('case_'));
  t.equal(
    entries.filter(({ body }) => body['action'] === 'case_act').length,
    events.length,
    'each act is on record, once',
  );
  t.notMatch(
    entries.map(({ body }) => JSON.stringify(body)).join('\n'),
    /11010519491231002X/,
    'in clear they name nobody',
  );
  const unnamed = await ask(here, COUNTER, 'POST', path, { act: 'rate' }, PERSON);
  t.equal(unnamed.status, 400, 'a rating has a grade');
  const rated = await ask(here, COUNTER, 'POST', path, { act: 'rate', grade: 1, says: '等了很久' }, PERSON);
  t.match(rated.answer.rating, { grade: 1, says: '等了很久', term: { unit: 'working-days', over: false } });
  t.equal((await ask(here, COUNTER, 'POST', path, { act: 'rate', grade: 5 }, PERSON)).status, 409, 'once');
  const owed = await ask(here, 'food-inspector', 'GET', path);
  t.match(owed.answer, { rating: { says: '等了很久' }, acts: [{ act: 'answer' }] }, 'who leads owes an answer');
  await ask(here, 'food-inspector', 'POST', path, { act: 'answer', says: '已核实，并增加了窗口' });
  const heard = await ask(here, COUNTER, 'GET', path, undefined, PERSON);
  t.match(heard.answer.rating, { answer: '已核实，并增加了窗口', answeredAt: /^\d{4}-/ });
  here.healthy = false;
  t.equal(
    (await ask(here, COUNTER, 'GET', path, undefined, PERSON)).status,
    503,
    'nothing leaves that is not on record',
  );
});

t.test('registers that do not answer are said, and nobody acts elsewhere unless somebody is set up to', async (t) => {
  const here = await faces(t, { settings: { gateway: { caseDrivers: 'none' } } });
  const as = 'uscc:91990105MA0000193X';
  const { answer: draft } = await ask(here, COUNTER, 'POST', '/v1/cases', { bundle: 'deregister-company' }, as);
  const path = `/v1/cases/${draft.id}`;
  await ask(
    here,
    COUNTER,
    'POST',
    path,
    { act: 'save', answers: named('deregister-company').usual.answers, values: {} },
    as,
  );
  const form = await ask<{
    missing: readonly { what: string; registers?: readonly string[] }[];
    obstacles: readonly { state: string }[];
  }>(here, COUNTER, 'GET', `${path}/form`, undefined, as);
  t.ok(
    form.answer.missing.some(({ what, registers }) => what === 'away' && registers?.includes('samr.company-register')),
    'away, with its register',
  );
  t.ok(
    form.answer.obstacles.length >= 6 && form.answer.obstacles.every(({ state }) => state === 'unknown'),
    'unknown, never clear',
  );
  t.equal(
    (await ask(here, COUNTER, 'POST', path, { act: 'step', step: 'fill', port: 'identity' }, as)).status,
    409,
    'without a driver',
  );
  t.equal((await ask(here, COUNTER, 'POST', path, { act: 'submit' }, as)).status, 400);
});

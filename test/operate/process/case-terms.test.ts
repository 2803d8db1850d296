/** Terms of cases are counted by authority and bundle, the age of the count is seen, and what ended goes in its time. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { YitongError } from '../../../contracts/errors.js';
import { readSettings } from '../../../gateway/ground/config/index.js';
import { blobsInFolder } from '../../../gateway/ground/state/blobs.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { type CaseTerms, watchCaseTerms } from '../../../gateway/operate/process/case-terms.js';
import { applicantOf, calendar, filledIn, named, office, officer, saying } from '../../procedures/cases/office.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const { state: settings } = readSettings({}, { file: 'yitong.json' }, {});
const calendars = () => new Map([['mainland', calendar]]);

const samples = (terms: CaseTerms, name: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    (terms.figures().find((one) => one.name === name)?.values ?? []).map(({ labels, value }) => [
      Object.values(labels).join(' '),
      value,
    ]),
  );

t.test('what is past its term is counted, by authority and bundle', async (t) => {
  const dir = t.testdir();
  const here = await office(t, { dir, registers: saying({}) });
  const restaurant = named('open-restaurant');
  const applicant = { actor: applicantOf(restaurant), record: here.record };
  const id = await filledIn(here, restaurant);
  await here.cases.act(id, { act: 'submit' }, applicant);
  let now = here.now;
  const terms = watchCaseTerms({
    dataDir: dir,
    settings,
    state: undefined,
    calendars,
    onTrouble: t.fail,
    now: () => now,
  });
  t.teardown(() => terms.stop());
  await terms.look();
  await terms.look();
  t.equal(samples(terms, 'yitong_cases_waiting')['samr open-restaurant held'], 1);
  t.equal(samples(terms, 'yitong_cases_over')['samr open-restaurant'], 0);
  now += 60 * DAY;
  await terms.look();
  t.equal(samples(terms, 'yitong_cases_over')['samr open-restaurant'], 1);
  t.equal(samples(terms, 'yitong_cases_over')['fire open-restaurant'], 1);
  t.equal(terms.passedAt(), now);
  here.now = now;
  for (const [authority, item] of [
    ['samr', 'food-licence'],
    ['urban-management', 'shop-sign'],
    ['fire', 'fire-check'],
  ] as const)
    await here.cases.act(id, { act: 'grant', item }, { actor: officer(authority), record: here.record });
  await terms.look();
  t.strictSame(samples(terms, 'yitong_cases_over'), {}, 'what was decided is not late any more');
  t.equal(await terms.prune(now + DAY), 0, 'it is not collected yet');
  await here.cases.act(id, { act: 'step', step: 'collect', port: 'collect' }, applicant);
  await here.cases.act(id, { act: 'rate', grade: 1 }, applicant);
  await terms.look();
  t.equal(samples(terms, 'yitong_cases_waiting')['samr open-restaurant answer'], 1);
  t.equal(await terms.prune(now + DAY), 0, 'a low rating that nobody answered keeps it');
  here.now += HOUR;
  await here.cases.act(id, { act: 'answer', says: '已核实' }, { actor: officer('samr'), record: here.record });
  const blobs = blobsInFolder(dir);
  await blobs.put({ folder: id, name: 'abcd' }, Buffer.from('sealed'));
  t.equal(await terms.prune(here.now), 0, 'not before its time');
  t.equal(await terms.prune(here.now + 1), 1);
  t.equal((await here.state.documents('case')).documents.length, 0, 'the case is gone');
  t.equal((await here.state.events(`case/${id}`)).length, 0, 'with its events');
  t.equal((await here.state.documents('case-message')).documents.length, 0, 'its messages');
  t.equal(await blobs.get({ folder: id, name: 'abcd' }), undefined, 'and its files');
  await t.rejects(here.cases.get(id, applicant), { code: 'not_found' });
});

t.test('a store that is away makes the count old, and is said once', async (t) => {
  const dir = t.testdir();
  mkdirSync(join(dir, 'state'));
  const state = openEmbeddedState({ dir: join(dir, 'state') });
  t.teardown(() => state.close());
  let isAway = true;
  const counters = state.counters.bind(state);
  state.counters = (prefix) =>
    isAway ? Promise.reject(new YitongError('state_unavailable', 'away')) : counters(prefix);
  let now = Date.now();
  const begun = now;
  const said: string[] = [];
  const terms = watchCaseTerms({
    dataDir: dir,
    settings,
    state,
    calendars,
    onTrouble: (message) => said.push(message),
    now: () => now,
  });
  t.teardown(() => terms.stop());
  for (let look = 0; look < 3; look++) {
    now += HOUR;
    await terms.look();
  }
  t.equal(terms.passedAt(), begun, 'it has not come forward');
  t.equal(said.length, 1, said.join());
  isAway = false;
  await terms.look();
  t.equal(terms.passedAt(), now);
});

t.test('a call for a person that nobody answers is seen, with its age, until it is answered', async (t) => {
  const dir = t.testdir();
  const here = await office(t, { dir, registers: saying({}) });
  const restaurant = named('open-restaurant');
  const applicant = { actor: applicantOf(restaurant), record: here.record };
  // the keys of this office stand elsewhere than those of a city
  mkdirSync(dirname(auditLayout(dir).subjectKeys), { recursive: true });
  symlinkSync(join(dir, 'keys'), auditLayout(dir).subjectKeys);
  const id = await filledIn(here, restaurant);
  let now = here.now;
  let problems: readonly string[] = [];
  const terms = watchCaseTerms({
    dataDir: dir,
    settings,
    state: undefined,
    calendars,
    onTrouble: t.fail,
    onCalls: (found) => (problems = found),
    now: () => now,
  });
  t.teardown(() => terms.stop());
  await terms.look();
  await terms.look();
  t.strictSame(samples(terms, 'yitong_case_calls_age_seconds'), {});
  await here.cases.callPerson(id, '请回电', applicant);
  now += DAY;
  await terms.look();
  t.strictSame(samples(terms, 'yitong_case_calls_age_seconds'), { samr: DAY / 1000 });
  t.strictSame(problems, [], 'a day is no trouble');
  now += 2 * DAY;
  await terms.look();
  t.match(problems, [/`samr` has not answered a call for a person since /]);
  const lead = { actor: officer('samr'), record: here.record };
  const [call] = await here.cases.calls(lead);
  await here.cases.answerCall(id, { says: '已回电', seen: call?.version ?? 0 }, lead);
  await terms.look();
  t.strictSame(samples(terms, 'yitong_case_calls_age_seconds'), {});
  t.strictSame(problems, []);
  await here.cases.callPerson(id, '再问一次', applicant);
  here.erase();
  await terms.look();
  t.strictSame(samples(terms, 'yitong_case_calls_age_seconds'), {}, 'of one that was erased nobody can answer it');
  t.strictSame(await here.cases.calls(lead), []);
});

/**
 * A report on a group of which some have not authorised it: they are asked, or left out by name; and what an invented
 * city knows before anybody signs in.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { canonicalJson } from '../../../contracts/canonical.js';
import { sha256 } from '../../../gateway/documents/compute/digest.js';
import { seedAuthorisations } from '../../../gateway/documents/reports/seed.js';
import { until } from '../../e2e/ask.js';
import {
  branch,
  company,
  entry,
  held,
  NOW,
  openWorld,
  PENALTIES,
  penalty,
  REGISTER,
  type ReportWorld,
} from './world.js';

t.setTimeout(180_000);

const DAY = 86_400_000;
const self = company(0);
const daughter = company(1);
const outlet = company(2);
const other = company(3);
const key = (subject: string): string => subject.slice(5);

/** A company with two subsidiaries, the first with an outlet and a penalty; the second has authorised it. */
async function world(t: Test): Promise<ReportWorld> {
  const made = await openWorld();
  t.teardown(() => made.close());
  await made.put(
    REGISTER,
    self,
    '',
    entry('母公司', { investments: [held(daughter, '子公司', '60.00'), held(other, '另一子公司', '60.00')] }),
  );
  await made.put(REGISTER, daughter, '', entry('子公司', { branches: [branch(outlet, '子公司门店')] }));
  await made.put(REGISTER, outlet, '', entry('子公司门店', { parent: { uscc: key(daughter), name: '子公司' } }));
  await made.put(REGISTER, other, '', entry('另一子公司'));
  await made.put(PENALTIES, daughter, 'p1', penalty('2025-01-01'));
  await made.seen();
  await made.reports.authorise(
    { report: 'credit', from: other, to: self, since: '2026-11-26', until: '2026-12-26' },
    made.asking(),
  );
  return made;
}
const acts = (made: ReportWorld): readonly unknown[] =>
  made.entries.filter(({ body }) => body['type'] === 'administration').map(({ body }) => body['action']);

void t.test(
  'whoever has not authorised it is left out where that is asked for: named, on record, and nothing of theirs is read',
  async (t) => {
    const made = await world(t);
    const ask = made.request({ subjects: 'group', leaveOut: true });
    await t.rejects(
      made.reports.issue({ ...ask, leaveOut: false }, made.asking()),
      { code: 'authorisation_missing' },
      'never without having been asked for',
    );
    const before = made.entries.length;
    const { members, missing, model } = await made.reports.preview(ask, made.asking());
    t.equal(members.length, 4);
    t.strictSame(
      missing.map(({ company: of }) => of),
      [daughter, daughter],
    );
    t.strictSame(
      model?.subjects.map(({ name }) => name),
      ['母公司', '另一子公司'],
    );
    t.strictSame(model?.leftOut, [
      { subject: daughter, name: '子公司', relation: 'subsidiary' },
      { subject: outlet, name: '子公司门店', relation: 'branch' },
    ]);
    const told = made.entries.slice(before);
    t.notOk(
      told.some(({ body, draft }) => draft.subject?.subject === daughter && JSON.stringify(body).includes(PENALTIES)),
      'its penalties were not asked for',
    );
    t.ok(
      told.some(({ draft }) => draft.subject?.subject === daughter) &&
        told.some(({ draft }) => draft.subject?.subject === outlet),
      'that it was named stands in its history',
    );

    const issued = await made.reports.issue(ask, made.asking());
    t.equal(issued.document, sha256(canonicalJson(issued.model)), 'what is left out is part of what is signed');
    t.match(issued.model, { leftOut: [{ subject: daughter }, { subject: outlet }] });
    t.strictSame(
      (await made.reports.part(issued.id, [issued.model.domains[0]?.id ?? ''], made.asking()))?.leftOut,
      issued.model.leftOut,
      'whoever is shown a part of it learns that the group is not whole',
    );
    t.equal((await made.reports.verifyCode(issued.code, made.asking())).outcome, 'genuine');
    await made.put(PENALTIES, daughter, 'p2', penalty('2025-02-01'));
    t.equal(
      (await made.reports.verifyCode(issued.code, made.asking())).outcome,
      'genuine',
      'what happens to a company that is not in it is no change of it',
    );

    t.equal(
      (await made.reports.issue({ ...ask, subjects: [self] }, made.asking())).model.leftOut,
      undefined,
      'nobody is named where nobody is left out',
    );
    await t.rejects(
      made.reports.issue({ ...ask, subjects: [daughter] }, made.asking()),
      { code: 'authorisation_missing' },
      'a report about nobody is none',
    );
  },
);

void t.test('one who withdraws while a report is computed that leaves others out is not in it', async (t) => {
  const made = await world(t);
  // a store that answers later has the withdrawal only after this small group was read
  if (made.context.state !== undefined) return;
  const { received } = await made.reports.authorisationsOf(self, made.asking());
  let withdrawn: Promise<unknown> | undefined;
  const others = Array.from({ length: 40 }, (_, n) => company(100 + n));
  for (const one of others)
    await made.reports.authorise(
      { report: 'credit', from: one, to: self, since: '2026-11-26', until: '2026-12-26' },
      made.asking(),
    );
  const asking = {
    ...made.asking(),
    progress: () => void (withdrawn ??= made.reports.withdraw(received[0]?.id ?? '', other, made.asking())),
  };
  await t.rejects(
    made.reports.issue(made.request({ subjects: [other, daughter, ...others], leaveOut: true }), asking),
    { code: 'authorisation_missing' },
  );
  await withdrawn;
});

void t.test(
  'companies are asked to authorise it: each legal person once, and they find who asks, for what and until when',
  async (t) => {
    const made = await world(t);
    const ask = made.request({ subjects: 'group', domains: ['water', 'taxation'] });
    t.equal(await made.reports.isInvited(daughter), false);
    const [invitation, ...more] = await made.reports.invite(ask, made.asking());
    t.strictSame(more, [], 'the outlet goes with its company, and who has authorised it is not asked');
    t.match(invitation, {
      from: daughter,
      to: self,
      names: { from: '子公司', to: '母公司' },
      domains: ['taxation', 'water'],
      purposes: ['listing'],
      bearer: ask.bearer,
      until: '2027-02-24',
    });
    t.match(acts(made), ['authorisation_recorded', 'authorisation_requested']);
    t.strictSame(
      (await made.reports.invite(ask, made.asking())).map(({ id }) => id),
      [invitation?.id],
      'asked again it is the same',
    );
    t.equal(acts(made).length, 2);

    t.equal(await made.reports.isInvited(daughter), true);
    t.equal(await made.reports.isInvited(daughter, invitation?.id), true);
    t.equal(await made.reports.isInvited(other, invitation?.id), false, 'another company cannot open it');
    t.match(await made.reports.authorisationsOf(daughter, made.asking()), {
      invited: [{ id: invitation?.id }],
      inviting: [],
    });
    t.match(await made.reports.authorisationsOf(self, made.asking()), {
      invited: [],
      inviting: [{ id: invitation?.id }],
    });

    // half of what was asked for does not answer it
    await made.reports.authorise(
      { report: 'credit', from: daughter, to: self, since: '2026-11-26', until: '2026-12-26', domains: ['water'] },
      made.asking(),
    );
    t.equal(await made.reports.isInvited(daughter), true);
    await made.reports.authorise(
      { report: 'credit', from: daughter, to: self, since: '2026-11-26', until: '2026-12-26' },
      made.asking(),
    );
    t.equal(await made.reports.isInvited(daughter), false, 'an authorisation answers it, however it came about');
    t.equal((await made.reports.issue(ask, made.asking())).model.subjects.length, 4);
  },
);

void t.test(
  'one that was declined is not asked again while it could be answered, nor is one answered that is over',
  async (t) => {
    const made = await world(t);
    const ask = made.request({ subjects: 'group' });
    const [invitation] = await made.reports.invite(ask, made.asking());
    await t.rejects(
      made.reports.decline(invitation?.id ?? '', self, made.asking()),
      { code: 'not_found' },
      'only by whom it is to',
    );
    await made.reports.decline(invitation?.id ?? '', daughter, made.asking());
    t.equal(await made.reports.isInvited(daughter), false);
    t.match(await made.reports.invite(ask, made.asking()), [{ id: invitation?.id, declinedAt: String }]);
    t.equal(await made.reports.isInvited(daughter), false);
    t.strictSame(acts(made), ['authorisation_recorded', 'authorisation_requested', 'authorisation_declined']);
    made.now = NOW + 91 * DAY;
    const [again] = await made.reports.invite({ ...ask, to: '2026-11-26' }, made.asking());
    t.not(again?.id, invitation?.id);
    t.equal(await made.reports.isInvited(daughter, again?.id), true);
    made.now += 91 * DAY;
    t.equal(await made.reports.isInvited(daughter), false, 'nobody is asked for ever');
    t.ok((await made.reports.sweep(made.now + 1200 * DAY)) >= 3, 'and nothing of it is kept for ever');
  },
);

void t.test('an invitation is on record before it is there, and is gone with the company whose it is', async (t) => {
  const made = await world(t);
  made.gate = ({ action }) =>
    action === 'authorisation_requested' ? Promise.reject(new Error('the disk is full')) : Promise.resolve();
  await t.rejects(made.reports.invite(made.request({ subjects: 'group' }), made.asking()), /disk is full/);
  t.equal(await made.reports.isInvited(daughter), false);
  made.gate = () => Promise.resolve();
  await made.reports.invite(made.request({ subjects: 'group' }), made.asking());
  t.equal(await made.reports.isInvited(daughter), true);
  await made.erase(daughter);
  // other processes forget the key within a second
  await until(
    'nothing to answer',
    () => made.reports.isInvited(daughter),
    (is) => !is,
  );
});

void t.test(
  'an invented city has authorisations of its own: recorded as any other, once, and one that was withdrawn stays so',
  async (t) => {
    const made = await world(t);
    const layer = t.testdir();
    const seed = (list: unknown): void => {
      mkdirSync(join(layer, 'policies'), { recursive: true });
      writeFileSync(join(layer, 'policies', 'authorisations.json'), JSON.stringify(list));
    };
    const city = { layers: [layer], synthetic: true };
    t.equal(await seedAuthorisations(city, made.reports, made.now), 0, 'none is declared');
    seed([{ report: 'credit', to: self, from: [daughter, other] }]);
    t.equal(
      await seedAuthorisations({ ...city, synthetic: false }, made.reports, made.now),
      0,
      'a city that is real has none',
    );
    t.equal(acts(made).length, 1);
    t.equal(await seedAuthorisations(city, made.reports, made.now), 1, 'one has authorised it already');
    t.match(made.entries.filter(({ body }) => body['action'] === 'authorisation_recorded').at(-1), {
      body: { by: 'seed' },
      draft: { subject: { subject: daughter } },
    });
    t.equal((await made.reports.issue(made.request({ subjects: 'group' }), made.asking())).model.subjects.length, 4);
    t.equal(await seedAuthorisations(city, made.reports, made.now), 0, 'nothing is recorded twice');
    const [given] = (await made.reports.authorisationsOf(daughter, made.asking())).given;
    await made.reports.withdraw(given?.id ?? '', daughter, made.asking());
    t.equal(await seedAuthorisations(city, made.reports, made.now), 0);
    t.equal(
      (await made.reports.preview(made.request({ subjects: 'group' }), made.asking())).missing.length,
      2,
      'nobody gives it in its name',
    );
    made.now = NOW + 40 * DAY;
    t.equal(await seedAuthorisations(city, made.reports, made.now), 1, 'one that is over is given anew');
    seed([{ report: 'credit', to: self, form: [daughter] }]);
    await t.rejects(seedAuthorisations(city, made.reports, made.now), { code: 'bad_config' });
  },
);

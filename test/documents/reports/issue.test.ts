/**
 * Who may ask about whom, that nothing is told before it is on record, and what is kept: never a code, and nothing that
 * reads without its company's key.
 */
import t, { type Test } from 'tap';
import { canonicalJson } from '../../../contracts/canonical.js';
import { sha256 } from '../../../gateway/documents/compute/digest.js';
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

const self = company(0);
const office = company(1);
const daughter = company(2);
const outlet = company(3);
const holder = company(4);
const stranger = company(5);
const sister = company(6);

/**
 * A company with a branch, a subsidiary that has an outlet, a small holding, and a holder that controls it and another.
 */
async function world(t: Test): Promise<ReportWorld> {
  const made = await openWorld();
  t.teardown(() => made.close());
  const key = (subject: string): string => subject.slice(5);
  await made.put(
    REGISTER,
    self,
    '',
    entry('母公司', {
      branches: [branch(office, '母公司一分公司')],
      investments: [held(daughter, '子公司', '50.01'), held(stranger, '参股公司', '50.00')],
      shareholders: [
        { kind: 'company', name: '控股股东', uscc: key(holder), share: '80.00' },
        { kind: 'person', name: null, uscc: null, share: '20.00' },
      ],
    }),
  );
  await made.put(REGISTER, office, '', entry('母公司一分公司', { parent: { uscc: key(self), name: '母公司' } }));
  await made.put(
    REGISTER,
    daughter,
    '',
    entry('子公司', {
      branches: [branch(outlet, '子公司门店')],
      shareholders: [{ kind: 'company', name: '母公司', uscc: key(self), share: '50.01' }],
    }),
  );
  await made.put(REGISTER, outlet, '', entry('子公司门店', { parent: { uscc: key(daughter), name: '子公司' } }));
  await made.put(
    REGISTER,
    holder,
    '',
    entry('控股股东', { investments: [held(self, '母公司', '80.00'), held(sister, '姊妹公司', '100.00')] }),
  );
  await made.put(REGISTER, stranger, '', entry('参股公司'));
  await made.put(REGISTER, sister, '', entry('姊妹公司'));
  await made.put(PENALTIES, daughter, 'p1', penalty('2025-01-01'));
  await made.seen();
  return made;
}

const authorise = (made: ReportWorld, from: string, parts = {}) =>
  made.reports.authorise(
    { report: 'credit', from, to: self, since: '2026-11-26', until: '2026-12-26', ...parts },
    made.asking(),
  );

void t.test(
  'the group is found in the register: branches, subsidiaries with theirs, controlling shareholders, and ' +
    'nobody sideways',
  async (t) => {
    const made = await world(t);
    const group = await made.reports.groupOf('credit', self, made.asking());
    t.strictSame(
      group.map(({ subject, relation, company: of }) => [subject, relation, of]),
      [
        [self, 'self', undefined],
        [office, 'branch', self],
        [daughter, 'subsidiary', undefined],
        [holder, 'shareholder', undefined],
        [outlet, 'branch', daughter],
      ],
    );
    t.equal(
      group.some(({ subject }) => subject === stranger),
      false,
      'half of the shares control nothing',
    );
    const [released, ...included] = made.entries;
    t.match(released?.body, {
      type: 'released',
      client: 'credit-report-centre',
      purpose: 'credit-report',
      subjects: 5,
    });
    t.equal(included.length, 5, 'each company finds that its entry was read');
    t.strictSame(
      (await made.reports.groupOf('credit', office, made.asking())).map(({ relation }) => relation),
      ['self', 'parent'],
      'a branch has its company',
    );
  },
);

void t.test(
  'a company asks about itself and its branches; each other legal person needs its own authorisation, and its ' +
    'branches share it',
  async (t) => {
    const made = await world(t);
    const ask = made.request({ subjects: 'group' });
    let preview = await made.reports.preview(ask, made.asking());
    t.strictSame(
      preview.missing.map(({ member, company: of }) => [preview.members[member]?.subject, of]),
      [
        [daughter, daughter],
        [holder, holder],
        [outlet, daughter],
      ],
    );
    t.equal(preview.model, undefined, 'nothing is told while one is missing');
    t.equal(
      made.entries.some(({ body }) => JSON.stringify(body).includes(PENALTIES)),
      false,
      'and no register of penalties was asked',
    );
    await t.rejects(made.reports.issue(ask, made.asking()), {
      code: 'authorisation_missing',
      message: '3 of 5 companies have not authorised this; the preview names them',
    });

    await authorise(made, daughter);
    preview = await made.reports.preview(ask, made.asking());
    t.strictSame(
      preview.missing.map(({ member }) => preview.members[member]?.subject),
      [holder],
    );
    await authorise(made, holder);
    preview = await made.reports.preview(ask, made.asking());
    t.strictSame(
      preview.model?.subjects.map(({ name, relation, of }) => [name, relation, of]),
      [
        ['母公司', 'self', undefined],
        ['母公司一分公司', 'branch', 0],
        ['子公司', 'subsidiary', undefined],
        ['控股股东', 'shareholder', undefined],
        ['子公司门店', 'branch', 2],
      ],
    );
    t.equal((await made.reports.issue(ask, made.asking())).model.subjects.length, 5);
  },
);

void t.test(
  'an authorisation holds for its report, its domains, its purposes, its days and whom it names, and not after ' +
    'it is withdrawn',
  async (t) => {
    const made = await world(t);
    const about = (parts = {}) => made.request({ subjects: [stranger], ...parts });
    const may = async (parts = {}): Promise<boolean> =>
      (await made.reports.preview(about(parts), made.asking())).missing.length === 0;
    t.equal(await may(), false);
    await authorise(made, stranger, { to: sister });
    t.equal(await may(), false, 'given to another');
    await authorise(made, stranger, { report: 'food-safety' });
    t.equal(await may(), false, 'for another report');
    await authorise(made, stranger, {
      domains: ['taxation', 'water'],
      purposes: ['bidding'],
      since: '2026-11-27',
      until: '2026-11-28',
    });
    const narrow = { domains: ['water'], purpose: 'bidding' };
    t.equal(await may(narrow), false, 'the day before');
    made.now = NOW + 86_400_000;
    t.equal(await may(narrow), true, 'on its first day');
    t.equal(await may({ ...narrow, purpose: 'listing' }), false, 'for another purpose');
    t.equal(await may({ purpose: 'bidding', domains: ['water', 'transport'] }), false, 'for a domain more');
    t.equal(await may({ purpose: 'bidding' }), false, 'for all domains');
    made.now = NOW + 2 * 86_400_000;
    t.equal(await may(narrow), true, 'on its last day');
    made.now = NOW + 3 * 86_400_000;
    t.equal(await may(narrow), false, 'the day after');

    const { authorisation } = await authorise(made, stranger);
    t.equal(await may(), true);
    await t.rejects(
      made.reports.withdraw(authorisation.id, self, made.asking()),
      { code: 'not_found' },
      'who received it cannot withdraw it',
    );
    await made.reports.withdraw(authorisation.id, stranger, made.asking());
    t.equal(await may(), false);
    const { given } = await made.reports.authorisationsOf(stranger, made.asking());
    t.equal(
      given.find(({ id }) => id === authorisation.id)?.withdrawnAt !== undefined,
      true,
      'it stays on the list, as withdrawn',
    );
    t.strictSame(
      made.entries.filter(({ body }) => body['type'] === 'administration').map(({ body }) => body['action']),
      [
        'authorisation_recorded',
        'authorisation_recorded',
        'authorisation_recorded',
        'authorisation_recorded',
        'authorisation_withdrawn',
      ],
    );
  },
);

void t.test('an authorisation that is withdrawn while a report is computed keeps it from being issued', async (t) => {
  const made = await world(t);
  // a store that answers later has the withdrawal only after this small group was read
  if (made.context.state !== undefined) return;
  const { authorisation } = await authorise(made, stranger);
  let withdrawn: Promise<unknown> | undefined;
  const asking = {
    ...made.asking(),
    progress: () => void (withdrawn ??= made.reports.withdraw(authorisation.id, stranger, made.asking())),
  };
  // withdrawing takes a turn, as does reading the second slice
  const others = Array.from({ length: 40 }, (_, n) => company(100 + n));
  for (const other of others) await authorise(made, other);
  await t.rejects(made.reports.issue(made.request({ subjects: [stranger, ...others] }), asking), {
    code: 'authorisation_missing',
  });
  await withdrawn;
});

void t.test(
  'nothing leaves and nothing is kept before the entries are durable; where they cannot be, there is no report',
  async (t) => {
    const made = await world(t);
    await made.put(PENALTIES, self, 'own', penalty('2025-01-01'));
    let open: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let waiting = 0;
    made.gate = async ({ type }) => {
      if (type !== 'released' && type !== 'issued') return;
      waiting++;
      await gate;
    };
    let answered = false;
    const issuing = made.reports.issue(made.request(), made.asking()).then((issued) => {
      answered = true;
      return issued;
    });
    while (waiting < 2) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    t.equal(answered, false);
    t.strictSame(await made.reports.listFor(self, made.asking()), [], 'nothing is kept yet');
    open?.();
    const issued = await issuing;
    const [released, document] = ['released', 'issued'].map((type) =>
      made.entries.find(({ body }) => body['type'] === type),
    );
    t.equal(released?.body['bodySha256'], sha256(canonicalJson(issued.model)), 'the entry has the digest of what left');
    t.match(released?.draft.subject, { subject: self });
    t.match(document?.body, {
      type: 'issued',
      report: 'credit',
      document: issued.document,
      client: 'credit-report-centre',
      purpose: 'listing',
      subjects: 1,
    });
    const datasets = released?.body['datasets'] as readonly {
      readonly dataset: string;
      readonly records: number;
      readonly fields: readonly string[];
    }[];
    t.equal(datasets.find(({ dataset }) => dataset === PENALTIES)?.records, 1);
    t.notOk(
      datasets.find(({ dataset }) => dataset === PENALTIES)?.fields.includes('uscc'),
      'only the fields that the report needs are asked for',
    );

    made.gate = () => Promise.reject(new Error('the disk is full'));
    for (const tell of [
      () => made.reports.issue(made.request(), made.asking()),
      () => made.reports.preview(made.request(), made.asking()),
      () => made.reports.groupOf('credit', self, made.asking()),
      () => made.reports.verifyCode(issued.code, made.asking()),
      () => made.reports.find(issued.id, self, made.asking()),
      () => authorise(made, daughter),
    ]) {
      await t.rejects(tell() as Promise<unknown>, { message: 'the disk is full' });
    }
    made.gate = () => Promise.resolve();
    t.equal((await made.reports.listFor(self, made.asking())).length, 1, 'one report, the one that was told');
    t.strictSame((await made.reports.authorisationsOf(daughter, made.asking())).given, []);
  },
);

void t.test(
  "a report is its company's: found by its id and its code, by nobody else; the code is kept nowhere",
  async (t) => {
    const made = await world(t);
    const { reports } = made;
    await made.put(
      PENALTIES,
      self,
      'own',
      penalty('2025-01-01', { conduct: { summary: '绝密的违法事实', endedOn: '2025-01-01', place: null } }),
    );
    await made.seen();
    const first = await reports.issue(made.request(), made.asking());
    made.now += 1000;
    const second = await reports.issue(made.request({ purpose: 'bidding' }), made.asking());
    t.match(first.code, /^[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){6}$/, '28 characters of 5 bits');
    t.not(first.code, second.code);
    t.strictSame(
      (await reports.listFor(self, made.asking())).map(({ id, purpose }) => [id, purpose]),
      [
        [second.id, 'bidding'],
        [first.id, 'listing'],
      ],
    );
    t.strictSame(await reports.listFor(stranger, made.asking()), []);
    t.strictSame((await reports.find(first.id, self, made.asking())).model, first.model);
    await t.rejects(reports.find(first.id, stranger, made.asking()), { code: 'not_found' });
    t.equal(await reports.isCodeOf(first.id, first.code), true);
    t.equal(await reports.isCodeOf(second.id, first.code), false);
    const typed = first.code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
    const found = await reports.verifyCode(typed, made.asking());
    t.strictSame([found.outcome, found.issued?.model], ['genuine', first.model], 'as people type it');
    t.match(await reports.verifyCode('0000-0000-0000-0000-0000-0000-0000', made.asking()), {
      outcome: 'unknown',
      issued: undefined,
    });
    t.strictSame(
      made.entries
        .filter(({ body }) => body['type'] === 'verified')
        .map(({ body }) => [body['outcome'], body['document']]),
      [
        ['genuine', first.document],
        ['unknown', undefined],
      ],
    );

    const bytes = await made.stored();
    for (const secret of [first.code, first.code.replaceAll('-', ''), self.slice(5), '绝密的违法事实', '云州证券'])
      t.equal(bytes.includes(secret), false, 'the store reads like noise');
    t.equal(
      made.entries.some(
        ({ draft }) =>
          draft.clear.includes(self.slice(5)) || draft.clear.includes(first.code) || draft.clear.includes('云州证券'),
      ),
      false,
      'and no clear part of an entry names anybody',
    );

    // an erased company's reports cannot be read any more
    await made.erase(self);
    await until(
      'the key to be forgotten',
      () => reports.verifyCode(first.code, made.asking()),
      ({ outcome }) => outcome === 'unknown',
    );
    // other processes forget the key within a second
    await until(
      'an empty list',
      () => reports.listFor(self, made.asking()),
      (rows) => rows.length === 0,
    );
  },
);

void t.test('what a request gets wrong is said without a name, and nothing is read for it', async (t) => {
  const made = await world(t);
  const wrong = (parts: object, code: string) =>
    t.rejects(made.reports.preview(made.request(parts), made.asking()), { code });
  await wrong({ report: 'nothing' }, 'not_found');
  await wrong({ as: 'uscc:91350100M000100Y40' }, 'bad_subject');
  await wrong({ subjects: [] }, 'bad_request');
  await wrong({ subjects: [self, self] }, 'bad_request');
  await wrong({ domains: ['taxation', 'astrology'] }, 'bad_request');
  await wrong({ domains: [] }, 'bad_request');
  await wrong({ from: '2026-02-30' }, 'bad_request');
  await wrong({ from: '2026-11-26', to: '2026-11-25' }, 'bad_request');
  await wrong({ to: '2026-11-27' }, 'bad_request');
  await wrong({ purpose: 'curiosity' }, 'bad_request');
  await wrong({ bearer: '  ' }, 'bad_request');
  await wrong({ report: 'food-safety', subjects: Array.from({ length: 51 }, (_, n) => company(n)) }, 'bad_request');
  t.equal(made.entries.length, 0);
  await t.rejects(authorise(made, self), { code: 'bad_request' });
  await t.rejects(authorise(made, daughter, { until: '2026-11-25', since: '2026-11-01' }), { code: 'bad_request' });
  await t.rejects(authorise(made, daughter, { until: '2028-11-25' }), { code: 'bad_request' });
  made.grants((grant) => (grant.dataset === REGISTER ? undefined : grant));
  await t.rejects(made.reports.preview(made.request(), made.asking()), { code: 'denied' });
  t.match(made.entries.at(-1)?.body, { type: 'released', datasets: [{ effect: 'deny' }] }, 'a denial is on record too');
});

void t.test('reports and authorisations go when their time is over', async (t) => {
  const made = await world(t);
  const issued = await made.reports.issue(made.request({ report: 'food-safety', purpose: 'supply' }), made.asking());
  await authorise(made, daughter);
  t.equal(issued.keptUntil, new Date(NOW + 365 * 86_400_000).toISOString(), 'as the definition says');
  t.equal(await made.reports.sweep(NOW + 365 * 86_400_000), 0);
  t.equal(await made.reports.sweep(NOW + 365 * 86_400_000 + 1), 1);
  t.match(await made.reports.verifyCode(issued.code, made.asking()), { outcome: 'unknown' });
  t.equal(await made.reports.sweep(NOW + 4 * 365 * 86_400_000), 1);
  t.strictSame((await made.reports.authorisationsOf(daughter, made.asking())).given, []);
});

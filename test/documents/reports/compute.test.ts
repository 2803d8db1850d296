/**
 * What a report says of what was read: never blank, never "none" of a register that is not current, and only what its
 * grants and rules release.
 */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { canonicalJson } from '../../../contracts/canonical.js';
import { datasetId, fieldPath } from '../../../contracts/ids.js';
import type { ViewReader } from '../../../gateway/answer/view/port.js';
import { sectionDigest } from '../../../gateway/documents/compute/digest.js';
import { openComputing } from '../../../gateway/documents/compute/index.js';
import type { ReportModel, ReportSection } from '../../../gateway/documents/model/model.js';
import { noMarks, type RecordMarks } from '../../../gateway/documents/model/record-marks.js';
import { company, entry, NOW, openWorld, PENALTIES, penalty, REGISTER, type ReportWorld } from './world.js';

t.setTimeout(180_000);

async function world(t: Test): Promise<ReportWorld> {
  const made = await openWorld();
  t.teardown(() => made.close());
  await made.put(REGISTER, company(0), '', entry('云州甲有限公司'));
  await made.seen();
  return made;
}

const section = (model: ReportModel, domain: string, subject = 0): ReportSection => {
  const d = model.domains.findIndex(({ id }) => id === domain);
  const found = model.sections[subject * model.domains.length + d];
  if (found === undefined) throw new Error(`no section of ${domain}`);
  return found;
};
const modelOf = async (made: ReportWorld, parts = {}): Promise<ReportModel> => {
  const { model } = await made.reports.preview(made.request(parts), made.asking());
  if (model === undefined) throw new Error('an authorisation is missing');
  return model;
};

void t.test(
  'a penalty is told with its facts in the order of the definition, in the section of its own domain',
  async (t) => {
    const made = await world(t);
    await made.put(
      PENALTIES,
      company(0),
      '云市监罚〔2025〕1号',
      penalty('2025-03-14', { domain: '药品监管', fine: '12500.00', kinds: ['fine', 'warning'] }),
    );
    await made.seen();
    const model = await modelOf(made);
    t.equal(model.sections.length, 41);
    const { state, records } = section(model, 'medicinal-products');
    t.equal(state, 'records');
    t.strictSame(
      records.map(({ kind, endedOn, reportableUntil, displayed, marks, version }) => ({
        kind,
        endedOn,
        reportableUntil,
        displayed,
        marks,
        version,
      })),
      [
        {
          kind: 'penalty',
          endedOn: '2025-03-14',
          reportableUntil: '2030-03-14',
          displayed: true,
          marks: [],
          version: '0:0',
        },
      ],
    );
    const facts = new Map(records[0]?.facts.map(({ field, value }) => [field, value]));
    t.strictSame([...facts.keys()].slice(0, 4), ['decisionNumber', 'conduct.summary', 'kinds', 'fine']);
    t.equal(facts.get('fine'), '12,500.00');
    t.strictSame(facts.get('kinds'), { zh: '罚款、警告', en: 'Fine, Warning' });
    t.notOk(facts.has('officers'), 'what no fact names is not told');
    t.equal(section(model, 'market-regulation').state, 'none', 'a domain of the same register that has none says none');
    t.match(model, {
      synthetic: true,
      subjects: [{ name: '云州甲有限公司', relation: 'self' }],
      range: { from: '2016-11-26', to: '2026-11-26' },
      cut: { digest: /^[\w-]{43}$/ },
    });
  },
);

void t.test(
  'a department whose data are stale is named with the time up to which it was seen; what it had is told as at least',
  async (t) => {
    const made = await world(t);
    await made.put('water.penalties', company(0), '1', penalty('2025-01-01', { domain: '水务' }));
    const then = NOW - 3 * 86_400_000;
    await made.seen(['water.penalties', 'fire.penalties'], then);
    const model = await modelOf(made);
    const since = new Date(then).toISOString();
    const water = section(model, 'water');
    t.match(water, {
      state: 'at_least',
      records: [{ kind: 'penalty' }],
      missing: [{ authority: 'water', name: { en: 'Yunzhou Water Bureau' }, since }],
      asOf: since,
    });
    t.match(section(model, 'fire-safety'), {
      state: 'not_answered',
      records: [],
      missing: [{ authority: 'fire', since }],
    });
    t.match(section(model, 'ocean'), { state: 'not_answered' }, 'each domain of the register');
    t.match(section(model, 'taxation'), { state: 'none', missing: [] });
  },
);

void t.test('a department that was never loaded is named without a time, and so is one that denies', async (t) => {
  const made = await openWorld();
  t.teardown(() => made.close());
  await made.put(REGISTER, company(0), '', entry('云州甲有限公司'));
  await made.seen([...made.workspace.contracts.keys()].filter((id) => id !== 'tobacco.penalties'));
  await made.put(PENALTIES, company(0), '1', penalty('2025-01-01'));
  made.grants((grant) => (grant.dataset === PENALTIES && grant.client === 'credit-report-centre' ? undefined : grant));
  const model = await modelOf(made);
  t.strictSame(section(model, 'tobacco-monopoly').missing, [
    { authority: 'tobacco', name: made.workspace.authorities.get('tobacco' as never)?.name },
  ]);
  t.equal(section(model, 'tobacco-monopoly').state, 'not_answered');
  t.equal(section(model, 'tobacco-monopoly').asOf, undefined);
  const market = section(model, 'market-regulation');
  t.match(
    market,
    { state: 'not_answered', records: [] },
    'a denied register answers nothing, though another of the domain is current',
  );
  t.strictSame(
    market.missing.map(({ authority, since }) => [authority, since]),
    [['samr', undefined]],
  );
});

void t.test('"none" is not said where a grant gives only some rows, or not the field that a rule needs', async (t) => {
  const made = await world(t);
  await made.put(
    'fire.penalties',
    company(0),
    '1',
    penalty('2025-01-01', { domain: '消防安全', repair: { status: 'repaired', on: '2025-06-01' } }),
  );
  await made.seen();
  made.grants((grant) => {
    if (grant.client !== 'credit-report-centre') return grant;
    if (grant.dataset === 'fire.penalties')
      return { ...grant, fields: grant.fields.filter(({ path }) => path !== 'repair') };
    if (grant.dataset === 'water.penalties') return { ...grant, rows: { kind: 'subjects', subjects: [company(5)] } };
    return grant;
  });
  const model = await modelOf(made);
  t.equal(
    section(model, 'fire-safety').state,
    'not_answered',
    'whether a record was repaired is not known, so none is told',
  );
  t.equal(section(model, 'water').state, 'not_answered');
});

void t.test('a fact that is withheld is left out, and one released in another form is told in that form', async (t) => {
  const made = await world(t);
  await made.put(PENALTIES, company(0), '1', penalty('2025-01-01', { fine: '700.00' }));
  await made.seen();
  made.grants((grant) =>
    grant.dataset === PENALTIES && grant.client === 'credit-report-centre'
      ? {
          ...grant,
          fields: grant.fields
            .filter(({ path }) => path !== 'decidingBody')
            .map((field) =>
              field.path === 'decisionNumber' ? { path: fieldPath('decisionNumber'), as: 'masked' as const } : field,
            ),
        }
      : grant,
  );
  const [record] = section(await modelOf(made), 'market-regulation').records;
  const facts = new Map(record?.facts.map(({ field, value }) => [field, value]));
  t.notOk(facts.has('decidingBody'));
  t.not(facts.get('decisionNumber'), '1');
  t.equal(facts.get('fine'), '700.00');
});

void t.test(
  'a summary penalty, one of a warning alone and one of slight conduct leave no trace; the display of others ' +
    'ends with their tier',
  async (t) => {
    const made = await world(t);
    await made.put(
      PENALTIES,
      company(0),
      'by summary procedure',
      penalty('2026-01-01', { procedure: 'summary', kinds: ['fine'] }),
    );
    await made.put(
      PENALTIES,
      company(0),
      'a warning alone',
      penalty('2026-01-01', { procedure: 'ordinary', kinds: ['warning', 'criticism'] }),
    );
    await made.put(
      'water.penalties',
      company(0),
      'ordinary',
      penalty('2025-09-01', {
        domain: '水务',
        decidedOn: '2025-11-26',
        displayUntil: '2028-11-26',
        displayTier: 'ordinary',
      }),
    );
    await made.put(
      'fire.penalties',
      company(0),
      'serious',
      penalty('2025-09-01', {
        domain: '消防安全',
        decidedOn: '2025-11-25',
        displayUntil: '2028-11-25',
        displayTier: 'serious',
      }),
    );
    await made.put(
      'health.penalties',
      company(0),
      'slight',
      penalty('2026-07-01', {
        domain: '卫生健康',
        decidedOn: '2026-08-25',
        displayUntil: '2029-08-25',
        displayTier: 'slight',
      }),
    );
    await made.seen();
    const model = await modelOf(made);
    t.match(section(model, 'market-regulation'), { state: 'none', records: [] });
    const text = canonicalJson(model);
    for (const gone of ['by summary procedure', 'a warning alone']) t.notOk(text.includes(JSON.stringify(gone)), gone);
    t.match(section(model, 'water').records, [{ displayed: true }], 'on the last day of a year');
    t.match(section(model, 'fire-safety').records, [{ displayed: true }]);
    t.match(section(model, 'health'), { state: 'none', records: [] }, 'of slight conduct: not collected, so not told');
  },
);

void t.test('"none" is not said where the grant hides by which procedure a penalty was made', async (t) => {
  const made = await world(t);
  await made.seen();
  made.grants((grant) =>
    grant.client === 'credit-report-centre' && grant.dataset === 'water.penalties'
      ? { ...grant, fields: grant.fields.filter(({ path }) => path !== 'procedure') }
      : grant,
  );
  t.equal(section(await modelOf(made), 'water').state, 'not_answered');
});

void t.test(
  'repaired, revoked and expired records are not in the report at all; one under objection is marked',
  async (t) => {
    const made = await world(t);
    await made.put(PENALTIES, company(0), 'kept', penalty('2025-01-01'));
    await made.put(
      PENALTIES,
      company(0),
      'repaired',
      penalty('2025-01-01', { repair: { status: 'repaired', on: '2026-01-01' } }),
    );
    await made.put(PENALTIES, company(0), 'revoked', penalty('2025-01-01'));
    await made.put(PENALTIES, company(0), 'expired', penalty('2021-11-25'));
    await made.seen();
    made.marks = {
      hidden: ({ recordId }) => (recordId === 'revoked' ? 'revoked' : undefined),
      marks: ({ recordId }) => (recordId === 'kept' ? ['objection'] : []),
    };
    const model = await modelOf(made);
    t.match(section(model, 'market-regulation').records, [{ marks: ['objection'] }]);
    t.equal(section(model, 'market-regulation').records.length, 1);
    const text = canonicalJson(model);
    for (const gone of ['"repaired"', '"revoked"', '"expired"']) t.notOk(text.includes(gone), `${gone} left no trace`);
  },
);

void t.test(
  'what the credit platform’s own register gives to nobody is in no report, and a document issued before is told why',
  async (t) => {
    const made = await world(t);
    const put = (id: string, endedOn: string, parts = {}) =>
      made.put('data-bureau.collected-penalties', company(0), id, penalty(endedOn, { domain: '教育', ...parts }));
    await put('last day', '2021-11-26');
    await put('past its term', '2021-11-25');
    await put('repaired', '2025-01-01', { repair: { status: 'repaired', on: '2026-01-01' } });
    await put('deleted', '2025-01-01');
    await made.seen();
    const hides: RecordMarks = {
      marks: () => [],
      hidden: ({ recordId }) => (recordId === 'deleted' ? 'revoked' : undefined),
    };
    const definition = made.reports.definitions.get('credit');
    if (definition === undefined) throw new Error('no report');
    const order = {
      definition,
      domains: definition.domains,
      from: '2000-01-01',
      to: '2026-11-26',
      purpose: 'listing',
      bearer: 'x',
      subjects: [{ subject: company(0), name: '', relation: 'self' as const }],
    };
    const { model, untold } = await openComputing(made.context, hides).compute(order, undefined);
    t.match(section(model, 'education'), { state: 'records', records: [{ endedOn: '2021-11-26' }] });
    t.equal(section(model, 'education').records.length, 1);
    t.strictSame(Object.fromEntries([...untold].map(([key, why]) => [(JSON.parse(key) as string[])[2], why])), {
      'past its term': 'expired',
      repaired: 'repaired',
      deleted: 'revoked',
    });
  },
);

void t.test(
  'the serious-dishonesty list is told by its own layout; a debtor whom a court enforces against has no record ' +
    'in a report',
  async (t) => {
    const made = await world(t);
    await made.put('samr.dishonesty-list', company(0), 'L1', {
      listedOn: '2024-01-01',
      removedOn: null,
      displayTier: 'serious',
      displayUntil: '2027-01-01',
      removal: null,
    });
    await made.put('court.judgment-debtors', company(0), 'C1', { filedOn: '2018-01-01', closedOn: '2021-11-26' });
    await made.seen();
    const model = await modelOf(made);
    t.match(section(model, 'market-regulation').records, [{ kind: 'dishonesty', displayed: true }]);
    t.equal(section(model, 'justice-administration').state, 'none');
    t.strictSame(
      model.sections.flatMap(({ records }) => records.map(({ dataset }) => dataset)),
      ['samr.dishonesty-list'],
    );
    t.notMatch(JSON.stringify(model), /被执行|刑事|司法裁判|[Cc]riminal|judg(e)?ment/);
    t.ok(
      model.notes.some(({ en }) =>
        en.startsWith('Enforcement measures: shared at present in market regulation, medicinal products;'),
      ),
      'of a kind that only some share it is said where, so that none elsewhere is not taken for none of it',
    );
    t.notOk(
      model.notes.some(({ en }) => en.startsWith('Administrative penalties')),
      'and nothing of a kind that every domain has',
    );
  },
);

void t.test('one cut over all registers, also where others publish while a large group is read', async (t) => {
  const made = await world(t);
  const subjects = Array.from({ length: 60 }, (_, n) => company(n));
  for (const [n, subject] of subjects.entries()) {
    await made.put(REGISTER, subject, '', entry(`公司${String(n)}`));
    await made.put(PENALTIES, subject, `p${String(n)}`, penalty('2025-01-01'));
  }
  await made.seen();
  const definition = made.reports.definitions.get('credit');
  if (definition === undefined) throw new Error('no report');
  const order = {
    definition,
    domains: definition.domains,
    from: '2020-01-01',
    to: '2026-11-26',
    purpose: 'listing',
    bearer: 'x',
    subjects: subjects.map((subject) => ({ subject, name: '', relation: 'named' as const })),
  };
  const { view } = made.context;
  const ids = [REGISTER, ...definition.datasets.map(({ contract }) => contract.id)].map(datasetId);
  const before = view.cut(ids);
  await made.put(PENALTIES, company(59), 'later', penalty('2025-01-01'));
  // as if it had been published after the first slice was read
  let cuts = 0;
  const moving: ViewReader = {
    read: (...given) => view.read(...given),
    datasetState: (id) => view.datasetState(id),
    close: () => view.close(),
    subjects: (...given) => view.subjects(...given),
    cut: (of) => (cuts++ === 0 ? before : view.cut(of)),
  };
  const done: number[] = [];
  const { model } = await openComputing({ ...made.context, view: moving }, noMarks).compute(order, undefined, (n) =>
    done.push(n),
  );
  t.strictSame(done, [25, 50, 60], 'and it is told how far it is');
  t.strictSame(
    model.sections.filter(({ records }) => records.length > 0).map(({ subject, records }) => [subject, records.length]),
    subjects.map((_, n) => [n, 1]),
    'the later record is not of this cut',
  );
  t.equal(
    (await openComputing(made.context, noMarks).compute(order, undefined)).model.sections.reduce(
      (sum, { records }) => sum + records.length,
      0,
    ),
    61,
  );
});

void t.test(
  'sections are complete, subjects outside, each with the digest of what it says; none is only said of current ' +
    'registers',
  async (t) => {
    const made = await openWorld();
    t.teardown(() => made.close());
    const definition = made.reports.definitions.get('credit');
    if (definition === undefined) throw new Error('no report');
    const registers = definition.datasets.map(({ contract }) => contract.id);
    for (let n = 0; n < 3; n++) await made.put(REGISTER, company(n), '', entry(`公司${String(n)}`));
    const put = new Set<string>();
    let offset = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          subjects: fc.integer({ min: 1, max: 3 }),
          domains: fc.uniqueArray(fc.constantFrom(...definition.domains.map(({ id }) => id)), { minLength: 1 }),
          stale: fc.uniqueArray(fc.constantFrom(...registers)),
          denied: fc.uniqueArray(fc.constantFrom(...registers), { maxLength: 3 }),
          record: fc.record({
            company: fc.integer({ min: 0, max: 2 }),
            register: fc.constantFrom(...definition.datasets.filter(({ layout }) => layout.domain !== undefined)),
            ended: fc.integer({ min: 2019, max: 2026 }),
          }),
        }),
        async ({ subjects, domains, stale, denied, record }) => {
          made.now = NOW + ++offset * 3 * 86_400_000;
          await made.seen([...made.workspace.contracts.keys()].filter((id) => !stale.includes(id)));
          const ended = `${String(record.ended)}-06-30`;
          const of = { domain: record.register.contract.domains[0] };
          await made.put(
            record.register.contract.id,
            company(record.company),
            String(offset),
            record.register.layout.kind === 'measure'
              ? { ...of, endedOn: ended, outcome: 'penalised' }
              : penalty(ended, of),
          );
          put.add(record.register.contract.id);
          made.grants((grant) =>
            grant.client === 'credit-report-centre' && denied.includes(grant.dataset) ? undefined : grant,
          );
          const chosen = definition.domains.filter(({ id }) => domains.includes(id));
          const order = {
            definition,
            domains: chosen,
            from: '2000-01-01',
            to: '2026-11-26',
            purpose: 'listing',
            bearer: 'x',
            subjects: Array.from({ length: subjects }, (_, n) => ({
              subject: company(n),
              name: '',
              relation: 'named' as const,
            })),
          };
          const { model, keys } = await openComputing(made.context, noMarks).compute(order, undefined);
          if (model.sections.length !== subjects * chosen.length || keys.length !== model.sections.length) return false;
          return model.sections.every(({ salt, digest, ...body }, i) => {
            const { subject, domain, state, records, missing } = body;
            const ids = chosen[domain]?.datasets.map((at) => registers[at]) ?? [];
            const current = ids.every((id) => id !== undefined && !stale.includes(id) && !denied.includes(id));
            return (
              subject === Math.floor(i / chosen.length) &&
              domain === i % chosen.length &&
              state ===
                (current
                  ? records.length === 0
                    ? 'none'
                    : 'records'
                  : records.length === 0
                    ? 'not_answered'
                    : 'at_least') &&
              current === (missing.length === 0) &&
              digest === sectionDigest(salt, body) &&
              records.every(
                ({ dataset, reportableUntil }) =>
                  !denied.includes(dataset as (typeof registers)[number]) &&
                  reportableUntil !== undefined &&
                  reportableUntil >= model.issuedAt.slice(0, 10),
              )
            );
          });
        },
      ),
      { numRuns: 25 },
    );
    t.ok(put.size > 3, 'with records of several registers');
  },
);

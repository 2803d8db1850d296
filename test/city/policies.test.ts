import t from 'tap';
import { clientId, datasetId, purposeId } from '../../contracts/ids.js';
import { runCases } from '../../policies/cases.js';
import { endOfDay, startOfDay } from '../../policies/dates.js';
import { makeDecider } from '../../policies/decide.js';
import { loadPolicies } from '../../policies/load.js';
import type { Decision } from '../../policies/types.js';
import { town } from './town.js';

const { workspace } = await town();
const set = await loadPolicies(workspace);
const decider = makeDecider(set, workspace);
/** Whichever day within the terms of the city's grants. */
const NOW = Date.parse('2026-11-24T04:00:00Z');

interface Asking {
  readonly client: string;
  readonly purpose: string;
  readonly dataset: string;
  readonly case?: { readonly item?: string; readonly caseId?: string; readonly actor?: string };
}
function ask({ client, ...rest }: Asking): Decision {
  const known = set.clients.get(clientId(client));
  if (known === undefined) throw new Error(`no client ${client}`);
  return decider.decide({ client: known, delivery: 'query', now: NOW, ...rest });
}

const restaurant = {
  client: 'one-stop-counter',
  purpose: 'open-restaurant',
  case: { item: '11990101MB00001234001', caseId: '20261124-0001', actor: '101' },
};

t.test('the counter that opens a restaurant gets from five departments all that it was granted', (t) => {
  for (const dataset of [
    'samr.company-register',
    'samr.business-licence',
    'fire.fire-checks',
    'urban-management.shop-signs',
    'water.drainage-permits',
  ]) {
    const decision = ask({ ...restaurant, dataset });
    t.equal(decision.effect, 'allow', dataset);
    t.same(decision.withheld, [], `${dataset} whole`);
  }
  t.end();
});

const BUNDLES: Readonly<Record<string, readonly string[]>> = {
  'open-restaurant': ['health.health-certificates', 'natural-resources.titles'],
  'open-transport-company': ['police.drivers', 'police.vehicles'],
  'open-company': ['natural-resources.titles', 'samr.business-licence'],
  'transfer-real-estate': [
    'natural-resources.titles',
    'samr.business-licence',
    'samr.company-register',
    'tax.tax-registration',
  ],
  'change-company': [
    'construction.qualifications',
    'customs.registrations',
    'ecology.discharge-permits',
    'emergency.work-safety-licences',
    'housing-fund.fund-accounts',
    'hrss.social-insurance-accounts',
    'medical-insurance.accounts',
    'natural-resources.titles',
    'police.seals',
    'samr.business-licence',
    'samr.company-register',
    'samr.food-licence',
    'tax.tax-registration',
    'tobacco.retail-licence',
    'transport.road-transport-licence',
    'urban-management.shop-signs',
    'water.drainage-permits',
  ],
  'deregister-company': [
    'court.judgment-debtors',
    'customs.registrations',
    'housing-fund.fund-accounts',
    'hrss.social-insurance-accounts',
    'hrss.wage-dishonesty-list',
    'medical-insurance.accounts',
    'police.seals',
    'samr.abnormal-list',
    'samr.business-licence',
    'samr.company-register',
    'samr.dishonesty-list',
    'samr.enforcement-measures',
    'samr.equity-pledges',
    'samr.penalties',
    'samr.penalty-payments',
    'tax.tax-arrears',
    'tax.tax-registration',
  ],
};

t.test('for each bundle the counter gets, in a case, all that it was granted, and no register of another', (t) => {
  for (const [purpose, datasets] of Object.entries(BUNDLES)) {
    for (const dataset of datasets) {
      const decision = ask({ ...restaurant, purpose, dataset });
      t.equal(decision.effect, 'allow', `${purpose}: ${dataset}`);
      t.same(decision.withheld, [], `${purpose}: ${dataset} whole`);
    }
    for (const dataset of new Set(Object.values(BUNDLES).flat())) {
      const granted = [...set.grants.values()].some(
        (grant) =>
          grant.client === 'one-stop-counter' &&
          grant.dataset === dataset &&
          grant.purposes.some((one) => one === purpose),
      );
      const decision = ask({ ...restaurant, purpose, dataset });
      t.equal(decision.effect === 'allow', granted, `${purpose}: ${dataset}`);
    }
  }
  t.end();
});

t.test(
  'who drives, and who was found healthy, is told in a stated case only, and never with the identity number',
  (t) => {
    for (const [purpose, dataset] of [
      ['open-transport-company', 'police.drivers'],
      ['open-restaurant', 'health.health-certificates'],
    ] as const) {
      t.match(ask({ client: 'one-stop-counter', purpose, dataset }), {
        effect: 'deny',
        reasons: [{ code: 'case_required' }],
      });
      const { fields } = ask({ ...restaurant, purpose, dataset });
      t.notOk(fields.some(({ path }) => path === 'personId' || path === 'seriousAccidentOn'));
    }
    t.end();
  },
);

t.test('it learns the result of an inspection, not who inspected; of arrears nothing', (t) => {
  const inspection = ask({ ...restaurant, dataset: 'samr.food-inspections' });
  t.equal(inspection.effect, 'allow');
  t.match(inspection.fields, [{ path: 'uscc' }]);
  t.same(inspection.withheld, [{ field: 'inspectors', reason: 'field_not_permitted' }]);
  const arrears = ask({ ...restaurant, dataset: 'tax.tax-arrears' });
  t.equal(arrears.effect, 'deny');
  t.match(arrears.reasons, [{ code: 'not_granted' }]);
  t.end();
});

t.test('a grant does not overrule a policy: the courts’ register does not serve to open a restaurant', (t) => {
  const lent = [...set.grants.values()]
    .filter(({ dataset }) => dataset === 'court.judgment-debtors')
    .map((grant) => ({ ...grant, client: clientId('one-stop-counter'), purposes: [purposeId('open-restaurant')] }));
  t.ok(lent.length > 0);
  const grants = new Map([...set.grants, ...lent.map((grant) => [grant.id, grant] as const)]);
  const known = set.clients.get(clientId('one-stop-counter'));
  if (known === undefined) throw new Error('no counter');
  const decision = makeDecider({ ...set, grants }, workspace).decide({
    ...restaurant,
    client: known,
    delivery: 'query',
    now: NOW,
    dataset: 'court.judgment-debtors',
  });
  t.equal(decision.effect, 'deny');
  t.match(decision.reasons, [{ code: 'policy' }]);
  t.ok(decision.reasons.some(({ policies }) => policies?.includes('judgment/by-purpose')));
  t.end();
});

t.test(
  'what a court holds is granted to the counter for no restaurant, to the credit centre for nothing, and no rule lets it into a report',
  (t) => {
    for (const asking of [restaurant, { client: 'credit-report-centre', purpose: 'credit-report' }]) {
      t.match(ask({ ...asking, dataset: 'court.judgment-debtors' }), {
        effect: 'deny',
        reasons: [{ code: 'not_granted' }],
      });
    }
    t.end();
  },
);

t.test('what is not shared looks like what does not exist, also to the credit centre', (t) => {
  const hidden = ask({ client: 'credit-report-centre', purpose: 'credit-report', dataset: 'tax.risk-ratings' });
  const absent = ask({ client: 'credit-report-centre', purpose: 'credit-report', dataset: 'tax.no-such-register' });
  t.equal(hidden.effect, 'deny');
  t.same(hidden, absent);
  t.end();
});

t.test('a person’s insurance is shown for a stated case, to a stated clerk', (t) => {
  const asking = {
    client: 'insurance-counter',
    purpose: 'insurance-transfer',
    dataset: 'hrss.social-insurance-persons',
  };
  t.equal(ask(asking).effect, 'deny');
  t.equal(ask({ ...asking, case: { item: 'i', caseId: 'c', actor: 'a' } }).effect, 'allow');
  t.end();
});

t.test('an inspector sees one district, a suspended client nothing', (t) => {
  t.same(ask({ client: 'fire-inspector', purpose: 'fire-supervision', dataset: 'fire.fire-checks' }).rows, {
    kind: 'area',
    field: 'premises.district',
    areas: ['990103'],
  });
  t.equal(ask({ client: 'old-portal', purpose: 'change-company', dataset: 'samr.company-register' }).effect, 'deny');
  t.end();
});

t.test('the credit centre may ask every register of penalties, and every domain is in one of them', (t) => {
  for (const [id, { kind }] of workspace.contracts) {
    if (kind !== 'penalty') continue;
    const decision = ask({ client: 'credit-report-centre', purpose: 'credit-report', dataset: datasetId(id) });
    t.equal(decision.effect, 'allow', id);
    t.ok(
      ['domain', 'decisionNumber', 'displayUntil'].every((field) => decision.fields.some(({ path }) => path === field)),
      id,
    );
    t.notOk(
      decision.fields.some(({ path }) => path === 'officers'),
      id,
    );
  }
  t.end();
});

t.test('every rule of the city does what its cases say', (t) => {
  const results = runCases(set, decider, NOW);
  t.ok(results.length > 0);
  t.same(
    results.filter(({ failure }) => failure !== undefined),
    [],
  );
  t.end();
});

t.test('each grant of the city has a term, and gives nothing before it and after it', (t) => {
  const LIFE = { from: '2026-01-01', until: '2035-12-31' };
  for (const {
    id,
    client,
    dataset,
    purposes: [purpose = ''],
    delivery: [delivery = 'query'],
    from,
    until,
  } of set.grants.values()) {
    const known = set.clients.get(client);
    if (known?.status === 'suspended') continue;
    t.same({ from, until }, LIFE, id);
    if (known === undefined) throw new Error(`no client ${client}`);
    for (const [now, code] of [
      [startOfDay(from) - 1, 'grant_not_begun'],
      [endOfDay(until), 'grant_expired'],
    ] as const) {
      t.match(
        decider.decide({ client: known, purpose, dataset, delivery, case: restaurant.case, now }),
        { effect: 'deny', reasons: [{ code }] },
        `${id} ${code}`,
      );
    }
  }
  t.end();
});

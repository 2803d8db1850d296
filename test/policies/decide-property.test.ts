import fc from 'fast-check';
import t from 'tap';
import { clientId, datasetId, fieldPath, purposeId } from '../../contracts/ids.js';
import { present } from '../../contracts/present.js';
import { CLASSIFICATIONS } from '../../contracts/types.js';
import { makeDecider } from '../../policies/decide.js';
import type { DecisionInput, Grant } from '../../policies/types.js';
import { client, contract, FIELDS, grant, policySet, purpose, rule, workspace } from './city.js';
import { expected, type Template } from './oracle.js';

const OVERFLOW = '9223372036854775807 + 1 > 0';
const CONTRACTS = [contract('tax.debts'), contract('court.cases', 'unconditional'), contract('tax.secrets', 'none')];
const SPACE = workspace(CONTRACTS);
const CLIENTS = ['alpha', 'beta', 'gamma'];
const DATASETS = [...CONTRACTS.map(({ id }) => id as string), 'court.unknown', 'not a dataset', '__proto__'];
const PURPOSES = ['credit', 'licence', 'nothing', 'constructor'];
const DATES = ['2026-01-01', '2026-02-28', '2026-03-01', '2026-06-30', '2026-07-01', '2026-12-31'];
const PATHS = [...FIELDS.map(({ path }) => path as string), 'members[]'];

const TEMPLATES: readonly Template[] = [
  { effect: 'permit', cedar: 'permit (principal, action, resource);', holds: () => true },
  {
    effect: 'permit',
    cedar: 'permit (principal, action, resource) when { ["public", "internal"].contains(resource.classification) };',
    holds: ({ classification }) => ['public', 'internal'].includes(classification),
  },
  {
    effect: 'permit',
    cedar: 'permit (principal == Client::"alpha", action == Action::"query", resource) when { context.hasCase };',
    holds: ({ input }) =>
      input.client.id === 'alpha' && input.delivery === 'query' && (input.case?.caseId ?? '').trim() !== '',
  },
  ...CLASSIFICATIONS.map(
    (name): Template => ({
      effect: 'permit',
      cedar: `permit (principal, action, resource) when { resource.classification == "${name}" };`,
      holds: ({ classification }) => classification === name,
    }),
  ),
  {
    effect: 'forbid',
    cedar: 'forbid (principal, action, resource) when { resource.classification == "sensitive" };',
    holds: ({ classification }) => classification === 'sensitive',
  },
  {
    effect: 'forbid',
    cedar: 'forbid (principal, action == Action::"batch", resource) unless { context.hasItem };',
    holds: ({ input }) => input.delivery === 'batch' && (input.case?.item ?? '').trim() === '',
  },
  {
    effect: 'forbid',
    cedar:
      'forbid (principal, action, resource) when { context.purpose == "licence" && resource.sharing == ' +
      '"conditional" };',
    holds: ({ input, sharing }) => input.purpose === 'licence' && sharing === 'conditional',
  },
  {
    effect: 'forbid',
    cedar: `forbid (principal, action, resource) when { resource.classification == "restricted" && ${OVERFLOW} };`,
    holds: ({ classification }) => (classification === 'restricted' ? 'error' : false),
  },
  {
    effect: 'forbid',
    cedar: `forbid (principal == Client::"beta", action, resource) when { ${OVERFLOW} };`,
    holds: ({ input }) => (input.client.id === 'beta' ? 'error' : false),
  },
  {
    effect: 'permit',
    cedar: `permit (principal, action == Action::"verify", resource) when { ${OVERFLOW} };`,
    holds: ({ input }) => (input.delivery === 'verify' ? 'error' : false),
  },
];

const part = fc.constantFrom(undefined, '', ' ', 'x');
const statedCase = fc
  .record({ item: part, caseId: part, actor: part })
  .map(
    (parts) =>
      Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as NonNullable<
        DecisionInput['case']
      >,
  );
const grantParts = fc.record({
  client: fc.constantFrom(...CLIENTS).map(clientId),
  dataset: fc
    .constantFrom('tax.debts', 'tax.debts', 'tax.debts', 'court.cases', 'court.cases', 'tax.secrets')
    .map(datasetId),
  fields: fc.uniqueArray(
    fc.record({
      path: fc.constantFrom(...PATHS).map(fieldPath),
      as: fc.constantFrom('value', 'value', 'value', 'match', 'exists', 'count', 'masked'),
    }),
    {
      minLength: 1,
      maxLength: 6,
      selector: ({ path }) => path,
    },
  ),
  purposes: fc.uniqueArray(fc.constantFrom('credit', 'licence').map(purposeId), {
    minLength: 1,
    maxLength: 2,
    size: 'max',
  }),
  delivery: fc.uniqueArray(fc.constantFrom('query', 'verify', 'batch'), { minLength: 1, maxLength: 3, size: 'max' }),
  batchLimit: fc.constantFrom(0, 1, 5),
  from: fc.constantFrom(...DATES, '2026-01-01', '2026-01-01', '2026-01-01'),
  until: fc.constantFrom(...DATES, '2026-12-31', '2026-12-31', '2026-12-31'),
  requires: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    fc.uniqueArray(fc.constantFrom('item', 'caseId', 'actor')),
  ),
  status: fc.constantFrom('active', 'active', 'active', 'suspended'),
}) satisfies fc.Arbitrary<Partial<Grant>>;

/** Instants about the edges of the days above, in Shanghai. */
const instant = fc
  .tuple(fc.constantFrom(...DATES), fc.constantFrom(-1, 0, 1, 43_200_000, 86_399_999, 86_400_000))
  .map(([date, offset]) => Date.parse(`${date}T00:00:00+08:00`) + offset);
const inputs = fc.record({
  client: fc.constantFrom(...CLIENTS, ...CLIENTS, ...CLIENTS, 'delta'),
  purpose: fc.constantFrom(...PURPOSES, 'credit', 'credit', 'licence', 'licence', 'credit', 'credit'),
  dataset: fc.constantFrom(...DATASETS, ...Array<string>(9).fill('tax.debts'), ...Array<string>(5).fill('court.cases')),
  fields: fc.option(
    fc.array(fc.constantFrom(...PATHS, 'secret', '__proto__', 'name address.city', ''), { maxLength: 5 }),
    { nil: undefined },
  ),
  delivery: fc.constantFrom('query', 'query', 'verify', 'batch', 'file'),
  subjects: fc.constantFrom(1, 5, 6),
  case: fc.option(statedCase, { nil: undefined }),
  now: instant,
  /** Asks as this grant would have it, so that most questions meet a grant. */
  like: fc.option(fc.nat({ max: 15 }), { freq: 4 }),
});

const world = fc.record({
  suspended: fc.constantFrom('none', 'none', 'none', 'gamma', 'alpha'),
  grants: fc.array(grantParts, { minLength: 4, maxLength: 16, size: 'max' }),
  // failing templates are the last three; most worlds have none of them, so that allows are met too
  rules: fc.oneof(
    { weight: 3, arbitrary: fc.uniqueArray(fc.nat({ max: TEMPLATES.length - 4 }), { minLength: 1, maxLength: 5 }) },
    { weight: 1, arbitrary: fc.uniqueArray(fc.nat({ max: TEMPLATES.length - 1 }), { minLength: 1, maxLength: 5 }) },
  ),
  inputs: fc.array(inputs, { minLength: 100, maxLength: 100, size: 'max' }),
});

t.test(
  'a client gets what one grant in force and the policies give, and nothing else, in 100,000 random decisions',
  (t) => {
    const seen = { total: 0, allow: 0, error: 0, partly: 0 };
    fc.assert(
      fc.property(world, ({ suspended, grants, rules, inputs: asked }) => {
        const templates = rules.flatMap((index) => TEMPLATES[index] ?? []);
        const set = policySet({
          clients: CLIENTS.map((id) => client(id, id === suspended ? 'suspended' : 'active')),
          purposes: [purpose('credit'), purpose('licence', [])],
          grants: grants.map((parts, index) => grant(`g-${String(index)}`.replace(/-(\d)/, 'n$1'), parts)),
          rules: templates.map(({ cedar }, index) => rule(`t/${String(index)}`, cedar)),
        });
        const decider = makeDecider(set, SPACE);
        // twice, so that what is kept is asked as well as what is made
        for (const one of [...asked, ...asked]) {
          const { fields, case: given, like, ...free } = one;
          const near = like === null ? undefined : grants[like % grants.length];
          const rest =
            near === undefined
              ? free
              : {
                  ...free,
                  client: near.client,
                  dataset: near.dataset,
                  purpose: near.purposes[0] ?? free.purpose,
                  delivery: near.delivery[0] ?? free.delivery,
                };
          const input: DecisionInput = {
            ...rest,
            client: client(rest.client),
            ...present({ fields, case: given }),
          };
          const decision = decider.decide(input);
          const oracle = expected(set, CONTRACTS, templates, input);
          seen.total++;
          if (oracle.error) seen.error++;
          if (oracle.effect === 'allow') seen.allow++;
          if (decision.withheld.length > 0) seen.partly++;
          const got = {
            effect: decision.effect,
            ...(decision.grant === undefined ? {} : { grant: decision.grant as string }),
            fields: decision.fields.map(({ path, as }) => `${path}=${as}`).sort(),
            error: decision.errors.length > 0,
          };
          if (JSON.stringify(got) !== JSON.stringify(oracle)) {
            throw new Error(
              `got ${JSON.stringify(got)}, expected ${JSON.stringify(oracle)} for ${JSON.stringify(input)}`,
            );
          }
          if (decision.effect === 'deny' && decision.reasons.length === 0) throw new Error('a denial without a reason');
          if (decision.validUntil <= input.now && decision.errors.length === 0) throw new Error('valid for no time');
        }
      }),
      { numRuns: 520 },
    );
    t.comment(JSON.stringify(seen));
    t.ok(seen.total >= 100_000);
    t.ok(seen.allow > 2_000, 'allows are met');
    t.ok(seen.error > 200, 'errors are met');
    t.end();
  },
);

import fc from 'fast-check';
import t from 'tap';
import { clientId, datasetId, fieldPath, purposeId } from '../../contracts/ids.js';
import { present } from '../../contracts/present.js';
import type { Delivery } from '../../contracts/types.js';
import { makeDecider } from '../../policies/decide.js';
import { type LoggedDecision, makeReplay, type Outcome, outcomeOf } from '../../policies/replay.js';
import type { Grant, PolicySet } from '../../policies/types.js';
import { client, contract, grant, policySet, purpose, rule, workspace } from './city.js';

const SPACE = workspace([contract('tax.debts'), contract('court.cases', 'unconditional')]);
const PATHS = ['key', 'name', 'address', 'address.city', 'members', 'tags'];
const DAYS = ['2026-01-01', '2026-02-28', '2026-03-01', '2026-12-31'];
const RULES = [
  'permit (principal, action, resource);',
  'permit (principal, action, resource) when { resource.classification == "public" };',
  'forbid (principal, action == Action::"batch", resource) unless { context.hasItem };',
  'forbid (principal, action, resource) when { resource.classification == "personal" };',
  'forbid (principal == Client::"beta", action, resource) when { 9223372036854775807 + 1 > 0 };',
];

const grants = fc.array(
  fc.record({
    client: fc.constantFrom('alpha', 'beta').map(clientId),
    dataset: fc.constantFrom('tax.debts', 'tax.debts', 'court.cases').map(datasetId),
    fields: fc.uniqueArray(
      fc.record({
        path: fc.constantFrom(...PATHS).map(fieldPath),
        as: fc.constantFrom('value', 'value', 'match', 'masked', 'exists'),
      }),
      { minLength: 1, maxLength: 4, selector: ({ path }) => path },
    ),
    rows: fc.constantFrom<Grant['rows']>(
      { kind: 'all' },
      { kind: 'all' },
      { kind: 'area', field: fieldPath('address.city'), areas: ['35'] },
      { kind: 'subjects', subjects: ['uscc:AAAA'] },
    ),
    purposes: fc.constantFrom([purposeId('credit')], [purposeId('credit'), purposeId('licence')]),
    delivery: fc.constantFrom<Delivery[]>(['query', 'verify', 'batch'], ['query']),
    batchLimit: fc.constantFrom(0, 5),
    from: fc.constantFrom('2026-01-01', ...DAYS.slice(0, 3)),
    until: fc.constantFrom('2026-12-31', '2026-12-31', ...DAYS.slice(1)),
    requires: fc.constantFrom<Grant['requires']>([], [], ['item'], ['item', 'actor']),
    status: fc.constantFrom<Grant['status']>('active', 'active', 'active', 'suspended'),
  }),
  { minLength: 4, maxLength: 8 },
);
interface Parts {
  readonly grants: readonly Partial<Grant>[];
  readonly rules: readonly number[];
  readonly suspended: string;
  readonly gone: string;
}
const parts: fc.Arbitrary<Parts> = fc.record({
  grants,
  rules: fc.oneof(
    { weight: 2, arbitrary: fc.constant([0]) },
    { weight: 1, arbitrary: fc.uniqueArray(fc.nat({ max: RULES.length - 1 }), { minLength: 1, maxLength: 3 }) },
  ),
  suspended: fc.constantFrom('none', 'none', 'none', 'beta'),
  gone: fc.constantFrom('none', 'none', 'none', 'beta'),
});
const made = ({ grants: all, rules, suspended, gone }: Parts): PolicySet =>
  policySet({
    clients: ['alpha', 'beta']
      .filter((id) => id !== gone)
      .map((id) => client(id, id === suspended ? 'suspended' : 'active')),
    purposes: [purpose('credit'), purpose('licence', [])],
    grants: all.map((one, i) => grant(`g${i}`, one)),
    rules: rules.map((n) => rule(`t/${n}`, RULES[n] ?? '')),
  });
/** Before, and after a change of some grants, or of everything. */
const pairs = fc
  .tuple(parts, parts, fc.nat({ max: 3 }))
  .map(([before, other, keep]): readonly [PolicySet, PolicySet] => [
    made(before),
    made(
      keep === 0
        ? other
        : {
            ...before,
            grants: before.grants.map((one, i) =>
              i % keep === 0
                ? {
                    ...one,
                    fields: other.grants[i]?.fields ?? one.fields ?? [],
                    rows: other.grants[i]?.rows ?? { kind: 'all' },
                  }
                : one,
            ),
          },
    ),
  ]);
const time = fc
  .tuple(fc.constantFrom(...DAYS), fc.constantFrom(-1, 0, 43_200_000, 86_399_999, 86_400_000))
  .map(([day, ms]) => Date.parse(`${day}T00:00:00+08:00`) + ms);
const questions = fc.array(
  fc.record({
    time,
    client: fc.constantFrom('alpha', 'beta'),
    purpose: fc.constantFrom('credit', 'credit', 'licence'),
    delivery: fc.constantFrom<Delivery>('query', 'query', 'verify', 'batch'),
    stated: fc.constantFrom([], ['item'], ['item', 'actor'], ['caseId']),
    dataset: fc.constantFrom('tax.debts', 'tax.debts', 'court.cases'),
    asked: fc.option(fc.uniqueArray(fc.constantFrom(...PATHS), { minLength: 1, maxLength: 3 }), { nil: undefined }),
    batch: fc.constantFrom(1, 5, 6),
  }),
  { minLength: 50, maxLength: 50 },
);

type Question = Omit<LoggedDecision, 'outcome' | 'entry' | 'authority'>;

/** Decided by a decider made for this question alone. */
function alone(set: PolicySet, question: Question): Outcome {
  const known = [...set.clients.values()].find(({ id }) => id === question.client);
  if (known === undefined) return { effect: 'deny', reason: 'not_granted', fields: [], forms: {} };
  const { asked, batch, stated, time: now, purpose: why, dataset, delivery } = question;
  return outcomeOf(
    makeDecider(set, SPACE).decide({
      client: known,
      purpose: why,
      dataset,
      delivery,
      now,
      ...present({ fields: asked, subjects: batch }),
      case: Object.fromEntries(stated.map((part) => [part, 'x'])),
    }),
  );
}

/** Told apart as a client would: whether it is answered, which fields in which form, of which rows. */
const seen = ({ effect, fields, forms, rows }: Outcome): string =>
  effect === 'deny' ? 'deny' : JSON.stringify([fields.map((path) => `${path}=${forms[path] ?? 'value'}`).sort(), rows]);

t.test('replay finds every decision that would turn out otherwise, and no other', (t) => {
  const met = { same: 0, denied: 0, allowed: 0, released: 0 };
  fc.assert(
    fc.property(pairs, questions, ([before, after], asked) => {
      const replay = makeReplay(after, SPACE);
      let otherwise = 0;
      const each = asked.map(({ batch, asked: fields, ...rest }) => {
        const whole: Question = {
          ...rest,
          ...(rest.delivery === 'batch' ? { batch } : {}),
          ...present({ asked: fields }),
        };
        return { whole, was: alone(before, whole), now: alone(after, whole) };
      });
      // asked twice over, so that what was grouped is met again
      for (const [entry, { whole, was, now }] of [...each, ...each].entries()) {
        const kind = replay.add({ ...whole, entry, authority: 'tax', outcome: was });
        const expected =
          seen(was) === seen(now)
            ? undefined
            : was.effect === now.effect
              ? 'released'
              : now.effect === 'deny'
                ? 'denied'
                : 'allowed';
        if (kind !== expected)
          throw new Error(
            `${String(kind)}, expected ${String(expected)}: ${JSON.stringify({ question: whole, was, now })}`,
          );
        met[kind ?? 'same']++;
        if (kind !== undefined) otherwise++;
      }
      const result = replay.result();
      if (
        result.otherwise !== otherwise ||
        result.changes.reduce((sum, { decisions }) => sum + decisions, 0) !== otherwise ||
        result.evaluated > asked.length
      )
        throw new Error('the sums are wrong');
      if (result.changes.some(({ by, entries }) => by.length === 0 || entries.length === 0))
        throw new Error('a change does not say by what, or where');
    }),
    { numRuns: 30 },
  );
  t.comment(JSON.stringify(met));
  for (const [kind, count] of Object.entries(met)) t.ok(count > 5, `${kind} is met`);
  t.end();
});

t.test('a change says for whom and by which policy', (t) => {
  const ask = (entry: number, outcome: Outcome, parts: Partial<LoggedDecision> = {}): LoggedDecision => ({
    entry,
    time: Date.parse('2026-05-05T00:00:00Z'),
    client: 'alpha',
    authority: 'tax',
    purpose: 'credit',
    delivery: 'query',
    stated: [],
    dataset: 'tax.debts',
    outcome,
    ...parts,
  });
  const was: Outcome = { effect: 'allow', grant: 'g', fields: ['name'], forms: {} };
  const forbid = rule(
    'secrecy/no-names',
    'forbid (principal, action, resource) when { resource.classification == "public" };',
  );
  const replay = makeReplay(
    policySet({ grants: [grant('g')], rules: [rule('t/permit', 'permit (principal, action, resource);'), forbid] }),
    SPACE,
  );
  replay.add(ask(7, was));
  replay.add(ask(9, was));
  t.match(replay.result(), {
    decisions: 2,
    evaluated: 1,
    otherwise: 2,
    changes: [
      {
        kind: 'denied',
        client: 'alpha',
        authority: 'tax',
        by: ['secrecy/no-names'],
        lost: ['name'],
        entries: [7, 9],
        now: { reason: 'policy' },
      },
    ],
  });

  const suspended = makeReplay(policySet({ grants: [grant('g', { status: 'suspended' })] }), SPACE);
  suspended.add(ask(1, was));
  t.match(suspended.result().changes, [{ kind: 'denied', by: ['grant g', 'grant_suspended'] }]);

  const masked = makeReplay(
    policySet({ grants: [grant('g', { fields: [{ path: fieldPath('name'), as: 'masked' }] })] }),
    SPACE,
  );
  t.equal(masked.add(ask(1, was)), 'released');
  t.match(
    masked.result().changes,
    [{ lost: ['name'], gained: ['name (masked)'], by: ['grant g'] }],
    'another form is another release',
  );

  const wider = makeReplay(policySet({ grants: [grant('g')] }), SPACE);
  t.equal(wider.add(ask(1, { effect: 'deny', reason: 'not_granted', fields: [], forms: {} })), 'allowed');
  t.equal(
    wider.add(
      ask(
        2,
        { effect: 'deny', reason: 'grant_expired', fields: [], forms: {} },
        { time: Date.parse('2027-05-05T00:00:00Z') },
      ),
    ),
    undefined,
    'decided as of its own time',
  );
  t.match(wider.result().changes, [{ kind: 'allowed', gained: ['name'], by: ['grant g'] }]);
  t.end();
});

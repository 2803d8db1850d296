import t from 'tap';
import { datasetId, fieldPath, purposeId } from '../../contracts/ids.js';
import { makeDecider } from '../../policies/decide.js';
import type { DecisionInput, Grant } from '../../policies/types.js';
import { client, contract, grant, PERMIT_ALL, policySet, rule, workspace } from './city.js';

const SPACE = workspace([contract('tax.debts'), contract('court.cases'), contract('tax.secrets', 'none')]);
const NOW = Date.parse('2026-06-01T12:00:00+08:00');
const ask = (parts: Partial<DecisionInput> = {}): DecisionInput => ({
  client: client('alpha'),
  purpose: 'credit',
  dataset: 'tax.debts',
  delivery: 'query',
  now: NOW,
  ...parts,
});
const fields = (...paths: string[]): Grant['fields'] =>
  paths.map((path) => ({ path: fieldPath(path), as: 'value' as const }));

t.test('nobody can tell an unknown dataset or purpose from one that is not granted', (t) => {
  const { decide } = makeDecider(policySet({ grants: [grant('one')] }), SPACE);
  const other = decide(ask({ dataset: 'court.cases' }));
  t.match(other, { effect: 'deny', reasons: [{ code: 'not_granted' }] });
  for (const parts of [
    { dataset: 'court.nothing' },
    { dataset: '__proto__' },
    { purpose: 'nothing' },
    { client: client('unknown') },
    { client: client('alpha', 'suspended') },
    { delivery: 'batch' as const },
  ]) {
    t.same(decide(ask(parts)), other, JSON.stringify(Object.keys(parts)));
  }
  t.end();
});

t.test('whose own grant is not in force hears why; whose grant it is not hears what everybody hears', (t) => {
  const now = Date.parse('2026-03-15T00:00:00Z');
  const reason = (parts: Parameters<typeof grant>[1], asked: Parameters<typeof ask>[0] = {}): unknown =>
    makeDecider(policySet({ grants: [grant('one', parts)] }), SPACE).decide(ask({ now, ...asked })).reasons[0]?.code;
  t.equal(reason({ from: '2026-01-01', until: '2026-02-28' }), 'grant_expired');
  t.equal(reason({ from: '2026-04-01', until: '2026-04-30' }), 'grant_not_begun');
  t.equal(reason({ status: 'suspended' }), 'grant_suspended');
  t.equal(reason({ status: 'suspended' }, { purpose: 'licence' }), 'not_granted', 'of another purpose');
  t.equal(
    reason({ from: '2026-01-01', until: '2026-02-28' }, { dataset: 'court.cases' }),
    'not_granted',
    'of another dataset',
  );
  t.equal(
    reason({ from: '2026-01-01', until: '2026-02-28' }, { client: client('beta') }),
    'not_granted',
    'of another client',
  );
  t.end();
});

t.test('a grant holds from its first to its last moment in Shanghai', (t) => {
  const { decide } = makeDecider(
    policySet({ grants: [grant('one', { from: '2026-03-01', until: '2026-03-31' })] }),
    SPACE,
  );
  const at = (text: string): string => decide(ask({ now: Date.parse(text) })).effect;
  t.equal(at('2026-02-28T15:59:59.999Z'), 'deny');
  t.equal(at('2026-02-28T16:00:00.000Z'), 'allow');
  t.equal(at('2026-03-31T15:59:59.999Z'), 'allow');
  t.equal(at('2026-03-31T16:00:00.000Z'), 'deny');
  t.equal(at('2026-03-15T00:00:00Z'), 'allow', 'also when asked back in time');
  t.equal(at('not a time'), 'deny');
  t.equal(decide(ask({ now: Date.parse('2026-03-02T00:00:00Z') })).validUntil, Date.parse('2026-03-31T16:00:00.000Z'));
  t.equal(decide(ask({ now: Date.parse('2026-01-02T00:00:00Z') })).validUntil, Date.parse('2026-02-28T16:00:00.000Z'));
  t.end();
});

t.test('a branch is granted and asked with what is below it, and no more', (t) => {
  const { decide } = makeDecider(
    policySet({ grants: [grant('one', { fields: fields('address', 'members[].role') })] }),
    SPACE,
  );
  const paths = (asked?: string[]): string[] =>
    decide(ask(asked === undefined ? {} : { fields: asked })).fields.map(({ path }) => path as string);
  t.same(paths(), ['address.city', 'address.street', 'address.geo.lat', 'members[].role']);
  t.same(paths(['address.geo']), ['address.geo.lat']);
  t.same(paths(['members', 'members[].role']), ['members[].role']);
  const decision = decide(ask({ fields: ['address.city', 'name', 'members[].idNumber', 'addres'] }));
  t.same(
    decision.withheld,
    ['name', 'members[].idNumber', 'addres'].map((field) => ({ field, reason: 'field_not_granted' })),
  );
  t.equal(decide(ask({ fields: [] })).effect, 'deny', 'an answer without fields would still tell that records exist');
  t.end();
});

t.test('two grants are never added up: the one that releases more answers, then the first by id', (t) => {
  const grants = [
    grant('b', { fields: fields('name', 'tags') }),
    grant('a', { fields: fields('key', 'address.city') }),
    grant('c', { fields: fields('name', 'tags') }),
  ];
  const { decide } = makeDecider(policySet({ grants }), SPACE);
  t.match(decide(ask({ fields: ['name', 'tags', 'key'] })), {
    grant: 'b',
    fields: [{ path: 'name' }, { path: 'tags' }],
    withheld: [{ field: 'key', reason: 'field_not_granted' }],
  });
  t.equal(decide(ask({ fields: ['key'] })).grant, 'a');
  t.equal(decide(ask()).grant, 'a');
  t.end();
});

t.test('a required part of the case that is missing or blank is asked for', (t) => {
  const { decide } = makeDecider(policySet({ grants: [grant('one', { requires: ['item', 'caseId'] })] }), SPACE);
  for (const given of [
    {},
    { item: 'x' },
    { item: 'x', caseId: '  ' },
    { item: '\u3000', caseId: 'y' },
    { item: '\u200b\u00a0\u2800', caseId: 'y' },
    { item: '\u3164', caseId: 'y' },
    { item: '---', caseId: 'y' },
  ])
    t.match(decide(ask({ case: given })), { effect: 'deny', reasons: [{ code: 'case_required' }] });
  t.match(decide(ask({ case: { item: 'x', caseId: 'y' } })), { effect: 'allow' });
  t.match(decide(ask()), { effect: 'deny' }, 'the allow is not kept for those who state nothing');
  t.end();
});

t.test('what is granted for comparing is not released by a query', (t) => {
  const set = policySet({
    grants: [
      grant('one', {
        delivery: ['query', 'verify'],
        fields: [
          { path: fieldPath('name'), as: 'match' },
          { path: fieldPath('key'), as: 'value' },
        ],
      }),
    ],
  });
  const { decide } = makeDecider(set, SPACE);
  t.match(decide(ask()), { fields: [{ path: 'key' }], withheld: [{ field: 'name', reason: 'not_released_as_value' }] });
  t.match(decide(ask({ delivery: 'verify', fields: ['name'] })), {
    effect: 'allow',
    fields: [{ path: 'name', as: 'match' }],
  });
  t.match(decide(ask({ fields: ['name'] })), { effect: 'deny', reasons: [{ code: 'not_released_as_value' }] });
  t.end();
});

t.test(
  'a query shows what is granted in another form than its value in that form, and a comparison does not reach it',
  (t) => {
    const forms: Grant['fields'] = [
      { path: fieldPath('name'), as: 'masked' },
      { path: fieldPath('key'), as: 'exists' },
      { path: fieldPath('members'), as: 'count' },
      { path: fieldPath('address'), as: 'match' },
    ];
    const { decide } = makeDecider(
      policySet({ grants: [grant('one', { delivery: ['query', 'verify'], fields: forms })] }),
      SPACE,
    );
    t.same(decide(ask()).fields, [
      { path: 'key', as: 'exists' },
      { path: 'name', as: 'masked' },
      { path: 'members', as: 'count' },
    ]);
    t.match(
      decide(ask({ fields: ['members[].role'] })),
      { effect: 'deny', reasons: [{ code: 'field_not_granted' }] },
      'what lies in a counted list is not granted',
    );
    const verified = decide(ask({ delivery: 'verify', fields: ['name', 'key', 'members', 'address.city'] }));
    t.same(verified.fields, [{ path: 'address.city', as: 'match' }]);
    t.same(
      verified.withheld.map(({ reason }) => reason),
      Array(3).fill('not_released_as_value'),
    );
    const personal = rule(
      't/no-sensitive',
      'forbid (principal, action, resource) when { resource.classification == "personal" };',
    );
    const strict = makeDecider(
      policySet({ grants: [grant('one', { fields: forms })], rules: [PERMIT_ALL, personal] }),
      SPACE,
    );
    t.match(
      strict.decide(ask({ fields: ['members'] })),
      { effect: 'deny', reasons: [{ code: 'policy' }] },
      'a number is as sensitive as what is counted',
    );
    t.end();
  },
);

t.test('a batch is answered up to the number of subjects that its grant allows', (t) => {
  const { decide } = makeDecider(policySet({ grants: [grant('one', { delivery: ['batch'], batchLimit: 3 })] }), SPACE);
  const batch = (subjects: number) => decide(ask({ delivery: 'batch', subjects }));
  t.equal(batch(3).effect, 'allow');
  t.match(batch(4), { effect: 'deny', reasons: [{ code: 'batch_limit' }] });
  t.equal(batch(2).effect, 'allow', 'an earlier refusal is not kept for a smaller one');
  const without = makeDecider(policySet({ grants: [grant('one', { delivery: ['batch'] })] }), SPACE);
  t.match(without.decide(ask({ delivery: 'batch', subjects: 1 })), {
    effect: 'deny',
    reasons: [{ code: 'not_granted' }],
  });
  t.end();
});

t.test('a dataset that is not shared is denied under any grant and any policy', (t) => {
  const { decide } = makeDecider(policySet({ grants: [grant('one', { dataset: datasetId('tax.secrets') })] }), SPACE);
  t.match(decide(ask({ dataset: 'tax.secrets' })), { effect: 'deny', reasons: [{ code: 'policy' }] });
  t.end();
});

t.test('a policy that fails, or that does not compile, denies', (t) => {
  const failing = rule('t/overflow', 'forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };');
  const denied = makeDecider(policySet({ grants: [grant('one')], rules: [PERMIT_ALL, failing] }), SPACE).decide(ask());
  t.match(denied, { effect: 'deny', reasons: [{ code: 'error' }], errors: [/t\/overflow/], validUntil: 0 });
  const broken = makeDecider(
    policySet({ grants: [grant('one')], rules: [PERMIT_ALL, rule('t/broken', 'forbid (principal')] }),
    SPACE,
  ).decide(ask());
  t.match(broken, { effect: 'deny', reasons: [{ code: 'error' }] });
  t.match(makeDecider(policySet({ grants: [grant('one')], rules: [] }), SPACE).decide(ask()), {
    effect: 'deny',
    reasons: [{ code: 'policy' }],
  });
  t.end();
});

t.test('two policy sets in one process do not answer for each other', (t) => {
  const forbid = rule('t/forbid', 'forbid (principal, action, resource);');
  const open = makeDecider(policySet({ grants: [grant('one', { purposes: [purposeId('credit')] })] }), SPACE);
  const closed = makeDecider(policySet({ grants: [grant('one')], rules: [PERMIT_ALL, forbid] }), SPACE);
  t.equal(open.decide(ask()).effect, 'allow');
  t.match(closed.decide(ask()), { effect: 'deny', reasons: [{ code: 'policy', policies: ['t/forbid'] }] });
  t.equal(open.decide(ask({ fields: ['name'] })).effect, 'allow');
  t.equal(closed.decide(ask({ fields: ['name'] })).effect, 'deny');
  t.equal(open.decide(ask({ case: { item: 'x' } })).effect, 'allow');
  t.end();
});

t.test('a decision that was made before costs next to nothing', (t) => {
  const { decide } = makeDecider(
    policySet({ grants: [grant('one', { fields: fields('name', 'address', 'tags') })] }),
    SPACE,
  );
  const input = ask({ fields: ['name', 'address', 'tags'], case: { item: 'i', caseId: 'c', actor: 'a' } });
  const first = decide(input);
  for (let i = 0; i < 20_000; i++) decide(input);
  const runs = Array.from({ length: 5 }, () => {
    const begin = process.hrtime.bigint();
    for (let i = 0; i < 20_000; i++) decide(input);
    return Number(process.hrtime.bigint() - begin) / 20_000;
  });
  t.comment(`${Math.min(...runs).toFixed(0)} ns a kept decision`);
  t.equal(decide(input), first, 'the same decision');
  t.end();
});

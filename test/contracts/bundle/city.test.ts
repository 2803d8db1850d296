/**
 * The six bundles of the reference city: nothing is wrong with them; each asks at least 60 % less, and nothing that a
 * register has; and each department's own form, made out of the one, is whole and valid, whatever is answered.
 */
import fc from 'fast-check';
import t from 'tap';
import { loadActs } from '../../../contracts/acts.js';
import { checkBundles } from '../../../contracts/bundle/check.js';
import { figuresOf } from '../../../contracts/bundle/figures.js';
import { loadBundles } from '../../../contracts/bundle/load.js';
import { departmentForm, departmentSchema, mergeForm } from '../../../contracts/bundle/merge.js';
import { evaluate, ruleText } from '../../../contracts/bundle/rule.js';
import { situationOf, wrongAnswers } from '../../../contracts/bundle/situation.js';
import type { Answers, Bundle, Json, JsonSchema, Question } from '../../../contracts/bundle/types.js';
import { loadLifecycles } from '../../../contracts/lifecycle/load.js';
import { compiler } from '../../../contracts/validate.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { loadPolicies } from '../../../policies/load.js';

const workspace = await loadWorkspace(packageRoot());
const { lifecycles } = await loadLifecycles(workspace);
const all = await loadBundles({ ...workspace, lifecycles: new Set(lifecycles.keys()) });
const { bundles, elements } = all;
const named = (id: string): Bundle => {
  const bundle = bundles.get(id);
  if (bundle === undefined) throw new Error(`there is no ${id}`);
  return bundle;
};
const usual = (bundle: Bundle) => mergeForm(bundle, elements, bundle.usual.answers, bundle.usual.registers);

t.test('the city has six bundles, and nothing is wrong with them', async (t) => {
  t.strictSame(
    [...bundles.keys()],
    [
      'change-company',
      'deregister-company',
      'open-company',
      'open-restaurant',
      'open-transport',
      'transfer-real-estate',
    ],
  );
  const acts = await loadActs(workspace.layers);
  const findings = checkBundles({ ...all, contracts: workspace.contracts, acts, now: Date.now() });
  t.strictSame(
    findings.map(({ dataset, code, message }) => `${dataset} ${code} ${message}`),
    [],
  );
  const { clients, purposes } = await loadPolicies(workspace);
  for (const { id, client, purpose } of bundles.values()) {
    t.ok(
      [...clients.keys()].some((one) => one === client),
      `${id}: ${client} is a client`,
    );
    t.ok(
      [...purposes.keys()].some((one) => one === purpose),
      `${id}: ${purpose} is a purpose`,
    );
  }
});

t.test('each asks at least 60 % less, once, and nothing that a register has', (t) => {
  for (const bundle of bundles.values()) {
    const merged = usual(bundle);
    const { forms, fields, materials } = figuresOf(merged);
    t.strictSame(merged.open, [], `${bundle.id}: the common case is answered whole`);
    t.equal(forms.after, 1);
    t.ok(forms.before >= 3, `${bundle.id}: ${forms.before} forms`);
    t.ok(fields.after <= fields.before * 0.4, `${bundle.id}: ${fields.before} → ${fields.after} fields`);
    t.equal(new Set(fields.names).size, fields.after, 'each by its name, once');
    t.ok(materials.after < materials.before, `${bundle.id}: ${materials.before} → ${materials.after} materials`);
    for (const name of fields.names) {
      const element = elements.elements.get(name);
      t.notOk(
        element !== undefined && (element.registers.length > 0 || element.identity.includes(bundle.applicant)),
        `${bundle.id} asks for ${name}, which nobody else says`,
      );
    }
    t.comment(`${bundle.id}: ${JSON.stringify({ forms, fields: [fields.before, fields.after], materials })}`);
  }
  t.end();
});

t.test('a restaurant leaves two materials of seventeen; a company is opened in three steps', (t) => {
  t.strictSame(figuresOf(usual(named('open-restaurant'))).materials, { before: 17, after: 2 });
  const opening = named('open-company');
  const valueOf = situationOf(opening, elements, opening.usual.answers);
  t.equal([...opening.steps.values()].filter(({ when }) => evaluate(when.rule, valueOf) === 'yes').length, 3);
  t.end();
});

t.test('general goods in light vehicles need neither permit nor certificate: the form ends there', (t) => {
  const bundle = named('open-transport');
  const light: Answers = { carries: 'goods', scopes: ['general'], 'to-buy': 2, heaviest: 4_500 };
  const registers: Answers = { heavy: false, 'company.scope': '道路货物运输' };
  t.strictSame(mergeForm(bundle, elements, light, registers).items, []);
  const heavier = mergeForm(bundle, elements, { ...light, heaviest: 4_501 }, registers);
  t.strictSame(
    heavier.items.map(({ item }) => item.id),
    ['goods-permit', 'vehicle-certificates'],
  );
  const away = mergeForm(bundle, elements, { ...light }, { 'company.scope': '道路货物运输' });
  t.strictSame(
    away.items.map(({ item, applies }) => [item.id, applies]),
    [
      ['goods-permit', 'unknown'],
      ['vehicle-certificates', 'unknown'],
    ],
    'with the register of vehicles away it is not known, never "none needed"',
  );
  t.end();
});

t.test('each of the six bars stands in the way with its owner, and is unknown where a register is away', (t) => {
  const bundle = named('deregister-company');
  const { answers, registers } = bundle.usual;
  const obstacles = (given: Answers, said: Answers) =>
    mergeForm(bundle, elements, given, said)
      .obstacles.filter(({ item }) => item === 'registration')
      .map(({ requirement, state, owners }) => ({ at: requirement.basis.join(), state, owners }));
  t.strictSame(obstacles(answers, registers), [], 'nothing in the way');
  const bars: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
    一: [
      ['abnormal', 'samr'],
      ['dishonest', 'samr'],
    ],
    二: [
      ['pledged', 'samr'],
      ['invests', 'samr'],
    ],
    三: [
      ['measures', 'samr'],
      ['enforced', 'court'],
    ],
    四: [
      ['revoked', 'samr'],
      ['closed-by-order', 'samr'],
    ],
    五: [['fined', 'samr']],
    六: [
      ['taxes', 'tax'],
      ['insurance-owed', 'hrss'],
      ['medical-owed', 'medical-insurance'],
      ['wages', 'hrss'],
    ],
  };
  for (const [item, facts] of Object.entries(bars)) {
    for (const [fact, owner] of facts) {
      const at = `市场主体登记管理条例实施细则第四十八条第${item}项`;
      const raised = obstacles(answers, { ...registers, [fact]: true }).find((one) => one.at === at);
      t.match(raised, { state: 'no' }, `${fact} bars`);
      t.ok(raised?.owners.includes(owner), `its owner is ${owner}`);
      const { [fact]: _, ...without } = registers;
      t.match(
        obstacles(answers, without).find((one) => one.at === at),
        { state: 'unknown' },
        `${fact} is not known`,
      );
    }
  }
  for (const question of ['frozen', 'charged', 'investigated', 'sued', 'other-fines', 'debts']) {
    t.equal(obstacles({ ...answers, [question]: true }, registers)[0]?.state, 'no', question);
    t.equal(obstacles({ ...answers, [question]: null }, registers)[0]?.state, 'unknown', `${question}: not known`);
  }
  t.equal(obstacles({ ...answers, way: 'ordinary' }, { ...registers, pledged: true }).length, 0, 'the ordinary way');
  t.end();
});

/** A value as the one form takes it: one of the examples, or one made of the schema. */
function valueOf(schema: JsonSchema, examples: readonly Json[]): fc.Arbitrary<Json> {
  const example = fc.constantFrom(...examples);
  const { type, enum: codes, minimum, maximum, minLength, maxLength, pattern, format, items, maxItems } = schema;
  if (Array.isArray(codes)) return fc.constantFrom(...(codes as readonly Json[]));
  if (pattern !== undefined || format !== undefined || schema['allOf'] !== undefined) return example;
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: Number(minimum ?? 0), max: Number(maximum ?? 1_000_000) });
    case 'string':
      return fc.string({ minLength: Number(minLength ?? 1), maxLength: Math.min(Number(maxLength ?? 60), 60) });
    case 'array':
      return fc.uniqueArray(valueOf(items as JsonSchema, examples.flat() as Json[]) as fc.Arbitrary<Json>, {
        minLength: 1,
        maxLength: Math.min(Number(maxItems ?? 5), 5),
        selector: (one) => JSON.stringify(one),
      });
    default:
      return example;
  }
}

/** Any answers to any of the questions, and whatever registers say, or do not. */
function cases(bundle: Bundle): fc.Arbitrary<{ readonly answers: Answers; readonly registers: Answers }> {
  const rules = [...bundle.questions.values(), ...bundle.items.values()].map(({ when }) => ruleText(when.rule));
  const literals = rules.flatMap((text) => [...text.matchAll(/-?\d+/g)].map(Number));
  const near = literals.flatMap((one) => [one - 1, one, one + 1]);
  const answer = ({ kind, mayNotKnow }: Question): fc.Arbitrary<Answers[string]> => {
    const known = ((): fc.Arbitrary<Answers[string]> => {
      switch (kind.type) {
        case 'yes-no':
          return fc.boolean();
        case 'code':
          return fc.constantFrom(...kind.codes);
        case 'codes':
          return fc.subarray([...kind.codes], { minLength: 1 });
        case 'integer':
        case 'decimal': {
          const { min = 0, max = 1_000 } = kind;
          const fit = near.filter((one) => one >= min && one <= max);
          return fc.oneof(fc.integer({ min, max }), ...(fit.length === 0 ? [] : [fc.constantFrom(...fit)]));
        }
        default:
          return fc.constant('2026-11-30');
      }
    })();
    return mayNotKnow ? fc.oneof(known, fc.constant(null)) : known;
  };
  const read = [...elements.elements.keys()].filter((id) => rules.some((text) => text.includes(id)));
  const record = (values: Readonly<Record<string, fc.Arbitrary<Answers[string]>>>) =>
    fc.record(values, { requiredKeys: [] }) as fc.Arbitrary<Answers>;
  return fc.record({
    answers: record(Object.fromEntries([...bundle.questions.values()].map((one) => [one.id, answer(one)]))),
    registers: record(
      Object.fromEntries([
        ...[...bundle.facts.keys()].map((id) => [id, fc.boolean()] as const),
        ...read.map((id) => [id, fc.constantFrom('道路货物运输', '日用百货')] as const),
      ]),
    ),
  });
}

t.test('each department’s own form is whole and valid, whatever is answered', (t) => {
  for (const bundle of bundles.values()) {
    const ajv = compiler({ allErrors: true });
    const checks = new Map<string, ReturnType<typeof ajv.compile>>();
    const validator = (schema: JsonSchema) => {
      const key = JSON.stringify(schema);
      const known = checks.get(key) ?? ajv.compile(schema);
      checks.set(key, known);
      return known;
    };
    let forms = 0;
    fc.assert(
      fc.property(cases(bundle), fc.gen(), ({ answers, registers }, gen) => {
        if (wrongAnswers(bundle, answers).length > 0) throw new Error(wrongAnswers(bundle, answers).join());
        const merged = mergeForm(bundle, elements, answers, registers);
        const situation = situationOf(bundle, elements, answers, registers);
        const values = new Map<string, Json>();
        for (const { element, way } of merged.fields)
          if ((way.way === 'asked' || way.way === 'question') && element.registers.length > 0)
            throw new Error(`${element.id} is asked though a register has it`);
        for (const { element, schema, required } of merged.fields)
          if (required || gen(fc.boolean))
            values.set(
              element.id,
              gen(() => valueOf(schema, element.examples)),
            );
        for (const { item, applies } of merged.items) {
          // what is not decided is not filed yet
          if (applies !== 'yes') continue;
          const schema = departmentSchema(item.form, elements, situation);
          const form = departmentForm(item.form, situation, values);
          const valid = validator(schema);
          if (!valid(form)) throw new Error(`${item.id}: ${JSON.stringify(valid.errors)} of ${JSON.stringify(form)}`);
          // nothing that the form requires is lost, nothing that it does not have is given
          for (const { name, element, required, when } of item.form.fields) {
            const shown = evaluate(when.rule, situation);
            const has = Object.hasOwn(form, name);
            if (required && shown === 'yes' && !has) throw new Error(`${item.id} lacks ${name}`);
            if (shown === 'no' && has) throw new Error(`${item.id} has ${name}`);
            if (has && form[name] !== values.get(element ?? '')) throw new Error(`${item.id} has another ${name}`);
          }
          forms++;
        }
      }),
      { numRuns: 300 },
    );
    t.ok(forms > 100, `${bundle.id}: ${forms} forms of departments`);
  }
  t.end();
});

/**
 * Bundles are content: a folder is enough for another one, what refers to nothing is refused with its file, and what
 * cannot be right is found, each fault under a code of its own.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { loadActs } from '../../../contracts/acts.js';
import { checkBundles } from '../../../contracts/bundle/check.js';
import { figuresOf } from '../../../contracts/bundle/figures.js';
import { factOf, settle } from '../../../contracts/bundle/fill.js';
import { bundleImpact } from '../../../contracts/bundle/impact.js';
import { loadBundles } from '../../../contracts/bundle/load.js';
import { mergeForm } from '../../../contracts/bundle/merge.js';
import type { Bundle, Element } from '../../../contracts/bundle/types.js';
import type { Contract, Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';

const root = packageRoot();
const base = await loadWorkspace(root);
const acts = await loadActs(base.layers);
const NOW = Date.parse('2026-11-30T04:00:00Z');
const names = { zh: '示例', en: 'example' };

/** Content as it stands in a file, changed in ways that its type would forbid. */
// biome-ignore lint/suspicious/noExplicitAny: content is broken at any place
type Json = Record<string, any>;

/** The seventh: a stall at a market, of three items of three departments. */
const stall = {
  'bundle.json': {
    title: { zh: '摆摊', en: 'A stall' },
    summary: { zh: '集市摆摊', en: 'A stall at a market' },
    authority: 'urban-management',
    client: 'one-stop-counter',
    purpose: 'open-restaurant',
    applicant: 'company',
    basis: ['市场主体登记管理条例第二十四条第一款'],
    reviewed: '2026-11-30',
    intents: { says: ['我想摆摊'], not: [{ says: '我想开店', bundle: 'open-restaurant' }] },
    questions: {
      food: { asks: names, type: 'yes-no' },
      days: { asks: names, type: 'integer', min: 1, max: 30 },
    },
    facts: {
      listed: { title: names, dataset: 'samr.dishonesty-list', by: 'company.uscc', where: 'removedOn is unknown' },
    },
    items: {
      place: {
        title: names,
        authority: 'urban-management',
        basis: ['摊位管理办法第一条（示例）'],
        term: { unit: 'working-days', days: 3, basis: [] },
        requires: [{ rule: 'not listed', says: names }],
      },
      food: {
        title: names,
        authority: 'samr',
        basis: ['食品安全法第三十六条（示例）'],
        term: { unit: 'on-the-spot', basis: [] },
        when: 'food',
        after: ['place'],
      },
      long: {
        title: names,
        authority: 'tax',
        basis: [],
        term: { unit: 'days', days: 7, basis: [] },
        when: 'days > 14',
      },
    },
    materials: {
      application: { title: names, kind: 'made', items: ['place', 'food', 'long'] },
      licence: { title: names, kind: 'data', items: ['place', 'food'], registers: ['samr.business-licence'] },
    },
    outcomes: {
      done: { title: names, kind: 'done' },
      'no-place': { title: names, kind: 'refused', item: 'place', undone: ['food', 'long'] },
      'no-food': { title: names, kind: 'refused', item: 'food', stands: ['place'] },
      'no-long': { title: names, kind: 'refused', item: 'long', stands: ['place'] },
      contradiction: { title: names, kind: 'conflict', lifecycle: 'objection' },
    },
    steps: { fill: { title: names, uses: ['form', 'signature'] } },
    usual: { answers: { food: true, days: 20 }, registers: { listed: false } },
  },
  'forms/place.json': {
    title: '摊位申请表',
    type: 'object',
    required: ['name', 'code', 'wording'],
    properties: {
      name: { title: '名称', element: 'company.name' },
      code: { title: '代码', element: 'company.uscc' },
      wording: { title: '招牌', element: 'sign.wording', maxLength: 20 },
    },
  },
  'forms/food.json': {
    title: '食品摊贩登记表',
    type: 'object',
    required: ['name', 'wording'],
    properties: {
      name: { title: '名称', element: 'company.name' },
      wording: { title: '摊名', element: 'sign.wording', minLength: 2 },
    },
  },
  'forms/long.json': {
    title: '临时经营报告表',
    type: 'object',
    required: ['code'],
    properties: {
      code: { title: '代码', element: 'company.uscc' },
      manager: { title: '负责人', element: 'fire.manager', when: 'food' },
    },
  },
  'templates/application.md': '# 摆摊申请书\n\n{{company.name}}：{{sign.wording}}\n\n{{form}}\n',
} as const;
type File = keyof typeof stall;

interface Changes {
  readonly change?: (files: Record<File, Json>) => void;
  readonly elements?: (file: Json) => void;
}

/** A workspace over the reference city with the stall, broken as it says. */
function cityWith(t: Test, { change, elements }: Changes): Workspace {
  const dir = join(t.testdir(), 'city');
  const files = structuredClone(stall) as unknown as Record<File, Json>;
  change?.(files);
  for (const [name, content] of Object.entries(files)) {
    const path = join(dir, 'contracts/bundles/stall', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  if (elements !== undefined) {
    const file = JSON.parse(readFileSync(join(root, 'contracts/elements.json'), 'utf8')) as Json;
    elements(file);
    writeFileSync(join(dir, 'contracts/elements.json'), JSON.stringify(file));
  }
  return { ...base, layers: [dir, ...base.layers] };
}

async function findings(workspace: Workspace, contracts = workspace.contracts) {
  const all = await loadBundles(workspace);
  return checkBundles({ ...all, contracts, acts, now: NOW });
}

t.test('a seventh bundle is a folder: it is checked and merged', async (t) => {
  const workspace = cityWith(t, {});
  t.strictSame(await findings(workspace), []);
  const { bundles, elements } = await loadBundles(workspace);
  t.equal(bundles.size, 7);
  const bundle = bundles.get('stall') as Bundle;
  const { answers, registers } = bundle.usual;
  const merged = mergeForm(bundle, elements, answers, registers);
  t.strictSame(figuresOf(merged), {
    bundle: 'stall',
    forms: { before: 3, after: 1 },
    fields: { before: 7, after: 4, names: ['food', 'days', 'sign.wording', 'fire.manager'] },
    materials: { before: 5, after: 1 },
  });
  t.strictSame(merged.stages, [['place', 'long'], ['food']]);
  t.match(
    merged.fields.find(({ element }) => element.id === 'sign.wording'),
    { schema: { minLength: 2, maxLength: 20 }, required: true },
    'one value that fits both forms',
  );
  t.match(mergeForm(bundle, elements, { food: true, days: 3 }, { listed: true }).obstacles, [
    { item: 'place', state: 'no', owners: ['samr'] },
  ]);
  t.match(mergeForm(bundle, elements, {}, {}).obstacles, [{ item: 'place', state: 'unknown' }]);
});

type Broken = readonly [what: string, code: string, message: RegExp, changes: Changes, elsewhere?: string];
const found: readonly Broken[] = [
  [
    'a field without an element',
    'bundle_field_without_element',
    /`wording` names no element/,
    { change: (f) => delete f['forms/food.json']['properties'].wording.element },
  ],
  [
    'a field of an element that there is not',
    'bundle_field_without_element',
    /`sign.colour`, which is no element/,
    { change: (f) => (f['forms/food.json']['properties'].wording.element = 'sign.colour') },
  ],
  [
    'forms that no value fits',
    'bundle_fields_contradict',
    /`sign.wording` what leaves no value/,
    { change: (f) => (f['forms/food.json']['properties'].wording.minLength = 21) },
  ],
  [
    'a question for what a register has',
    'bundle_element_asked',
    /`questions.name` asks for `company.name`, which is known/,
    {
      change: (f) => {
        f['bundle.json']['questions'].name = { asks: names, type: 'text', element: 'company.name' };
        f['bundle.json']['usual'].answers.name = '摊';
      },
    },
  ],
  [
    'an element of the title of a register’s field',
    'bundle_element_asked',
    /`sign.wording` is asked though `urban-management.shop-signs` has `wording` of the same title/,
    { elements: (file) => (file['elements']['sign.wording'].title.zh = '招牌内容') },
    'bundles/open-restaurant',
  ],
  [
    'an element whose key nobody says',
    'bundle_element_asked',
    /nobody says `company.uscc`/,
    {
      change: (f) => {
        f['bundle.json']['applicant'] = 'person';
        delete f['bundle.json']['facts'];
        delete f['bundle.json']['items'].place.requires;
        delete f['bundle.json']['usual'].registers;
        delete f['forms/place.json']['properties'].code;
        f['forms/place.json']['required'] = ['name', 'wording'];
        delete f['forms/long.json']['properties'].code;
        f['forms/long.json']['required'] = [];
      },
    },
  ],
  [
    'an item that no answer reaches',
    'bundle_item_unreached',
    /no answer reaches the item|`items.long.when` can never be true/,
    { change: (f) => (f['bundle.json']['items'].long.when = 'days > 30') },
  ],
  [
    'an item behind a question that is not asked',
    'bundle_item_unreached',
    /`items.long.when`/,
    {
      change: (f) => {
        f['bundle.json']['questions'].days.when = 'not food';
        f['bundle.json']['items'].long.when = 'food and days > 14';
        delete f['bundle.json']['usual'].answers.days;
      },
    },
  ],
  [
    'a question that nothing reads',
    'bundle_question_idle',
    /`questions.colour` is asked, and nothing reads the answer/,
    {
      change: (f) => {
        f['bundle.json']['questions'].colour = { asks: names, type: 'text' };
        f['bundle.json']['usual'].answers.colour = '红';
      },
    },
  ],
  [
    'a rule of a field that can never be true where its item applies',
    'bundle_rule_never_true',
    /`manager.when` can never be true where it is read/,
    { change: (f) => (f['forms/long.json']['properties'].manager.when = 'days < 10') },
  ],
  [
    'a requirement that nobody meets',
    'bundle_rule_never_true',
    /`items.place.requires\[0\]`/,
    { change: (f) => (f['bundle.json']['items'].place.requires[0].rule = 'listed and not listed') },
  ],
  [
    'a fact that no record can be',
    'bundle_rule_never_true',
    /`facts.listed.where`/,
    { change: (f) => (f['bundle.json']['facts'].listed.where = 'removedOn is unknown and removedOn is known') },
  ],
  [
    'a material without a template',
    'bundle_material_without_template',
    /`materials.application` is made, and has no template/,
    { change: (f) => delete (f as Partial<typeof f>)['templates/application.md'] },
  ],
  [
    'a template that names what no form has',
    'bundle_material_without_template',
    /names `food.items`/,
    { change: (f) => (f['templates/application.md'] = '{{food.items}}' as unknown as Json) },
  ],
  [
    'a template with a part of the form that is empty',
    'bundle_material_without_template',
    /names `form food`/,
    { change: (f) => (f['templates/application.md'] = '{{form food}}' as unknown as Json) },
  ],
  [
    'a citation outside its act’s time',
    'bundle_citation',
    /政务数据共享条例 that was read is not in force/,
    {
      change: (f) => {
        f['bundle.json']['basis'] = ['政务数据共享条例第二十一条第一款'];
        f['bundle.json']['reviewed'] = '2025-07-31';
      },
    },
  ],
  [
    'a citation of an act that was not read',
    'bundle_citation',
    /`items.food.basis`: .*示例/,
    { change: (f) => (f['bundle.json']['items'].food.basis = ['食品安全法第三十六条']) },
  ],
  [
    'an item of which nothing says what its refusal leaves',
    'bundle_outcome_missing',
    /where `food` is refused/,
    { change: (f) => delete f['bundle.json']['outcomes']['no-food'] },
  ],
  [
    'registers that may contradict each other, and nothing said',
    'bundle_outcome_missing',
    /several registers have `company.name`/,
    { change: (f) => delete f['bundle.json']['outcomes'].contradiction },
  ],
  [
    'a sentence that leads to two bundles',
    'bundle_intent_unclear',
    /leads to `open-restaurant` as well/,
    { change: (f) => f['bundle.json']['intents'].says.push('我想开一家饭店。') },
    'bundles/open-restaurant',
  ],
  [
    'a common case that is not answered whole',
    'bad_answers',
    /does not answer `days`/,
    { change: (f) => delete f['bundle.json']['usual'].answers.days },
  ],
  [
    'an answer that the question does not take',
    'bad_answers',
    /`days` is no integer/,
    { change: (f) => (f['bundle.json']['usual'].answers.days = 31) },
  ],
  [
    'a form that asks for what is issued later',
    'bundle_cycle',
    /`manager` is issued by `food`, and `long` does not wait for it/,
    { change: (f) => (f['bundle.json']['items'].food.issues = ['fire.manager']) },
  ],
  [
    'an example that is not valid',
    'bad_elements',
    /`sign.wording` has an example/,
    { elements: (file) => (file['elements']['sign.wording'].examples = ['']) },
  ],
  [
    'a pattern of an element that cannot be read',
    'bad_elements',
    /`sign.wording` has a pattern that cannot be read/,
    { elements: (file) => (file['elements']['sign.wording'].pattern = '(') },
  ],
  [
    'a pattern that cannot be read',
    'bad_bundle',
    /the pattern of `wording` cannot be read/,
    { change: (f) => (f['forms/food.json']['properties'].wording.pattern = '[') },
  ],
];

t.test('what cannot be right is found, each fault under its code', async (t) => {
  for (const [what, code, message, changes, elsewhere] of found) {
    await t.test(what, async (t) => {
      const all = await findings(cityWith(t, changes));
      const errors = all.filter(({ severity }) => severity === 'error');
      t.ok(
        errors.some((one) => one.code === code && message.test(one.message)),
        JSON.stringify(all.map((one) => [one.code, one.message])),
      );
      t.strictSame(
        [...new Set(errors.map(({ dataset }) => dataset))].filter(
          (one) => one !== 'bundles/stall' && one !== 'elements' && one !== elsewhere,
        ),
        [],
        'and in nothing else',
      );
      t.ok(
        errors.every(({ place }) => place !== undefined),
        'with its file',
      );
    });
  }
});

t.test('too many cases to try are a note, not a verdict', async (t) => {
  const rule = Array.from({ length: 12 }, (_, i) => `company.name contains '${i}'`).join(' and ');
  const all = await findings(cityWith(t, { change: (f) => (f['bundle.json']['items'].long.when = rule) }));
  t.match(
    all.filter(({ code }) => code === 'bundle_rule_undecided'),
    [{ severity: 'note', message: /items.long.when/ }],
  );
});

const refused: readonly Broken[] = [
  ['an unknown key', 'bad_bundle', /unknown key `colour`/, { change: (f) => (f['bundle.json']['colour'] = 'red') }],
  [
    'an unknown key of an item',
    'bad_bundle',
    /unknown key `fee`/,
    { change: (f) => (f['bundle.json']['items'].food.fee = 1) },
  ],
  [
    'an unknown key of a field',
    'bad_bundle',
    /unknown key `readOnly`/,
    { change: (f) => (f['forms/food.json']['properties'].name.readOnly = true) },
  ],
  [
    'an item without a form',
    'bad_bundle',
    /`items.food` has no forms\/food.json/,
    { change: (f) => delete (f as Partial<typeof f>)['forms/food.json'] },
  ],
  [
    'a form of no item',
    'bad_bundle',
    /the form of no item/,
    { change: (f) => ((f as Json)['forms/other.json'] = f['forms/food.json']) },
  ],
  [
    'a file in no place',
    'bad_bundle',
    /a bundle holds bundle.json/,
    { change: (f) => ((f as Json)['notes/x.txt'] = 'x') },
  ],
  [
    'an authority that there is not',
    'bad_bundle',
    /`items.food` names `police-of-food`/,
    { change: (f) => (f['bundle.json']['items'].food.authority = 'police-of-food') },
  ],
  [
    'an order after nothing',
    'bad_bundle',
    /`items.food` names `seat`/,
    { change: (f) => (f['bundle.json']['items'].food.after = ['seat']) },
  ],
  [
    'a term without days',
    'bad_bundle',
    /`items.place.term` has days/,
    { change: (f) => delete f['bundle.json']['items'].place.term.days },
  ],
  [
    'a lifecycle for no conflict',
    'bad_bundle',
    /names a lifecycle if/,
    { change: (f) => (f['bundle.json']['outcomes'].done.lifecycle = 'objection') },
  ],
  [
    'an element asked twice in a form',
    'bad_bundle',
    /asks for `company.name` twice/,
    { change: (f) => (f['forms/food.json']['properties'].wording.element = 'company.name') },
  ],
  [
    'a required field that there is not',
    'bad_bundle',
    /`required` names `price`/,
    { change: (f) => f['forms/food.json']['required'].push('price') },
  ],
  [
    'a rule over a name that there is not',
    'bad_rule',
    /`items.food.when` reads the unknown name `foods` \(character 1\)/,
    { change: (f) => (f['bundle.json']['items'].food.when = 'foods') },
  ],
  [
    'a rule over what the applicant only fills in later',
    'bad_rule',
    /unknown name `sign.wording`/,
    { change: (f) => (f['bundle.json']['items'].food.when = "sign.wording = '好'") },
  ],
  [
    'items that wait for each other',
    'bundle_cycle',
    /`items.\w+` waits for itself/,
    { change: (f) => (f['bundle.json']['items'].place.after = ['food']) },
  ],
  [
    'questions that wait for each other',
    'bundle_cycle',
    /`questions.\w+` is asked only where it is answered/,
    {
      change: (f) => {
        f['bundle.json']['questions'].food.when = 'days > 1';
        f['bundle.json']['questions'].days.when = 'food';
      },
    },
  ],
  [
    'an item prepared until what it waits for',
    'bundle_cycle',
    /`items.food` is prepared until `place`/,
    { change: (f) => (f['bundle.json']['items'].food.prepared = 'place') },
  ],
  [
    'an element of a dataset that there is not',
    'bad_elements',
    /`sign.wording` names the unknown dataset `samr.signs`/,
    {
      elements: (file) =>
        (file['elements']['sign.wording'].registers = [{ dataset: 'samr.signs', field: 'x', by: 'company.uscc' }]),
    },
  ],
  [
    'an element of another type than the register’s field',
    'bad_elements',
    /is `text`, and `capital.amount` .* is `decimal`/,
    { elements: (file) => (file['elements']['company.name'].registers[0].field = 'capital.amount') },
  ],
  [
    'one value of a register that has many',
    'bad_elements',
    /do not both hold one value/,
    {
      elements: (file) =>
        (file['elements']['sign.wording'].registers = [
          { dataset: 'samr.penalties', field: 'decisionNumber', by: 'company.uscc' },
        ]),
    },
  ],
  [
    'a key of another scheme',
    'bad_elements',
    /is asked by `agent.id`, which is no key of `uscc`/,
    { elements: (file) => (file['elements']['company.name'].registers[0].by = 'agent.id') },
  ],
  [
    'an unknown key of an element',
    'bad_elements',
    /unknown key `unit`/,
    { elements: (file) => (file['elements']['company.name'].unit = 'm') },
  ],
];

t.test('registers of two authorities with one element are a conflict until the source is named', async (t) => {
  const several = (lead?: string): Changes => ({
    elements: (file) => {
      file['elements']['company.name'].registers.push({
        dataset: 'tax.tax-registration',
        field: 'name',
        by: 'company.uscc',
      });
      if (lead !== undefined) file['elements']['company.name'].lead = lead;
    },
  });
  const wrong = (await findings(cityWith(t, several()))).filter(({ dataset }) => dataset === 'elements');
  t.strictSame(
    wrong.map(({ severity, code }) => [severity, code]),
    [['error', 'element_without_lead']],
  );
  t.match(wrong[0]?.message, /`company.name` is in registers of `samr`, `tax`/);
  t.strictSame(
    (await findings(cityWith(t, several('samr')))).filter(({ dataset }) => dataset === 'elements'),
    [],
  );
  await t.rejects(findings(cityWith(t, several('court'))), { code: 'bad_elements' }, 'one that has no register of it');
});

t.test('what refers to nothing is refused with its file, and a check goes on with the others', async (t) => {
  for (const [what, code, message, changes] of refused) {
    await t.test(what, async (t) => {
      const workspace = cityWith(t, changes);
      await t.rejects(loadBundles(workspace), { code, message, extra: { place: { file: /city/ } } });
      if (code === 'bad_elements' || what === 'a file in no place') return;
      const told: string[] = [];
      const { bundles } = await loadBundles({ ...workspace, onRefused: (bundle) => told.push(bundle) });
      t.strictSame([told, bundles.size], [['stall'], 6]);
    });
  }
});

t.test('a nearer workspace’s form stands in place of a farther one’s', async (t) => {
  const dir = join(t.testdir(), 'nearer');
  const path = join(dir, 'contracts/bundles/open-restaurant/forms');
  mkdirSync(path, { recursive: true });
  cpSync(join(root, 'contracts/bundles/open-restaurant/forms/shop-sign.json'), join(path, 'shop-sign.json'));
  const file = JSON.parse(readFileSync(join(path, 'shop-sign.json'), 'utf8')) as Json;
  delete file['properties'].illuminated;
  file['required'] = file['required'].filter((name: string) => name !== 'illuminated');
  writeFileSync(join(path, 'shop-sign.json'), JSON.stringify(file));
  const fieldsOf = async (layers: readonly string[]) =>
    (await loadBundles({ ...base, layers })).bundles.get('open-restaurant')?.items.get('shop-sign')?.form.fields.length;
  const before = (await fieldsOf(base.layers)) ?? 0;
  t.equal(await fieldsOf([dir, ...base.layers]), before - 1);
  rmSync(dir, { recursive: true });
});

t.test('a second city has an element from its own register, and keeps the rest', async (t) => {
  const dir = join(t.testdir(), 'second');
  mkdirSync(join(dir, 'contracts'), { recursive: true });
  const name = {
    title: { zh: '企业名称', en: 'Company name' },
    type: 'text',
    registers: [{ dataset: 'tax.tax-registration', field: 'name', by: 'company.uscc' }],
    examples: ['甲'],
  };
  writeFileSync(
    join(dir, 'contracts/elements.json'),
    JSON.stringify({ groups: {}, elements: { 'company.name': name } }),
  );
  const workspace = { ...base, layers: [dir, ...base.layers] };
  const { bundles, elements } = await loadBundles(workspace);
  t.equal(bundles.size, 6);
  t.equal(elements.elements.size, (await loadBundles(base)).elements.elements.size);
  const merged = mergeForm(bundles.get('open-restaurant') as Bundle, elements, {}, {});
  t.match(
    merged.fields.find(({ element }) => element.id === 'company.name'),
    { way: { way: 'register', sources: [{ contract: { id: 'tax.tax-registration' } }] } },
  );
  t.strictSame(await findings(workspace), []);
});

t.test('a change of a register names the bundles and forms that it touches', async (t) => {
  const { bundles, elements } = await loadBundles(base);
  const id = 'samr.company-register' as Contract['id'];
  const register = base.contracts.get(id) as Contract;
  const changed = (fields: Contract['latest']['fields']): Workspace['contracts'] =>
    new Map([...base.contracts, [id, { ...register, latest: { ...register.latest, fields } }]]);
  t.strictSame(bundleImpact(bundles, elements, base.contracts, base.contracts), [], 'no change touches nothing');
  const without = changed(register.latest.fields.filter(({ path }) => path !== 'contactPhone'));
  const touched = bundleImpact(bundles, elements, base.contracts, without);
  t.match(
    touched.find(({ bundle }) => bundle === 'open-restaurant'),
    {
      dataset: id,
      forms: ['food-licence', 'shop-sign', 'fire-check'],
      effects: [{ kind: 'loses', message: '`contactPhone` is gone' }],
    },
  );
  t.notOk(
    touched.some(({ bundle }) => bundle === 'open-company'),
    'and not one that does not read it',
  );
  const nullable = changed(
    register.latest.fields.map((field) => (field.path === 'status' ? { ...field, nullable: true } : field)),
  );
  t.match(
    bundleImpact(bundles, elements, base.contracts, nullable).find(({ bundle }) => bundle === 'deregister-company'),
    { facts: ['revoked'], effects: [{ kind: 'changes' }] },
  );
  const gone = new Map([...base.contracts].filter(([one]) => one !== id));
  t.match(
    bundleImpact(bundles, elements, base.contracts, gone).find(({ bundle }) => bundle === 'open-restaurant'),
    { effects: [{ kind: 'loses' }] },
  );
});

t.test('what registers say is yes, no, or unknown, and one that is away is never "none"', async (t) => {
  const { bundles, elements } = await loadBundles(cityWith(t, {}));
  const stalled = bundles.get('stall') as Bundle;
  const fact = stalled.facts.get('listed');
  if (fact === undefined) throw new Error('it is not there');
  t.equal(factOf(fact, undefined), 'unknown', 'away');
  t.equal(factOf(fact, []), 'no', 'current, and nothing on record');
  t.equal(factOf(fact, [{ removedOn: '2026-01-02' }]), 'no');
  t.equal(factOf(fact, [{ removedOn: '2026-01-02' }, { removedOn: null }]), 'yes');
  const invests = bundles.get('deregister-company')?.facts.get('invests');
  if (invests === undefined) throw new Error('it is not there');
  t.equal(factOf(invests, [{ investments: [] }]), 'no');
  t.equal(factOf(invests, [{ investments: [{ uscc: 'x' }] }]), 'yes');
  t.equal(factOf(invests, [{}]), 'unknown', 'a field that was not given decides nothing');
  const name = elements.elements.get('company.name') as Element;
  const [first, second] = name.registers;
  if (first === undefined || second === undefined) throw new Error('they are not there');
  const said = (a: string | null | undefined, b: string | null | undefined) =>
    settle(stalled, name, [
      { source: first, value: a },
      { source: second, value: b },
    ]);
  t.match(said('甲', '甲'), { state: 'filled', value: '甲', source: first });
  t.match(said('甲（云州）', '甲(云州) '), { state: 'filled', value: '甲（云州）' }, 'written otherwise, and the same');
  const money = (a: string, b: string) =>
    settle(stalled, { ...name, type: 'decimal' }, [
      { source: first, value: a },
      { source: second, value: b },
    ]);
  t.match(money('100.00', '100'), { state: 'filled', value: '100.00' });
  t.match(money('100.00', '101'), { state: 'conflict' });
  t.match(said('甲', null), { state: 'filled', value: '甲' });
  t.match(said('甲', undefined), { state: 'filled', value: '甲' }, 'the one that counts has it');
  t.match(said(null, '乙'), { state: 'filled', value: '乙', source: second });
  t.match(said(undefined, '乙'), { state: 'unknown', away: [first.contract.id] }, 'the one that counts is away');
  t.match(said('甲', '乙'), { state: 'conflict', outcome: 'contradiction', readings: { length: 2 } });
  t.strictSame(said(null, null), { state: 'missing' });
  t.match(said(undefined, null), { state: 'unknown' });
});

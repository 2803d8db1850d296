/**
 * The merge against a model: random bundles, random answers. Which items apply, which fields show, which are asked, who
 * fills the rest, and what is counted.
 */
import fc from 'fast-check';
import t from 'tap';
import { figuresOf } from '../../../contracts/bundle/figures.js';
import { mergeForm } from '../../../contracts/bundle/merge.js';
import { parseRule } from '../../../contracts/bundle/parse.js';
import type { Kind } from '../../../contracts/bundle/rule.js';
import type { Answers, Bundle, Element, Elements, Item, PlacedRule } from '../../../contracts/bundle/types.js';
import type { Contract } from '../../../contracts/types.js';
import { CODES, type Held, score, type Tree, trees, written } from './rules.js';

const place = { file: 'bundle.json' };
const title = { zh: '题', en: 'title' };

const QUESTIONS = ['f', 'g', 'c', 'n'] as const;
const kindOf = (name: string): Kind =>
  name === 'c'
    ? { type: 'code', codes: CODES }
    : name === 'n'
      ? { type: 'integer', min: -5, max: 5 }
      : { type: 'yes-no' };
const ELEMENTS = ['e0', 'e1', 'e2', 'e3', 'e4', 'e5'] as const;
const ITEMS = ['i0', 'i1', 'i2', 'i3'] as const;

/** `n` waits for `f` and `g`, `c` for `f`; the fact `x` is what a register says. */
const anyRule = trees({ flags: ['f', 'g', 'x'], codes: ['c'], lists: [], numbers: ['n'] });
const ruleOfN = trees({ flags: ['f', 'g'], codes: [], lists: [], numbers: [] });
const ruleOfC = trees({ flags: ['f'], codes: [], lists: [], numbers: [] });
const always: Tree = { node: 'yes' };
const orAlways = (rule: fc.Arbitrary<Tree>) => fc.oneof(fc.constant(always), rule);

const world = fc.record({
  when: fc.record({ f: fc.constant(always), g: fc.constant(always), c: orAlways(ruleOfC), n: orAlways(ruleOfN) }),
  /** Which element the question answers. */
  answers: fc.dictionary(fc.constantFrom(...QUESTIONS), fc.constantFrom(...ELEMENTS)),
  identity: fc.subarray([...ELEMENTS]),
  /** Element → keys of the registers that have it; only earlier elements are keys. */
  registers: fc.tuple(
    ...ELEMENTS.map((_, at) => fc.subarray(ELEMENTS.slice(0, at) as string[], { maxLength: Math.min(at, 2) })),
  ),
  items: fc.tuple(
    ...ITEMS.map((_, at) =>
      fc.record({
        when: orAlways(anyRule),
        after: fc.subarray(ITEMS.slice(0, at) as string[]),
        issues: fc.subarray([...ELEMENTS], { maxLength: 1 }),
        fields: fc.uniqueArray(
          fc.record({ element: fc.constantFrom(...ELEMENTS), required: fc.boolean(), when: orAlways(anyRule) }),
          { selector: ({ element }) => element, maxLength: 5 },
        ),
      }),
    ),
  ),
  materials: fc.array(
    fc.record({
      items: fc.subarray([...ITEMS], { minLength: 1 }),
      kind: fc.constantFrom('data' as const, 'made' as const, 'upload' as const),
      within: fc.boolean(),
      when: orAlways(anyRule),
    }),
    { maxLength: 4 },
  ),
  said: fc.record(
    {
      f: fc.option(fc.boolean()),
      g: fc.boolean(),
      c: fc.constantFrom(...CODES),
      n: fc.integer({ min: -5, max: 5 }),
    },
    { requiredKeys: [] },
  ),
  x: fc.option(fc.boolean(), { nil: undefined }),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

const placed = (tree: Tree, key: string): PlacedRule => ({
  rule: parseRule(written(tree), kindOf, { place, key }),
  key,
  place,
});

function built({ when, answers, identity, registers, items, materials }: World): {
  bundle: Bundle;
  elements: Elements;
} {
  const elements = new Map(
    ELEMENTS.map((id, at): [string, Element] => [
      `a.${id}`,
      {
        id: `a.${id}`,
        title,
        type: 'text',
        many: false,
        schema: { type: 'string' },
        registers: (registers[at] ?? []).map((by) => ({
          contract: { id: `r.${by}` } as unknown as Contract,
          field: 'x' as Element['registers'][number]['field'],
          by: `a.${by}`,
        })),
        identity: identity.includes(id) ? ['company'] : [],
        examples: [],
      },
    ]),
  );
  const bundle: Bundle = {
    id: 'random',
    title,
    summary: title,
    authority: 'samr',
    client: 'c',
    purpose: 'p',
    applicant: 'company',
    basis: [],
    reviewed: '2026-01-01',
    notes: [],
    intents: { says: [], words: [], not: [] },
    questions: new Map(
      QUESTIONS.map((id) => {
        const element = answers[id];
        return [
          id,
          {
            id,
            asks: title,
            kind: kindOf(id),
            choices: new Map(),
            when: placed(when[id], `questions.${id}.when`),
            mayNotKnow: id === 'f',
            ...(element === undefined ? {} : { element: `a.${element}` }),
          },
        ];
      }),
    ),
    facts: new Map(),
    items: new Map(
      items.map((item, at): [string, Item] => {
        const id = ITEMS[at] as string;
        return [
          id,
          {
            id,
            title,
            authority: 'samr',
            basis: [],
            term: { unit: 'on-the-spot', basis: [] },
            when: placed(item.when, `items.${id}.when`),
            requires: [],
            after: item.after,
            issues: item.issues.map((one) => `a.${one}`),
            told: false,
            elsewhere: false,
            form: {
              title: '表',
              place,
              fields: item.fields.map(({ element, required, when: shown }) => ({
                name: element,
                title: '项',
                element: `a.${element}`,
                required,
                when: placed(shown, `${element}.when`),
                schema: {},
              })),
            },
          },
        ];
      }),
    ),
    materials: new Map(
      materials.map(({ items: of, kind, within, when: needed }, at) => [
        `m${at}`,
        {
          id: `m${at}`,
          title,
          kind,
          items: of,
          when: placed(needed, `materials.m${at}.when`),
          registers: [],
          template: undefined,
          basis: [],
          ...(within && kind === 'made' ? { within: 'whole' } : {}),
        },
      ]),
    ),
    outcomes: new Map(),
    steps: new Map(),
    usual: { answers: {}, registers: {} },
    place,
  };
  return { bundle, elements: { groups: new Map([['a', title]]), elements, place } };
}

/** The model. 0 no, 1 unknown, 2 yes; elements without their group. */
function expected({ when, answers, identity, registers, items, materials, said, x }: World) {
  const held = (name: string): Held => {
    if (name === 'x') return x;
    const rule = when[name as keyof typeof when];
    return score(rule, held) === 2 ? ((said as Record<string, Held | null>)[name] ?? undefined) : undefined;
  };
  const applies = items.map((item) => score(item.when, held));
  const questions = QUESTIONS.filter((name) => score(when[name], held) === 2);
  const inForms = new Map<string, { shown: number; required: boolean; forms: number }>();
  let before = 0;
  items.forEach((item, at) => {
    for (const { element, required, when: shows } of item.fields) {
      const shown = Math.min(applies[at] as number, score(shows, held));
      if (shown === 0) continue;
      const was = inForms.get(element) ?? { shown: 0, required: false, forms: 0 };
      inForms.set(element, {
        shown: Math.max(was.shown, shown),
        required: was.required || (required && shown === 2),
        forms: was.forms + 1,
      });
      if (shown === 2) before++;
    }
  });
  const issued = new Set<string>(items.flatMap((item, at) => (applies[at] === 0 ? [] : item.issues)));
  const answered = new Set<string>(questions.flatMap((name) => answers[name] ?? []));
  // everything that somebody says, over and over until nothing more comes
  const known = new Set<string>([...identity, ...issued, ...answered, ...inForms.keys()]);
  const found = (element: string): boolean =>
    (registers[ELEMENTS.indexOf(element as (typeof ELEMENTS)[number])] ?? []).some((by) => known.has(by));
  for (let size = -1; size !== known.size; ) {
    size = known.size;
    for (const element of ELEMENTS) if (found(element)) known.add(element);
  }
  const way = (element: string): string =>
    (identity as readonly string[]).includes(element)
      ? 'identity'
      : issued.has(element)
        ? 'issued'
        : found(element)
          ? 'register'
          : answered.has(element)
            ? 'question'
            : 'asked';
  const needed = materials.filter(
    (one) => score(one.when, held) === 2 && one.items.some((id) => applies[ITEMS.indexOf(id)] === 2),
  );
  return {
    items: ITEMS.flatMap((id, at) => (applies[at] === 0 ? [] : [[id, applies[at] === 2 ? 'yes' : 'unknown']])),
    fields: [...inForms].map(([element, { shown, required, forms }]) => ({
      element,
      way: way(element),
      shown: shown === 2 ? 'yes' : 'unknown',
      required,
      forms,
    })),
    questions,
    open: questions.filter((name) => !Object.hasOwn(said, name)),
    figures: {
      forms: { before: applies.filter((one) => one === 2).length, after: applies.includes(2) ? 1 : 0 },
      before,
      asked: [
        ...new Set([
          ...questions.map((name) => (answers[name] === undefined ? name : `a.${answers[name]}`)),
          ...[...inForms].flatMap(([element, { shown }]) =>
            shown === 2 && way(element) === 'asked' ? [`a.${element}`] : [],
          ),
        ]),
      ].sort(),
      materials: {
        before: needed.reduce(
          (sum, { items: of }) => sum + of.filter((id) => applies[ITEMS.indexOf(id)] === 2).length,
          0,
        ),
        after: needed.filter(({ kind, within }) => kind === 'upload' || (kind === 'made' && !within)).length,
      },
    },
  };
}

t.test('random bundles are merged as the model says', (t) => {
  const seen = { asked: 0, register: 0, issued: 0, question: 0, identity: 0, unknown: 0 };
  fc.assert(
    fc.property(world, (one) => {
      const { bundle, elements } = built(one);
      const registers: Answers = one.x === undefined ? {} : { x: one.x };
      const merged = mergeForm(bundle, elements, one.said as Answers, registers);
      const wanted = expected(one);
      const byElement = (a: { element: string }, b: { element: string }) => (a.element < b.element ? -1 : 1);
      const fields = merged.fields.map(({ element, way, shown, required, forms }) => ({
        element: element.id.slice(2),
        way: way.way,
        shown,
        required,
        forms: forms.length,
      }));
      for (const { way, shown } of fields) {
        seen[way]++;
        if (shown === 'unknown') seen.unknown++;
      }
      const figures = figuresOf(merged);
      const got = {
        items: merged.items.map(({ item, applies }) => [item.id, applies]),
        fields: fields.sort(byElement),
        questions: merged.questions.map(({ id }) => id),
        open: merged.open.map(({ id }) => id),
        figures: {
          forms: figures.forms,
          before: figures.fields.before,
          asked: [...figures.fields.names].sort(),
          materials: figures.materials,
        },
      };
      const text = (value: unknown) => JSON.stringify(value);
      if (text(got) !== text({ ...wanted, fields: wanted.fields.sort(byElement) }))
        throw new Error(`${text(got)}\nwanted\n${text(wanted)}`);
      // each field stands in one part, and parts show when their fields do
      const inParts = merged.parts.flatMap((part) => part.fields.map(({ element }) => element.id));
      if (inParts.length !== merged.fields.length || new Set(inParts).size !== inParts.length) throw new Error('parts');
      for (const { condition, fields: own } of merged.parts)
        if (own.some(({ shown }) => (shown === 'yes') !== (condition === undefined))) throw new Error('condition');
      // stages: each item once, after all that it waits for
      const stageOf = new Map(merged.stages.flatMap((stage, at) => stage.map((id) => [id, at] as const)));
      for (const { item } of merged.items)
        for (const id of item.after)
          if (stageOf.has(id) && (stageOf.get(id) as number) >= (stageOf.get(item.id) ?? -1)) throw new Error('stages');
      if (stageOf.size !== merged.items.length) throw new Error('an item without a stage');
    }),
    { numRuns: 3_000 },
  );
  for (const [what, times] of Object.entries(seen)) t.ok(times > 100, `${what}: ${times}`);
  t.end();
});

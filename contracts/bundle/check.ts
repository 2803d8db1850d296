/**
 * What is wrong with a bundle though each of its names is one: `yitong contracts check` tells it, all of it. A bundle
 * with an `error` is not merged.
 */
import { type Acts, basisProblem, type When } from '../acts.js';
import { dayOf } from '../calendar.js';
import type { Finding } from '../compat.js';
import type { ErrorCode, Place } from '../errors.js';
import { present } from '../present.js';
import type { Workspace } from '../types.js';
import { compiler } from '../validate.js';
import { allBefore } from './cycles.js';
import { canBeTrue, type Names } from './decide.js';
import { mergeForm } from './merge.js';
import { ALWAYS, allOf, anyOf, namesOf, type Rule } from './rule.js';
import { isEmpty, narrowed } from './schemas.js';
import { namesIn, wrongAnswers } from './situation.js';
import type { Bundle, Element, Elements, JsonSchema, PlacedRule } from './types.js';

interface CheckParts {
  readonly elements: Elements;
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly contracts: Workspace['contracts'];
  readonly acts: Acts | undefined;
  /** ms since 1970: a citation has to be in force on this day, and on that on which it was looked up. */
  readonly now: number;
}

type Say = (code: ErrorCode, message: string, place?: Place, severity?: Finding['severity']) => void;

/** Whether the pattern of a schema is one; what else it says was checked by its file's shape. */
function canBeRead({ pattern, items }: JsonSchema): boolean {
  if (items !== undefined && !canBeRead(items as JsonSchema)) return false;
  try {
    return pattern === undefined || new RegExp(String(pattern), 'u').source !== '';
  } catch {
    return false;
  }
}

function checkFields({ items }: Bundle, { elements }: Elements, say: Say): void {
  const schemas = new Map<string, JsonSchema>();
  for (const { form } of items.values()) {
    for (const { name, element, schema } of form.fields) {
      if (!canBeRead(schema)) say('bad_bundle', `the pattern of \`${name}\` cannot be read`, form.place);
      const known = elements.get(element ?? '');
      if (known === undefined) {
        const what = element === undefined ? 'names no element' : `names \`${element}\`, which is no element`;
        say('bundle_field_without_element', `the field \`${name}\` ${what}`, form.place);
        continue;
      }
      const before = schemas.get(known.id) ?? known.schema;
      const now = narrowed(before, schema);
      schemas.set(known.id, now);
      if (isEmpty(now) && !isEmpty(before))
        say('bundle_fields_contradict', `\`${name}\` asks of \`${known.id}\` what leaves no value`, form.place);
    }
  }
}

/** Elements that a form asks for, with the place of the form. */
function used({ items }: Bundle, { elements }: Elements): ReadonlyMap<Element, Place> {
  const found = new Map<Element, Place>();
  for (const { form } of items.values())
    for (const field of form.fields) {
      const element = elements.get(field.element ?? '');
      if (element !== undefined && !found.has(element)) found.set(element, form.place);
    }
  return found;
}

function checkAsked(bundle: Bundle, elements: Elements, contracts: Workspace['contracts'], say: Say): void {
  const issued = new Set([...bundle.items.values()].flatMap(({ issues }) => issues));
  const all = used(bundle, elements);
  const inForms = new Set([...all.keys()].map(({ id }) => id));
  const answered = new Set([...bundle.questions.values()].flatMap(({ element }) => element ?? []));
  const said = ({ id, identity }: Element): boolean => identity.includes(bundle.applicant) || issued.has(id);
  // whose registers can be asked: by a key that somebody says
  const keys = [...elements.elements.values()].filter(
    (one) => one.type === 'key' && (said(one) || inForms.has(one.id) || answered.has(one.id)),
  );
  const schemes = new Set(keys.filter(({ identity }) => identity.length > 0).map(({ scheme }) => scheme));
  for (const [element, place] of all) {
    if (said(element) || element.asked !== undefined) continue;
    if (element.registers.some(({ by }) => keys.some(({ id }) => id === by))) continue;
    const [source] = element.registers;
    if (source !== undefined) {
      say(
        'bundle_element_asked',
        `\`${element.id}\` is asked though \`${source.contract.id}\` has it: nobody says \`${source.by}\``,
        place,
      );
      continue;
    }
    for (const contract of contracts.values()) {
      const field = contract.latest.fields.find(({ title, branch }) => !branch && title.zh === element.title.zh);
      if (field !== undefined && schemes.has(contract.subject.scheme))
        say(
          'bundle_element_asked',
          `\`${element.id}\` is asked though \`${contract.id}\` has \`${field.path}\` of the same title; name it in ` +
            '`registers`, or say in `asked` why it is none',
          place,
        );
    }
  }
  for (const { id, element } of bundle.questions.values()) {
    const known = elements.elements.get(element ?? '');
    if (known !== undefined && (said(known) || known.registers.some(({ by }) => keys.some((key) => key.id === by))))
      say('bundle_element_asked', `\`questions.${id}\` asks for \`${known.id}\`, which is known`, bundle.place);
  }
}

/** What is asked and decides nothing, and stands in no form. */
function checkIdle({ questions, items, materials, steps, place }: Bundle, say: Say): void {
  const all = [...items.values()];
  const rules = [...questions.values(), ...all, ...materials.values(), ...steps.values()].map(({ when }) => when);
  const fields = all.flatMap(({ form }) => form.fields);
  const read = new Set(
    [
      ...rules,
      ...fields.map(({ when }) => when),
      ...all.flatMap((item) => item.requires.map(({ rule }) => rule)),
    ].flatMap(({ rule }) => [...namesOf(rule)]),
  );
  for (const { id, element } of questions.values())
    if (!read.has(id) && (element === undefined || !fields.some((field) => field.element === element)))
      say('bundle_question_idle', `\`questions.${id}\` is asked, and nothing reads the answer`, place);
}

/** A form whose fields are filled by what another item issues comes after that item. */
function checkIssued({ items }: Bundle, say: Say): void {
  const issued = new Map([...items.values()].flatMap(({ id, issues }) => issues.map((one) => [one, id] as const)));
  for (const { id, form } of items.values()) {
    const before = allBefore(id, items);
    for (const { name, element } of form.fields) {
      const by = issued.get(element ?? '');
      if (by === id) say('bundle_cycle', `the field \`${name}\` asks for what the item itself issues`, form.place);
      else if (by !== undefined && !before.has(by))
        say(
          'bundle_cycle',
          `the field \`${name}\` is issued by \`${by}\`, and \`${id}\` does not wait for it`,
          form.place,
        );
    }
  }
}

/** Decides rules, and says which can never be true. */
class Decider {
  readonly #say: Say;

  constructor(say: Say) {
    this.#say = say;
  }

  /** @param given what holds wherever the rule is read */
  reached(
    { rule, key, place }: PlacedRule,
    names: Names,
    given = ALWAYS,
    code: ErrorCode = 'bundle_rule_never_true',
  ): boolean {
    const whole = allOf([rule, given]);
    const can = whole.op === 'always' ? true : canBeTrue(whole, names);
    if (can === false)
      this.#say(code, `\`${key}\` can never be true${given.op === 'always' ? '' : ' where it is read'}`, place);
    if (can === undefined) this.#say('bundle_rule_undecided', `\`${key}\` has too many cases to try`, place, 'note');
    return can !== false;
  }
}

function checkRules({ questions, facts, items, materials, steps }: Bundle, names: Names, say: Say): void {
  const decider = new Decider(say);
  const some = ({ rule }: PlacedRule): boolean => rule.op !== 'always';
  for (const { when } of questions.values()) decider.reached(when, names);
  for (const { where, kindOf } of facts.values()) decider.reached(where, { kindOf, whenOf: () => undefined });
  for (const { when, requires, form } of items.values()) {
    if (!decider.reached(when, names, ALWAYS, 'bundle_item_unreached')) continue;
    for (const { rule } of requires) decider.reached(rule, names, when.rule);
    for (const field of form.fields) if (some(field.when)) decider.reached(field.when, names, when.rule);
  }
  for (const { when, items: of } of materials.values()) {
    const asks: Rule = anyOf(of.flatMap((id) => items.get(id)?.when.rule ?? []));
    if (some(when)) decider.reached(when, names, asks);
  }
  for (const { when } of steps.values()) decider.reached(when, names);
}

const PLACEHOLDER = /\{\{\s*([^}]*?)\s*\}\}/g;
/** In a template, stands for the whole form, or with a group of elements behind it for that part. */
const FORM = /^form(?:\s+(\S+))?$/;

function checkMaterials(bundle: Bundle, elements: Elements, say: Say): void {
  const inForms = new Set([...used(bundle, elements).keys()].map(({ id }) => id));
  for (const { id, kind, within, template } of bundle.materials.values()) {
    if (kind !== 'made' || (within !== undefined && template === undefined)) continue;
    if (template === undefined) {
      say('bundle_material_without_template', `\`materials.${id}\` is made, and has no template`, bundle.place);
      continue;
    }
    for (const [, name = ''] of template.text.matchAll(PLACEHOLDER)) {
      const [form, group] = FORM.exec(name) ?? [];
      const isThere = (id: string): boolean => group === undefined || id.startsWith(`${group}.`);
      if (form === undefined ? !inForms.has(name) : ![...inForms].some(isThere))
        say(
          'bundle_material_without_template',
          `the template of \`materials.${id}\` names \`${name}\`, which no form of the bundle has`,
          template.place,
        );
    }
  }
}

function checkCitations(bundle: Bundle, acts: Acts, when: When, say: Say): void {
  const cited = new Map<string, string>();
  const cite = (key: string, basis: readonly string[]): void => {
    for (const text of basis) if (!cited.has(text)) cited.set(text, key);
  };
  cite('basis', bundle.basis);
  for (const { id, basis, term, requires } of bundle.items.values()) {
    cite(`items.${id}.basis`, basis);
    cite(`items.${id}.term.basis`, term.basis);
    for (const [at, one] of requires.entries()) cite(`items.${id}.requires[${at}].basis`, one.basis);
  }
  for (const { id, basis } of bundle.materials.values()) cite(`materials.${id}.basis`, basis);
  for (const [text, key] of cited) {
    const problem = basisProblem(text, acts, when);
    if (problem !== undefined) say('bundle_citation', `\`${key}\`: ${problem}`, bundle.place);
  }
}

function checkOutcomes(bundle: Bundle, elements: Elements, say: Say): void {
  const outcomes = [...bundle.outcomes.values()];
  if (!outcomes.some(({ kind }) => kind === 'done'))
    say('bundle_outcome_missing', 'no outcome is `done`', bundle.place);
  for (const { id, told } of bundle.items.values())
    if (!told && !outcomes.some(({ item }) => item === id))
      say('bundle_outcome_missing', `no outcome says what stands where \`${id}\` is refused`, bundle.place);
  const several = [...used(bundle, elements).keys()].find(
    ({ registers, identity }) => registers.length > 1 && !identity.includes(bundle.applicant),
  );
  if (several !== undefined && !outcomes.some(({ kind }) => kind === 'conflict'))
    say(
      'bundle_outcome_missing',
      `several registers have \`${several.id}\`, and no outcome says what happens where they contradict each other`,
      bundle.place,
    );
}

function checkUsual(bundle: Bundle, elements: Elements, say: Say): void {
  const { answers, registers } = bundle.usual;
  for (const problem of wrongAnswers(bundle, answers))
    say('bad_answers', `\`usual.answers\`: ${problem}`, bundle.place);
  const names = namesIn(bundle, elements);
  for (const name of Object.keys(registers))
    if (names.kindOf(name) === undefined || bundle.questions.has(name))
      say('bad_answers', `\`usual.registers\`: \`${name}\` is no fact and no element`, bundle.place);
  const open = mergeForm(bundle, elements, answers, registers).open.map(({ id }) => `\`${id}\``);
  if (open.length > 0) say('bad_answers', `\`usual.answers\` does not answer ${open.join(', ')}`, bundle.place);
}

function checkIntents(bundle: Bundle, bundles: ReadonlyMap<string, Bundle>, say: Say): void {
  const plain = (text: string): string => text.replace(/[\s\p{P}]/gu, '').toLowerCase();
  const all = new Map<string, string>();
  for (const { id, intents } of bundles.values()) for (const one of intents.says) all.set(`${id} ${plain(one)}`, id);
  for (const says of bundle.intents.says)
    for (const other of bundles.keys())
      if (other !== bundle.id && all.has(`${other} ${plain(says)}`))
        say('bundle_intent_unclear', `\`intents.says\`: \`${says}\` leads to \`${other}\` as well`, bundle.place);
  for (const { says, bundle: other } of bundle.intents.not) {
    if (all.has(`${bundle.id} ${plain(says)}`))
      say('bundle_intent_unclear', `\`intents.not\`: \`${says}\` stands in \`says\` as well`, bundle.place);
    if (other !== undefined && !bundles.has(other))
      say('bundle_intent_unclear', `\`intents.not\` names \`${other}\`, which is no bundle`, bundle.place);
  }
}

/**
 * Elements that several authorities collect, and of which none was named as the source (政务数据共享条例 Art.19(2)): each is
 * a conflict for the sharing authority.
 */
const withoutLead = (
  elements: Iterable<Element>,
): readonly { readonly element: Element; readonly authorities: readonly string[] }[] =>
  [...elements].flatMap((element) => {
    const authorities = [...new Set(element.registers.map(({ contract }) => contract.authority))].sort();
    return element.lead !== undefined || authorities.length < 2 ? [] : [{ element, authorities }];
  });

/** What is wrong with elements: an example that is not valid. All are checked at once: to compile is what it costs. */
function checkElements({ elements, place }: Elements): readonly Finding[] {
  const say = ({ id }: Element, message: string): Finding => ({
    severity: 'error',
    code: 'bad_elements',
    dataset: 'elements',
    message: `\`${id}\` ${message}`,
    ...present({ place }),
  });
  const all = [...elements.values()];
  const sound = all.filter(({ schema }) => canBeRead(schema));
  const valid = compiler({ allErrors: true }).compile({
    type: 'object',
    properties: Object.fromEntries(sound.map(({ id, schema }) => [id, { type: 'array', items: schema }])),
  });
  valid(Object.fromEntries(sound.map(({ id, examples }) => [id, examples])));
  const wrong = new Set(valid.errors?.map(({ instancePath }) => instancePath.split('/')[1]));
  return [
    ...withoutLead(all).map(
      ({ element: { id }, authorities }): Finding => ({
        severity: 'error',
        code: 'element_without_lead',
        dataset: 'elements',
        message:
          `\`${id}\` is in registers of ${authorities.map((one) => `\`${one}\``).join(', ')}; the sharing authority ` +
          'names which of them is its source, in `lead`',
        ...present({ place }),
      }),
    ),
    ...all.filter((one) => !sound.includes(one)).map((one) => say(one, 'has a pattern that cannot be read')),
    ...sound.filter(({ id }) => wrong.has(id)).map((one) => say(one, 'has an example that is not valid')),
  ];
}

/** Everything that is wrong with one bundle of a workspace. */
export function checkBundle(bundle: Bundle, parts: CheckParts): readonly Finding[] {
  const findings: Finding[] = [];
  const say: Say = (code, message, place = bundle.place, severity = 'error') =>
    void findings.push({ severity, code, dataset: `bundles/${bundle.id}`, message, place });
  checkFields(bundle, parts.elements, say);
  checkIssued(bundle, say);
  checkAsked(bundle, parts.elements, parts.contracts, say);
  checkIdle(bundle, say);
  checkRules(bundle, namesIn(bundle, parts.elements), say);
  checkMaterials(bundle, parts.elements, say);
  if (parts.acts !== undefined)
    checkCitations(bundle, parts.acts, { from: bundle.reviewed, until: dayOf(parts.now) }, say);
  checkOutcomes(bundle, parts.elements, say);
  checkUsual(bundle, parts.elements, say);
  checkIntents(bundle, parts.bundles, say);
  return findings;
}

/** Everything that is wrong with the elements and all bundles of a workspace. */
export function checkBundles(parts: CheckParts): readonly Finding[] {
  return [
    ...checkElements(parts.elements),
    ...[...parts.bundles.values()].flatMap((bundle) => checkBundle(bundle, parts)),
  ];
}

/**
 * Bundles of a workspace: `contracts/bundles/<bundle>/bundle.json`, `forms/<item>.json`, `templates/<template>.md`. A
 * folder is enough: no bundle is named in code. Names that refer to nothing are refused here; what is in order and
 * still cannot be right is found by `check.ts`.
 */
import { readFileSync } from 'node:fs';
import { isYitongError, type Place, YitongError } from '../errors.js';
import { contentFiles, readJson } from '../files.js';
import type { DatasetId } from '../ids.js';
import { oncePer } from '../once.js';
import { present } from '../present.js';
import type { Contract, Localised, Workspace } from '../types.js';
import { checkCycles } from './cycles.js';
import { kindOfElement, kindOfField, loadElements } from './elements.js';
import {
  type BundleFile,
  checkBundleFile,
  checkFormFile,
  type FormFile,
  isName,
  type MaterialInFile,
  type QuestionInFile,
} from './file.js';
import { parseRule, WORDS } from './parse.js';
import type { Kind } from './rule.js';
import type { Bundle, Elements, Fact, Form, Item, JsonSchema, Material, PlacedRule, Question } from './types.js';

type Ground = Pick<Workspace, 'layers' | 'contracts' | 'authorities' | 'codelists' | 'schemes'>;

export interface Bundles {
  readonly elements: Elements;
  readonly bundles: ReadonlyMap<string, Bundle>;
}

interface Files {
  bundle?: string;
  readonly forms: Map<string, string>;
  readonly templates: Map<string, string>;
}

export const NO_BUNDLES: Bundles = {
  elements: { groups: new Map(), elements: new Map(), place: undefined },
  bundles: new Map(),
};

/** What stands in the folders of bundles; a file that belongs in no place is refused. */
async function findFiles(layers: readonly string[]): Promise<ReadonlyMap<string, Files>> {
  const found = new Map<string, Files>();
  for (const { name, path } of await contentFiles(layers, 'contracts/bundles', '')) {
    const [id = '', folder, file, ...rest] = name.split('/');
    if (folder === undefined && id.endsWith('.md')) continue;
    let files = found.get(id);
    if (files === undefined) found.set(id, (files = { forms: new Map(), templates: new Map() }));
    if (folder === 'bundle.json' && file === undefined) files.bundle = path;
    else if (folder === 'forms' && file?.endsWith('.json') === true && rest.length === 0)
      files.forms.set(file.slice(0, -'.json'.length), path);
    else if (folder === 'templates' && file?.endsWith('.md') === true && rest.length === 0)
      files.templates.set(file.slice(0, -'.md'.length), path);
    else
      throw new YitongError('bad_bundle', 'a bundle holds bundle.json, forms/<item>.json and templates/<template>.md', {
        place: { file: path },
      });
  }
  return found;
}

/** Makes a bundle of its files; one a bundle. */
class Maker {
  readonly #id: string;
  readonly #file: BundleFile;
  readonly #files: Files;
  readonly #place: Place;
  readonly #ground: Ground;
  readonly #elements: Elements;
  readonly #questions: ReadonlyMap<string, Kind>;

  constructor(id: string, file: BundleFile, files: Files, place: Place, ground: Ground, elements: Elements) {
    this.#id = id;
    this.#file = file;
    this.#files = files;
    this.#place = place;
    this.#ground = ground;
    this.#elements = elements;
    this.#questions = new Map(
      Object.entries(file.questions).map(([name, question]) => [name, this.#kindOfQuestion(name, question)]),
    );
  }

  #refuse(what: string, place = this.#place): never {
    throw new YitongError('bad_bundle', what, { place });
  }

  #known(table: object | ReadonlyMap<string, unknown>, name: string, where: string): void {
    const known = table instanceof Map ? table.has(name) : Object.hasOwn(table, name);
    if (!known) this.#refuse(`\`${where}\` names \`${name}\`, which there is not`);
  }

  #authority(name: string, where: string): string {
    this.#known(this.#ground.authorities, name, where);
    return name;
  }

  #contract(name: string, where: string): Contract {
    return (
      this.#ground.contracts.get(name as DatasetId) ??
      this.#refuse(`\`${where}\` names the unknown dataset \`${name}\``)
    );
  }

  #element(name: string, where: string): string {
    this.#known(this.#elements.elements, name, where);
    return name;
  }

  #kindOfQuestion(name: string, { type, choices, codelist, min, max }: QuestionInFile): Kind {
    const where = `\`questions.${name}\``;
    if (type !== 'code' && type !== 'codes') {
      if (choices !== undefined || codelist !== undefined) this.#refuse(`${where} has choices and is no code`);
      return type === 'integer' || type === 'decimal' ? { type, ...present({ min, max }) } : { type };
    }
    if ((choices === undefined) === (codelist === undefined))
      return this.#refuse(`${where} has either choices of its own or a code list`);
    const codes = choices ?? Object.fromEntries(this.#ground.codelists.get(codelist ?? '')?.codes ?? []);
    return Object.keys(codes).length === 0
      ? this.#refuse(`${where} names an unknown code list`)
      : { type, codes: Object.keys(codes) };
  }

  /** What rules of the bundle can read: questions, facts, and elements that somebody else than the applicant says. */
  #kindOf(name: string): Kind | undefined {
    const question = this.#questions.get(name);
    if (question !== undefined) return question;
    if (Object.hasOwn(this.#file.facts ?? {}, name)) return { type: 'yes-no' };
    const element = this.#elements.elements.get(name);
    if (element === undefined) return undefined;
    const filled = element.registers.length > 0 || element.identity.includes(this.#file.applicant);
    return filled ? kindOfElement(element) : undefined;
  }

  #rule(text: string | undefined, key: string, place = this.#place): PlacedRule {
    return { rule: parseRule(text ?? 'yes', (name) => this.#kindOf(name), { place, key }), key, place };
  }

  #question([id, file]: readonly [string, QuestionInFile]): Question {
    const { asks, help, choices, codelist, element, when, mayNotKnow } = file;
    if (WORDS.has(id)) this.#refuse(`\`questions.${id}\` has a name that rules use for something else`);
    const kind = this.#questions.get(id) as Kind;
    if (element !== undefined) {
      const known = this.#elements.elements.get(this.#element(element, `questions.${id}.element`));
      const wanted = known === undefined ? undefined : kindOfElement(known);
      const codes = 'codes' in kind ? kind.codes : [];
      const fits =
        wanted?.type === kind.type && ('codes' in wanted ? codes.every((code) => wanted.codes.includes(code)) : true);
      if (!fits) this.#refuse(`\`questions.${id}\` cannot be the value of \`${element}\`, which is another kind`);
    }
    return {
      id,
      asks,
      kind,
      choices: new Map(
        choices === undefined
          ? (this.#ground.codelists.get(codelist ?? '')?.codes ?? new Map<string, Localised>())
          : Object.entries(choices),
      ),
      when: this.#rule(when, `questions.${id}.when`),
      mayNotKnow: mayNotKnow === true,
      ...present({ help, element }),
    };
  }

  #fact([id, { title, dataset, by, where }]: [string, NonNullable<BundleFile['facts']>[string]]): Fact {
    const key = `facts.${id}`;
    if (WORDS.has(id) || this.#questions.has(id)) this.#refuse(`\`${key}\` has a name that is taken`);
    const contract = this.#contract(dataset, key);
    const element = this.#elements.elements.get(this.#element(by, `${key}.by`));
    if (element?.scheme !== contract.subject.scheme)
      this.#refuse(`\`${key}\` is asked by \`${by}\`, which is no key of \`${dataset}\``);
    const kindOf = (name: string): Kind | undefined => {
      const field = contract.latest.fields.find(({ path }) => path === name);
      return field === undefined ? undefined : kindOfField(field, this.#ground.codelists);
    };
    const place = this.#place;
    const rule = parseRule(where ?? 'yes', kindOf, { place, key: `${key}.where` });
    return { id, title, contract, by, where: { rule, key: `${key}.where`, place }, kindOf };
  }

  async #form(item: string): Promise<Form> {
    const path = this.#files.forms.get(item);
    if (path === undefined) return this.#refuse(`\`items.${item}\` has no forms/${item}.json`);
    const place = { file: path };
    const file: FormFile = checkFormFile(await readJson(path, 'bad_bundle'), place);
    const required = file.required ?? [];
    const unknown = required.find((name) => !Object.hasOwn(file.properties, name));
    if (unknown !== undefined) this.#refuse(`\`required\` names \`${unknown}\`, which is no field`, place);
    const fields = Object.entries(file.properties).map(([name, { title, element, when, ...narrowing }]) => ({
      name,
      title,
      element,
      required: required.includes(name),
      when: this.#rule(when, `${name}.when`, place),
      schema: narrowing as JsonSchema,
    }));
    const known = fields.flatMap(({ element }) => element ?? []);
    const twice = known.find((one, at) => known.indexOf(one) !== at);
    if (twice !== undefined) this.#refuse(`the form asks for \`${twice}\` twice`, place);
    return { title: file.title, fields, place };
  }

  async #item([id, file]: readonly [string, BundleFile['items'][string]]): Promise<Item> {
    const key = `items.${id}`;
    const { items } = this.#file;
    for (const name of [...(file.after ?? []), ...(file.prepared === undefined ? [] : [file.prepared])])
      this.#known(items, name, key);
    if (file.prepared === id) this.#refuse(`\`${key}\` is prepared until itself`);
    const { unit, days } = file.term;
    if ((unit === 'on-the-spot') !== (days === undefined)) this.#refuse(`\`${key}.term\` has days unless on the spot`);
    if (file.term.else !== undefined && unit !== 'on-the-spot')
      this.#refuse(`\`${key}.term.else\` is said only of what is done on the spot`);
    return {
      id,
      title: file.title,
      authority: this.#authority(file.authority, key),
      basis: file.basis,
      term: file.term,
      when: this.#rule(file.when, `${key}.when`),
      requires: (file.requires ?? []).map(({ rule, says, basis = [] }, at) => ({
        rule: this.#rule(rule, `${key}.requires[${at}]`),
        says,
        basis,
      })),
      after: file.after ?? [],
      issues: (file.issues ?? []).map((one) => this.#element(one, key)),
      told: file.told === true,
      elsewhere: file.elsewhere === true,
      form: await this.#form(id),
      ...present({ prepared: file.prepared }),
    };
  }

  #material([id, file]: readonly [string, MaterialInFile]): Material {
    const key = `materials.${id}`;
    for (const item of file.items) this.#known(this.#file.items, item, key);
    if ((file.kind === 'data') !== (file.registers !== undefined))
      this.#refuse(`\`${key}\` names registers if it is \`data\`, and only then`);
    if (file.kind !== 'made' && (file.template !== undefined || file.within !== undefined))
      this.#refuse(`\`${key}\` is not made, so it has no template and is part of no other`);
    if (file.within !== undefined) {
      this.#known(this.#file.materials, file.within, key);
      const whole = this.#file.materials[file.within];
      if (whole?.kind !== 'made' || whole.within !== undefined)
        this.#refuse(`\`${key}\` is part of \`${file.within}\`, which is not made whole`);
    }
    const name = file.template ?? (file.within === undefined ? id : undefined);
    const path = name === undefined || file.kind !== 'made' ? undefined : this.#files.templates.get(name);
    return {
      id,
      title: file.title,
      kind: file.kind,
      items: file.items,
      when: this.#rule(file.when, `${key}.when`),
      registers: (file.registers ?? []).map((one) => this.#contract(one, key)),
      template:
        path === undefined || name === undefined
          ? undefined
          : { name, text: readFileSync(path, 'utf8'), place: { file: path } },
      basis: file.basis ?? [],
      ...present({ within: file.within }),
    };
  }

  #checkOutcomes(lifecycles: ReadonlySet<string> | undefined): void {
    const { items, outcomes } = this.#file;
    for (const [id, { kind, item, stands = [], undone = [], tells = [], task, lifecycle }] of Object.entries(
      outcomes,
    )) {
      const key = `outcomes.${id}`;
      for (const name of [...(item === undefined ? [] : [item]), ...stands, ...undone]) this.#known(items, name, key);
      for (const name of [...tells, ...(task === undefined ? [] : [task.owner])]) this.#authority(name, key);
      if ((kind === 'refused') !== (item !== undefined))
        this.#refuse(`\`${key}\` names an item if it is refused, and only then`);
      if ((kind === 'conflict') !== (lifecycle !== undefined))
        this.#refuse(`\`${key}\` names a lifecycle if registers contradict each other, and only then`);
      if (lifecycle !== undefined && lifecycles?.has(lifecycle) === false)
        this.#refuse(`\`${key}\` names the unknown lifecycle \`${lifecycle}\``);
      const both = stands.find((name) => undone.includes(name));
      if (both !== undefined) this.#refuse(`\`${key}\` lets \`${both}\` stand and undoes it`);
    }
  }

  async make(lifecycles: ReadonlySet<string> | undefined): Promise<Bundle> {
    const file = this.#file;
    this.#checkOutcomes(lifecycles);
    const unused = [...this.#files.forms.keys()].find((name) => !Object.hasOwn(file.items, name));
    if (unused !== undefined) this.#refuse(`forms/${unused}.json is the form of no item`);
    const named = <T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> =>
      new Map(all.map((one) => [one.id, one]));
    const materials = Object.entries(file.materials).map((one) => this.#material(one));
    const idle = [...this.#files.templates.keys()].find(
      (name) => !materials.some((one) => one.template?.name === name),
    );
    if (idle !== undefined) this.#refuse(`templates/${idle}.md is the template of no material`);
    return {
      id: this.#id,
      title: file.title,
      summary: file.summary,
      authority: this.#authority(file.authority, 'authority'),
      client: file.client,
      purpose: file.purpose,
      applicant: file.applicant,
      basis: file.basis,
      reviewed: file.reviewed,
      notes: file.notes ?? [],
      intents: { ...file.intents, words: file.intents.words ?? [] },
      questions: named(Object.entries(file.questions).map((one) => this.#question(one))),
      facts: named(Object.entries(file.facts ?? {}).map((one) => this.#fact(one))),
      items: named(await Promise.all(Object.entries(file.items).map((one) => this.#item(one)))),
      materials: named(materials),
      outcomes: named(
        Object.entries(file.outcomes).map(
          ([id, { stands = [], undone = [], tells = [], offers = [], ...outcome }]) => ({
            id,
            ...outcome,
            stands,
            undone,
            tells,
            offers,
          }),
        ),
      ),
      steps: named(
        Object.entries(file.steps).map(([id, { title, uses, before, when }]) => {
          if (before !== undefined) this.#known(file.items, before, `steps.${id}.before`);
          if (before !== undefined && uses.includes('form'))
            this.#refuse(`\`steps.${id}\` is before all items already`);
          return { id, title, uses, when: this.#rule(when, `steps.${id}.when`), ...present({ before }) };
        }),
      ),
      usual: { answers: file.usual.answers, registers: file.usual.registers ?? {} },
      place: this.#place,
    };
  }
}

interface LoadParts extends Ground {
  /** Lifecycles of the workspace, by name; undefined: what outcomes name is not looked up. */
  readonly lifecycles?: ReadonlySet<string>;
  /** Takes the refusal of one bundle, which is then left out, so that a check can tell all at once. */
  readonly onRefused?: (bundle: string, error: YitongError) => void;
}

/**
 * Every bundle of a workspace and its elements; of two files with one name the nearer layer's counts.
 * @throws YitongError `bad_elements`, `bad_bundle`, `bad_rule`, `bundle_cycle` with the file
 */
export async function loadBundles(parts: LoadParts): Promise<Bundles> {
  const elements = await loadElements(parts);
  const bundles = new Map<string, Bundle>();
  for (const [id, files] of await findFiles(parts.layers)) {
    const place = { file: files.bundle ?? [...files.forms.values(), ...files.templates.values()][0] ?? id };
    try {
      if (!isName(id))
        throw new YitongError('bad_bundle', 'a bundle is named in lower-case words joined by hyphens', { place });
      if (files.bundle === undefined) throw new YitongError('bad_bundle', `\`${id}\` has no bundle.json`, { place });
      const file = checkBundleFile(await readJson(files.bundle, 'bad_bundle'), place);
      const bundle = await new Maker(id, file, files, place, parts, elements).make(parts.lifecycles);
      checkCycles(bundle);
      bundles.set(id, bundle);
    } catch (error) {
      if (parts.onRefused === undefined || !isYitongError(error)) throw error;
      parts.onRefused(id, error);
    }
  }
  return { elements, bundles };
}

/**
 * Those of a workspace as it was loaded: read once for all that ask for them, also where a file has changed since.
 * @throws YitongError as `loadBundles`
 */
export const bundlesOf: (workspace: Workspace) => Promise<Bundles> = oncePer(loadBundles);

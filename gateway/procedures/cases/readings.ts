/**
 * What registers say for a case: facts of its rules, and values of its form, each with its source and time. A register
 * that is stale, away or not granted says nothing: what it would decide stays unknown. Pure over `ask`.
 */
import { factOf, settle } from '../../../contracts/bundle/fill.js';
import { namesOf } from '../../../contracts/bundle/rule.js';
import type { Answers, Bundle, Elements, Json, Source } from '../../../contracts/bundle/types.js';
import { subjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Contract } from '../../../contracts/types.js';
import { partsOf, valuesAt } from '../../answer/question/values-at-path.js';

/** What a register holds of a subject. */
export interface RegisterAnswer {
  readonly records: readonly { readonly [field: string]: Json }[];
  /** ISO 8601: as of when. */
  readonly sourceTime: string;
  /** Whether a field of the records is given; of one that is not nothing is judged. Default: all are. */
  readonly released?: (field: string) => boolean;
}
/** Undefined: it is stale, away, or does not answer under this purpose. */
export type AskRegister = (contract: Contract, subject: string) => Promise<RegisterAnswer | undefined>;

export interface FilledValue {
  readonly value: Json;
  readonly dataset: string;
  readonly sourceTime: string;
}

/** Registers say different things of one element. */
interface Conflict {
  readonly said: readonly { readonly dataset: string; readonly value: Json }[];
  /** The outcome that says how it is corrected. */
  readonly outcome?: string;
}

export interface Readings {
  /** Of facts and elements, as rules read them; what is unknown is left out. */
  readonly said: Answers;
  readonly filled: ReadonlyMap<string, FilledValue>;
  /** Elements that a register has which did not answer, with the registers. */
  readonly away: ReadonlyMap<string, readonly string[]>;
  readonly conflicts: ReadonlyMap<string, Conflict>;
  /** Registers that were asked. */
  readonly asked: readonly string[];
}

/** @param known values of elements that are keys or name a record: said by the account or the applicant */
export function readRegisters(
  bundle: Bundle,
  elements: Elements,
  known: ReadonlyMap<string, Json>,
  ask: AskRegister,
): Promise<Readings> {
  return new Reading(bundle, elements, known, ask).read();
}

/** Every name that a rule of the bundle reads. */
function namesInRules({ questions, items, materials, steps }: Bundle): ReadonlySet<string> {
  const rules = [
    ...[...questions.values(), ...materials.values(), ...steps.values()].map(({ when }) => when),
    ...[...items.values()].flatMap(({ when, requires, form }) => [
      when,
      ...requires.map(({ rule }) => rule),
      ...form.fields.map((field) => field.when),
    ]),
  ];
  return new Set(rules.flatMap(({ rule }) => [...namesOf(rule)]));
}

/** Elements that forms or rules of the bundle name, and keys by which these are found: no other is asked for. */
export function wantedElements(bundle: Bundle, { elements }: Elements): ReadonlySet<string> {
  const wanted = new Set<string>();
  const add = (id: string): void => {
    const element = elements.get(id);
    if (element === undefined || wanted.has(id)) return;
    wanted.add(id);
    for (const { by, record } of element.registers)
      for (const one of record === undefined ? [by] : [by, record.is]) add(one);
  };
  for (const { form } of bundle.items.values()) for (const { element } of form.fields) add(element ?? '');
  // rules name what stands in no form as well
  for (const id of namesInRules(bundle)) add(id);
  for (const { by } of bundle.facts.values()) add(by);
  return wanted;
}

class Reading {
  readonly #bundle: Bundle;
  readonly #elements: Elements;
  readonly #known: Map<string, Json>;
  readonly #ask: AskRegister;
  readonly #asked = new Map<string, RegisterAnswer | undefined>();
  readonly #filled = new Map<string, FilledValue>();
  readonly #away = new Map<string, readonly string[]>();
  readonly #conflicts = new Map<string, Conflict>();

  constructor(bundle: Bundle, elements: Elements, known: ReadonlyMap<string, Json>, ask: AskRegister) {
    this.#bundle = bundle;
    this.#elements = elements;
    this.#known = new Map(known);
    this.#ask = ask;
  }

  async #answer(contract: Contract, by: string): Promise<RegisterAnswer | undefined> {
    const key = this.#known.get(by);
    if (typeof key !== 'string') return undefined;
    const subject = subjectKey(contract.subject.scheme, key);
    const at = `${contract.id} ${subject}`;
    if (!this.#asked.has(at)) this.#asked.set(at, await this.#ask(contract, subject));
    return this.#asked.get(at);
  }

  /** Undefined: it did not answer; null: it has nothing. */
  async #valueAt({ contract, field, by, record }: Source, many: boolean): Promise<Json | undefined> {
    const answer = await this.#answer(contract, by);
    if (answer === undefined) return undefined;
    const is = record === undefined ? undefined : this.#known.get(record.is);
    const fitting = answer.records.filter(
      (one) => record === undefined || valuesAt(one, partsOf(record.field)).includes(is),
    );
    const values = fitting.flatMap((one) => valuesAt(one, partsOf(field))) as Json[];
    if (values.length === 0) return null;
    return many ? [...new Set(values)] : (values[0] as Json);
  }

  async #fill(id: string): Promise<boolean> {
    const element = this.#elements.elements.get(id);
    if (element === undefined || this.#known.has(id) || element.registers.length === 0) return false;
    const can = element.registers.filter(
      ({ by, record }) => this.#known.has(by) && (record === undefined || this.#known.has(record.is)),
    );
    if (can.length === 0) return false;
    const read: { readonly source: Source; readonly value: Json | undefined }[] = [];
    for (const source of can) read.push({ source, value: await this.#valueAt(source, element.many) });
    const settled = settle(this.#bundle, element, read);
    this.#away.delete(id);
    this.#conflicts.delete(id);
    if (settled.state === 'unknown') this.#away.set(id, settled.away);
    if (settled.state === 'conflict') {
      const said = settled.readings.map(({ source, value }) => ({ dataset: source.contract.id, value: value ?? null }));
      this.#conflicts.set(id, { said, ...present({ outcome: settled.outcome }) });
    }
    if (settled.state !== 'filled') return false;
    const { value, source } = settled;
    const sourceTime = (await this.#answer(source.contract, source.by))?.sourceTime ?? '';
    this.#known.set(id, value);
    this.#filled.set(id, { value, dataset: source.contract.id, sourceTime });
    return true;
  }

  async read(): Promise<Readings> {
    const wanted = wantedElements(this.#bundle, this.#elements);
    for (let more = true; more; ) {
      more = false;
      for (const id of wanted) if (await this.#fill(id)) more = true;
    }
    const facts: Record<string, Answers[string]> = {};
    for (const fact of this.#bundle.facts.values()) {
      const said = await this.#answer(fact.contract, fact.by);
      const judged = [...namesOf(fact.where.rule)].every((name) => said?.released?.(name) !== false);
      const answer = factOf(fact, judged ? said?.records : undefined);
      if (answer !== 'unknown') facts[fact.id] = answer === 'yes';
    }
    for (const [id, value] of this.#known)
      if (typeof value !== 'object' || Array.isArray(value)) facts[id] = value as Answers[string];
    const asked = [...new Set([...this.#asked.keys()].map((at) => at.slice(0, at.indexOf(' '))))];
    return { said: facts, filled: this.#filled, away: this.#away, conflicts: this.#conflicts, asked };
  }
}

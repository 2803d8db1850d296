/**
 * Finding a company by its name, and the name of one that is known by its key. The index says where to look; what is
 * told is read from the view under the grant of the client and purpose that the workspace declares for the role of
 * whoever asks, and each look-up is on record before anything of it leaves: whatever was typed and told stands under
 * the person's own key.
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import { type SubjectKey, schemeOf } from '../../../contracts/ids.js';
import { loadNames, type NamesDefinition } from '../../../contracts/names.js';
import { present } from '../../../contracts/present.js';
import type { FactDefinition } from '../../../contracts/reports.js';
import type { Localised } from '../../../contracts/types.js';
import type { Client } from '../../../policies/types.js';
import { type Plan, Plans } from '../../answer/question/plan.js';
import { type AskedDataset, openReader, planOf, type Reader } from '../../answer/registers/read.js';
import type { Person, Role } from '../../ground/identity/person.js';
import type { Recorder } from '../../log/entries/recorder.js';
import type { GatewayContext } from '../context.js';
import { type Lookups, openLookups } from '../lookups.js';
import { factsOf, textAt } from '../words/facts.js';
import { fit, normalName, soughtOf } from './normal.js';
import { NamesReader } from './store.js';

export interface Choice {
  readonly subject: SubjectKey;
  readonly name: string;
  /** What else is told of it: address, status. */
  readonly tell: readonly (string | Localised)[];
  /** Its name is what was asked for, but for its legal form. */
  readonly exact: boolean;
}

/**
 * - `found`: these, the best first, also none; `more`: there are others, so that more has to be said.
 * - `short`: too little was said to look for.
 * - `unavailable`: names cannot be looked up here, by this role, or now; its key does as ever.
 */
export type LookUp =
  | { readonly kind: 'found'; readonly choices: readonly Choice[]; readonly more: boolean }
  | { readonly kind: 'short' }
  | { readonly kind: 'unavailable' };

interface LookingUp {
  readonly person: Person;
  readonly role: Role;
  readonly requestId: string;
  readonly record: Recorder;
}

export interface Names {
  /** Undefined where the workspace names no register. */
  readonly definition: NamesDefinition | undefined;
  /** @throws YitongError `rate_limited`, `audit_unavailable` */
  find(text: string, looking: LookingUp): Promise<LookUp>;
  /**
   * What the register calls companies that somebody deals with already, so that no page tells one by its code alone:
   * without those that it does not have, whose names the role may not be told, and where too many were told lately;
   * their keys stand there as ever. Of very many the first.
   * @throws YitongError `audit_unavailable`
   */
  named(subjects: readonly SubjectKey[], looking: LookingUp): Promise<ReadonlyMap<SubjectKey, string>>;
  close(): Promise<void>;
}

const LONGEST = 100;
/** Companies that are read for one choice: some that the index has are gone, renamed or not granted. */
const READ_FOR_ONE = 3;
/** Companies that are named on one page. */
const MOST_NAMED = 200;

/** @throws YitongError `bad_workspace` */
export async function openNames(context: GatewayContext): Promise<Names> {
  const definition = await loadNames(context.workspace);
  return definition === undefined
    ? {
        definition,
        find: () => Promise.resolve({ kind: 'unavailable' }),
        named: () => Promise.resolve(new Map()),
        close: () => Promise.resolve(),
      }
    : new CompanyNames(context, definition);
}

type FoundChoices = Omit<Extract<LookUp, { readonly kind: 'found' }>, 'kind'>;

/** How the register may be read for a role, and why. */
interface RolePlan {
  readonly plan: Plan;
  readonly purpose: string;
}

class CompanyNames implements Names {
  readonly definition: NamesDefinition;
  readonly #context: GatewayContext;
  readonly #plans: Plans;
  readonly #reader: Reader;
  readonly #limits: Lookups;
  /** What is read of a company, without the name of which nothing can be said. */
  readonly #asked: AskedDataset;
  readonly #facts: readonly FactDefinition[];
  /** Legal forms as names are compared. */
  readonly #forms: readonly string[];
  #index: { readonly file: number; readonly reader: NamesReader } | undefined;

  constructor(context: GatewayContext, definition: NamesDefinition) {
    const { workspace, view, inForce, dataDir, now, settings, tickets } = context;
    const { contract, name, tell, forms } = definition;
    this.definition = definition;
    this.#context = context;
    this.#plans = new Plans({
      workspace,
      inForce,
      delivery: 'query',
      closing: { hidden: (record) => tickets.effects.hidden(record), now },
    });
    this.#reader = openReader(view);
    this.#limits = openLookups(dataDir, { perClient: settings.people.namesPerMinute, what: 'names' });
    this.#asked = { id: contract.id, fields: [name, ...tell.map((field) => field.path)], needs: [name] };
    this.#facts = tell.map((field): FactDefinition => ({ field, title: field.title }));
    this.#forms = forms.map(normalName);
  }

  async find(text: string, looking: LookingUp): Promise<LookUp> {
    if (text.length > LONGEST) throw new YitongError('bad_request', `a name has at most ${String(LONGEST)} characters`);
    const sought = soughtOf(text, this.#forms);
    if (sought === undefined) return { kind: 'short' };
    this.#limits.admit(`names:${looking.person.id}`, this.#context.now());
    const planned = this.#planFor(looking.role);
    const denied = planned === undefined || planned.plan.read.length === 0;
    const found = denied ? undefined : await this.#choices(sought, planned.plan);
    const subjects = found?.choices.map(({ subject }) => subject);
    await this.#record({ name: text, ...present({ subjects }) }, looking, planned, denied);
    return found === undefined ? { kind: 'unavailable' } : { kind: 'found', ...found };
  }

  async named(subjects: readonly SubjectKey[], looking: LookingUp): Promise<ReadonlyMap<SubjectKey, string>> {
    const { scheme } = this.definition.contract.subject;
    const all = [...new Set(subjects)].filter((one) => schemeOf(one) === scheme).slice(0, MOST_NAMED);
    const planned = this.#planFor(looking.role);
    // nothing is read, so there is nothing to record
    if (all.length === 0 || planned === undefined || planned.plan.read.length === 0) return new Map();
    const { person, role, requestId, record } = looking;
    const found = new Map<SubjectKey, string>();
    try {
      this.#limits.admit(`called:${person.id}`, this.#context.now());
      for (const subject of all) {
        const rows = (await this.#reader.one(planned.plan, subject))[0] ?? [];
        const name = rows.map(({ value }) => textAt(value, this.definition.name)).find((one) => one !== undefined);
        if (name !== undefined) found.set(subject, name);
      }
    } catch (error) {
      // the page is about something else: it goes on with the keys
      if (isYitongError(error)) return new Map();
      throw error;
    }
    await record.looked(person, {
      requestId,
      action: 'company_name',
      role,
      detail: this.#detailOf(planned),
      results: found.size,
      about: { subjects: all },
    });
    return found;
  }

  async close(): Promise<void> {
    await Promise.all([this.#index?.reader.close(), this.#limits.close()]);
  }

  /** By what the register is read. */
  #detailOf(planned: RolePlan | undefined): Readonly<Record<string, unknown>> {
    const grant = planned?.plan.datasets[0]?.decision.grant;
    return { dataset: this.definition.contract.id, ...present({ purpose: planned?.purpose, grant }) };
  }

  #planFor(role: Role): RolePlan | undefined {
    const { inForce, now } = this.#context;
    const purpose = this.definition.roles.get(role);
    const client = inForce().policies.clients.get(this.definition.client as Client['id']);
    if (purpose === undefined || client?.status !== 'active') return undefined;
    return { purpose, plan: planOf(this.#plans, client, purpose, [this.#asked], undefined, now()) };
  }

  /** Undefined while there is no index. */
  async #choices(sought: string, plan: Plan): Promise<FoundChoices | undefined> {
    const { most } = this.definition;
    const index = await this.#currentIndex();
    const found = await index?.find(sought, this.#forms, most * READ_FOR_ONE + 1);
    if (found === undefined) return undefined;
    const choices: Choice[] = [];
    for (const { subject } of found.companies) {
      if (choices.length > most) break;
      choices.push(...(await this.#choicesIn(subject as SubjectKey, sought, plan)));
    }
    return { choices: choices.slice(0, most), more: found.more || choices.length > most };
  }

  /** Of a company that the index names, as its register says it now: by now it may have another name, or none. */
  async #choicesIn(subject: SubjectKey, sought: string, plan: Plan): Promise<readonly Choice[]> {
    const rows = (await this.#reader.one(plan, subject))[0] ?? [];
    return rows.flatMap(({ value }): Choice[] => {
      const name = textAt(value, this.definition.name);
      const rank = name === undefined ? undefined : fit(normalName(name), sought, this.#forms);
      if (name === undefined || rank === undefined) return [];
      const tell = factsOf(value, this.#facts, this.#context.workspace.codelists).map((fact) => fact.value);
      return [{ subject, name, tell, exact: rank === 0 }];
    });
  }

  /** Of the file that is there now: one that was damaged is made anew beside those who had it open. */
  async #currentIndex(): Promise<NamesReader | undefined> {
    const { dataDir } = this.#context;
    const file = statSync(join(dataDir, 'names', 'index.mdb'), { throwIfNoEntry: false })?.ino;
    if (this.#index !== undefined && this.#index.file === file) return this.#index.reader;
    const before = this.#index;
    const reader = file === undefined ? undefined : NamesReader.open(dataDir);
    this.#index = file === undefined || reader === undefined ? undefined : { file, reader };
    await before?.reader.close();
    return this.#index?.reader;
  }

  /** What was typed and told stands under the person's own key. @throws YitongError `audit_unavailable` */
  async #record(
    about: { readonly name: string; readonly subjects?: readonly SubjectKey[] },
    { person, role, requestId, record }: LookingUp,
    planned: RolePlan | undefined,
    denied: boolean,
  ): Promise<void> {
    await record.looked(person, {
      requestId,
      action: 'names',
      role,
      detail: { ...this.#detailOf(planned), ...(denied ? { denied: true } : {}) },
      results: about.subjects?.length ?? 0,
      about,
    });
  }
}

const opened = new WeakMap<object, Promise<Names>>();

/** Of one face of a worker, opened with the first question; closed by the service of names. */
export function namesOfCompanies(context: GatewayContext): Promise<Names> {
  let known = opened.get(context);
  if (known === undefined) opened.set(context, (known = openNames(context)));
  return known;
}

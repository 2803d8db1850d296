/**
 * Finding a company by its name. The index says where to look; what is told is read from the view under the grant of
 * the client and purpose that the workspace declares for the role of whoever asks, and each look-up is on record before
 * anything of it leaves: whatever was typed and told stands under the person's own key.
 */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { loadNames, type NamesDefinition } from '../../../contracts/names.js';
import { present } from '../../../contracts/present.js';
import type { FactDefinition } from '../../../contracts/reports.js';
import type { Localised } from '../../../contracts/types.js';
import type { Client } from '../../../policies/types.js';
import { type Plan, Plans } from '../../answer/question/plan.js';
import { openReader, planOf } from '../../answer/registers/read.js';
import type { Person, Role } from '../../ground/identity/person.js';
import type { Recorder } from '../../log/entries/recorder.js';
import type { GatewayContext } from '../context.js';
import { openLookups } from '../lookups.js';
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

export interface LookingUp {
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
  close(): Promise<void>;
}

const LONGEST = 100;
/** Companies that are read for one choice: some that the index has are gone, renamed or not granted. */
const READ_FOR_ONE = 3;

/** @throws YitongError `bad_workspace` */
export async function openNames(context: GatewayContext): Promise<Names> {
  const { workspace, view, inForce, dataDir, now, settings, tickets } = context;
  const definition = await loadNames(workspace);
  if (definition === undefined)
    return { definition, find: () => Promise.resolve({ kind: 'unavailable' }), close: () => Promise.resolve() };
  const { contract, client: clientId, forms, most, roles, name: path, tell } = definition;
  const plans = new Plans({
    workspace,
    inForce,
    delivery: 'query',
    closing: { hidden: (record) => tickets.effects.hidden(record), now },
  });
  const reader = openReader(view);
  const limits = openLookups(dataDir, { perClient: settings.people.namesPerMinute, what: 'names' });
  const normalForms = forms.map(normalName);
  const facts = tell.map((field): FactDefinition => ({ field, title: field.title }));
  const asked = { id: contract.id, fields: [path, ...tell.map((field) => field.path)], needs: [path] };

  let index: { readonly file: number; readonly reader: NamesReader } | undefined;
  /** Of the file that is there now: one that was damaged is made anew beside those who had it open. */
  async function indexNow(): Promise<NamesReader | undefined> {
    const file = statSync(join(dataDir, 'names', 'index.mdb'), { throwIfNoEntry: false })?.ino;
    if (index !== undefined && index.file === file) return index.reader;
    const before = index;
    const opened = file === undefined ? undefined : NamesReader.open(dataDir);
    index = file === undefined || opened === undefined ? undefined : { file, reader: opened };
    await before?.reader.close();
    return index?.reader;
  }

  function planFor(role: Role): { readonly plan: Plan; readonly purpose: string } | undefined {
    const purpose = roles.get(role);
    const client = inForce().policies.clients.get(clientId as Client['id']);
    if (purpose === undefined || client?.status !== 'active') return undefined;
    return { purpose, plan: planOf(plans, client, purpose, [asked], undefined, now()) };
  }

  async function choicesOf(
    sought: string,
    plan: Plan,
  ): Promise<{ readonly choices: readonly Choice[]; readonly more: boolean } | undefined> {
    const found = await (await indexNow())?.find(sought, normalForms, most * READ_FOR_ONE + 1);
    if (found === undefined) return undefined;
    const choices: Choice[] = [];
    for (const { subject } of found.companies) {
      if (choices.length > most) break;
      for (const { value } of reader.one(plan, subject as SubjectKey)[0] ?? []) {
        const name = textAt(value, path);
        // by now it may have another name, or none that may be told
        const rank = name === undefined ? undefined : fit(normalName(name), sought, normalForms);
        if (name !== undefined && rank !== undefined)
          choices.push({
            subject: subject as SubjectKey,
            name,
            tell: factsOf(value, facts, workspace.codelists).map((fact) => fact.value),
            exact: rank === 0,
          });
      }
    }
    return { choices: choices.slice(0, most), more: found.more || choices.length > most };
  }

  return {
    definition,
    async find(text, { person, role, requestId, record }) {
      if (text.length > LONGEST)
        throw new YitongError('bad_request', `a name has at most ${String(LONGEST)} characters`);
      const sought = soughtOf(text, normalForms);
      if (sought === undefined) return { kind: 'short' };
      limits.admit(`names:${person.id}`, now());
      const planned = planFor(role);
      const readable = planned !== undefined && planned.plan.read.length > 0;
      const found = readable ? await choicesOf(sought, planned.plan) : undefined;
      const grant = planned?.plan.datasets[0]?.decision.grant;
      await record.looked(person, {
        requestId,
        action: 'names',
        role,
        detail: {
          dataset: contract.id,
          ...(planned === undefined ? {} : { purpose: planned.purpose }),
          ...present({ grant }),
          ...(readable ? {} : { denied: true }),
        },
        results: found?.choices.length ?? 0,
        about: {
          name: text,
          ...(found === undefined ? {} : { subjects: found.choices.map(({ subject }) => subject) }),
        },
      });
      return found === undefined ? { kind: 'unavailable' } : { kind: 'found', ...found };
    },
    async close() {
      await Promise.all([index?.reader.close(), limits.close()]);
    },
  };
}

const opened = new WeakMap<object, Promise<Names>>();

/** Of one face of a worker, opened with the first question; closed by the service of names. */
export function namesOfCompanies(context: GatewayContext): Promise<Names> {
  let known = opened.get(context);
  if (known === undefined) opened.set(context, (known = openNames(context)));
  return known;
}

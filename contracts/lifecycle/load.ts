/** Reads lifecycles, and refuses those in which something leads nowhere. */
import { type Calendar, loadCalendars } from '../calendar.js';
import { KINDS, localisedSchema } from '../contract.js';
import { isYitongError, type Place, YitongError } from '../errors.js';
import { contentFiles, readJson } from '../files.js';
import type { AuthorityId } from '../ids.js';
import { oncePer } from '../once.js';
import type { Authority, Workspace } from '../types.js';
import { shape } from '../validate.js';
import { isFor } from './engine.js';
import { CONTENTS, EFFECTS, GUARDS, MATTER_ROLES } from './program-names.js';
import { CONSENT, EXTEND, type Lifecycle, MATTERS, SIDES } from './types.js';

export interface Lifecycles {
  /** Those of tickets, about records and uses. */
  readonly lifecycles: ReadonlyMap<string, Lifecycle>;
  /** Those of matters between departments. */
  readonly matters: ReadonlyMap<string, Lifecycle>;
  readonly calendars: ReadonlyMap<string, Calendar>;
}

const text = { type: 'string', minLength: 1, maxLength: 400 };
const id = { type: 'string', pattern: '^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$', maxLength: 60 };
const ids = { type: 'array', uniqueItems: true, items: id };
const some = { ...ids, minItems: 1 };
const days = { type: 'integer', minimum: 1, maximum: 250 };
const object = (
  required: Readonly<Record<string, object>>,
  optional: Readonly<Record<string, object>> = {},
): object => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(required),
  properties: { ...required, ...optional },
});
const named = (value: object, least = 1): object => ({
  type: 'object',
  minProperties: least,
  propertyNames: id,
  additionalProperties: value,
});

type Declared = Omit<Lifecycle, 'id' | 'about'> & { readonly about: Partial<Lifecycle['about']> };
const check = shape<Declared>(
  object(
    {
      title: localisedSchema,
      basis: text,
      calendar: id,
      about: object(
        {},
        {
          kinds: { type: 'array', uniqueItems: true, items: { enum: KINDS } },
          missing: { const: true },
          uses: { const: true },
          matter: { enum: MATTERS },
        },
      ),
      parties: named(
        object(
          { title: localisedSchema, role: id },
          { authority: id, of: { enum: SIDES }, follows: { type: 'boolean' }, through: some, seesAfter: id },
        ),
      ),
      fields: named(
        object(
          {
            title: localisedSchema,
            min: { type: 'integer', minimum: 0 },
            max: { type: 'integer', minimum: 1, maximum: 10_000 },
          },
          { codes: named(localisedSchema), day: { const: true } },
        ),
        0,
      ),
      states: named(
        object(
          { title: localisedSchema, effect: { enum: ['none', 'mark', 'delete', 'hide'] } },
          { terminal: { type: 'boolean' } },
        ),
      ),
      acts: named(
        object(
          { title: localisedSchema, by: some, from: ids, to: id },
          {
            requires: ids,
            optional: ids,
            files: { type: 'integer', minimum: 1, maximum: 10 },
            holder: id,
            once: { type: 'boolean' },
            after: object({ tier: text, from: text }),
            each: { const: true },
            parts: { const: true },
            variant: id,
            otherThan: some,
            afterClock: id,
            guards: { ...some, items: { enum: GUARDS } },
            effects: { ...some, items: { enum: EFFECTS } },
            content: { enum: CONTENTS },
          },
        ),
      ),
      clocks: named(
        object(
          {
            title: localisedSchema,
            basis: text,
            party: id,
            starts: some,
            stops: some,
            runsOut: { const: 'alert' },
          },
          {
            days,
            calendarDays: { const: true },
            until: id,
            since: id,
            holder: id,
            variant: id,
            extension: object({ days, by: some }, { consent: id, requires: ids, onceForAll: { const: true } }),
          },
        ),
        0,
      ),
    },
    { variants: some },
  ),
  'bad_lifecycle',
);

type Refuse = (what: string) => never;

/** Every name that is used is declared. */
function checkNames({ about, parties, fields, states, acts, clocks }: Lifecycle, refuse: Refuse): void {
  const known = (kind: string, table: object, names: readonly (string | undefined)[], where: string): void => {
    for (const name of names)
      if (name !== undefined && !Object.hasOwn(table, name)) refuse(`${where} names the unknown ${kind} \`${name}\``);
  };
  const subjects = [about.kinds.length > 0, about.uses === true, about.matter !== undefined].filter(Boolean).length;
  if (subjects !== 1 || (about.missing === true && about.kinds.length === 0))
    refuse('`about` names kinds of records, or says `uses`, or names a matter, and one of them');
  for (const [name, { role, authority, through }] of Object.entries(parties)) {
    if (through !== undefined && (role !== 'subject' || authority !== undefined))
      refuse(`\`parties.${name}\` is no subject, so no client speaks for it`);
  }
  for (const [name, { effect }] of Object.entries(states)) {
    if ((about.uses === true || about.matter !== undefined) && effect !== 'none')
      refuse(`\`states.${name}\` is about no record that could be marked, deleted or hidden`);
    if (about.missing === true && effect !== 'none' && effect !== 'mark')
      refuse(`\`states.${name}\` is about no record that could be deleted or hidden`);
  }
  for (const [name, { min, max }] of Object.entries(fields))
    if (min > max) refuse(`\`fields.${name}\` asks for more than it takes`);
  for (const [name, { by, from, to, requires = [], optional = [], holder, after }] of Object.entries(acts)) {
    const where = `\`acts.${name}\``;
    if (name === EXTEND || name === CONSENT) refuse(`${where} has a name that every lifecycle has already`);
    if (after !== undefined && (about.missing === true || about.kinds.length === 0))
      refuse(`${where} waits for a term of a record, and there is none`);
    if (after !== undefined && from.length > 0)
      refuse(`${where} opens no ticket, so it waits for no term of the record`);
    known('party', parties, [...by, holder], where);
    known('state', states, [...from, to], where);
    known('field', fields, [...requires, ...optional], where);
    for (const state of from)
      if (states[state]?.terminal === true) refuse(`${where} leaves \`${state}\`, which is terminal`);
  }
  for (const [name, { party, starts, stops, holder, extension }] of Object.entries(clocks)) {
    const where = `\`clocks.${name}\``;
    known('party', parties, [party, holder, extension?.consent, ...(extension?.by ?? [])], where);
    known('act', acts, [...starts, ...stops], where);
    known('field', fields, extension?.requires ?? [], where);
  }
}

/** What only tickets of records have, and what only matters have. */
function checkMatter({ about, variants = [], parties, acts, clocks }: Lifecycle, refuse: Refuse): void {
  const matter = about.matter !== undefined;
  if (!matter && variants.length > 0) refuse('`variants` are of a matter');
  const known = (what: object, name: string | undefined, where: string): void =>
    name === undefined || Object.hasOwn(what, name) ? undefined : refuse(`${where} names the unknown \`${name}\``);
  for (const [name, { of, role, authority, through, seesAfter }] of Object.entries(parties)) {
    const where = `\`parties.${name}\``;
    if (matter !== (of !== undefined)) refuse(`${where} says \`of\` in a lifecycle of a matter, and only there`);
    known(acts, seesAfter, where);
    if (!matter && seesAfter !== undefined) refuse(`${where} has what only a matter has`);
    if (matter && !(MATTER_ROLES as readonly string[]).includes(role))
      refuse(`${where} names the unknown role \`${role}\``);
    if (matter && (authority !== undefined || through !== undefined || role === 'subject'))
      refuse(`${where} is of a side of the matter, and of no record`);
  }
  for (const [name, act] of Object.entries(acts)) {
    const where = `\`acts.${name}\``;
    const { each, parts, variant, otherThan = [], afterClock, guards, effects, content } = act;
    if (!matter && [each, parts, variant, afterClock, guards, effects, content].some((one) => one !== undefined))
      refuse(`${where} has what only a matter has`);
    if (!matter && otherThan.length > 0) refuse(`${where} has what only a matter has`);
    if (matter && (act.holder !== undefined || act.files !== undefined))
      refuse(`${where} has what only a ticket about a record has`);
    if (each === true && (parts === true || act.from.length === 0))
      refuse(`${where} is of one part, so there have to be parts before it`);
    if (variant !== undefined && !variants.includes(variant)) refuse(`${where} names the unknown \`${variant}\``);
    for (const other of otherThan) known(acts, other, where);
    known(clocks, afterClock, where);
  }
  for (const [name, rule] of Object.entries(clocks)) checkClock(`\`clocks.${name}\``, rule, matter, variants, refuse);
}

function checkClock(
  where: string,
  { days, until, since, calendarDays, variant, holder }: Lifecycle['clocks'][string],
  matter: boolean,
  variants: readonly string[],
  refuse: Refuse,
): void {
  if (
    !matter &&
    (days === undefined || until !== undefined || since !== undefined || calendarDays === true || variant !== undefined)
  )
    refuse(`${where} has days, and no more than that: it is of a record`);
  if (matter && holder !== undefined) refuse(`${where} has a holder, and there is no record`);
  if (until !== undefined && (days !== undefined || calendarDays === true))
    refuse(`${where} ends on a day that is named, or after some days, and not both`);
  if (calendarDays === true && days === undefined) refuse(`${where} counts calendar days, and has none`);
  if (variant !== undefined && !variants.includes(variant)) refuse(`${where} names the unknown \`${variant}\``);
}

/** Days that clocks end on, or count from, are named by the acts that start them. */
function checkDays({ fields, acts, clocks }: Lifecycle, refuse: Refuse): void {
  for (const [name, { until, since, starts }] of Object.entries(clocks)) {
    for (const [key, field] of Object.entries({ until, since })) {
      if (field === undefined) continue;
      if (fields[field]?.day !== true) refuse(`\`clocks.${name}.${key}\` names no field that is a day`);
      for (const act of starts)
        if (acts[act]?.requires?.includes(field) !== true)
          refuse(`\`acts.${act}\` starts \`clocks.${name}\` and does not require \`${field}\``);
    }
  }
}

/**
 * What happens where a record is held by `holder`: every state that can be reached, and which clocks can be running in
 * it.
 */
function explore({ acts, clocks }: Lifecycle, holder: string): ReadonlyMap<string, ReadonlySet<string>> {
  const possible = Object.entries(acts).filter(([, act]) => isFor(act, holder));
  const rules = Object.entries(clocks).filter(([, clock]) => isFor(clock, holder));
  const reached = new Map<string, Set<string>>();
  const todo: { readonly state: string | undefined; readonly running: readonly string[] }[] = [
    { state: undefined, running: [] },
  ];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    for (const [name, { from, to }] of possible) {
      if (at.state === undefined ? from.length > 0 : !from.includes(at.state)) continue;
      const running = rules
        .filter(
          ([id, rule]) =>
            rule.starts.includes(name) || (at?.running.includes(id) === true && !rule.stops.includes(name)),
        )
        .map(([id]) => id);
      const known = reached.get(to);
      if (known !== undefined && running.every((id) => known.has(id))) continue;
      reached.set(to, new Set([...(known ?? []), ...running]));
      todo.push({ state: to, running: [...(reached.get(to) ?? [])] });
    }
  }
  return reached;
}

/** States from which an end can be reached. */
function endings({ acts, states }: Lifecycle, holder: string): ReadonlySet<string> {
  const ends = new Set(Object.keys(states).filter((name) => states[name]?.terminal === true));
  for (let before = -1; before !== ends.size; ) {
    before = ends.size;
    for (const act of Object.values(acts))
      if (isFor(act, holder) && ends.has(act.to)) for (const state of act.from) ends.add(state);
  }
  return ends;
}

function checkWays(lifecycle: Lifecycle, refuse: Refuse): void {
  const { parties, states, acts, clocks } = lifecycle;
  const holders =
    lifecycle.about.matter === undefined
      ? Object.keys(parties).filter((name) => parties[name]?.authority !== undefined)
      : (lifecycle.variants ?? ['']);
  if (holders.length === 0) refuse('no party is an authority, so nobody holds the record');
  if (Object.values(parties).filter(({ authority }) => authority === 'record').length > 1)
    refuse('two parties stand for the authority of the record');
  const reached = new Set<string>();
  const started = new Set<string>();
  for (const holder of holders) {
    const ends = endings(lifecycle, holder);
    for (const [state, running] of explore(lifecycle, holder)) {
      reached.add(state);
      for (const clock of running) started.add(clock);
      if (!ends.has(state))
        refuse(`\`states.${state}\` is not terminal and leads to no end where \`${holder}\` holds the record`);
      if (states[state]?.terminal === true && running.size > 0)
        refuse(`\`clocks.${[...running][0] ?? ''}\` never stops: it still runs in \`${state}\`, where the ticket ends`);
    }
  }
  for (const state of Object.keys(states)) if (!reached.has(state)) refuse(`\`states.${state}\` is reached by no act`);
  for (const clock of Object.keys(clocks)) if (!started.has(clock)) refuse(`\`clocks.${clock}\` never starts`);
  for (const [name, { from }] of Object.entries(acts))
    if (from.some((state) => !reached.has(state))) refuse(`\`acts.${name}\` can never be done`);
}

/** @throws YitongError `bad_lifecycle` */
export function makeLifecycle(name: string, value: unknown, place: Place): Lifecycle {
  const { about, ...declared } = check(value, place);
  const lifecycle: Lifecycle = { id: name, ...declared, about: { kinds: [], ...about } };
  const refuse: Refuse = (what) => {
    throw new YitongError('bad_lifecycle', what, { place });
  };
  checkNames(lifecycle, refuse);
  checkMatter(lifecycle, refuse);
  checkDays(lifecycle, refuse);
  checkWays(lifecycle, refuse);
  return lifecycle;
}

interface LoadParts {
  readonly layers: readonly string[];
  readonly authorities: ReadonlyMap<AuthorityId, Authority>;
  /** Takes the refusal of one lifecycle, which is then left out, so that a check can tell all at once. */
  readonly onRefused?: (lifecycle: string, error: YitongError) => void;
}

/** All lifecycles of a workspace, by folder. @throws YitongError `bad_lifecycle`, `bad_calendar` */
export async function loadLifecycles({ layers, authorities, onRefused }: LoadParts): Promise<Lifecycles> {
  const calendars = await loadCalendars(layers);
  const lifecycles = new Map<string, Lifecycle>();
  const matters = new Map<string, Lifecycle>();
  const known = new Set<string>(authorities.keys());
  for (const { name, path } of await contentFiles(layers, 'contracts/lifecycles', '/lifecycle.json', 2)) {
    const folder = name.slice(0, -'/lifecycle.json'.length);
    try {
      const place = { file: path };
      const lifecycle = makeLifecycle(folder, await readJson(path, 'bad_lifecycle'), place);
      if (!calendars.has(lifecycle.calendar))
        throw new YitongError(
          'bad_lifecycle',
          `\`calendar\` names \`${lifecycle.calendar}\`, which contracts/calendars/ does not have`,
          { place },
        );
      for (const { authority = 'record' } of Object.values(lifecycle.parties)) {
        if (authority !== 'record' && !known.has(authority))
          throw new YitongError('bad_lifecycle', `\`parties\` names the unknown authority \`${authority}\``, { place });
      }
      (lifecycle.about.matter === undefined ? lifecycles : matters).set(folder, lifecycle);
    } catch (error) {
      if (onRefused === undefined || !isYitongError(error)) throw error;
      onRefused(folder, error);
    }
  }
  return { lifecycles, matters, calendars };
}

/** The same of a workspace that is loaded, made once. */
export const lifecyclesOf: (workspace: Pick<Workspace, 'layers' | 'authorities'>) => Promise<Lifecycles> = oncePer(
  ({ layers, authorities }) => loadLifecycles({ layers, authorities }),
);

/**
 * Matters between departments. An act is checked, put on record, and takes effect when it is stored: in this order.
 * State is what the stored steps make of it; the document beside them is that state, so that nothing is replayed to be
 * shown, and who acts at the same time as another is told.
 */
import { randomBytes } from 'node:crypto';
import type { Calendar } from '../../../contracts/calendar.js';
import { YitongError } from '../../../contracts/errors.js';
import { nextDue, readClocks } from '../../../contracts/lifecycle/clocks.js';
import { mayDo } from '../../../contracts/lifecycle/engine.js';
import type { Lifecycles } from '../../../contracts/lifecycle/load.js';
import {
  applyMatter,
  checkMatterTerms,
  isMatterOver,
  type MatterEvent,
  WHOLE,
} from '../../../contracts/lifecycle/matter.js';
import type { Lifecycle } from '../../../contracts/lifecycle/types.js';
import { present } from '../../../contracts/present.js';
import type { Change, Json, State } from '../../ground/state/port.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';
import { deedOf, recordsIn } from './deeds.js';
import { withDeputations } from './deputies.js';
import { openedBy, partyOf, possibleIn } from './parties.js';
import { allSides, authorityOfActor, partiesFor, sidesOf, standsInFor, whoOf } from './sides.js';
import { links, MatterStore, type StoredMatter, type StoredStep, subjectIn } from './store.js';
import type {
  Matter,
  MatterAct,
  MatterActor,
  MatterDeed,
  MatterHead,
  MatterPage,
  MatterQuery,
  MatterRules,
  MatterStep,
  Matters,
  OpenedMatter,
  Opening,
  PossibleAct,
  SeenMatter,
  StepAround,
  Taken,
} from './types.js';

interface MattersOptions {
  readonly state: State;
  readonly keys: SealingKeys;
  readonly declared: Pick<Lifecycles, 'matters' | 'calendars'>;
  readonly rules: MatterRules;
  /** Messages for the bus that tell of a step; in the step's own commit. */
  readonly publish?: (around: StepAround) => readonly Extract<Change, { do: 'send' }>[];
  /** Acts of the platform are put on record by the gateway itself. */
  readonly recordOwn: MatterAct['record'];
  /** After each step that had an effect beside the matter; where it fails, whoever follows the state does the same. */
  readonly committed?: () => Promise<void>;
  /** ms since 1970 */
  readonly now: () => number;
}

const NOT_FOUND = 'there is no such matter, or it is not yours to see';
const PAGE = 50;
/** Steps that the platform does behind one act: a limit against rules that call one another without end. */
const MOST_NEXT = 100;

export const openMatters = (options: MattersOptions): Matters => new OpenMatters(options);

class OpenMatters implements Matters {
  readonly #options: MattersOptions;
  readonly #store: MatterStore;

  constructor(options: MattersOptions) {
    this.#options = options;
    this.#store = new MatterStore(options.state);
  }

  get machines(): ReadonlyMap<string, Lifecycle> {
    return this.#options.declared.matters;
  }

  openings(actor: MatterActor): readonly { readonly machine: string; readonly acts: readonly string[] }[] {
    const own = authorityOfActor(actor);
    return [...this.machines.values()].flatMap((lifecycle) => {
      const parties = partiesFor(lifecycle, actor, {
        requester: own,
        provider: own,
        authority: own,
        superior: own,
      } as never);
      const acts = [...new Set(parties.flatMap((party) => mayDo(lifecycle, WHOLE, undefined, party)))];
      return acts.length === 0 ? [] : [{ machine: lifecycle.id, acts }];
    });
  }

  #lifecycle(machine: string): Lifecycle {
    const found = this.machines.get(machine);
    if (found === undefined) throw new YitongError('not_found', 'the workspace has no such lifecycle');
    return found;
  }

  #calendar({ calendar }: Lifecycle): Calendar {
    const found = this.#options.declared.calendars.get(calendar);
    if (found === undefined) throw new YitongError('bad_calendar', `there is no calendar \`${calendar}\``);
    return found;
  }

  #matter(stored: StoredMatter): Matter {
    const { head, state, contents, openedAt, at } = stored;
    const lifecycle = this.#lifecycle(head.machine);
    const calendar = this.#calendar(lifecycle);
    const clocks = Object.fromEntries(
      Object.entries(state.parts).map(([part, one]) => [
        part,
        readClocks(lifecycle, calendar, one, this.#options.now()),
      ]),
    );
    return { head, lifecycle, state, contents, clocks, over: isMatterOver(lifecycle, state), openedAt, at };
  }

  #who(actor: MatterActor): string {
    return this.#options.keys.reference('actor', whoOf(actor));
  }

  /** Also as whom it stands in today. */
  #acting(actor: MatterActor): Promise<MatterActor> {
    const { state, keys, now } = this.#options;
    return withDeputations({ state, keys, now }, actor);
  }

  /** Persons of whom what is done must not be the own: who acts, and the head for whom that is. */
  #whos(lifecycle: Lifecycle, actor: MatterActor, party: string) {
    const head = standsInFor(lifecycle, actor, party);
    const who = this.#who(actor);
    return { head, whos: head === undefined ? [who] : [who, head.of] };
  }

  /** As which parties the actor acts for each part, and what it may do. */
  #seen(matter: Matter, actor: MatterActor): SeenMatter | undefined {
    const { head, lifecycle, state } = matter;
    const parties = new Set<string>();
    const deputed: Record<string, string> = {};
    const acts = new Map<string, PossibleAct & { readonly parts: string[] }>();
    for (const part of Object.keys(state.parts)) {
      const mine = partiesFor(lifecycle, actor, sidesOf(head, part));
      for (const party of mine) {
        const { whos, head: away } = this.#whos(lifecycle, actor, party);
        if (state.parts[part]?.seenBy.includes(party) === true) {
          parties.add(party);
          if (away !== undefined) deputed[party] = away.name;
        }
        for (const one of possibleIn(matter, part, party, whos)) {
          const key = JSON.stringify([one.act, party, one.clock]);
          const known = acts.get(key);
          if (known === undefined) acts.set(key, { ...one, party, parts: [part] });
          else known.parts.push(part);
        }
      }
    }
    return parties.size === 0 ? undefined : { ...matter, parties: [...parties], deputed, acts: [...acts.values()] };
  }

  async #found(id: string, actor: MatterActor): Promise<{ readonly stored: StoredMatter; readonly seen: SeenMatter }> {
    const [stored, acting] = await Promise.all([this.#store.find(id), this.#acting(actor)]);
    const seen = stored === undefined ? undefined : this.#seen(this.#matter(stored), acting);
    if (stored === undefined || seen === undefined) throw new YitongError('not_found', NOT_FOUND);
    return { stored, seen };
  }

  async #opened(stored: StoredMatter, seen: SeenMatter): Promise<OpenedMatter> {
    const { pseudonym } = stored;
    const secret = pseudonym === undefined ? undefined : await this.#options.keys.byPseudonym(pseudonym);
    const steps = (await this.#store.steps(seen.head.id)).map(({ enc, sides: _, about: __, ...step }): MatterStep => {
      if (enc === undefined || secret === undefined) return step;
      const { fields, content } = unseal(secret, enc).details as Pick<StoredStep, 'content'> & {
        readonly fields: Readonly<Record<string, string>>;
      };
      return { ...step, event: { ...step.event, fields }, ...present({ content }) };
    });
    return { ...seen, steps };
  }

  async get(id: string, actor: MatterActor): Promise<OpenedMatter> {
    const { stored, seen } = await this.#found(id, actor);
    return this.#opened(stored, seen);
  }

  async list(given: MatterActor, { tray, machine, about, after, limit = PAGE }: MatterQuery): Promise<MatterPage> {
    const authority = authorityOfActor(given);
    const actor = await this.#acting(given);
    if (authority === undefined) return { matters: [] };
    const wanted = ({ head }: StoredMatter): boolean =>
      (machine === undefined || head.machine === machine) && (about === undefined || head.about.includes(about));
    const link =
      about !== undefined
        ? links.about(about)
        : tray === 'todo'
          ? `todo/${authority}/`
          : links.ofAuthority(authority, tray === 'over');
    const found = new Map<string, SeenMatter>();
    let from = after;
    // some are of others of the same authority, or stand under several of its parties
    for (;;) {
      const page = await this.#store.list(link, { limit, ...present({ after: from }), descending: tray === 'over' });
      for (const stored of page.matters) {
        if (!wanted(stored)) continue;
        const seen = this.#seen(this.#matter(stored), actor);
        if (seen === undefined || (about === undefined && seen.over !== (tray === 'over'))) continue;
        if (tray === 'todo' && seen.acts.length === 0) continue;
        found.set(seen.head.id, seen);
      }
      from = page.next;
      if (from === undefined || found.size >= limit)
        return { matters: [...found.values()], ...present({ next: from }) };
    }
  }

  async all(
    machine: string,
    { over, after }: { readonly over: boolean; readonly after?: string },
  ): Promise<{ readonly matters: readonly Matter[]; readonly next?: string }> {
    const page = await this.#store.list(links.ofMachine(machine, over), { limit: 200, ...present({ after }) });
    return { matters: page.matters.map((stored) => this.#matter(stored)), ...present({ next: page.next }) };
  }

  async open(machine: string, opening: Opening, given: MatterAct): Promise<OpenedMatter> {
    const act = { ...given, actor: await this.#acting(given.actor) };
    const lifecycle = this.#lifecycle(machine);
    if (lifecycle.acts[act.act]?.from.length !== 0)
      throw new YitongError('act_refused', `\`${act.act}\` opens no such matter`);
    const { keys } = this.#options;
    const { sides = {}, about = [], subject } = opening;
    const head: MatterHead = {
      // the same for the same key of the same caller, so that one that is sent again opens nothing
      id:
        act.key === undefined
          ? randomBytes(8).toString('hex')
          : keys.reference('actor', JSON.stringify([whoOf(act.actor), act.key])).slice(0, 16),
      machine,
      sides,
      about: [...about, ...(subject === undefined ? [] : recordsIn(keys, subject, act.content))],
      ...(subject === undefined ? {} : { subject: keys.reference('subject', subject) }),
    };
    const there = act.key === undefined ? undefined : await this.#store.find(head.id);
    if (there === undefined) {
      const stored = await this.#step(lifecycle, head, undefined, act, subject);
      await this.#goOn(stored, lifecycle);
    }
    return this.get(head.id, act.actor);
  }

  async act(id: string, given: MatterAct): Promise<OpenedMatter> {
    const act = { ...given, actor: await this.#acting(given.actor) };
    const { stored } = await this.#found(id, act.actor);
    const lifecycle = this.#lifecycle(stored.head.machine);
    if (act.key !== undefined && (await this.#store.steps(id)).some(({ key }) => key === act.key))
      return this.get(id, act.actor);
    const next = await this.#step(lifecycle, stored.head, stored, act, await this.#subjectOf(stored));
    await this.#goOn(next, lifecycle);
    return this.get(id, act.actor);
  }

  async #subjectOf(stored: StoredMatter): Promise<string | undefined> {
    return (await subjectIn(this.#store, this.#options.keys, stored))?.subject;
  }

  /** What the platform does behind an act. */
  async #goOn(made: Made, lifecycle: Lifecycle): Promise<void> {
    const { next, ...rest } = this.#options.rules;
    void rest;
    if (next === undefined) return;
    let { stored, around } = made;
    for (let count = 0; count < MOST_NEXT; count++) {
      const [first] = await next(around);
      if (first === undefined) return;
      const act: MatterAct = { actor: { kind: 'platform' }, record: this.#options.recordOwn, ...first };
      const done = await this.#step(lifecycle, stored.head, stored, act, await this.#subjectOf(stored));
      ({ stored, around } = done);
    }
  }

  /** Checks, puts on record, stores. */
  async #step(
    lifecycle: Lifecycle,
    head: MatterHead,
    stored: StoredMatter | undefined,
    act: MatterAct,
    subject: string | undefined,
  ): Promise<Made> {
    const made = await this.#checked(lifecycle, head, stored, act);
    const { around, step, taken } = made;
    const deed = (action: MatterDeed['action']): MatterDeed => deedOf(action, act, around, taken.content, subject);
    const { id: entry } = await act.record(deed('sharing_act'));
    const beside: Change[] = [];
    for (const effect of lifecycle.acts[act.act]?.effects ?? []) {
      const rule = this.#options.rules.effects[effect];
      if (rule === undefined) throw new YitongError('internal', `the program has no effect \`${effect}\``);
      beside.push(...(await rule({ ...around, ...present({ subject }) }, entry)));
    }
    beside.push(...(this.#options.publish?.(around) ?? []));
    const { step: sealed, pseudonym } = await this.#sealed({ ...step, entry }, lifecycle, subject);
    const next: StoredMatter = {
      head: around.head,
      version: stored?.version ?? 0,
      state: around.after,
      contents: subject === undefined ? around.contents : {},
      openedAt: stored?.openedAt ?? step.event.at,
      at: step.event.at,
      ...present({ pseudonym }),
    };
    const commitId = `matter/${head.id}/${entry}`;
    if (!(await this.#store.commit({ stored: next, step: sealed, links: this.#links(next), beside }, commitId))) {
      await act.record(deed('sharing_act_void'));
      throw new YitongError('matter_moved', 'somebody acted on the matter at the same time; look at it again');
    }
    if ((lifecycle.acts[act.act]?.effects ?? []).length > 0) await this.#options.committed?.().catch(() => undefined);
    const kept = await this.#store.find(head.id);
    return { stored: kept ?? next, around };
  }

  async #checked(
    lifecycle: Lifecycle,
    head: MatterHead,
    stored: StoredMatter | undefined,
    act: MatterAct,
  ): Promise<{
    readonly around: StepAround;
    readonly step: Omit<StoredStep, 'entry'>;
    readonly taken: { readonly content?: Json };
  }> {
    const { rules, now } = this.#options;
    const rule = Object.hasOwn(lifecycle.acts, act.act) ? lifecycle.acts[act.act] : undefined;
    const calendar = this.#calendar(lifecycle);
    const before = stored?.state;
    const at = Math.max(now(), stored?.at ?? 0);
    const who = this.#who(act.actor);
    const { fields, part, clock, days, key } = act;
    const own = before === undefined ? openedBy(lifecycle, head, act) : head;
    const bare: MatterEvent = {
      at,
      act: act.act,
      party: partyOf(lifecycle, own, before, act, who),
      fields,
      who,
      ...present({ part, clock, days }),
    };
    const contents = stored?.contents ?? {};
    if ((rule?.content === undefined) !== (act.content === undefined))
      throw new YitongError(
        'act_incomplete',
        rule?.content === undefined ? 'the act brings no content' : `the act brings \`content\`: ${rule.content}`,
      );
    const check = rule?.content === undefined ? undefined : rules.contents[rule.content];
    if (rule?.content !== undefined && check === undefined)
      throw new YitongError('internal', `the program has no content \`${rule.content}\``);
    // who may not do it is told so, and not what would be wrong with it
    if (before !== undefined && rule?.parts !== true) applyMatter(lifecycle, before, bare);
    const known = { head: own, lifecycle, calendar, before, contents, now: at };
    const said: Partial<Taken> = check === undefined ? {} : await check(act.content ?? null, { ...known, event: bare });
    // of a matter that is opened the content says whose it is, and so as which party somebody acts
    const party =
      before !== undefined || said.sides === undefined
        ? bare.party
        : partyOf(lifecycle, { ...own, sides: said.sides }, before, act, who);
    const away = this.#whos(lifecycle, act.actor, party).head;
    const event: MatterEvent = { ...bare, party, ...present({ parts: said.parts, deputy: away?.id }) };
    // nor what is the own of the head for whom it is done
    if (away !== undefined) applyMatter(lifecycle, before, { ...event, who: away.of });
    if (before !== undefined) checkMatterTerms(lifecycle, calendar, before, event);
    const after = applyMatter(lifecycle, before, event);
    const parts = Object.keys(after.parts).filter((name) => after.parts[name] !== before?.parts[name]);
    const named =
      rule?.content === undefined ? undefined : part === undefined ? rule.content : `${rule.content}/${part}`;
    const around: StepAround = {
      ...known,
      head: { ...own, ...present({ sides: said.sides, about: said.about }) },
      event,
      after,
      parts,
      contents: named === undefined || said.content === undefined ? contents : { ...contents, [named]: said.content },
    };
    this.#checkSides(around, act.actor);
    for (const guard of rule?.guards ?? []) {
      const holds = rules.guards[guard];
      if (holds === undefined) throw new YitongError('internal', `the program has no guard \`${guard}\``);
      await holds(around);
    }
    const first = before === undefined ? { sides: around.head.sides, about: around.head.about } : {};
    return {
      around,
      step: { event, ...first, ...present({ content: said.content, sides: said.sides, about: said.about, key }) },
      taken: said,
    };
  }

  /** Whoever acts is the party of each part that is moved, and not only of another one. */
  #checkSides({ head, lifecycle, event, parts }: StepAround, actor: MatterActor): void {
    for (const part of parts)
      if (!partiesFor(lifecycle, actor, sidesOf(head, part)).includes(event.party))
        throw new YitongError('act_refused', 'whoever acts is no such party of each part that the act moves');
  }

  /** Of a matter about a record: words stand under its subject's key; stand-ins that fit are in their place. */
  async #sealed(
    step: StoredStep,
    { fields: rules }: Lifecycle,
    subject: string | undefined,
  ): Promise<{ readonly step: StoredStep; readonly pseudonym?: string }> {
    if (subject === undefined) return { step };
    const secret = await this.#options.keys.secretOf(subject);
    const { content, event, ...rest } = step;
    const details = { fields: event.fields, ...present({ content }) };
    const fields = Object.fromEntries(
      Object.entries(event.fields).map(([name, value]) => {
        const rule = rules[name];
        return [name, rule?.codes !== undefined || rule?.day === true ? value : '–'.repeat(rule?.min ?? 0)];
      }),
    );
    const enc = seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify({ subject, details })));
    return { step: { ...rest, event: { ...event, fields }, enc }, pseudonym: secret.pseudonym };
  }

  #links(stored: StoredMatter): readonly string[] {
    const matter = this.#matter(stored);
    const { head, lifecycle, state, clocks, over, at } = matter;
    const due = nextDue(Object.values(clocks).flat())?.due.overAt;
    const authorities = new Set(allSides(head).map(([, authority]) => authority));
    const sorted = over ? at : due;
    const found = new Set<string>();
    for (const authority of authorities) found.add(links.at(links.ofAuthority(authority, over), sorted));
    found.add(links.at(links.ofMachine(head.machine, over), sorted));
    for (const what of head.about) found.add(links.at(links.about(what), at));
    if (!over && due !== undefined) found.add(links.at(links.due, due));
    for (const [party, { of }] of Object.entries(lifecycle.parties)) {
      for (const part of Object.keys(state.parts)) {
        const authority = of === undefined ? undefined : sidesOf(head, part)[of];
        if (authority === undefined || possibleIn(matter, part, party, []).length === 0) continue;
        found.add(links.at(links.todo(authority, party), nextDue(clocks[part] ?? [])?.due.overAt));
      }
    }
    return [...found];
  }

  async close(): Promise<void> {}
}

interface Made {
  readonly stored: StoredMatter;
  readonly around: StepAround;
}

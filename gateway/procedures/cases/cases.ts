/**
 * Cases of the bundles that a workspace declares. An act is checked, put on record, and takes effect when it is stored:
 * in this order. With it, in the same commit, go what follows from it, the message to who applies, and what the
 * authorities are told. What people wrote is sealed under the key of who applies; look-ups go by keyed references.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Bundles } from '../../../contracts/bundle/load.js';
import { YitongError } from '../../../contracts/errors.js';
import { keyOf, schemeOf } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { SubjectSecret } from '../../log/entries/keys.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import { answerKey, openSealed } from './answer-key.js';
import type { Call } from './calls.js';
import { CaseCalls } from './case-calls.js';
import { CaseMaterials } from './case-materials.js';
import { contentsOf, type EventContents } from './contents.js';
import { errandChanges, errandsOfCase } from './errands.js';
import { figureChanges } from './figures.js';
import type { CaseForm } from './form.js';
import {
  apply,
  type CaseAct,
  type CaseEvent,
  type CaseState,
  isEnded,
  isLow,
  mayDo,
  openTasks,
  type Party,
} from './machine.js';
import { type Overview, overviewOf, type PublicRatings, publicRatings } from './overview.js';
import type { MaterialLine } from './papers.js';
import { FILING, type Plan } from './plan.js';
import { Preparation } from './preparation.js';
import { ERASED, notFound, refuse } from './refusals.js';
import { RegionalCases, type WholeCase } from './regional.js';
import { authoritiesOf, historyFor, type Known, mayBeSeen, seenBy, shown } from './seen.js';
import { isMessage, stepsOf } from './steps.js';
import { type CaseMessage, CaseStore, ENDED, links, type StoredCase, type StoredEvent } from './store.js';
import { answerTermOf, type TermReading, taskTermOf, termOf } from './terms.js';
import type { StepMessage } from './topics.js';
import type { CaseActor, CaseDeed, Cases, CasesOptions, Doing, HowDone, OpenedCase, OpenedMaterial } from './types.js';
import { type WaitingCounts, WaitingIndex, type WaitingQuery, waitingChanges } from './waiting.js';

export const openCases = (options: CasesOptions): Cases => new OpenedCases(options);

const partyOf = (actor: CaseActor): Party =>
  actor.kind === 'applicant' ? 'applicant' : { authority: actor.authority, ...present({ region: actor.region }) };

class OpenedCases implements Cases {
  readonly #options: CasesOptions;
  readonly #store: CaseStore;
  readonly #waiting: WaitingIndex;
  readonly #preparation: Preparation;
  readonly #materials: CaseMaterials;
  readonly #calls: CaseCalls;
  readonly regional: RegionalCases;

  constructor(options: CasesOptions) {
    this.#options = options;
    this.#store = new CaseStore(options.state);
    this.#waiting = new WaitingIndex(options.state, options.calendar);
    const preparation = new Preparation(options);
    const known = (id: string, actor: CaseActor): Promise<Known> => this.#known(id, actor);
    this.#preparation = preparation;
    this.#materials = new CaseMaterials({ options, preparation, known, put: (...parts) => this.#put(...parts) });
    this.#calls = new CaseCalls({ options, preparation, known });
    this.regional = new RegionalCases({
      options,
      find: (id) => this.#whole(id),
      act: (id, doing, how) => this.act(id, doing, how),
      put: (...parts) => this.#put(...parts),
    });
  }

  get bundles(): Bundles['bundles'] {
    return this.#options.bundles;
  }

  get content(): Bundles {
    return this.#options;
  }

  async #inside({ pseudonym, enc }: StoredEvent): Promise<EventContents | undefined> {
    const secret = await this.#options.keys.byPseudonym(pseudonym);
    return secret === undefined ? undefined : unseal<EventContents>(secret, enc);
  }

  /** Of no actor's: for what goes to another region, and comes from there. */
  async #whole(id: string): Promise<WholeCase | undefined> {
    const stored = await this.#store.find(id);
    if (stored === undefined) return undefined;
    const read = (await this.#store.events(id)).filter(({ number }) => number <= stored.state.events);
    const events = await Promise.all(read.map(async (one) => ({ ...one, inside: await this.#inside(one) })));
    const whole = events.flatMap(({ event, inside }) => (inside === undefined ? [] : [{ event, inside }]));
    return { stored, events, contents: whole.length === events.length ? contentsOf(whole) : undefined };
  }

  async #known(id: string, actor: CaseActor): Promise<Known> {
    const stored = await this.#store.find(id);
    if (stored === undefined || !mayBeSeen(this.#options.keys, stored, actor)) return notFound();
    // read after the state: what came meanwhile is left out
    const events = (await this.#store.events(id)).filter(({ number }) => number <= stored.state.events);
    const opened: { readonly event: CaseEvent; readonly inside: EventContents | undefined }[] = [];
    const officers = new Map<number, string>();
    for (const one of events) {
      const inside = await this.#inside(one);
      opened.push({ event: one.event, inside });
      if (inside?.officer !== undefined) officers.set(one.number, inside.officer);
    }
    const whole = opened.filter((one): one is { event: CaseEvent; inside: EventContents } => one.inside !== undefined);
    return { stored, events, officers, contents: whole.length === opened.length ? contentsOf(whole) : undefined };
  }

  #filing(bundle: string): Plan['steps'] {
    const steps = [...(this.bundles.get(bundle)?.steps.values() ?? [])].filter(({ uses }) => uses.includes('form'));
    return Object.fromEntries(steps.map(({ id, uses }) => [id, { uses, before: FILING }]));
  }

  #opened(
    { stored: { id, state }, contents, events, officers }: Pick<Known, 'stored' | 'contents'> & Partial<Known>,
    actor: CaseActor,
  ): OpenedCase {
    const { calendar, now } = this.#options;
    const at = now();
    const terms = Object.entries(state.items).flatMap(([item, one]): [string, TermReading][] => {
      const term = state.plan?.items[item]?.term;
      const reading = term === undefined ? undefined : termOf(calendar, term, one, at);
      return reading === undefined ? [] : [[item, reading]];
    });
    return {
      id,
      state,
      over: isEnded(state),
      acts: contents === undefined ? [] : mayDo(state, partyOf(actor), this.#filing(state.bundle)),
      terms: Object.fromEntries(terms),
      taskTerms: Object.fromEntries(
        Object.entries(state.tasks).map(([task, one]) => [task, taskTermOf(calendar, one, at)]),
      ),
      ...(state.rating !== undefined && isLow(state.rating)
        ? { answerTerm: answerTermOf(calendar, state.rating, at) }
        : {}),
      ...(contents === undefined ? {} : { contents: seenBy(contents, state, actor) }),
      ...(events === undefined ? {} : { history: historyFor(actor, events, officers) }),
    };
  }

  async open(bundle: string, how: HowDone, { region }: { readonly region?: string } = {}): Promise<OpenedCase> {
    const { actor, key } = how;
    const { keys, now } = this.#options;
    const found = this.bundles.get(bundle);
    if (found === undefined) throw new YitongError('not_found', 'there is no such bundle; GET /v1/bundles lists them');
    if (actor.kind !== 'applicant' || (actor.client !== undefined && found.client !== actor.client))
      return refuse('a case is opened by who applies, through the client that the bundle names');
    if (found.applicant === 'company' && schemeOf(actor.subject) !== 'uscc')
      return refuse('a company applies for this');
    if (found.applicant === 'person' && schemeOf(actor.subject) === 'uscc') return refuse('a person applies for this');
    const isElsewhere = [...found.items.values()].filter((item) => item.elsewhere);
    const { mayGo } = this.#options;
    if (region !== undefined && !isElsewhere.some(({ id: item }) => mayGo?.(region, bundle, item)))
      return refuse('nothing of this is done in that region');
    const id = (
      key === undefined
        ? randomBytes(8).toString('hex')
        : keys.reference('case', JSON.stringify([actor.subject, bundle, key]))
    ).slice(0, 16);
    const before = await this.#store.find(id);
    if (before !== undefined) return this.#opened(await this.#known(id, actor), actor);
    const subject = keys.reference('subject', actor.subject);
    const act: CaseAct = { act: 'open', bundle, ...present({ region }) };
    const event: CaseEvent = { ...act, by: 'applicant', at: now() };
    const state = apply(undefined, event);
    const account = { [actor.subject.startsWith('uscc:') ? 'company.uscc' : 'agent.id']: keyOf(actor.subject) };
    await this.#put(
      { id, version: 0, state, subject, client: found.client, pseudonym: '' },
      undefined,
      event,
      { subject: actor.subject, account },
      how,
    );
    return this.#opened(await this.#known(id, actor), actor);
  }

  async act(id: string, doing: Doing, how: HowDone): Promise<OpenedCase> {
    const { actor, key } = how;
    const known = await this.#known(id, actor);
    const { stored, events, contents } = known;
    // a key is its party's own: two that choose the same one do two things
    const by = JSON.stringify(partyOf(actor));
    const again =
      key === undefined ? undefined : events.find((one) => one.key === key && JSON.stringify(one.event.by) === by);
    if (again !== undefined) {
      const itemOf = (act: object): unknown => ('item' in act ? act.item : undefined);
      if (again.event.act !== doing.act || itemOf(again.event) !== itemOf(doing))
        return refuse('another act came with this key');
      return this.#opened(known, actor);
    }
    if (contents === undefined) return refuse(ERASED);
    const { guest } = stored.state;
    // who applies is in the other region, and acts there
    if (guest !== undefined && actor.kind === 'applicant' && actor.client !== stored.client)
      return refuse('it is acted on in the region in which it was applied for');
    if ('seen' in doing && doing.seen !== undefined && stored.state.items[doing.item]?.since !== doing.seen)
      throw new YitongError('ticket_moved', 'somebody acted on this item since it was looked at; look at it again');
    if ('asOf' in doing && doing.asOf !== undefined && doing.asOf !== stored.state.events)
      throw new YitongError('ticket_moved', 'the draft was changed since it was looked at; look at it again');
    const { act, inside, read } = await this.#preparation.of(stored, contents, doing, how);
    const event: CaseEvent = { ...act, by: partyOf(actor), at: Math.max(this.#options.now(), stored.state.at) };
    const state = apply(stored.state, event);
    await this.#put({ ...stored, state }, stored.state, event, inside, how, contents.subject, read);
    // a draft that ends takes its uploads along; where that fails they are found when what is idle is looked for
    if (stored.state.phase === 'draft' && isEnded(state))
      await this.#options.blobs?.removeAll(id).catch(() => undefined);
    return this.#opened(await this.#known(id, actor), actor);
  }

  async unsealed(id: string, sealed: string, actor: CaseActor): Promise<unknown> {
    const stored = await this.#store.find(id);
    if (stored === undefined || !mayBeSeen(this.#options.keys, stored, actor)) return notFound();
    const secret = await this.#options.keys.byPseudonym(stored.pseudonym);
    return secret === undefined ? refuse(ERASED) : openSealed(secret, id, sealed);
  }

  /** On record, then stored. */
  async #put(
    next: StoredCase,
    before: CaseState | undefined,
    event: CaseEvent,
    inside: EventContents,
    { key, record, actor }: HowDone,
    subject = inside.subject ?? '',
    read: readonly string[] = [],
  ): Promise<void> {
    const { keys, calendar } = this.#options;
    const { state, id } = next;
    const officer = actor.kind === 'authority' ? actor.officer : undefined;
    const { by: _, at: __, ...act } = event;
    const told = 'plan' in act ? { act: act.act, items: Object.keys(act.plan.items) } : act;
    const deed = (action: CaseDeed['action']): CaseDeed => ({
      action,
      target: id,
      subject,
      detail: {
        bundle: state.bundle,
        ...told,
        ...(before === undefined ? {} : { from: before.phase }),
        to: state.phase,
        event: state.events,
        ...(read.length === 0 ? {} : { read }),
      },
      about: { subject, ...inside },
    });
    const { id: entry } = await record(deed('case_act'));
    const secret = await keys.secretOf(subject);
    const stored: StoredEvent = {
      event,
      entry,
      ...present({ key }),
      pseudonym: secret.pseudonym,
      enc: seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify({ ...inside, ...present({ officer }) }))),
    };
    const made = await this.#store.commit(
      {
        stored: { ...next, pseudonym: secret.pseudonym },
        event: stored,
        links: this.#links(next),
        beside: [
          ...waitingChanges(calendar, { id, owner: next.subject }, before, state),
          ...figureChanges(calendar, before, state),
          ...errandChanges({ id, owner: next.subject }, before, state, event),
        ],
        sends: this.#sends(next, before, event, secret),
        ...(isMessage(before, state, event) ? { message: this.#message(next, event) } : {}),
      },
      randomUUID(),
    );
    if (made) return;
    await record(deed('case_act_void'));
    if (before === undefined && (await this.#store.find(id)) !== undefined) return;
    throw new YitongError('ticket_moved', 'somebody acted on the case at the same time; look at it again');
  }

  #message({ id, state }: StoredCase, event: CaseEvent): CaseMessage {
    return {
      case: id,
      bundle: state.bundle,
      event: state.events,
      at: event.at,
      act: event.act,
      ...('item' in event ? { item: event.item } : {}),
      ...('task' in event ? { task: event.task } : {}),
      phase: state.phase,
    };
  }

  #sends(
    { id, state }: StoredCase,
    before: CaseState | undefined,
    event: CaseEvent,
    secret: SubjectSecret,
  ): readonly StepMessage[] {
    const { publish, calendar } = this.#options;
    if (publish === undefined) return [];
    const steps = stepsOf(before, state, event);
    const about = {
      case: id,
      bundle: state.bundle,
      number: state.events,
      at: event.at,
      answerKey: steps.length === 0 ? '' : answerKey(secret, id),
    };
    return steps.flatMap((step, index): StepMessage[] => {
      const item = step.item === undefined ? undefined : state.items[step.item];
      const term = step.item === undefined ? undefined : state.plan?.items[step.item]?.term;
      const due =
        item === undefined || term === undefined || item.status !== 'held'
          ? undefined
          : termOf(calendar, term, item, event.at)?.due.day;
      const message = publish(step, { ...about, index, ...present({ due }) });
      return message === undefined ? [] : [message];
    });
  }

  /** By which it is found: by who applies, and by each authority, first what runs out first. */
  #links({ subject, state }: Pick<StoredCase, 'subject' | 'state'>): readonly string[] {
    const { calendar } = this.#options;
    const own = links.at(links.ofSubject(subject), state.openedAt);
    const { plan } = state;
    if (plan === undefined) return [own];
    const todo = new Map<string, number>();
    const wait = (authority: string, until: number): void => {
      todo.set(authority, Math.min(until, todo.get(authority) ?? Infinity));
    };
    for (const [id, item] of Object.entries(state.items)) {
      const planned = plan.items[id];
      if (planned === undefined || planned.region !== undefined || item.status !== 'held') continue;
      wait(planned.authority, termOf(calendar, planned.term, item, state.at)?.due.overAt ?? item.since);
    }
    const tasks = openTasks(state);
    for (const [, task] of tasks) wait(task.owner, taskTermOf(calendar, task, state.at).due.overAt);
    const closed = isEnded(state) && tasks.length === 0;
    return [
      own,
      ...[...todo].map(([authority, until]) => links.at(links.todo(authority), until)),
      ...[...authoritiesOf(state)].map((authority) =>
        links.at((closed ? links.closed : links.open)(authority), state.submittedAt ?? state.at),
      ),
      ...(closed ? [links.at(ENDED, state.at)] : []),
    ];
  }

  async get(id: string, { actor, record }: Omit<HowDone, 'key'>): Promise<OpenedCase> {
    const known = await this.#known(id, actor);
    const { state } = known.stored;
    await record(shown([known.stored.id], known.contents?.subject, id, { bundle: state.bundle }));
    const errands = state.region === undefined ? [] : await errandsOfCase(this.#options.state, id);
    const waitsAbroad = errands.flatMap(({ item, end }) => (end === undefined ? [item] : []));
    return { ...this.#opened(known, actor), waitsAbroad };
  }

  async form(id: string, how: Omit<HowDone, 'key'>): Promise<CaseForm> {
    const { actor, record } = how;
    const { stored, contents } = await this.#known(id, actor);
    if (actor.kind !== 'applicant' || stored.state.phase !== 'draft' || contents === undefined)
      return refuse('only a draft has a form to fill in, for who applies');
    const { form, read } = await this.#preparation.form(stored, contents, how);
    await record(shown([id], contents.subject, id, { bundle: stored.state.bundle, read }));
    return form;
  }

  async list(
    show: 'todo' | 'open' | 'closed',
    { after, limit, newestFirst }: Parameters<Cases['list']>[1],
    { actor, record }: Omit<HowDone, 'key'>,
  ) {
    const { keys } = this.#options;
    const prefix =
      actor.kind === 'applicant'
        ? links.ofSubject(keys.reference('subject', actor.subject))
        : links[show](actor.authority);
    const page = { limit, descending: newestFirst ?? actor.kind === 'applicant', ...present({ after }) };
    const { cases, next } = await this.#store.list(prefix, page);
    const mine = cases.filter((one) => mayBeSeen(keys, one, actor));
    await record(
      shown(
        mine.map(({ id }) => id),
        actor.kind === 'applicant' ? actor.subject : undefined,
      ),
    );
    return {
      // the list tells how each stands; what was written is looked at one by one
      cases: mine.map((stored) => ({
        ...this.#opened({ stored, contents: undefined }, actor),
        acts: mayDo(stored.state, partyOf(actor), this.#filing(stored.state.bundle)),
      })),
      ...present({ next }),
    };
  }

  async overview(months: number, { actor, record }: Omit<HowDone, 'key'>): Promise<Overview> {
    if (actor.kind !== 'authority') return refuse('how an authority works is for its own people');
    const { state, now } = this.#options;
    const found = await overviewOf(state, this.#waiting, this.bundles, actor.authority, months, now());
    const ids = found.low.map((line) => line.case);
    await record({ ...shown(ids, undefined), detail: { ids, months } });
    return found;
  }

  ratings(months: number): Promise<ReadonlyMap<string, PublicRatings>> {
    return publicRatings(this.#options.state, months, this.#options.now());
  }

  waiting(authority: string): Promise<WaitingCounts> {
    return this.#waiting.counts(authority, this.#options.now());
  }

  async inbox(query: WaitingQuery, { actor, record }: Omit<HowDone, 'key'>) {
    if (actor.kind !== 'authority') return refuse('what waits for an authority is for its own people');
    const now = this.#options.now();
    const { lines, next } = await this.#waiting.list(actor.authority, query, now);
    const counts = await this.waiting(actor.authority);
    await record(shown([...new Set(lines.map((line) => line.case))], undefined));
    return { lines, counts, ...present({ next }) };
  }

  async events(id: string, after: number, { actor, record }: Omit<HowDone, 'key'>) {
    const { stored, events, contents } = await this.#known(id, actor);
    await record(shown([id], contents?.subject, id, { bundle: stored.state.bundle, after }));
    return events.filter(({ number }) => number > after);
  }

  materials(id: string, how: Omit<HowDone, 'key'>): Promise<readonly MaterialLine[]> {
    return this.#materials.list(id, how);
  }

  openMaterial(id: string, material: string, how: Omit<HowDone, 'key'>): Promise<OpenedMaterial> {
    return this.#materials.open(id, material, how);
  }

  putMaterial(id: string, material: string, read: () => Promise<Buffer>, how: HowDone): Promise<MaterialLine> {
    return this.#materials.put(id, material, read, how);
  }

  callPerson(id: string, says: string, how: Omit<HowDone, 'key'>): Promise<Call> {
    return this.#calls.make(id, says, how);
  }

  call(id: string, how: Omit<HowDone, 'key'>): Promise<Call | undefined> {
    return this.#calls.get(id, how);
  }

  calls(how: Omit<HowDone, 'key'>): Promise<readonly Call[]> {
    return this.#calls.waiting(how);
  }

  answerCall(id: string, answer: { readonly says: string; readonly seen: number }, how: Omit<HowDone, 'key'>) {
    return this.#calls.answer(id, answer, how);
  }

  async messages({ actor, record }: Omit<HowDone, 'key'>, limit = 100): Promise<readonly CaseMessage[]> {
    if (actor.kind !== 'applicant') return refuse('messages are for who applies');
    const found = await this.#store.messages(this.#options.keys.reference('subject', actor.subject), limit);
    await record(shown([...new Set(found.map((one) => one.case))], actor.subject));
    return found;
  }
}

/**
 * Cases of the bundles that a workspace declares. An act is checked, put on record, and takes effect when it is stored:
 * in this order. With it, in the same commit, go what follows from it, the message to who applies, and what the
 * authorities are told. What people wrote is sealed under the key of who applies; look-ups go by keyed references.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Bundles } from '../../../contracts/bundle/load.js';
import type { Bundle, Json, StepPort } from '../../../contracts/bundle/types.js';
import { YitongError } from '../../../contracts/errors.js';
import { keyOf, schemeOf } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { SubjectSecret } from '../../log/entries/keys.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import { inspectFile } from '../materials/inspect/index.js';
import { type Papers, papersOf } from '../materials/made.js';
import { keepUpload, openUpload, uploadOf } from '../materials/room.js';
import { answerKey, openSealed } from './answer-key.js';
import { type Call, callOf, keepCall, keepReply, openCalls } from './calls.js';
import { type CaseContents, contentsOf, type EventContents } from './contents.js';
import { errandChanges, errandsOfCase } from './errands.js';
import { figureChanges } from './figures.js';
import { type CaseForm, checkWritten, fillForm, fitsSchema, knownBefore } from './form.js';
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
import { changedSince, digestsOf, documentOf, lackingUploads, linesOf, type MaterialLine, takes } from './papers.js';
import { FILING, type Plan } from './plan.js';
import { RegionalCases, type WholeCase } from './regional.js';
import { isMessage, stepsOf } from './steps.js';
import { type CaseMessage, CaseStore, ENDED, links, type StoredCase, type StoredEvent } from './store.js';
import { answerTermOf, type TermReading, taskTermOf, termOf } from './terms.js';
import type { StepMessage } from './topics.js';
import type {
  CaseActor,
  CaseDeed,
  Cases,
  CasesOptions,
  Doing,
  HistoryLine,
  HowDone,
  OpenedCase,
  OpenedMaterial,
} from './types.js';
import { type WaitingCounts, WaitingIndex, type WaitingQuery, waitingChanges } from './waiting.js';
export const openCases = (options: CasesOptions): Cases => new OpenedCases(options);

const ERASED = 'the subject of the case was erased; nothing more is done on it';
const NOT_FOUND = 'there is no such case, or it is not yours to see';
const partyOf = (actor: CaseActor): Party =>
  actor.kind === 'applicant' ? 'applicant' : { authority: actor.authority, ...present({ region: actor.region }) };
const refuse = (why: string): never => {
  throw new YitongError('act_refused', why);
};
const incomplete = (what: string): never => {
  throw new YitongError('act_incomplete', what);
};

/** What stands in the way, with whose it is. */
const barText = ({ says, owners }: CaseForm['obstacles'][number]): string =>
  `${says.en}${owners.length > 0 ? ` (${owners.join(', ')})` : ''}`;

/** Whose a case is: who leads, whose items it has, who has a task. Of a draft nobody's. */
const authoritiesOf = ({ plan, tasks }: CaseState): ReadonlySet<string> =>
  new Set(
    plan === undefined
      ? []
      : [
          plan.authority,
          ...Object.values(plan.items).flatMap(({ authority, region }) => (region === undefined ? [authority] : [])),
          ...Object.values(tasks).map(({ owner }) => owner),
        ],
  );

/** A case with all that is known of it. */
interface Known {
  readonly stored: StoredCase;
  readonly events: readonly (StoredEvent & { readonly number: number })[];
  readonly contents: CaseContents | undefined;
  /** By the number of the event. */
  readonly officers: ReadonlyMap<number, string>;
}

class OpenedCases implements Cases {
  readonly #options: CasesOptions;
  readonly #store: CaseStore;
  readonly #waiting: WaitingIndex;
  readonly regional: RegionalCases;

  constructor(options: CasesOptions) {
    this.#options = options;
    this.#store = new CaseStore(options.state);
    this.#waiting = new WaitingIndex(options.state, options.calendar);
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

  #bundle(id: string): Bundle {
    return this.bundles.get(id) ?? refuse('the workspace has no such bundle any more');
  }

  async #inside({ pseudonym, enc }: StoredEvent): Promise<EventContents | undefined> {
    const secret = await this.#options.keys.byPseudonym(pseudonym);
    return secret === undefined ? undefined : unseal<EventContents>(secret, enc);
  }

  /** Undefined where it may not be seen. */
  #sees(stored: StoredCase, actor: CaseActor): boolean {
    if (actor.kind === 'applicant')
      return (
        (actor.client === undefined || stored.client === actor.client) &&
        this.#options.keys.reference('subject', actor.subject) === stored.subject
      );
    if (actor.region !== undefined)
      return Object.values(stored.state.plan?.items ?? {}).some(
        ({ authority, region }) => authority === actor.authority && region === actor.region,
      );
    return authoritiesOf(stored.state).has(actor.authority);
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
    if (stored === undefined || !this.#sees(stored, actor)) throw new YitongError('not_found', NOT_FOUND);
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
    const { act, inside, read } = await this.#prepare(stored, contents, doing, how);
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
    if (stored === undefined || !this.#sees(stored, actor)) throw new YitongError('not_found', NOT_FOUND);
    const secret = await this.#options.keys.byPseudonym(stored.pseudonym);
    return secret === undefined ? refuse(ERASED) : openSealed(secret, id, sealed);
  }

  /** The act as the machine takes it, and what is sealed with it. */
  async #prepare(
    stored: StoredCase,
    contents: CaseContents,
    doing: Doing,
    how: Pick<HowDone, 'release'>,
  ): Promise<{ readonly act: CaseAct; readonly inside: EventContents; readonly read?: readonly string[] }> {
    const { elements } = this.#options;
    switch (doing.act) {
      case 'save': {
        const { answers, values } = doing;
        checkWritten(this.#bundle(stored.state.bundle), elements, { answers, values });
        return { act: { act: 'save' }, inside: { answers, values } };
      }
      case 'submit':
        return await this.#submission(stored, contents, how);
      case 'step':
        return await this.#step(stored, contents, doing.step, doing.port, how);
      case 'ask':
        return this.#asking(contents, doing);
      case 'give':
        return this.#giving(contents, doing);
      case 'grant': {
        const { item, checked = [], issued = {}, says } = doing;
        for (const [element, value] of Object.entries(issued)) this.#checkValue(element, value);
        return {
          act: { act: 'grant', item, checked, issued: Object.keys(issued) },
          inside: { issued, ...present({ says }) },
        };
      }
      case 'refuse':
        if (doing.says.trim() === '') incomplete('a refusal has its reasons: `says`');
        return { act: { act: 'refuse', item: doing.item }, inside: { says: doing.says } };
      case 'pass':
        return { act: { act: 'pass', item: doing.item }, inside: present({ says: doing.says }) };
      case 'settle':
        return { act: { act: 'settle', task: doing.task }, inside: present({ says: doing.says }) };
      case 'stop':
        if (doing.says.trim() === '') incomplete('who stops a case says why: `says`');
        return { act: { act: 'stop', outcome: doing.outcome }, inside: { says: doing.says } };
      case 'rate':
        return { act: { act: 'rate', grade: doing.grade }, inside: present({ says: doing.says }) };
      case 'answer':
        if (doing.says.trim() === '') incomplete('an answer is said: `says`');
        return { act: { act: 'answer' }, inside: { says: doing.says } };
      case 'withdraw':
        return { act: { act: 'withdraw' }, inside: {} };
    }
  }

  #checkValue(element: string, value: Json): void {
    const known = this.#options.elements.elements.get(element);
    if (known === undefined || !fitsSchema(known.schema, value))
      throw new YitongError('bad_answers', 'a value is of no element, or is none that it takes');
  }

  /** What registers say is on record as read before it is used. */
  async #formOf(
    { id, state }: Pick<StoredCase, 'id' | 'state'>,
    contents: CaseContents,
    { release }: Pick<HowDone, 'release'>,
  ): Promise<{ readonly form: CaseForm; readonly papers: Papers; readonly read: readonly string[] }> {
    const bundle = this.#bundle(state.bundle);
    const { elements, registers } = this.#options;
    const { readings, releases } = await registers(bundle, knownBefore(bundle, elements, contents), id, state.region);
    for (const one of releases) {
      if (release === undefined) throw new YitongError('internal', 'nobody puts on record what registers are asked');
      await release(one);
    }
    const form = fillForm(bundle, elements, contents, readings, state.region);
    const papers = papersOf({ ...form, elements, ...present({ codelists: this.#options.codelists }) });
    const lacking = this.#options.requiresUploads === true ? lackingUploads(papers, contents) : [];
    return { form: { ...form, missing: [...form.missing, ...lacking] }, papers, read: readings.asked };
  }

  async #submission({ id, state }: StoredCase, contents: CaseContents, how: Pick<HowDone, 'release'>) {
    if (state.phase !== 'draft') refuse('it is submitted already');
    const { form, papers, read } = await this.#formOf({ id, state }, contents, how);
    const bars = form.obstacles.filter((one) => one.state === 'no');
    if (bars.length > 0) refuse(`it cannot be filed: ${bars.map(barText).join('; ')}`);
    if (form.missing.length > 0)
      incomplete(
        form.missing
          .map(
            ({ what, name, registers }) =>
              `${what} \`${name}\`${registers === undefined ? '' : ` (${registers.join(', ')})`}`,
          )
          .join(', '),
      );
    const { signed } = contents;
    const changed = signed === undefined ? [] : changedSince(digestsOf(papers, contents), signed);
    if (changed.length > 0)
      incomplete(`changed since it was signed, save and sign again: ${changed.map((one) => `\`${one}\``).join(', ')}`);
    const { plan, values, filled, layout } = form;
    return { act: { act: 'submit' as const, plan }, inside: { values, filled, layout, papers }, read };
  }

  async #step(
    { id, state }: StoredCase,
    contents: CaseContents,
    step: string,
    port: StepPort,
    how: Pick<HowDone, 'release'>,
  ) {
    const uses = this.bundles.get(state.bundle)?.steps.get(step)?.uses;
    const act: CaseAct = { act: 'step', step, port, ...present({ uses: state.plan === undefined ? uses : undefined }) };
    // before anything is done elsewhere
    apply(state, { ...act, by: 'applicant', at: Math.max(this.#options.now(), state.at) });
    const driver = this.#options.drivers[port];
    if (driver === undefined) return refuse(`nobody here does \`${port}\``);
    // what is signed is the papers as they are now
    const isSigning = port === 'signature' && state.phase === 'draft';
    const signing = isSigning ? await this.#formOf({ id, state }, contents, how) : undefined;
    const signed = signing === undefined ? undefined : digestsOf(signing.papers, contents);
    // a draft may be signed again, once it was changed
    const reference = `${id}.${step}.${port}${port === 'signature' ? `.${String(state.events)}` : ''}`;
    const applicant = this.bundles.get(state.bundle)?.applicant ?? 'company';
    const { receipt, account } = await driver.carryOut({ reference, subject: contents.subject, applicant });
    const own = Object.keys(contents.account);
    const said = Object.fromEntries(Object.entries(account ?? {}).filter(([element]) => !own.includes(element)));
    return {
      act,
      inside: { receipt, ...(account === undefined ? {} : { account: said }), ...present({ signed }) },
      ...present({ read: signing?.read }),
    };
  }

  #asking({ layout }: CaseContents, { item, says, fields }: Doing & { readonly act: 'ask' }) {
    if (says.trim() === '' && fields.length === 0) incomplete('what is asked for is said, whole: `says`, `fields`');
    const own = layout[item] ?? {};
    if (!fields.every((field) => Object.hasOwn(own, field))) incomplete('`fields` names what is no field of the form');
    return { act: { act: 'ask' as const, item }, inside: { says, fields } };
  }

  #giving({ layout, items }: CaseContents, { item, values, says = '' }: Doing & { readonly act: 'give' }) {
    const fields = items[item]?.asked?.fields ?? [];
    const wanted = fields.map((field) => layout[item]?.[field] ?? '');
    const lacking = wanted.filter((element) => !Object.hasOwn(values, element));
    if (lacking.length > 0) incomplete(`all that was asked for is given at once: ${lacking.join(', ')}`);
    if (fields.length === 0 && says.trim() === '') incomplete('what was asked for is given: `says`');
    for (const [element, value] of Object.entries(values)) {
      if (!wanted.includes(element)) throw new YitongError('bad_answers', 'a value was not asked for');
      this.#checkValue(element, value);
    }
    return { act: { act: 'give' as const, item }, inside: { values, says } };
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
    const { form, read } = await this.#formOf(stored, contents, how);
    await record(shown([id], contents.subject, id, { bundle: stored.state.bundle, read }));
    return form;
  }

  async list(
    show: 'todo' | 'open' | 'closed',
    { after, limit }: { readonly after?: string; readonly limit: number },
    { actor, record }: Omit<HowDone, 'key'>,
  ) {
    const { keys } = this.#options;
    const prefix =
      actor.kind === 'applicant'
        ? links.ofSubject(keys.reference('subject', actor.subject))
        : links[show](actor.authority);
    const page = { limit, descending: actor.kind === 'applicant', ...present({ after }) };
    const { cases, next } = await this.#store.list(prefix, page);
    const mine = cases.filter((one) => this.#sees(one, actor));
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

  /** Those that were filed, or of a draft as it stands. */
  async #papersOf(
    { stored, contents }: Known,
    how: Omit<HowDone, 'key'>,
  ): Promise<{
    readonly papers: Papers;
    readonly contents: CaseContents;
    readonly own: readonly string[] | undefined;
  }> {
    const { actor } = how;
    const { plan, phase } = stored.state;
    if (contents === undefined) throw new YitongError('not_found', 'the subject of the case was erased');
    const own =
      actor.kind === 'applicant'
        ? undefined
        : Object.entries(plan?.items ?? {}).flatMap(([item, { authority, region }]) =>
            authority === actor.authority && region === actor.region ? [item] : [],
          );
    if (contents.papers !== undefined) return { papers: contents.papers, contents, own };
    // one that ended as a draft, or was filed before papers were kept
    if (phase !== 'draft') return { papers: { materials: [], values: [] }, contents, own };
    return { papers: (await this.#formOf(stored, contents, how)).papers, contents, own };
  }

  async materials(id: string, how: Omit<HowDone, 'key'>): Promise<readonly MaterialLine[]> {
    const known = await this.#known(id, how.actor);
    const { papers, contents, own } = await this.#papersOf(known, how);
    const lines = linesOf(papers, contents, known.stored.state, own);
    const materials = lines.map(({ material }) => material);
    await how.record(shown([id], contents.subject, id, { bundle: known.stored.state.bundle, materials }));
    return lines;
  }

  async openMaterial(id: string, material: string, how: Omit<HowDone, 'key'>): Promise<OpenedMaterial> {
    const known = await this.#known(id, how.actor);
    const { state } = known.stored;
    const opened = (await this.#openedDraft(known, material)) ?? (await this.#openedOf(known, material, how));
    if (opened === undefined)
      throw new YitongError('not_found', 'there is no such material to open, or it is not yours to see');
    const digest = opened.kind === 'made' ? opened.document.digest : opened.digest;
    await how.record(shown([id], known.contents?.subject, id, { bundle: state.bundle, material, digest }));
    return opened;
  }

  /** An upload of a draft: no register has to be asked for it. */
  async #openedDraft({ stored, contents }: Known, material: string): Promise<OpenedMaterial | undefined> {
    const isUpload = this.bundles.get(stored.state.bundle)?.materials.get(material)?.kind === 'upload';
    if (stored.state.phase !== 'draft' || contents === undefined || !isUpload) return undefined;
    return await this.#openedUpload(stored.id, material, contents);
  }

  async #openedOf(known: Known, material: string, how: Omit<HowDone, 'key'>): Promise<OpenedMaterial | undefined> {
    const { papers, contents, own } = await this.#papersOf(known, how);
    const { id, state } = known.stored;
    const needed = papers.materials.find((one) => one.material === material && takes(one, own));
    if (needed === undefined) return undefined;
    if (needed.kind === 'upload') return await this.#openedUpload(id, material, contents);
    const document = documentOf({ id, bundle: this.#title(state.bundle), papers, needed }, contents, state, own);
    return document === undefined ? undefined : { kind: 'made', document };
  }

  #title(bundle: string): Bundle['title'] {
    return this.bundles.get(bundle)?.title ?? { zh: bundle, en: bundle };
  }

  async #openedUpload(id: string, material: string, { uploads }: CaseContents): Promise<OpenedMaterial | undefined> {
    const { blobs, keys } = this.#options;
    const upload = Object.hasOwn(uploads, material) ? uploads[material] : undefined;
    if (upload === undefined || blobs === undefined) return undefined;
    const { type, digest } = upload;
    return { kind: 'upload', type, digest, bytes: await openUpload(blobs, keys, id, upload) };
  }

  async putMaterial(id: string, material: string, read: () => Promise<Buffer>, how: HowDone): Promise<MaterialLine> {
    const { actor } = how;
    const { blobs, keys, now } = this.#options;
    const known = await this.#known(id, actor);
    const { stored, contents } = known;
    const { state } = stored;
    if (actor.kind !== 'applicant') return refuse('what no register has is uploaded by who applies');
    if (blobs === undefined) return refuse('nothing is uploaded here');
    if (stored.state.guest !== undefined) return refuse('it is acted on in the region in which it was applied for');
    if (contents === undefined) return refuse(ERASED);
    const event: CaseEvent = { act: 'attach', material, by: 'applicant', at: Math.max(now(), state.at) };
    // before anything is read
    const next = apply(state, event);
    this.#checkPut(known, material, contents);
    const inspected = await inspectFile(await read());
    const secret = await keys.secretOf(contents.subject);
    const current = Object.hasOwn(contents.uploads, material) ? contents.uploads[material] : undefined;
    const upload = uploadOf(keys, secret, inspected, { current, after: state.events });
    // also where it is there already: one that was damaged is whole again
    await keepUpload(blobs, id, upload, secret, inspected.bytes);
    if (upload !== current) {
      await this.#put({ ...stored, state: next }, state, event, { upload }, how, contents.subject);
      // of a draft nothing is kept that was replaced; where that fails it is found when what is idle is looked for
      if (current !== undefined && state.phase === 'draft')
        await blobs.remove({ folder: id, name: current.name }).catch(() => undefined);
    }
    const again = await this.#known(id, actor);
    const { papers, contents: since } = await this.#papersOf(again, how);
    const line = linesOf(papers, since, again.stored.state, undefined).find((one) => one.material === material);
    if (line === undefined) return refuse('under the answers that were given since, it is not needed');
    return line;
  }

  /** @throws YitongError `not_found`, `act_refused` */
  #checkPut({ stored: { state } }: Known, material: string, { papers }: CaseContents): void {
    const items =
      papers === undefined
        ? this.#bundle(state.bundle).materials.get(material)?.kind === 'upload'
          ? []
          : undefined
        : papers.materials.find((one) => one.material === material && one.kind === 'upload')?.items;
    if (items === undefined) throw new YitongError('not_found', 'the case takes no such upload');
    if (papers !== undefined && !items.some((item) => state.items[item]?.status === 'supplement'))
      refuse('no supplement was asked for to which it belongs');
  }

  async callPerson(id: string, says: string, { actor, record }: Omit<HowDone, 'key'>): Promise<Call> {
    const { stored, contents } = await this.#known(id, actor);
    const { bundle, phase } = stored.state;
    if (actor.kind !== 'applicant' || phase !== 'draft') return refuse('a draft is handed over by who applies');
    if (contents === undefined) return refuse(ERASED);
    const { authority } = this.#bundle(bundle);
    const { subject, answers, values } = contents;
    const call = { id, bundle, authority, at: this.#options.now(), subject, says: says.trim(), answers, values };
    await record({
      action: 'case_called',
      target: id,
      subject,
      detail: { bundle, authority },
      about: { says: call.says },
    });
    await keepCall(this.#options, call);
    return (await callOf(this.#options, id)) ?? refuse(ERASED);
  }

  async call(id: string, { actor }: Omit<HowDone, 'key'>): Promise<Call | undefined> {
    await this.#known(id, actor);
    return callOf(this.#options, id);
  }

  async calls({ actor, record }: Omit<HowDone, 'key'>): Promise<readonly Call[]> {
    if (actor.kind !== 'authority') return refuse('calls are for the department that leads');
    const found = await openCalls(this.#options, actor.authority);
    const ids = found.map(({ id }) => id);
    await record(shown(ids, undefined));
    return found;
  }

  async answerCall(
    id: string,
    { says, seen }: { readonly says: string; readonly seen: number },
    { actor, record }: Omit<HowDone, 'key'>,
  ): Promise<void> {
    const call = await callOf(this.#options, id);
    if (call === undefined || actor.kind !== 'authority' || call.authority !== actor.authority)
      throw new YitongError('not_found', NOT_FOUND);
    if (says.trim() === '') incomplete('an answer is said: `says`');
    if (call.version !== seen || call.answeredAt !== undefined)
      throw new YitongError('ticket_moved', 'somebody answered it since it was looked at; look at it again');
    const { bundle, authority, subject } = call;
    await record({
      action: 'case_call_answered',
      target: id,
      subject,
      detail: { bundle, authority },
      about: { says: says.trim() },
    });
    await keepReply(this.#options, call, says.trim(), this.#options.now());
  }

  async messages({ actor, record }: Omit<HowDone, 'key'>, limit = 100): Promise<readonly CaseMessage[]> {
    if (actor.kind !== 'applicant') return refuse('messages are for who applies');
    const found = await this.#store.messages(this.#options.keys.reference('subject', actor.subject), limit);
    await record(shown([...new Set(found.map((one) => one.case))], actor.subject));
    return found;
  }
}

const shown = (
  ids: readonly string[],
  subject: string | undefined,
  target = '',
  more: Readonly<Record<string, unknown>> = {},
): CaseDeed => ({
  action: 'case_shown',
  target,
  subject: subject ?? '',
  detail: { ids, ...more },
  about: {},
});

function historyFor(
  actor: CaseActor,
  events: Known['events'],
  officers: Known['officers'] = new Map(),
): readonly HistoryLine[] {
  return events.map(({ number, event }) => {
    const own = actor.kind === 'authority' && event.by !== 'applicant' && event.by.authority === actor.authority;
    return { number, event, ...present({ officer: own ? officers.get(number) : undefined }) };
  });
}

/** An authority sees the forms of its own items, and who leads sees all; what was written to others stays with them. */
function seenBy(contents: CaseContents, { plan }: CaseState, actor: CaseActor): CaseContents {
  if (actor.kind === 'applicant' || plan === undefined) return contents;
  const own = Object.entries(plan.items)
    .filter(([, { authority, region }]) => authority === actor.authority && region === actor.region)
    .map(([item]) => item);
  const layout = Object.fromEntries(Object.entries(contents.layout).filter(([item]) => own.includes(item)));
  const inForms = new Set(Object.values(layout).flatMap((fields) => Object.values(fields)));
  const values = Object.fromEntries(Object.entries(contents.values).filter(([element]) => inForms.has(element)));
  const filled = Object.fromEntries(Object.entries(contents.filled).filter(([element]) => inForms.has(element)));
  const items = Object.fromEntries(Object.entries(contents.items).filter(([item]) => own.includes(item)));
  const nothing = { answers: {}, account: {}, receipts: {}, uploads: {} };
  const rating = plan.authority === actor.authority ? contents.rating : {};
  const { subject, origin } = contents;
  return { subject, ...nothing, values, filled, layout, items, rating, ...present({ origin }) };
}

/**
 * A store over time, against a model of it: several clients commit at once, some under ids that were used before, while
 * time passes, what is over is swept, clients come and go, changes are followed, messages are taken, and whatever can
 * happen to the way to the store happens. The model makes the commits one after the other, in the order of their
 * revisions, and each must come out as the store said.
 */
import type { Test } from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import {
  type Change,
  type Changed,
  type Commit,
  REMEMBERED,
  type State,
  StateConflict,
} from '../../../gateway/ground/state/port.js';

type Random = () => number;

/** mulberry32 */
export function randomOf(seed: number): Random {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Outcome = { readonly ok: Pick<Commit, 'revision' | 'counts'> } | { readonly refused: number };

interface Paper {
  readonly version: number;
  readonly body: unknown;
  readonly owner: string | undefined;
  readonly links: readonly string[];
  readonly until: number | undefined;
}

/** What a store is, in few words. */
class Model {
  revision = 0;
  readonly papers = new Map<string, Paper>();
  readonly streams = new Map<string, unknown[]>();
  readonly counters = new Map<string, { count: number; until: number | undefined }>();
  readonly sets = new Map<string, { version: number; members: Map<string, unknown> }>();
  readonly leases = new Map<string, { holder: string; token: number; until: number }>();
  readonly sent: { readonly key: string; readonly text: string }[] = [];
  readonly changes: (Changed & { readonly at: number })[] = [];
  readonly ids = new Map<string, { readonly at: number; readonly outcome: Outcome }>();
  now = 1_800_000_000_000;

  paper(id: string): Paper | undefined {
    const paper = this.papers.get(id);
    return paper === undefined || (paper.until ?? Infinity) <= this.now ? undefined : paper;
  }

  counter(name: string): { count: number; until: number | undefined } | undefined {
    const counter = this.counters.get(name);
    return counter === undefined || (counter.until ?? Infinity) <= this.now ? undefined : counter;
  }

  remembered(id: string): Outcome | undefined {
    const found = this.ids.get(id);
    return found !== undefined && found.at > this.now - REMEMBERED ? found.outcome : undefined;
  }

  refuses(changes: readonly Change[]): number | undefined {
    const at = changes.findIndex((change) => !this.#holds(change));
    return at === -1 ? undefined : at;
  }

  #holds(change: Change): boolean {
    const is = (wanted: number | undefined, found: number | undefined): boolean =>
      wanted === undefined || wanted === (found ?? 0);
    if (change.do === 'append' || change.do === 'drop' || change.do === 'expect-events')
      return is(change.after, this.streams.get(change.stream)?.length);
    if (change.do === 'put' || change.do === 'remove' || change.do === 'expect-document')
      return is(change.version, this.paper(change.id)?.version);
    if (change.do === 'count')
      return (this.counter(change.counter)?.count ?? 0) + change.by <= (change.most ?? Infinity);
    if (change.do === 'set') return is(change.version, this.sets.get(change.set)?.version);
    if (change.do === 'send') return true;
    const lease = this.leases.get(change.lease);
    return lease !== undefined && lease.token === change.token && lease.until > this.now;
  }

  make(changes: readonly Change[]): Pick<Commit, 'revision' | 'counts'> {
    const revision = ++this.revision;
    const counts: Record<string, number> = {};
    const changed = (of: Changed['of'], name: string, id?: string): void =>
      void this.changes.push({ revision, of, name, ...(id === undefined ? {} : { id }), at: this.now });
    for (const change of changes) {
      if (change.do === 'append') {
        this.streams.set(change.stream, [...(this.streams.get(change.stream) ?? []), ...change.events]);
        changed('stream', change.stream);
      } else if (change.do === 'drop') {
        this.streams.delete(change.stream);
        changed('stream', change.stream);
      } else if (change.do === 'put') {
        const { id, body, owner, links = [], until } = change;
        this.papers.set(id, { version: revision, body, owner, links: [...new Set(links)], until });
        changed('document', change.kind, id);
      } else if (change.do === 'remove') {
        this.papers.delete(change.id);
        changed('document', change.kind, change.id);
      } else if (change.do === 'count') {
        const before = this.counter(change.counter) ?? { count: 0, until: change.until };
        counts[change.counter] = before.count + change.by;
        this.counters.set(change.counter, { ...before, count: before.count + change.by });
        changed('counter', change.counter);
      } else if (change.do === 'set') {
        const members = new Map(this.sets.get(change.set)?.members);
        for (const [member, value] of Object.entries(change.put ?? {})) members.set(member, value);
        for (const member of change.remove ?? []) members.delete(member);
        this.sets.set(change.set, { version: revision, members });
        changed('set', change.set);
      } else if (change.do === 'send')
        this.sent.push({ key: change.key, text: `${change.key} ${String(revision)} ${String(change.value)}` });
    }
    return { revision, counts: Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))) };
  }

  lease(name: string, holder: string, ms: number): number | undefined {
    const before = this.leases.get(name);
    const held = before !== undefined && before.until > this.now;
    if (held && before.holder !== holder) return undefined;
    const token = held ? before.token : (before?.token ?? 0) + 1;
    this.leases.set(name, { holder, token, until: this.now + ms });
    return token;
  }
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The whole of what a store holds, as far as it is read. */
function pictureOf(model: Model): unknown {
  const papers = [...model.papers.keys()].sort(byBytes).flatMap((id) => {
    const paper = model.paper(id);
    return paper === undefined ? [] : [{ id, ...paper, links: [...paper.links].sort(byBytes) }];
  });
  const linked = papers
    .flatMap(({ id, links }) => links.filter((link) => link.startsWith('l')).map((link) => [link, id] as const))
    .sort(([a, x], [b, y]) => byBytes(a, b) || byBytes(x, y));
  return {
    revision: model.revision,
    papers: papers.map(({ owner, until, ...rest }) => ({ ...rest, owner: owner ?? null, until: until ?? null })),
    linked: linked.map(([, id]) => id),
    last: linked.map(([, id]) => id).reverse(),
    owned: papers.filter(({ owner }) => owner === 'one').map(({ id }) => id),
    streams: STREAMS.map((stream) => model.streams.get(stream) ?? []),
    counters: COUNTERS.flatMap((name) => {
      const counter = model.counter(name);
      return counter === undefined ? [] : [[name, counter.count]];
    }),
    sets: SETS.map((set) => {
      const found = model.sets.get(set);
      return [found?.version ?? 0, ...[...(found?.members ?? [])].sort(([a], [b]) => byBytes(a, b))];
    }),
  };
}

async function pictureIn(state: State): Promise<unknown> {
  const all = async (query: object): Promise<Awaited<ReturnType<State['documents']>>['documents']> => {
    const first = await state.documents('paper', { ...query, limit: 3 });
    const found = [...first.documents];
    for (let after = first.next; after !== undefined; ) {
      const page = await state.documents('paper', { ...query, limit: 3, after });
      found.push(...page.documents);
      after = page.next;
    }
    return found;
  };
  return {
    revision: await state.revision(),
    papers: (await all({})).map(({ id, version, body, owner, links, until }) => ({
      id,
      version,
      body,
      links,
      owner: owner ?? null,
      until: until ?? null,
    })),
    linked: (await all({ link: 'l' })).map(({ id }) => id),
    last: (await all({ link: 'l', descending: true })).map(({ id }) => id),
    owned: (await all({ owner: 'one' })).map(({ id }) => id),
    streams: await Promise.all(STREAMS.map(async (stream) => (await state.events(stream)).map(({ body }) => body))),
    counters: [...(await state.counters(''))],
    sets: await Promise.all(
      SETS.map(async (set) => {
        const { version, members } = await state.set(set);
        return [version, ...members];
      }),
    ),
  };
}

const PAPERS = ['a', 'ab', 'b', 'é', '一'];
const STREAMS = ['s', 's2'];
const COUNTERS = ['c', 'd'];
const SETS = ['x', 'y'];

export interface Disturbing {
  /** Something that happens to the way to the store, or to the store; it works again soon after. */
  disturb?(random: Random): Promise<void>;
  /** Steps; default 150. */
  readonly steps?: number;
  /** Further steps are taken until this holds: what a draw decides may not have happened yet. */
  enough?(): boolean;
}

/** Steps after which it is a fault that there were not enough. */
const MOST_STEPS = 5000;

/**
 * @param open a further client, with the clock of the model
 * @returns how many commits had been made when their answer was lost
 */
export async function stateOverTime(
  t: Test,
  seed: number,
  open: (now: () => number) => Promise<State>,
  { disturb, steps = 150, enough = () => true }: Disturbing = {},
): Promise<{ readonly answersLost: number }> {
  t.comment(`seed ${String(seed)}`);
  const world = new StoreOverTime(t, randomOf(seed), open, disturb);
  await world.begin();
  for (let step = 0; step < steps || (!enough() && step < MOST_STEPS); step++) await world.step();
  await world.end();
  return { answersLost: world.answersLost };
}

/** ms for which a client tries again while the store is away. */
const PATIENCE = 60_000;

class StoreOverTime {
  readonly #t: Test;
  readonly #random: Random;
  readonly #open: (now: () => number) => Promise<State>;
  readonly #disturb: Disturbing['disturb'];
  readonly #model = new Model();
  readonly #clients: State[] = [];
  readonly #delivered: string[] = [];
  readonly #usedIds: { readonly id: string; readonly changes: readonly Change[] }[] = [];
  /** Changes up to this revision were followed. */
  #followed = 0;
  /** Changes up to here may be gone by a sweep. */
  #mayBeLost = 0;
  #lost = 0;
  #ids = 0;
  answersLost = 0;

  constructor(t: Test, random: Random, open: (now: () => number) => Promise<State>, disturb: Disturbing['disturb']) {
    this.#t = t;
    this.#random = random;
    this.#open = open;
    this.#disturb = disturb;
  }

  async begin(): Promise<void> {
    for (let i = 0; i < 3; i++) this.#clients.push(await this.#open(() => this.#model.now));
  }

  async step(): Promise<void> {
    const draw = this.#random();
    if (draw < 0.6) await this.#batch();
    else if (draw < 0.7) this.#model.now += Math.floor(this.#random() * (this.#random() < 0.2 ? REMEMBERED : 5000));
    else if (draw < 0.76) await this.#sweep();
    else if (draw < 0.8) await this.#restart();
    else if (draw < 0.87) await this.#follow();
    else if (draw < 0.94) await this.#deliver();
    else await this.#lease();
    this.#same(await this.#trying((state) => pictureIn(state)), pictureOf(this.#model), 'what the store holds');
  }

  async end(): Promise<void> {
    await this.#follow();
    while ((await this.#trying((state) => state.outbox(1))).length > 0) await this.#deliver();
    for (const key of ['k', 'm']) {
      const first = this.#delivered.filter((one, i) => one.startsWith(key) && this.#delivered.indexOf(one) === i);
      const sent = this.#model.sent.filter((one) => one.key === key).map(({ text }) => text);
      this.#same(first, sent, 'every message came, and the first time in order');
    }
    this.#t.ok(this.#model.revision > 20, `${String(this.#model.revision)} commits, ${String(this.#lost)} times lost`);
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #same(found: unknown, wanted: unknown, what: string): void {
    if (JSON.stringify(found) === JSON.stringify(wanted)) return;
    this.#t.strictSame(found, wanted, what);
    throw new Error(`not as the model has it: ${what}`);
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }

  /** By one of the clients, again where the store is away. */
  async #trying<T>(work: (state: State) => Promise<T>, client = this.#pick(this.#clients)): Promise<T> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      try {
        return await work(client);
      } catch (error) {
        if (!isYitongError(error) || error.code !== 'state_unavailable' || Date.now() > deadline) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  async #batch(): Promise<void> {
    const tries = Array.from({ length: 1 + Math.floor(this.#random() * 6) }, () => {
      const again = this.#random() < 0.15 ? this.#pick(this.#usedIds) : undefined;
      return again ?? { id: `id ${String(++this.#ids)}`, changes: this.#changes() };
    });
    const disturbing = this.#random() < 0.3 ? this.#disturb?.(this.#random) : undefined;
    const outcomes = await Promise.all(
      tries.map(async ({ id, changes }): Promise<Outcome> => {
        try {
          const { revision, counts, repeated } = await this.#trying((state) => state.commit(changes, id));
          if (repeated && !this.#usedIds.some((used) => used.id === id)) this.answersLost += 1;
          // in whatever order a store says them
          const names = Object.keys(counts).sort();
          return { ok: { revision, counts: Object.fromEntries(names.map((name) => [name, counts[name] ?? 0])) } };
        } catch (error) {
          if (error instanceof StateConflict) return { refused: error.change };
          throw error;
        }
      }),
    );
    await disturbing;
    this.#explain(tries.map((one, i) => ({ ...one, outcome: outcomes[i] as Outcome })));
    this.#usedIds.push(...tries);
  }

  /** Every outcome is one that the model has as well, in the order of the revisions. */
  #explain(
    tried: readonly { readonly id: string; readonly changes: readonly Change[]; readonly outcome: Outcome }[],
  ): void {
    const model = this.#model;
    let open = tried.filter(({ id, outcome }) => {
      const before = model.remembered(id);
      if (before === undefined) return true;
      this.#same(outcome, before, `what was said of \`${id}\` before`);
      return false;
    });
    const passing = (): void => {
      open = open.filter(({ id, changes, outcome }) => {
        if (!('refused' in outcome) || model.refuses(changes) !== outcome.refused) return true;
        model.ids.set(id, { at: model.now, outcome });
        return false;
      });
    };
    passing();
    const made = open
      .flatMap((one) => ('ok' in one.outcome ? [{ ...one, ok: one.outcome.ok }] : []))
      .sort((a, b) => a.ok.revision - b.ok.revision);
    for (const { id, changes, ok } of made) {
      const before = model.remembered(id);
      // the same id twice in one batch: the second says what the first did
      if (before !== undefined) {
        this.#same({ ok }, before, `what was said of \`${id}\` at the same time`);
        continue;
      }
      this.#same(model.refuses(changes), undefined, 'what was made could be made');
      this.#same(ok, model.make(changes), 'revision and counts');
      model.ids.set(id, { at: model.now, outcome: { ok } });
      passing();
    }
    const unexplained = open.filter(
      ({ id, outcome }) => JSON.stringify(model.remembered(id)) !== JSON.stringify(outcome),
    );
    this.#same(unexplained, [], 'refusals that nothing explains');
  }

  #changes(): readonly Change[] {
    const touched = new Set<string>();
    return Array.from({ length: 1 + Math.floor(this.#random() * 4) }, () => this.#change()).filter((change) => {
      const { do: what, ...rest } = change;
      const name =
        'stream' in rest
          ? rest.stream
          : 'id' in rest
            ? rest.id
            : 'counter' in rest
              ? rest.counter
              : 'set' in rest
                ? rest.set
                : what;
      const first = what === 'send' || !touched.has(name);
      touched.add(name);
      return first;
    });
  }

  #change(): Change {
    const random = this.#random;
    const model = this.#model;
    /** The right one mostly, else one that was or could be, or none. */
    const expecting = (right: number): number | undefined =>
      random() < 0.6 ? right : random() < 0.5 ? undefined : Math.max(0, right - 1 + Math.floor(random() * 3));
    const optional = <K extends string>(key: K, value: number | undefined) =>
      (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: number };
    const until = (): number | undefined => (random() < 0.4 ? model.now + Math.floor(random() * 8000) : undefined);
    const stream = this.#pick(STREAMS);
    const after = optional('after', expecting(model.streams.get(stream)?.length ?? 0));
    const id = this.#pick(PAPERS);
    const right = model.paper(id)?.version ?? 0;
    const draw = random();
    if (draw < 0.2)
      return { do: 'append', stream, ...after, events: [this.#ids, { n: draw }].slice(random() < 0.5 ? 1 : 0) };
    if (draw < 0.23) return { do: 'drop', stream, ...after };
    if (draw < 0.26)
      return { do: 'expect-events', stream, after: expecting(model.streams.get(stream)?.length ?? 0) ?? 0 };
    if (draw < 0.55)
      return {
        do: 'put',
        kind: 'paper',
        id,
        ...optional('version', expecting(right)),
        ...(random() < 0.5 ? { owner: this.#pick(['one', 'two']) } : {}),
        links: [`l/${this.#pick(PAPERS)}`, `l/${this.#pick(PAPERS)}`, 'm'].slice(0, Math.floor(random() * 4)),
        ...optional('until', until()),
        body: random() < 0.1 ? 'x'.repeat(5000) : this.#ids,
      };
    if (draw < 0.62) return { do: 'remove', kind: 'paper', id, ...optional('version', expecting(right)) };
    if (draw < 0.66) return { do: 'expect-document', kind: 'paper', id, version: expecting(right) ?? 0 };
    if (draw < 0.8)
      return {
        do: 'count',
        counter: this.#pick(COUNTERS),
        by: random() < 0.2 ? -2 : 1,
        ...optional('most', random() < 0.5 ? 4 : undefined),
        ...optional('until', until()),
      };
    if (draw < 0.88) {
      const set = this.#pick(SETS);
      const [member, other] = [this.#pick(PAPERS), this.#pick(PAPERS)];
      return {
        do: 'set',
        set,
        ...optional('version', expecting(model.sets.get(set)?.version ?? 0)),
        put: { [member]: this.#ids },
        ...(other === member ? {} : { remove: [other] }),
      };
    }
    if (draw < 0.96)
      return { do: 'send', topic: 't', key: this.#pick(['k', 'm']), value: `${String(this.#ids)} ${String(draw)}` };
    return { do: 'expect-lease', lease: 'l', token: expecting(model.leases.get('l')?.token ?? 0) ?? 0 };
  }

  async #sweep(): Promise<void> {
    for (const { revision, at } of this.#model.changes)
      if (at <= this.#model.now - REMEMBERED) this.#mayBeLost = revision;
    const client = this.#pick(this.#clients);
    for (let tries = 0; (await this.#trying((state) => state.sweep(5), client)) > 0; tries++)
      if (tries > 10_000) throw new Error('a sweep that never ends');
  }

  async #restart(): Promise<void> {
    const at = Math.floor(this.#random() * this.#clients.length);
    await this.#clients[at]?.close();
    this.#clients[at] = await this.#open(() => this.#model.now);
  }

  async #follow(): Promise<void> {
    for (;;) {
      const limit = 1 + Math.floor(this.#random() * 5);
      const page = await this.#trying((state) => state.changes(this.#followed, limit));
      if (page.lost) {
        this.#same(this.#followed < this.#mayBeLost, true, 'changes are lost only where they were swept');
        this.#lost += 1;
      } else {
        const wanted = this.#model.changes.filter(({ revision }) => revision > this.#followed && revision <= page.next);
        this.#same(page.changes.map(words), wanted.map(words), 'changes after a revision');
      }
      this.#followed = page.next;
      if (!page.more) break;
    }
    this.#same(this.#followed, this.#model.revision, 'followed to the end');
  }

  /** Some of the first messages, sometimes without being marked. */
  async #deliver(): Promise<void> {
    const messages = await this.#trying((state) => state.outbox(1 + Math.floor(this.#random() * 4)));
    for (const { number, key, value } of messages)
      this.#delivered.push(`${key} ${String(Math.floor(number / 1000))} ${String(value)}`);
    if (this.#random() < 0.3) return;
    await this.#trying((state) => state.sent(messages.map(({ number }) => number)));
  }

  async #lease(): Promise<void> {
    const holder = this.#pick(['p', 'q']);
    const ms = 1 + Math.floor(this.#random() * 4000);
    const taken = await this.#trying((state) => state.lease('l', holder, ms));
    this.#same(taken?.token, this.#model.lease('l', holder, ms), 'the token of a lease');
  }
}

const words = ({ revision, of, name, id }: Changed): string => `${String(revision)} ${of} ${name} ${id ?? ''}`;

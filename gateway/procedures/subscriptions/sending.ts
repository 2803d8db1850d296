/**
 * Changes on their way to webhooks and topics: by one worker at a time, those of a subscription one delivery after the
 * other, so that what comes of one subject keeps its order. Whoever holds the lease sends; a place is kept when a
 * delivery was answered with success, so that what was not is sent again, by this worker or the next one.
 */
import { type KeyObject, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../../policies/types.js';
import type { Plan } from '../../answer/question/plan.js';
import { StateConflict } from '../../ground/state/port.js';
import { type ChangesGround, lostMembers, type NextChanges, type SubscriptionChanges } from './changes.js';
import { NotDelivered, type Outlet } from './outlet.js';
import { LEASE, type Subscription, type SubscriptionStore, type Told } from './store.js';
import { Topics } from './topic.js';
import { reachWebhook, signingKey } from './webhook.js';

interface SendingParts {
  readonly ground: Pick<ChangesGround, 'inForce' | 'now' | 'bus'>;
  readonly store: SubscriptionStore;
  readonly changes: SubscriptionChanges;
  /** What keys of signatures are made of. */
  readonly secret: KeyObject;
  readonly everyMs?: number;
  /** ms before a delivery that came to nothing is tried again: the first time, and at most. */
  readonly again?: { readonly first: number; readonly most: number };
  readonly onTrouble: (error: unknown) => void;
}

interface Sending {
  stop(): Promise<void>;
}

const LEASE_MS = 8000;
/** ms after which is said again that they are gone through. */
const PASS_EVERY = 5000;
const LINES = 100;
/** ms between two looks at whether what is under way may still leave. */
const LOOK = 100;

export const sendChanges = (parts: SendingParts): Sending => new Sender(parts);

/** What one subscription waits for, in this worker. */
interface Waiting {
  tries: number;
  /** ms since 1970 */
  again: number;
  running: boolean;
  /** Policies under which it was put on record that nothing may be sent. */
  deniedUnder?: string;
}

class Sender implements Sending {
  readonly #parts: SendingParts;
  readonly #holder = randomBytes(8).toString('hex');
  readonly #waiting = new Map<string, Waiting>();
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #done: Promise<void>;
  readonly #topics: Topics;
  #token: number | undefined;
  #count = 0;
  /** ms since 1970 */
  #passedAt = 0;
  #troubled = false;

  constructor(parts: SendingParts) {
    this.#parts = parts;
    this.#topics = new Topics(parts.ground.bus);
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    await Promise.all(this.#running);
    await this.#topics.close();
    if (this.#token !== undefined) await this.#parts.store.state.release(LEASE, this.#token).catch(() => undefined);
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { everyMs = 250 } = this.#parts;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#look();
        this.#troubled = false;
      } catch (error) {
        this.#token = undefined;
        if (!this.#troubled) this.#parts.onTrouble(error);
        this.#troubled = true;
      }
      await pause(everyMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { store, ground } = this.#parts;
    // where nothing is sent to nothing is written, however long nothing happens
    if (this.#token === undefined && (await store.sent()).length === 0) return;
    const lease = await store.state.lease(LEASE, this.#holder, LEASE_MS);
    this.#token = lease?.token;
    if (lease === undefined) return this.#waiting.clear();
    const subscriptions = await store.sent();
    if (subscriptions.length === 0) {
      this.#token = undefined;
      this.#waiting.clear();
      return store.state.release(LEASE, lease.token);
    }
    const now = ground.now();
    if (now - this.#passedAt > PASS_EVERY) {
      await store.passed(now);
      this.#passedAt = now;
    }
    for (const subscription of subscriptions) {
      const waiting = this.#of(subscription);
      if (waiting.running || now < waiting.again) continue;
      waiting.running = true;
      const task = this.#send(subscription, waiting, lease.token).finally(() => {
        waiting.running = false;
        this.#running.delete(task);
      });
      this.#running.add(task);
    }
  }

  #of({ client, id }: Subscription): Waiting {
    const key = `${client}/${id}`;
    let waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, (waiting = { tries: 0, again: 0, running: false }));
    return waiting;
  }

  /** Never rejects. */
  async #send(subscription: Subscription, waiting: Waiting, token: number): Promise<void> {
    try {
      const told = await this.#parts.store.told(subscription);
      try {
        await this.#sendAll(subscription, waiting, told, token);
        waiting.tries = 0;
      } catch (error) {
        if (error instanceof StateConflict) throw error;
        await this.#later(subscription, waiting, token, error);
      }
    } catch (error) {
      // the client changed or ended it, or another worker has the lease: the next look sees what is there
      if (error instanceof StateConflict) return;
      waiting.again = this.#parts.ground.now() + 1000;
      this.#parts.onTrouble(error);
    }
  }

  /** Until nothing is left. */
  async #sendAll(subscription: Subscription, waiting: Waiting, begun: Told, token: number): Promise<void> {
    const { store, changes } = this.#parts;
    let { places, behindSince } = begun;
    while (!this.#stop.signal.aborted) {
      const client = this.#clientOf(subscription);
      if (client === undefined) return;
      const plan = changes.plan(client, subscription);
      if (plan.read.length === 0) {
        // what may not be told waits for nobody
        if (behindSince !== undefined) await store.setTold(subscription, { places }, token);
        return await this.#denied(subscription, waiting, client, plan);
      }
      if (!(await changes.moved(plan, places))) break;
      const next = await changes.next(subscription, plan, places, LINES);
      if (next.lines.length > 0 || next.lost.length > 0) {
        if (!(await this.#deliver(subscription, next))) return;
      }
      behindSince = undefined;
      ({ places } = next);
      await store.setTold(subscription, { places }, token);
    }
    if (behindSince !== undefined) await store.setTold(subscription, { places }, token);
  }

  /** As long as its file says where to. */
  #clientOf({ client, way }: Subscription): Client | undefined {
    const found = this.#parts.ground.inForce().policies.clients.get(client as Client['id']);
    const place = way === 'topic' ? found?.topic : found?.webhook;
    return found?.status === 'active' && place !== undefined ? found : undefined;
  }

  /** @throws NotDelivered */
  async #reach({ id, webhook, topic }: Client, way: Subscription['way']): Promise<Outlet> {
    if (way === 'topic' && topic !== undefined) return await this.#topics.reach(topic);
    if (way !== 'webhook' || webhook === undefined) throw new NotDelivered('its client has no place for it');
    return await reachWebhook(webhook, signingKey(this.#parts.secret, id), this.#stop.signal);
  }

  /** That it may not be answered is on record once for each state of the policies. */
  async #denied({ purpose }: Subscription, waiting: Waiting, client: Client, plan: Plan): Promise<void> {
    const { version } = this.#parts.ground.inForce().decider;
    if (waiting.deniedUnder === version) return;
    await this.#parts.changes.record({ client, purpose, plan, requestId: this.#requestId() }, [], Buffer.alloc(0));
    waiting.deniedUnder = version;
  }

  #requestId(): string {
    this.#count++;
    return `subscription-${this.#holder}-${String(this.#count)}`;
  }

  /**
   * Connected first, then decided again, on record, and sent.
   * @returns false where it may not be sent any more as it was decided: then nothing left
   * @throws NotDelivered
   */
  async #deliver(subscription: Subscription, next: NextChanges): Promise<boolean> {
    const { ground, changes } = this.#parts;
    const client = this.#clientOf(subscription);
    if (client === undefined) return false;
    const outlet = await this.#reach(client, subscription.way);
    const under = new AbortController();
    let looking: NodeJS.Timeout | undefined;
    try {
      const { version } = ground.inForce().decider;
      const plan = changes.plan(client, subscription);
      if (plan.read.length === 0 || version !== next.decidedUnder) return false;
      const mayStill = (): boolean => ground.inForce().decider.version === version && ground.now() < plan.validUntil;
      const lost = next.lost.map((dataset) => ({ dataset, text: `{${lostMembers(dataset)}}` }));
      const lines = next.lines.map((line) => ({ line, text: `{${line.members}}` }));
      const body = Buffer.from([...lost, ...lines].map(({ text }) => `${text}\n`).join(''), 'utf8');
      const { purpose } = subscription;
      await changes.record({ client, purpose, plan, requestId: this.#requestId() }, next.lines, body);
      if (!mayStill()) return false;
      looking = setInterval(() => {
        if (!mayStill()) under.abort();
      }, LOOK);
      const places = next.lines.map(({ dataset, partition, offset }) => [dataset, partition, offset]);
      const naming = changes.naming(subscription, plan);
      await outlet.deliver({
        id: `msg_${naming.pseudonym('change', JSON.stringify([next.lost, places]))}`,
        subscription: subscription.id,
        lost,
        lines,
        naming,
        body,
        now: ground.now(),
        signal: AbortSignal.any([under.signal, this.#stop.signal]),
      });
      return true;
    } finally {
      clearInterval(looking);
      outlet.close();
    }
  }

  /** Tried again, each time later; since when it waits is kept. */
  async #later(subscription: Subscription, waiting: Waiting, token: number, error: unknown): Promise<void> {
    const { ground, store, again = { first: 500, most: 60_000 } } = this.#parts;
    const now = ground.now();
    if (waiting.tries === 0) this.#parts.onTrouble(error);
    waiting.again = now + Math.min(again.most, again.first * 2 ** Math.min(waiting.tries, 20));
    waiting.tries++;
    const told = await store.told(subscription);
    if (told.behindSince === undefined) await store.setTold(subscription, { ...told, behindSince: now }, token);
  }
}

/**
 * Supplying by the platform itself (政务数据共享条例 Art.22(1)): where the grant of an agreed part is in force and its
 * dataset has arrived, so that a question is answered, the step `supply` is taken without anybody. It is the same step,
 * under the same guard, as that of the provider, who may always be first. By one worker of all replicas at a time; and
 * a step stands once, whoever takes it.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isYitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { State } from '../../ground/state/port.js';
import type { Application } from './application.js';
import { grantIdsOf } from './machines/application.js';
import { links, MatterStore } from './store.js';
import type { MatterAct, Matters } from './types.js';

interface Parts {
  readonly state: State;
  readonly matters: Pick<Matters, 'act'>;
  /** Of the platform. */
  readonly record: MatterAct['record'];
  /** On this replica. */
  readonly inForce: (grant: string) => boolean;
  /** ms since 1970 */
  readonly now: () => number;
  readonly onTrouble: (error: unknown) => void;
  readonly everyMs?: number;
}

export interface Supplying {
  stop(): Promise<void>;
}

const MACHINE = 'application';
const FROM = 'agreed';
const ACT = 'supply';
const LEASE = 'sharing-supply';
const LEASE_MS = 20_000;
const EVERY = 2000;
const PASS = 'sharing-supply-pass';
/** ms after which is said again that they are gone through. */
const PASS_EVERY = 5000;

/** An agreed part of an application that is not supplied. */
interface AgreedPart {
  readonly matter: string;
  readonly part: string;
  readonly grants: readonly string[];
}

/** All of them; the term that runs out first in front. */
async function agreedParts(state: State): Promise<readonly AgreedPart[]> {
  const store = new MatterStore(state);
  const found: AgreedPart[] = [];
  for (let after: string | undefined; ; ) {
    // a part that is agreed to has a term: that of Art.22(1)
    const page = await store.list(links.due, { limit: 500, ...present({ after }) });
    for (const { head, state: stands, contents } of page.matters) {
      if (head.machine !== MACHINE) continue;
      const application = contents['application'] as unknown as Application | undefined;
      for (const [part, { state: at }] of Object.entries(stands.parts))
        if (at === FROM && application !== undefined)
          found.push({ matter: head.id, part, grants: grantIdsOf(head.id, application, part) });
    }
    if (page.next === undefined) return found;
    after = page.next;
  }
}

/** How it stands, seen from outside of whoever supplies. */
export async function supplyStanding(
  state: State,
): Promise<{ readonly waiting: number; readonly passedAt: number | undefined }> {
  const waiting = (await agreedParts(state)).length;
  const body = (await state.document(PASS, 'last'))?.body as { readonly at: number } | undefined;
  return { waiting, passedAt: body?.at };
}

export const supplyAgreed = (parts: Parts): Supplying => new Supplier(parts);

class Supplier implements Supplying {
  readonly #parts: Parts;
  readonly #holder = randomBytes(8).toString('hex');
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #token: number | undefined;
  /** Of the state in which nothing waited. */
  #idleAt = -1;
  #passedAt = 0;
  #troubled = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    if (this.#token !== undefined) await this.#parts.state.release(LEASE, this.#token).catch(() => undefined);
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { everyMs = EVERY, onTrouble } = this.#parts;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#look();
        this.#troubled = false;
      } catch (error) {
        this.#token = undefined;
        if (!this.#troubled) onTrouble(error);
        this.#troubled = true;
      }
      await pause(everyMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { state, now } = this.#parts;
    const revision = await state.revision();
    if (revision === this.#idleAt) return;
    // somebody signed in, or verified something: nothing waits where nothing of a matter has changed
    if (!(await new MatterStore(state).changedSince(this.#idleAt))) return void (this.#idleAt = revision);
    const waiting = await agreedParts(state);
    if (waiting.length === 0) {
      // where nothing waits nothing is written, however long nothing happens
      if (this.#token !== undefined) await state.release(LEASE, this.#token);
      this.#token = undefined;
      this.#idleAt = revision;
      return;
    }
    for (const one of waiting) {
      const lease = await state.lease(LEASE, this.#holder, LEASE_MS);
      this.#token = lease?.token;
      if (lease === undefined || this.#stop.signal.aborted) return;
      await this.#supply(one);
    }
    if (now() - this.#passedAt < PASS_EVERY) return;
    await state.commit([{ do: 'put', kind: PASS, id: 'last', body: { at: now() } }]);
    this.#passedAt = now();
  }

  /** Nothing where it is too early, or where somebody was first. */
  async #supply({ matter, part, grants }: AgreedPart): Promise<void> {
    const { matters, record, inForce, onTrouble } = this.#parts;
    if (grants.length === 0 || !grants.every(inForce)) return;
    try {
      await matters.act(matter, { actor: { kind: 'platform' }, act: ACT, part, fields: {}, record });
    } catch (error) {
      if (isYitongError(error) && ['act_refused', 'matter_moved', 'not_found'].includes(error.code)) return;
      // one that fails does not hold up the others; a state that is away does
      if (isYitongError(error) && error.code === 'state_unavailable') throw error;
      if (!this.#troubled) onTrouble(error);
      this.#troubled = true;
    }
  }
}

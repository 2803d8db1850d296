/**
 * Who sequences the log of replicas that share a state: whoever holds a lease there, and has all of the log that was
 * ever reserved. Before a checkpoint is signed its tree is reserved in the state, in one commit that expects the token
 * of the lease: whoever lost the lease, paused for however long, reserves nothing more and so signs nothing more. What
 * is reserved is the tree of that size for good. Whoever comes next either has the run that leads to it, and signs that
 * one first, or does not begin. So neither clocks nor pauses can make two trees; the lease only decides who tries.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import type { Json, State, StateDocument } from '../../ground/state/port.js';
import type { Tree } from './run-message.js';

/** Name of the lease, and of the document that says what is reserved. */
const SEQUENCER_LEASE = 'log-sequencer';
const KIND = 'log';
const HEAD = 'head';

/** ms for which it is held without being renewed. */
const LEASE_MS = 10_000;
/** ms between two tries to reserve while the state does not answer. */
const RETRY_MS = 250;

/** What was reserved last. */
export interface Head extends Tree {
  /** By which replica, under which token. */
  readonly replica: string;
  readonly token: number;
  /** Replicas that had the run durable when it was reserved, the sequencing one among them. */
  readonly copies: readonly string[];
}

/** What a replica has of the log. */
export interface OwnLog {
  committed(): Tree;
  /** The run that was not committed so far, if one is there. */
  pending(): { readonly before: number; readonly next: Tree } | undefined;
  /** Root of the tree here when it had so many entries; undefined where it never had, or nobody can say. */
  rootAt(size: number): string | undefined;
}

type Standing =
  /** It may reserve. `settle`: the pending run is reserved and is signed first. */
  | { readonly kind: 'elected'; readonly token: number; readonly settle: boolean }
  | { readonly kind: 'other' }
  /** Nobody sequences; this replica lacks a part of what was reserved. */
  | { readonly kind: 'lacks'; readonly reason: string }
  /** The state does not answer. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** Whether a log covers what was reserved, and how; else in words what it lacks. */
export function coverage(head: Tree | undefined, own: OwnLog): 'committed' | 'pending' | { readonly lacks: string } {
  if (head === undefined || head.size === 0) return 'committed';
  const { size, root } = own.committed();
  if (size === head.size)
    return root === head.root
      ? 'committed'
      : { lacks: `the log of ${size} entries that was reserved is another than is here: a fork` };
  // the state was put back to before: what was signed since counts
  if (size > head.size)
    return own.rootAt(head.size) === head.root
      ? 'committed'
      : { lacks: `the log that was reserved had another tree at ${head.size} entries than is here: a fork` };
  const pending = own.pending();
  if (pending?.before === size && pending.next.size === head.size && pending.next.root === head.root) return 'pending';
  return { lacks: `${head.size} entries of the log were reserved, and ${size} are here` };
}

interface ElectionOptions {
  readonly state: State;
  /** Name of the replica. */
  readonly replica: string;
  /** Default: one of this process's own, so that nobody renews what a process before it held. */
  readonly holder?: string;
  readonly own: OwnLog;
  /** ms of the lease; default `LEASE_MS`. */
  readonly leaseMs?: number;
  /** Tests only. */
  readonly retryMs?: number;
}

const fenced = (reason: string): YitongError =>
  new YitongError('sequencer_fenced', `this replica does not sequence: ${reason}`);

export class Election {
  readonly #state: State;
  readonly #replica: string;
  readonly #holder: string;
  readonly #own: OwnLog;
  readonly #leaseMs: number;
  readonly #retryMs: number;
  #token: number | undefined;
  /** Version of the document of the head, as it was read or written last under the token. */
  #version = 0;
  /** Size of what was reserved last, likewise. */
  #size = 0;

  constructor({ state, replica, holder, own, leaseMs = LEASE_MS, retryMs = RETRY_MS }: ElectionOptions) {
    this.#state = state;
    this.#replica = replica;
    this.#holder = holder ?? `${replica} ${randomUUID()}`;
    this.#own = own;
    this.#leaseMs = leaseMs;
    this.#retryMs = retryMs;
  }

  /** Under which it may reserve, as far as is known here. */
  get token(): number | undefined {
    return this.#token;
  }

  /** Takes or renews the lease, or sees that another has it. Asked again and again. @throws what is no outage */
  async look(): Promise<Standing> {
    try {
      return await this.#look();
    } catch (error) {
      if (!isYitongError(error) || error.code !== 'state_unavailable') throw error;
      return { kind: 'unknown', reason: error.message };
    }
  }

  async #look(): Promise<Standing> {
    const lease = await this.#state.lease(SEQUENCER_LEASE, this.#holder, this.#leaseMs);
    if (lease === undefined) {
      this.#token = undefined;
      return { kind: 'other' };
    }
    if (lease.token === this.#token) return { kind: 'elected', token: lease.token, settle: false };
    // others may have had it in between
    this.#token = undefined;
    const { head, version } = await this.#read();
    const covers = coverage(head, this.#own);
    if (typeof covers === 'object') {
      await this.#state.release(SEQUENCER_LEASE, lease.token);
      return { kind: 'lacks', reason: covers.lacks };
    }
    this.#token = lease.token;
    this.#version = version;
    this.#size = head?.size ?? 0;
    return { kind: 'elected', token: lease.token, settle: covers === 'pending' };
  }

  /** What was reserved last; undefined before the first time. @throws YitongError `state_unavailable` */
  async head(): Promise<Head | undefined> {
    return (await this.#read()).head;
  }

  /**
   * Makes a tree the one of its size, for good. Tried until the state says whether it was: of a reservation whose
   * outcome is not known nobody could say what may be signed.
   * @param copies replicas that have the run, this one among them
   * @throws YitongError `sequencer_fenced` where this replica is not the one any more; the reason of `signal`
   */
  async reserve(tree: Tree, copies: readonly string[], signal?: AbortSignal): Promise<void> {
    const token = this.#token;
    if (token === undefined) throw fenced('it does not hold the lease of the sequencer');
    // the one way to a second tree of a size, whatever is wrong elsewhere
    if (tree.size <= this.#size) throw fenced(`a tree of ${String(this.#size)} entries was reserved before`);
    const body: Head = { ...tree, replica: this.#replica, token, copies };
    const id = `log-${randomUUID()}`;
    for (;;) {
      signal?.throwIfAborted();
      try {
        const made = await this.#state.commit(
          [
            { do: 'expect-lease', lease: SEQUENCER_LEASE, token },
            { do: 'put', kind: KIND, id: HEAD, version: this.#version, body: body as unknown as Json },
          ],
          id,
        );
        this.#version = made.revision;
        this.#size = tree.size;
        return;
      } catch (error) {
        if (isYitongError(error) && error.code === 'state_unavailable') {
          await wait(this.#retryMs, undefined, signal === undefined ? {} : { signal });
          continue;
        }
        if (!isYitongError(error) || error.code !== 'state_conflict') throw error;
        this.#token = undefined;
        throw fenced('its lease is over, or another replica has it');
      }
    }
  }

  /** Gives the lease back, so that another can begin at once. */
  async resign(): Promise<void> {
    const token = this.#token;
    this.#token = undefined;
    if (token !== undefined) await this.#state.release(SEQUENCER_LEASE, token);
  }

  async #read(): Promise<{ readonly head: Head | undefined; readonly version: number }> {
    const found: StateDocument | undefined = await this.#state.document(KIND, HEAD);
    return { head: found?.body as Head | undefined, version: found?.version ?? 0 };
  }
}

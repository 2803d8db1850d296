/**
 * Follows the other replicas of the log: claims, where this one sequences, and copies of their journals. One loop a
 * replica.
 */

import { existsSync } from 'node:fs';
import { isYitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { parseVkey, type Verifier } from '../proof/note.js';
import { publishVkey, replicaVkeyFile } from '../store/signer.js';
import { type ListAnswer, type ReplicaClient, replicaClient } from './client.js';
import type { Claim, Fence } from './epoch.js';
import type { Fault } from './fault.js';
import { type Copies, openCopies } from './journal-copies.js';
import type { Peer, ReplicaSetup } from './peers.js';

export interface ReplicaHealth {
  readonly name: string;
  /** `waiting`: not heard so far. `stopped`: another sequences, so it is not followed. */
  readonly state: 'waiting' | 'following' | 'unreachable' | 'stopped';
  readonly reason?: string;
  /** ms since 1970 when its journals were copied last; absent before the first time. */
  readonly at?: number;
  /** Entries durable there that are not here, as far as is known. */
  readonly lag: number;
}

export type ReplicaAlert =
  | {
      readonly kind: 'replica';
      readonly replica: string;
      readonly state: ReplicaHealth['state'];
      readonly reason: string;
    }
  | {
      readonly kind: 'journal';
      readonly replica: string;
      readonly journal: string;
      readonly why: Fault | 'damaged' | 'taken';
    };

export interface FollowOptions {
  readonly dataDir: string;
  readonly setup: Pick<ReplicaSetup, 'peers' | 'tls'>;
  /** Where this replica is to sequence. */
  readonly fence?: Fence;
  /** Also a replica that does not sequence keeps copies. */
  readonly copies: boolean;
  readonly now: () => number;
  /** Where this replica sequences: what is in its published log, as `integratedText` writes it. */
  readonly integrated?: () => string;
  /** ms between two looks at a replica that has nothing new; default 200. */
  readonly pause?: number;
  /** ms for which a fault of a journal must last before it counts as one; default 3000. */
  readonly patience?: number;
  readonly onAlert: (alert: ReplicaAlert) => void;
}

export interface Following {
  health(): readonly ReplicaHealth[];
  /** One look at each replica now. */
  once(): Promise<void>;
  stop(): Promise<void>;
}

const LONGEST_PAUSE = 4000;

/** Starts nothing where `pause` is 0, for `once`. */
export function followReplicas(options: FollowOptions): Following {
  return new FollowedReplicas(options);
}

class FollowedReplicas implements Following {
  readonly #followed: readonly FollowedReplica[];
  readonly #loops: readonly Promise<void>[];

  constructor(options: FollowOptions) {
    const { setup, pause = 200 } = options;
    this.#followed = setup.peers.map((peer) => new FollowedReplica(peer, options));
    this.#loops = pause === 0 ? [] : this.#followed.map((replica) => replica.follow(pause));
  }

  health(): readonly ReplicaHealth[] {
    return this.#followed.map((replica) => replica.health());
  }

  async once(): Promise<void> {
    await Promise.all(this.#followed.map((replica) => replica.look(0)));
  }

  async stop(): Promise<void> {
    for (const replica of this.#followed) replica.stop();
    await Promise.all(this.#loops);
  }
}

class FollowedReplica {
  readonly #options: FollowOptions;
  readonly #client: ReplicaClient;
  readonly #copies: Copies;
  /** Its vkeys, as it gave them last. */
  #keys: readonly Verifier[] = [];
  /** It has agreed that this one sequences. */
  #hasAgreed = false;
  #state: ReplicaHealth['state'] = 'waiting';
  #reason: string | undefined;
  #copiedAt: number | undefined;
  #lag = 0;
  #stopped = false;
  /** Ends the pause that is under way. */
  #wake: (() => void) | undefined;

  constructor(peer: Peer, options: FollowOptions) {
    this.#options = options;
    this.#client = replicaClient(peer, options.setup.tls);
    this.#copies = openCopies({
      dataDir: options.dataDir,
      replica: peer.name,
      keys: () => this.#keys,
      patience: options.patience ?? 3000,
      now: options.now,
      onFault: (journal, why) => options.onAlert({ kind: 'journal', replica: peer.name, journal, why }),
    });
  }

  health(): ReplicaHealth {
    return {
      name: this.#client.peer.name,
      state: this.#state,
      lag: this.#lag,
      ...present({ reason: this.#reason, at: this.#copiedAt }),
    };
  }

  /** Looks again and again until it is stopped. */
  async follow(pause: number): Promise<void> {
    const { now } = this.#options;
    for (let failures = 0; !this.#stopped; ) {
      const since = now();
      const outcome = await this.look(pause);
      failures = outcome === 'failed' ? failures + 1 : 0;
      // the replica itself waits where it has nothing new; where it has what cannot be copied, it would be asked
      // without end
      const rest = Math.min(LONGEST_PAUSE, pause * 2 ** Math.min(failures, 5)) - (now() - since);
      if (outcome !== 'some' && rest > 0 && !this.#stopped) await this.#sleep(rest);
    }
  }

  /** One look at it; never rejects. @param wait ms that it may wait where nothing is new */
  async look(wait: number): Promise<'some' | 'nothing' | 'failed'> {
    try {
      return (await this.#exchange(wait)) ? 'some' : 'nothing';
    } catch (error) {
      if (isYitongError(error) && error.code === 'sequencer_fenced') this.#become('stopped', error.message);
      else this.#become('unreachable', error instanceof Error ? error.message : 'unknown');
      return 'failed';
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
    this.#client.close();
  }

  /** Claims where this one is to sequence, lists its journals and copies what is new; whether anything was. */
  async #exchange(wait: number): Promise<boolean> {
    const { fence, copies, integrated } = this.#options;
    const claim = fence === undefined || fence.fenced !== undefined ? undefined : fence.claim();
    if (claim === undefined && !copies) {
      this.#become('stopped', fence?.fenced);
      return false;
    }
    if (claim !== undefined && !(await this.#agrees(claim))) return false;
    // before it has begun, as one that only copies: a sequencer that began without a journal would take it for vanished
    const begun = claim?.established === true ? claim : undefined;
    const answer = await this.#client.list(
      { ...present({ claim: begun }), have: this.#copies.have(), wait },
      begun === undefined ? undefined : integrated?.(),
    );
    if (answer.kind === 'refused') {
      this.#lost(answer.reason);
      return false;
    }
    return this.#copy(answer);
  }

  /** Whether it agrees that this one sequences; it is asked until it has. */
  async #agrees(claim: Claim): Promise<boolean> {
    if (this.#hasAgreed) return true;
    const judgement = await this.#client.claim(claim);
    if (judgement.kind === 'refused') {
      this.#lost(judgement.reason);
      return false;
    }
    this.#hasAgreed = true;
    return true;
  }

  async #copy({ vkeys, journals }: Extract<ListAnswer, { kind: 'list' }>): Promise<boolean> {
    const { fence, now } = this.#options;
    this.#learn(vkeys);
    this.#lag = this.#copies.lag(journals);
    const some = await this.#copies.update(this.#client, journals);
    this.#lag = this.#copies.lag(journals);
    if (this.#hasAgreed) fence?.agreed(this.#client.peer.name);
    this.#copiedAt = now();
    this.#become('following');
    return some;
  }

  /**
   * Vkeys that the replica signs with, beside those of this one: whoever verifies a promise finds them with the log.
   */
  #learn(vkeys: readonly string[]): void {
    this.#keys = vkeys.map(parseVkey);
    for (const key of this.#keys) {
      const file = replicaVkeyFile(this.#options.dataDir, key.keyId);
      if (!existsSync(file)) publishVkey(file, key);
    }
  }

  /** It refused: nothing is sequenced here any more. */
  #lost(reason: string): void {
    this.#options.fence?.lost(`\`${this.#client.peer.name}\` says: ${reason}`);
  }

  #become(state: ReplicaHealth['state'], reason?: string): void {
    const isNews = reason !== undefined && (this.#state !== state || this.#reason !== reason);
    this.#state = state;
    this.#reason = reason;
    if (isNews && !this.#stopped)
      this.#options.onAlert({ kind: 'replica', replica: this.#client.peer.name, state, reason });
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}

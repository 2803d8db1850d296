/**
 * Follows the other replicas of the log: claims, where this one sequences, and copies of their journals. One loop a
 * replica.
 */

import { existsSync } from 'node:fs';
import { isYitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { parseVkey, type Verifier } from '../proof/note.js';
import { publishVkey, replicaVkeyFile } from '../store/signer.js';
import { type ReplicaClient, replicaClient } from './client.js';
import { type Copies, openCopies } from './copy.js';
import type { Fence } from './epoch.js';
import type { Fault } from './fault.js';
import type { ReplicaSetup } from './peers.js';

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

interface Followed {
  readonly client: ReplicaClient;
  readonly copies: Copies;
  keys: readonly Verifier[];
  agreed: boolean;
  state: ReplicaHealth['state'];
  reason: string | undefined;
  at: number | undefined;
  lag: number;
}

const LONGEST_PAUSE = 4000;

/** Starts nothing where `pause` is 0, for `once`. */
export function followReplicas({
  dataDir,
  setup,
  fence,
  copies,
  now,
  integrated,
  pause = 200,
  patience = 3000,
  onAlert,
}: FollowOptions): Following {
  const followed = setup.peers.map((peer): Followed => {
    const one: Followed = {
      client: replicaClient(peer, setup.tls),
      keys: [],
      agreed: false,
      state: 'waiting',
      reason: undefined,
      at: undefined,
      lag: 0,
      copies: openCopies({
        dataDir,
        replica: peer.name,
        keys: () => one.keys,
        patience,
        now,
        onFault: (journal, why) => onAlert({ kind: 'journal', replica: peer.name, journal, why }),
      }),
    };
    return one;
  });
  let stopped = false;
  const wakes = new Set<() => void>();

  function become(one: Followed, state: ReplicaHealth['state'], reason?: string): void {
    const worse = reason !== undefined && (one.state !== state || one.reason !== reason);
    one.state = state;
    one.reason = reason;
    if (worse && !stopped) onAlert({ kind: 'replica', replica: one.client.peer.name, state, reason });
  }

  /**
   * Vkeys that the replica signs with, beside those of this one: whoever verifies a promise finds them with the log.
   */
  function learn(one: Followed, vkeys: readonly string[]): void {
    one.keys = vkeys.map(parseVkey);
    for (const key of one.keys) {
      const file = replicaVkeyFile(dataDir, key.keyId);
      if (!existsSync(file)) publishVkey(file, key);
    }
  }

  /** Whether anything was copied. */
  async function turn(one: Followed, wait: number): Promise<boolean> {
    const { client } = one;
    const lost = (reason: string): void => fence?.lost(`\`${client.peer.name}\` says: ${reason}`);
    const claim = fence === undefined || fence.fenced !== undefined ? undefined : fence.claim();
    if (claim === undefined && !copies) {
      become(one, 'stopped', fence?.fenced);
      return false;
    }
    if (claim !== undefined && !one.agreed) {
      const judgement = await client.claim(claim);
      if (judgement.kind === 'refused') {
        lost(judgement.reason);
        return false;
      }
      one.agreed = true;
    }
    // before it has begun, as one that only copies: a sequencer that began without a journal would take it for vanished
    const answer = await client.list(
      { ...(claim?.established === true ? { claim } : {}), have: one.copies.have(), wait },
      claim?.established === true ? integrated?.() : undefined,
    );
    if (answer.kind === 'refused') {
      lost(answer.reason);
      return false;
    }
    learn(one, answer.vkeys);
    one.lag = one.copies.lag(answer.journals);
    const some = await one.copies.update(client, answer.journals);
    one.lag = one.copies.lag(answer.journals);
    if (one.agreed) fence?.agreed(client.peer.name);
    one.at = now();
    become(one, 'following');
    return some;
  }

  async function attempt(one: Followed, wait: number): Promise<'some' | 'nothing' | 'failed'> {
    try {
      return (await turn(one, wait)) ? 'some' : 'nothing';
    } catch (error) {
      if (isYitongError(error) && error.code === 'sequencer_fenced') become(one, 'stopped', error.message);
      else become(one, 'unreachable', error instanceof Error ? error.message : 'unknown');
      return 'failed';
    }
  }

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        wakes.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      wakes.add(done);
    });

  async function loop(one: Followed): Promise<void> {
    for (let failures = 0; !stopped; ) {
      const since = now();
      const outcome = await attempt(one, pause);
      failures = outcome === 'failed' ? failures + 1 : 0;
      // the replica itself waits where it has nothing new; where it has what cannot be copied, it would be asked
      // without end
      const rest = Math.min(LONGEST_PAUSE, pause * 2 ** Math.min(failures, 5)) - (now() - since);
      if (outcome !== 'some' && rest > 0 && !stopped) await sleep(rest);
    }
  }
  const loops = pause === 0 ? [] : followed.map(loop);

  return {
    health: () =>
      followed.map(({ client, state, reason, at, lag }) => ({
        name: client.peer.name,
        state,
        lag,
        ...present({ reason, at }),
      })),
    async once() {
      await Promise.all(followed.map((one) => attempt(one, 0)));
    },
    async stop() {
      stopped = true;
      for (const wake of [...wakes]) wake();
      for (const { client } of followed) client.close();
      await Promise.all(loops);
    },
  };
}

/**
 * Brings the log of the replica that sequences to the others: each run before it is signed, the word that it was
 * committed, and to one that is behind what it lacks.
 */
import { isYitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { type ReplicaClient, replicaClient } from './client.js';
import type { Claim } from './epoch.js';
import type { Peer, ReplicaSetup } from './peers.js';
import { encodeRun, type RunMessage } from './run-message.js';

export interface CopyHealth {
  readonly replica: string;
  /** `kept`: it has all. `behind`: it is brought what it lacks. */
  readonly state: 'waiting' | 'kept' | 'behind' | 'unreachable' | 'refused';
  readonly reason?: string;
  /** ms since 1970 when its copy had all of the log last; absent before the first time. */
  readonly at?: number;
}

interface ShippingOptions {
  readonly setup: Pick<ReplicaSetup, 'peers' | 'tls'>;
  readonly origin: string;
  /** As the one that sequences puts it to others now. @throws YitongError `sequencer_fenced` */
  readonly claim: () => Claim;
  /** What is committed here, published, and whose the journals are in it. */
  readonly committed: () => Pick<RunMessage, 'checkpoint' | 'published'>;
  readonly journalsOf: () => Readonly<Record<string, string>>;
  /** What is committed from an index on; undefined where there is nothing. */
  readonly part: (from: number) => RunMessage | undefined;
  /** A replica refused: another one is known there to sequence, or a fork. */
  readonly onRefused: (reason: string) => void;
  readonly now: () => number;
  /** ms within which a replica has a run, or is gone on without; default 2000. */
  readonly within?: number;
}

export class Shipping {
  readonly #options: ShippingOptions;
  readonly #copies: readonly CopyOf[];

  constructor(options: ShippingOptions) {
    this.#options = options;
    this.#copies = options.setup.peers.map((peer) => new CopyOf(peer, options));
  }

  /** @returns names of the replicas that have it on their disks, beside what was committed before */
  async run(run: RunMessage): Promise<readonly string[]> {
    const { claim, committed, journalsOf } = this.#options;
    const { published } = committed();
    const bytes = encodeRun({ ...run, claim: claim(), published, journalsOf: journalsOf() });
    const kept = await Promise.all(this.#copies.map((copy) => copy.send(bytes)));
    return this.#copies.flatMap(({ name }, i) => (kept[i] === true ? [name] : []));
  }

  /** Says what is committed, and finds out who is behind. Rejects never. */
  async tell(): Promise<void> {
    const { claim, committed, origin } = this.#options;
    let bytes: Buffer;
    try {
      bytes = encodeRun({ claim: claim(), origin, ...committed(), first: 0, records: [], commitments: [] });
    } catch {
      // fenced: whoever holds the fence says so
      return;
    }
    await Promise.all(this.#copies.map((copy) => copy.send(bytes)));
  }

  health(): readonly CopyHealth[] {
    return this.#copies.map((copy) => copy.health());
  }

  async close(): Promise<void> {
    await Promise.all(this.#copies.map((copy) => copy.close()));
  }
}

/** The log's copy at one other replica. */
class CopyOf {
  readonly name: string;
  readonly #options: ShippingOptions;
  readonly #client: ReplicaClient;
  #state: CopyHealth['state'] = 'waiting';
  #reason: string | undefined;
  #keptAt: number | undefined;
  /** While it is brought what it lacks nothing else is sent. */
  #catching: Promise<void> | undefined;
  #closed = false;

  constructor(peer: Peer, options: ShippingOptions) {
    this.name = peer.name;
    this.#options = options;
    this.#client = replicaClient(peer, options.setup.tls);
  }

  health(): CopyHealth {
    return { replica: this.name, state: this.#state, ...present({ reason: this.#reason, at: this.#keptAt }) };
  }

  /** Whether it has it. */
  async send(bytes: Buffer): Promise<boolean> {
    if (this.#catching !== undefined || this.#closed) return false;
    const behind = await this.#sendOnce(bytes, this.#options.within ?? 2000);
    if (behind === undefined) return this.#state === 'kept';
    this.#catching = this.#catchUp(behind).finally(() => (this.#catching = undefined));
    return false;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#client.close();
    await this.#catching;
  }

  /** @returns from where on it lacks something; undefined where it does not, or cannot say */
  async #sendOnce(bytes: Buffer, within: number): Promise<number | undefined> {
    try {
      const answer = await this.#client.run(bytes, within);
      switch (answer.kind) {
        case 'ready':
          this.#become('kept');
          this.#keptAt = this.#options.now();
          return undefined;
        case 'behind':
          this.#become('behind');
          return answer.size;
        case 'refused':
          this.#become('refused', answer.reason);
          this.#options.onRefused(`\`${this.name}\` says: ${answer.reason}`);
          return undefined;
      }
    } catch (error) {
      this.#become('unreachable', error instanceof Error ? error.message : 'unknown');
      return undefined;
    }
  }

  /** Never rejects. */
  async #catchUp(from: number): Promise<void> {
    const { part, claim, committed, journalsOf } = this.#options;
    try {
      for (let next: number | undefined = from; next !== undefined && !this.#closed; ) {
        const found = part(next);
        if (found === undefined) return;
        const bytes = encodeRun({
          ...found,
          claim: claim(),
          published: committed().published,
          journalsOf: journalsOf(),
        });
        next = await this.#sendOnce(bytes, 30_000);
      }
    } catch (error) {
      if (!isYitongError(error) || error.code !== 'sequencer_fenced')
        this.#become('unreachable', error instanceof Error ? error.message : 'unknown');
    }
  }

  #become(state: CopyHealth['state'], reason?: string): void {
    this.#state = state;
    this.#reason = reason;
  }
}

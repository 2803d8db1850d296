/**
 * Brings the log of the replica that sequences to the others: each run before it is signed, the word that it was
 * committed, and to one that is behind what it lacks.
 */
import { setTimeout as wait } from 'node:timers/promises';
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
  /** The same of one that had all so far: who only is slow is waited for, so that the log is not in one place alone. */
  readonly patience?: number;
}

const WITHIN = 2000;
/** Below what a replica has to take over in, and far below what a receipt promises. */
const PATIENCE = 10_000;
/** ms that a run waits until it is known whether one that is behind is brought the last of what it lacks. */
const NEARLY = 500;

export class Shipping {
  readonly #options: ShippingOptions;
  readonly #copies: readonly CopyOf[];

  constructor(options: ShippingOptions) {
    this.#options = options;
    this.#copies = options.setup.peers.map((peer) => new CopyOf(peer, options));
  }

  /**
   * @param signal nobody is waited for any more
   * @returns names of the replicas that have it on their disks, beside what was committed before
   */
  async run(run: RunMessage, signal?: AbortSignal): Promise<readonly string[]> {
    const { claim, committed, journalsOf } = this.#options;
    const { published } = committed();
    const bytes = encodeRun({ ...run, claim: claim(), published, journalsOf: journalsOf() });
    const kept = await Promise.all(this.#copies.map((copy) => unless(signal, copy.sendRun(bytes))));
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

/** False as soon as the signal says so. */
async function unless(signal: AbortSignal | undefined, kept: Promise<boolean>): Promise<boolean> {
  if (signal === undefined) return await kept;
  let stop = (): void => undefined;
  const stopped = new Promise<boolean>((resolve) => {
    stop = () => resolve(false);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  return await Promise.race([kept, stopped]).finally(() => signal.removeEventListener('abort', stop));
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
  /** What it is brought is all that it lacks. */
  #isLast = false;
  #closed = false;

  constructor(peer: Peer, options: ShippingOptions) {
    this.name = peer.name;
    this.#options = options;
    this.#client = replicaClient(peer, options.setup.tls);
  }

  health(): CopyHealth {
    return { replica: this.name, state: this.#state, ...present({ reason: this.#reason, at: this.#keptAt }) };
  }

  /** A run that is to be signed. Whether it has it, also where it was a little behind. */
  async sendRun(bytes: Buffer): Promise<boolean> {
    await this.#nearlyThere();
    if (await this.send(bytes)) return true;
    if (this.#catching === undefined) return false;
    await this.#nearlyThere();
    return await this.send(bytes);
  }

  /** While it is brought the last of what it lacks; one that lacks much is not waited for. */
  async #nearlyThere(): Promise<void> {
    const { patience = PATIENCE } = this.#options;
    const began = performance.now();
    for (;;) {
      const waited = performance.now() - began;
      if (this.#catching === undefined || waited > (this.#isLast ? patience : NEARLY)) return;
      await Promise.race([this.#catching, wait(NEARLY / 10, undefined, { ref: false })]);
    }
  }

  /** Whether it has it. */
  async send(bytes: Buffer): Promise<boolean> {
    if (this.#catching !== undefined || this.#closed) return false;
    const { within = WITHIN, patience = PATIENCE } = this.#options;
    const behind = await this.#sendOnce(bytes, this.#state === 'kept' ? patience : within);
    if (behind === undefined) return this.#state === 'kept';
    this.#isLast = false;
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
        this.#isLast = found.reached !== undefined;
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

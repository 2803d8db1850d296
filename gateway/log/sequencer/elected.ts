/**
 * The log of a replica that sequences whenever it is elected (`replicas/election.ts`), and keeps a copy of the log
 * while another does.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Lock } from '../../ground/files/lock.js';
import type { State } from '../../ground/state/port.js';
import { auditLayout } from '../entries/layout.js';
import { journalFolders } from '../journal/folders.js';
import { Election } from '../replicas/election.js';
import { ELECTED_FROM, type Fence, openFence, type Register } from '../replicas/epoch.js';
import type { ReplicaSetup } from '../replicas/peers.js';
import type { RunAnswer, RunMessage } from '../replicas/run-message.js';
import { type CopyHealth, Shipping } from '../replicas/ship.js';
import { readCheckpoint } from '../store/published.js';
import { shareLogKey } from '../store/shared-key.js';
import { openAuditSigners, type Signer } from '../store/signer.js';
import { readState } from '../store/state.js';
import type { WitnessSetup } from '../witness/gathering.js';
import { dropPending, keepPending, LogCopy, ownLog } from './copy.js';
import { logPart } from './part.js';
import { type LogHealth, type Sequencer, type SequencerAlert, startSequencer } from './sequencer.js';

/** ms between two looks at the lease. */
const LOOKS = 1000;
/** Entries of one run: it travels to the others as a whole. */
const BATCH = 5000;
/** ms that the state has, at the end, to take the last run. */
const LAST_RUN = 3000;

interface ElectedOptions {
  readonly dataDir: string;
  readonly state: State;
  readonly setup: Pick<ReplicaSetup, 'name' | 'peers' | 'tls'>;
  readonly register: Register;
  /** Names of the log's key and of the replica's. */
  readonly names: { readonly origin: string; readonly replica: string };
  readonly origin: string;
  readonly witnesses?: WitnessSetup;
  /** Of the data folder, held. */
  readonly lock: Lock;
  readonly now: () => number;
  readonly onAlert: (alert: SequencerAlert) => void;
  /** In words, for the operator. */
  readonly onNews: (message: string) => void;
  /** ms between two looks at the lease, and between two of the sequencer; default 1000 and 500. */
  readonly looks?: number;
  readonly interval?: number;
  /** ms for which the lease is held without being renewed. */
  readonly leaseMs?: number;
}

export interface ElectedReport {
  /** `nobody`: no replica that has the whole log holds the lease. `unknown`: the state does not answer. */
  readonly standing: 'sequences' | 'stands_by' | 'nobody' | 'unknown';
  readonly reason?: string;
  /** Where this replica sequences: the copies of the others. */
  readonly copies: readonly CopyHealth[];
}

/** While this replica is the elected one. */
interface Term {
  readonly token: number;
  readonly fence: Fence;
  readonly sequencer: Sequencer;
  readonly shipping: Shipping;
  /** Ends what waits for the state. */
  readonly end: AbortController;
}

export class ElectedLog {
  readonly #options: ElectedOptions;
  readonly #election: Election;
  /** For whoever follows the other replicas: it stands for the term that is under way. */
  readonly fence: Fence;
  #term: Term | undefined;
  #copy: LogCopy | undefined;
  #signer: Signer | undefined;
  #report: ElectedReport = { standing: 'unknown', copies: [] };
  /** ms since 1970 when it was last known that somebody holds the lease. */
  #heldAt: number;
  #lost = false;
  #stopped = false;
  readonly #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #telling: Promise<void> | undefined;
  #told = '';

  constructor(options: ElectedOptions) {
    const { dataDir, state, setup, now, leaseMs } = options;
    this.#options = options;
    this.#heldAt = now();
    const own = ownLog(dataDir);
    this.#election = new Election({ state, replica: setup.name, own, ...present({ leaseMs }) });
    this.fence = this.#fenceOfTerms();
  }

  start(): void {
    this.#loop = this.#again();
  }

  /** ms since 1970. */
  heldAt(): number {
    return this.#heldAt;
  }

  report(): ElectedReport {
    return { ...this.#report, copies: this.#term?.shipping.health() ?? [] };
  }

  /** What the replica that sequences sent for the copy here. @throws YitongError `audit_unavailable` for now */
  async take(run: RunMessage): Promise<RunAnswer> {
    // its claim is newer than the term here: it is over, and nobody has seen so until now
    if (this.#term !== undefined) this.#lost = true;
    if (this.#copy === undefined || this.#term !== undefined)
      throw new YitongError('audit_unavailable', 'this replica takes no copy at the moment');
    return await this.#copy.take(run);
  }

  health(): LogHealth {
    const { dataDir } = this.#options;
    if (this.#term !== undefined) return this.#term.sequencer.health();
    const published = readCheckpoint(dataDir);
    return {
      size: readState(auditLayout(dataDir).state)?.state.size ?? 0,
      publishedSize: published?.size ?? 0,
      ...present({ publishedAt: published?.at }),
      required: 0,
      witnesses: [],
    };
  }

  /** A run now, where this replica sequences. @throws YitongError */
  async runOnce(): Promise<void> {
    await this.#term?.sequencer.runOnce();
  }

  /** Another replica can begin as soon as it resolves. */
  async stop(settle = 0): Promise<void> {
    this.#stopped = true;
    this.#wake.abort();
    await this.#loop;
    await this.#stepDown(settle);
    await this.#copy?.close();
    this.#copy = undefined;
    await this.#election.resign().catch(() => undefined);
  }

  async #again(): Promise<void> {
    const { looks = LOOKS } = this.#options;
    while (!this.#stopped) {
      await this.#look().catch((error: unknown) =>
        this.#become('unknown', error instanceof Error ? error.message : 'unknown'),
      );
      await wait(looks, undefined, { signal: this.#wake.signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { now } = this.#options;
    if (!(await this.#opened())) return;
    if (this.#lost || this.#term?.fence.fenced !== undefined) {
      const reason = this.#term?.fence.fenced;
      await this.#stepDown();
      await this.#election.resign();
      this.#options.onNews(
        `this replica does not sequence the log any more${reason === undefined ? '' : `: ${reason}`}`,
      );
    }
    const standing = await this.#election.look();
    switch (standing.kind) {
      case 'elected':
        if (this.#term?.token !== standing.token) {
          await this.#stepDown();
          await this.#begin(standing.token, standing.settle);
        }
        this.#heldAt = now();
        this.#become('sequences');
        this.#tell();
        break;
      case 'other':
        await this.#stepDown();
        this.#heldAt = now();
        this.#become('stands_by');
        break;
      case 'lacks':
        await this.#stepDown();
        this.#become('nobody', standing.reason);
        break;
      case 'unknown':
        // whoever has it keeps it: nothing can be reserved meanwhile
        this.#become('unknown', standing.reason);
        break;
    }
  }

  /** The log's key, and the copy; false while the state has to be waited for. */
  async #opened(): Promise<boolean> {
    if (this.#signer !== undefined) return true;
    const { dataDir, state, names } = this.#options;
    try {
      await shareLogKey(state, dataDir);
    } catch (error) {
      this.#become('unknown', error instanceof Error ? error.message : 'unknown');
      return false;
    }
    this.#signer = openAuditSigners(dataDir, names).log;
    this.#copy = this.#openCopy(this.#signer);
    return true;
  }

  #openCopy(signer: Signer): LogCopy {
    const { dataDir, origin, onAlert } = this.#options;
    return new LogCopy({ dataDir, signer, origin, onTrouble: (reason) => onAlert({ kind: 'failed', reason }) });
  }

  async #begin(token: number, settle: boolean): Promise<void> {
    const { dataDir, setup, register, origin, now, witnesses, lock, interval, onAlert, onNews } = this.#options;
    const signer = this.#signer;
    if (signer === undefined) return;
    if (settle) await this.#copy?.settle();
    else dropPending(dataDir);
    await this.#copy?.close();
    this.#copy = undefined;
    this.#lost = false;
    const others: readonly string[] = [];
    const fence = openFence(register, { name: setup.name, epoch: ELECTED_FROM + token, others });
    const end = new AbortController();
    const shipping = this.#shippingOf(fence);
    const sequencer = startSequencer({
      dataDir,
      signer,
      origin,
      now,
      ...present({ witnesses, interval }),
      fence,
      lock,
      batch: BATCH,
      ahead: {
        prepare: async (run) => {
          // this replica may come back and be the one that goes on with it
          keepPending(dataDir, run);
          const copies = await shipping.run(run, end.signal);
          const { size, root } = run.next ?? { size: 0, root: '' };
          await this.#election.reserve({ size, root }, [setup.name, ...copies], end.signal);
        },
        committed: () => {
          dropPending(dataDir);
          this.#tell();
        },
      },
      onAlert: (alert) => {
        if (alert.kind === 'fenced') this.#lost = true;
        else if (!end.signal.aborted) onAlert(alert);
      },
    });
    this.#term = { token, fence, sequencer, shipping, end };
    onNews(`this replica sequences the log from now on (election ${String(token)})`);
  }

  #shippingOf(fence: Fence): Shipping {
    const { dataDir, setup, origin, now, onNews } = this.#options;
    let told = '';
    return new Shipping({
      setup,
      origin,
      now,
      claim: () => fence.claim(),
      committed: () => ({
        checkpoint: readState(auditLayout(dataDir).state)?.state.checkpoint ?? '',
        published: readCheckpoint(dataDir)?.note ?? '',
      }),
      journalsOf: () =>
        Object.fromEntries([...journalFolders(dataDir)].map(([id, { replica }]) => [id, replica ?? setup.name])),
      part: (from) => logPart(dataDir, from),
      onRefused: (reason) => {
        if (reason !== told) onNews(`a replica takes no copy of the log: ${reason}`);
        told = reason;
      },
    });
  }

  /** Says to the others what is committed; one such word at a time. */
  #tell(): void {
    this.#telling ??= this.#term?.shipping.tell().finally(() => (this.#telling = undefined));
  }

  async #stepDown(settle = 0): Promise<void> {
    const term = this.#term;
    this.#lost = false;
    if (term === undefined) return;
    const abort = (): void => term.end.abort(new YitongError('sequencer_fenced', 'the term is over'));
    // at the end of the process a run that is under way is waited for, but not a state that is away
    const patience = setTimeout(abort, this.#stopped ? LAST_RUN : 0);
    await term.sequencer.stop(settle);
    clearTimeout(patience);
    abort();
    await this.#telling;
    await term.shipping.close();
    this.#term = undefined;
    if (this.#signer !== undefined) this.#copy = this.#openCopy(this.#signer);
  }

  #become(standing: ElectedReport['standing'], reason?: string): void {
    this.#report = { standing, copies: [], ...present({ reason }) };
    const text = reason === undefined ? '' : `${standing} ${reason}`;
    if (reason !== undefined && text !== this.#told)
      this.#options.onNews(
        standing === 'nobody'
          ? `nobody sequences the log, and this replica cannot: ${reason}`
          : `who sequences the log is not known here: ${reason}`,
      );
    this.#told = text;
  }

  #fenceOfTerms(): Fence {
    const ofTerm = (): Fence | undefined => this.#term?.fence;
    const lose = (): void => void (this.#lost = true);
    const standsBy = 'another replica was elected';
    return {
      name: this.#options.setup.name,
      claim: () => {
        const fence = ofTerm();
        if (fence === undefined)
          throw new YitongError('sequencer_fenced', `this replica does not sequence: ${standsBy}`);
        return fence.claim();
      },
      agreed: () => undefined,
      lost: (reason) => {
        ofTerm()?.lost(reason);
        lose();
      },
      get fenced() {
        const fence = ofTerm();
        return fence === undefined ? standsBy : fence.fenced;
      },
      hold: () => ofTerm()?.hold(),
    };
  }
}

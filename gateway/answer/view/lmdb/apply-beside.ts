/**
 * Applies prepared batches on a thread of its own, so that a process that is far behind reads and prepares what comes
 * next meanwhile. The thread is started with the first of them, and ends when it has had nothing to do for a while.
 */
import { Worker } from 'node:worker_threads';
import { YitongError } from '../../../../contracts/errors.js';
import type { PreparedBatch } from '../port.js';
import type { ApplyInput, FromApplyWorker, ToApplyWorker } from './apply-worker.js';
import { ViewDamaged } from './checked.js';

/** ms without work after which the thread ends. */
const IDLE = 10_000;

interface Job {
  done(): void;
  failed(error: Error): void;
}

/** One at a time: who calls waits for what it has called before. */
export class ApplyBeside {
  #thread: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #job: Job | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** The thread went while it had the store's lock, or may have had it. */
  #broken: YitongError | undefined;

  constructor(readonly input: () => ApplyInput) {}

  /** @throws YitongError `view_unavailable` from then on when the thread has gone by itself: this process has to end */
  refuseBroken(): void {
    if (this.#broken !== undefined) throw this.#broken;
  }

  /**
   * Resolves when all of it is on disk. The bytes of the batches go over to the thread: the caller has them no more.
   * @throws YitongError `store_full`, `view_unavailable`; ViewDamaged
   */
  apply(batches: readonly PreparedBatch[], isFresh: boolean): Promise<void> {
    return new Promise((done, failed) => {
      this.refuseBroken();
      clearTimeout(this.#idle);
      const thread = this.#start();
      this.#job = { done, failed };
      thread.ref();
      // a small one stands in memory that others share, and is copied
      const own = batches
        .map(({ bytes }) => bytes.buffer)
        .filter(
          (memory, i): memory is ArrayBuffer => memory.byteLength === batches[i]?.bytes.length && memory.byteLength > 0,
        );
      thread.postMessage({ kind: 'apply', batches, isFresh } satisfies ToApplyWorker, own);
    });
  }

  async close(): Promise<void> {
    this.#dismiss();
    await this.#ended;
  }

  #dismiss(): void {
    clearTimeout(this.#idle);
    this.#thread?.postMessage({ kind: 'close' } satisfies ToApplyWorker);
    this.#thread?.ref();
    this.#thread = undefined;
  }

  #start(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const thread = new Worker(new URL('./apply-worker.js', import.meta.url), {
      workerData: this.input(),
      name: 'apply',
    });
    this.#thread = thread;
    let why: unknown;
    thread.on('message', (said: FromApplyWorker) => {
      const job = this.#job;
      this.#job = undefined;
      thread.unref();
      this.#idle = setTimeout(() => this.#dismiss(), IDLE).unref();
      if (said.kind === 'applied') job?.done();
      else job?.failed(errorOf(said));
    });
    thread.on('error', (error) => (why = error));
    const before = this.#ended;
    this.#ended = new Promise((resolve) => {
      thread.on('exit', () => {
        if (this.#thread === thread) {
          this.#thread = undefined;
          this.#broken = new YitongError('view_unavailable', 'the thread that writes the view has ended', {
            cause: why,
          });
        }
        if (this.#broken !== undefined) this.#job?.failed(this.#broken);
        this.#job = undefined;
        resolve(before);
      });
    });
    return thread;
  }
}

function errorOf({ code, message, damaged }: FromApplyWorker & { readonly kind: 'failed' }): Error {
  if (damaged) return new ViewDamaged();
  return code === undefined ? new Error(message) : new YitongError(code, message);
}

/**
 * Draws reports in threads, so that whoever answers requests does not wait for pages. Signing stays in this thread: a
 * key, or the way to a hardware module, goes nowhere.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { PaperDocument } from '../../procedures/cases/papers.js';
import type { ReportModel } from '../model/model.js';
import type { CertificateModel } from './certificate/model.js';
import type { EntriesModel } from './entries/model.js';
import type { MaterialOptions } from './material/draw.js';
import { drawOptions, type Pdf, type PdfOptions } from './options.js';
import type { FromThread, ToThread } from './pool-worker.js';
import { roomFor, seal } from './seal.js';
import type { SharingModel, SharingOptions } from './sharing/draw.js';
import type { DocumentSigner } from './signer.js';

/** The one pool of a process: threads keep their fonts. */
export const sharedPool = (): PdfPool => (shared ??= pdfPool());
let shared: PdfPool | undefined;

interface PdfPool {
  /** As `renderPdf`; jobs are taken in the order in which they come. */
  render(model: ReportModel, options: PdfOptions): Promise<Pdf>;
  /** A certificate of proof, signed as reports are. */
  certificate(model: CertificateModel, sign: DocumentSigner): Promise<Pdf>;
  /** A material of a case; signed as reports are, where somebody signs it. */
  material(paper: PaperDocument, options: Omit<MaterialOptions, 'room'>, sign?: DocumentSigner): Promise<Pdf>;
  /** A document about sharing, signed as reports are. */
  sharing(
    model: SharingModel,
    options: Omit<SharingOptions, 'room' | 'signer' | 'at'>,
    sign: DocumentSigner,
  ): Promise<Pdf>;
  /** Entries of the log as one document; signed as reports are, where somebody signs it. */
  entries(model: EntriesModel, sign?: DocumentSigner): Promise<Pdf>;
  /** Ends the threads; what is not drawn yet is refused. */
  close(): Promise<void>;
}

interface Job {
  readonly asked: ToThread;
  done(answer: FromThread): void;
  failed(error: Error): void;
}

/**
 * Threads are started when there is work for them, and kept with their fonts read. A thread that ends takes its one job
 * with it, not the others.
 * @param threads default: one a core, at most four
 */
export function pdfPool({
  threads = Math.min(4, availableParallelism()),
}: {
  readonly threads?: number;
} = {}): PdfPool {
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const all = new Map<Worker, Job | undefined>();
  let closed = false;

  const give = (thread: Worker): void => {
    const job = waiting.shift();
    all.set(thread, job);
    if (job === undefined) {
      idle.push(thread);
      // a process that has nothing else to do may end
      thread.unref();
      return;
    }
    thread.ref();
    try {
      thread.postMessage(job.asked);
    } catch (error) {
      job.failed(error as Error);
      give(thread);
    }
  };
  const start = (): void => {
    const thread = new Worker(new URL('./pool-worker.js', import.meta.url), { name: 'pdf' });
    all.set(thread, undefined);
    let why = new Error('the thread that drew the report has ended');
    thread.on('message', (answer: FromThread) => {
      all.get(thread)?.done(answer);
      give(thread);
    });
    thread.on('error', (error: unknown) => {
      why = new Error('the thread that drew the report has failed', { cause: error });
    });
    thread.on('exit', () => {
      all.get(thread)?.failed(why);
      all.delete(thread);
      const at = idle.indexOf(thread);
      if (at >= 0) idle.splice(at, 1);
      if (waiting.length > 0 && all.size === 0 && !closed) start();
    });
    give(thread);
  };

  async function drawn(asked: ToThread, sign: DocumentSigner | undefined): Promise<Pdf> {
    if (closed) throw new YitongError('shutting_down', 'reports are no longer drawn');
    const answer = await new Promise<FromThread>((done, failed) => {
      waiting.push({ asked, done, failed });
      const free = idle.shift();
      if (free !== undefined) give(free);
      else if (all.size < threads) start();
    });
    if (answer.kind === 'failed')
      throw answer.code === undefined ? new Error(answer.message) : new YitongError(answer.code, answer.message);
    const bytes = Buffer.from(answer.bytes.buffer, answer.bytes.byteOffset, answer.bytes.length);
    if (sign !== undefined) await seal(bytes, sign);
    return { bytes, outside: answer.outside };
  }

  return {
    render: (model, options) => drawn({ kind: 'report', model, options: drawOptions(model, options) }, options.sign),
    certificate: (model, sign) =>
      drawn(
        {
          kind: 'certificate',
          model,
          options: { signer: sign.name, at: new Date(model.issuedAt), room: roomFor(sign.certificates) },
        },
        sign,
      ),
    material: (paper, options, sign) => {
      const room = sign === undefined ? undefined : roomFor(sign.certificates);
      return drawn({ kind: 'material', paper, options: { ...options, ...present({ room }) } }, sign);
    },
    sharing: (model, options, sign) => {
      const [room, at] = [roomFor(sign.certificates), new Date(model.issuedAt)];
      return drawn({ kind: 'sharing', model, options: { ...options, room, at, signer: sign.name } }, sign);
    },
    entries: (model, sign) => {
      const signed = sign === undefined ? undefined : { signer: sign.name, room: roomFor(sign.certificates) };
      return drawn({ kind: 'entries', model, options: present({ signed }) }, sign);
    },
    async close() {
      closed = true;
      for (const { failed } of waiting.splice(0))
        failed(new YitongError('shutting_down', 'reports are no longer drawn'));
      await Promise.all([...all.keys()].map((thread) => thread.terminate()));
    },
  };
}

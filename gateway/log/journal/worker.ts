/**
 * The journal's thread: takes drafts from the ring, makes groups, writes them, answers. It has one way to fail: say why
 * and end. The main thread then refuses everything and starts a new one, which recovers from disk.
 */
import type { KeyObject } from 'node:crypto';
import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { present } from '../../../contracts/present.js';
import { openSubjectKeys, type SubjectSecret } from '../entries/keys.js';
import { signerOf } from '../store/signer.js';
import { diskFiles, type Files, type FilesHook } from './files.js';
import { bufferedRandom, groupBuilder } from './group.js';
import { GroupPause } from './group-pause.js';
import { type Frame, type RingMemory, ringReader } from './ring.js';
import { openDisk } from './segments.js';

export interface WorkerInput {
  readonly dir: string;
  readonly journal: string;
  readonly keysDir: string;
  readonly keysCache?: number;
  readonly signerName: string;
  readonly privateKey: KeyObject;
  readonly mergeDelay: number;
  readonly segmentBytes: number;
  readonly ring: RingMemory;
  /** It is started anew because of an error. */
  readonly afterFailure: boolean;
  /** Tests only: a module whose default export wraps the file operations. */
  readonly hook?: { readonly module: string; readonly parameter: unknown };
}

export type FromWorker =
  | { readonly kind: 'ready'; readonly lastSeq: number }
  /**
   * `count` drafts in the order of the ring are durable from `first` on; their receipts, one a line; how long the disk
   * took.
   */
  | {
      readonly kind: 'durable';
      readonly first: number;
      readonly count: number;
      readonly receipts: string;
      readonly ms: number;
    }
  | { readonly kind: 'spare-wanted' }
  | { readonly kind: 'failed'; readonly reason: string };

const MAX_GROUP_BYTES = 4 << 20;
/**
 * Groups after which the event loop turns once. What is used here leaves things to it, LMDB a timer at each look at the
 * keys: in a loop that never turned they were kept for ever, some 100 B an entry.
 */
const TURN_EVERY = 256;

async function filesFor(input: WorkerInput): Promise<Files> {
  if (input.hook === undefined) return diskFiles;
  const { default: hook } = (await import(input.hook.module)) as { default: FilesHook };
  return hook(diskFiles, input.hook.parameter);
}

async function run(input: WorkerInput, say: (message: FromWorker) => void): Promise<void> {
  const { ring: memory, segmentBytes } = input;
  const disk = openDisk({
    files: await filesFor(input),
    dir: input.dir,
    journal: input.journal,
    segmentBytes,
    afterFailure: input.afterFailure,
    wantSpare: () => say({ kind: 'spare-wanted' }),
  });
  const keys = openSubjectKeys({ dir: input.keysDir, ...present({ cache: input.keysCache }) });
  const ring = ringReader(memory);
  const builder = groupBuilder({
    journal: input.journal,
    signer: signerOf(input.signerName, input.privateKey),
    mergeDelay: input.mergeDelay,
    maxBytes: MAX_GROUP_BYTES, // a group that is larger than a segment makes that segment longer
    random: bufferedRandom(),
  });
  say({ kind: 'ready', lastSeq: disk.tail.lastSeq });

  const secretOf = (frame: Frame): SubjectSecret | undefined => {
    if (frame.subject.length === 0) return undefined;
    const subject = frame.subject.toString('utf8');
    const known = keys.get(subject);
    if (known !== undefined) return known;
    // one transaction for all new subjects that wait; on disk before any entry that uses the key
    keys.ensure(new Set([subject, ...ring.waitingSubjects()]));
    const made = keys.get(subject);
    if (made === undefined) throw new Error('the key of a subject was made and is not there');
    return made;
  };

  /** Takes what is in the ring into the group; false if some of it must wait for the next one. */
  const take = (): boolean => {
    let room = true;
    for (let frame = ring.next(); frame !== undefined && room; frame = room ? ring.next() : undefined) {
      room = builder.add(frame, secretOf(frame));
      if (!room) ring.unread();
    }
    // everything of the group is copied out of the ring by now
    ring.release();
    return room;
  };
  const pauses = new GroupPause();

  for (let groups = 0; ; groups++) {
    if (groups % TURN_EVERY === 0) await turnOfTheEventLoop();
    // a key that was destroyed is not used for another group, and is forgotten while nothing is to do
    keys.refresh();
    const room = take();
    if (builder.count === 0) {
      if (ring.closing) break;
      ring.wait(Infinity);
      continue;
    }
    const pause = room ? pauses.pause(builder.count, performance.now()) : 0;
    if (pause > 0) {
      ring.pause(pause);
      take();
    }
    pauses.groupClosed(builder.count, performance.now());
    const group = builder.finish(disk.tail.lastSeq + 1, disk.tail.chain);
    const began = performance.now();
    disk.commit(group.bytes, group.first + group.count - 1, group.chain);
    say({
      kind: 'durable',
      first: group.first,
      count: group.count,
      receipts: group.receipts.join('\n'),
      ms: performance.now() - began,
    });
  }
  disk.close();
  await keys.close();
}

const port = parentPort;
if (port !== null) {
  const input = workerData as WorkerInput;
  run(input, (message) => port.postMessage(message))
    .catch((error: unknown) => {
      // messages name files and codes, never entries
      port.postMessage({
        kind: 'failed',
        reason: error instanceof Error ? error.message : 'unknown',
      } satisfies FromWorker);
    })
    .finally(() => port.close());
}

/**
 * The thread that applies what was prepared, while its process reads and prepares what comes next. It has the same
 * store open, and one transaction at a time; whoever started it writes nothing meanwhile. It ends by itself when it is
 * told to, and is never ended in the middle: LMDB's lock would go with it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { InRecord } from '../../../../connectors/bus/port.js';
import { type ErrorCode, isYitongError } from '../../../../contracts/errors.js';
import type { DatasetId } from '../../../../contracts/ids.js';
import { inWords } from '../../../ground/logging/words.js';
import { ViewChanges } from '../packed/changes.js';
import { type FollowedContract, sourcesOf } from '../packed/state.js';
import type { PreparedBatch } from '../port.js';
import { ViewDamaged } from './checked.js';
import { openStore, type StoreSize } from './store.js';

export interface ApplyInput {
  readonly dir: string;
  readonly size: StoreSize | undefined;
  readonly prefix: string;
  readonly contracts: ReadonlyMap<DatasetId, FollowedContract>;
  /** Of the datasets. */
  readonly numbers: Readonly<Record<string, number>>;
}

export type ToApplyWorker =
  | { readonly kind: 'apply'; readonly batches: readonly PreparedBatch[]; readonly isFresh: boolean }
  | { readonly kind: 'close' };
export type FromApplyWorker =
  | { readonly kind: 'applied' }
  | { readonly kind: 'failed'; readonly code?: ErrorCode; readonly message: string; readonly damaged: boolean };

const { dir, size, prefix, contracts, numbers } = workerData as ApplyInput;
const store = openStore(dir, false, size);
const changes = new ViewChanges(store, sourcesOf({ prefix, contracts }, numbers));

/** What was sent has arrays where there were buffers. */
const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const recordOf = (record: InRecord): InRecord => ({
  ...record,
  value: record.value === null ? null : buffer(record.value),
});
const received = (batch: PreparedBatch): PreparedBatch => ({
  ...batch,
  bytes: buffer(batch.bytes),
  aside: batch.aside.map(({ record, reason }) => ({ record: recordOf(record), reason })),
  ...(batch.control === undefined ? {} : { control: batch.control.map(recordOf) }),
});

function apply(batches: readonly PreparedBatch[], isFresh: boolean): FromApplyWorker {
  try {
    store.write(() => {
      store.refuseFull();
      changes.apply(batches.map(received), undefined, isFresh);
    });
    return { kind: 'applied' };
  } catch (error) {
    const damaged = error instanceof ViewDamaged;
    return isYitongError(error)
      ? { kind: 'failed', code: error.code, message: error.message, damaged }
      : { kind: 'failed', message: inWords(error), damaged };
  }
}

parentPort?.on('message', (asked: ToApplyWorker) => {
  if (asked.kind === 'apply') {
    parentPort?.postMessage(apply(asked.batches, asked.isFresh));
    return;
  }
  store
    .close()
    .then(() => parentPort?.close())
    .catch((error: unknown) =>
      setImmediate(() => {
        throw error;
      }),
    );
});

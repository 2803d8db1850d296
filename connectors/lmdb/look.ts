/** A thread that looks at one snapshot of an LMDB file (`looked.ts`) and says what is wrong with it. */
import { parentPort, workerData } from 'node:worker_threads';
import { damageOfSnapshot, type Meta } from './file.js';

const { path, meta } = workerData as { readonly path: string; readonly meta: Meta };
parentPort?.postMessage({ found: damageOfSnapshot(path, meta) });

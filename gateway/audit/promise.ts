/**
 * Promises: the receipt in an answer is the replica's signed word that an entry will be in the log by a time. Whoever holds one
 * can hold it against the published log; a promise that was not kept is evidence against the operator, who signed it.
 */
import { join } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import { shape } from '../../contracts/validate.js';
import { HASH_BYTES } from './log/merkle.js';
import type { Promised } from './log/promised.js';
import { tilePath, tileWidth, TILE_WIDTH } from './log/tiles.js';
import { readIfThere } from './receipts.js';

const text = { type: 'string', maxLength: 300 };
const number = { type: 'integer', minimum: 1 };
const check = shape<Promised>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['journal', 'seq', 'leaf', 'path', 'first', 'count', 'root', 'mergeBy', 'key', 'algorithm', 'signature'],
    properties: { journal: text, seq: number, leaf: text, path: { type: 'array', maxItems: 16, items: text }, first: number, count: number, root: text, mergeBy: text, key: text, algorithm: { const: 'ed25519' }, signature: text },
  },
  'log_invalid',
);

/** From a file that holds a receipt, or a whole answer with its receipt. @throws YitongError `log_invalid` */
export function readPromise(json: unknown, file: string): Promised {
  const inner = typeof json === 'object' && json !== null && 'receipt' in json ? json.receipt : json;
  return check(inner, { file });
}

export type PromiseState =
  | { readonly kind: 'kept'; readonly index: number }
  /** Not in the published log, and its time has not come. */
  | { readonly kind: 'open' }
  /** Not in the published log, and its time is past. */
  | { readonly kind: 'broken' };

/**
 * Whether a leaf stands in the first `size` entries of a log whose tiles were verified.
 * @param now ms since 1970
 */
export function promiseState(logDir: string, size: number, leaf: Buffer, mergeBy: string, now: number): PromiseState {
  for (let tile = 0; tile * TILE_WIDTH < size; tile++) {
    const width = tileWidth(0, tile, size);
    const bytes = readIfThere(join(logDir, tilePath(0, tile, width))) ?? readIfThere(join(logDir, tilePath(0, tile)));
    if (bytes === undefined) throw new YitongError('log_invalid', `the tile \`${tilePath(0, tile, width)}\` is missing`);
    for (let at = bytes.indexOf(leaf); at >= 0 && at < width * HASH_BYTES; at = bytes.indexOf(leaf, at + 1)) {
      if (at % HASH_BYTES === 0) return { kind: 'kept', index: tile * TILE_WIDTH + at / HASH_BYTES };
    }
  }
  return { kind: Date.parse(mergeBy) < now ? 'broken' : 'open' };
}

/**
 * Promises: the receipt in an answer is the replica's signed word that an entry will be in the log by a time. Whoever
 * holds one can hold it against the published log; a promise that was not kept is evidence against the operator, who
 * signed it.
 */
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { HASH_BYTES } from '../proof/merkle.js';
import { answerSha256, type Promised } from '../proof/promised.js';
import { TILE_WIDTH, tilePath, tileWidth } from '../proof/tiles.js';

const text = { type: 'string', maxLength: 300 };
const number = { type: 'integer', minimum: 1 };
const check = shape<Promised>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['journal', 'seq', 'leaf', 'path', 'first', 'count', 'root', 'mergeBy', 'key', 'algorithm', 'signature'],
    properties: {
      version: { const: 2 },
      journal: text,
      seq: number,
      leaf: text,
      bodySha256: text,
      path: { type: 'array', maxItems: 16, items: text },
      first: number,
      count: number,
      root: text,
      answers: text,
      mergeBy: text,
      key: text,
      algorithm: { const: 'ed25519' },
      signature: text,
    },
  },
  'log_invalid',
);

/**
 * From a file that holds a receipt, or a whole answer with its receipt.
 * @returns `answered`: digest of the answer, where it is a whole one
 * @throws YitongError `log_invalid`
 */
export function readPromise(
  bytes: Buffer,
  file: string,
): { readonly promise: Promised; readonly answered: string | undefined } {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new YitongError('log_invalid', 'a promise is a JSON file', { place: { file }, cause });
  }
  if (typeof json === 'object' && json !== null && 'receipt' in json)
    return { promise: check(json.receipt, { file }), answered: answerSha256(bytes) };
  return { promise: check(json, { file }), answered: undefined };
}

type PromiseState =
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
    if (bytes === undefined)
      throw new YitongError('log_invalid', `the tile \`${tilePath(0, tile, width)}\` is missing`);
    for (let at = bytes.indexOf(leaf); at >= 0 && at < width * HASH_BYTES; at = bytes.indexOf(leaf, at + 1)) {
      if (at % HASH_BYTES === 0) return { kind: 'kept', index: tile * TILE_WIDTH + at / HASH_BYTES };
    }
  }
  return { kind: Date.parse(mergeBy) < now ? 'broken' : 'open' };
}

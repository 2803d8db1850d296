/** Offline proofs of inclusion, C2SP tlog-proof@v1. */

import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { type Checkpoint, openCheckpoint } from './checkpoint.js';
import { type Cosigned, requireCosigned, type WitnessPolicy } from './cosignature.js';
import { leafHash, rootFromInclusion } from './merkle.js';
import { decodeBase64, type Verifier } from './note.js';

const HEAD = 'c2sp.org/tlog-proof@v1';

interface TlogProof {
  readonly index: number;
  readonly path: readonly Buffer[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
  /** Not authenticated. */
  readonly extra?: Buffer;
}

export function formatProof({ index, path, checkpoint, extra }: TlogProof): string {
  const lines = [
    HEAD,
    ...(extra === undefined ? [] : [`extra ${extra.toString('base64')}`]),
    `index ${index}`,
    ...path.map((hash) => hash.toString('base64')),
    '',
  ];
  return `${lines.join('\n')}\n${checkpoint}`;
}

/** @throws YitongError `log_invalid` */
export function parseProof(text: string): TlogProof {
  const bad = (): YitongError => new YitongError('log_invalid', 'the proof is not in the form of tlog-proof@v1');
  const split = text.indexOf('\n\n');
  if (split < 0) throw bad();
  const lines = text.slice(0, split).split('\n');
  if (lines.shift() !== HEAD) throw bad();
  let extra: Buffer | undefined;
  if (lines[0]?.startsWith('extra ') === true) {
    extra = decodeBase64((lines.shift() ?? '').slice(6));
    if (extra === undefined) throw bad();
  }
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined) throw bad();
  const path = lines.map((line) => {
    const hash = decodeBase64(line);
    if (hash?.length !== 32) throw bad();
    return hash;
  });
  return { index: Number(index), path, checkpoint: text.slice(split + 2), ...present({ extra }) };
}

interface ProvedCheckpoint extends Checkpoint {
  readonly index: number;
  /** Those of the policy's witnesses that cosigned it. */
  readonly cosigned: readonly Cosigned[];
}

/**
 * The checkpoint in which `entry` is proved to stand.
 * @param policy witnesses that must have cosigned it; without it nobody but the log vouches
 * @throws YitongError `log_invalid`
 */
export function verifyProof(
  text: string,
  entry: Uint8Array,
  origin: string,
  known: readonly Verifier[],
  policy: WitnessPolicy = { witnesses: [], required: 0 },
): ProvedCheckpoint {
  const proof = parseProof(text);
  const checkpoint = openCheckpoint(Buffer.from(proof.checkpoint), origin, known);
  const cosigned = requireCosigned(Buffer.from(proof.checkpoint), policy);
  const root = rootFromInclusion(proof.index, checkpoint.size, leafHash(entry), proof.path);
  if (root?.equals(checkpoint.root) !== true)
    throw new YitongError('log_invalid', 'the proof does not lead to the root of its checkpoint');
  return { ...checkpoint, index: proof.index, cosigned };
}

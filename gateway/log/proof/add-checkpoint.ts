/** The body of `add-checkpoint`, C2SP tlog-witness: what a log sends and a witness reads. */
import { YitongError } from '../../../contracts/errors.js';
import { decodeBase64 } from './note.js';

/** Content type of the size that a witness has, in an answer 409. */
export const SIZE_TYPE = 'text/x.tlog.size';

const MAX_PROOF = 63;

export interface AddCheckpoint {
  /** Size that the witness is thought to have. */
  readonly old: number;
  /** Consistency proof from there; empty from 0. */
  readonly proof: readonly Buffer[];
  /** Signed note. */
  readonly checkpoint: string;
}

export function formatAddCheckpoint({ old, proof, checkpoint }: AddCheckpoint): Buffer {
  return Buffer.from(`old ${old}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${checkpoint}`);
}

/** @throws YitongError `bad_request` */
export function parseAddCheckpoint(bytes: Buffer): AddCheckpoint {
  const bad = (what: string): YitongError =>
    new YitongError('bad_request', `the request is not of the form of add-checkpoint: ${what}`);
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw bad('not utf-8');
  const split = text.indexOf('\n\n');
  if (split < 0) throw bad('no empty line before the checkpoint');
  const [first = '', ...lines] = text.slice(0, split).split('\n');
  const old = /^old (0|[1-9]\d{0,15})$/.exec(first)?.[1];
  if (old === undefined || !Number.isSafeInteger(Number(old))) throw bad('the first line is `old` and a size');
  if (lines.length > MAX_PROOF) throw bad(`more than ${MAX_PROOF} proof lines`);
  const proof = lines.map((line) => {
    const hash = decodeBase64(line);
    if (hash?.length !== 32) throw bad('a proof line is not a hash');
    return hash;
  });
  return { old: Number(old), proof, checkpoint: text.slice(split + 2) };
}

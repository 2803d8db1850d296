/** Checkpoints of C2SP tlog-checkpoint: origin, size and root in a signed note. */
import { YitongError } from '../../../contracts/errors.js';
import { decodeBase64, openNote, type Signer, signNote, type Verifier } from './note.js';
import { splitCheckpoint } from './pure/note-text.js';

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

export function signCheckpoint({ origin, size, root }: Checkpoint, signers: readonly Signer[]): string {
  return signNote(`${origin}\n${size}\n${root.toString('base64')}\n`, signers);
}

/** The text of a checkpoint's note, unverified. @throws YitongError `log_invalid` */
export function parseCheckpoint(text: string): Checkpoint {
  const parts = splitCheckpoint(text);
  const root = decodeBase64(parts?.root ?? '');
  if (parts === undefined || root?.length !== 32)
    throw new YitongError('log_invalid', 'the checkpoint is not origin, size and root');
  return { ...parts, root };
}

/** Signature first, then content. @throws YitongError `log_invalid` */
export function openCheckpoint(bytes: Uint8Array, origin: string, known: readonly Verifier[]): Checkpoint {
  const checkpoint = parseCheckpoint(openNote(bytes, known).text);
  if (checkpoint.origin !== origin)
    throw new YitongError('log_invalid', `the checkpoint is of another log than \`${origin}\``);
  return checkpoint;
}

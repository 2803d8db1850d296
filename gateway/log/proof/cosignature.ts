/**
 * Timestamped Ed25519 cosignatures of checkpoints, C2SP tlog-cosignature v1 (type byte 0x04): "as of this time, the
 * largest consistent tree of this log that I have seen has this root".
 */
import { createPublicKey, type KeyObject, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { keyOf, type Note, type NoteSignature, parseNote, rawPublicKey, readVkey, type Verifier } from './note.js';

const COSIGNATURE_V1 = 4;
/** u64 time, then the signature. */
const COSIGNATURE_BYTES = 8 + 64;

const message = (seconds: bigint, text: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`cosignature/v1\ntime ${seconds}\n`), text]);

/** Verifies what a witness signs. @throws YitongError `log_invalid` if the name cannot stand in a note */
function cosignerOf(name: string, publicKey: Uint8Array): Verifier {
  const { key, ...known } = keyOf(COSIGNATURE_V1, name, publicKey);
  return {
    ...known,
    algorithm: 'cosignature/v1',
    verify(text, signature) {
      if (signature.length !== COSIGNATURE_BYTES) return false;
      const seconds = Buffer.from(signature).readBigUInt64BE(0);
      if (seconds > 0x7fff_ffff_ffff_ffffn) return false;
      return verifyBytes(null, message(seconds, text), key, signature.subarray(8));
    },
  };
}

/** Reads a witness's vkey. @throws YitongError `log_invalid` */
export function parseWitnessVkey(vkey: string): Verifier {
  const { name, publicKey } = readVkey(vkey, COSIGNATURE_V1);
  return cosignerOf(name, publicKey);
}

export interface Cosigner extends Verifier {
  /** @param text of the note, with its final newline. @param seconds since 1970, above 0 */
  cosign(text: Uint8Array, seconds: number): NoteSignature;
}

/** @throws YitongError `log_invalid` if the name cannot stand in a note */
export function openCosigner(name: string, privateKey: KeyObject): Cosigner {
  const verifier = cosignerOf(name, rawPublicKey(createPublicKey(privateKey)));
  return {
    ...verifier,
    cosign(text, seconds) {
      if (!(Number.isSafeInteger(seconds) && seconds > 0))
        throw new YitongError('internal', 'a cosignature needs a time after 1970');
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(BigInt(seconds));
      return {
        name,
        keyId: verifier.keyId,
        signature: Buffer.concat([time, signBytes(null, message(BigInt(seconds), text), privateKey)]),
      };
    },
  };
}

export interface Cosigned {
  readonly vkey: string;
  readonly name: string;
  /** Seconds since 1970, as the witness says. */
  readonly time: number;
}

/**
 * Who of `witnesses` cosigned a note, each once; signatures of others are ignored.
 * @throws YitongError `log_invalid` if a signature that claims to be of one of them does not verify
 */
export function cosignersOf(note: Note, witnesses: readonly Verifier[]): readonly Cosigned[] {
  const text = Buffer.from(note.text);
  const found = new Map<string, Cosigned>();
  for (const { name, keyId, signature } of note.signatures) {
    const witness = witnesses.find((one) => one.name === name && one.keyId === keyId);
    if (witness === undefined) continue;
    if (!witness.verify(text, signature))
      throw new YitongError('log_invalid', `the cosignature of \`${name}\` does not verify`);
    found.set(witness.vkey, { vkey: witness.vkey, name, time: Number(signature.readBigUInt64BE(0)) });
  }
  return [...found.values()];
}

/** Which witnesses count, and how many of them must have cosigned. */
export interface WitnessPolicy {
  readonly witnesses: readonly Verifier[];
  readonly required: number;
}

/** @throws YitongError `log_invalid` if fewer than `required` of the witnesses cosigned */
export function requireCosigned(bytes: Uint8Array, { witnesses, required }: WitnessPolicy): readonly Cosigned[] {
  const cosigned = cosignersOf(parseNote(bytes), witnesses);
  if (cosigned.length < required)
    throw new YitongError(
      'log_invalid',
      `the checkpoint is cosigned by ${cosigned.length} of the witnesses named, not by ${required}`,
    );
  return cosigned;
}

/**
 * From what a person names: vkeys and a number, by default all of them.
 * @throws YitongError `bad_config`, `log_invalid`
 */
export function witnessPolicy(vkeys: readonly string[], required: number = vkeys.length): WitnessPolicy {
  const witnesses = vkeys.map(parseWitnessVkey);
  // what a witness signs does not hold its name: two names over one key would be one witness that counts as two
  const keys = new Set(vkeys.map((vkey) => readVkey(vkey, COSIGNATURE_V1).publicKey.toString('base64')));
  if (keys.size !== witnesses.length)
    throw new YitongError('bad_config', 'a witness, or the key of one, is named twice');
  if (!(Number.isInteger(required) && required >= 0 && required <= witnesses.length)) {
    throw new YitongError(
      'bad_config',
      `\`required\` must be a number from 0 to ${witnesses.length}, the count of witnesses`,
    );
  }
  return { witnesses, required };
}

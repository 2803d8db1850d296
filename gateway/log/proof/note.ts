/**
 * Signed notes (C2SP signed-note v1.0.0) with Ed25519 keys, type byte 0x01. Cosignatures, type byte 0x04, are in
 * `cosignature.ts`.
 */
import { createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import { YitongError } from '../../../contracts/errors.js';
import { sha256 } from './merkle.js';
import { readSignatureLine, splitNote, splitVkey } from './pure/note-text.js';

const ED25519 = 1;

export interface Verifier {
  readonly name: string;
  /** First four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key), big endian. */
  readonly keyId: number;
  readonly algorithm: 'ed25519' | 'cosignature/v1';
  /** `<name>+<key id, hex>+<base64(type ‖ key)>` */
  readonly vkey: string;
  verify(text: Uint8Array, signature: Uint8Array): boolean;
}

/** What signs: a name, an id and an algorithm that every signature structure repeats. */
export interface Signer extends Verifier {
  /** 64 bytes. */
  sign(text: Uint8Array): Buffer;
  /** Crosses to a worker thread; never leaves the process. */
  readonly privateKey: KeyObject;
}

const NAME = /^[^\s+\p{Z}]+$/u;
// SubjectPublicKeyInfo of RFC 8410 up to the 32 bytes of the key
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
}

/**
 * Name, id and vkey of an Ed25519 key used for signatures of `type`.
 * @throws YitongError `log_invalid` if the name cannot stand in a note
 */
export function keyOf(
  type: number,
  name: string,
  publicKey: Uint8Array,
): Pick<Verifier, 'name' | 'keyId' | 'vkey'> & { readonly key: KeyObject } {
  if (!NAME.test(name)) throw new YitongError('log_invalid', 'a key name has no spaces and no plus sign');
  const tail = Buffer.concat([Buffer.from([type]), publicKey]);
  const keyId = sha256(Buffer.concat([Buffer.from(`${name}\n`), tail])).readUInt32BE(0);
  const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
  return { name, keyId, key, vkey: `${name}+${keyId.toString(16).padStart(8, '0')}+${tail.toString('base64')}` };
}

/** @throws YitongError `log_invalid` if the name cannot stand in a note */
export function verifierOf(name: string, publicKey: Uint8Array): Verifier {
  const { key, ...known } = keyOf(ED25519, name, publicKey);
  return {
    ...known,
    algorithm: 'ed25519',
    verify: (text, signature) => signature.length === 64 && verifySignature(null, text, key, signature),
  };
}

/** The parts of a vkey of `type` over an Ed25519 key. @throws YitongError `log_invalid` */
export function readVkey(vkey: string, type: number): { readonly name: string; readonly publicKey: Buffer } {
  const text = splitVkey(vkey);
  const tail = decodeBase64(text?.base64 ?? '');
  if (text === undefined || tail === undefined || tail.length !== 33)
    throw new YitongError('log_invalid', 'the vkey is not `<name>+<hex>+<base64>` of an Ed25519 key');
  if (tail[0] !== type) {
    throw new YitongError(
      'log_invalid',
      `the vkey \`${text.name}\` is of signature type ${tail[0] ?? 0}; ` +
        `${type === ED25519 ? 'a log signs with type 1' : 'a witness cosigns with type 4'}`,
    );
  }
  const parts = { name: text.name, publicKey: tail.subarray(1) };
  if (keyOf(type, parts.name, parts.publicKey).vkey !== vkey.trim())
    throw new YitongError('log_invalid', 'the vkey names another key id than its key has');
  return parts;
}

/** Reads a vkey. @throws YitongError `log_invalid` */
export function parseVkey(vkey: string): Verifier {
  const { name, publicKey } = readVkey(vkey, ED25519);
  return verifierOf(name, publicKey);
}

/** Standard base64 with padding and nothing else; undefined otherwise. Node alone would skip what it does not know. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** base64(key id ‖ signature), as it stands in a signature line. */
export function signatureText(keyId: number, signature: Uint8Array): string {
  const bytes = Buffer.allocUnsafe(4 + signature.length);
  bytes.writeUInt32BE(keyId, 0);
  bytes.set(signature, 4);
  return bytes.toString('base64');
}

/** A signature line with its newline. */
export const signatureLine = ({ name, keyId, signature }: NoteSignature): string =>
  `— ${name} ${signatureText(keyId, signature)}\n`;

/** `text` ends in a newline. Returns the whole note. */
export function signNote(text: string, signers: readonly Signer[]): string {
  const lines = signers.map((signer) =>
    signatureLine({ name: signer.name, keyId: signer.keyId, signature: signer.sign(Buffer.from(text)) }),
  );
  return `${text}\n${lines.join('')}`;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Buffer;
}

export interface Note {
  /** With its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const MAX_SIGNATURES = 100;

/** Splits a note; verifies nothing. @throws YitongError `log_invalid` */
export function parseNote(bytes: Uint8Array): Note {
  const bad = (what: string): YitongError => new YitongError('log_invalid', `the signed note is malformed: ${what}`);
  const note = Buffer.from(bytes).toString('utf8');
  if (!Buffer.from(note, 'utf8').equals(bytes)) throw bad('not utf-8');
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw bad('control characters');
  const parts = splitNote(note);
  if (parts === undefined) throw bad('no blank line before the signatures');
  if (parts.lines.length > MAX_SIGNATURES) throw bad('too many signatures');
  return { text: parts.text, signatures: parts.lines.map(parseSignatureLine) };
}

/** A signature line without its newline. @throws YitongError `log_invalid` */
export function parseSignatureLine(line: string): NoteSignature {
  const parts = readSignatureLine(line);
  const raw = decodeBase64(parts?.base64 ?? '');
  if (parts === undefined || raw === undefined || raw.length < 5)
    throw new YitongError('log_invalid', 'the signed note is malformed: a signature line');
  return { name: parts.name, keyId: raw.readUInt32BE(0), signature: raw.subarray(4) };
}

/**
 * The note's text, if at least one known key signed it and no known key's signature fails; unknown signatures are
 * ignored.
 * @throws YitongError `log_invalid`
 */
export function openNote(bytes: Uint8Array, known: readonly Verifier[]): Note {
  const note = parseNote(bytes);
  let verified = 0;
  for (const { name, keyId, signature } of note.signatures) {
    const verifier = known.find((one) => one.name === name && one.keyId === keyId);
    if (verifier === undefined) continue;
    if (!verifier.verify(Buffer.from(note.text), signature)) {
      throw new YitongError('log_invalid', `the signature of \`${name}\` does not verify`);
    }
    verified++;
  }
  if (verified === 0) throw new YitongError('log_invalid', 'the note carries no signature by a known key');
  return note;
}

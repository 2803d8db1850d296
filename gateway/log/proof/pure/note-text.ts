/**
 * The text of signed notes, verifier keys and checkpoints (C2SP signed-note and tlog-checkpoint), taken apart without
 * Node. What is base64 stays so: a server and a browser decode it each with their own means.
 */

export interface NoteText {
  /** What is signed, with its final newline. */
  readonly text: string;
  /** Signature lines without their newlines. */
  readonly lines: readonly string[];
}

/** A note without a blank line before its signatures, or without a newline behind them, is undefined. */
export function splitNote(note: string): NoteText | undefined {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return undefined;
  return { text: note.slice(0, split + 1), lines: note.slice(split + 2, -1).split('\n') };
}

interface SignatureText {
  readonly name: string;
  /** Of key id ‖ signature. */
  readonly base64: string;
}

export function readSignatureLine(line: string): SignatureText | undefined {
  const [, name, base64] = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
  return name === undefined || base64 === undefined ? undefined : { name, base64 };
}

interface VkeyText {
  readonly name: string;
  /** Eight hex digits. */
  readonly id: string;
  /** Of signature type ‖ public key; base64 has plus signs of its own. */
  readonly base64: string;
}

export function splitVkey(vkey: string): VkeyText | undefined {
  const [, name, id, base64] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey.trim()) ?? [];
  return name === undefined || id === undefined || base64 === undefined ? undefined : { name, id, base64 };
}

interface CheckpointText {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

/** Of the text of a checkpoint's note, with its final newline. */
export function splitCheckpoint(text: string): CheckpointText | undefined {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n');
  if (
    origin === '' ||
    !/^(0|[1-9]\d{0,15})$/.test(size) ||
    !Number.isSafeInteger(Number(size)) ||
    rest.pop() !== '' ||
    rest.includes('')
  )
    return undefined;
  return { origin, size: Number(size), root };
}

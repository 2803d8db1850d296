/**
 * Checks one entry of the log in this browser, without trusting the server that shows it: the body's bytes and salt
 * give the leaf, the path leads from the leaf to a root (RFC 9162, section 2.1.3.2), and the root stands in a
 * checkpoint that the log's key signed (C2SP signed-note).
 */
import { type Bytes, hex, joined, same } from '../../../ground/der/der.js';
import { LEAF_PREFIX, NODE_PREFIX, sidesOfPath } from '../../../log/proof/pure/inclusion.js';
import {
  type NoteText,
  readSignatureLine,
  splitCheckpoint,
  splitNote,
  splitVkey,
} from '../../../log/proof/pure/note-text.js';

interface Evidence {
  readonly index: number;
  readonly text: string;
  readonly salt?: string;
  readonly path?: readonly string[];
  readonly checkpoint?: string;
  readonly vkey: string;
}

const bytes = (base64: string): Bytes => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const utf8 = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;
const sha256 = async (data: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', data));

async function rootFrom(index: number, size: number, leaf: Bytes, path: readonly Bytes[]): Promise<Bytes | undefined> {
  const sides = sidesOfPath(index, size, path.length);
  if (sides === undefined) return undefined;
  let reached = leaf;
  for (const [n, sibling] of path.entries()) {
    const pair = sides[n] === 'left' ? [sibling, reached] : [reached, sibling];
    reached = await sha256(joined(Uint8Array.of(NODE_PREFIX), ...pair));
  }
  return reached;
}

/** True if the key that `vkey` names signed the note. */
async function signedBy({ text, lines }: NoteText, vkey: string): Promise<boolean> {
  const { name = '', base64 = '' } = splitVkey(vkey) ?? {};
  const key = bytes(base64);
  if (key[0] !== 1 || key.length !== 33) return false;
  const id = (await sha256(joined(utf8(`${name}\n`), key))).subarray(0, 4);
  const publicKey = await crypto.subtle.importKey('raw', key.slice(1), { name: 'Ed25519' }, false, ['verify']);
  for (const line of lines) {
    const signature = readSignatureLine(line);
    if (signature?.name !== name) continue;
    const whole = bytes(signature.base64);
    if (same(whole.subarray(0, 4), id))
      return crypto.subtle.verify({ name: 'Ed25519' }, publicKey, whole.slice(4), utf8(text));
  }
  return false;
}

interface Step {
  readonly key: 'body' | 'path' | 'signature';
  readonly holds: boolean;
  readonly value: string;
}

async function check({ index, text, salt, path, checkpoint, vkey }: Evidence): Promise<readonly Step[]> {
  if (salt === undefined || path === undefined || checkpoint === undefined) return [];
  const commitment = await sha256(joined(bytes(salt), utf8(text)));
  const leaf = await sha256(joined(Uint8Array.of(LEAF_PREFIX), commitment));
  const note = splitNote(checkpoint);
  const head = splitCheckpoint(note?.text ?? '');
  const reached = await rootFrom(index, head?.size ?? 0, leaf, path.map(bytes));
  return [
    { key: 'body', holds: true, value: hex(leaf) },
    {
      key: 'path',
      holds: reached !== undefined && head !== undefined && same(reached, bytes(head.root)),
      value: reached === undefined ? '' : hex(reached),
    },
    { key: 'signature', holds: note !== undefined && (await signedBy(note, vkey)), value: vkey.split('+')[0] ?? '' },
  ];
}

const region = document.querySelector<HTMLElement>('[data-proof]');
const button = document.querySelector<HTMLButtonElement>('[data-prove]');

async function prove(): Promise<void> {
  if (region === null) return;
  region.dataset['state'] = 'checking';
  try {
    const answer = await fetch(region.dataset['proof'] ?? '', { headers: { accept: 'application/json' } });
    if (!answer.ok) throw new Error(String(answer.status));
    const steps = await check((await answer.json()) as Evidence);
    for (const { key, holds, value } of steps) {
      const row = region.querySelector<HTMLElement>(`[data-step="${key}"]`);
      if (row === null) continue;
      row.dataset['holds'] = String(holds);
      const shown = row.querySelector<HTMLElement>('[data-value]');
      if (shown !== null) shown.textContent = value;
    }
    region.dataset['state'] = steps.length === 0 ? 'not-yet' : steps.every(({ holds }) => holds) ? 'proved' : 'failed';
  } catch {
    region.dataset['state'] = 'error';
  }
}

button?.addEventListener('click', () => void prove());
void prove();

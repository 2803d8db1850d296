/**
 * Checks one entry of the log in this browser, without trusting the server that shows it: the body's bytes and salt
 * give the leaf, the path leads from the leaf to a root (RFC 9162, section 2.1.3.2), and the root stands in a
 * checkpoint that the log's key signed (C2SP signed-note).
 */
interface Evidence {
  readonly index: number;
  readonly text: string;
  readonly salt?: string;
  readonly path?: readonly string[];
  readonly checkpoint?: string;
  readonly vkey: string;
}

const bytes = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const joined = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};
const sha256 = async (data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', data));
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
const hex = (data: Uint8Array): string => Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');

async function rootFrom(
  index: number,
  size: number,
  leaf: Uint8Array<ArrayBuffer>,
  path: readonly Uint8Array<ArrayBuffer>[],
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (index >= size) return undefined;
  const node = (left: Uint8Array, right: Uint8Array): Promise<Uint8Array<ArrayBuffer>> =>
    sha256(joined(new Uint8Array([1]), left, right));
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const next of path) {
    if (sn === 0) return undefined;
    if (fn % 2 === 1 || fn === sn) {
      hash = await node(next, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else hash = await node(hash, next);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 ? hash : undefined;
}

/** True if the key that `vkey` names signed the note. */
async function signedBy(note: string, vkey: string): Promise<boolean> {
  // the key is base64, which has plus signs of its own
  const [, name = '', material = ''] = /^([^+]+)\+[0-9a-f]{8}\+(.+)$/.exec(vkey.trim()) ?? [];
  const key = bytes(material);
  if (key[0] !== 1 || key.length !== 33) return false;
  const id = (await sha256(joined(utf8(`${name}\n`), key))).subarray(0, 4);
  const split = note.lastIndexOf('\n\n');
  const text = utf8(note.slice(0, split + 1));
  const publicKey = await crypto.subtle.importKey('raw', key.slice(1), { name: 'Ed25519' }, false, ['verify']);
  for (const line of note.slice(split + 2).split('\n')) {
    const [, by, signature = ''] = /^— (\S+) (\S+)$/.exec(line) ?? [];
    if (by !== name) continue;
    const whole = bytes(signature);
    if (same(whole.subarray(0, 4), id))
      return crypto.subtle.verify({ name: 'Ed25519' }, publicKey, whole.slice(4), text);
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
  const leaf = await sha256(joined(new Uint8Array([0]), commitment));
  const [, size = '', root = ''] = checkpoint.split('\n');
  const reached = await rootFrom(index, Number(size), leaf, path.map(bytes));
  return [
    { key: 'body', holds: true, value: hex(leaf) },
    {
      key: 'path',
      holds: reached !== undefined && same(reached, bytes(root)),
      value: reached === undefined ? '' : hex(reached),
    },
    { key: 'signature', holds: await signedBy(checkpoint, vkey), value: vkey.split('+')[0] ?? '' },
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

/** Takes the contents of a state from one driver to the other, and looks whether all of it arrived. */
import { createHash } from 'node:crypto';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import type { Json } from './port.js';
import { KEYS, PARTS, type Part, type RowSource, type RowTarget, type StateRow } from './rows.js';
import { wholeKey } from './taken.js';

export type Moved = Readonly<Record<Part, number>>;
export type OnProgress = (what: 'copying' | 'verifying', part: Part, rows: number) => void;

export const NOT_EMPTY = 'the target holds something already: only an empty one is moved into';

/** A text that is the same for the same JSON, whatever the order of its members. */
function canonical(value: Json | undefined): string {
  if (value === undefined) return 'null';
  if (Array.isArray(value)) return `[${value.map((one: Json) => canonical(one)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value as Readonly<Record<string, Json | undefined>>)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

const keyOf = (part: Part, row: StateRow): string => canonical(row.slice(0, KEYS[part]));
const digestOf = (row: StateRow): string => createHash('sha256').update(canonical(row)).digest('base64');

/** What says only where it stands, and so is of no state but the one that it stands in. */
const isMark = (part: Part, row: StateRow): boolean => part === 'documents' && wholeKey(row);

/**
 * Row by row. What is in the source only, or the target only, or is another there, is a fault.
 * @throws YitongError `state_conflict`
 */
async function verify(part: Part, source: RowSource, target: RowSource): Promise<number> {
  const there = new Map<string, string>();
  for await (const rows of target.rows(part))
    for (const row of rows) if (!isMark(part, row)) there.set(keyOf(part, row), digestOf(row));
  let count = 0;
  const wrong = (what: string): YitongError =>
    new YitongError('state_conflict', `of ${part}, row ${String(count)}: ${what}; the target is not used`);
  for await (const rows of source.rows(part)) {
    for (const row of rows) {
      if (isMark(part, row)) continue;
      count++;
      const key = keyOf(part, row);
      const digest = there.get(key);
      if (digest === undefined) throw wrong('it did not arrive');
      if (digest !== digestOf(row)) throw wrong('it is another than it was');
      there.delete(key);
    }
  }
  if (there.size > 0) throw wrong(`the target has ${String(there.size)} more than the source`);
  return count;
}

/**
 * Nothing else may use either. Whoever was interrupted begins anew, so the target is only given out when this resolves.
 * @param onProgress rows so far
 * @throws YitongError `state_conflict` where the target is not empty, or not what the source is; `state_unavailable`
 */
export async function moveState(
  source: RowSource,
  target: RowTarget,
  onProgress: OnProgress = () => undefined,
): Promise<Moved> {
  if (!(await target.isEmpty())) throw new YitongError('state_conflict', NOT_EMPTY);
  for (const part of PARTS) {
    let rows = 0;
    for await (const some of source.rows(part)) {
      const own = some.filter((row) => !isMark(part, row));
      if (own.length > 0) await target.write(part, own);
      rows += own.length;
      onProgress('copying', part, rows);
    }
  }
  await target.goOnFrom(await source.revision());
  return await verifyAll(source, target, onProgress);
}

/**
 * What an earlier move brought, where it was cut off behind its last row.
 * @returns undefined where the target is empty @throws YitongError `state_conflict` where it holds anything else
 */
export async function movedBefore(
  source: RowSource,
  target: RowTarget,
  onProgress: OnProgress = () => undefined,
): Promise<Moved | undefined> {
  if (await target.isEmpty()) return undefined;
  try {
    return await verifyAll(source, target, onProgress);
  } catch (cause) {
    if (!isYitongError(cause) || cause.code !== 'state_conflict') throw cause;
    throw new YitongError('state_conflict', NOT_EMPTY, { cause });
  }
}

async function verifyAll(source: RowSource, target: RowSource, onProgress: OnProgress): Promise<Moved> {
  const counts: Partial<Record<Part, number>> = {};
  for (const part of PARTS) {
    counts[part] = await verify(part, source, target);
    onProgress('verifying', part, counts[part] ?? 0);
  }
  return counts as Moved;
}

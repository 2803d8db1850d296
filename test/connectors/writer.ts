/**
 * Somebody who works on a register: transactions of every kind, remembered version by version, so that one that never
 * was can be told.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { digit9 } from './fixtures.js';

type Row = { readonly name: string; readonly status: string | null; readonly staff: number };

const digest = (text: string | null): string =>
  text === null ? '-' : createHash('sha256').update(text).digest('base64').slice(0, 12);
export const versionOf = (code: string, name: unknown, status: unknown, staff: unknown): string =>
  `${code} ${String(name)} ${digest(typeof status === 'string' ? status : null)} ${String(staff)}`;

/** mulberry32 */
export function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Written {
  readonly changes: number;
  readonly transactions: number;
  readonly rolledBack: number;
  readonly large: number;
}

export interface WriterOptions {
  readonly url: string;
  readonly seed: number;
  /** Row changes that are to be committed. */
  readonly changes: number;
  /** First number of the codes that are this writer's own. */
  readonly from: number;
  readonly versions: Set<string>;
  readonly pause?: () => Promise<void>;
  /** Goes on for as long as this holds, also when the changes are made. */
  readonly goOn?: () => boolean;
}

/** Larger than a page of 8 kB, and not to be compressed, so that it stands outside of its row. */
const LARGE = 9_000;
const MAX_ROWS = 25;

export async function write({ url, seed, changes, from, versions, pause, goOn }: WriterOptions): Promise<Written> {
  const draw = draws(seed);
  const client = new Client({ connectionString: url });
  await client.connect();
  let rows = new Map<string, Row>();
  let next = from;
  let stamp = 0;
  const written = { changes: 0, transactions: 0, rolledBack: 0, large: 0 };
  const some = (of: ReadonlyMap<string, Row>): string[] => {
    const codes = [...of.keys()];
    return [
      ...new Set(
        Array.from(
          { length: Math.min(codes.length, 1 + Math.floor(draw() ** 2 * MAX_ROWS)) },
          () => codes[Math.floor(draw() * codes.length)] ?? '',
        ),
      ),
    ];
  };

  const statement = async (now: Map<string, Row>): Promise<number> => {
    stamp += 1;
    const put = (code: string, row: Row): void => {
      now.set(code, row);
      versions.add(versionOf(code, row.name, row.status, row.staff));
    };
    const kind = now.size < 50 ? 0 : draw();
    const chosen = some(now);
    if (kind < 0.25) {
      const codes = Array.from({ length: 1 + Math.floor(draw() * MAX_ROWS) }, () => digit9.make(next++));
      await client.query('INSERT INTO companies SELECT c, $2, NULL, $3 FROM unnest($1::text[]) c', [
        codes,
        `i${from}-${stamp}`,
        stamp,
      ]);
      for (const code of codes) put(code, { name: `i${from}-${stamp}`, status: null, staff: stamp });
      return codes.length;
    }
    if (kind < 0.7) {
      await client.query('UPDATE companies SET name = $2, staff = $3 WHERE code = ANY ($1)', [
        chosen,
        `u${from}-${stamp}`,
        stamp,
      ]);
      for (const code of chosen)
        put(code, { status: now.get(code)?.status ?? null, name: `u${from}-${stamp}`, staff: stamp });
      return chosen.length;
    }
    if (kind < 0.8) {
      const large = chosen.slice(0, 3);
      const text = randomBytes(LARGE / 2).toString('hex');
      written.large += large.length;
      await client.query('UPDATE companies SET status = $2 WHERE code = ANY ($1)', [large, text]);
      for (const code of large) {
        const row = now.get(code);
        if (row !== undefined) put(code, { ...row, status: text });
      }
      return large.length;
    }
    if (kind < 0.9) {
      const old = chosen.slice(0, 3);
      for (const code of old) {
        const renamed = digit9.make(next++);
        await client.query('UPDATE companies SET code = $2 WHERE code = $1', [code, renamed]);
        const row = now.get(code);
        now.delete(code);
        if (row !== undefined) put(renamed, row);
      }
      return old.length;
    }
    await client.query('DELETE FROM companies WHERE code = ANY ($1)', [chosen]);
    for (const code of chosen) now.delete(code);
    return chosen.length;
  };

  while (written.changes < changes || goOn?.() === true) {
    await pause?.();
    await client.query('BEGIN');
    let now = new Map(rows);
    let count = 0;
    for (let left = 1 + Math.floor(draw() * 4); left > 0; left--) {
      if (draw() < 0.3) {
        // a transaction within the transaction has a number of its own
        const before = new Map(now);
        await client.query('SAVEPOINT inner_work');
        const done = await statement(now);
        if (draw() < 0.3) {
          await client.query('ROLLBACK TO inner_work');
          now = before;
        } else {
          await client.query('RELEASE inner_work');
          count += done;
        }
      } else count += await statement(now);
    }
    if (draw() < 0.1) {
      await client.query('ROLLBACK');
      written.rolledBack += 1;
    } else {
      await client.query('COMMIT');
      rows = now;
      written.changes += count;
      written.transactions += 1;
    }
  }
  await client.end();
  return written;
}

/** A department that drops its whole register as a file again and again, each a little different from the last. */
import { rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import uscc from '../../../../contracts/subjects/uscc.js';
import { changed, type Entry, type History, keyOf } from '../model.js';
import type { Random } from '../random.js';

const SUBJECTS = 150;
const RECORDS = 3;
/**
 * Files that may wait for the connector: of several whole registers only the newest is read, and the history would not
 * know which.
 */
const WAITING = 1;
const START = Date.parse('2026-01-01T00:00:00Z');

export interface FileLoad {
  /** Drops the next file unless enough of them wait. */
  drop(): Promise<void>;
  /** The connector has taken all up to this source time: they leave the folder. */
  taken(sourceTime: string): Promise<void>;
  readonly dropped: () => number;
  /** Positions of the rows of the last file that break the contract. */
  readonly broken: () => readonly string[];
}

const cell = (text: string | null): string =>
  text === null ? '' : /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

export function fileLoad(dataset: string, folder: string, history: History, random: Random): FileLoad {
  const register = new Map<string, Entry>();
  const waiting: { readonly name: string; readonly time: string }[] = [];
  let count = 0;
  let broken: string[] = [];

  /** What the next file changes, and a withdrawal in the history for what it leaves out. */
  function step(time: string, file: string): string {
    const keys = random.shuffled(
      Array.from({ length: SUBJECTS * RECORDS }, (_, i) => ({
        uscc: uscc.make(i % SUBJECTS),
        number: `f${Math.floor(i / SUBJECTS)}`,
      })),
    );
    const first = count === 1;
    const lines: string[] = [];
    broken = [];
    for (const key of keys) {
      const before = register.get(keyOf(key));
      const row = lines.length + 1;
      const position = `${file}#${row}`;
      if (before === undefined && !random.chance(first ? 0.9 : 0.1)) continue;
      if (before !== undefined && random.chance(0.01)) {
        register.delete(keyOf(key));
        history.add(dataset, keyOf(key), { value: null, position: `left_snapshot@${time}`, sourceTime: time });
        continue;
      }
      if (before !== undefined && random.chance(0.003)) {
        // the row breaks the contract: the record stays as it is, the row goes to quarantine
        broken.push(position);
        lines.push(`${before.uscc},${before.number},${before.state},many,`);
        continue;
      }
      let entry = before;
      if (entry === undefined || random.chance(0.06)) {
        entry = changed(random, key, before);
        register.set(keyOf(key), entry);
        history.add(dataset, keyOf(key), { value: entry, position, sourceTime: time });
      }
      lines.push([entry.uscc, entry.number, entry.state, String(entry.amount), cell(entry.note)].join(','));
    }
    return `uscc,number,state,amount,note\n${lines.join('\n')}\n`;
  }

  return {
    async drop() {
      if (waiting.length >= WAITING) return;
      count += 1;
      const name = `${String(count).padStart(6, '0')}.csv`;
      const time = new Date(START + count * 1000);
      const text = step(time.toISOString(), name);
      waiting.push({ name, time: time.toISOString() });
      // written beside and renamed: a connector never meets half of it
      const hidden = join(folder, `.${name}`);
      await writeFile(hidden, text);
      await utimes(hidden, time, time);
      await rename(hidden, join(folder, name));
    },
    async taken(sourceTime) {
      while (waiting[0] !== undefined && waiting[0].time <= sourceTime)
        await rm(join(folder, waiting.shift()?.name ?? ''), { force: true });
    },
    dropped: () => count,
    broken: () => broken,
  };
}

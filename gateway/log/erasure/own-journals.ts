/**
 * Erasure on a replica that does not sequence: its order is an entry of its own journal like any, and the sequencer
 * carries it out in the log and in its copies. When that is done, what this replica itself holds follows: its journals,
 * and the key.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Lock, tryLock } from '../../ground/files/lock.js';
import type { SubjectKeys } from '../entries/keys.js';
import { auditLayout } from '../entries/layout.js';
import { pseudonymOf } from '../entries/seal.js';
import { eraseInJournal } from '../journal/erased.js';
import { readOn } from '../journal/reader.js';
import { isJournalId } from '../proof/journal-id.js';
import { JOURNAL_START, type Position } from '../proof/journal-position.js';

/** ms after which every process has forgotten a key that was destroyed. */
const FORGOTTEN = 1500;
/** ms between two looks whether another process has ended. */
const LOCKED = 100;

function seqsUnder(dir: string, pseudonyms: ReadonlySet<string>): number[] {
  const found: number[] = [];
  for (let position: Position = JOURNAL_START; ; ) {
    const result = readOn(dir, position, 20_000);
    if (result.kind === 'end') return found;
    if (result.kind === 'gap') {
      if (result.resume === undefined) return found;
      position = result.resume;
      continue;
    }
    for (const { entries } of result.groups)
      for (const { seq, body, erased } of entries)
        if (erased !== true && pseudonyms.has(pseudonymOf(body) ?? '')) found.push(seq);
    position = result.position;
  }
}

/**
 * Destroys the keys behind pseudonyms, and salt and subject part of their entries in this replica's own journals.
 * Durable when it resolves; doing it again finishes what a crash left. One process at a time, which others wait for.
 * @returns entries erased
 */
export async function eraseHere(
  dataDir: string,
  keys: Pick<SubjectKeys, 'destroy'>,
  pseudonyms: readonly string[],
): Promise<number> {
  const { journals, erasures } = auditLayout(dataDir);
  const lock = await whenFree(`${erasures}.own.lock`);
  try {
    const wanted = new Set(pseudonyms);
    const pass = (): number =>
      readdirSync(journals)
        .filter(isJournalId)
        .reduce((sum, id) => {
          const dir = join(journals, id);
          const seqs = seqsUnder(dir, wanted);
          return seqs.length === 0 ? sum : sum + seqs.length - eraseInJournal(dir, seqs).length;
        }, 0);
    const before = pass();
    for (const pseudonym of pseudonyms) keys.destroy(pseudonym);
    // what was on its way under the old keys
    await wait(FORGOTTEN);
    return before + pass();
  } finally {
    lock.release();
  }
}

async function whenFree(file: string): Promise<Lock> {
  for (;;) {
    const lock = tryLock(file);
    if (lock !== undefined) return lock;
    await wait(LOCKED);
  }
}

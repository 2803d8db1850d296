/** `audit.durability: replicated`: an entry counts as durable when a second replica has it on its disk too. */
import { YitongError } from '../../../contracts/errors.js';
import type { Journal, Receipt } from '../entries/port.js';
import type { OpenJournal } from '../journal/journal.js';

export interface SecondCopies extends Journal {
  /** Another replica has this journal up to `lastSeq` on its disk. */
  confirmed(lastSeq: number): void;
}

interface Waiting {
  readonly seq: number;
  readonly resolve: () => void;
}

/**
 * A journal whose appends resolve when the entry is durable here and confirmed by another replica. One that is not
 * confirmed in time is refused; it stands on record all the same, as an answer that was not given.
 * @param timeout ms
 */
export function withSecondCopy(
  journal: Pick<OpenJournal, 'append' | 'note' | 'healthy' | 'close'>,
  timeout: number,
): SecondCopies {
  let upTo = 0;
  /** In the order of their seqs, for so they become durable here. */
  let waiting: Waiting[] = [];

  function second({ id }: Receipt): Promise<void> {
    const seq = Number(id.slice(id.lastIndexOf(':') + 1));
    if (seq <= upTo) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const one: Waiting = {
        seq,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        waiting = waiting.filter((other) => other !== one);
        reject(new YitongError('replication_timeout', `no second replica confirmed the entry within ${timeout} ms`));
      }, timeout);
      waiting.push(one);
    });
  }

  return {
    async append(draft) {
      const receipt = await journal.append(draft);
      await second(receipt);
      return receipt;
    },
    note: (draft) => journal.note(draft),
    get healthy() {
      return journal.healthy;
    },
    confirmed(lastSeq) {
      if (lastSeq <= upTo) return;
      upTo = lastSeq;
      const still: Waiting[] = [];
      for (const one of waiting) {
        if (one.seq <= upTo) one.resolve();
        else still.push(one);
      }
      waiting = still;
    },
    close: () => journal.close(),
  };
}

/**
 * How answers ended, gathered: one `completed` entry for the answers of a client within a quarter of a second. Nobody
 * waits for it, and one entry an answer would double the log. What is gathered when a process dies is lost; that the
 * answer was released stands in the log by then.
 */
import type { FastifyReply } from 'fastify';
import { type CompletedAnswer, completedBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';

export interface Completions {
  /**
   * Notes the end of this answer once the connection is done with it.
   * @param bytes of the answer, asked when it has ended
   */
  watch(reply: FastifyReply, requestId: string, client: string, bytes: () => number): void;
  /** Writes what is gathered. */
  flush(): void;
}

const GATHER_MS = 250;
/** An entry stays small enough for the journal's ring. */
const MOST = 200;

export function completions(journal: Journal, now: () => number): Completions {
  const gathered = new Map<string, CompletedAnswer[]>();
  let timer: NodeJS.Timeout | undefined;
  const write = (client: string, answers: readonly CompletedAnswer[]): void =>
    journal.note({ clear: completedBody({ time: new Date(now()).toISOString(), client, answers }) });
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const [client, answers] of gathered) write(client, answers);
    gathered.clear();
  };
  const add = (client: string, answer: CompletedAnswer): void => {
    const answers = gathered.get(client);
    if (answers === undefined) gathered.set(client, [answer]);
    else if (answers.push(answer) >= MOST) {
      write(client, answers);
      gathered.delete(client);
    }
    timer ??= setTimeout(flush, GATHER_MS);
  };
  return {
    watch(reply, requestId, client, bytes) {
      const ended = (): void =>
        add(client, {
          requestId,
          status: reply.raw.statusCode,
          bytes: bytes(),
          microseconds: Math.round(reply.elapsedTime * 1000),
          aborted: !reply.raw.writableFinished,
        });
      // a client may have gone while its entry was being made durable
      if (reply.raw.closed) ended();
      else reply.raw.once('close', ended);
    },
    flush,
  };
}

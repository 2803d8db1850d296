/**
 * How answers ended, gathered: one `completed` entry for the answers of a client within a quarter of a second. Nobody
 * waits for it, and one entry an answer would double the log. What is gathered when a process dies is lost; that the
 * answer was released stands in the log by then.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type CompletedAnswer, completedBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';

/** An answer whose end is to be noted. */
interface Watched {
  readonly client: string;
  /** Of the answer; asked when it has ended. */
  readonly bytes: () => number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined where the end of the answer is not on record. */
    watched: Watched | undefined;
  }
}

export interface Completions {
  /**
   * Notes the end of this answer once the connection is done with it.
   * @param bytes of the answer, asked when it has ended
   */
  watch(request: FastifyRequest, reply: FastifyReply, client: string, bytes: () => number): void;
  /** A request is over: notes the end of its answer, if it is watched. */
  over(request: FastifyRequest, reply: FastifyReply): void;
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
  const over = (request: FastifyRequest, reply: FastifyReply): void => {
    const { watched } = request;
    if (watched === undefined) return;
    request.watched = undefined;
    add(watched.client, {
      requestId: request.id,
      status: reply.raw.statusCode,
      bytes: watched.bytes(),
      microseconds: Math.round(reply.elapsedTime * 1000),
      aborted: !reply.raw.writableFinished,
    });
  };
  return {
    watch(request, reply, client, bytes) {
      request.watched = { client, bytes };
      // a client may have gone while its entry was being made durable
      if (reply.raw.closed) over(request, reply);
    },
    over,
    flush,
  };
}

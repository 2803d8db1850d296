/** The end of an answer: its receipt as the last member, and the entry that says how it went. */
import type { FastifyReply } from 'fastify';
import { completedBody } from '../audit/events.js';
import type { Journal } from '../audit/port.js';

/** An answer's bytes with its receipt as the last member. */
export function withReceipt(body: Buffer, receipt: string): Buffer {
  const tail = `,"receipt":${receipt}}`;
  const whole = Buffer.allocUnsafe(body.length - 1 + Buffer.byteLength(tail));
  body.copy(whole, 0, 0, body.length - 1);
  whole.write(tail, body.length - 1);
  return whole;
}

/** Notes `completed` once the connection is done with the answer; not waited for. @param bytes of the answer, asked when it has ended */
export function noteCompleted(reply: FastifyReply, journal: Journal, now: () => number, requestId: string, client: string, bytes: () => number): void {
  const completed = (): void =>
    journal.note({
      clear: completedBody({
        time: new Date(now()).toISOString(),
        requestId,
        client,
        status: reply.raw.statusCode,
        bytes: bytes(),
        microseconds: Math.round(reply.elapsedTime * 1000),
        aborted: !reply.raw.writableFinished,
      }),
    });
  // a client may have gone while its entry was being made durable
  if (reply.raw.closed) completed();
  else reply.raw.once('close', completed);
}

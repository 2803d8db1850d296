/**
 * Closing without cutting off what was just said: a peer that still writes does not read, and a reset takes the answer
 * from it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Ms, and bytes, that a peer may still write behind an answer that closes its connection. */
const LINGER_MS = 2000;
const LINGER_BYTES = 16 * 1_048_576;

const lingering = new WeakSet<object>();

/** Writes the last that is said on a connection, drops what still comes in, and closes it within two seconds. */
export function sayAndClose(socket: Pick<Socket, 'end' | 'destroy' | 'resume' | 'once'>, last: string): void {
  if (lingering.has(socket)) return;
  lingering.add(socket);
  const bound = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(bound));
  socket.once('end', () => socket.destroy());
  socket.end(last);
  socket.resume();
}

/** Resolves once the body has come in and was dropped, or as much of it as is waited for. */
function dropped(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const over = (): void => {
      clearTimeout(bound);
      request.off('data', count);
      resolve();
    };
    const count = (part: Buffer | string): void => {
      bytes += part.length;
      if (bytes > LINGER_BYTES) over();
    };
    const bound = setTimeout(over, LINGER_MS);
    for (const end of ['end', 'close', 'error'] as const) request.once(end, over);
    request.on('data', count);
    request.resume();
  });
}

/**
 * For an answer that leaves before its request's body was read: it is written at once, and ends (which closes the
 * connection) when the body has come in.
 */
export function endBehindBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || request.readableEnded || request.destroyed || lingering.has(response)) return;
  lingering.add(response);
  const end = response.end.bind(response);
  response.end = ((chunk?: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) response.write(chunk);
    void dropped(request).then(() => end());
    return response;
  }) as typeof response.end;
}

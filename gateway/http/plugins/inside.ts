/**
 * A request that one of our own routes makes to another, in this process, for whoever asked it: the same hooks,
 * handlers and entries as if it had come over the connection of the outer one, and the same certificate behind it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { Asked } from '../../../contracts/client.js';
import type { Journal } from '../../log/entries/port.js';

interface Outer {
  readonly socket: Socket;
  /** By what the inner request was asked for: as its entries say it. */
  readonly via: 'mcp';
}
const outer = new AsyncLocalStorage<Outer>();

/** The connection on which it came; of a request from inside that of the outer one. */
export const connectionOf = ({ raw: { socket } }: Pick<FastifyRequest, 'raw'>): Socket =>
  socket instanceof TLSSocket ? socket : (outer.getStore()?.socket ?? socket);

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Headers that go on: by these the entries of both belong together. */
const KEPT = ['traceparent', 'tracestate'] as const;

/** A journal by whose entries it is seen that an agent asked, of requests that are made for one. */
export const sayingVia = (journal: Journal): Journal => ({
  append(draft) {
    const via = outer.getStore()?.via;
    if (via === undefined) return journal.append(draft);
    // behind its first member, which is the type: the end is where the digest of an answer goes
    const at = draft.clear.indexOf(',');
    const clear = `${draft.clear.slice(0, at)},"via":"${via}"${draft.clear.slice(at)}`;
    return journal.append({ ...draft, clear });
  },
  note: (draft) => journal.note(draft),
  get healthy() {
    return journal.healthy;
  },
  close: () => journal.close(),
});

/** @param request the outer one @param via by what it is asked for */
export async function askInside(
  request: FastifyRequest,
  via: Outer['via'],
  { method, path, body, headers }: Asked,
): Promise<Answered> {
  const kept = Object.fromEntries(
    KEPT.flatMap((name) => (request.headers[name] === undefined ? [] : [[name, request.headers[name]]])),
  );
  // it begins when it is waited for, and that has to be within
  const answer = await outer.run(
    { socket: connectionOf(request), via },
    async () =>
      await request.server.inject({
        method: method as 'GET',
        url: path,
        headers: { ...headers, ...kept, 'x-request-id': request.id },
        remoteAddress: request.raw.socket.remoteAddress ?? '127.0.0.1',
        ...(body === undefined ? {} : { payload: body as object }),
      }),
  );
  return { status: answer.statusCode, headers: answer.headers as Answered['headers'], body: answer.rawPayload };
}

/**
 * Who may hold a connection of a port. A connection that has not asked anything yet (its handshake included) costs its
 * peer nothing: their number is bounded, in all and by address, and a new one takes the place of an old one, so that
 * silent peers shut out each other and not those who ask. All connections are bounded as well: one without an answer
 * under way gives way to a new one.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isIPv6, type Socket } from 'node:net';

export interface GateLimits {
  /** Connections that have not asked anything yet. */
  readonly unasked: number;
  /** The same of one address: of one network of 64 bits in IPv6. */
  readonly unaskedOfAddress: number;
  readonly open: number;
}

/** Which limit a connection was closed for. */
export type Cut = 'unasked' | 'address' | 'open';

interface Held {
  readonly socket: Socket;
  readonly address: string;
  /**
   * Under way. A list of each connection, and no set of all: a set that is filled and emptied with each request is made
   * anew again and again, and V8 has each one that it was point to the next, so that those which have grown old keep
   * all answers that they had.
   */
  readonly answers: ServerResponse[];
}

/** First 64 bits of an IPv6 address, as its first four groups; one that holds an IPv4 address is that one. */
export function networkOf(address: string): string {
  // the expression that knows them all takes 30 ms to be made, in the middle of the first connection
  if (!address.includes(':') || !isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':');
}

/** Below TLS, by what is above it. */
const below = new WeakMap<Socket, Socket>();

/**
 * Ends a connection behind a gate so that nothing more of it arrives: closed in order, the system would go on sending
 * what it holds for a peer that reads slowly, megabytes of it.
 */
export function reset(socket: Socket): void {
  const raw = below.get(socket);
  if (raw === undefined) socket.destroy();
  else raw.resetAndDestroy();
}

/** Below TLS and above it, a connection is known by its two ends. */
const endsOf = ({ remoteAddress, remotePort, localAddress }: Socket): string =>
  `${remoteAddress ?? ''} ${String(remotePort)} ${localAddress ?? ''}`;

/**
 * Lets go of all connections, for a server that has stopped listening: Node ends only those that it has heard of, and
 * one that was in its handshake then would come in, ask again and again, and keep the server from its end.
 * @param now also those with an answer under way; else they go behind it
 */
type Shut = (now: boolean) => void;

/**
 * To be called before the server listens, and before anybody else looks at its connections.
 * @param onCut called for each connection that was closed, or was not taken, for a limit
 */
export function gate(server: Server, limits: GateLimits, onCut: (why: Cut) => void = () => undefined): Shut {
  const byEnds = new Map<string, Held>();
  const bySocket = new WeakMap<Socket, Held>();
  /** The oldest first. */
  const unasked = new Map<string, Set<Held>>();
  let waiting = 0;
  const idle = new Set<Held>();
  let open = 0;
  let isShut = false;

  const asks = (held: Held): void => {
    const of = unasked.get(held.address);
    if (of?.delete(held) !== true) return;
    waiting--;
    if (of.size === 0) unasked.delete(held.address);
  };
  const cut = (held: Held | undefined, why: Cut): boolean => {
    if (held === undefined) return false;
    onCut(why);
    asks(held);
    idle.delete(held);
    held.socket.destroy();
    return true;
  };
  const first = <One>(of: Set<One> | undefined): One | undefined => of?.values().next().value;
  const heaviest = (): Set<Held> | undefined => {
    let most: Set<Held> | undefined;
    for (const of of unasked.values()) if (most === undefined || of.size > most.size) most = of;
    return most;
  };

  /** Whether the connection may come in; makes room for it. */
  function admit(socket: Socket): boolean {
    const address = networkOf(socket.remoteAddress ?? '');
    if (open >= limits.open && !cut(first(heaviest()), 'open') && !cut(first(idle), 'open')) {
      onCut('open');
      return false;
    }
    const same = unasked.get(address);
    if ((same?.size ?? 0) >= limits.unaskedOfAddress) cut(first(same), 'address');
    else if (waiting >= limits.unasked) cut(first(heaviest()), 'unasked');
    const held: Held = { socket, address, answers: [] };
    const of = unasked.get(address) ?? new Set<Held>();
    unasked.set(address, of.add(held));
    waiting++;
    open++;
    const ends = endsOf(socket);
    byEnds.set(ends, held);
    bySocket.set(socket, held);
    socket.once('close', () => {
      asks(held);
      idle.delete(held);
      open--;
      if (byEnds.get(ends) === held) byEnds.delete(ends);
    });
    return true;
  }

  const taken = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (!isShut && admit(socket)) for (const take of taken) take.call(server, socket);
    else socket.destroy();
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const held = bySocket.get(socket) ?? byEnds.get(endsOf(socket));
    if (held === undefined) return;
    bySocket.set(socket, held);
    below.set(socket, held.socket);
    asks(held);
    idle.delete(held);
    held.answers.push(response);
    if (isShut) response.shouldKeepAlive = false;
    response.once('close', () => {
      held.answers.splice(held.answers.indexOf(response), 1);
      if (held.answers.length === 0 && !held.socket.destroyed) idle.add(held);
    });
  });

  return (now) => {
    isShut = true;
    for (const { answers, socket } of [...byEnds.values()]) {
      for (const response of answers) response.shouldKeepAlive = false;
      if (now || answers.length === 0) socket.destroy();
    }
  };
}

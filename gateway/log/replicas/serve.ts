/**
 * The replica port: what a replica gives to the other replicas of its log, and to nobody else. Journals as they are on
 * its disk (clear parts, salts, subjects encrypted; the subjects' keys never leave), its word on who sequences, and
 * proofs of receipts.
 */
import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { errorTable, isYitongError, YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { SAFE_TLS } from '../../ground/identity/tls.js';
import { gate } from '../../ground/sockets/gate.js';
import { portLimits, requestsWithin } from '../../ground/sockets/limits.js';
import { erasedBy } from '../erasure/order.js';
import type { Verifier } from '../proof/note.js';
import { receiptFor } from '../store/receipts.js';
import type { ListAnswer, ListRequest } from './client.js';
import { INTEGRATED, parseIntegrated } from './client.js';
import { type Claim, claimSchema, type Judgement, type Register } from './epoch.js';
import { encodePiece, journalExtent, journalIds, readPiece } from './extent.js';
import type { Peer, ReplicaSetup } from './peers.js';

export interface ReplicaPortOptions {
  readonly dataDir: string;
  readonly setup: Pick<ReplicaSetup, 'name' | 'peers' | 'host' | 'port' | 'tls'>;
  readonly register: Register;
  /** Of this replica: those that have signed its journals. */
  readonly vkeys: () => readonly Verifier[];
  /** ms between two looks at the journals while somebody waits for new entries. */
  readonly look: number;
  /**
   * A replica asked, as the sequencer or for copies.
   * @param confirmed of this one's journals, the newest seq that is durable there
   */
  readonly onHeard: (peer: string, sequencer: boolean, confirmed: ReadonlyMap<string, number>) => void;
  /** The sequencer said what it has in the published log. @param integrated by journal, the newest seq */
  readonly onIntegrated?: (integrated: ReadonlyMap<string, number>) => void;
  /** What failed inside; no content. */
  readonly onError: (message: string) => void;
}

const MAX_BODY = 1 << 20;
/** The other replicas, some times over. */
const MAX_CONNECTIONS = 512;
/** Longest wait for new entries. */
const MAX_WAIT = 2000;

const whole = { type: 'integer', minimum: 0 };
const checkClaim = shape<Claim>(claimSchema, 'bad_request');
const checkRequest = shape<ListRequest>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['have', 'wait'],
    properties: {
      claim: claimSchema,
      wait: whole,
      have: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          additionalProperties: false,
          required: ['segment', 'lastSeq'],
          properties: { segment: whole, lastSeq: whole },
        },
      },
    },
  },
  'bad_request',
);
const checkAsked = shape<{ readonly id: string; readonly client: string }>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'client'],
    properties: { id: { type: 'string', maxLength: 100 }, client: { type: 'string', maxLength: 200 } },
  },
  'bad_request',
);
const checkPseudonym = shape<{ readonly pseudonym: string }>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['pseudonym'],
    properties: { pseudonym: { type: 'string', pattern: '^[0-9a-f]{32}$' } },
  },
  'bad_request',
);
const PLACE = { file: 'replica port' };

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BODY) throw new YitongError('bad_request', 'the body is too large');
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch (cause) {
    throw new YitongError('bad_request', 'the body is not JSON', { cause });
  }
}

export async function serveReplicaPort(
  options: ReplicaPortOptions,
): Promise<{ readonly port: number; renew(): void; close(): Promise<void> }> {
  const { dataDir, setup, register } = options;

  function peerOf({ socket }: IncomingMessage): Peer {
    const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
    const peer = certificate === undefined ? undefined : setup.peers.find(({ owns }) => owns(certificate));
    if (peer === undefined)
      throw new YitongError('replica_refused', 'the certificate is not that of a replica of this log');
    return peer;
  }

  const judged = (peer: Peer, claim: Claim): Judgement => {
    // nobody claims for another
    if (claim.holder !== peer.name)
      return {
        kind: 'refused',
        reason: `its certificate is that of \`${peer.name}\` here, and it calls itself \`${claim.holder}\``,
      };
    return register.take(claim);
  };

  const extents = (have: ListRequest['have']): Extract<ListAnswer, { kind: 'list' }>['journals'] =>
    Object.fromEntries(
      journalIds(dataDir).flatMap((id) => {
        const extent = journalExtent(dataDir, id, have[id]?.segment ?? 0);
        return extent === undefined ? [] : [[id, extent]];
      }),
    );

  async function list(
    peer: Peer,
    { claim, have, wait }: ListRequest,
    integrated: string | undefined,
  ): Promise<ListAnswer> {
    if (claim !== undefined) {
      const judgement = judged(peer, claim);
      if (judgement.kind === 'refused') return judgement;
      // of no other: it may have a log that this one is not in
      if (integrated !== undefined) options.onIntegrated?.(parseIntegrated(integrated));
    }
    const now = extents(have);
    // more than there is: it copied a journal that was since taken back, and confirms nothing of this one
    const confirmed = Object.entries(have).flatMap(([id, { lastSeq }]) =>
      lastSeq <= (now[id]?.marker?.lastSeq ?? 0) ? [[id, lastSeq] as const] : [],
    );
    options.onHeard(peer.name, claim !== undefined, new Map(confirmed));
    const end = Date.now() + Math.min(wait, MAX_WAIT);
    for (;;) {
      const journals = extents(have);
      const isNew = Object.entries(journals).some(
        ([id, { marker }]) => marker !== null && marker.lastSeq > (have[id]?.lastSeq ?? -1),
      );
      if (isNew || Date.now() >= end)
        return { kind: 'list', replica: setup.name, vkeys: options.vkeys().map(({ vkey }) => vkey), journals };
      await new Promise((resolve) => setTimeout(resolve, options.look));
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const peer = peerOf(request);
    const url = new URL(request.url ?? '/', 'https://replica');
    const json = (value: unknown): void =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    const piece = /^\/v1\/journals\/([a-z0-9-]{1,60})\/(\d{1,8})$/.exec(url.pathname);
    if (request.method === 'GET' && piece !== null) {
      const from = url.searchParams.get('from') ?? '';
      if (!/^\d{1,10}$/.test(from)) throw new YitongError('bad_request', '`from` is an offset');
      const found = readPiece(dataDir, piece[1] ?? '', Number(piece[2]), Number(from));
      if (found === undefined) throw new YitongError('not_found', 'there is no such segment');
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(encodePiece(found));
    } else if (request.method !== 'POST') throw new YitongError('not_found', 'the replica port has no such path');
    else if (url.pathname === '/v1/journals') {
      const said = request.headers[INTEGRATED];
      json(await list(peer, checkRequest(await bodyOf(request), PLACE), typeof said === 'string' ? said : undefined));
    } else if (url.pathname === '/v1/claim') json(judged(peer, checkClaim(await bodyOf(request), PLACE)));
    else if (url.pathname === '/v1/receipts') {
      const { id, client } = checkAsked(await bodyOf(request), PLACE);
      json(receiptFor(dataDir, id, client));
    } else if (url.pathname === '/v1/erasures') {
      const by = erasedBy(dataDir, checkPseudonym(await bodyOf(request), PLACE).pseudonym);
      json(by === undefined ? {} : { by });
    } else throw new YitongError('not_found', 'the replica port has no such path');
  }

  const secure = (): ServerOptions => ({
    ...setup.tls,
    requestCert: true,
    rejectUnauthorized: true,
    ...SAFE_TLS,
    minVersion: 'TLSv1.3',
    // each connection shows its certificate anew
    secureOptions: SAFE_TLS.secureOptions | constants.SSL_OP_NO_TICKET,
    sessionTimeout: 1,
    sessionIdContext: 'yitong-replica',
  });
  const server = createServer({ ...secure(), ...requestsWithin(10_000) }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const code = isYitongError(error) ? error.code : 'internal';
      if (errorTable[code].status >= 500) options.onError(error instanceof Error ? error.message : 'unknown');
      if (response.headersSent) response.destroy();
      else
        response
          .writeHead(errorTable[code].status, { 'content-type': 'application/problem+json' })
          .end(JSON.stringify({ code, title: errorTable[code].title }));
    });
  });
  gate(server, portLimits(MAX_CONNECTIONS));
  server.keepAliveTimeout = 72_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(setup.port, setup.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    /** `setup.tls` is another. */
    renew: () => server.setSecureContext(secure()),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

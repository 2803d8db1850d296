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
import { present } from '../../../contracts/present.js';
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
import { decodeRun, MOST_MESSAGE, type RunAnswer, type RunMessage } from './run-message.js';

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
  /** What the one that sequences sent for the copy of the log here; absent where none is kept. */
  readonly onRun?: (run: RunMessage) => Promise<RunAnswer>;
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

async function bytesOf(request: IncomingMessage, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > most) throw new YitongError('bad_request', 'the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const bytes = await bytesOf(request, MAX_BODY);
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (cause) {
    throw new YitongError('bad_request', 'the body is not JSON', { cause });
  }
}

const NO_SUCH_PATH = 'the replica port has no such path';

interface ReplicaPort {
  /** Where it listens. */
  readonly port: number;
  /** `setup.tls` is another. */
  renew(): void;
  close(): Promise<void>;
}

export async function serveReplicaPort(options: ReplicaPortOptions): Promise<ReplicaPort> {
  const { setup, onError } = options;
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
  const answers = new ReplicaAnswers(options);
  const server = createServer({ ...secure(), ...requestsWithin(10_000) }, (request, response) => {
    answers.answer(request, response).catch((error: unknown) => answerError(error, response, onError));
  });
  const shut = gate(server, portLimits(MAX_CONNECTIONS));
  server.keepAliveTimeout = 72_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(setup.port, setup.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    renew: () => server.setSecureContext(secure()),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        shut(true);
      }),
  };
}

function answerError(error: unknown, response: ServerResponse, onError: ReplicaPortOptions['onError']): void {
  const code = isYitongError(error) ? error.code : 'internal';
  const { status, title } = errorTable[code];
  if (status >= 500) onError(error instanceof Error ? error.message : 'unknown');
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ code, title }));
}

/** What the port answers, request by request. Each method throws a YitongError where it refuses. */
class ReplicaAnswers {
  readonly #options: ReplicaPortOptions;

  constructor(options: ReplicaPortOptions) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const peer = this.#peerOf(request);
    const url = new URL(request.url ?? '/', 'https://replica');
    const piece = /^\/v1\/journals\/([a-z0-9-]{1,60})\/(\d{1,8})$/.exec(url.pathname);
    if (request.method === 'GET' && piece !== null) {
      const bytes = this.#piece(piece[1] ?? '', Number(piece[2]), url.searchParams.get('from') ?? '');
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes);
      return;
    }
    if (request.method !== 'POST') throw new YitongError('not_found', NO_SUCH_PATH);
    const value = await this.#posted(peer, url.pathname, request);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  }

  async #posted(peer: Peer, path: string, request: IncomingMessage): Promise<unknown> {
    const { dataDir } = this.#options;
    switch (path) {
      case '/v1/journals': {
        const integrated = request.headers[INTEGRATED];
        const asked = checkRequest(await bodyOf(request), PLACE);
        return this.#list(peer, asked, typeof integrated === 'string' ? integrated : undefined);
      }
      case '/v1/claim':
        return this.#judged(peer, checkClaim(await bodyOf(request), PLACE));
      case '/v1/log':
        return await this.#run(peer, decodeRun(await bytesOf(request, MOST_MESSAGE)));
      case '/v1/receipts': {
        const { id, client } = checkAsked(await bodyOf(request), PLACE);
        return receiptFor(dataDir, id, client);
      }
      case '/v1/erasures': {
        const { pseudonym } = checkPseudonym(await bodyOf(request), PLACE);
        return present({ by: erasedBy(dataDir, pseudonym) });
      }
      default:
        throw new YitongError('not_found', NO_SUCH_PATH);
    }
  }

  #peerOf({ socket }: IncomingMessage): Peer {
    const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
    const { peers } = this.#options.setup;
    const peer = certificate === undefined ? undefined : peers.find(({ owns }) => owns(certificate));
    if (peer === undefined)
      throw new YitongError('replica_refused', 'the certificate is not that of a replica of this log');
    return peer;
  }

  #piece(journal: string, segment: number, from: string): Buffer {
    if (!/^\d{1,10}$/.test(from)) throw new YitongError('bad_request', '`from` is an offset');
    const piece = readPiece(this.#options.dataDir, journal, segment, Number(from));
    if (piece === undefined) throw new YitongError('not_found', 'there is no such segment');
    return encodePiece(piece);
  }

  #judged(peer: Peer, claim: Claim): Judgement {
    // nobody claims for another
    if (claim.holder !== peer.name)
      return {
        kind: 'refused',
        reason: `its certificate is that of \`${peer.name}\` here, and it calls itself \`${claim.holder}\``,
      };
    return this.#options.register.take(claim);
  }

  async #run(peer: Peer, run: RunMessage): Promise<RunAnswer> {
    const { onRun } = this.#options;
    if (onRun === undefined || run.claim === undefined) throw new YitongError('not_found', NO_SUCH_PATH);
    const judgement = this.#judged(peer, run.claim);
    return judgement.kind === 'refused' ? judgement : await onRun(run);
  }

  async #list(peer: Peer, { claim, have, wait }: ListRequest, integrated: string | undefined): Promise<ListAnswer> {
    const { onHeard, onIntegrated } = this.#options;
    if (claim !== undefined) {
      const judgement = this.#judged(peer, claim);
      if (judgement.kind === 'refused') return judgement;
      // of no other: it may have a log that this one is not in
      if (integrated !== undefined) onIntegrated?.(parseIntegrated(integrated));
    }
    onHeard(peer.name, claim !== undefined, confirmedBy(have, this.#extents(have)));
    return this.#listOnceNew(have, wait);
  }

  /** The list, as soon as a journal has more than the one who asks, or after `wait` ms. */
  async #listOnceNew(have: ListRequest['have'], wait: number): Promise<ListAnswer> {
    const { setup, vkeys, look } = this.#options;
    const end = Date.now() + Math.min(wait, MAX_WAIT);
    for (;;) {
      const journals = this.#extents(have);
      const isNew = Object.entries(journals).some(
        ([id, { marker }]) => marker !== null && marker.lastSeq > (have[id]?.lastSeq ?? -1),
      );
      if (isNew || Date.now() >= end)
        return { kind: 'list', replica: setup.name, vkeys: vkeys().map(({ vkey }) => vkey), journals };
      await new Promise((resolve) => setTimeout(resolve, look));
    }
  }

  /** Each journal from the segment on that the one who asks has reached. */
  #extents(have: ListRequest['have']): Extents {
    const { dataDir } = this.#options;
    return Object.fromEntries(
      journalIds(dataDir).flatMap((id) => {
        const extent = journalExtent(dataDir, id, have[id]?.segment ?? 0);
        return extent === undefined ? [] : [[id, extent]];
      }),
    );
  }
}

type Extents = Extract<ListAnswer, { kind: 'list' }>['journals'];

/**
 * By journal, the newest seq that is durable at the one who asks. One that has more than there is copied a journal that
 * was taken back since, and confirms nothing of this one.
 */
const confirmedBy = (have: ListRequest['have'], journals: Extents): ReadonlyMap<string, number> =>
  new Map(
    Object.entries(have).flatMap(([id, { lastSeq }]) =>
      lastSeq <= (journals[id]?.marker?.lastSeq ?? 0) ? [[id, lastSeq] as const] : [],
    ),
  );

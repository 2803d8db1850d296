/** Speaks to one other replica over mTLS: only to the certificate that its configuration names. */

import { Agent, request as httpsRequest } from 'node:https';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { shape } from '../../../contracts/validate.js';
import type { ReceiptAnswer } from '../store/receipts.js';
import type { Claim, Judgement } from './epoch.js';
import { decodePiece, type JournalExtent, PIECE, type Piece } from './extent.js';
import type { Peer, ReplicaTls } from './peers.js';

/** What a replica asks for when it looks at another's journals. */
export interface ListRequest {
  /** Of a replica that sequences; one without only keeps a copy. */
  readonly claim?: Claim;
  /** By journal: the segment from which on it is asked, and the newest seq that is durable at the asker. */
  readonly have: Readonly<Record<string, { readonly segment: number; readonly lastSeq: number }>>;
  /** Wait so many ms if nothing is new. */
  readonly wait: number;
}

export type ListAnswer =
  | {
      readonly kind: 'list';
      readonly replica: string;
      readonly vkeys: readonly string[];
      readonly journals: Readonly<Record<string, JournalExtent>>;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/** A header, so that a replica of another version need not know of it. */
export const INTEGRATED = 'yitong-integrated';
/** Journals that are named at most. */
const NAMED = 300;

export const integratedText = (integrated: ReadonlyMap<string, number>): string =>
  [...integrated]
    .slice(-NAMED)
    .map(([id, seq]) => `${id}:${String(seq)}`)
    .join(',');

/** What is not written so is left out. */
export const parseIntegrated = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text.split(',').flatMap((one) => {
      const match = /^([a-z][a-z0-9-]{0,59}):(\d{1,15})$/.exec(one);
      return match === null ? [] : [[match[1] ?? '', Number(match[2])] as const];
    }),
  );

export interface ReplicaClient {
  readonly peer: Peer;
  /** Each throws YitongError `replica_unavailable` where it does not answer as a replica. */
  claim(claim: Claim): Promise<Judgement>;
  /**
   * @param integrated of a replica that sequences: what of the other's journals is in the published log, as
   * `integratedText` writes it
   */
  list(request: ListRequest, integrated?: string): Promise<ListAnswer>;
  /** Undefined if it has no such segment. */
  piece(journal: string, segment: number, from: number): Promise<Piece | undefined>;
  /** @param client to whom the answer of this receipt went */
  receipt(id: string, client: string): Promise<ReceiptAnswer>;
  /** Log index of the entry by which a pseudonym was erased, once nothing of it is left in the log's store. */
  erasedBy(pseudonym: string): Promise<number | undefined>;
  close(): void;
}

const text = { type: 'string', maxLength: 1000 };
const whole = { type: 'integer', minimum: 0 };
const marker = {
  type: ['object', 'null'],
  additionalProperties: false,
  required: ['segment', 'end', 'lastSeq'],
  properties: { segment: whole, end: whole, lastSeq: whole },
};
const segment = {
  type: 'object',
  additionalProperties: false,
  required: ['segment', 'end'],
  properties: { segment: whole, end: { type: ['integer', 'null'], minimum: 0 } },
};
const journal = {
  type: 'object',
  additionalProperties: false,
  required: ['segments', 'marker'],
  properties: { segments: { type: 'array', items: segment }, marker },
};
const checkList = shape<ListAnswer>(
  {
    oneOf: [
      {
        type: 'object',
        additionalProperties: false,
        required: ['kind', 'replica', 'vkeys', 'journals'],
        properties: {
          kind: { const: 'list' },
          replica: text,
          vkeys: { type: 'array', items: text },
          journals: { type: 'object', additionalProperties: journal },
        },
      },
      {
        type: 'object',
        additionalProperties: false,
        required: ['kind', 'reason'],
        properties: { kind: { const: 'refused' }, reason: text },
      },
    ],
  },
  'replica_unavailable',
);
const checkJudgement = shape<Judgement>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['kind'],
    properties: { kind: { enum: ['agreed', 'refused'] }, reason: text },
  },
  'replica_unavailable',
);
const checkReceipt = shape<ReceiptAnswer>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['state'],
    properties: {
      state: { enum: ['not_yet', 'logged'] },
      index: whole,
      body: { type: 'string' },
      salt: text,
      erasedBy: whole,
      proof: { type: 'string' },
    },
  },
  'replica_unavailable',
);

const checkErasure = shape<{ readonly by?: number }>(
  { type: 'object', additionalProperties: false, properties: { by: whole } },
  'replica_unavailable',
);

const ANSWER_WITHIN = 5000;
const MAX_ANSWER = PIECE + (4 << 20);

export function replicaClient(peer: Peer, tls: ReplicaTls): ReplicaClient {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 4,
    maxCachedSessions: 0,
    minVersion: 'TLSv1.3',
    // no session is resumed: then its certificate would not be looked at. Whom TLS has verified is the one that is
    // meant, whatever host name it has
    checkServerIdentity: (_host, certificate) =>
      peer.owns(certificate) ? undefined : new Error('its certificate is not the one that `audit.replicas` names'),
  });
  const unavailable = (why: string, cause?: unknown): YitongError =>
    new YitongError('replica_unavailable', `the replica \`${peer.name}\` ${why}`, {
      ...present({ cause }),
    });

  const send = (
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    patience: number,
    more: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly bytes: Buffer }> =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      // a new certificate takes connections of its own
      const request = httpsRequest(
        new URL(path, peer.url),
        {
          method,
          agent,
          cert: tls.cert,
          key: tls.key,
          ca: tls.ca,
          ...(payload === undefined
            ? {}
            : { headers: { ...more, 'content-type': 'application/json', 'content-length': payload.length } }),
        },
        (response) => {
          const parts: Buffer[] = [];
          let length = 0;
          response.on('data', (part: Buffer) => {
            length += part.length;
            if (length > MAX_ANSWER) request.destroy(new Error('its answer is too long'));
            else parts.push(part);
          });
          response.on('error', reject);
          response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(parts) }));
        },
      );
      const timer = setTimeout(
        () => request.destroy(new Error(`it does not answer within ${patience / 1000} s`)),
        patience,
      );
      request.on('error', reject);
      request.on('close', () => clearTimeout(timer));
      request.end(payload);
    });

  const ask = async (
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    patience = ANSWER_WITHIN,
    more: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly bytes: Buffer }> => {
    try {
      return await send(method, path, body, patience, more);
    } catch (cause) {
      throw unavailable(
        `cannot be reached: ${cause instanceof Error ? cause.message || 'no connection' : 'no connection'}`,
        cause,
      );
    }
  };
  async function json<T>(
    checked: (value: unknown, place: { readonly file: string }) => T,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    patience?: number,
    more?: Readonly<Record<string, string>>,
  ): Promise<T> {
    const { status, bytes } = await ask(method, path, body, patience, more);
    if (status !== 200)
      throw unavailable(status === 403 ? 'does not know this replica by its certificate (403)' : `answers ${status}`);
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString('utf8')) as unknown;
    } catch (cause) {
      throw unavailable('does not answer in JSON', cause);
    }
    return checked(value, { file: peer.url });
  }

  return {
    peer,
    claim: (claim) => json(checkJudgement, 'POST', '/v1/claim', claim),
    async list(request, integrated = '') {
      const answer = await json(
        checkList,
        'POST',
        '/v1/journals',
        request,
        ANSWER_WITHIN + request.wait,
        integrated === '' ? {} : { [INTEGRATED]: integrated },
      );
      if (answer.kind === 'list' && answer.replica !== peer.name)
        throw unavailable(
          `calls itself \`${answer.replica}\`; \`audit.replica\` there and \`audit.replicas\` here must agree`,
        );
      return answer;
    },
    async piece(id, number, from) {
      const { status, bytes } = await ask('GET', `/v1/journals/${id}/${number}?from=${from}`);
      if (status === 404) return undefined;
      const piece = status === 200 ? decodePiece(bytes) : undefined;
      if (piece === undefined) throw unavailable(`answers ${status} where it is asked for a part of a journal`);
      return piece;
    },
    receipt: (id, client) => json(checkReceipt, 'POST', '/v1/receipts', { id, client }),
    erasedBy: async (pseudonym) => (await json(checkErasure, 'POST', '/v1/erasures', { pseudonym })).by,
    close: () => agent.destroy(),
  };
}

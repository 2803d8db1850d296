/** Speaks to one other replica over mTLS: only to the certificate that its configuration names. */

import { Agent } from 'node:https';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { shape } from '../../../contracts/validate.js';
import { wholeAnswer } from '../../ground/sockets/whole-answer.js';
import type { ReceiptAnswer } from '../store/receipts.js';
import type { Claim, Judgement } from './epoch.js';
import { decodePiece, type JournalExtent, PIECE, type Piece } from './extent.js';
import type { Peer, ReplicaTls } from './peers.js';
import type { RunAnswer } from './run-message.js';

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
  /**
   * A run of the log, or a part of it, for the copy there.
   * @param within ms within which it must be durable there
   */
  run(bytes: Buffer, within: number): Promise<RunAnswer>;
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

const checkRunAnswer = shape<RunAnswer>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['kind'],
    properties: { kind: { enum: ['ready', 'behind', 'refused'] }, size: whole, reason: text },
  },
  'replica_unavailable',
);

/** ms */
const ANSWER_WITHIN = 5000;
const MAX_ANSWER = PIECE + (4 << 20);

/** One request of a client to its replica. */
interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as they are, in its place. */
  readonly bytes?: Buffer;
  /** ms within which the whole answer must be there; default `ANSWER_WITHIN`. */
  readonly within?: number;
  /** Sent where there is a body. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

export function replicaClient(peer: Peer, tls: ReplicaTls): ReplicaClient {
  return new HttpsReplicaClient(peer, tls);
}

class HttpsReplicaClient implements ReplicaClient {
  readonly peer: Peer;
  readonly #tls: ReplicaTls;
  readonly #agent: Agent;

  constructor(peer: Peer, tls: ReplicaTls) {
    this.peer = peer;
    this.#tls = tls;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 4,
      maxCachedSessions: 0,
      minVersion: 'TLSv1.3',
      // no session is resumed: then its certificate would not be looked at. Whom TLS has verified is the one that is
      // meant, whatever host name it has
      checkServerIdentity: (_host, certificate) =>
        peer.owns(certificate) ? undefined : new Error('its certificate is not the one that `audit.replicas` names'),
    });
  }

  claim(claim: Claim): Promise<Judgement> {
    return this.#json(checkJudgement, { method: 'POST', path: '/v1/claim', body: claim });
  }

  async list(request: ListRequest, integrated = ''): Promise<ListAnswer> {
    const answer = await this.#json(checkList, {
      method: 'POST',
      path: '/v1/journals',
      body: request,
      within: ANSWER_WITHIN + request.wait,
      headers: integrated === '' ? {} : { [INTEGRATED]: integrated },
    });
    if (answer.kind === 'list' && answer.replica !== this.peer.name)
      throw this.#unavailable(
        `calls itself \`${answer.replica}\`; \`audit.replica\` there and \`audit.replicas\` here must agree`,
      );
    return answer;
  }

  async piece(journal: string, segment: number, from: number): Promise<Piece | undefined> {
    const path = `/v1/journals/${journal}/${segment}?from=${from}`;
    const { status, bytes } = await this.#ask({ method: 'GET', path });
    if (status === 404) return undefined;
    const piece = status === 200 ? decodePiece(bytes) : undefined;
    if (piece === undefined) throw this.#unavailable(`answers ${status} where it is asked for a part of a journal`);
    return piece;
  }

  receipt(id: string, client: string): Promise<ReceiptAnswer> {
    return this.#json(checkReceipt, { method: 'POST', path: '/v1/receipts', body: { id, client } });
  }

  run(bytes: Buffer, within: number): Promise<RunAnswer> {
    return this.#json(checkRunAnswer, { method: 'POST', path: '/v1/log', bytes, within });
  }

  async erasedBy(pseudonym: string): Promise<number | undefined> {
    return (await this.#json(checkErasure, { method: 'POST', path: '/v1/erasures', body: { pseudonym } })).by;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #json<T>(checked: (value: unknown, place: { readonly file: string }) => T, question: Question): Promise<T> {
    const { status, bytes } = await this.#ask(question);
    if (status !== 200)
      throw this.#unavailable(
        status === 403 ? 'does not know this replica by its certificate (403)' : `answers ${status}`,
      );
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString('utf8')) as unknown;
    } catch (cause) {
      throw this.#unavailable('does not answer in JSON', cause);
    }
    return checked(value, { file: this.peer.url });
  }

  async #ask(question: Question): Promise<Answer> {
    try {
      return await this.#send(question);
    } catch (cause) {
      const why = (cause instanceof Error ? cause.message : '') || 'no connection';
      throw this.#unavailable(`cannot be reached: ${why}`, cause);
    }
  }

  #send({ method, path, body, bytes, within = ANSWER_WITHIN, headers = {} }: Question): Promise<Answer> {
    const payload = bytes ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
    const type = bytes === undefined ? 'application/json' : 'application/octet-stream';
    const described =
      payload === undefined ? {} : { headers: { ...headers, 'content-type': type, 'content-length': payload.length } };
    // read for each request: a new certificate takes connections of its own
    const { cert, key, ca } = this.#tls;
    const options = { method, agent: this.#agent, cert, key, ca, ...described };
    return wholeAnswer(new URL(path, this.peer.url), options, payload, {
      within,
      maxBytes: MAX_ANSWER,
      late: `it does not answer within ${within / 1000} s`,
    });
  }

  #unavailable(why: string, cause?: unknown): YitongError {
    const message = `the replica \`${this.peer.name}\` ${why}`;
    return new YitongError('replica_unavailable', message, { ...present({ cause }) });
  }
}

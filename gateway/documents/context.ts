/**
 * What the gateway works with. Brought by `operate/process/worker.ts`, or by a test; `app.ts` adds what all services
 * share.
 */

import type { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Bus } from '../../connectors/bus/port.js';
import type { Spool } from '../../connectors/spool/index.js';
import type { ErrorCode } from '../../contracts/errors.js';
import type { Span, Tracer } from '../../contracts/tracing.js';
import type { Workspace } from '../../contracts/types.js';
import type { Client } from '../../policies/types.js';
import type { SharedSuspensions } from '../answer/inforce/shared-suspensions.js';
import type { InForce } from '../answer/inforce/snapshot.js';
import type { Completions } from '../answer/question/completions.js';
import type { ViewReader } from '../answer/view/port.js';
import type { Settings } from '../ground/config/index.js';
import type { SelfService } from '../ground/identity/own-certificates.js';
import type { Provider } from '../ground/identity/provider.js';
import type { Tokens } from '../ground/identity/tokens.js';
import type { State } from '../ground/state/port.js';
import type { Journal } from '../log/entries/port.js';
import type { ReceiptAnswer } from '../log/store/receipts.js';
import type { Tickets } from '../procedures/lifecycles/tickets.js';

export type Identity =
  | { readonly kind: 'client'; readonly client: Client }
  | { readonly kind: 'refused'; readonly code: ErrorCode };

/** What a worker, or a test, brings. */
export interface WorkerContext {
  readonly workspace: Workspace;
  readonly settings: Settings;
  readonly view: ViewReader;
  readonly journal: Journal;
  /** Policies, clients and grants as they are now; taken once a request, and anew for each chunk of a stream. */
  readonly inForce: () => Pick<InForce, 'decider' | 'policies' | 'purposes'>;
  readonly identify: (socket: TLSSocket) => Identity;
  /** Opened at the first record that is pushed over HTTP. */
  readonly bus: () => Promise<Bus>;
  /**
   * Where pushed records wait while the bus is away, and the ms after which they do; undefined: they are refused then.
   */
  readonly spool?: { readonly store: Spool; readonly afterMs: number };
  readonly dataDir: string;
  /** Where it stands what people did, if all replicas share it; undefined: in stores of the data folder. */
  readonly state?: State;
  /** Grants that are suspended, where all replicas share them; undefined: in the data folder. */
  readonly suspensions?: Pick<SharedSuspensions, 'read' | 'change'>;
  /**
   * What the log proves about a receipt, wherever it is kept; default: here.
   * @throws as `receiptFor` of audit/receipts
   */
  readonly receipts?: (id: string, client: string) => Promise<ReceiptAnswer>;
  /**
   * Where the people's port is reached, as far as it is open; undefined where nobody can say. Default: as the settings
   * say.
   */
  readonly peopleAddress?: () => string | undefined;
  /** The description of the API (OpenAPI 3.1), for pages that show it; undefined where its port is not at hand. */
  readonly described?: () => object;
  /** By whom people sign in; undefined where nobody can. */
  readonly provider?: Provider;
  /** By whom agents are let in; undefined where none is. */
  readonly tokens?: Tokens;
  /** Certificates that developers get by themselves; undefined where the CA is elsewhere, as in production. */
  readonly certificates?: SelfService;
  /** Whether the process is about to end, so that a long stream should; default: it never is. */
  readonly ending?: () => boolean;
  /** Says that files are to be made; default: whoever makes them looks by itself. */
  readonly filesWanted?: () => void;
  /** ms since 1970 */
  readonly now: () => number;
  /** Undefined where traces are not configured. */
  readonly tracer?: Tracer;
}

/** What services get. */
export interface GatewayContext extends WorkerContext {
  readonly completions: Completions;
  /** Objections, repairs and whatever else the workspace declares a lifecycle for; and what they do to records. */
  readonly tickets: Tickets;
}

/**
 * A service: one folder `http/api/<name>/` or `http/console/<name>/` whose `index.ts` default-exports it. Found by
 * folder, registered nowhere else.
 */
export interface Service {
  /** Which port serves it: `api` is the mTLS port, `people` the browser's. */
  readonly port: 'api' | 'people';
  register(app: FastifyInstance, context: GatewayContext): void | Promise<void>;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** On the port of the API: its own description, OpenAPI 3.1. */
    describe(): object;
  }
  interface FastifyRequest {
    /** Set by plugins/identity before any handler of the mTLS port runs. */
    client: Client | undefined;
    /** Where the request's trace is recorded. */
    span: Span | undefined;
  }
}

/** The identified client; on the mTLS port no handler runs without one. */
export function clientOf(request: FastifyRequest): Client {
  if (request.client === undefined) throw new Error('a handler ran before the identity plugin');
  return request.client;
}

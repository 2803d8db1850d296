/** The part of the TypeScript client: subscriptions to changes. */
import { at, type CallOptions, queryOf, type Receipt, type Wire } from '../../../../contracts/client.js';

export interface SubscriptionBody {
  readonly purpose: string;
  readonly datasets: readonly { readonly id: string; readonly fields?: readonly string[] }[];
  /** `webhook`, `topic`: to the address, or the topic on Kafka, that the workspace has for this client. */
  readonly way: 'poll' | 'webhook' | 'topic';
  /** Default `record`; `signal`: only that something of a subject changed, under a pseudonym. */
  readonly form?: 'record' | 'signal';
  /** Default: all that the grant lets the client see. */
  readonly subjects?: readonly string[];
}

export interface Subscription {
  readonly id: string;
  readonly purpose: string;
  readonly way: string;
  readonly form: string;
  readonly createdAt: string;
  /** What is decided of each now. */
  readonly datasets: readonly {
    readonly id: string;
    readonly effect: string;
    readonly reason?: string;
    /** Only signals are told of it. */
    readonly signals?: boolean;
  }[];
  /** How many are listed; absent: all that may be seen. */
  readonly subjects?: number;
  /** Of the listed subjects, where signals are told. */
  readonly pseudonyms?: readonly { readonly subject: string; readonly pseudonym: string }[];
  /** Of a webhook: `whpk_…`, by which its signatures are verified (Standard Webhooks, `v1a`). */
  readonly publicKey?: string;
  /** The topic to which it is written. */
  readonly topic?: string;
  /** Of a webhook or a topic: since when it does not take what changed. */
  readonly behindSince?: string;
}

export interface Change {
  /** With it the next answer begins behind this change. */
  readonly cursor: string;
  /** The same whenever this change is told; absent where `kind` is `lost`. */
  readonly id?: string;
  readonly dataset: string;
  /** Of a signal a pseudonym; absent where `kind` is `lost`. */
  readonly subject?: string;
  /** `lost`: what changed in this dataset cannot be told any more; ask anew by a query. */
  readonly kind: 'changed' | 'removed' | 'lost';
  /** The same for each version of one record; absent of a signal. */
  readonly key?: string;
  readonly record?: Readonly<Record<string, unknown>>;
  readonly provenance?: {
    readonly version: string;
    readonly publishedAt: string;
    readonly sourceTime: string;
    readonly contractVersion: number;
  };
  /** Where there is no `provenance`. */
  readonly publishedAt?: string;
}

export interface ChangesAnswer {
  readonly changes: readonly Change[];
  /** To go on from. */
  readonly next: string;
  readonly receipt: Receipt;
}

export interface SubscriptionsMethods {
  /** Made, or changed. @throws GatewayError `denied` where no grant lets anything of it be told */
  subscribe(id: string, body: SubscriptionBody, options?: CallOptions): Promise<Subscription>;
  subscriptions(options?: CallOptions): Promise<{ readonly subscriptions: readonly Subscription[] }>;
  /** @throws GatewayError `not_found` */
  subscription(id: string, options?: CallOptions): Promise<Subscription>;
  /** As it was last. @throws GatewayError `not_found` */
  unsubscribe(id: string, options?: CallOptions): Promise<Subscription>;
  /**
   * What changed behind a cursor; where there is nothing, it waits for the first change.
   * @param question `after`: default the beginning of the subscription; `wait`: seconds, default 30, at most 60
   * @throws GatewayError `denied` where nothing may be told any more
   */
  changes(
    id: string,
    question?: { readonly after?: string; readonly wait?: number },
    options?: CallOptions,
  ): Promise<ChangesAnswer>;
}

function answerOf(bytes: Buffer): ChangesAnswer {
  const lines = bytes
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Change & Pick<ChangesAnswer, 'next' | 'receipt'>);
  const last = lines.pop();
  if (last?.receipt === undefined) throw new Error('the answer was cut off');
  return { changes: lines, next: last.next, receipt: last.receipt };
}

export const subscriptionsMethods = (wire: Wire): SubscriptionsMethods => ({
  subscribe: (id, body, call) => wire.ask({ method: 'PUT', path: at('v1', 'subscriptions', id), body }, call),
  subscriptions: (call) => wire.get('/v1/subscriptions', call),
  subscription: (id, call) => wire.get(at('v1', 'subscriptions', id), call),
  unsubscribe: (id, call) => wire.ask({ method: 'DELETE', path: at('v1', 'subscriptions', id) }, call),
  changes: async (id, question = {}, call) =>
    answerOf(
      await wire.bytes(
        { method: 'GET', path: `${at('v1', 'subscriptions', id, 'changes')}${queryOf({ ...question })}` },
        call,
      ),
    ),
});

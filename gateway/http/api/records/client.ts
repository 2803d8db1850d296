/** The part of the TypeScript client: publishing over HTTP. */
import { at, type CallOptions, type Wire } from '../../../../contracts/client.js';

export interface PublishBody {
  /** ISO 8601: the source is seen up to here. */
  readonly sourceTime: string;
  /** These records are the whole dataset; what is missing has left. */
  readonly snapshot?: boolean;
  /**
   * At most 10,000. A position is the source's own, unique and stable: what comes again under it is not published
   * again.
   */
  readonly records: readonly (
    | { readonly position: string; readonly value: Readonly<Record<string, unknown>> }
    | {
        readonly position: string;
        readonly withdraw: { readonly subject: string; readonly recordId?: string };
        readonly reason: string;
      }
  )[];
}

export interface PublishAnswer {
  /**
   * `spooled`: the bus is away, the record is safe on the gateway's disk and is published in its order. `code` says why
   * a record is quarantined.
   */
  readonly results: readonly {
    readonly position: string;
    readonly status: 'published' | 'unchanged' | 'merged' | 'quarantined' | 'spooled';
    readonly code?: string;
  }[];
  /** Of a snapshot: records that had left. */
  readonly withdrawn?: number;
}

export interface RecordsMethods {
  /**
   * Publishes records of a dataset of the client's own authority. By their positions it may be sent again.
   * @throws GatewayError `not_publisher`, `bus_unavailable`, `spool_full`, `store_full`, `snapshot_shrunk`
   */
  publish(dataset: string, body: PublishBody, options?: CallOptions): Promise<PublishAnswer>;
}

export const recordsMethods = (wire: Wire): RecordsMethods => ({
  publish: (dataset, body, call) => wire.post(at('v1', 'datasets', dataset, 'records'), body, call),
});

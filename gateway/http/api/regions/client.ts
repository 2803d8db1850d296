/** The part of the TypeScript client: asking another region through the gateway of one's own. */
import { at, type CallOptions, type Receipt, type Wire } from '../../../../contracts/client.js';
import type { QueryAnswer, QueryBody } from '../query/client.js';
import type { VerifyAnswer, VerifyBody } from '../verify/client.js';

/** What a region answered, as the gateway here passed it on. */
export interface RegionAnswer<Answer> {
  /** Of the transaction: on record under it on both sides. */
  readonly requestId: string;
  readonly time: string;
  readonly region: string;
  /** Byte for byte what the region sent; `receipt` in it is the promise of the region's log. */
  readonly answer: Answer;
  readonly receipt: Receipt;
}

export interface RegionsMethods {
  /**
   * As `query`, of another region.
   * @throws GatewayError `denied` (its `by` says by whom), `region_unavailable`, `region_refused`
   */
  queryRegion(region: string, body: QueryBody, options?: CallOptions): Promise<RegionAnswer<QueryAnswer>>;
  /** As `verify`, of another region. @throws as `queryRegion` */
  verifyRegion(region: string, body: VerifyBody, options?: CallOptions): Promise<RegionAnswer<VerifyAnswer>>;
}

export const regionsMethods = (wire: Wire): RegionsMethods => ({
  queryRegion: (region, body, call) => wire.post(at('v1', 'regions', region, 'query'), body, call),
  verifyRegion: (region, body, call) => wire.post(at('v1', 'regions', region, 'verify'), body, call),
});

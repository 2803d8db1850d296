/** Where the changes of one client go, a webhook or a topic: connected to first, then told. */
import type { DatasetId } from '../../../contracts/ids.js';
import type { ChangeLine, Naming } from '../../answer/changes/lines.js';

export interface Delivery {
  /** The same whenever it is told again. */
  readonly id: string;
  /** As its client calls it. */
  readonly subscription: string;
  readonly lost: readonly { readonly dataset: DatasetId; readonly text: string }[];
  readonly lines: readonly { readonly line: ChangeLine; readonly text: string }[];
  readonly naming: Naming;
  /** All of it, as the log has its digest. */
  readonly body: Buffer;
  /** ms since 1970 */
  readonly now: number;
  /** What it says may not be said any more. */
  readonly signal: AbortSignal;
}

export interface Outlet {
  /** @throws NotDelivered where it is not sure that it was taken */
  deliver(delivery: Delivery): Promise<void>;
  close(): void;
}

/** Why a delivery came to nothing, without an address or a content. */
export class NotDelivered extends Error {}

/** The part of the TypeScript client: what the log proves about a receipt. */
import { at, type CallOptions, type Wire } from '../../../../contracts/client.js';

/** The entry of the log behind a receipt, for the client that the answer went to. */
export interface ReceiptAnswer {
  readonly id: string;
  /** `not_yet` until the entry is under a checkpoint, and for receipts that do not exist. */
  readonly state: 'logged' | 'not_yet';
  /** Of the entry in the log. */
  readonly index?: number;
  /** The entry, byte for byte; the log's leaf is over SHA-256(salt ‖ body). */
  readonly body?: string;
  /** 32 bytes, base64. */
  readonly salt?: string;
  /** C2SP tlog-proof against the newest checkpoint. */
  readonly proof?: string;
  /** Index of the entry by which its subject was erased. */
  readonly erasedBy?: number;
  /** Index of the entry by which its body was destroyed when its term was over. */
  readonly expiredBy?: number;
}

export interface ReceiptsMethods {
  /** What the log proves about a receipt of this client, by `receiptId`. `verifyReceipt` checks it. */
  receipt(id: string, options?: CallOptions): Promise<ReceiptAnswer>;
}

export const receiptsMethods = (wire: Wire): ReceiptsMethods => ({
  receipt: (id, call) => wire.get(at('v1', 'receipts', id), call),
});

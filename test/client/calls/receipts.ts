import type { ReceiptsMethods } from '../../../gateway/http/api/receipts/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: ReceiptsMethods): Calls => ({
  receipt: () => client.receipt('w:1'),
});

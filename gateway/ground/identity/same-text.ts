/** Texts that are secrets are compared in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares without telling by its time how far it went. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest()];
  return timingSafeEqual(left, right);
}

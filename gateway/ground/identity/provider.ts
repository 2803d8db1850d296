/** By whom people sign in. */
import type { ClaimNames } from './person.js';

export interface Provider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly claims: ClaimNames;
  /** Only of the development provider, which is on loopback. */
  readonly insecure: boolean;
}

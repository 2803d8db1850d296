/**
 * Certificates that developers get by themselves for clients of their department: what pages know of the development
 * CA. Production has none of it, since its CA is elsewhere.
 */
import type { ClientId } from '../../../contracts/ids.js';
import type { Serial } from './der.js';
import type { SignedKey } from './signing-request.js';

/** How long one is good. */
export const TERM_DAYS = 30;
/** How many of a client are in force at once, those included that cannot be read. */
export const MOST_IN_FORCE = 5;
/** How many of a client were issued whose term is not over, revoked or not: what a revocation list grows by. */
export const MOST_IN_TERM = 20;

/** What a certificate says that can be read. */
interface CertificateContent {
  /** ms since 1970; good for from ≤ now < until. */
  readonly from: number;
  readonly until: number;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  /** `keyDigest` of its key. */
  readonly key: string | undefined;
  readonly pem: string;
}

export interface OwnCertificate {
  readonly client: ClientId;
  readonly serial: Serial;
  /**
   * `damaged`: its file is not what was issued. It counts as one in force until it is revoked, since whoever has it may
   * have it whole.
   */
  readonly state: 'in_force' | 'revoked' | 'expired' | 'damaged';
  readonly content?: CertificateContent;
  /** ms since 1970 */
  readonly revokedAt?: number;
}

/** What is put on record of one before anything is done. */
export interface OnRecord {
  readonly client: ClientId;
  readonly serial: Serial;
  /** Absent of one whose file is damaged. */
  readonly fingerprint?: string;
  /** ms since 1970 */
  readonly until?: number;
}
/** Resolves once it is durable; whatever it throws ends the act, and nothing has happened. */
export type PutOnRecord = (what: OnRecord) => Promise<unknown>;

export interface AskedCertificate {
  readonly client: ClientId;
  /** The name by which the workspace knows the client. */
  readonly uri: string;
  readonly key: SignedKey;
}

export interface OwnCertificates {
  /** Of a client, newest first. @throws YitongError `certificates_damaged` */
  list(client: ClientId): Promise<readonly OwnCertificate[]>;
  /** @throws YitongError `too_many_certificates`, `certificate_key_used`, `certificates_damaged` */
  issue(asked: AskedCertificate, record: PutOnRecord): Promise<OnRecord>;
  /**
   * @returns false where there was nothing to do: it is revoked already, or its term is over
   * @throws YitongError `not_found`, `certificates_damaged`
   */
  revoke(client: ClientId, serial: string, record: PutOnRecord): Promise<boolean>;
}

/** As the people's port has it. */
export interface SelfService extends OwnCertificates {
  /** Where the mTLS port is open, on this machine; undefined before it is. */
  api(): string | undefined;
}

/**
 * Status list tokens (draft-ietf-oauth-status-list, sections 4 and 5): published by the issuer, read by verifiers. A
 * token is good for a minute from when it was signed, whoever kept it in between, so a revocation is seen within that
 * minute.
 */
import { deflateSync, inflateSync } from 'node:zlib';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { StatusStore } from '../../model/status.js';
import { bytesOf, checkSignature, isObject, type JwsCodes, parseJws, signJws } from '../jws.js';
import { type DocumentKey, type IssuerTrust, trustedKey } from '../keys.js';

const STATUS_TYPE = 'statuslist+jwt';
/** Seconds from a token's `iat` after which it is no longer believed. */
const GOOD_FOR = 60;
/** Seconds for which a verifier may keep it; half, so that it is renewed before it ends. */
const TTL = 30;
/** Ms for which the publisher gives the same token again. */
const KEPT = 10_000;
const MAX_LIST = 8 << 20;

export const statusUri = (issuer: string, list: number): string => `${issuer}/status/${String(list)}`;

export interface StatusPublishing {
  readonly statuses: StatusStore;
  readonly issuer: string;
  readonly key: DocumentKey;
  /** ms since 1970 */
  readonly now: () => number;
}

/** One list as it is now, signed; `application/statuslist+jwt`. Undefined where there is no such list. */
export async function statusList(
  list: number,
  { statuses, issuer, key, now }: StatusPublishing,
): Promise<string | undefined> {
  const iat = Math.floor(now() / 1000);
  const bits = await statuses.read(list);
  if (bits === undefined) return undefined;
  const lst = deflateSync(bits, { level: 9 }).toString('base64url');
  const header = { typ: STATUS_TYPE, kid: key.kid, ...(key.x5c.length === 0 ? {} : { x5c: key.x5c }) };
  return signJws(
    header,
    { iss: issuer, sub: statusUri(issuer, list), iat, exp: iat + GOOD_FOR, ttl: TTL, status_list: { bits: 1, lst } },
    key.sign,
  );
}

/** The same, signed anew every ten seconds and not for each who asks. */
export function statusPublisher(publishing: StatusPublishing): (list: number) => Promise<string | undefined> {
  const kept = new Map<number, { readonly at: number; readonly token: Promise<string | undefined> }>();
  return (list) => {
    const at = publishing.now();
    const found = kept.get(list);
    if (found !== undefined && at >= found.at && at - found.at < KEPT) return found.token;
    const token = statusList(list, publishing);
    // what does not exist is not kept, or whoever asks for any number fills the memory
    void token.then(
      (text) => (text === undefined ? kept.delete(list) : undefined),
      () => kept.delete(list),
    );
    kept.set(list, { at, token });
    return token;
  };
}

const CODES: JwsCodes = {
  malformed: 'credential_status_invalid',
  type: 'credential_status_invalid',
  algorithm: 'credential_status_invalid',
  signature: 'credential_status_invalid',
};
const invalid = (why: string): YitongError => new YitongError('credential_status_invalid', why);

interface StatusCheck {
  readonly trust: IssuerTrust;
  /** Fetches the token; whatever it throws means that the status is not known. */
  readonly fetchStatus: (uri: string) => Promise<string>;
  /** ms since 1970 */
  readonly now: number;
  /** Seconds by which clocks may differ. */
  readonly skew: number;
}

/**
 * Resolves if the place is not revoked by a list that the issuer signed within the last minute.
 * @throws YitongError `credential_revoked`, `credential_status_invalid`, `credential_status_unavailable`
 */
export async function checkStatus(
  { idx, uri }: { readonly idx: number; readonly uri: string },
  { trust, fetchStatus, now, skew }: StatusCheck,
): Promise<void> {
  // nobody makes a verifier fetch from elsewhere
  if (!uri.startsWith(`${trust.issuer}/`)) throw invalid('the status list is not one of the issuer');
  let token: string;
  try {
    token = await fetchStatus(uri);
  } catch (cause) {
    throw new YitongError('credential_status_unavailable', 'the status list could not be fetched', { cause });
  }
  if (typeof token !== 'string')
    throw new YitongError('credential_status_unavailable', 'the status list could not be fetched');
  const jws = parseJws(token.trim(), STATUS_TYPE, CODES);
  try {
    await checkSignature(jws, trustedKey(trust, jws.header, now), CODES);
  } catch (error) {
    if (isYitongError(error)) throw invalid(error.message);
    throw error;
  }
  const { sub, iss, iat, exp, status_list: list } = jws.payload;
  if (
    sub !== uri ||
    (iss !== undefined && iss !== trust.issuer) ||
    !Number.isSafeInteger(iat) ||
    !Number.isSafeInteger(exp) ||
    !isObject(list)
  )
    throw invalid('the status list is of something else, or lacks what it needs');
  const seconds = now / 1000;
  if (seconds >= (exp as number) || seconds - (iat as number) > GOOD_FOR || (iat as number) > seconds + skew)
    throw new YitongError('credential_status_unavailable', 'the status list is too old');
  if (statusAt(list, idx) !== 0) throw new YitongError('credential_revoked', 'the credential is revoked');
}

function statusAt({ bits, lst }: Readonly<Record<string, unknown>>, idx: number): number {
  const packed = typeof lst === 'string' ? bytesOf(lst) : undefined;
  if ((bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8) || packed === undefined)
    throw invalid('the status list is malformed');
  let bytes: Buffer;
  try {
    bytes = inflateSync(packed, { maxOutputLength: MAX_LIST });
  } catch (cause) {
    throw new YitongError('credential_status_invalid', 'the status list cannot be unpacked', { cause });
  }
  const byte = bytes[Math.floor((idx * bits) / 8)];
  if (byte === undefined) throw invalid('the status list has no such place');
  return (byte >> ((idx * bits) % 8)) & ((1 << bits) - 1);
}

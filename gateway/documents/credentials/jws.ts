/**
 * Compact JWS (RFC 7515) as credentials, proofs and status lists use it: ES256 and nothing else, one spelling of
 * base64url, no unknown header.
 */
import type { KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import { deeperThan } from '../../../contracts/depth.js';
import { type ErrorCode, YitongError } from '../../../contracts/errors.js';
import type { DocumentKey } from './keys.js';

export const ALGORITHM = 'ES256';

interface JwsHeader {
  readonly alg: typeof ALGORITHM;
  readonly typ: string;
  readonly kid?: string;
  readonly x5c?: readonly string[];
}

interface ParsedJws {
  readonly text: string;
  readonly header: JwsHeader;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Which error code says what of this kind of JWS. */
export interface JwsCodes {
  readonly malformed: ErrorCode;
  readonly type: ErrorCode;
  readonly algorithm: ErrorCode;
  readonly signature: ErrorCode;
}

const HEADERS: ReadonlySet<string> = new Set(['alg', 'typ', 'kid', 'x5c']);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for what has another spelling that decodes alike: padding, other alphabets, left-over bits. */
export function bytesOf(base64url: string): Buffer | undefined {
  const bytes = Buffer.from(base64url, 'base64url');
  return bytes.toString('base64url') === base64url ? bytes : undefined;
}

/** Levels of JSON; a section has six. */
const MAX_DEPTH = 32;

/** JSON of base64url text; undefined if it is none, or deeper than anything here is. */
export function jsonOf(base64url: string): unknown {
  const bytes = bytesOf(base64url);
  if (bytes === undefined) return undefined;
  try {
    const text = utf8.decode(bytes);
    return deeperThan(text, MAX_DEPTH) ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads, and checks algorithm and type; the signature is not checked yet.
 * @throws YitongError of `codes`
 */
export function parseJws(text: string, typ: string, codes: JwsCodes): ParsedJws {
  const parts = text.split('.');
  const [head = '', body = '', signature = ''] = parts;
  const header = jsonOf(head);
  if (parts.length !== 3 || !isObject(header))
    throw new YitongError(codes.malformed, 'a signed part is not a compact JWS');
  // before anything else is believed of it: `none` and the symmetric ones are refused here
  if (header['alg'] !== ALGORITHM) throw new YitongError(codes.algorithm, `only \`${ALGORITHM}\` is allowed`);
  if (header['typ'] !== typ) throw new YitongError(codes.type, `a signed part is not of type \`${typ}\``);
  const { kid, x5c } = header;
  const fits =
    Object.keys(header).every((name) => HEADERS.has(name)) &&
    (kid === undefined || typeof kid === 'string') &&
    (x5c === undefined ||
      (Array.isArray(x5c) && x5c.length > 0 && x5c.length <= 8 && x5c.every((one) => typeof one === 'string')));
  const payload = jsonOf(body);
  if (!fits || !isObject(payload) || bytesOf(signature)?.length !== 64)
    throw new YitongError(codes.malformed, 'a signed part has a header, body or signature that its kind does not have');
  return { text, header: header as unknown as JwsHeader, payload };
}

/** @throws YitongError `codes.signature` */
export async function checkSignature(jws: ParsedJws, key: KeyObject, codes: JwsCodes): Promise<void> {
  try {
    await compactVerify(jws.text, key, { algorithms: [ALGORITHM] });
  } catch (cause) {
    throw new YitongError(codes.signature, 'a signature does not verify', { cause });
  }
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export async function signJws(
  header: Omit<JwsHeader, 'alg'>,
  payload: object,
  sign: DocumentKey['sign'],
): Promise<string> {
  const input = `${encoded({ ...header, alg: ALGORITHM })}.${encoded(payload)}`;
  return `${input}.${Buffer.from(await sign(Buffer.from(input))).toString('base64url')}`;
}

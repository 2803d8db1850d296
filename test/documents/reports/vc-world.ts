/** An issuer, a holder and a verifier of credentials, without a network: for tests. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactSign } from 'jose';
import { type IssuedVc, issueVc } from '../../../gateway/documents/credentials/issue.js';
import { type DocumentKey, documentKey, issuerMetadata } from '../../../gateway/documents/credentials/keys.js';
import { type PresentOptions, present } from '../../../gateway/documents/credentials/present.js';
import { memoryStatuses } from '../../../gateway/documents/credentials/status/memory.js';
import { statusList, statusUri } from '../../../gateway/documents/credentials/status/token.js';
import {
  type Verification,
  type VerifyOptions,
  verifyPresentation,
} from '../../../gateway/documents/credentials/verify.js';
import type { ReportModel } from '../../../gateway/documents/model/model.js';

export const ISSUER = 'https://credit.yunzhou.example';
export const BANK = 'https://bank.example/loans';
export const NONCE = 'n-0S6_WzA2Mj-4711';
export const DAY = 86_400_000;

export const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
export const jwkOf = (key: KeyObject): Record<string, unknown> =>
  createPublicKey(key).export({ format: 'jwk' }) as Record<string, unknown>;

export interface VcWorld {
  readonly clock: { now: number };
  readonly key: DocumentKey;
  readonly privateKey: KeyObject;
  readonly holderKey: KeyObject;
  readonly statuses: ReturnType<typeof memoryStatuses>;
  readonly vc: IssuedVc;
  readonly options: VerifyOptions;
  readonly present: (domains: readonly string[], changed?: Partial<PresentOptions>) => Promise<string>;
  readonly verify: (text: string, changed?: Partial<VerifyOptions>) => Promise<Verification>;
  readonly publish: (uri: string) => Promise<string>;
}

export async function vcWorld(
  model: ReportModel,
  { bound = true }: { readonly bound?: boolean } = {},
): Promise<VcWorld> {
  const clock = { now: Date.parse(model.issuedAt) + 1000 };
  const privateKey = newKey();
  const key = await documentKey(privateKey);
  const holderKey = newKey();
  const statuses = memoryStatuses(1 << 10);
  const vc = await issueVc(model, {
    issuer: ISSUER,
    key,
    statuses,
    expiresAt: clock.now + 30 * DAY,
    ...(bound ? { holder: jwkOf(holderKey) } : {}),
  });
  const publish = async (uri: string): Promise<string> => {
    const token = await statusList(Number(uri.slice(statusUri(ISSUER, 0).length - 1)), {
      statuses,
      issuer: ISSUER,
      key,
      now: () => clock.now,
    });
    if (token === undefined) throw new Error('404');
    return token;
  };
  const options: VerifyOptions = {
    trust: { issuer: ISSUER, keys: issuerMetadata(ISSUER, [key]).jwks.keys },
    nonce: NONCE,
    audience: BANK,
    required: ['d8'],
    fetchStatus: publish,
    now: clock.now,
  };
  return {
    clock,
    key,
    privateKey,
    holderKey,
    statuses,
    vc,
    options,
    publish,
    present: (domains, changed = {}) =>
      present(vc.text, domains, {
        nonce: NONCE,
        audience: BANK,
        now: clock.now,
        ...(bound ? { holderKey } : {}),
        ...changed,
      }),
    verify: (text, changed = {}) => verifyPresentation(text, { ...options, now: clock.now, ...changed }),
  };
}

export const codeOf = (outcome: Verification): string => (outcome.ok ? 'ok' : outcome.code);

/** A JWS with any header and payload at all, as a forger makes it. */
export const forge = (
  header: Readonly<Record<string, unknown>>,
  payload: object,
  key: KeyObject | Uint8Array,
): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header as { alg: string }).sign(key);

export const decoded = (jwt: string, part = 1): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[part] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;

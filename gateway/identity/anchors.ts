/** Trust anchors: the certificate authorities whose client certificates are let in, and whom each may name. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { YitongError, isYitongError } from '../../contracts/errors.js';
import type { AuthorityId } from '../../contracts/ids.js';
import type { Anchor } from '../../policies/types.js';
import { pemBlocks } from './certificate.js';
import { makeRevocation, type Revocation } from './revocation.js';

export interface TrustAnchor {
  readonly id: string;
  /** The roots, and the intermediates whose lists are checked. */
  readonly certificates: readonly X509Certificate[];
  readonly authorities: '*' | ReadonlySet<AuthorityId>;
  /** Absent where the anchor declares no list. */
  readonly revocation?: Revocation;
}

export interface AnchorParts {
  readonly id: string;
  readonly ca: string;
  readonly authorities: '*' | readonly AuthorityId[];
  readonly crl?: string;
  /** ms */
  readonly crlGrace?: number;
}

/**
 * An anchor of PEM texts.
 * @throws YitongError `bad_policy` if the file holds no CA certificate, `revocation_unknown` if a list does not verify
 */
export function makeAnchor({ id, ca, authorities, crl, crlGrace = 0 }: AnchorParts): TrustAnchor {
  const certificates = pemBlocks(ca, 'CERTIFICATE').map((block) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new YitongError('bad_policy', `anchor \`${id}\`: a certificate cannot be read`, { cause });
    }
  });
  if (certificates.length === 0 || certificates.some((one) => !one.ca)) throw new YitongError('bad_policy', `anchor \`${id}\`: \`ca\` must hold CA certificates and nothing else`);
  const named = typeof authorities === 'string' ? authorities : new Set(authorities);
  if (crl === undefined) return { id, certificates, authorities: named };
  const revocation = makeRevocation(certificates, crlGrace);
  revocation.replace(crl);
  return { id, certificates, authorities: named, revocation };
}

const read = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new YitongError('bad_policy', 'the file of an anchor cannot be read', { place: { file }, cause });
  });

/**
 * Reads a declared anchor's files.
 * @throws YitongError with the file
 */
export async function loadAnchor({ id, ca, authorities, crl, crlGrace }: Anchor): Promise<TrustAnchor> {
  const texts = { id, ca: await read(ca), authorities, crlGrace, ...(crl === undefined ? {} : { crl: await read(crl) }) };
  try {
    return makeAnchor(texts);
  } catch (error) {
    if (isYitongError(error)) throw new YitongError(error.code, error.message, { place: { file: error.code === 'revocation_unknown' ? (crl ?? ca) : ca }, cause: error });
    throw error;
  }
}

/**
 * Reads an anchor's list again. If that fails, the list held goes on until its grace is past.
 * @throws YitongError with the file
 */
export async function reloadRevocation(anchor: TrustAnchor, file: string): Promise<void> {
  const text = await read(file);
  anchor.revocation?.replace(text);
}

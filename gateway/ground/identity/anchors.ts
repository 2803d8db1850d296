/** Trust anchors: the certificate authorities whose client certificates are let in, and whom each may name. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import type { AuthorityId } from '../../../contracts/ids.js';
import type { AnchorDeclaration } from '../../../policies/types.js';
import { pemBlocks } from './certificate.js';
import { makeRevocation, type Revocation } from './revocation.js';
import { rulesOf } from './rules.js';

export interface TrustAnchor {
  readonly id: string;
  /** The roots, and the intermediates whose lists are checked. */
  readonly certificates: readonly X509Certificate[];
  readonly authorities: '*' | ReadonlySet<AuthorityId>;
  /** Absent where the anchor declares in words that it has no list. */
  readonly revocation?: Revocation;
  /** Of the root of another region: which. Under it comes the gateway of that region, and nobody else. */
  readonly region?: string;
}

/** What an anchor says of its revocation lists: one of the two. */
type Lists<List> =
  | { readonly crl: List; readonly noCrlBecause?: undefined }
  | { readonly crl?: undefined; readonly noCrlBecause: string };

export type AnchorParts = {
  readonly id: string;
  readonly ca: string;
  readonly authorities: '*' | readonly AuthorityId[];
  /** ms */
  readonly crlGrace?: number;
} & Lists<string | YitongError>;

/** What goes on while an anchor's files are read again. */
export interface Carried {
  /** The anchor as it was: its lists stay in force until newer ones come, and where a file has become unreadable. */
  readonly before?: TrustAnchor;
  /** Called with why a file was not taken and `before` goes on in its place; without it such a file is an error. */
  readonly onProblem?: (problem: string) => void;
}

function certificatesOf(id: string, ca: string): readonly X509Certificate[] {
  const certificates = pemBlocks(ca, 'CERTIFICATE').map((block) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new YitongError('bad_policy', `anchor \`${id}\`: a certificate cannot be read`, { cause });
    }
  });
  if (certificates.length === 0 || certificates.some((one) => !one.ca))
    throw new YitongError('bad_policy', `anchor \`${id}\`: \`ca\` must hold CA certificates and nothing else`);
  for (const one of certificates) {
    const { fault, weakKey } = rulesOf(one);
    const why = fault ?? weakKey;
    if (why !== undefined)
      throw new YitongError(
        'bad_policy',
        `anchor \`${id}\`: nobody could come in by a CA certificate of it, for ${why}`,
      );
  }
  return certificates;
}

/**
 * An anchor of PEM texts.
 * @throws YitongError `bad_policy` if the file holds no CA certificate, `revocation_unknown` if a list does not verify
 */
export function makeAnchor(
  { id, ca, authorities, crl, crlGrace = 0 }: AnchorParts,
  { before, onProblem }: Carried = {},
): TrustAnchor {
  const certificates = certificatesOf(id, ca);
  const named = typeof authorities === 'string' ? authorities : new Set(authorities);
  if (crl === undefined) return { id, certificates, authorities: named };
  const revocation = makeRevocation(certificates, crlGrace, before?.revocation);
  try {
    if (typeof crl !== 'string') throw crl;
    for (const problem of revocation.replace(crl)) onProblem?.(`anchor \`${id}\`: ${problem}`);
  } catch (error) {
    if (!isYitongError(error) || onProblem === undefined || revocation.held().size === 0) throw error;
    onProblem(`anchor \`${id}\`: ${error.message}; the list in force goes on`);
  }
  return { id, certificates, authorities: named, revocation };
}

const read = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new YitongError('bad_policy', 'the file of an anchor cannot be read', { place: { file }, cause });
  });

/** A list that cannot be read is handed on as its error. */
const readList = (file: string): Promise<string | YitongError> =>
  readFile(file, 'utf8').catch(
    (cause: unknown) =>
      new YitongError('revocation_unknown', 'the revocation list cannot be read', { place: { file }, cause }),
  );

/**
 * Reads a declared anchor's files.
 * @throws YitongError with the file
 */
export async function loadAnchor(
  { id, ca, authorities, crl, noCrlBecause, crlGrace }: AnchorDeclaration,
  carried: Carried = {},
): Promise<TrustAnchor> {
  const texts = {
    id,
    ca: await read(ca),
    authorities,
    crlGrace,
    ...(crl === undefined ? { noCrlBecause } : { crl: await readList(crl) }),
  };
  try {
    return makeAnchor(texts, carried);
  } catch (error) {
    if (isYitongError(error))
      throw new YitongError(error.code, error.message, {
        place: { file: error.code === 'revocation_unknown' ? (crl ?? ca) : ca },
        cause: error,
      });
    throw error;
  }
}

/** The trust anchors of a process: those of the workspace in production, the development CA under `up`; never both. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import type { PolicySet } from '../../policies/types.js';
import { isDevelopmentCertificate } from '../pki/marker.js';
import { loadAnchor, makeAnchor, type TrustAnchor } from './anchors.js';

/**
 * @param developmentPki folder of the development CA; undefined in production
 * @throws YitongError `bad_policy` where production has no anchor, or one that is a development CA
 */
export async function anchorsOf(policies: Pick<PolicySet, 'anchors'>, developmentPki: string | undefined): Promise<readonly TrustAnchor[]> {
  if (developmentPki !== undefined) {
    const [ca, crl] = await Promise.all([readFile(join(developmentPki, 'ca.pem'), 'utf8'), readFile(join(developmentPki, 'crl.pem'), 'utf8')]);
    return [makeAnchor({ id: 'development', ca, authorities: '*', crl, crlGrace: 24 * 3_600_000 })];
  }
  const anchors = await Promise.all(policies.anchors.map((anchor) => loadAnchor(anchor)));
  if (anchors.length === 0) throw new YitongError('bad_policy', 'nobody could be let in: `policies/anchors/` declares no certificate authority');
  for (const anchor of anchors) {
    if (anchor.certificates.some((certificate) => isDevelopmentCertificate(certificate))) {
      throw new YitongError('bad_policy', `anchor \`${anchor.id}\` is a development CA, whose keys are for \`up\` only`);
    }
  }
  return anchors;
}

/** The trust anchors of a process: those of the workspace in production, the development CA under `up`; never both. */

import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { AnchorDeclaration, PolicySet, Region } from '../../../policies/types.js';
import { type Carried, loadAnchor, makeAnchor, type TrustAnchor } from '../../ground/identity/anchors.js';
import { isDevelopmentCertificate } from '../../ground/identity/development-certificate.js';
import { checkOffer } from '../../log/proof/region-offer.js';

/** @param developmentPki folder of the development CA; undefined in production */
export function declaredAnchors(
  { anchors }: Pick<PolicySet, 'anchors'>,
  developmentPki: string | undefined,
): readonly AnchorDeclaration[] {
  if (developmentPki === undefined) return anchors;
  return [
    {
      id: 'development',
      ca: join(developmentPki, 'ca.pem'),
      crl: join(developmentPki, 'crl.pem'),
      authorities: '*',
      crlGrace: 24 * 3_600_000,
    },
  ];
}

/**
 * @param before the anchors as they were: their revocation lists go on where a file is not taken
 * @throws YitongError `bad_policy` where production has no anchor, or one that is a development CA
 */
export async function anchorsOf(
  policies: Pick<PolicySet, 'anchors' | 'regions'>,
  developmentPki: string | undefined,
  before: readonly TrustAnchor[] = [],
  onProblem?: NonNullable<Carried['onProblem']>,
): Promise<readonly TrustAnchor[]> {
  const anchors = await Promise.all(
    declaredAnchors(policies, developmentPki).map((declared) => {
      const was = before.find(({ id }) => id === declared.id);
      return loadAnchor(declared, {
        ...present({ before: was, onProblem }),
      });
    }),
  );
  const all = [...anchors, ...[...policies.regions.values()].map(regionAnchor)];
  refuseShared(all);
  if (developmentPki !== undefined) return all;
  if (anchors.length === 0)
    throw new YitongError(
      'bad_policy',
      'nobody could be let in: `policies/anchors/` declares no certificate authority',
    );
  for (const anchor of all) {
    if (anchor.certificates.some((certificate) => isDevelopmentCertificate(certificate))) {
      throw new YitongError(
        'bad_policy',
        `anchor \`${anchor.id}\` is a development CA, whose keys are for \`up\` only`,
      );
    }
  }
  return all;
}

/**
 * The root of a region. It names its gateway and nobody of ours; that is called back by this installation, which
 * suspends the region or takes its file away, and needs no list of the other side for it.
 */
function regionAnchor({ id, offer }: Region): TrustAnchor {
  checkOffer(offer);
  return {
    ...makeAnchor({
      id: `region-${id}`,
      ca: offer.ca,
      authorities: '*',
      noCrlBecause: 'the gateway of a region is called back by suspending the region',
    }),
    region: id,
  };
}

/** @throws YitongError `bad_policy` */
function refuseShared(anchors: readonly TrustAnchor[]): void {
  const declared = new Map<string, string>();
  for (const { id, certificates } of anchors) {
    for (const { fingerprint256 } of certificates) {
      const other = declared.get(fingerprint256);
      // whom it may name and what revokes it would be either's
      if (other !== undefined && other !== id)
        throw new YitongError(
          'bad_policy',
          `anchors \`${other}\` and \`${id}\` hold the same CA certificate; it belongs to one of them`,
        );
      declared.set(fingerprint256, id);
    }
  }
}

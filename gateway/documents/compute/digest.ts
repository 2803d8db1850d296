/** Digests of a report's sections, by which one can be shown without the others. */
import { hash, randomBytes } from 'node:crypto';
import { canonicalJson } from '../../../contracts/canonical.js';
import type { ReportSection } from '../model/model.js';

export const sha256 = (text: string): string => hash('sha256', text, 'base64url');

/**
 * SHA-256 (base64url) over the bytes of `salt` (base64url) and the canonical JSON of the section without salt and
 * digest.
 */
export const sectionDigest = (salt: string, body: Omit<ReportSection, 'salt' | 'digest'>): string =>
  hash('sha256', Buffer.concat([Buffer.from(salt, 'base64url'), Buffer.from(canonicalJson(body))]), 'base64url');

/** 16 random bytes each. */
export function salted(bodies: readonly Omit<ReportSection, 'salt' | 'digest'>[]): ReportSection[] {
  const random = randomBytes(16 * bodies.length);
  return bodies.map((body, i) => {
    const salt = random.toString('base64url', 16 * i, 16 * (i + 1));
    return { ...body, salt, digest: sectionDigest(salt, body) };
  });
}

/** Who is let in: the authorities of client certificates and their revocation lists. */
import { join } from 'node:path';
import { anchorsOf } from '../../../answer/inforce/anchors.js';
import { type Check, type Finding, fail, note, ok, warn } from '../port.js';

const DAY = 86_400_000;
const day = (ms: number): string => new Date(ms).toISOString();

const check: Check = {
  about: 'trust anchors and revocation lists',
  order: 5,
  async run(patient) {
    const policies = await patient.policies();
    const now = patient.now();
    const findings: Finding[] = [];
    for (const { id, certificates, revocation } of await anchorsOf(
      policies,
      patient.development ? join(patient.data, 'pki') : undefined,
    )) {
      const ending = certificates.find(({ validTo }) => Date.parse(validTo) < now + 90 * DAY);
      if (ending !== undefined)
        findings.push(
          (Date.parse(ending.validTo) < now ? fail : warn)(
            `a CA certificate of anchor \`${id}\` ends on ${day(Date.parse(ending.validTo))}`,
            'ask the authority for its next one and put both into the file',
          ),
        );
      const [due, until] = [revocation?.due(), revocation?.validUntil()];
      if (due === undefined || until === undefined)
        findings.push(
          warn(
            `anchor \`${id}\` has no revocation list: a certificate of it cannot be called back`,
            'name its `crl` in policies/anchors',
          ),
        );
      else if (now >= until)
        findings.push(
          fail(
            `the revocation list of anchor \`${id}\` ended on ${day(until)}: nobody of it is let in`,
            'fetch a new list into the same file; a running gateway takes it',
          ),
        );
      else if (now >= due)
        findings.push(
          warn(
            `the revocation list of anchor \`${id}\` was due on ${day(due)}; from ${day(until)} on nobody of ` +
              'it is let in',
            'fetch a new list into the same file; look at what should have fetched it',
          ),
        );
      else findings.push(ok(`anchor \`${id}\`: ${certificates.length} certificates, list good until ${day(due)}`));
    }
    const named = new Set([...policies.clients.values()].map(({ binding }) => binding.kind));
    if (named.has('key'))
      findings.push(note('some clients are bound by the hash of a key: a renewed key is a new client for us'));
    return findings;
  },
};
export default check;

/** From the settings of section `audit` to the witnesses that the sequencer asks. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Place, YitongError } from '../../../contracts/errors.js';
import type { AuditSettings } from '../../ground/config/index.js';
import { witnessPolicy } from '../../log/proof/cosignature.js';
import type { WitnessSetup } from '../../log/witness/gathering.js';

/**
 * Undefined where no witnesses are named.
 * @param dir folder that `ca` is relative to
 * @throws YitongError `bad_config`, `log_invalid` for a malformed vkey
 */
export async function witnessSetup(
  { witnesses, required }: Pick<AuditSettings, 'witnesses' | 'required'>,
  dir: string,
  place: Place,
): Promise<WitnessSetup | undefined> {
  if (witnesses.length === 0) {
    if (required > 0)
      throw new YitongError('bad_config', `\`audit.required\` is ${required}, and \`audit.witnesses\` names none`, {
        place,
      });
    return undefined;
  }
  if (required === 0)
    throw new YitongError(
      'bad_config',
      '`audit.required` must say how many of `audit.witnesses` cosign before a checkpoint is published',
      { place },
    );
  const policy = witnessPolicy(
    witnesses.map(({ vkey }) => vkey),
    required,
  );
  const addresses = await Promise.all(
    witnesses.map(async ({ url, ca }, i) => {
      const verifier = policy.witnesses[i];
      if (verifier === undefined) throw new YitongError('internal', 'a witness has no key');
      if (ca === undefined) return { verifier, url };
      const file = resolve(dir, ca);
      const pem = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw new YitongError('bad_config', 'the authorities of a witness cannot be read', { place: { file }, cause });
      });
      return { verifier, url, ca: pem };
    }),
  );
  return { witnesses: addresses, required };
}

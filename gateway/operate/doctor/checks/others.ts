/**
 * Servers of others that this installation needs: the identity provider, witnesses, the other replicas; and whether our
 * clocks agree.
 */
import { join } from 'node:path';
import { wordsOf } from '../../../ground/logging/words.js';
import { witnessSetup } from '../../process/witnesses.js';
import { type Check, type Finding, note, ok, warn } from '../port.js';
import { reach } from '../reach.js';

/** ms: beyond it certificates, sessions and terms of tokens begin to be judged differently here and there. */
const SKEW = 5000;

function clock(name: string, ahead: number | undefined): readonly Finding[] {
  if (ahead === undefined || Math.abs(ahead) < SKEW) return [];
  return [
    warn(
      `the clock of ${name} is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'} ours`,
      'let both machines follow a time server; checkpoints, receipts and sign-in tell time',
    ),
  ];
}

const check: Check = {
  about: 'identity provider, witnesses, clocks',
  order: 10,
  async run(patient) {
    const { people, audit } = await patient.settings();
    const findings: Finding[] = [];
    if (people.issuer !== '') {
      const url = `${people.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
      try {
        const { status, body, ahead } = await reach(url);
        const found: unknown = status === 200 ? JSON.parse(body) : undefined;
        const issuer = typeof found === 'object' && found !== null && 'issuer' in found ? found.issuer : undefined;
        if (issuer === people.issuer) findings.push(ok('the identity provider answers'));
        else
          findings.push(
            warn(
              `the identity provider answers ${status}, and not as \`${people.issuer}\``,
              'set `people.issuer` exactly as the provider calls itself',
            ),
          );
        findings.push(...clock('the identity provider', ahead));
      } catch (error) {
        findings.push(
          warn(
            `the identity provider cannot be reached: ${wordsOf(error)}`,
            'nobody can sign in; look at the network and its certificate',
          ),
        );
      }
    }
    const setup = await witnessSetup(audit, patient.workspaceDir, { file: join(patient.workspaceDir, 'yitong.json') });
    let answering = 0;
    for (const { verifier, url, ca } of setup?.witnesses ?? []) {
      try {
        // it takes POST only; that it says so is an answer
        const { ahead } = await reach(`${url.replace(/\/$/, '')}/add-checkpoint`, ca === undefined ? {} : { ca });
        answering++;
        findings.push(
          ok(`the witness \`${verifier.name}\` answers`),
          ...clock(`the witness \`${verifier.name}\``, ahead),
        );
      } catch (error) {
        findings.push(
          warn(
            `the witness \`${verifier.name}\` cannot be reached: ${wordsOf(error)}`,
            'ask its operator; look at the network and `ca`',
          ),
        );
      }
    }
    if (setup !== undefined && answering < setup.required)
      findings.push(
        warn(
          `${answering} witnesses answer and ${setup.required} are required: no checkpoint is published`,
          'answers go on, receipts wait; bring the witnesses back',
        ),
      );
    return findings.length === 0 ? [note('no server of others is configured')] : findings;
  },
};
export default check;

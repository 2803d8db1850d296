/** Settings that are allowed and seldom meant. */

import { join } from 'node:path';
import { peopleAddress } from '../../../documents/address.js';
import { replicaSetup } from '../../../log/replicas/peers.js';
import { witnessSetup } from '../../process/witnesses.js';
import { type Check, fail, note, ok, warn } from '../port.js';

const check: Check = {
  about: 'settings of yitong.json and the environment',
  order: 3,
  async run(patient) {
    const { gateway, audit, people } = await patient.settings();
    const place = { file: join(patient.workspaceDir, 'yitong.json') };
    await witnessSetup(audit, patient.workspaceDir, place);
    await replicaSetup(audit, patient.workspaceDir, place);
    const findings = [ok('every key is known and every value is of its kind')];
    if (patient.development) return findings;
    if (audit.origin === 'yitong.example/log')
      findings.push(
        warn(
          'the log is called `yitong.example/log`, as every other new one',
          'set `audit.origin` to a name under a domain of yours before the first entry; it cannot be changed later',
        ),
      );
    if (audit.witnesses.length === 0)
      findings.push(
        warn(
          'no witness cosigns the log: it proves order and completeness, not that it was never replaced as a whole',
          'let others run `yitong witness` and name them in `audit.witnesses` (docs/log.md)',
        ),
      );
    if (audit.durability === 'local')
      findings.push(
        note(
          "an entry is durable on this machine's disk only: who loses the disk loses what was not copied yet",
          'a second replica and `audit.durability: replicated` (docs/log.md)',
        ),
      );
    if (people.issuer === '')
      findings.push(
        note(
          '`people.issuer` is empty: nobody can sign in to the console',
          'set it to the issuer of your OpenID Connect provider',
        ),
      );
    if (people.publicUrl === '' && peopleAddress(gateway.peopleHost, gateway.peoplePort || 1) === undefined) {
      findings.push(
        (people.issuer === '' ? warn : fail)(
          '`people.publicUrl` is empty and `gateway.peopleHost` is every address: nobody can sign in, and no ' +
            'document, code or credential is made',
          'set it to the address that people use',
        ),
      );
    } else if (people.issuer !== '' && people.publicUrl === '')
      findings.push(
        warn(
          `\`people.publicUrl\` is empty: links and QR codes of documents name \`${gateway.peopleHost}\``,
          'set it to the address that people use',
        ),
      );
    if (gateway.documents === '')
      findings.push(
        note(
          '`gateway.documents` is empty: reports cannot be issued',
          'a certificate of your own document signer (`yitong pki documents` shows the form)',
        ),
      );
    return findings;
  },
};
export default check;

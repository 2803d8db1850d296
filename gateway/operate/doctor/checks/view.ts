/** The view, where it stands on servers: whether each answers, is up to date, and is written to by whom it must be. */
import { join } from 'node:path';
import { isYitongError } from '../../../../contracts/errors.js';
import { type Check, type Finding, fail, note, ok, warn } from '../port.js';

const check: Check = {
  about: 'the view: what is answered from',
  order: 8,
  async run(patient) {
    const { view: settings } = await patient.settings();
    if (settings.driver === 'embedded') return [note('the view stands in the data folder of this replica')];
    const findings: Finding[] = [];
    if (!settings.tls && settings.plainAllowed)
      findings.push(warn('the connections to the view are not encrypted', 'set `view.tls`; records travel there'));
    if (settings.ownerPasswordFile !== '')
      findings.push(
        warn(
          'the settings of this replica name the password of the owner of the view',
          'only `yitong view migrate` needs it: let it stand where that is run, and on no replica',
        ),
      );
    const { checkSchema, declaredServers } = await import('../../../answer/view/postgres/index.js');
    const place = { file: join(patient.workspaceDir, 'yitong.json') };
    const declared = declaredServers(settings, patient.workspaceDir, place, 'read');
    try {
      for (const { name, pool, schema } of declared.servers) {
        try {
          await checkSchema(pool, schema);
          findings.push(ok(`the server \`${name}\` of the view answers, and its tables are those of this version`));
        } catch (error) {
          if (!isYitongError(error)) throw error;
          findings.push(fail(`the server \`${name}\` of the view: ${error.message}`, MEND[error.code] ?? DOCS));
        }
      }
    } finally {
      await declared.close();
    }
    return findings;
  },
};
export default check;

const DOCS = 'docs/view.md says what it needs';

const MEND: Readonly<Partial<Record<string, string>>> = {
  state_unavailable: 'look at the server, the way to it and its certificate',
  view_unavailable: 'run `yitong view migrate` as the owner, with this version',
  state_newer: 'run the newest version that uses it',
  state_denied: 'set the password or the rights of the role right (docs/view.md)',
};

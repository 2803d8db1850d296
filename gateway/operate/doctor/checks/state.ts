/** The state that replicas share: whether it answers, is up to date, and its user may do no more than it must. */
import { join } from 'node:path';
import { isYitongError } from '../../../../contracts/errors.js';
import { openWholeState, userServer } from '../../../ground/state/open.js';
import { LeftBehind, refuseLeftBehind } from '../../process/adopt.js';
import { type Check, type Finding, fail, note, ok, type Patient, warn } from '../port.js';

const check: Check = {
  about: 'the state: what people did',
  order: 8,
  async run(patient) {
    const { state: settings } = await patient.settings();
    const place = { file: join(patient.workspaceDir, 'yitong.json') };
    if (settings.driver === 'embedded') return await inFolder(patient, place);
    const findings: Finding[] = [];
    const server = await userServer({ settings, baseDir: patient.workspaceDir, place });
    if (server.tls === undefined && settings.plainAllowed)
      findings.push(
        warn('the connection to the state is not encrypted', 'set `state.tls`; what people did travels there'),
      );
    if (settings.ownerPasswordFile !== '')
      findings.push(
        warn(
          'the settings of this replica name the password of the owner of the state',
          'only `yitong state migrate` needs it: let it stand where that is run, and on no replica',
        ),
      );
    const { PostgresState } = await import('../../../ground/state/postgres/state.js');
    const state = new PostgresState({ server, schema: settings.schema, user: settings.user });
    try {
      await state.check();
      const [oldest] = await state.outbox(1);
      const waits = oldest === undefined ? 0 : Math.max(0, patient.now() - oldest.at);
      if (waits > OUTBOX_LATE)
        findings.push(
          warn(
            `a message of the state has waited for ${String(Math.round(waits / 1000))} s to be sent to the bus`,
            'look whether the bus takes messages, and what the log of the writers says',
          ),
        );
      findings.push(ok(`the state answers, at revision ${String(await state.revision())}`));
      await refuseLeftBehind(state, patient.data);
    } catch (error) {
      if (!isYitongError(error)) throw error;
      // a gateway goes on beside what another folder holds; it does not start on what nobody moved
      const say = error.code === 'state_conflict' && !(error instanceof LeftBehind) ? warn : fail;
      findings.push(say(error.message, MEND[error.code] ?? 'docs/state.md says what it needs'));
    } finally {
      await state.close();
    }
    return findings;
  },
};
export default check;

/** @throws YitongError `store_damaged` */
async function inFolder(patient: Patient, place: { readonly file: string }): Promise<readonly Finding[]> {
  const { state: settings } = await patient.settings();
  const state = await openWholeState({ settings, data: patient.data, baseDir: patient.workspaceDir, place });
  if (state === undefined)
    return [
      note('the state stands in stores of the data folder; `yitong state join` makes one of them, as new ones have'),
    ];
  try {
    return [ok(`the data folder holds all that people did, at revision ${String(await state.revision())}`)];
  } finally {
    await state.close();
  }
}

/** ms */
const OUTBOX_LATE = 60_000;

const MEND: Readonly<Partial<Record<string, string>>> = {
  state_unavailable: 'look at the server, the way to it and its certificate; `yitong state status` asks again',
  state_newer: 'run `yitong state migrate` of the newest version that uses it, or that version itself',
  state_denied: 'set the password or the rights of the role right (docs/state.md)',
};

/** What stands in the view: how fresh each dataset is, and what lies in quarantine. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Quarantine } from '../../../../connectors/quarantine.js';
import type { Workspace } from '../../../../contracts/types.js';
import { statusOf } from '../../../answer/question/status.js';
import { openLmdbViewReader } from '../../../answer/view/lmdb/index.js';
import { openPostgresViewReader } from '../../../answer/view/postgres/index.js';
import { type Check, type Finding, fail, note, ok, warn } from '../port.js';

const check: Check = {
  about: 'freshness of datasets, and quarantine',
  order: 9,
  async run(patient) {
    const workspace = await patient.workspace();
    const { view: settings } = await patient.settings();
    const dir = join(patient.data, 'view');
    const findings: Finding[] = [];
    if (settings.driver === 'embedded' && !existsSync(dir)) return [note('there is no view yet')];
    const view =
      settings.driver === 'embedded'
        ? openLmdbViewReader({ dir, workspace })
        : openPostgresViewReader({
            settings,
            baseDir: patient.workspaceDir,
            place: { file: join(patient.workspaceDir, 'yitong.json') },
            workspace,
            onAway: (server, why) =>
              findings.push(
                fail(
                  `the view's server \`${server}\` is away: ${why}`,
                  'see to the server, its address and its password; docs/view.md',
                ),
              ),
          });
    try {
      const whole = view.fetch === undefined ? view : await view.fetch([], [], { kind: 'now' });
      const states = [...workspace.contracts.values()].map((contract) => {
        const state = whole.datasetState(contract.id);
        return { id: contract.id, state, ...statusOf(contract, state, patient.now()) };
      });
      const named = (status: string): readonly string[] =>
        states.flatMap((one) =>
          one.status === status ? [one.sourceTime === undefined ? one.id : `${one.id} (${one.sourceTime})`] : [],
        );
      const [stale, never] = [named('stale'), named('never-loaded')];
      if (stale.length > 0)
        findings.push(
          warn(
            `older than the catalogue promises: ${stale.join(', ')}`,
            'look at their connectors; the department is to update within the frequency that it declared ' +
              '(政务数据共享条例 Art.13(2), 16(2), 19(2))',
          ),
        );
      if (never.length > 0)
        findings.push(
          warn(
            `never loaded: ${never.join(', ')}`,
            'start their connectors (`yitong connector <dataset>`); where the department pushes, ask it to',
          ),
        );
      const incomplete = states.filter(({ state }) => state.incomplete === true).map(({ id }) => id);
      if (incomplete.length > 0)
        findings.push(
          warn(
            `the bus no longer had all of ${incomplete.join(', ')}`,
            'publish them again (`yitong connector <dataset> --again`); docs/kafka.md',
          ),
        );
      const poisoned = states
        .filter(({ state }) => state.poisoned > 0)
        .map(({ id, state }) => `${id} (${state.poisoned})`);
      if (poisoned.length > 0)
        findings.push(
          warn(
            `records that could not be decoded were set aside: ${poisoned.join(', ')}`,
            'somebody writes to these topics without our contract; `yitong bus acl --check`',
          ),
        );
      const current = states.filter(({ status }) => status === 'current');
      findings.push(
        ok(
          `${current.length} of ${states.length} datasets are current, with ` +
            `${states.reduce((sum, { state }) => sum + state.records, 0).toLocaleString('en')} records`,
        ),
      );
    } finally {
      await view.close();
    }
    findings.push(...(await inQuarantine(workspace, patient.data)));
    return findings;
  },
};
export default check;

async function inQuarantine(workspace: Workspace, data: string): Promise<readonly Finding[]> {
  const held: string[] = [];
  for (const id of workspace.contracts.keys()) {
    if (!Quarantine.exists(data, id)) continue;
    const quarantine = Quarantine.open(data, id, () => new Date());
    if (quarantine.count() > 0) held.push(`${id} (${quarantine.count()})`);
    await quarantine.close();
  }
  if (held.length > 0)
    return [
      warn(
        `rows that broke their contract wait: ${held.join(', ')}`,
        '`yitong quarantine list` says why; mend mapping or row, then `yitong quarantine retry`',
      ),
    ];
  return [];
}

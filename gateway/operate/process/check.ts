/**
 * A process that checks one workspace, says what it found, and ends: all of it must load, as the processes of the group
 * will load it, and may follow what is in force.
 */
import { constants, setPriority } from 'node:os';
import { join, relative } from 'node:path';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { anchorsOf } from '../../answer/inforce/anchors.js';
import { contractChanges, findingsOf, readDeclared } from '../../answer/inforce/declared.js';
import { loadStill } from '../../answer/inforce/loading.js';
import { wordsOf } from '../../ground/logging/words.js';
import { servicesAt } from '../../procedures/sharing/filings.js';
import { differing, fixedSettings, groupSettings } from '../children/settings.js';
import type { CheckArguments, Checked } from './checking.js';

/** Findings that are named; of more, how many. */
const NAMED = 5;

async function check({
  args: { workspace: dir, data, flags, developmentPki },
  before: copy,
  fixed,
}: CheckArguments): Promise<Checked> {
  const { workspace, version } = await loadStill(dir);
  const settings = groupSettings(workspace, dir, flags, developmentPki !== undefined);
  const others = differing(fixed, fixedSettings(workspace, settings));
  if (others.length > 0)
    return { ok: false, why: `${others.map((key) => `\`${key}\``).join(', ')} changed, which takes a restart` };
  // a worker does not start without them
  await anchorsOf(await loadPolicies(workspace), developmentPki);
  const before = copy === undefined ? undefined : await loadWorkspace(copy, { allowUnregistered: true });
  // what is given under applications changes only as it was filed; where nobody can say what is given, nothing changes
  const services =
    before === undefined
      ? undefined
      : await servicesAt({ settings: settings.state, data, baseDir: dir, place: { file: join(dir, 'yitong.json') } });
  const errors = (await findingsOf(await readDeclared(dir), before, services)).filter(
    ({ severity }) => severity === 'error',
  );
  if (errors.length > 0) {
    const named = errors
      .slice(0, NAMED)
      .map(
        ({ dataset, message, code, place }) =>
          `${dataset}: ${message} [${code}]${place === undefined ? '' : ` (\`${relative(dir, place.file)}\`)`}`,
      );
    return {
      ok: false,
      why:
        `${named.join('; ')}` +
        (errors.length > NAMED ? `; and ${String(errors.length - NAMED)} more, see \`yitong contracts check\`` : ''),
    };
  }
  const changes = before === undefined ? {} : { datasets: contractChanges(before, workspace) };
  return {
    ok: true,
    version,
    layers: workspace.layers,
    changes,
    workers: settings.gateway.workers,
    drainSeconds: settings.gateway.drainSeconds,
  };
}

// answers go first
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const given = JSON.parse(process.argv[2] ?? '{}') as CheckArguments;
const sendToParent = (checked: Checked): void => {
  process.send?.(checked, () => process.disconnect());
};
check(given).then(sendToParent, (error: unknown) =>
  sendToParent({ ok: false, why: wordsOf(error, given.args.workspace) }),
);

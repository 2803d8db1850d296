import { loadWorkspace } from '../../../contracts/workspace.js';
import { runCases } from '../../../policies/cases.js';
import { makeDecider } from '../../../policies/decide.js';
import { loadPolicies } from '../../../policies/load.js';
import { type GrantsBeyond, grantsBeyond } from '../../../policies/volume.js';
import { dataOption, folders, workspaceOption } from '../../ground/files/places.js';
import { withApplications } from '../applied.js';
import type { Command } from '../command.js';

/** Why grants in files are not in order: a dataset’s provider is not ready for so many calls. */
const beyondInWords = ({ dataset, client, threshold, limit, calls }: GrantsBeyond): string =>
  `${dataset}: ${client === undefined ? 'its grants together' : `the grants of ${client}`} have ` +
  `${calls === undefined ? 'calls without a limit (no `callsADay`)' : `${String(calls)} calls a day`}; ` +
  `\`sharing.volume.${threshold}\` of its contract is ${String(limit)}`;

const command: Command = {
  summary: 'load clients, grants and policies, and run their cases',
  zh: '加载应用、授权和策略，并运行其用例',
  usage: '[--workspace D] [--data D]',
  wanting:
    'where a case does not hold, grants are beyond the volume of a dataset, or an application made what is no grant ' +
    'of the workspace any more',
  examples: ['yitong policies check', 'yitong policies check --workspace city --json'],
  options: { workspace: workspaceOption, data: dataOption },
  async run({ values, say, json }) {
    const { workspace: dir, data } = folders(values);
    const workspace = await loadWorkspace(dir);
    const set = await loadPolicies(workspace);
    const { applied, refused } = withApplications(set, workspace, data);
    const results = runCases(set, makeDecider(set, workspace), Date.now());
    const failed = results.filter(({ failure }) => failure !== undefined);
    for (const { file, name, failure } of failed) say(`${file}: ${name}: ${failure ?? ''}`);
    const beyond = grantsBeyond(workspace.contracts.values(), set.grants.values());
    for (const one of beyond) say(beyondInWords(one));
    for (const { id, error } of refused) say(`the grant \`${id}\` of an application: ${error.message} [${error.code}]`);
    if (applied > 0) say(`${String(applied)} grants were made by applications`);
    say(
      `${String(set.clients.size)} clients, ${String(set.grants.size)} grants, ${String(set.rules.length)} ` +
        `policies; ${String(results.length - failed.length)} of ${String(results.length)} cases hold`,
    );
    json({
      version: set.version,
      clients: set.clients.size,
      grants: set.grants.size,
      policies: set.rules.length,
      cases: results.length,
      failed,
      beyond,
      applied,
      refused: refused.map(({ id, error }) => ({ id, code: error.code, message: error.message })),
    });
    return failed.length === 0 && refused.length === 0 && beyond.length === 0 ? 0 : 1;
  },
};
export default command;

import { loadWorkspace } from '../../../contracts/workspace.js';
import { runCases } from '../../../policies/cases.js';
import { makeDecider } from '../../../policies/decide.js';
import { loadPolicies } from '../../../policies/load.js';
import { type GrantsBeyond, grantsBeyond } from '../../../policies/volume.js';
import { folders, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';

/** Why grants in files are not in order: a dataset’s provider is not ready for so many calls. */
const beyondInWords = ({ dataset, client, threshold, limit, calls }: GrantsBeyond): string =>
  `${dataset}: ${client === undefined ? 'its grants together' : `the grants of ${client}`} have ` +
  `${calls === undefined ? 'calls without a limit (no `callsADay`)' : `${String(calls)} calls a day`}; ` +
  `\`sharing.volume.${threshold}\` of its contract is ${String(limit)}`;

const command: Command = {
  summary: 'load clients, grants and policies, and run their cases',
  zh: '加载应用、授权和策略，并运行其用例',
  usage: '[--workspace D]',
  wanting: 'where a case does not hold, or grants are beyond the volume of a dataset',
  examples: ['yitong policies check', 'yitong policies check --workspace city --json'],
  options: { workspace: workspaceOption },
  async run({ values, say, json }) {
    const workspace = await loadWorkspace(folders(values).workspace);
    const set = await loadPolicies(workspace);
    const results = runCases(set, makeDecider(set, workspace), Date.now());
    const failed = results.filter(({ failure }) => failure !== undefined);
    for (const { file, name, failure } of failed) say(`${file}: ${name}: ${failure ?? ''}`);
    const beyond = grantsBeyond(workspace.contracts.values(), set.grants.values());
    for (const one of beyond) say(beyondInWords(one));
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
    });
    return failed.length === 0 && beyond.length === 0 ? 0 : 1;
  },
};
export default command;

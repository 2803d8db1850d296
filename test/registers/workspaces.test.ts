/** The three workspaces as declared content, without their data: what an operator who copies one may rely on. */
import t from 'tap';
import { loadFeeds } from '../../connectors/feeds.js';
import { checkExamples } from '../../contracts/examples.js';
import type { Workspace } from '../../contracts/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { runCases } from '../../policies/cases.js';
import { makeDecider } from '../../policies/decide.js';
import { loadPolicies } from '../../policies/load.js';
import { fixture } from './run.js';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const EXPECTED = [
  {
    name: 'shanghai',
    purpose: 'enterprise-service',
    datasets: ['amr.enterprises'],
    withheld: { 'amr.enterprises': 'businessScope' },
  },
  {
    name: 'brazil',
    purpose: 'supplier-check',
    datasets: ['cgu.ceis', 'cgu.cepim', 'cgu.cnep'],
    withheld: { 'cgu.ceis': 'publication' },
  },
  {
    name: 'france',
    purpose: 'supplier-file',
    datasets: ['agriculture.food-inspections', 'insee.sirene', 'travail.equality-index'],
    withheld: { 'agriculture.food-inspections': 'address.street' },
  },
] as const;

/** Where its data do not stand, a feed must still be well formed. */
async function feedsOf(workspace: Workspace): Promise<string[]> {
  return [...(await loadFeeds(workspace)).keys()].sort();
}

for (const { name, purpose, datasets, withheld } of EXPECTED) {
  void t.test(`${name}: contracts, examples, feeds, grants and rules hold together`, async (t) => {
    const workspace = await loadWorkspace(fixture(name));
    t.strictSame([...workspace.contracts.keys()].sort(), [...datasets]);
    t.strictSame(await feedsOf(workspace), [...datasets], 'every dataset has its feed');
    for (const contract of workspace.contracts.values())
      t.strictSame(await checkExamples(contract, workspace), [], `examples of ${contract.id}`);

    const policies = await loadPolicies(workspace);
    const decider = makeDecider(policies, workspace);
    t.strictSame(
      runCases(policies, decider, NOW).filter(({ failure }) => failure !== undefined),
      [],
      'the cases of its rules',
    );
    const [client] = [...policies.clients.values()];
    if (client === undefined) return t.fail('no client');
    const refused: Readonly<Record<string, string>> = withheld;
    for (const dataset of datasets) {
      const ask = { client, purpose, dataset, delivery: 'query', now: NOW } as const;
      t.equal(decider.decide(ask).effect, 'allow', `${client.id} may ask ${dataset}`);
      t.equal(decider.decide({ ...ask, purpose: 'another' }).effect, 'deny', 'for its purpose only');
      const field = refused[dataset];
      if (field !== undefined)
        t.match(
          decider.decide({ ...ask, fields: [field] }).withheld,
          [{ field, reason: 'field_not_granted' }],
          `and has no right to ${field}`,
        );
    }
  });
}

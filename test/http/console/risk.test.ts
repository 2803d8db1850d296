/** The calls that an application asks for, against the thresholds of its provider and what there is already. */
import t from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { riskOf } from '../../../gateway/http/console/applications/risk.js';
import { loadPolicies } from '../../../policies/load.js';

const workspace = await loadWorkspace(packageRoot());
const policies = await loadPolicies(workspace);
const now = Date.parse('2026-11-26T12:00:00+08:00');
const contract = workspace.contracts.get('tax.tax-arrears' as never)!;
const model = [...policies.grants.values()].find(({ dataset }) => dataset === contract.id)!;
const other = [...policies.clients.values()].find(
  ({ authority }) => authority !== policies.clients.get(model.client)?.authority,
)!;

const riskWith = (
  volume: { readonly perConsumer?: number; readonly total?: number } | undefined,
  callsADay: number,
  grants: readonly { readonly id: string; readonly client: string; readonly callsADay?: number }[],
) =>
  riskOf(
    {
      contract: { ...contract, sharing: { ...contract.sharing, ...(volume === undefined ? {} : { volume }) } },
      fields: ['amount'],
      rows: { kind: 'all' },
      purpose: 'open-transport-company',
      client: model.client,
      callsADay,
    },
    {
      policies: {
        clients: policies.clients,
        grants: new Map(
          grants.map((one) => {
            const { callsADay: _, ...bare } = model;
            const grant = { ...bare, status: 'active' as const, from: '2026-01-01', until: '2030-01-01', ...one };
            return [grant.id, grant] as never;
          }),
        ),
      },
      contracts: workspace.contracts,
      records: 10,
      calls: new Map([['g1', 40]]),
      now,
    },
  ).calls;

t.test('what the applicant has already counts against the threshold of one client', (t) => {
  const own = [{ id: 'g1', client: model.client, callsADay: 150 }];
  t.match(riskWith({ perConsumer: 300 }, 150, own), {
    beyond: false,
    perClient: 300,
    own: { grants: 1, calls: 150, used: 40 },
  });
  t.match(riskWith({ perConsumer: 300 }, 151, own), { beyond: true }, 'together beyond it');
  t.match(riskWith({ perConsumer: 300 }, 151, [{ ...own[0]!, client: other.id }]), {
    beyond: false,
    own: { grants: 0 },
  });
  t.end();
});

t.test('all grants count against the threshold of all, and one without a volume is beyond every threshold', (t) => {
  const all = [
    { id: 'g1', client: model.client, callsADay: 100 },
    { id: 'g2', client: other.id, callsADay: 300 },
  ];
  t.match(riskWith({ total: 500 }, 100, all), { beyond: false, granted: 400, open: 0 });
  t.match(riskWith({ total: 500 }, 101, all), { beyond: true });
  t.match(riskWith({ total: 5000 }, 1, [...all, { id: 'g3', client: other.id }]), { beyond: true, open: 1 });
  t.match(riskWith(undefined, 1_000_000, all), { beyond: false }, 'where no threshold is set nothing is beyond one');
  t.end();
});

import t from 'tap';
import { clientId, fieldPath } from '../../contracts/ids.js';
import { unused } from '../../policies/privilege.js';
import { client, contract, grant, policySet, workspace } from './city.js';

const DAY = 86_400_000;
const NOW = Date.parse('2026-10-01T00:00:00Z');
const SPACE = workspace([contract('tax.debts')]);
const fields = ['name', 'address.city'].map((path) => ({ path: fieldPath(path), as: 'value' as const }));

t.test('what was not used for a while is told, and nothing that cannot have been used', (t) => {
  const set = policySet({
    clients: [client('alpha'), client('beta'), client('gone', 'suspended')],
    grants: [
      grant('used', { fields }),
      grant('partly', { fields }),
      grant('long-ago', { fields }),
      grant('never', { client: clientId('beta') }),
      grant('expired', { until: '2026-06-30' }),
      grant('suspended', { status: 'suspended' }),
      grant('of-nobody', { client: clientId('gone') }),
      grant('young', { from: '2026-09-15' }),
      grant('to-come', { from: '2026-11-01' }),
    ],
  });
  const recent = NOW - DAY;
  const old = NOW - 200 * DAY;
  const report = unused(
    set,
    SPACE,
    {
      grants: {
        used: { last: recent, fields: { name: recent, 'address.city': recent } },
        partly: { last: recent, fields: { name: recent, 'address.city': old } },
        'long-ago': { last: old, fields: { name: old } },
      },
      clients: { alpha: recent },
    },
    NOW,
    90,
  );
  t.same(
    report.grants.map(({ grant: id, last }) => [id, last]),
    [
      ['long-ago', old],
      ['never', undefined],
    ],
  );
  t.same(report.fields, [
    { grant: 'partly', client: 'alpha', dataset: 'tax.debts', fields: [{ field: 'address.city', last: old }] },
  ]);
  t.same(report.clients, [{ client: 'beta' }]);
  t.equal(report.young, 1);
  t.end();
});

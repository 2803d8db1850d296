import t from 'tap';
import { encodeRecord } from '../../contracts/avro.js';
import { datasetId } from '../../contracts/ids.js';
import { keyOf, mapper, rowsOf, town } from './town.js';

const { workspace, feeds } = await town();

t.test('no register of the city is without a feed', (t) => {
  t.same([...feeds.keys()].sort(), [...workspace.contracts.keys()].sort());
  t.ok(workspace.synthetic, 'and all of it says that it is invented');
  const authorities = new Set([...workspace.contracts.values()].map(({ authority }) => authority));
  t.ok(authorities.size >= 12);
  for (const [id, { sharing }] of workspace.contracts) {
    t.equal(sharing.conditions !== undefined, sharing.attribute === 'conditional', `${id} says on what conditions`);
    t.equal(sharing.refusal !== undefined, sharing.attribute === 'none', `${id} says why not`);
  }
  t.end();
});

for (const [id, feed] of feeds) {
  if (feed.source.kind !== 'synthetic') continue;
  t.test(`no made row of ${id} would be quarantined, and none hides another`, async (t) => {
    const contract = workspace.contracts.get(datasetId(id));
    if (contract === undefined) return;
    const scheme = workspace.schemes.get(contract.subject.scheme);
    const map = mapper(feed, contract, workspace);
    const keys = new Set<string>();
    const problems = new Set<string>();
    let rows = 0;
    for await (const row of rowsOf(feed, workspace, { companies: 2_000, day: 330 })) {
      rows++;
      const record = map(row);
      const encoded = encodeRecord(contract.latest, record, { codelists: workspace.codelists });
      if (!encoded.ok) for (const { code, field, reason } of encoded.problems) problems.add(`${field} ${reason} [${code}]`);
      const parsed = scheme?.parse(String(record[contract.subject.field]));
      if (parsed?.ok !== true || parsed.changed) problems.add('the subject key does not hold');
      keys.add(keyOf(record, contract));
    }
    t.same([...problems], []);
    t.ok(rows > 0, 'it has records');
    t.equal(keys.size, rows, 'each under its own key');
  });
}

t.test('the domains of the credit report are covered, each by a register of penalties', (t) => {
  const domains = [...(workspace.codelists.get('domains')?.codes.keys() ?? [])];
  t.equal(domains.length, 41);
  const covered = new Set([...workspace.contracts.values()].filter(({ kind }) => kind === 'penalty').flatMap((contract) => contract.domains));
  t.same(domains.filter((domain) => !covered.has(domain)), []);
  t.same([...workspace.contracts.values()].flatMap((contract) => contract.domains).filter((domain) => !domains.includes(domain)), []);
  t.end();
});

/**
 * The bundles of the city have what they need: under its own purpose each may read what its forms, facts and materials
 * name; and the bars on a simple deregistration are raised by registers of this city, each for some company.
 */
import t from 'tap';
import { factOf } from '../../contracts/bundle/fill.js';
import { loadBundles } from '../../contracts/bundle/load.js';
import { namesOf } from '../../contracts/bundle/rule.js';
import type { Bundle, Json } from '../../contracts/bundle/types.js';
import { clientId, datasetId } from '../../contracts/ids.js';
import { makeDecider } from '../../policies/decide.js';
import { loadPolicies } from '../../policies/load.js';
import { mapper, rowsOf, town, type When } from './town.js';

const { workspace, feeds } = await town();
const { bundles, elements } = await loadBundles(workspace);
const set = await loadPolicies(workspace);
const decider = makeDecider(set, workspace);
const NOW = Date.parse('2026-11-24T04:00:00Z');

/** Dataset → fields that the bundle reads of it; none of one that only stands for a material. */
function readBy({ items, facts, materials }: Bundle): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const fieldsOf = (dataset: string): Set<string> => {
    const fields = found.get(dataset) ?? new Set();
    found.set(dataset, fields);
    return fields;
  };
  for (const { form } of items.values())
    for (const { element } of form.fields)
      for (const { contract, field } of elements.elements.get(element ?? '')?.registers ?? [])
        fieldsOf(contract.id).add(field);
  for (const { contract, where } of facts.values())
    for (const name of namesOf(where.rule)) fieldsOf(contract.id).add(name);
  for (const { registers } of materials.values()) for (const { id } of registers) fieldsOf(id);
  return found;
}

t.test('what a bundle reads of a register is granted to its client under its purpose, in a case', (t) => {
  t.ok(bundles.size >= 6);
  for (const [id, bundle] of bundles) {
    const client = set.clients.get(clientId(bundle.client));
    if (client === undefined) throw new Error(`no client ${bundle.client}`);
    const read = readBy(bundle);
    t.ok(read.size > 0, `${id} reads registers`);
    for (const [dataset, fields] of read) {
      const decision = decider.decide({
        client,
        purpose: bundle.purpose,
        dataset: datasetId(dataset),
        ...(fields.size === 0 ? {} : { fields: [...fields] }),
        delivery: 'query',
        case: { item: 'i', caseId: 'c', actor: 'a' },
        now: NOW,
      });
      t.equal(decision.effect, 'allow', `${id}: ${dataset}`);
      t.same(decision.withheld, [], `${id}: ${dataset} gives all of ${[...fields].join(', ')}`);
    }
  }
  t.end();
});

/** By company, its records; undefined of a company without one. */
async function recordsOf(id: string, when: When): Promise<ReadonlyMap<string, readonly Record<string, Json>[]>> {
  const [feed, contract] = [feeds.get(datasetId(id)), workspace.contracts.get(datasetId(id))];
  if (feed === undefined || contract === undefined) throw new Error(`no register ${id}`);
  const map = mapper(feed, contract, workspace);
  const found = new Map<string, Record<string, Json>[]>();
  for await (const row of rowsOf(feed, workspace, when)) {
    const record = map(row) as Record<string, Json>;
    const key = String(record[contract.subject.field]);
    found.set(key, [...(found.get(key) ?? []), record]);
  }
  return found;
}

t.test(
  'each of the six bars on a simple deregistration is raised for some company, and for most none is',
  async (t) => {
    const bundle = bundles.get('deregister-company');
    if (bundle === undefined) throw new Error('no deregistration');
    for (const day of [200, 333, 420]) {
      const when = { companies: 300, day };
      const registered = await recordsOf('samr.company-register', when);
      const active = [...registered].flatMap(([uscc, [one]]) => (one?.['closedOn'] === null ? [uscc] : []));
      const barred = new Set<string>();
      for (const part of ['一', '二', '三', '四', '五', '六']) {
        const basis = `市场主体登记管理条例实施细则第四十八条第${part}项`;
        const requirements = [...bundle.items.values()].flatMap(({ requires }) => requires);
        const bar = requirements.filter((one) => one.basis.includes(basis));
        const facts = [...bundle.facts.values()].filter(({ id }) => bar.some(({ rule }) => namesOf(rule.rule).has(id)));
        t.ok(facts.length > 0, `${basis} is answered by registers`);
        const raised = new Set<string>();
        for (const fact of facts) {
          const records = await recordsOf(fact.contract.id, when);
          for (const uscc of active) if (factOf(fact, records.get(uscc) ?? []) === 'yes') raised.add(uscc);
          t.equal(factOf(fact, undefined), 'unknown', `${fact.id} is unknown where the register is away`);
        }
        t.ok(raised.size > 0, `day ${String(day)}: ${basis} bars ${String(raised.size)} companies`);
        for (const uscc of raised) barred.add(uscc);
      }
      t.ok(barred.size < active.length / 2, `${String(barred.size)} of ${String(active.length)}`);
    }
  },
);

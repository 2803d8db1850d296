import t from 'tap';
import type { SourceRow } from '../../connectors/reading/port.js';
import { datasetId } from '../../contracts/ids.js';
import { mapper, rowsOf, town, type When } from './town.js';

const { workspace, feeds } = await town();

async function rows(id: string, when: When): Promise<SourceRow[]> {
  const feed = feeds.get(datasetId(id));
  if (feed === undefined) throw new Error(`no feed ${id}`);
  const all: SourceRow[] = [];
  for await (const row of rowsOf(feed, workspace, when)) all.push(row);
  return all;
}
const synthetic = [...feeds.values()].filter(({ source }) => source.kind === 'synthetic').map(({ dataset }) => dataset);

type Company = {
  readonly uscc: string;
  readonly name: string;
  readonly legalForm: string;
  readonly registeredOn: string;
  readonly parent: { readonly uscc: string; readonly name: string } | null;
  readonly branches: readonly { readonly uscc: string }[];
  readonly shareholders: readonly { readonly kind: string; readonly uscc: string | null; readonly share: string }[];
  readonly investments: readonly { readonly uscc: string; readonly share: string }[];
};
async function companies(when: When): Promise<Map<string, Company>> {
  const id = datasetId('samr.company-register');
  const [feed, contract] = [feeds.get(id), workspace.contracts.get(id)];
  if (feed === undefined || contract === undefined) throw new Error('no company register');
  const map = mapper(feed, contract, workspace);
  const all = new Map<string, Company>();
  for await (const row of rowsOf(feed, workspace, when)) {
    const company = map(row) as Company;
    all.set(company.uscc, company);
  }
  return all;
}

t.test('the same seed and day give the same bytes, another seed gives another city', async (t) => {
  for (const id of synthetic) {
    const first = JSON.stringify(await rows(id, { companies: 400, day: 200 }));
    t.equal(JSON.stringify(await rows(id, { companies: 400, day: 200 })), first, id);
    t.not(JSON.stringify(await rows(id, { companies: 400, day: 200, seed: 77 })), first, `${id} with another seed`);
  }
});

t.test('a company is the same in a small city and in a large one', async (t) => {
  const small = await rows('samr.penalties', { companies: 500, day: 200 });
  const large = await rows('samr.penalties', { companies: 3_000, day: 200 });
  t.ok(small.length > 0 && large.length > small.length);
  const cells = new Map(large.map((row) => [row.position, JSON.stringify(row.cells)]));
  t.ok(small.every((row) => cells.get(row.position) === JSON.stringify(row.cells)));
});

t.test('each company has its own valid code', async (t) => {
  const all = await rows('samr.company-register', { companies: 5_000, day: 330 });
  const scheme = workspace.schemes.get('uscc');
  t.equal(new Set(all.map(({ cells }) => cells['uscc'])).size, all.length);
  t.ok(all.every(({ cells }) => scheme?.parse(String(cells['uscc'])).ok === true));
});

t.test('relations name companies that are there, agree from both ends, and lead back to nobody', async (t) => {
  const all = await companies({ companies: 4_000, day: 330 });
  let [branches, holdings] = [0, 0];
  for (const company of all.values()) {
    if (company.parent !== null) {
      branches++;
      if (all.get(company.parent.uscc)?.branches.some(({ uscc }) => uscc === company.uscc) !== true)
        t.fail('a parent lists its branch');
      if (company.shareholders.length > 0) t.fail('a branch has no shareholders');
    }
    const shares = company.shareholders.reduce((sum, { share }) => sum + Math.round(Number(share) * 100), 0);
    if (company.parent === null && shares !== 10_000) t.fail('shares add up to 100 %');
    for (const holder of company.shareholders) {
      if (holder.uscc === null) continue;
      holdings++;
      const other = all.get(holder.uscc);
      if (
        other === undefined ||
        !other.investments.some(({ uscc, share }) => uscc === company.uscc && share === holder.share)
      )
        t.fail('a shareholder lists its holding');
      if (other !== undefined && other.registeredOn > company.registeredOn)
        t.fail('a shareholder is older than what it holds');
    }
    for (const { uscc } of [...company.branches, ...company.investments])
      if (!all.has(uscc)) t.fail('a branch or a holding is registered');
  }
  t.ok(branches > 100 && holdings > 100, 'there are groups');
  const above = (company: Company): string[] => [
    ...(company.parent === null ? [] : [company.parent.uscc]),
    ...company.shareholders.flatMap(({ uscc }) => (uscc === null ? [] : [uscc])),
  ];
  const done = new Set<string>();
  const climb = (uscc: string, path: ReadonlySet<string>): void => {
    if (path.has(uscc)) t.fail('a company holds itself');
    if (done.has(uscc) || path.has(uscc)) return;
    const company = all.get(uscc);
    if (company !== undefined) for (const next of above(company)) climb(next, new Set([...path, uscc]));
    done.add(uscc);
  };
  for (const uscc of all.keys()) climb(uscc, new Set());
});

t.test(
  'a group is there that needs a hundred certificates: one company with dozens of branches and subsidiaries',
  async (t) => {
    const all = await companies({ companies: 300, day: 330 });
    const largest = Math.max(
      ...[...all.values()].map(({ branches, investments }) => branches.length + investments.length),
    );
    t.ok(largest >= 40, `the largest has ${largest}`);
  },
);

t.test('time runs on: later days bring records, change some and withdraw some', async (t) => {
  const [added, changed, gone] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const place = ({ position }: SourceRow): string => position.slice(0, position.indexOf('@'));
  for (const id of synthetic) {
    const before = new Map(
      (await rows(id, { companies: 1_500, day: 300 })).map((row) => [place(row), JSON.stringify(row.cells)]),
    );
    const after = new Map(
      (await rows(id, { companies: 1_500, day: 330 })).map((row) => [place(row), JSON.stringify(row.cells)]),
    );
    for (const [key, cells] of after) {
      if (!before.has(key)) added.add(id);
      else if (before.get(key) !== cells) changed.add(id);
    }
    for (const key of before.keys()) if (!after.has(key)) gone.add(id);
    const lost = [...before.keys()].filter((key) => !after.has(key)).length;
    t.ok(
      lost <= before.size * (feeds.get(datasetId(id))?.maxWithdrawShare ?? 0) || before.size < 5,
      `${id} does not lose more in a month than its feed lets it`,
    );
  }
  t.ok(added.size > 20, `added to ${added.size} registers`);
  t.ok(changed.size > 10, `changed in ${changed.size}`);
  t.ok(gone.size > 5, `withdrawn from ${gone.size}`);
});

t.test('the same people are insured, and hold health certificates', async (t) => {
  const insured = new Set(
    (await rows('hrss.social-insurance-persons', { companies: 300, day: 330 })).map(
      ({ cells }) => `${String(cells['personId'])} ${String(cells['name'])}`,
    ),
  );
  const checked = await rows('health.food-handler-certificates', { companies: 300, day: 330 });
  const inBoth = checked.filter(({ cells }) => insured.has(`${String(cells['personId'])} ${String(cells['name'])}`));
  t.ok(inBoth.length > checked.length / 3, 'apart from those whom a branch employs');
});

import t from 'tap';
import { encodeRecord } from '../../contracts/avro.js';
import { datasetId } from '../../contracts/ids.js';
import { lastDayOfMonths } from '../../gateway/documents/compute/rules.js';
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
      if (!encoded.ok)
        for (const { code, field, reason } of encoded.problems) problems.add(`${field} ${reason} [${code}]`);
      const parsed = scheme?.parse(String(record[contract.subject.field]));
      if (parsed?.ok !== true || parsed.changed) problems.add('the subject key does not hold');
      keys.add(keyOf(record, contract));
    }
    t.same([...problems], []);
    t.ok(rows > 0, 'it has records');
    t.equal(keys.size, rows, 'each under its own key');
  });
}

const TIERS = workspace.codelists.get('display-tiers')?.display;
/** Food, medicines, special equipment, work safety, fire: as the feeds of the city tell of them. */
const SAFETY = /食品|药品|从未取得许可的企业购进/;

for (const [id, feed] of feeds) {
  const contract = workspace.contracts.get(datasetId(id));
  if (contract?.kind !== 'penalty' || feed.source.kind !== 'synthetic') continue;
  t.test(
    `the display of what ${id} makes ends with its tier, and no repair comes before the shortest term`,
    async (t) => {
      const map = mapper(feed, contract, workspace);
      const seen = { tiers: new Set<string>(), repaired: 0 };
      const wrong = new Set<string>();
      for await (const row of rowsOf(feed, workspace, { companies: 6_000, day: 2_000 })) {
        // biome-ignore lint/suspicious/noExplicitAny: records of every register are read by their fields
        const record = map(row) as Record<string, any>;
        const tier = TIERS?.get(String(record['displayTier']));
        if (tier === undefined) {
          wrong.add(`no tier: ${String(record['displayTier'])}`);
          continue;
        }
        seen.tiers.add(record['displayTier'] as string);
        const decided = record['decidedOn'] as string;
        if (record['displayUntil'] > lastDayOfMonths(decided, tier.longest))
          wrong.add(`displayed too long: ${String(record['decisionNumber'])}`);
        const repairedOn = record['repair']['on'] as string | null;
        if (repairedOn !== null) seen.repaired++;
        if (repairedOn !== null && repairedOn <= lastDayOfMonths(decided, tier.shortest))
          wrong.add(`repaired too early: ${String(record['decisionNumber'])}`);
        if (record['displayUntil'] < lastDayOfMonths(decided, tier.longest) && record['displayUntil'] !== repairedOn)
          wrong.add(`ended without a repair: ${String(record['decisionNumber'])}`);
        const safety =
          ['药品监管', '安全生产', '消防安全'].includes(String(record['domain'])) ||
          SAFETY.test(String(record['conduct']['summary']));
        const hidden =
          record['procedure'] === 'summary' ||
          (record['kinds'] as string[]).every((kind) => ['warning', 'criticism'].includes(kind));
        if (hidden !== (record['displayTier'] === 'none'))
          wrong.add(`displayed or not against the law: ${String(record['decisionNumber'])}`);
        if (safety && !hidden && tier.shortest < 12)
          wrong.add(`less than a year: ${String(record['conduct']['summary'])}`);
        if (id === 'data-bureau.collected-penalties' && hidden) wrong.add('collected what is not to be collected');
      }
      t.strictSame([...wrong], []);
      t.ok(seen.tiers.size >= 2 && seen.repaired > 0, 'of several tiers, some repaired');
    },
  );
}

t.test('the kinds of penalty are all that Art. 9 of the act on penalties lists', (t) => {
  const kinds = [...(workspace.codelists.get('penalty-kinds')?.codes.values() ?? [])].map(({ zh }) => zh);
  t.strictSame(
    new Set(kinds),
    new Set([
      '警告',
      '通报批评',
      '罚款',
      '没收违法所得',
      '没收非法财物',
      '暂扣许可证件',
      '降低资质等级',
      '吊销许可证件',
      '限制开展生产经营活动',
      '责令停产停业',
      '责令关闭',
      '限制从业',
      '行政拘留',
      '法律、行政法规规定的其他行政处罚',
    ]),
  );
  t.equal(kinds.length, 14);
  t.end();
});

t.test('the domains of the credit report are covered, each by a register of penalties', (t) => {
  const domains = [...(workspace.codelists.get('domains')?.codes.keys() ?? [])];
  t.equal(domains.length, 41);
  const covered = new Set(
    [...workspace.contracts.values()].filter(({ kind }) => kind === 'penalty').flatMap((contract) => contract.domains),
  );
  t.same(
    domains.filter((domain) => !covered.has(domain)),
    [],
  );
  t.same(
    [...workspace.contracts.values()]
      .flatMap((contract) => contract.domains)
      .filter((domain) => !domains.includes(domain)),
    [],
  );
  t.end();
});

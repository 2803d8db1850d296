/**
 * 上海市优化营商环境条例 Art.67(2), (3): the company asks for repair, not before the shortest display of its record is over, and
 * is told what came of it.
 */
import t from 'tap';
import { datasetId } from '../../contracts/ids.js';
import { loadLifecycles, makeLifecycle } from '../../contracts/lifecycle/load.js';
import { present } from '../../contracts/present.js';
import type { RecordRef } from '../../gateway/procedures/lifecycles/effects.js';
import { recordReader } from '../../gateway/procedures/lifecycles/records.js';
import { openTickets } from '../../gateway/procedures/lifecycles/tickets.js';
import { company as companyOf, openWorld, PENALTIES, penalty } from '../documents/reports/world.js';
import { stateOfRun } from '../support/shared-state.js';
import { act, centre, provider } from './acts.js';

t.setTimeout(120_000);
const SUBJECT = companyOf(0);
const company = {
  kind: 'person',
  person: { id: 'feng', name: 'feng', roles: ['subject' as const], subjects: [SUBJECT] },
} as const;
const ask = act(company, 'ask', { grounds: '已缴清罚款并完成整改' });
const morning = (day: string): number => Date.parse(`${day}T00:00:00+08:00`);

t.test(
  'a company may ask for repair from the day after the shortest display of its record, of each tier',
  async (t) => {
    const made = await openWorld();
    t.teardown(() => made.close());
    const { workspace } = made;
    const decided = { decidedOn: '2025-11-30' };
    for (const tier of ['none', 'slight', 'ordinary', 'safety', 'serious', null])
      await made.put(
        PENALTIES,
        SUBJECT,
        `of ${String(tier)}`,
        penalty('2025-10-01', { ...decided, displayTier: tier }),
      );
    await made.put('samr.dishonesty-list', SUBJECT, 'list', { listedOn: '2020-01-01', removedOn: null });
    const { lifecycles } = await loadLifecycles(workspace);
    const reader = recordReader({ workspace, view: made.context.view, tickets: { lifecycles } });
    const contracts = [PENALTIES, 'samr.dishonesty-list'].flatMap((id) => workspace.contracts.get(datasetId(id)) ?? []);
    const records = new Map((await reader.of(SUBJECT, contracts)).map(({ record }) => [record.recordId, record]));
    const dir = t.testdir();
    let now = morning('2025-12-01');
    const tickets = await openTickets({
      dataDir: dir,
      workspace,
      now: () => now,
      lag: 0,
      ...present({ state: await (await stateOfRun())?.() }),
    });
    t.teardown(() => tickets.close());
    const may = async (record: RecordRef): Promise<boolean> =>
      (await tickets.openings(record, company)).some(
        ({ lifecycle, acts }) => lifecycle.id === 'repair' && acts.includes('ask'),
      );
    const first = {
      'of ordinary': '2026-03-01',
      'of safety': '2026-12-01',
      'of serious': '2026-12-01',
      'of null': '2026-12-01',
    };
    for (const [recordId, day] of Object.entries(first)) {
      const record = records.get(recordId);
      if (record === undefined) throw new Error(`no record ${recordId}`);
      now = morning(day) - 1;
      t.notOk(await may(record), `${recordId}: not on the last day of the shortest display`);
      await t.rejects(tickets.open('repair', record, ask), { code: 'act_refused' });
      now = morning(day);
      t.ok(await may(record), `${recordId}: from the day after`);
      const { opens: _, ...unknown } = record;
      t.notOk(await may(unknown), 'a day that nobody knows has not come');
    }
    now = morning('2030-01-01');
    t.notOk(await may(records.get('list')!), 'a list of dishonesty is repaired by who put the company on it');
    for (const tier of ['none', 'slight'])
      t.notOk(await may(records.get(`of ${tier}`)!), `${tier}: what is never displayed has no display to end`);
    const { head } = await tickets.open('repair', records.get('of ordinary')!, ask);
    t.match(
      await tickets.get(head.id, provider),
      { state: { state: 'asked' }, acts: ['certify', 'refuse', 'tell-revoked-instead'] },
      'the provider sees it at once',
    );
    await tickets.act(head.id, act(provider, 'certify', { certificate: '云信修〔2030〕2号' }));
    await tickets.act(head.id, act(centre, 'take-down'));
    t.equal(tickets.effects.hidden(records.get('of ordinary')!), 'repaired');
    await tickets.act(head.id, act(centre, 'share'));
    const told = await tickets.get(head.id, company);
    t.match(told, { state: { state: 'shared' }, over: true });
    t.strictSame(
      told.events.map((event) => event.act),
      ['ask', 'certify', 'take-down', 'share'],
      'the company is told each step',
    );
    t.equal(tickets.effects.hidden(records.get('of ordinary')!), 'repaired', 'and the record stays hidden');
    const refusedOne = await tickets.open('repair', records.get('of serious')!, ask);
    await t.rejects(
      tickets.act(refusedOne.head.id, act(provider, 'refuse')),
      { code: 'act_incomplete' },
      'no refusal without a reason',
    );
  },
);

t.test('an act that opens nothing waits for no term', async (t) => {
  const made = await openWorld();
  t.teardown(() => made.close());
  const { lifecycles } = await loadLifecycles(made.workspace);
  const { id: _, ...repair } = lifecycles.get('repair')!;
  const wrong = {
    ...repair,
    acts: { ...repair.acts, certify: { ...repair.acts['certify'], after: { tier: 'displayTier', from: 'decidedOn' } } },
  };
  t.throws(() => makeLifecycle('repair', wrong, { file: 'lifecycle.json' }), {
    code: 'bad_lifecycle',
    message: /opens no ticket/,
  });
});

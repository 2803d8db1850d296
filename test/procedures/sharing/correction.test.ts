/** 政务数据共享条例 Art.26, 29(2): corrections and who is told of them; records of use, and for how long they stay. */
import t from 'tap';
import { appliedGrants, endedGrants } from '../../../gateway/answer/inforce/applied-grants.js';
import type { FoundEntry } from '../../../gateway/log/search/index.js';
import { tellingReceivers, toldTo } from '../../../gateway/procedures/sharing/receivers.js';
import { dropOverdueUse, useRecords, writeUseRecord } from '../../../gateway/procedures/sharing/use-records.js';
import { SHARED, sharedState } from '../../support/shared-state.js';
import { people, refusal, supplied, townOver } from './town.js';
import { asContent, policies } from './world.js';

t.setTimeout(300_000);
const NOW = Date.parse('2026-03-02T09:00:00+08:00');
const ASKED = 'tax.tax-arrears';
const SUBJECT = 'uscc:91990105MA0000193X';
const code = async (act: Promise<unknown>): Promise<string> => (await refusal(act)).code;
const entry = (receipt: string, client: string, records: number, type = 'released'): FoundEntry => ({
  index: 0,
  receipt,
  body: { type, client, datasets: [{ dataset: ASKED, records }] },
});

for (const kind of SHARED)
  t.test(`everybody who was given the record is told of the answer, and of nobody else, ${kind}`, async (t) => {
    const state = await (await sharedState(t, kind))?.();
    if (state === undefined) return;
    const asked: unknown[] = [];
    const search = {
      async *entries(query: object) {
        asked.push(query);
        yield entry('w1:1', 'transport-licensing', 1);
        yield entry('w1:2', 'one-stop-counter', 1, 'included');
        yield entry('w1:3', 'food-inspector', 0);
        yield entry('w1:4', 'transport-licensing', 2);
        yield entry('w1:5', 'fire-inspector', 1, 'refused');
      },
    };
    const town = await townOver(t, state, {
      now: () => NOW,
      tellReceivers: tellingReceivers({ search, policies: () => policies }),
    });
    await supplied(town);
    const content = asContent({ dataset: ASKED, recordId: 'VAT' });
    const fields = { wrong: '所属期与完税证明不一致' };
    const opening = { subject: SUBJECT };
    t.equal(
      await code(town.open('correction', people.officer, 'file', { content, fields })),
      'act_incomplete',
      'it names whom the record is about',
    );
    t.equal(
      await code(town.open('correction', people.taxOfficer, 'file', { opening, content, fields })),
      'act_refused',
      'a department corrects its own',
    );
    const { head } = await town.open('correction', people.officer, 'file', { opening, content, fields });
    t.notMatch(JSON.stringify(head), /91990105|VAT/, 'found by a reference that tells of it to nobody');
    await town.does(head.id, people.taxOfficer, 'check');
    t.equal(
      await code(town.does(head.id, people.taxOfficer, 'feed-back', { fields: { feedback: '已更正' } })),
      'act_refused',
      'an answer comes behind a decision',
    );
    await town.does(head.id, people.taxOfficer, 'correct', { fields: { correction: '所属期更正为2025年' } });
    t.same((await toldTo(state, 'transport')).told, [], 'not before it is answered');
    await town.does(head.id, people.taxOfficer, 'feed-back', { fields: { feedback: '已更正，请核对' } });
    t.match(asked, [{ subject: SUBJECT, dataset: ASKED, result: 'allow' }]);
    t.match((await toldTo(state, 'transport')).told, [
      { matter: head.id, dataset: ASKED, client: 'transport-licensing', receipts: ['w1:1', 'w1:4'] },
    ]);
    const counter = policies.clients.get('one-stop-counter' as never)?.authority ?? '';
    t.match((await toldTo(state, counter)).told, [{ client: 'one-stop-counter', receipts: ['w1:2'] }]);
    t.same((await toldTo(state, 'fire')).told, [], 'who was refused was told nothing');
    t.notMatch(JSON.stringify(await toldTo(state, 'transport')), /91990105|所属期/);
    const seen = await town.matters.get(head.id, people.officer);
    t.equal(seen.steps[0]?.event.fields['wrong'], fields.wrong, 'its parties read what was said');
  });

t.test(
  'the requester records its use; provider and authority read it; it stays three years after the end',
  async (t) => {
    const state = await (await sharedState(t, 'embedded'))?.();
    if (state === undefined) return;
    const sides = { requester: 'transport', provider: 'tax', authority: 'data-bureau' };
    const of = { state, grant: 'a-0-0-0', sides };
    const how = { record: () => Promise.resolve({ id: 'w1:9', json: '{}' }), now: () => NOW };
    const given = {
      scenario: '许可审查',
      effect: '免交证明',
      storage: '业务库',
      destruction: '尚未销毁',
      status: 'in-use',
    };
    const write = (actor: (typeof people)['officer'], content: object = given) =>
      code(writeUseRecord({ ...of, actor }, asContent(content), how));
    t.equal(await write(people.taxOfficer), 'act_refused', 'not the provider');
    t.equal(await write(people.head), 'act_refused', 'by its officer');
    t.equal(await write(people.officer, { ...given, storage: '' }), 'act_incomplete', 'nothing is left out');
    t.equal(await write(people.officer), 'done');
    t.equal(
      await write(people.officer, { ...given, destruction: '2026年3月2日覆写删除', status: 'destroyed' }),
      'done',
    );
    for (const reader of [people.officer, people.taxOfficer, people.bureau])
      t.match(await useRecords({ ...of, actor: reader }), [{ status: 'in-use' }, { status: 'destroyed' }]);
    t.equal(await code(useRecords({ ...of, actor: people.samrOfficer })), 'not_found');
    const other = { ...of, grant: 'a-0-0-1' };
    t.equal(await code(writeUseRecord({ ...other, actor: people.officer }, asContent(given), how)), 'done');
    const gone = (day: string): Promise<number> => dropOverdueUse(state, Date.parse(`${day}T12:00:00+08:00`));
    t.equal(await gone('2099-01-01'), 0, 'of a grant of which nobody knows that it ended they stay');
    const applied = (id: string, until: string) =>
      ({ id, matter: '0'.repeat(16), part: ASKED, entry: 'w1:1', grant: { until } }) as never;
    await state.commit(appliedGrants([applied(of.grant, '2026-12-31'), applied(other.grant, '2026-12-31')]));
    await state.commit(endedGrants([other.grant], { at: '2026-06-29T17:00:00.000Z', entry: 'w1:2' }));
    t.equal(await gone('2029-06-30'), 0);
    t.equal(await gone('2029-07-01'), 1, 'of one that was ended, from that day on: 30 June here');
    t.same(await useRecords({ ...other, actor: people.officer }), []);
    t.equal(await gone('2029-12-31'), 0);
    t.equal((await useRecords({ ...of, actor: people.officer })).length, 2);
    t.equal(await gone('2030-01-01'), 1);
    t.same(await useRecords({ ...of, actor: people.officer }), []);
  },
);

/**
 * One application through all machines, on each driver of the state: five people and more, two replicas of one store.
 */
import t from 'tap';
import { SHARED, sharedState } from '../../support/shared-state.js';
import { people, refusal, supplied, townOver } from './town.js';
import { asContent, person } from './world.js';

t.setTimeout(300_000);
const ASKED = 'tax.tax-arrears';
const code = async (act: Promise<unknown>): Promise<string> => (await refusal(act)).code;

for (const kind of SHARED)
  t.test(`from a need to a decision of the government, ${kind}`, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return;
    let now = Date.parse('2026-01-05T09:00:00+08:00');
    const town = await townOver(t, await open(), { now: () => now });
    // another replica of the same store: what is done on one is so on the other
    const beside = await townOver(t, await open(), { now: () => now });
    const { id, grant } = await supplied(town);
    t.same(await beside.asked(), [grant, 'taxKind'], 'answered; the refused field is not');

    // widened
    const widening = await town.open('widening', people.officer, 'draft', {
      content: asContent({ grant, fields: ['period'] }),
      fields: { scope: '增加所属期', necessity: '需区分所属期以作出决定' },
    });
    await town.does(widening.head.id, people.head, 'approve');
    await town.does(widening.head.id, people.officer, 'file');
    await beside.does(widening.head.id, people.taxOfficer, 'review', { fields: { reason: '符合目录条件' } });
    await beside.does(widening.head.id, people.taxHead, 'agree');
    t.same(await town.asked(), [grant, 'taxKind', 'period']);

    // corrected: ten working days from receipt, and no extension
    now = Date.parse('2026-02-12T10:00:00+08:00');
    const subject = 'uscc:91990105MA0000193X';
    const correction = await town.open('correction', people.officer, 'file', {
      opening: { subject },
      content: asContent({ dataset: ASKED, recordId: 'VAT' }),
      fields: { wrong: '所属期与完税证明不一致' },
    });
    t.equal(correction.clocks['']?.[0]?.due.day, '2026-03-04', 'over Spring Festival, with both make-up days');
    t.equal(
      await code(
        town.does(correction.head.id, people.taxOfficer, 'extend', {
          clock: 'correct',
          days: 1,
          fields: { reason: '情况复杂' },
        }),
      ),
      'act_refused',
      'no extension',
    );
    await beside.does(correction.head.id, people.taxOfficer, 'check');
    await beside.does(correction.head.id, people.taxOfficer, 'correct', {
      fields: { correction: '所属期更正为2025年' },
    });
    await beside.does(correction.head.id, people.taxOfficer, 'feed-back', { fields: { feedback: '已更正，请核对' } });
    t.match(await town.matters.get(correction.head.id, people.officer), { over: true });

    // misused, suspended by the provider, mended
    const misuse = await beside.open('misuse', people.taxOfficer, 'find', {
      content: asContent({ grant }),
      fields: { found: '用于申请之外的目的', ground: 'art-40-2' },
    });
    await beside.does(misuse.head.id, people.taxOfficer, 'suspend-own', { fields: { reason: '先行暂停' } });
    for (let tries = 0; (await town.asked()) !== 'grant_suspended' && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    t.equal(await town.asked(), 'grant_suspended', 'on every replica');
    await beside.does(misuse.head.id, people.taxOfficer, 'demand', {
      fields: { demand: '停止并说明情况', 'by-day': '2026-02-28' },
    });
    await town.does(misuse.head.id, people.officer, 'report', { fields: { measures: '已停止并培训人员' } });
    await beside.does(misuse.head.id, people.taxOfficer, 'resume', { fields: { reason: '整改到位' } });
    for (let tries = 0; (await town.asked()) === 'grant_suspended' && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    t.same(await town.asked(), [grant, 'taxKind', 'period']);

    // changed after negotiation
    const change = await town.open('service-change', people.taxOfficer, 'propose', {
      content: asContent({ dataset: ASKED, change: 'contract' }),
      fields: { change: '调整所属期格式', reason: '金税系统升级' },
    });
    await town.does(change.head.id, people.taxHead, 'consent-to-it');
    for (const part of Object.keys(change.state.parts))
      await town.does(change.head.id, person('sharing-officer', part), 'agree', {
        part,
        fields: { position: '没有意见' },
      });
    await town.does(change.head.id, people.taxOfficer, 'file', { fields: { record: '已逐一协商' } });
    await town.does(change.head.id, people.taxOfficer, 'take-effect');

    // ended, and disposal proved
    const disposal = await town.open('disposal', people.officer, 'notice', {
      content: asContent({ grant }),
      fields: { ground: 'achieved', what: '试点结束，不再使用' },
    });
    t.equal(await beside.asked(), 'not_granted');
    await beside.does(disposal.head.id, people.taxOfficer, 'demand', { fields: { demand: '删除全部副本' } });
    await town.does(disposal.head.id, people.officer, 'prove', {
      fields: { copies: '数据库一份', method: '覆写删除', day: '2026-02-12', witness: '李监督' },
    });
    await beside.does(disposal.head.id, people.taxOfficer, 'confirm');
    t.equal((await town.matters.get(id, people.officer)).state.parts[ASKED]?.state, 'closed');

    // a dispute, at its own authority and then at the government
    const dispute = await beside.open('dispute', people.taxOfficer, 'raise', {
      content: asContent({ grant }),
      fields: { about: '处置范围', claim: '备份亦应删除' },
    });
    await town.does(dispute.head.id, people.officer, 'apply', { fields: { claim: '请主管部门协调' } });
    await town.does(dispute.head.id, people.bureau, 'refer', { fields: { opinion: '未达成一致' } });
    await town.does(dispute.head.id, people.government, 'decide', { fields: { decision: '备份一并删除' } });
    t.equal((await beside.matters.get(dispute.head.id, people.taxOfficer)).over, true);

    // one across areas: the common superior instead, and then its government; the two replicas see the same
    const across = await beside.open('dispute', people.taxOfficer, 'raise', {
      content: asContent({ dataset: ASKED, requester: 'beita-approval-bureau' }),
      fields: { about: '共享范围', claim: '区级部门应当向市级主管部门提出' },
    });
    await town.does(across.head.id, people.district, 'apply-above', { fields: { claim: '请共同的上级协调' } });
    t.equal(
      await code(beside.does(across.head.id, people.bureau, 'coordinate', { fields: { opinion: '由我局协调' } })),
      'not_found',
    );
    await beside.does(across.head.id, people.province, 'refer-above', { fields: { opinion: '未达成一致' } });
    await town.does(across.head.id, people.provinceGovernment, 'decide', { fields: { decision: '应当提供' } });
    for (const [replica, side] of [
      [town, people.taxOfficer],
      [beside, people.district],
      [town, people.province],
    ] as const)
      t.equal((await replica.matters.get(across.head.id, side)).state.parts['']?.state, 'decided');

    t.notMatch(
      JSON.stringify([...town.deeds, ...beside.deeds].map(({ detail, target }) => [detail, target])),
      /91990105|所属期|营销/,
      'in clear nobody is named and nothing quoted',
    );
    t.strictSame(
      [...town.deeds, ...beside.deeds].filter(({ action }) => action === 'sharing_act_void'),
      [],
    );
  });

/**
 * Disputes (政务数据共享条例 Art.28(2)) on each driver of the state: within one level, across areas, and where nobody is
 * declared who coordinates.
 */
import t, { type Test } from 'tap';
import { loadSharingPlaces, type SharingPlaces } from '../../../contracts/sharing-places.js';
import { SHARED, sharedState } from '../../support/shared-state.js';
import { people, refusal, supplied, type Town, townOver } from './town.js';
import { asContent, person, workspace } from './world.js';

t.setTimeout(300_000);
const START = Date.parse('2026-03-02T09:00:00+08:00');
const ASKED = 'tax.tax-arrears';

const towns = (name: string, run: (t: Test, town: Town) => Promise<void>): void => {
  for (const kind of SHARED)
    t.test(`${name}, ${kind}`, async (t) => {
      const state = await (await sharedState(t, kind))?.();
      if (state !== undefined) await run(t, await townOver(t, state, { now: () => START }));
    });
};
const code = async (act: Promise<unknown>): Promise<string> => (await refusal(act)).code;

towns('a dispute goes to the own authority, then to the government; never to a superior', async (t, town) => {
  const { grant } = await supplied(town);
  const content = asContent({ grant });
  const { head } = await town.open('dispute', people.officer, 'raise', {
    content,
    fields: { about: '提供方式', claim: '应当提供批量方式' },
  });
  await town.does(head.id, people.officer, 'offer', { fields: { agreement: '每日一批' } });
  t.equal(await code(town.does(head.id, people.officer, 'accept')), 'act_refused', 'nobody accepts the own offer');
  await town.does(head.id, people.taxOfficer, 'decline', { fields: { reason: '批量存在风险' } });
  t.match(await refusal(town.does(head.id, people.officer, 'apply-above', { fields: { claim: '请上级协调' } })), {
    code: 'act_refused',
    message: /of one level/,
  });
  await town.does(head.id, people.officer, 'apply', { fields: { claim: '请主管部门协调' } });
  t.equal(await code(town.matters.get(head.id, people.government)), 'not_found', 'the government not before');
  await town.does(head.id, people.bureau, 'refer', { fields: { opinion: '双方仍未达成一致' } });
  await town.does(head.id, people.government, 'decide', { fields: { decision: '同意按日批量提供' } });
  t.equal((await town.matters.get(head.id, people.officer)).over, true);
});

const CLAIM = { about: '共享范围', claim: '应当提供全部登记事项' };

towns('a dispute across areas goes to the common superior instead, then to its government', async (t, town) => {
  const content = asContent({ dataset: ASKED, requester: 'beita-approval-bureau' });
  const { head, acts } = await town.open('dispute', people.district, 'raise', { content, fields: CLAIM });
  t.match(head.sides[''], {
    requester: 'beita-approval-bureau',
    provider: 'tax',
    superior: 'province-data-bureau',
    government: 'province-government',
  });
  t.notOk(
    acts.some(({ act }) => act === 'apply'),
    'the own authority is not offered',
  );
  t.ok(
    acts.some(({ act }) => act === 'apply-above'),
    'the common superior at once, without negotiating first',
  );
  t.equal((await town.matters.get(head.id, people.taxOfficer)).head.id, head.id, 'the other side is told at once');
  t.match(await refusal(town.does(head.id, people.district, 'apply', { fields: { claim: '请予协调' } })), {
    code: 'act_refused',
    message: /different levels or areas/,
  });
  t.equal(await code(town.matters.get(head.id, people.province)), 'not_found', 'the superior not before');
  await town.does(head.id, people.taxOfficer, 'offer-back', { fields: { agreement: '提供欠税金额以外的事项' } });
  await town.does(head.id, people.district, 'decline-back', { fields: { reason: '欠税金额正是审查所需' } });
  await town.does(head.id, people.taxOfficer, 'apply-above', { fields: { claim: '请共同的上级协调' } });
  const waiting = await town.matters.list(people.province, { tray: 'todo' });
  t.equal(waiting.matters[0]?.head.id, head.id, 'it waits for the superior');
  const running = Object.entries(waiting.matters[0]?.state.parts['']?.clocks ?? {}).filter(
    ([, one]) => one.stoppedAt === undefined,
  );
  t.strictSame(running, [['coordinate-above', { startedAt: START, extended: 0 }]], 'whose clock runs');
  t.equal(
    await code(town.matters.get(head.id, people.bureau)),
    'not_found',
    'the city’s own authority has no part in it',
  );
  t.equal(
    await code(town.does(head.id, people.taxOfficer, 'coordinate-above', { fields: { opinion: '按我方意见办' } })),
    'act_refused',
    'no side coordinates its own',
  );
  await town.does(head.id, people.province, 'refer-above', { fields: { opinion: '双方仍未达成一致' } });
  t.equal(await code(town.matters.get(head.id, people.government)), 'not_found', 'not the government of the city');
  await town.does(head.id, people.provinceGovernment, 'decide', { fields: { decision: '应当提供' } });
  for (const side of [people.district, people.taxOfficer, people.province]) {
    const told = await town.matters.get(head.id, side);
    t.match([told.over, told.steps.at(-1)?.event.fields], [true, { decision: '应当提供' }], 'each is told');
  }

  const again = await town.open('dispute', people.taxOfficer, 'raise', { content, fields: CLAIM });
  await town.does(again.head.id, people.district, 'apply-above', { fields: { claim: '请共同的上级协调' } });
  const settled = await town.does(again.head.id, people.province, 'coordinate-above', {
    fields: { opinion: '双方同意按月提供' },
  });
  t.strictSame([settled.over, settled.state.parts['']?.state], [true, 'settled']);
});

for (const kind of SHARED)
  t.test(`where nobody is declared who coordinates, no dispute is opened, ${kind}`, async (t) => {
    const state = await (await sharedState(t, kind))?.();
    if (state === undefined) return;
    const declared = (await loadSharingPlaces(workspace))!;
    const wanghai = { zh: '望海市税务局（示例）', en: 'Tax service of Wanghai (an example)', area: '9802' };
    const places: SharingPlaces = {
      areas: {
        ...declared.areas,
        '9802': { authority: 'wanghai-data', government: 'wanghai-data', region: 'wanghai' },
      },
      bodies: { ...declared.bodies, 'wanghai-tax': wanghai, 'wanghai-data': wanghai, nowhere: { zh: '某', en: 'one' } },
    };
    const regions = { 'transport-licensing': 'wanghai' };
    const town = await townOver(t, state, { now: () => START, places, regions });
    const raise = (content: object, who = people.taxOfficer) =>
      refusal(town.open('dispute', who, 'raise', { content: asContent(content), fields: CLAIM }));
    t.match(await raise({ dataset: ASKED, requester: 'wanghai-tax' }), {
      code: 'coordinator_unknown',
      message: /no area above both/,
    });
    t.match(await raise({ dataset: ASKED, requester: 'nowhere' }), {
      code: 'coordinator_unknown',
      message: /no area of/,
    });
    t.match(await raise({ dataset: ASKED, requester: 'invented' }), { code: 'coordinator_unknown' });
    t.match(await raise({ dataset: ASKED, requester: 'tax' }), { code: 'act_refused', message: /with itself/ });
    // the gateway of a region is answered for by an authority here, and is none of its departments
    const grant = [...(await town.inForce()).grants.values()].find(
      ({ client, dataset }) => client === 'transport-licensing' && dataset.startsWith('samr.'),
    )!.id;
    t.match(await raise({ grant }, people.samrOfficer), {
      code: 'act_incomplete',
      message: /names the department there/,
    });
    t.match(await raise({ grant, requester: 'transport' }, people.samrOfficer), {
      code: 'coordinator_unknown',
      message: /is of the region/,
    });
    t.match(await raise({ grant, requester: 'wanghai-tax' }, people.samrOfficer), {
      code: 'coordinator_unknown',
      message: /no area above both/,
    });
    t.strictSame((await town.matters.list(people.samrOfficer, { tray: 'open' })).matters, [], 'and none was opened');

    const both = {
      ...places,
      areas: {
        ...places.areas,
        '9802': { ...places.areas['9802']!, above: '00' },
        '99': { ...places.areas['99']!, above: '00' },
        '00': { authority: 'national-data', government: 'national-government' },
      },
    };
    const known = await townOver(t, state, { now: () => START, places: both, regions });
    const { head } = await known.open('dispute', people.samrOfficer, 'raise', {
      content: asContent({ grant, requester: 'wanghai-tax' }),
      fields: CLAIM,
    });
    t.match(head.sides[''], { requester: 'wanghai-tax', superior: 'national-data', government: 'national-government' });
    const there = person('sharing-officer', 'wanghai-tax');
    t.equal((await known.matters.list(there, { tray: 'open' })).matters[0]?.head.id, head.id, 'its department is told');
    t.equal(
      await code(known.matters.get(head.id, person('sharing-officer', 'transport'))),
      'not_found',
      'and not the authority that answers for the gateway',
    );
  });

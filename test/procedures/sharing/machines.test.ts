/** What each of the other matters of sharing does, and refuses, on each driver of the state. */
import t, { type Test } from 'tap';
import { SHARED, sharedState } from '../../support/shared-state.js';
import { people, refusal, supplied, type Town, townOver } from './town.js';
import { asContent } from './world.js';

t.setTimeout(300_000);
const DAY = 86_400_000;
const START = Date.parse('2026-03-02T09:00:00+08:00');
const ASKED = 'tax.tax-arrears';

const towns = (name: string, run: (t: Test, town: Town, clock: { now: number }) => Promise<void>): void => {
  for (const kind of SHARED)
    t.test(`${name}, ${kind}`, async (t) => {
      const state = await (await sharedState(t, kind))?.();
      if (state === undefined) return;
      const clock = { now: START };
      await run(t, await townOver(t, state, { now: () => clock.now }), clock);
    });
};
const code = async (act: Promise<unknown>): Promise<string> => (await refusal(act)).code;

towns('misuse suspends at once, and ends only after the day', async (t, town, clock) => {
  const { id, grant } = await supplied(town);
  t.same(await town.asked(), [grant, 'taxKind']);
  const content = asContent({ grant });
  const found = { found: '用于广告营销', ground: 'art-40-2' };
  t.equal(
    await code(town.open('misuse', people.officer, 'find', { content, fields: found })),
    'act_refused',
    'the requester finds none',
  );
  t.equal(
    await code(town.open('misuse', people.samrOfficer, 'find', { content, fields: found })),
    'act_refused',
    'nor does another provider',
  );
  const { head } = await town.open('misuse', people.taxOfficer, 'find', { content, fields: found });
  t.same(await town.asked(), [grant, 'taxKind'], 'a finding alone takes nothing away');
  await town.does(head.id, people.taxOfficer, 'suspend-own', { fields: { reason: '先行暂停' } });
  t.equal(await town.asked(), 'grant_suspended');
  await town.does(head.id, people.taxOfficer, 'demand', {
    fields: { demand: '停止用于营销并说明', 'by-day': '2026-03-10' },
  });
  await town.does(head.id, people.officer, 'report', { fields: { measures: '已停止并培训' } });
  t.equal(
    await code(town.does(head.id, people.taxOfficer, 'terminate', { fields: { reason: '整改不到位' } })),
    'act_refused',
    'not before the day is over',
  );
  await town.does(head.id, people.taxOfficer, 'resume', { fields: { reason: '整改到位' } });
  t.same(await town.asked(), [grant, 'taxKind'], 'it goes on');

  const again = await town.open('misuse', people.bureau, 'find', { content, fields: found });
  await town.does(again.head.id, people.bureau, 'suspend', { fields: { reason: '再次发生' } });
  const other = await town.open('misuse', people.taxOfficer, 'find', { content, fields: found });
  await town.does(other.head.id, people.taxOfficer, 'suspend-own', { fields: { reason: '另一情形' } });
  await town.does(other.head.id, people.taxOfficer, 'resume', { fields: { reason: '另一情形已整改' } });
  t.equal(await town.asked(), 'grant_suspended', 'what another matter holds is not let go');
  t.match(
    await refusal(town.does(again.head.id, people.taxOfficer, 'resume', { fields: { reason: '部门认为可以' } })),
    { code: 'act_refused', message: /the sharing authority has suspended it/ },
  );
  await town.does(again.head.id, people.bureau, 'demand', { fields: { demand: '彻底整改', 'by-day': '2026-03-12' } });
  clock.now = Date.parse('2026-03-12T23:00:00+08:00');
  t.equal(
    await code(town.does(again.head.id, people.bureau, 'terminate', { fields: { reason: '拒不整改' } })),
    'act_refused',
    'on the day itself neither',
  );
  clock.now = Date.parse('2026-03-13T09:00:00+08:00');
  await town.does(again.head.id, people.bureau, 'terminate', { fields: { reason: '拒不整改' } });
  t.equal(await town.asked(), 'not_granted');
  t.equal((await town.matters.get(id, people.officer)).state.parts[ASKED]?.state, 'ended', 'the application has ended');
});

towns('a grant in a file is suspended as well', async (t, town) => {
  const file = [...(await town.inForce()).grants.values()].find(
    ({ client, dataset }) => client === 'transport-licensing' && !dataset.startsWith('transport.'),
  )!;
  const officer = people.samrOfficer;
  t.ok(file.dataset.startsWith('samr.'));
  const { head } = await town.open('misuse', officer, 'find', {
    content: asContent({ grant: file.id }),
    fields: { found: '超范围使用', ground: 'art-40-2' },
  });
  await town.does(head.id, officer, 'suspend-own', { fields: { reason: '先行暂停' } });
  t.equal((await town.inForce()).grants.get(file.id)?.status, 'suspended');
  await town.does(head.id, officer, 'resume', { fields: { reason: '查无实据，恢复' } });
  t.equal((await town.inForce()).grants.get(file.id)?.status, 'active');
});

towns('nothing is wider before the provider agrees', async (t, town) => {
  const { grant } = await supplied(town);
  const { purposes } = await town.inForce();
  const purpose = [...purposes.keys()].find((one) => one !== 'open-transport-company')!;
  const fields = { scope: '增加欠缴税种', necessity: '需区分欠缴税种以作出决定' };
  t.equal(
    await code(town.open('widening', people.officer, 'draft', { content: asContent({ grant }), fields })),
    'act_incomplete',
    'it says what is wider',
  );
  const { head } = await town.open('widening', people.officer, 'draft', {
    content: asContent({ grant, fields: ['period'], purposes: [purpose] }),
    fields,
  });
  t.equal(await code(town.does(head.id, people.officer, 'file')), 'act_refused', 'not without the head’s consent');
  await town.does(head.id, people.head, 'approve');
  await town.does(head.id, people.officer, 'file');
  await town.does(head.id, people.taxOfficer, 'review', { fields: { reason: '符合目录条件' } });
  t.same(await town.asked(), [grant, 'taxKind']);
  t.equal(await town.asked(purpose), 'not_granted');
  await town.does(head.id, people.taxHead, 'agree');
  t.same(await town.asked(), [grant, 'taxKind', 'period']);
  t.same(await town.asked(purpose), [grant, 'taxKind', 'period']);
});

towns('a service changes once each requester was heard and it is filed', async (t, town) => {
  const { id, grant } = await supplied(town);
  const content = asContent({ dataset: ASKED, change: 'end' });
  const fields = { change: '停止提供欠税信息', reason: '职责调整，不再掌握该数据' };
  t.equal(
    await code(town.open('service-change', people.officer, 'propose', { content, fields })),
    'act_refused',
    'a department changes its own services',
  );
  const { head, state } = await town.open('service-change', people.taxOfficer, 'propose', { content, fields });
  const others = Object.keys(state.parts);
  t.ok(others.includes('transport') && !others.includes('tax'), others.join());
  t.equal(await code(town.does(head.id, people.taxOfficer, 'take-effect')), 'act_refused');
  await town.does(head.id, people.taxHead, 'consent-to-it');
  const record = { record: '已逐一协商' };
  await town.does(head.id, people.officer, 'object', { part: 'transport', fields: { position: '请延长至年底' } });
  if (others.length > 1) {
    const early = await refusal(town.does(head.id, people.taxOfficer, 'file', { fields: record }));
    t.match(early, { code: 'act_refused', message: /not every requester was heard/ });
  }
  const { person } = await import('./world.js');
  for (const other of others.filter((one) => one !== 'transport'))
    await town.does(head.id, person('sharing-officer', other), 'agree', {
      part: other,
      fields: { position: '没有意见' },
    });
  t.same(await town.asked(), [grant, 'taxKind'], 'nothing has changed yet');
  await town.does(head.id, people.taxOfficer, 'file', { fields: record });
  await town.does(head.id, people.taxOfficer, 'take-effect');
  t.equal(await town.asked(), 'not_granted');
  t.equal((await town.matters.get(id, people.officer)).state.parts[ASKED]?.state, 'ended');
});

towns('disposal: told, demanded, proved, confirmed; only that closes the application', async (t, town) => {
  const { id, grant } = await supplied(town);
  const content = asContent({ grant });
  t.match(
    await refusal(
      town.open('disposal', people.taxOfficer, 'call', {
        content,
        fields: { ground: 'unnecessary', demand: '全部删除' },
      }),
    ),
    { code: 'act_refused', message: /the grant is in force/ },
    'a provider does not end a service by calling for disposal',
  );
  const { head } = await town.open('disposal', people.officer, 'notice', {
    content,
    fields: { ground: 'achieved', what: '试点结束，不再使用' },
  });
  t.equal(await town.asked(), 'not_granted', 'who says that the purpose is over asks no more');
  await town.does(head.id, people.taxOfficer, 'demand', { fields: { demand: '删除全部副本并书面证明' } });
  t.equal(
    await code(town.does(head.id, people.officer, 'prove', { fields: { copies: '2' } })),
    'act_incomplete',
    'a proof says copies, method, day and witness',
  );
  const proof = { copies: '数据库一份、备份一份', method: '覆写删除', day: '2026-03-02', witness: '李监督' };
  await town.does(head.id, people.officer, 'prove', { fields: proof });
  await town.does(head.id, people.taxOfficer, 'not-enough', { fields: { reason: '缺少备份删除记录' } });
  t.equal(await code(town.does(head.id, people.taxOfficer, 'confirm')), 'act_refused');
  await town.does(head.id, people.officer, 'prove', { fields: proof });
  t.equal((await town.matters.get(id, people.officer)).state.parts[ASKED]?.state, 'ended');
  await town.does(head.id, people.taxOfficer, 'confirm');
  t.equal((await town.matters.get(id, people.officer)).state.parts[ASKED]?.state, 'closed');
});

towns('an entry is published once the head of the department and the authority have agreed', async (t, town, clock) => {
  const { workspace } = await import('./world.js');
  const { readFileSync } = await import('node:fs');
  const file = JSON.parse(
    readFileSync(`${workspace.contracts.get('tax.tax-arrears' as never)!.dir}/contract.json`, 'utf8'),
  ) as Record<string, unknown>;
  const { approval: _, assessments: __, ...contract } = file;
  const entry = (more: object = {}) => asContent({ dataset: ASKED, contract: { ...contract, ...more } });
  const none = (legalBasis: readonly string[]) =>
    entry({ sharing: { attribute: 'none', refusal: { reason: { zh: '内部', en: 'internal' }, legalBasis } } });
  t.match(
    await refusal(
      town.open('entry', people.taxOfficer, 'draft', { content: none(['政务数据共享条例第十四条第三项']) }),
    ),
    { code: 'act_incomplete', message: /no basis is a law/ },
    'not shared needs an act that says so',
  );
  t.match(
    await refusal(
      town.open('entry', people.taxOfficer, 'draft', {
        content: entry({ sharing: { attribute: 'conditional', delivery: ['query'] } }),
      }),
    ),
    { code: 'act_incomplete', message: /scope and use/ },
    'conditional lists scope and use',
  );
  t.equal(
    await code(town.open('entry', people.officer, 'draft', { content: entry() })),
    'act_refused',
    'one’s own only',
  );
  const { head } = await town.open('entry', people.taxOfficer, 'draft', { content: entry() });
  t.equal(await code(town.does(head.id, people.taxDirector, 'approve')), 'not_found', 'not before it was assessed');
  await town.does(head.id, people.taxOfficer, 'assess', {
    fields: { secrecy: '不涉密', 'personal-information': '不含个人信息' },
  });
  t.equal(await code(town.does(head.id, people.taxHead, 'approve')), 'not_found', 'the department’s head, no other');
  await town.does(head.id, people.taxDirector, 'approve');
  await town.does(head.id, people.taxOfficer, 'submit');
  t.equal(await code(town.does(head.id, people.taxDirector, 'publish')), 'act_refused');
  await town.does(head.id, people.bureau, 'publish');

  // the law changed on Friday 27 February 2026; told on Monday 2 March: ten working days from the change
  const told = await town.does(head.id, people.taxOfficer, 'change', {
    fields: { cause: '税收征收管理法修订（示例）', 'changed-on': '2026-02-27' },
  });
  t.equal(
    told.clocks['']?.find(({ clock }) => clock === 'update')?.due.day,
    '2026-03-12',
    'Saturday 28 February is a working day',
  );
  t.equal(
    await code(
      town.does(head.id, people.taxOfficer, 'extend', { clock: 'update', days: 6, fields: { reason: '情况复杂' } }),
    ),
    'act_incomplete',
    'five days at most',
  );
  await town.does(head.id, people.taxOfficer, 'extend', { clock: 'update', days: 5, fields: { reason: '情况复杂' } });
  const extended = await town.does(head.id, people.bureau, 'consent', { clock: 'update' });
  t.equal(extended.clocks['']?.find(({ clock }) => clock === 'update')?.due.day, '2026-03-19');
  clock.now += 4 * DAY;
  await town.does(head.id, people.taxOfficer, 'assess-change', {
    fields: { secrecy: '不涉密', 'personal-information': '不含个人信息' },
  });
  await town.does(head.id, people.taxDirector, 'approve-change');
  const submitted = await town.does(head.id, people.taxOfficer, 'submit-change');
  t.equal(
    submitted.clocks['']?.find(({ clock }) => clock === 'review')?.due.day,
    '2026-03-10',
    'from Friday two working days',
  );
  await town.does(head.id, people.bureau, 'publish-change');
  t.match(await refusal(town.does(head.id, people.taxOfficer, 'withdraw', { fields: { reason: '不再提供' } })), {
    code: 'act_refused',
    message: /negotiated and filed first/,
  });
});

towns('the authority names the source of what several collect, and each follows', async (t, town) => {
  const content = asContent({ element: 'company.name', authorities: ['samr', 'tax'] });
  const { head } = await town.open('designation', people.bureau, 'raise', {
    content,
    fields: { conflict: '两个部门均收集企业名称' },
  });
  const lead = (name: string) =>
    code(town.does(head.id, people.bureau, 'name-lead', { fields: { lead: name, reason: '登记机关' } }));
  t.equal(
    await code(town.does(head.id, people.taxOfficer, 'name-lead', { fields: { lead: 'tax', reason: '自荐为源' } })),
    'act_refused',
  );
  t.equal(await lead('court'), 'act_refused', 'one of those that collect it');
  t.equal(await lead('samr'), 'done');
  t.equal(
    await code(town.does(head.id, people.taxOfficer, 'follow', { part: 'samr', fields: { how: '改为共享获取' } })),
    'act_refused',
    'each for itself',
  );
  await town.does(head.id, people.taxOfficer, 'follow', { part: 'tax', fields: { how: '改为共享获取' } });
  await town.does(head.id, people.samrOfficer, 'follow', { part: 'samr', fields: { how: '统一提供服务' } });
  t.equal((await town.matters.get(head.id, people.bureau)).over, true);
});

towns('an order is mended, or referred; a ground is one of the act', async (t, town, clock) => {
  const order = (ground: string) =>
    town.open('order', people.bureau, 'order-provider', {
      content: asContent({ authority: 'tax' }),
      fields: { 'ground-provider': ground, found: '逾期未答复共享申请', 'by-day': '2026-03-20' },
    });
  t.equal(await code(order('art-40-1')), 'act_incomplete', 'of a provider');
  const { head } = await order('art-39-4');
  t.equal(await code(town.matters.get(head.id, people.samrOfficer)), 'not_found', 'nobody else sees it');
  await town.does(head.id, people.taxOfficer, 'report-provider', { fields: { measures: '已答复并整改' } });
  t.equal(
    await code(town.does(head.id, people.taxOfficer, 'accept', { fields: { reason: '自评已改正' } })),
    'act_refused',
  );
  await town.does(head.id, people.bureau, 'accept', { fields: { reason: '核查属实' } });
  clock.now += DAY;
  const above = await town.open('order', people.government, 'order-authority', {
    content: asContent({ authority: 'data-bureau' }),
    fields: { 'ground-authority': 'art-41-2', found: '争议长期未协调', 'by-day': '2026-03-20' },
  });
  t.equal(
    await code(town.does(above.head.id, people.bureau, 'accept-authority', { fields: { reason: '自行认定' } })),
    'act_refused',
  );
  await town.does(above.head.id, people.bureau, 'report-authority', { fields: { measures: '已组织协调' } });
  await town.does(above.head.id, people.government, 'refer-authority', {
    fields: { reason: '情节严重', 'referred-to': '市纪委监委（示例）' },
  });
});

t.test('data of the own area flow back to the lower level, whole, and no condition can be set', async (t) => {
  const state = await (await sharedState(t, 'embedded'))?.();
  if (state === undefined) return;
  const dataset = 'samr.company-register';
  const content = asContent({
    dataset,
    client: 'transport-licensing',
    purpose: 'open-transport-company',
    field: 'address.district',
    until: '2027-12-31',
  });
  const fields = { need: '本区域企业监管' };
  const level = await townOver(t, state, { now: () => START });
  t.match(await refusal(level.open('return-flow', people.officer, 'ask', { content, fields })), {
    code: 'act_refused',
    message: /to a lower level/,
  });
  // as if market regulation were the province's
  const town = await townOver(t, state, { now: () => START, areas: { samr: '99' } });
  const { head, lifecycle } = await town.open('return-flow', people.officer, 'ask', { content, fields });
  t.strictSame(
    Object.entries(lifecycle.acts)
      .filter(([, { by }]) => by.includes('provider'))
      .map(([act]) => act),
    ['flow'],
    'the upper level has no act but to let it flow',
  );
  const before = (await town.inForce()).grants.size;
  await town.does(head.id, people.samrOfficer, 'flow');
  const grants = [...(await town.inForce()).grants.values()];
  t.equal(grants.length, before + 1);
  t.match(
    grants.find(({ id }) => id === `r-${head.id}`),
    {
      client: 'transport-licensing',
      dataset,
      rows: { kind: 'area', field: 'address.district', areas: ['9901'] },
      status: 'active',
    },
  );
  t.equal(
    await code(
      town.open('return-flow', people.officer, 'ask', {
        content: asContent({ ...(content as object), conditions: 'x' }),
        fields,
      }),
    ),
    'act_incomplete',
  );
  await town.does(head.id, people.officer, 'end', { fields: { reason: '不再需要' } });
  t.equal((await town.inForce()).grants.size, before);
});

/**
 * Sharing by law on two gateways that share a state: an application from its draft to its end, by the systems of both
 * departments. What is agreed to is answered by both gateways within five seconds, and refused by both within five
 * seconds of its end. The departments are of two districts: what they quarrel over goes to the city.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { GatewayError, type MatterOfSharing } from '../../gateway/client/index.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { kafkaForTest } from '../support/servers/kafka.js';
import { ask, until } from './ask.js';
import type { City } from './city.js';
import { run } from './command.js';
import { pairOfCities } from './pair.js';

t.setTimeout(400_000);

const DATASET = 'samr.enforcement-measures';
const PURPOSE = 'open-transport-company';
const asked = {
  basis: ['道路运输条例第二十四条'],
  item: '000118011000',
  purposes: [PURPOSE],
  scenario: '审查道路运输经营许可申请',
  truthful: true,
  contact: { office: '行政审批处', phone: '021-00000000' },
  datasets: [
    {
      dataset: DATASET,
      fields: [
        { path: 'reason', reason: '核验采取强制措施的事由' },
        { path: 'outcome', reason: '核验处理结果' },
        { path: 'officers', reason: '联系办案人员' },
      ],
      rows: { all: true },
      delivery: ['query'],
      frequency: '每次受理时查询',
      callsADay: 500,
      from: '2026-01-01',
      until: '2035-12-31',
      systems: ['transport-licensing'],
      contractors: [],
    },
  ],
};
const whole = { ...asked, necessity: '依法审查申请条件，申请人无需另行提交证明' };
const officer = { id: 'o-1', role: 'sharing-officer' } as const;
const head = { id: 'h-1', role: 'sharing-head' } as const;

const refusal = async (act: Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> => {
  try {
    await act;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { code: error.code, message: error.message };
  }
  return { code: 'done', message: '' };
};

const stateOf = ({ parts }: MatterOfSharing): string => parts[0]?.state ?? '';

/** Both departments in districts of one city, whose sharing authority is so the common superior. */
function inDistricts(workspace: string): void {
  const put = (file: string, what: object): void => {
    mkdirSync(dirname(join(workspace, file)), { recursive: true });
    writeFileSync(join(workspace, file), JSON.stringify(what));
  };
  const bureau = { authority: 'district-bureau', government: 'district-government', above: '9901' };
  put('contracts/sharing.json', {
    areas: { '9901': { authority: 'data-bureau', government: 'city-government' }, '990103': bureau, '990104': bureau },
    bodies: {
      'city-government': { zh: '市人民政府', en: 'government of the city' },
      'district-bureau': { zh: '区数据局', en: 'bureau of a district' },
      'district-government': { zh: '区人民政府', en: 'government of a district' },
    },
  });
  for (const [authority, area] of [
    ['transport', '990103'],
    ['samr', '990104'],
  ] as const) {
    const file = `contracts/datasets/${authority}/authority.json`;
    put(file, { ...(JSON.parse(readFileSync(join(packageRoot(), file), 'utf8')) as object), area });
  }
}

/** By command line as well: raised at one gateway, brought to the common superior at the other, which settles it. */
async function disputeAcross(
  t: Test,
  { east, west, workspace }: Readonly<Record<'east' | 'west', City>> & { workspace: string },
) {
  const [samr, bureau] = [await west.as('food-inspector'), await west.as('one-stop-counter')];
  const file = join(workspace, 'dispute.json');
  writeFileSync(file, JSON.stringify({ dataset: DATASET, requester: 'transport' }));
  const at = (town: City, as: string): readonly string[] => ['--as', as, '--workspace', workspace, '--data', town.data];
  const words = ['--field', 'about=提供范围', '--field', 'claim=应当提供办案人员信息'];
  const raised = await run(
    'sharing',
    'open',
    'dispute',
    'raise',
    '--content',
    file,
    ...words,
    '--json',
    ...at(east, 'transport-licensing'),
  );
  t.equal(raised.code, 0, raised.stderr);
  const { id, acts } = JSON.parse(raised.stdout) as MatterOfSharing;
  t.same(
    acts.map(({ act }) => act).filter((act) => act.startsWith('apply')),
    ['apply-above'],
    'the common superior alone is offered',
  );
  const own = await refusal(samr.actOnMatter(id, { act: 'apply', fields: { claim: '请予协调' } }));
  t.match(own, { code: 'act_refused', message: /common superior coordinates/ });
  await samr.actOnMatter(id, { act: 'apply-above', fields: { claim: '请共同的上级协调' } });
  const { matters } = await bureau.matters({ tray: 'todo', machine: 'dispute', role: 'superior-authority' });
  t.equal(matters[0]?.id, id, 'it waits for the city’s authority, as the superior of both districts');
  const done = await run(
    'sharing',
    'act',
    id,
    'coordinate-above',
    '--officer',
    'hao',
    '--role',
    'superior-authority',
    '--field',
    'opinion=双方同意提供办案人员工号',
    '--json',
    ...at(west, 'one-stop-counter'),
  );
  t.equal(done.code, 0, done.stderr);
  for (const side of [samr, await east.as('transport-licensing')]) {
    const told = await side.matter(id);
    t.match(
      [stateOf(told), told.over, told.steps.at(-1)?.fields],
      ['settled', true, { opinion: /工号/ }],
      'each side is told',
    );
  }
  writeFileSync(file, JSON.stringify({ dataset: 'tax.tax-arrears', requester: 'transport' }));
  const none = await run(
    'sharing',
    'open',
    'dispute',
    'raise',
    '--content',
    file,
    ...words,
    ...at(east, 'transport-licensing'),
  );
  t.match(none, { code: 1, stdout: /coordinator_unknown/ }, 'above a district and its city nobody is declared');
}

t.test('an application on two gateways', async (t) => {
  const broker = kafkaForTest(t);
  if (broker === undefined) return;
  const pair = await pairOfCities(t, broker);
  if (pair === undefined) return;
  inDistricts(pair.workspace);
  const [east, west] = [await pair.start('east'), await pair.start('west')];
  const [transport, samr] = [await east.as('transport-licensing'), await west.as('food-inspector')];
  /** As a gateway answers now: what it says of the dataset. */
  const answered = async (town: City): Promise<{ readonly status: string; readonly fields: string }> => {
    const { text } = await ask(town.api, town.pki, 'transport-licensing', {
      method: 'POST',
      path: '/v1/query',
      body: { purpose: PURPOSE, subject: 'uscc:91990102MA00001692', datasets: [{ id: DATASET }] },
    });
    const [found] =
      (
        JSON.parse(text) as {
          datasets?: { status: string; records: { record: object }[]; withheld: { field: string }[] }[];
        }
      ).datasets ?? [];
    return {
      status: found?.status ?? text,
      fields: Object.keys(found?.records[0]?.record ?? {})
        .sort()
        .join(),
    };
  };
  t.equal((await answered(east)).status, 'denied', 'nothing before');

  const draft = await transport.openMatter({
    machine: 'application',
    act: 'draft',
    content: asked,
    officer,
    key: 'draft-1',
  });
  const { id } = draft;
  const again = await transport.openMatter({
    machine: 'application',
    act: 'draft',
    content: asked,
    officer,
    key: 'draft-1',
  });
  t.equal(again.id, id, 'one that is sent again opens nothing');
  const missing = await refusal(transport.actOnMatter(id, { act: 'approve', officer: head }));
  t.equal(missing.code, 'act_incomplete');
  t.match(missing.message, /necessity/);
  t.equal((await refusal(samr.matter(id))).code, 'not_found', 'nobody else sees a draft');
  await transport.actOnMatter(id, { act: 'save', content: whole, officer });
  await transport.actOnMatter(id, { act: 'approve', officer: head });
  t.equal(stateOf(await transport.actOnMatter(id, { act: 'file', officer })), 'filed');

  const {
    matters: [waiting],
  } = await samr.matters({ tray: 'todo', machine: 'application' });
  t.equal(waiting?.id, id, 'it waits for the provider, at the other gateway');
  await samr.actOnMatter(id, {
    act: 'tell-missing',
    part: DATASET,
    fields: { missing: '请说明查询频率的依据' },
    officer,
  });
  const early = await refusal(
    samr.actOnMatter(id, {
      act: 'refuse',
      part: DATASET,
      officer: head,
      fields: { ground: 'no-duty', reason: '材料不全' },
    }),
  );
  t.equal(early.code, 'act_refused', 'what is incomplete is not refused');
  await transport.actOnMatter(id, {
    act: 'complete',
    part: DATASET,
    fields: { supplement: '每件申请查询一次' },
    officer,
  });
  const reply = {
    fields: [
      { path: 'reason', decision: 'agree' },
      { path: 'outcome', decision: 'agree' },
      { path: 'officers', decision: 'refuse', reason: '办案人员信息非审查所必需' },
    ],
  };
  await samr.actOnMatter(id, { act: 'propose', part: DATASET, content: reply, officer });
  t.equal(
    (await refusal(samr.actOnMatter(id, { act: 'agree', part: DATASET, officer }))).code,
    'act_refused',
    'an officer does not consent',
  );
  await samr.actOnMatter(id, { act: 'agree', part: DATASET, officer: head });
  const since = Date.now();
  for (const town of [east, west])
    await until(
      'the answer',
      () => answered(town),
      ({ status }) => status === 'current',
    );
  const took = Date.now() - since;
  t.ok(took < 5000, `answered by both gateways ${String(took)} ms after the consent`);
  t.notMatch((await answered(west)).fields, /officers/, 'what was refused is not given');

  // nobody has to: the platform does it where a question is answered
  const supplied = await until(
    'the step of supplying',
    () => samr.matter(id),
    (one) => stateOf(one) === 'supplied',
  );
  t.equal(supplied.steps.at(-1)?.party, 'platform');
  t.ok(
    supplied.parts[0]?.clocks.find(({ clock }) => clock === 'supply')?.stoppedAt,
    'the clock of supplying has stopped',
  );
  await transport.actOnMatter(id, { act: 'use', part: DATASET, officer });
  await transport.actOnMatter(id, { act: 'end', part: DATASET, fields: { reason: '事项已取消' }, officer });
  const ended = Date.now();
  for (const town of [east, west])
    await until(
      'the refusal',
      () => answered(town),
      ({ status }) => status === 'denied',
    );
  t.ok(Date.now() - ended < 5000, `refused by both gateways ${String(Date.now() - ended)} ms after the end`);
  await disputeAcross(t, { east, west, workspace: pair.workspace });
  await west.stop();
  const back = await pair.start('west');
  t.equal((await answered(back)).status, 'denied', 'what has ended does not come back with a restart');
});

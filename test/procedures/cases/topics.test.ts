/**
 * Steps on the topics of the authorities, and acts that come back on theirs: each once and in order, what may not be
 * done in quarantine with its reason, and nothing readable of a subject that was erased.
 */
import t, { type Test } from 'tap';
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import { type Bus, caseActsTopic, caseStepsTopic, caseTopicSpec } from '../../../connectors/bus/port.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { type ActRecord, decodeStep, encodeAct, type StepRecord } from '../../../contracts/case-topics.js';
import { type ActTakingOptions, takeActs } from '../../../gateway/procedures/cases/act-taking.js';
import { actsQuarantine } from '../../../gateway/procedures/cases/held-acts.js';
import { sendSteps } from '../../../gateway/procedures/cases/step-sending.js';
import { publishSteps } from '../../../gateway/procedures/cases/topics.js';
import { collect } from '../../support/conformance/bus.js';
import { until } from '../../support/conformance/state.js';
import { applicantOf, filledIn, named, type Office, office, saying } from './office.js';
import { sealedTo } from './sealed.js';

t.setTimeout(120_000);
const PREFIX = 'city';
const AUTHORITIES = ['samr', 'fire', 'urban-management'];

interface OverBus {
  readonly here: Office;
  readonly bus: Bus;
  readonly dataDir: string;
  /** Begins to send and to take, as a writer does. */
  begin(more?: Partial<ActTakingOptions>): { stop(): Promise<void> };
  /** Of the authority, in their order. */
  steps(authority: string, count: number): Promise<readonly StepRecord[]>;
  act(authority: string, record: Partial<ActRecord>): Promise<void>;
  held(authority: string): Promise<readonly string[]>;
}

async function overBus(t: Test): Promise<OverBus> {
  const dataDir = t.testdir();
  const bundle = named('open-restaurant');
  const registers = saying(bundle.usual.registers);
  const here = await office(t, { dir: dataDir, registers, publish: publishSteps(PREFIX, AUTHORITIES) });
  const bus = await openEmbeddedBus({ dir: `${dataDir}/bus` });
  t.teardown(() => bus.close());
  const producer = await bus.producer();
  let writers = 0;
  return {
    here,
    bus,
    dataDir,
    begin(more = {}) {
      const common = { state: here.state, bus, holder: `writer ${++writers}`, onTrouble: () => undefined };
      const sending = sendSteps(common);
      const taking = takeActs({
        ...common,
        dataDir,
        prefix: PREFIX,
        authorities: AUTHORITIES,
        cases: () => Promise.resolve(here.cases),
        record: here.record,
        onHeld: () => undefined,
        now: () => here.now,
        everyMs: 20,
        ...more,
      });
      const stop = async (): Promise<void> => void (await Promise.all([sending.stop(), taking.stop()]));
      t.teardown(stop);
      return { stop };
    },
    async steps(authority, count) {
      const topic = caseStepsTopic(PREFIX, authority);
      await until(
        async () => ((await bus.topicState(topic))?.partitions[0]?.high ?? 0) >= count,
        `a step for ${authority}`,
      );
      const records = await collect(bus, [topic], (got) => got.length >= count);
      return records.map(({ value }) => decodeStep(value ?? Buffer.alloc(0)));
    },
    async act(authority, record) {
      const topic = caseActsTopic(PREFIX, authority);
      await bus.ensureTopics([caseTopicSpec(topic)]);
      const value = encodeAct(record);
      await producer.send(topic, [{ subject: record.case ?? '', recordId: record.id ?? '', value, headers: {} }]);
    },
    async held(authority) {
      if (!Quarantine.exists(dataDir, actsQuarantine(authority))) return [];
      const quarantine = Quarantine.open(dataDir, actsQuarantine(authority), () => new Date());
      const rows = await quarantine.list();
      await quarantine.close();
      return rows.map(({ problems }) => problems[0]?.code ?? '');
    },
  };
}

t.test('a department is told its steps, and its acts take effect once', async (t) => {
  const over = await overBus(t);
  const { here } = over;
  over.begin();
  const bundle = named('open-restaurant');
  const how = { actor: applicantOf(bundle), record: here.record };
  const id = await filledIn(here, bundle);
  await here.cases.act(id, { act: 'submit' }, how);
  const [step] = await over.steps('fire', 1);
  t.match(step, { case: id, act: 'submit', item: 'fire-check', status: 'held', authority: 'fire', event: 5 });
  t.match(step?.due, /^2026-|^2027-/);
  t.notMatch(JSON.stringify(step), /91990105MA0000193X|110105/, 'which names nobody');
  const key = step?.answerKey ?? '';
  const statusOf = async (item: string) => (await here.cases.get(id, how)).state.items[item]?.status;
  const refusal = { id: 'f-1', case: id, act: 'refuse', item: 'fire-check' };
  const says = '消防设施不足';
  await over.act('fire', { ...refusal, sealed: sealedTo(key, { says }) });
  await over.act('fire', { ...refusal, sealed: sealedTo(key, { says }) });
  await until(async () => (await statusOf('fire-check')) === 'refused', 'the refusal');
  const { contents } = await here.cases.get(id, how);
  t.equal(contents?.items['fire-check']?.reasons, says, 'with its reasons');
  // another's item, without reasons, of no case, unreadable
  await over.act('fire', { id: 'f-2', case: id, act: 'grant', item: 'shop-sign' });
  await over.act('urban-management', { id: 'u-1', case: id, act: 'refuse', item: 'shop-sign' });
  await over.act('urban-management', { id: 'u-2', case: 'f'.repeat(16), act: 'grant', item: 'shop-sign' });
  await over.act('urban-management', { id: 'u-3', case: id, act: 'grant', item: 'shop-sign', sealed: 'a..b.c.d' });
  await over.act('urban-management', { id: 'u-4', case: id, act: 'withdraw' });
  await over.act('urban-management', { id: '', case: id, act: 'grant', item: 'shop-sign' });
  await over.act('urban-management', { id: 'u-5', case: id, act: 'grant', item: 'shop-sign' });
  await until(async () => (await statusOf('shop-sign')) === 'granted', 'the grant');
  await until(async () => (await over.held('fire')).length > 0, 'what fire may not');
  t.strictSame(await over.held('fire'), ['act_refused']);
  t.strictSame(
    await over.held('urban-management'),
    ['act_incomplete', 'not_found', 'bad_case_answer', 'bad_case_answer', 'bad_case_answer'],
    'each with its own reason, and those behind it go on',
  );
  const acts = here.deeds.filter(({ action }) => action === 'case_act').map(({ detail }) => detail['act']);
  t.strictSame(acts.slice(-2), ['refuse', 'grant'], 'each on record once');
});

t.test('of a subject that was erased nothing on the topics can be read, and nothing more is done', async (t) => {
  const over = await overBus(t);
  const { here } = over;
  const bundle = named('open-restaurant');
  const how = { actor: applicantOf(bundle), record: here.record };
  const writer = over.begin();
  const id = await filledIn(here, bundle);
  await here.cases.act(id, { act: 'submit' }, how);
  const other = await filledIn(here, bundle);
  await here.cases.act(other, { act: 'submit' }, how);
  const [step, stepOfOther] = await over.steps('fire', 2);
  await writer.stop();
  const sealed = sealedTo(step?.answerKey ?? '', { says: '李某某的房屋不符合条件' });
  const fire = { kind: 'authority', authority: 'fire', client: 'x' } as const;
  t.strictSame(await here.cases.unsealed(id, sealed, fire), { says: '李某某的房屋不符合条件' });
  await t.rejects(here.cases.unsealed(id, sealed, { ...fire, authority: 'tax' }), { code: 'not_found' });
  t.not(step?.answerKey, stepOfOther?.answerKey, 'each case has a key of its own');
  await t.rejects(here.cases.unsealed(other, sealed, fire), { code: 'bad_case_answer' }, 'and opens no other’s');
  const [header = '', , iv = '', text = '', tag = ''] = sealed.split('.');
  const flipped = `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
  const open = { alg: 'none', enc: 'A256GCM' };
  for (const spoilt of [
    [header, '', iv, flipped, tag],
    [header, '', iv, text, tag.slice(0, 6)],
    [Buffer.from(JSON.stringify(open)).toString('base64url'), '', iv, text, tag],
    [header, iv, text, tag],
  ])
    await t.rejects(
      here.cases.unsealed(id, spoilt.join('.'), fire),
      { code: 'bad_case_answer' },
      'nor what was changed',
    );
  await over.act('fire', { id: 'late', case: id, act: 'refuse', item: 'fire-check', sealed });
  here.erase();
  await t.rejects(here.cases.unsealed(id, sealed, fire), { code: 'act_refused' });
  over.begin();
  await until(async () => (await over.held('fire')).length === 1, 'what came too late is held');
  t.strictSame(await over.held('fire'), ['act_refused']);
  for (const topic of [caseStepsTopic(PREFIX, 'fire'), caseActsTopic(PREFIX, 'fire')]) {
    const records = await collect(over.bus, [topic], (got) => got.length >= 1);
    for (const { value, key } of records)
      t.notMatch(`${key} ${value?.toString() ?? ''}`, /91990105|110105|李|不符合/, `${topic} names nobody`);
  }
});

/**
 * Steps on the topics of the authorities, and acts that come back on theirs: each once and in order, what may not be
 * done in quarantine with its reason, and nothing readable of a subject that was erased.
 */
import { createCipheriv, createECDH, createHash, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
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
import { applicantOf, filledIn, named, type Office, office, saying } from './office.js';

t.setTimeout(120_000);
const PREFIX = 'city';
const AUTHORITIES = ['samr', 'fire', 'urban-management'];

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 30_000; ; await pause(20)) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`not within 30 s: ${what}`);
  }
}

/** As a department's own system seals, by RFC 7516 and 7518. */
export function sealedTo(answerKey: string, contents: object): string {
  const { x, y, kid } = JSON.parse(answerKey) as Record<'x' | 'y' | 'kid', string>;
  const own = createECDH('prime256v1');
  const point = own.generateKeys();
  const part = (from: number): string => point.subarray(from, from + 32).toString('base64url');
  const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid, epk: { kty: 'EC', crv: 'P-256', x: part(1), y: part(33) } };
  const protectedText = Buffer.from(JSON.stringify(header)).toString('base64url');
  const theirs = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const word = (value: number): Buffer => Buffer.from([0, 0, value >> 8, value & 255]);
  const info = [word(7), Buffer.from('A256GCM'), word(0), word(0), word(256)];
  const key = createHash('sha256')
    .update(Buffer.concat([word(1), own.computeSecret(theirs), ...info]))
    .digest();
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(protectedText, 'ascii'));
  const text = Buffer.concat([cipher.update(JSON.stringify(contents)), cipher.final()]);
  const parts = [iv, text, cipher.getAuthTag()].map((bytes) => bytes.toString('base64url'));
  return [protectedText, '', ...parts].join('.');
}

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
      await until(`a step for ${authority}`, async () => {
        const state = await bus.topicState(topic);
        return (state?.partitions[0]?.high ?? 0) >= count;
      });
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
  await until('the refusal', async () => (await statusOf('fire-check')) === 'refused');
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
  await until('the grant', async () => (await statusOf('shop-sign')) === 'granted');
  await until('what fire may not', async () => (await over.held('fire')).length > 0);
  t.strictSame(await over.held('fire'), ['act_refused']);
  t.strictSame(
    await over.held('urban-management'),
    ['act_incomplete', 'not_found', 'bad_case_answer', 'bad_case_answer', 'bad_case_answer'],
    'each with its own reason, and those behind it go on',
  );
  const acts = here.deeds.filter(({ action }) => action === 'case_act').map(({ detail }) => detail['act']);
  t.strictSame(acts.slice(-2), ['refuse', 'grant'], 'each on record once');
});

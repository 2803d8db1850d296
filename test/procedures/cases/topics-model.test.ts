/**
 * Steps and acts over the bus as time goes by: writers that come, go and stand beside each other, a bus and a state that
 * fail in between, acts that come twice, too early, or spoilt, a subject that is erased. Against a list of what was sent
 * and of what each case was told.
 */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import { type Bus, caseActsTopic, caseStepsTopic, caseTopicSpec } from '../../../connectors/bus/port.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { type ActRecord, decodeStep, encodeAct } from '../../../contracts/case-topics.js';
import { YitongError } from '../../../contracts/errors.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { takeActs } from '../../../gateway/procedures/cases/act-taking.js';
import { actsQuarantine } from '../../../gateway/procedures/cases/held-acts.js';
import { apply, type CaseState } from '../../../gateway/procedures/cases/machine.js';
import { sendSteps } from '../../../gateway/procedures/cases/step-sending.js';
import { stepsOf } from '../../../gateway/procedures/cases/steps.js';
import type { StoredEvent } from '../../../gateway/procedures/cases/store.js';
import { publishSteps } from '../../../gateway/procedures/cases/topics.js';
import { collect } from '../../support/conformance/bus.js';
import { until } from '../../support/conformance/state.js';
import { applicantOf, filledIn, named, office, saying } from './office.js';

t.setTimeout(300_000);
const PREFIX = 'model';
const AUTHORITIES = ['samr', 'fire', 'urban-management'];
const ITEMS = { 'food-licence': 'samr', 'fire-check': 'fire', 'shop-sign': 'urban-management' } as const;
const bundle = named('open-restaurant');

/** What an act may come to: done, or held with one of these codes. */
type Expected = 'done' | 'act_refused' | 'act_incomplete' | 'not_found' | 'bad_case_answer' | 'wire_format';

const move = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('grant' as const), item: fc.constantFrom(0, 1, 2) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'again' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('spoilt' as const), how: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'open' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'writer' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'stop' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fail' as const), next: fc.integer({ min: 1, max: 4 }) }) },
);

/** As the thing itself, but for the calls that fail while `left` says so. */
function failing<T extends object>(of: T, calls: readonly string[], left: { count: number }): T {
  return new Proxy(of, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...given: readonly unknown[]): unknown => {
        if (calls.includes(String(name)) && left.count > 0) {
          left.count--;
          return Promise.reject(new YitongError('state_unavailable', 'it fails now'));
        }
        return (value as (...given: readonly unknown[]) => unknown).apply(target, [...given]);
      };
    },
  });
}

async function life(t: Test, moves: readonly (typeof move extends fc.Arbitrary<infer M> ? M : never)[]) {
  const dataDir = t.testdir();
  const registers = saying(bundle.usual.registers);
  const here = await office(t, { dir: dataDir, registers, publish: publishSteps(PREFIX, AUTHORITIES) });
  const how = { actor: applicantOf(bundle), record: here.record };
  const bus = await openEmbeddedBus({ dir: `${dataDir}/bus` });
  const producer = await bus.producer();
  await bus.ensureTopics(AUTHORITIES.map((one) => caseTopicSpec(caseActsTopic(PREFIX, one))));
  const left = { count: 0 };
  const state = failing<State>(here.state, ['lease', 'outbox', 'sent', 'commit', 'document'], left);
  const shaky = failing<Bus>(bus, ['ensureTopics', 'topicState', 'consume', 'producer'], left);
  const writers: { stop(): Promise<void> }[] = [];
  const cases: string[] = [];
  const expected = new Map<string, Expected>();
  const granted = new Set<string>();
  const sent: { readonly authority: string; readonly record: Partial<ActRecord>; readonly value: Buffer }[] = [];
  let count = 0;
  const begin = (): void => {
    const common = { state, bus: shaky, holder: `writer ${String(++count)}`, onTrouble: () => undefined };
    const sending = sendSteps(common);
    const taking = takeActs({
      ...common,
      ...{ dataDir, prefix: PREFIX, authorities: AUTHORITIES, record: here.record, onHeld: () => undefined },
      cases: () => Promise.resolve(here.cases),
      now: () => here.now,
      everyMs: 5,
    });
    writers.push({ stop: async () => void (await Promise.all([sending.stop(), taking.stop()])) });
  };
  const send = async (authority: string, record: Partial<ActRecord>, value = encodeAct(record)): Promise<void> => {
    sent.push({ authority, record, value });
    const one = { subject: record.case ?? '', recordId: record.id ?? '', value, headers: {} };
    await producer.send(caseActsTopic(PREFIX, authority), [one]);
  };
  const open = async (): Promise<void> => {
    const id = await filledIn(here, bundle);
    await here.cases.act(id, { act: 'submit' }, how);
    cases.push(id);
  };
  await open();
  for (const one of moves) {
    const id = cases.at(-1) ?? '';
    const name = `a${String(++count)}`;
    if (one.do === 'open') await open();
    else if (one.do === 'writer') begin();
    else if (one.do === 'stop') await writers.shift()?.stop();
    else if (one.do === 'fail') left.count += one.next;
    else if (one.do === 'again') {
      const before = sent.at(-1);
      if (before !== undefined) await send(before.authority, before.record, before.value);
    } else if (one.do === 'grant') {
      const [item, authority] = Object.entries(ITEMS)[one.item] ?? ['', ''];
      expected.set(name, granted.has(`${id} ${item}`) ? 'act_refused' : 'done');
      granted.add(`${id} ${item}`);
      await send(authority, { id: name, case: id, act: 'grant', item });
    } else {
      const wrong: readonly (readonly [Expected, Partial<ActRecord>, Buffer?])[] = [
        ['act_refused', { id: name, case: id, act: 'grant', item: 'shop-sign' }],
        ['act_incomplete', { id: name, case: id, act: 'refuse', item: 'fire-check' }],
        ['not_found', { id: name, case: '0123456789abcdef', act: 'grant', item: 'fire-check' }],
        ['bad_case_answer', { id: name, case: id, act: 'grant', item: 'fire-check', sealed: 'x..y.z.t' }],
        ['bad_case_answer', { id: name, case: id, act: 'withdraw' }],
        ['wire_format', { id: name, case: id }, Buffer.from('no act')],
      ];
      const [code, record, value] = wrong[one.how] ?? wrong[0]!;
      expected.set(name, code);
      await send('fire', record, value);
    }
  }
  // now all is well
  left.count = 0;
  begin();
  await until(async () => {
    if ((await here.state.outbox(1)).length > 0) return false;
    for (const authority of AUTHORITIES) {
      const topic = caseActsTopic(PREFIX, authority);
      const high = (await bus.topicState(topic))?.partitions[0]?.high ?? 0;
      const position = (await here.state.document('case-acts', topic))?.body as { readonly next?: number } | undefined;
      if ((position?.next ?? 0) < high) return false;
    }
    return true;
  }, 'everything was told and taken');
  await Promise.all(writers.map((writer) => writer.stop()));

  // each act once, what may not be done is held
  const done = new Map<string, number>();
  const wanted = new Map(AUTHORITIES.map((authority) => [authority, [] as string[]]));
  for (const id of cases) {
    let now: CaseState | undefined;
    for (const { body } of await here.state.events(`case/${id}`)) {
      const { event, key = '' } = body as unknown as StoredEvent;
      const next: CaseState = apply(now, event);
      stepsOf(now, next, event).forEach(({ to }, index) =>
        wanted.get(to)?.push(`${id}.${String(next.events)}.${String(index)}`),
      );
      if (event.by !== 'applicant') done.set(key, (done.get(key) ?? 0) + 1);
      now = next;
    }
  }
  const codes: Record<string, string[]> = {};
  for (const authority of AUTHORITIES) {
    if (!Quarantine.exists(dataDir, actsQuarantine(authority))) continue;
    const quarantine = Quarantine.open(dataDir, actsQuarantine(authority), () => new Date());
    for (const { value, problems } of await quarantine.list())
      (codes[String(value?.['key']).split('|')[1] ?? ''] ??= []).push(problems[0]?.code ?? '');
    await quarantine.close();
  }
  for (const [name, code] of expected) {
    const times = sent.filter(({ record }) => record.id === name).length;
    if (code === 'done') t.strictSame([done.get(name), codes[name]], [1, undefined], `${name} is done once`);
    else t.strictSame([done.get(name), codes[name]], [undefined, Array(times).fill(code)], `${name} is held: ${code}`);
  }
  // each step, the first time in the order of its case
  for (const authority of AUTHORITIES) {
    const topic = caseStepsTopic(PREFIX, authority);
    const high = (await bus.topicState(topic))?.partitions[0]?.high ?? 0;
    const told = high === 0 ? [] : await collect(bus, [topic], (got) => got.length >= high);
    const ids = [...new Set(told.map(({ value }) => decodeStep(value ?? Buffer.alloc(0)).id))];
    const ofCase = (list: readonly string[]) => cases.map((id) => list.filter((step) => step.startsWith(id)));
    t.strictSame(ofCase(ids), ofCase(wanted.get(authority) ?? []), `${authority} is told each step`);
  }
  await producer.close();
  await bus.close();
}

t.test('whatever happens between, each act is done once and each step is told', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 5, maxLength: 25 }), async (moves) => {
      let failed = false;
      await t.test('a life', async (t) => {
        await life(t, moves);
        failed = !t.passing();
      });
      return !failed;
    }),
    { numRuns: 15, endOnFailure: true },
  );
});

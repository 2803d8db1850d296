/**
 * The machine of applications against a naive telling of the statute: random steps by anybody, restarts between them
 * (the state made anew from what was stored), and repeats. No state that the statute does not have, no clock lost or
 * begun where none runs, no grant but between a yes and an end.
 */
import t from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import { readClocks } from '../../../contracts/lifecycle/clocks.js';
import { loadLifecycles } from '../../../contracts/lifecycle/load.js';
import {
  applyMatter,
  checkMatterTerms,
  type MatterEvent,
  type MatterState,
  mayDoIn,
  replayMatter,
} from '../../../contracts/lifecycle/matter.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { randomOf } from '../../support/conformance/state-model.js';
import { type Doer, NaiveApplication } from './naive.js';

t.setTimeout(600_000);
const SEQUENCES = Number(process.env['YITONG_TEST_SEQUENCES'] ?? 10_000);
const STEPS = 10;
const HOUR = 3_600_000;

const { matters, calendars } = await loadLifecycles(await loadWorkspace(packageRoot()));
const lifecycle = matters.get('application')!;
const calendar = calendars.get('mainland')!;
const PARTS = { 'a.one': 'unconditional', 'b.two': 'conditional' };
const NAMES = Object.keys(PARTS);
const DOERS: readonly Doer[] = [
  { party: 'requester', who: 'o' },
  { party: 'requester-head', who: 'h' },
  { party: 'requester-head', who: 'o' },
  { party: 'provider', who: 'p' },
  { party: 'provider-head', who: 'q' },
  { party: 'provider-head', who: 'p' },
  { party: 'authority', who: 'b' },
  { party: 'platform', who: 'x' },
];
const BACK: ReadonlySet<string> = new Set(['withdraw', 'return', 'send-back', 'save']);
const ACTS = [...Object.keys(lifecycle.acts).filter((act) => act !== 'draft'), 'extend', 'consent'];
const FIELDS: Readonly<Record<string, string>> = { ground: 'no-duty' };
const fieldsOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, FIELDS[name] ?? '写明理由']));

function eventOf(act: string, doer: Doer, part: string, at: number, days: number): MatterEvent {
  const rule = lifecycle.acts[act];
  const clock = `reply-${PARTS[part as keyof typeof PARTS]}`;
  return {
    at,
    act,
    party: doer.party,
    who: doer.who,
    fields: fieldsOf(rule?.requires ?? (act === 'extend' ? ['reason'] : [])),
    ...(rule === undefined || rule.each === true ? { part } : {}),
    ...(act === 'extend' ? { clock, days } : act === 'consent' ? { clock } : {}),
    ...(rule?.parts === true ? { parts: PARTS } : {}),
  };
}

const running = (state: MatterState, part: string): string =>
  Object.entries(state.parts[part]?.clocks ?? {})
    .flatMap(([name, { stoppedAt, startedAt }]) => (stoppedAt === undefined ? [`${name}@${String(startedAt)}`] : []))
    .join();
const isOver = (state: MatterState, part: string, at: number): boolean =>
  readClocks(lifecycle, calendar, state.parts[part]!, at).some(
    ({ clock, stoppedAt, over }) => clock.startsWith('reply-') && stoppedAt === undefined && over,
  );

t.test(`${String(SEQUENCES)} sequences of steps, with restarts and repeats`, (t) => {
  const seen = new Set<string>();
  let [done, refusals, restarts] = [0, 0, 0];
  for (let seed = 0; seed < SEQUENCES; seed++) {
    const random = randomOf(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
    let at = Date.parse('2026-01-26T09:00:00+08:00');
    const first: MatterEvent = { at, act: 'draft', party: 'requester', who: 'o', fields: {}, parts: PARTS };
    const events = [first];
    let state = applyMatter(lifecycle, undefined, first);
    const naive = new NaiveApplication(PARTS, { party: 'requester', who: 'o' });
    for (let step = 0; step < STEPS; step++) {
      at += Math.floor(random() * random() * 90 * HOUR);
      let [act, doer, part] = [pick(ACTS), pick(DOERS), pick(NAMES)];
      if (random() < 0.75) {
        // one that is possible, and seldom what leads back, or none would get far
        const from = Math.floor(random() * DOERS.length);
        for (let n = 0; n < DOERS.length; n++) {
          const one = DOERS[(from + n) % DOERS.length]!;
          const possible = [...mayDoIn(lifecycle, state, one.party, one.who)].filter(
            ([name]) => !BACK.has(name) || random() < 0.1,
          );
          if (possible.length === 0) continue;
          const [name, of] = pick(possible);
          [doer, act, part] = [one, name, pick(of)];
          break;
        }
      }
      const event = eventOf(act, doer, part, at, 1 + Math.floor(random() * 12));
      const before = state;
      let happened = true;
      try {
        checkMatterTerms(lifecycle, calendar, state, event);
        state = applyMatter(lifecycle, state, event);
      } catch (error) {
        if (!isYitongError(error)) throw error;
        happened = false;
      }
      // the same again is another step, never the same one twice
      const expected = naive.try(
        { act, doer, part, at, days: event.days ?? 0 },
        (name) => isOver(before, name, at),
        false,
      );
      if (happened !== expected)
        return void t.fail(
          `seed ${String(seed)} step ${String(step)}: ${act} by ${doer.party} (${doer.who}) on ${part} in ${naive.states()}: ${String(happened)}`,
        );
      if (happened) {
        events.push(event);
        done++;
      } else refusals++;
      if (random() < 0.1) {
        restarts++;
        const again = replayMatter(lifecycle, JSON.parse(JSON.stringify(events)) as MatterEvent[]);
        if (JSON.stringify(again) !== JSON.stringify(state))
          return void t.fail(`seed ${String(seed)}: replayed to another state`);
        state = again;
      }
      for (const [name, { state: told, clock }] of naive.parts) {
        const is = state.parts[name];
        const clocks = clock === undefined ? '' : `${clock[0]}@${String(clock[1])}`;
        if (is?.state !== told || running(state, name) !== clocks)
          return void t.fail(
            `seed ${String(seed)}: ${name} is ${String(is?.state)} with ${running(state, name)}, not ${told} with ${clocks}`,
          );
        seen.add(told);
      }
    }
  }
  t.same([...seen].sort(), Object.keys(lifecycle.states).sort(), 'every state was reached');
  t.ok(
    done > SEQUENCES && refusals > SEQUENCES,
    `${String(done)} steps, ${String(refusals)} refusals, ${String(restarts)} restarts`,
  );
  t.end();
});

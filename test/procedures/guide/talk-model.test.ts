/**
 * The conversation over time: random answers, steps back, wrong answers, restarts, another tab on the same draft,
 * registers that change what they say, and attempts to submit, against a model that knows what was said and nothing of
 * the conversation. It asks nothing that was answered or that a register says, loses no answer, and submits nothing
 * without an explicit word for what was seen.
 */
import fc from 'fast-check';
import t from 'tap';
import { mergeForm } from '../../../contracts/bundle/merge.js';
import type { Answers, Bundle, Element, Json, Question } from '../../../contracts/bundle/types.js';
import { isYitongError } from '../../../contracts/errors.js';
import type { Readings } from '../../../gateway/procedures/cases/readings.js';
import type { CasesOptions, HowDone } from '../../../gateway/procedures/cases/types.js';
import {
  nextTurn,
  submitConfirmed,
  type Talk,
  type Turn,
  takeAnswer,
  talkOf,
  turnBefore,
} from '../../../gateway/procedures/guide/talk.js';
import { applicantOf, bundles, elements, type Office, office } from '../cases/office.js';

t.setTimeout(300_000);

const RUNS = Number(process.env['YITONG_TEST_RUNS'] ?? 5);
type Picks = (most: number) => number;

/** What registers say in the common case, but for elements of which they have nothing at the moment. */
function world(bundle: Bundle) {
  const nothing = new Set<string>();
  const facts = bundle.usual.registers;
  const has = ({ id, registers }: Element): boolean => registers.length > 0 && !nothing.has(id);
  const valueOf = (element: Element): Json => (facts[element.id] as Json | undefined) ?? element.examples[0] ?? null;
  const registers: CasesOptions['registers'] = async () => {
    const own = [...elements.elements.values()].filter(has);
    const filled: Readings['filled'] = new Map(
      own.map((element) => [
        element.id,
        {
          value: valueOf(element),
          dataset: element.registers[0]?.contract.id ?? '',
          sourceTime: '2026-11-26T00:00:00Z',
        },
      ]),
    );
    const said: Record<string, Answers[string]> = {};
    for (const [name, value] of Object.entries(facts)) if (!elements.elements.has(name)) said[name] = value;
    for (const [id, { value }] of filled)
      if (typeof value !== 'object' || Array.isArray(value)) said[id] = value as never;
    return { readings: { said, filled, away: new Map(), conflicts: new Map(), asked: [] }, releases: [] };
  };
  return { nothing, registers, says: (id: string): boolean => has(elements.elements.get(id) as Element) };
}

function answerTo({ kind, choices, mayNotKnow }: Question, pick: Picks): Answers[string] {
  if (mayNotKnow && pick(5) === 0) return null;
  const codes = [...choices.keys()];
  switch (kind.type) {
    case 'yes-no':
      return pick(2) === 0;
    case 'code':
      return codes[pick(codes.length)] ?? '';
    case 'codes': {
      const some = codes.filter(() => pick(2) === 0);
      return some.length > 0 ? some : codes.slice(0, 1);
    }
    case 'integer':
    case 'decimal':
      return Math.max(kind.min ?? 1, 1) + pick(400) * (kind.type === 'integer' && (kind.max ?? 0) <= 200 ? 0 : 1);
    case 'date':
      return `2026-12-${String(1 + pick(28)).padStart(2, '0')}`;
    case 'text':
      return `说明${String(pick(9))}`;
    case 'texts':
      return [`说明${String(pick(9))}`];
  }
}

const givenFor = (turn: Turn, pick: Picks): Json => {
  if (turn.question !== undefined) return answerTo(turn.question, pick) as Json;
  const { examples } = turn.field.element;
  return examples[pick(examples.length)] ?? null;
};
const MOVES = [
  'answer',
  'answer',
  'answer',
  'wrong',
  'back',
  'change',
  'restart',
  'tab',
  'register',
  'both',
  'unsaid',
  'stale',
] as const;

class Walk {
  /** What was said, by question and element. */
  readonly said = new Map<string, Json>();
  readonly at: Office;
  readonly bundle: Bundle;
  readonly world: ReturnType<typeof world>;
  readonly pick: Picks;
  id = '';
  /** The word of whoever applies. */
  confirmed = false;

  constructor(at: Office, bundle: Bundle, around: ReturnType<typeof world>, pick: Picks) {
    this.at = at;
    this.bundle = bundle;
    this.world = around;
    this.pick = pick;
  }

  get how(): HowDone {
    return { actor: applicantOf(this.bundle), record: this.at.record };
  }
  look(): Promise<Talk> {
    return talkOf(this.at.cases, this.id, this.how);
  }

  /** What the model holds against what there is. */
  holds({ found, form, turns }: Talk): void {
    const { answers = {}, values = {} } = found.contents ?? {};
    const there = { ...(answers as object), ...values };
    same(there, Object.fromEntries(this.said), 'the draft has what was said, and nothing else');
    is(found.state.phase === 'draft', !this.confirmed, 'it is submitted by the word of its applicant alone');
    const next = nextTurn(turns);
    if (next !== undefined) {
      is(this.said.has(next.id), false, `${next.id} was answered, and is not asked again`);
      if (next.field !== undefined) is(this.world.says(next.id), false, `a register says ${next.id}`);
      return;
    }
    // nothing is left: by the merge alone
    const merged = mergeForm(this.bundle, elements, answers, this.registersNow());
    same(
      merged.open.map(({ id }) => id),
      [],
      'no question is left out',
    );
    for (const { element, required, way } of merged.fields)
      if (required && (way.way === 'asked' || (way.way === 'register' && !this.world.says(element.id))))
        is(this.said.has(element.id), true, `${element.id} is not left out`);
    is(
      form.missing.some(({ what }) => what === 'question'),
      false,
      'and the form agrees',
    );
  }

  registersNow(): Answers {
    const facts = Object.entries(this.bundle.usual.registers).filter(([name]) => !elements.elements.has(name));
    const own = [...elements.elements.values()].flatMap((element) => {
      if (!this.world.says(element.id)) return [];
      const value = (this.bundle.usual.registers[element.id] as Json | undefined) ?? element.examples[0] ?? null;
      return typeof value === 'object' && !Array.isArray(value) ? [] : [[element.id, value] as const];
    });
    return Object.fromEntries([...facts, ...own]) as Answers;
  }

  async take(turn: Turn, given: Json): Promise<void> {
    const outcome = await takeAnswer(this.at.cases, this.id, { turn: turn.id, given }, this.how);
    is(outcome, 'taken', `${turn.id} ${JSON.stringify(given)}`);
    this.said.set(turn.id, given);
  }

  async move(name: (typeof MOVES)[number]): Promise<void> {
    const talk = await this.look();
    const { turns, found } = talk;
    const next = nextTurn(turns);
    switch (name) {
      case 'answer':
        if (next !== undefined) await this.take(next, givenFor(next, this.pick));
        return;
      case 'wrong':
        if (next === undefined) return;
        is(
          await takeAnswer(this.at.cases, this.id, { turn: next.id, given: { 忽略规则: '直接提交' } }, this.how),
          'wrong',
          'what is no answer is not taken',
        );
        is(
          await takeAnswer(this.at.cases, this.id, { turn: 'submit', given: true }, this.how),
          'not-asked',
          'nor to nothing',
        );
        return;
      case 'back':
      case 'change': {
        const again = name === 'back' ? turnBefore(turns, next?.id) : turns[this.pick(turns.length)];
        if (again === undefined || again.state === 'open' || again.state === 'wrong') return;
        if (name === 'back') is(this.said.has(again.id), true, 'a step back is to what was answered');
        await this.take(again, givenFor(again, this.pick));
        return;
      }
      case 'restart':
        await this.at.again();
        return;
      case 'tab': {
        // the pages of the application write the whole draft
        const turn = turns[this.pick(turns.length)];
        if (turn === undefined) return;
        const given = givenFor(turn, this.pick);
        const { answers = {}, values = {} } = found.contents ?? {};
        const saved =
          turn.question === undefined
            ? { answers, values: { ...values, [turn.id]: given } }
            : { answers: { ...answers, [turn.id]: given as Answers[string] }, values };
        await this.at.cases.act(this.id, { act: 'save', ...saved }, this.how);
        this.said.set(turn.id, given);
        return;
      }
      case 'register': {
        const own = mergeForm(this.bundle, elements, {}).fields.filter(({ element }) => element.registers.length > 0);
        const one = own[this.pick(own.length)]?.element.id;
        // what was written where a register had nothing stays in the draft, and is not asked
        if (one !== undefined && !this.world.nothing.delete(one)) this.world.nothing.add(one);
        return;
      }
      case 'both': {
        // two tabs answer two things at once, and neither is lost
        const two = turns.filter(({ state }) => state === 'open').slice(0, 2);
        if (two.length === 2) await Promise.all(two.map((turn) => this.take(turn, givenFor(turn, this.pick))));
        return;
      }
      case 'unsaid':
        await refused(
          submitConfirmed(this.at.cases, this.id, { confirmed: false, seen: found.state.events }, this.how),
          ['act_refused'],
        );
        return;
      case 'stale':
        await refused(
          submitConfirmed(this.at.cases, this.id, { confirmed: true, seen: found.state.events - 1 }, this.how),
          ['ticket_moved'],
        );
    }
  }

  /** To the end: what is left is answered, it is signed, and confirmed. */
  async finish(): Promise<void> {
    this.world.nothing.clear();
    for (let left = 80; ; left--) {
      const talk = await this.look();
      this.holds(talk);
      const next = nextTurn(talk.turns);
      if (next === undefined) break;
      is(left > 0, true, 'it comes to an end');
      await this.take(next, givenFor(next, this.pick));
    }
    for (;;) {
      const { acts } = await this.at.cases.get(this.id, this.how);
      const step = acts.find(({ act }) => act === 'step');
      if (step?.step === undefined || step.port === undefined) break;
      await this.at.cases.act(this.id, { act: 'step', step: step.step, port: step.port }, this.how);
    }
    const { form, found } = await this.look();
    is(found.state.phase, 'draft', 'it waits for the word');
    const bars = form.obstacles.some(({ state }) => state === 'no');
    if (bars || form.missing.length > 0) {
      await refused(submitConfirmed(this.at.cases, this.id, { confirmed: true, seen: found.state.events }, this.how), [
        'act_refused',
        'act_incomplete',
      ]);
      return;
    }
    const after = await submitConfirmed(
      this.at.cases,
      this.id,
      { confirmed: true, seen: found.state.events },
      this.how,
    );
    is(after.state.phase, 'submitted', 'with it, it is submitted');
    submitted++;
  }
}
let submitted = 0;

const is = (found: unknown, wanted: unknown, what: string): void => {
  if (found !== wanted) throw new Error(`${what}: ${String(found)} instead of ${String(wanted)}`);
};
const sorted = (value: object): string => JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
const same = (found: object, wanted: object, what: string): void => is(sorted(found), sorted(wanted), what);
async function refused(doing: Promise<unknown>, codes: readonly string[]): Promise<void> {
  const code = await doing.then(
    () => 'done',
    (error: unknown) => (isYitongError(error) ? error.code : String(error)),
  );
  is(codes.includes(code), true, `refused by ${codes.join(' or ')}: ${code}`);
}

for (const bundle of bundles.values())
  t.test(bundle.id, async (t) => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: MOVES.length - 1 }), { minLength: 10, maxLength: 40 }),
        fc.infiniteStream(fc.nat({ max: 1_000_000 })),
        async (moves, numbers) => {
          const around = world(bundle);
          const at = await office(t, { registers: around.registers, dir: `${t.testdir()}/${String(run++)}` });
          const walk = new Walk(at, bundle, around, (most) => (numbers.next().value ?? 0) % Math.max(most, 1));
          walk.id = (await at.cases.open(bundle.id, walk.how)).id;
          for (const move of moves) {
            await walk.move(MOVES[move] ?? 'answer');
            walk.holds(await walk.look());
          }
          await walk.finish();
        },
      ),
      { numRuns: RUNS },
    );
    t.ok(run >= RUNS, `${String(run)} conversations`);
  });

t.test('and some of them are submitted', async (t) => t.ok(submitted > 0, `${String(submitted)} were`));

import fc from 'fast-check';
import t from 'tap';
import { isYitongError } from '../../contracts/errors.js';
import { checkExtension, nextDue, readClocks } from '../../contracts/lifecycle/clocks.js';
import { apply, clocksAhead, effectOf, isOver, mayDo, replay } from '../../contracts/lifecycle/engine.js';
import { loadLifecycles, makeLifecycle } from '../../contracts/lifecycle/load.js';
import type { Lifecycle, TicketEvent, TicketState } from '../../contracts/lifecycle/types.js';
import { present } from '../../contracts/present.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { declared, sharing } from './declared.js';

const { lifecycles, calendars } = await loadLifecycles(await loadWorkspace(packageRoot()));
const calendar = calendars.get('mainland')!;
const lives: readonly Lifecycle[] = [...lifecycles.values(), makeLifecycle('sharing', sharing(), { file: 'sharing' })];
const DAY = 86_400_000;
const START = Date.parse('2024-01-05T10:00:00+08:00');

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return error.code;
  }
  return undefined;
};
const fieldsFor = (
  { acts, clocks }: Lifecycle,
  event: { readonly act: string; readonly clock?: string },
): Record<string, string> =>
  Object.fromEntries(
    (event.clock === undefined
      ? (acts[event.act]?.requires ?? [])
      : event.act === 'extend'
        ? (clocks[event.clock]?.extension?.requires ?? [])
        : []
    ).map((name) => [name, 'enough said about it']),
  );

interface Run {
  readonly lifecycle: Lifecycle;
  readonly holder: string;
  readonly tried: readonly {
    readonly event: TicketEvent;
    readonly before: TicketState | undefined;
    readonly after: TicketState | undefined;
    readonly code?: string;
  }[];
}

/** Acts by parties, declared or not, up to days apart. */
const run: fc.Arbitrary<Run> = fc.constantFrom(...lives).chain((lifecycle) => {
  const parties = Object.keys(lifecycle.parties);
  const acts = [...Object.keys(lifecycle.acts), 'extend', 'consent', 'constructor'];
  const tried = fc.array(
    fc.record({
      act: fc.constantFrom(...acts),
      party: fc.constantFrom(...parties),
      later: fc.integer({ min: 0, max: 3 * DAY }),
      clock: fc.constantFrom(...Object.keys(lifecycle.clocks)),
      days: fc.integer({ min: 1, max: 12 }),
      pick: fc.option(fc.nat(), { freq: 2 }),
    }),
    { minLength: 4, maxLength: 40, size: 'max' },
  );
  return fc
    .record({
      holder: fc.constantFrom(...parties.filter((id) => lifecycle.parties[id]?.authority !== undefined)),
      tried,
    })
    .map(({ holder, tried }) => {
      let ticket: TicketState | undefined;
      let at = START;
      return {
        lifecycle,
        holder,
        tried: tried.map(({ later, clock, days, pick, ...any }) => {
          at += later;
          // half of them blindly; of the others, one that is allowed, or none would get far
          const allowed = parties.flatMap((party) =>
            mayDo(lifecycle, holder, ticket, party).map((act) => ({ act, party })),
          );
          const { act, party } = (pick === null ? undefined : allowed[pick % allowed.length]) ?? any;
          const onClock = act === 'extend' ? { clock, days } : act === 'consent' ? { clock } : {};
          const event: TicketEvent = { at, act, party, fields: fieldsFor(lifecycle, { act, ...onClock }), ...onClock };
          const before = ticket;
          const code = codeOf(() => {
            if (ticket !== undefined) checkExtension(lifecycle, calendar, ticket, event);
            ticket = apply(lifecycle, holder, ticket, event);
          });
          return { event, before, after: ticket, ...present({ code }) };
        }),
      };
    });
});

t.test(
  'only what is declared happens: every change is an act of a party that may do it, from a state where it may',
  (t) => {
    let changes = 0;
    fc.assert(
      fc.property(run, ({ lifecycle, holder, tried }) => {
        for (const { event, before, after, code } of tried) {
          if (code !== undefined) {
            if (after !== before || !['act_refused', 'act_incomplete'].includes(code)) return false;
            continue;
          }
          changes++;
          const act = Object.hasOwn(lifecycle.acts, event.act) ? lifecycle.acts[event.act] : undefined;
          // an extension moves a clock and nothing else
          if (act === undefined) {
            if (after?.state !== before?.state || event.clock === undefined) return false;
            continue;
          }
          const from = before === undefined ? act.from.length === 0 : act.from.includes(before.state);
          if (!from || !act.by.includes(event.party) || after?.state !== act.to || (act.holder ?? holder) !== holder)
            return false;
          if (act.once === true && after.done[event.act] !== 1) return false;
        }
        return true;
      }),
      { numRuns: 400 },
    );
    t.ok(changes > 400, `${changes} changes were seen`);
    t.end();
  },
);

t.test('the same events give the same state, and nothing that was refused is part of it', (t) => {
  fc.assert(
    fc.property(run, ({ lifecycle, holder, tried }) => {
      const events = tried.filter(({ code }) => code === undefined).map(({ event }) => event);
      if (events.length === 0) return true;
      const stored = JSON.parse(JSON.stringify(events)) as TicketEvent[];
      return JSON.stringify(replay(lifecycle, holder, stored)) === JSON.stringify(tried.at(-1)?.after);
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test(
  'a running clock never gets a nearer end, one that is over stays over, and an end of the ticket leaves none running',
  (t) => {
    fc.assert(
      fc.property(run, ({ lifecycle, tried }) => {
        for (const { before, after } of tried) {
          if (after === undefined) continue;
          const now = readClocks(lifecycle, calendar, after, after.at);
          if (isOver(lifecycle, after) && nextDue(now) !== undefined) return false;
          for (const was of before === undefined ? [] : readClocks(lifecycle, calendar, before, after.at)) {
            const is = now.find(({ clock }) => clock === was.clock);
            if (is === undefined) return false;
            if (is.startedAt === was.startedAt && (is.due.overAt < was.due.overAt || (was.over && !is.over)))
              return false;
            if (was.stoppedAt !== undefined && is.startedAt === was.startedAt && is.stoppedAt !== was.stoppedAt)
              return false;
          }
        }
        return true;
      }),
      { numRuns: 300 },
    );
    t.end();
  },
);

t.test(
  'time alone changes nothing: however late it is, state, effect and what may be done are the same; clocks ' +
    'only run out',
  (t) => {
    let over = 0;
    fc.assert(
      fc.property(run, fc.integer({ min: 0, max: 900 * DAY }), ({ lifecycle, holder, tried }, later) => {
        const ticket = tried.at(-1)?.after;
        if (ticket === undefined) return true;
        const before = JSON.stringify([
          ticket,
          effectOf(lifecycle, ticket),
          Object.keys(lifecycle.parties).map((party) => mayDo(lifecycle, holder, ticket, party)),
        ]);
        const [early, late] = [ticket.at, ticket.at + later].map((now) => readClocks(lifecycle, calendar, ticket, now));
        over += late?.filter((reading) => reading.over).length ?? 0;
        const monotone = (early ?? []).every(
          (reading, i) => (late?.[i]?.left ?? 0) <= reading.left && (!reading.over || late?.[i]?.over === true),
        );
        return (
          monotone &&
          before ===
            JSON.stringify([
              ticket,
              effectOf(lifecycle, ticket),
              Object.keys(lifecycle.parties).map((party) => mayDo(lifecycle, holder, ticket, party)),
            ])
        );
      }),
      { numRuns: 1200 },
    );
    t.ok(over > 100, `${over} clocks ran out`);
    t.end();
  },
);

t.test('whatever clock begins later was told to be ahead, and of what is over nothing is', (t) => {
  fc.assert(
    fc.property(run, ({ lifecycle, tried }) => {
      const states = tried.flatMap(({ after, code }) => (code === undefined && after !== undefined ? [after] : []));
      return states.every((ticket, at) => {
        const ahead = clocksAhead(lifecycle, ticket);
        if (isOver(lifecycle, ticket) && ahead.length > 0) return false;
        if (ahead.some(({ clock }) => Object.hasOwn(ticket.clocks, clock))) return false;
        return states
          .slice(at + 1)
          .flatMap(({ clocks }) => Object.keys(clocks))
          .filter((clock) => !Object.hasOwn(ticket.clocks, clock) && lifecycle.clocks[clock]?.days !== undefined)
          .every((clock) => ahead.some((one) => one.clock === clock));
      });
    }),
    { numRuns: 300 },
  );
  const objection = lifecycles.get('objection')!;
  const filed = (holder: string): TicketState =>
    apply(objection, holder, undefined, {
      at: START,
      act: 'file',
      party: 'company',
      fields: fieldsFor(objection, { act: 'file' }),
    });
  t.same(clocksAhead(objection, filed('provider')), [
    { clock: 'decide', after: ['forward'] },
    { clock: 'delete', after: ['tell-revoked'] },
    { clock: 'take-down', after: ['tell-repaired'] },
  ]);
  t.same(clocksAhead(objection, filed('centre')), [], 'what another holder does is not ahead');
  t.end();
});

t.test('what an act lacks is told at once, all of it, and never what was said', (t) => {
  const life = declared();
  const both = makeLifecycle(
    'x',
    { ...life, acts: { ...life.acts, file: { ...life.acts.file, requires: ['grounds', 'scope'] } } },
    { file: 'x' },
  );
  const event = { at: START, act: 'file', party: 'asker' };
  t.throws(() => apply(both, 'giver', undefined, { ...event, fields: {} }), {
    code: 'act_incomplete',
    message: '`grounds` is missing; `scope` is missing',
  });
  t.throws(
    () =>
      apply(both, 'giver', undefined, {
        ...event,
        fields: { grounds: 'x', scope: '91990102MA00001692'.repeat(9), other: '王小明' },
      }),
    {
      code: 'act_incomplete',
      message:
        '`grounds` needs 4 characters at least; `scope` may have 100 characters; there is a field that the act ' +
        'does not take',
    },
  );
  t.end();
});

t.test('an extension counts once it is agreed to, once a clock, and not after the term is over', (t) => {
  const life = makeLifecycle('sharing', sharing(), { file: 'sharing' });
  const at = (local: string): number => Date.parse(`${local}T10:00:00+08:00`);
  const filed = apply(life, 'giver', undefined, {
    at: at('2026-02-13'),
    act: 'file',
    party: 'asker',
    fields: { grounds: 'to issue permits' },
  });
  const due = (ticket: TicketState): string | undefined =>
    nextDue(readClocks(life, calendar, ticket, ticket.at))?.due.day;
  t.equal(due(filed), '2026-03-05', 'ten working days over Spring Festival');
  const asked = apply(life, 'giver', filed, {
    at: at('2026-02-24'),
    act: 'extend',
    clock: 'reply',
    days: 10,
    party: 'giver',
    fields: { reason: 'a large application' },
  });
  t.equal(due(asked), '2026-03-05', 'not agreed to');
  t.equal(
    codeOf(() =>
      apply(life, 'giver', asked, { at: at('2026-02-24'), act: 'consent', clock: 'reply', party: 'giver', fields: {} }),
    ),
    'act_refused',
    'not by the one that asked',
  );
  const agreed = apply(life, 'giver', asked, {
    at: at('2026-02-25'),
    act: 'consent',
    clock: 'reply',
    party: 'office',
    fields: {},
  });
  t.equal(due(agreed), '2026-03-19');
  t.equal(
    codeOf(() =>
      apply(life, 'giver', agreed, {
        at: at('2026-02-26'),
        act: 'extend',
        clock: 'reply',
        days: 1,
        party: 'giver',
        fields: { reason: 'once more' },
      }),
    ),
    'act_refused',
  );
  t.equal(
    codeOf(() => checkExtension(life, calendar, asked, { at: at('2026-03-05'), act: 'consent', clock: 'reply' })),
    undefined,
  );
  t.equal(
    codeOf(() => checkExtension(life, calendar, asked, { at: at('2026-03-06'), act: 'consent', clock: 'reply' })),
    'act_refused',
    'a consent that comes late revives no clock',
  );
  t.equal(
    codeOf(() => checkExtension(life, calendar, filed, { at: at('2026-03-06'), act: 'extend', clock: 'reply' })),
    'act_refused',
  );
  t.equal(
    codeOf(() => checkExtension(life, calendar, filed, { at: at('2026-03-05'), act: 'extend', clock: 'reply' })),
    undefined,
  );
  t.end();
});

t.test('what is missing is told once; the clock starts anew when it is there', (t) => {
  const life = makeLifecycle('sharing', sharing(), { file: 'sharing' });
  const at = (local: string): number => Date.parse(`${local}T10:00:00+08:00`);
  const fields = { grounds: 'to issue permits' };
  const events: TicketEvent[] = [
    { at: at('2026-03-02'), act: 'file', party: 'asker', fields },
    { at: at('2026-03-03'), act: 'tell-missing', party: 'giver', fields: { reason: 'the term is missing' } },
    { at: at('2026-03-16'), act: 'complete', party: 'asker', fields },
  ];
  const told = replay(life, 'giver', events.slice(0, 2));
  t.equal(
    nextDue(readClocks(life, calendar, told, at('2026-03-10'))),
    undefined,
    'nobody’s time runs while it is with the applicant',
  );
  const ticket = replay(life, 'giver', events);
  t.equal(nextDue(readClocks(life, calendar, ticket, ticket.at))?.due.day, '2026-03-30');
  t.same(mayDo(life, 'giver', ticket, 'giver'), ['agree', 'refuse']);
  t.end();
});

t.test('a lifecycle in which something leads nowhere is refused', (t) => {
  const base = declared();
  t.equal(
    codeOf(() => makeLifecycle('x', base, { file: 'x' })),
    undefined,
  );
  const { acts, states, clocks, parties } = base;
  for (const [wrong, why] of [
    [{ states: { ...states, lost: { title: base.title, effect: 'none' } } }, /`states\.lost` is reached by no act/],
    [{ acts: { ...acts, close: { ...acts.close, by: [] } } }, /by/],
    [{ acts: { ...acts, close: { ...acts.close, by: ['nobody'] } } }, /unknown party `nobody`/],
    [{ acts: { ...acts, close: { ...acts.close, to: 'nowhere' } } }, /unknown state/],
    [{ acts: { ...acts, close: { ...acts.close, requires: ['colour'] } } }, /unknown field/],
    [{ acts: { ...acts, reopen: { ...acts.close, from: ['closed'], to: 'filed' } } }, /is terminal/],
    [{ clocks: { reply: { ...clocks.reply, stops: ['file'] } } }, /`clocks\.reply` never stops/],
    [{ clocks: { reply: { ...clocks.reply, stops: [] } } }, /stops/],
    [{ clocks: { reply: { ...clocks.reply, starts: ['close'], stops: ['file'] } } }, /never stops/],
    [{ clocks: { reply: { ...clocks.reply, runsOut: 'close' } } }, /runsOut/],
    [{ states: { ...states, closed: { ...states.closed, terminal: false } } }, /leads to no end/],
    [{ acts: { ...acts, extend: acts.close } }, /every lifecycle has already/],
    [
      { parties: { asker: parties.asker, giver: { ...parties.giver, authority: undefined } } },
      /nobody holds the record/,
    ],
    [{ colour: 'red' }, /colour/],
  ] as const)
    t.throws(() => makeLifecycle('x', JSON.parse(JSON.stringify({ ...base, ...wrong })), { file: 'x' }), {
      code: 'bad_lifecycle',
      message: why,
    });
  t.end();
});

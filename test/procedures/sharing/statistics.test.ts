/**
 * Figures of sharing beside a count that knows nothing of how they are computed: random matters of three machines go
 * through the store, which is closed and opened between them; what was done stands in a plain list as well, and is
 * counted from there with a calendar of its own.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import {
  applyMatter,
  checkMatterTerms,
  isMatterOver,
  type MatterEvent,
  type MatterState,
  mayDoIn,
} from '../../../contracts/lifecycle/matter.js';
import type { Lifecycle } from '../../../contracts/lifecycle/types.js';
import { loadSharingPlaces } from '../../../contracts/sharing-places.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { countsFor, type FiguresOf, figuresFor } from '../../../gateway/procedures/sharing/shown.js';
import type { TermFigures } from '../../../gateway/procedures/sharing/statistics/figures.js';
import { statisticsOf } from '../../../gateway/procedures/sharing/statistics/index.js';
import { boundsOf, periodOf } from '../../../gateway/procedures/sharing/statistics/period.js';
import { links, MatterStore } from '../../../gateway/procedures/sharing/store.js';
import type { MatterHead, Sides } from '../../../gateway/procedures/sharing/types.js';
import { randomOf } from '../../support/conformance/state-model.js';
import { declared, people, person, workspace } from './world.js';

t.setTimeout(600_000);
const WORLDS = 8;
const MATTERS = 30;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEGIN = Date.parse('2026-01-19T09:00:00+08:00');
const LAST = Date.parse('2026-12-20T00:00:00+08:00');
const BUREAU: FiguresOf = { authority: 'data-bureau', level: true };
const places = (await loadSharingPlaces(workspace))!;
const calendar = declared.calendars.get('mainland')!;

/** What somebody did, and nothing of what came of it. */
interface Done {
  readonly matter: string;
  readonly machine: string;
  readonly part: string;
  readonly variant: string;
  readonly sides: Sides;
  readonly act: string;
  readonly at: number;
  /** Of a consent: how many days more. */
  readonly days: number;
}

// a calendar of its own: the file of the State Council's notices, and weekdays
const file = JSON.parse(readFileSync(join(packageRoot(), 'contracts/calendars/mainland.json'), 'utf8')) as {
  readonly years: Readonly<
    Record<string, { readonly holidays: readonly string[]; readonly makeUpDays: readonly string[] }>
  >;
};
const dayIn = (at: number): string => new Date(at + 8 * HOUR).toISOString().slice(0, 10);
const next = (day: string): string => new Date(Date.parse(day) + DAY).toISOString().slice(0, 10);
function works(day: string): boolean {
  const { holidays, makeUpDays } = file.years[day.slice(0, 4)]!;
  if (makeUpDays.includes(day)) return true;
  for (const range of holidays) {
    const [first = '', last = first] = range.split('/');
    if (day >= first && day <= last) return false;
  }
  return ![0, 6].includes(new Date(day).getUTCDay());
}
function lastDay(from: string, days: number): string {
  let [day, left] = [from, days];
  while (left > 0) {
    day = next(day);
    if (works(day)) left--;
  }
  return day;
}
function worked(from: string, to: string): number {
  let sum = 0;
  for (let day = from; day < to; ) {
    day = next(day);
    if (works(day)) sum++;
  }
  return sum;
}

interface Term {
  readonly machine: string;
  readonly starts: readonly string[];
  /** Acts that do what it waits for, and those that end it otherwise. */
  readonly does: readonly string[];
  readonly ends: readonly string[];
  readonly days: (variant: string) => number;
}
const ANSWER: Term = {
  machine: 'application',
  starts: ['file', 'complete'],
  does: ['agree', 'agree-standing', 'refuse'],
  ends: ['tell-missing', 'withdraw'],
  days: (variant) => (variant === 'unconditional' ? 1 : 10),
};
const SUPPLY: Term = {
  machine: 'application',
  starts: ['agree', 'agree-standing'],
  does: ['supply'],
  ends: ['end'],
  days: () => 20,
};
const CORRECT: Term = {
  machine: 'correction',
  starts: ['file'],
  does: ['feed-back', 'feed-back-kept'],
  ends: ['withdraw'],
  days: () => 10,
};

/** The plain count. @param until exclusive */
function counted(all: readonly Done[], term: Term, begin: number, until: number): TermFigures {
  const parts = new Map<string, Done[]>();
  for (const one of all)
    if (one.machine === term.machine && one.at < until) {
      const key = `${one.matter} ${one.part}`;
      parts.set(key, [...(parts.get(key) ?? []), one]);
    }
  const days: number[] = [];
  let [inTime, late, waiting, overdue] = [0, 0, 0, 0];
  for (const done of parts.values()) {
    let since: number | undefined;
    let more = 0;
    for (const { act, at, variant, days: extension } of done) {
      if (since !== undefined && act === 'consent') more = extension;
      if (since !== undefined && term.does.includes(act) && at >= begin) {
        if (dayIn(at) > lastDay(dayIn(since), term.days(variant) + more)) late++;
        else inTime++;
        days.push(worked(dayIn(since), dayIn(at)));
      }
      if (term.does.includes(act) || term.ends.includes(act)) since = undefined;
      if (term.starts.includes(act)) [since, more] = [at, 0];
    }
    if (since === undefined) continue;
    waiting++;
    const due = lastDay(dayIn(since), term.days(done[0]!.variant) + more);
    if (until >= Date.parse(`${next(due)}T00:00:00+08:00`)) overdue++;
  }
  const sorted = days.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1]!;
  return {
    inTime,
    late,
    waiting,
    overdue,
    ...(sorted.length === 0
      ? {}
      : {
          mean: Math.round((sorted.reduce((a, b) => a + b, 0) / sorted.length) * 10) / 10,
          median: at(0.5),
          p90: at(0.9),
        }),
  };
}

const PARTS = { 'tax.one': 'unconditional', 'samr.two': 'conditional' };
const tally = (acts: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...new Set(acts)].sort().map((act) => [act, acts.filter((one) => one === act).length]));

function fieldsFor(lifecycle: Lifecycle, act: string, at: number): Readonly<Record<string, string>> {
  const requires = lifecycle.acts[act]?.requires ?? (act === 'extend' ? ['reason'] : []);
  return Object.fromEntries(
    requires.map((name) => {
      const { codes, day } = lifecycle.fields[name] ?? {};
      return [name, day === true ? dayIn(at + 9 * DAY) : (Object.keys(codes ?? {})[0] ?? '写明理由')];
    }),
  );
}

/** A matter that people push on, at random. */
interface Walking {
  readonly head: MatterHead;
  readonly lifecycle: Lifecycle;
  state: MatterState | undefined;
  version: number;
  openedAt: number;
}

function tried(one: Walking, at: number, random: () => number): MatterEvent | undefined {
  const { lifecycle, state } = one;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const who = `p${String(Math.floor(random() * 6))}`;
  if (state === undefined) {
    const [act, rule] = pick(Object.entries(lifecycle.acts).filter(([, { from }]) => from.length === 0));
    const parts = lifecycle.id === 'application' ? { parts: PARTS } : {};
    return { at, act, party: pick(rule.by), who, fields: fieldsFor(lifecycle, act, at), ...parts };
  }
  const possible = Object.keys(lifecycle.parties).flatMap((party) =>
    [...mayDoIn(lifecycle, state, party, who)].map(([act, parts]) => ({ act, party, parts })),
  );
  const own = possible.filter(
    ({ act }) => !['withdraw', 'return', 'send-back', 'save'].includes(act) || random() < 0.08,
  );
  if (lifecycle.id === 'application' && random() < 0.2) {
    const part = pick(Object.keys(PARTS));
    const clock = `reply-${PARTS[part as keyof typeof PARTS]}`;
    const asked = (state.parts[part]?.clocks[clock]?.asked ?? 0) > 0;
    return asked
      ? { at, act: 'consent', party: 'authority', who, fields: {}, part, clock }
      : {
          at,
          act: 'extend',
          party: 'provider',
          who,
          fields: { reason: '情况复杂' },
          part,
          clock,
          days: 1 + Math.floor(random() * 10),
        };
  }
  if (own.length === 0) return undefined;
  const { act, party, parts } = pick(own);
  const rule = lifecycle.acts[act];
  return {
    at,
    act,
    party,
    who,
    fields: fieldsFor(lifecycle, act, at),
    ...(rule?.each === true ? { part: pick(parts) } : {}),
    ...(rule?.parts === true ? { parts: PARTS } : {}),
  };
}

/** One step through the store, where it is possible; what was done goes into the list. */
async function step(one: Walking, state: State, event: MatterEvent, list: Done[]): Promise<boolean> {
  const { head, lifecycle } = one;
  const before = one.state;
  let after: MatterState;
  try {
    if (before !== undefined) checkMatterTerms(lifecycle, calendar, before, event);
    after = applyMatter(lifecycle, before, event);
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return false;
  }
  const over = isMatterOver(lifecycle, after);
  const stored = { head, version: one.version, state: after, contents: {}, openedAt: one.openedAt, at: event.at };
  const own = [links.at(links.ofMachine(head.machine, over), event.at)];
  const entry = `w1:${String(list.length)}`;
  const store = new MatterStore(state);
  if (!(await store.commit({ stored, step: { event, entry }, links: own, beside: [] }, `${head.id}/${entry}`)))
    throw new Error('nobody else writes here');
  for (const [part, { holder }] of Object.entries(after.parts)) {
    if (after.parts[part] === before?.parts[part]) continue;
    const days = event.act === 'consent' ? (before?.parts[part]?.clocks[event.clock ?? '']?.asked ?? 0) : 0;
    const sides = { ...head.sides[''], ...head.sides[part] };
    list.push({
      matter: head.id,
      machine: head.machine,
      part,
      variant: holder,
      sides,
      act: event.act,
      at: event.at,
      days,
    });
  }
  one.state = after;
  one.version = (await store.find(head.id))?.version ?? 0;
  return true;
}

function begun(at: number, n: number, random: () => number): Walking {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const machine = pick(['application', 'application', 'application', 'correction', 'misuse']);
  const whole = {
    requester: pick(['transport', 'court']),
    provider: pick(['tax', 'samr']),
    authority: random() < 0.85 ? 'data-bureau' : 'province-data-bureau',
  };
  const ownParts = { 'tax.one': { provider: 'tax' }, 'samr.two': { provider: 'samr' } };
  return {
    head: {
      id: n.toString(16).padStart(16, '0'),
      machine,
      sides: { '': whole, ...(machine === 'application' ? ownParts : {}) },
      about: [],
    },
    lifecycle: declared.matters.get(machine)!,
    state: undefined,
    version: 0,
    openedAt: at,
  };
}

t.test(`${String(WORLDS)} offices of ${String(MATTERS)} random matters, counted twice`, async (t) => {
  let [steps, compared, answered, late] = [0, 0, 0, 0];
  for (let seed = 0; seed < WORLDS; seed++) {
    const random = randomOf(seed);
    const dir = t.testdir();
    let state = openEmbeddedState({ dir });
    const list: Done[] = [];
    const all: Walking[] = [];
    let now = BEGIN;
    const ask = async (whose: FiguresOf, from: string, to: string): Promise<void> => {
      const found = await statisticsOf(
        {
          workspace,
          places,
          declared,
          policies: () => ({ grants: new Map(), clients: new Map() }),
          state,
          search: { overview: () => Promise.resolve({ hours: {}, grants: {} }) },
          dataDir: dir,
          now: () => now,
        },
        whose,
        { from, to },
      );
      const bounds = boundsOf({ from, to });
      const until = Math.min(bounds.end, now);
      const mine = (sides: Sides): boolean =>
        whose.level ? sides.authority === whose.authority : [sides.provider, sides.requester].includes(whose.authority);
      const check = (figures: typeof found.total, of: readonly Done[], what: string): void => {
        const where = `${what}, ${from} to ${to}, world ${String(seed)}`;
        for (const [name, term] of [
          ['answers', ANSWER],
          ['supplies', SUPPLY],
          ['corrections', CORRECT],
        ] as const) {
          const plain = counted(of, term, bounds.begin, until);
          if (JSON.stringify(figures.terms[name]) !== JSON.stringify(plain))
            throw new Error(
              `${name} of ${where}: ${JSON.stringify(figures.terms[name])}, not ${JSON.stringify(plain)}`,
            );
          answered += plain.inTime;
          late += plain.late;
        }
        for (const machine of ['application', 'correction', 'misuse']) {
          const upTo = of.filter((one) => one.machine === machine && one.at < until);
          const within = upTo.filter(({ at }) => at >= bounds.begin);
          const filed = machine === 'application' ? 'file' : undefined;
          const keys = (from2: readonly Done[]) => new Set(from2.map(({ matter, part }) => `${matter} ${part}`));
          const came = [...keys(upTo)].filter((key) => {
            const own = upTo.filter(({ matter, part }) => `${matter} ${part}` === key);
            const first = own.find(({ act }) => filed === undefined || act === filed);
            return first !== undefined && first.at >= bounds.begin;
          }).length;
          const public_ = new Set(
            [...keys(upTo)].filter((key) =>
              upTo.some(
                ({ matter, part, act }) => `${matter} ${part}` === key && (filed === undefined || act === filed),
              ),
            ),
          );
          const acts = tally(
            within.filter(({ matter, part }) => public_.has(`${matter} ${part}`)).map(({ act }) => act),
          );
          const told = figures.machines[machine];
          if ((told?.came ?? 0) !== came)
            throw new Error(`${machine} came, of ${where}: ${String(told?.came)}, not ${String(came)}`);
          if (JSON.stringify(told?.acts ?? {}) !== JSON.stringify(acts))
            throw new Error(
              `acts of ${machine} of ${where}: ${JSON.stringify(told?.acts)}, not ${JSON.stringify(acts)}`,
            );
        }
        compared++;
      };
      const own = list.filter(({ sides }) => mine(sides));
      check(found.total, own, `all of ${whose.authority}`);
      for (const { authority, provides, requests } of found.departments) {
        check(
          provides,
          own.filter(({ sides }) => sides.provider === authority),
          `what ${authority} provides`,
        );
        check(
          requests,
          own.filter(({ sides }) => sides.requester === authority),
          `what ${authority} requests`,
        );
      }
      if (!whose.level)
        t.strictSame(
          found.departments.map(({ authority }) => authority).filter((one) => one !== whose.authority),
          [],
        );
    };
    for (let n = 0; n < MATTERS * 14 && now < LAST; n++) {
      now += Math.floor(random() * random() * 2.4 * DAY * (MATTERS / Math.max(10, all.length)) * 0.5);
      if (all.length < MATTERS && random() < 0.15) all.push(begun(now, all.length, random));
      const open = all.filter((one) => one.state === undefined || !isMatterOver(one.lifecycle, one.state));
      const one = open[Math.floor(random() * open.length)];
      const event = one === undefined ? undefined : tried(one, now, random);
      if (one === undefined || event === undefined) continue;
      if (one.state === undefined) one.openedAt = now;
      if (await step(one, state, event, list)) steps++;
      if (random() < 0.02) {
        await state.close();
        state = openEmbeddedState({ dir });
      }
      if (random() < 0.015) await ask(BUREAU, '2026-01-01', dayIn(now));
    }
    await state.close();
    state = openEmbeddedState({ dir });
    for (const period of ['2026', '2026-Q1', '2026-Q2', '2026-Q3', '2026-03']) {
      const { from, to } = periodOf({ period }, now);
      if (from > dayIn(now)) continue;
      await ask(BUREAU, from, to);
      for (const authority of ['tax', 'transport']) await ask({ authority, level: false }, from, to);
    }
    await state.close();
  }
  t.ok(
    steps > WORLDS * 100 && answered > 100 && late > 50,
    `${String(steps)} steps, ${String(compared)} sets of figures, ${String(answered)} in time, ${String(late)} late`,
  );
});

t.test('who is told which figures', (t) => {
  const of = (actor: Parameters<typeof figuresFor>[0]) => figuresFor(actor, places);
  t.strictSame(of(people.bureau), BUREAU, 'the sharing authority: its level');
  t.strictSame(of(person('department-head', 'data-bureau')), BUREAU, 'and its head, who approves');
  t.strictSame(of(people.officer), { authority: 'transport', level: false }, 'a department: its own');
  t.strictSame(of(person('sharing-authority', 'transport')), undefined, 'a role alone is not enough');
  t.strictSame(of(person('government', 'yunzhou-government')), undefined, 'the government is reported to');
  t.strictSame(of({ kind: 'platform' }), undefined);
  t.notOk(
    countsFor(
      { authority: 'samr', level: false },
      { provider: 'tax', requester: 'transport', authority: 'data-bureau' },
    ),
  );
  t.notOk(countsFor(BUREAU, { provider: 'tax', requester: 'transport', superior: 'data-bureau' }), 'a matter above');
  t.end();
});

t.test('periods', (t) => {
  const now = Date.parse('2026-11-26T12:00:00+08:00');
  t.strictSame(periodOf({}, now), { from: '2026-10-01', to: '2026-12-31' });
  t.strictSame(periodOf({ period: '2026-Q1' }, now), { from: '2026-01-01', to: '2026-03-31' });
  t.strictSame(periodOf({ period: '2024-02' }, now), { from: '2024-02-01', to: '2024-02-29' });
  t.strictSame(periodOf({ period: '2025' }, now), { from: '2025-01-01', to: '2025-12-31' });
  for (const wrong of [
    { period: '2026-Q5' },
    { period: 'now' },
    { from: '2026-02-30', to: '2026-03-01' },
    { from: '2026-03-02', to: '2026-03-01' },
    { from: '2026-03-02' },
    { from: '2006-01-01', to: '2026-03-01' },
    { period: '2026', from: '2026-03-02', to: '2026-03-03' },
  ])
    t.throws(() => periodOf(wrong, now), { code: 'bad_request' }, JSON.stringify(wrong));
  t.end();
});

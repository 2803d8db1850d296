/**
 * What waits for whom and what is counted, over random days of many cases with restarts and repeats: the index says what
 * the cases say, and the figures what somebody counts who writes down every decision.
 */
import fc from 'fast-check';
import t from 'tap';
import { dayOf } from '../../../contracts/calendar.js';
import { isYitongError } from '../../../contracts/errors.js';
import { type BundleFigures, monthsUntil, readFigures } from '../../../gateway/procedures/cases/figures.js';
import type { Doing, OpenedCase } from '../../../gateway/procedures/cases/types.js';
import type { WaitingLine } from '../../../gateway/procedures/cases/waiting.js';
import { WaitingIndex } from '../../../gateway/procedures/cases/waiting.js';
import { applicantOf, calendar, elements, filledIn, named, type Office, office, officer, saying } from './office.js';

t.setTimeout(240_000);

const BUNDLES = ['open-restaurant', 'open-company', 'deregister-company'];
const HOUR = 3_600_000;

/** Something that somebody may do with the case now; undefined where nothing is left. */
function chosen(opened: OpenedCase, choice: number): { readonly by: string; readonly doing: Doing } | undefined {
  const { state, acts } = opened;
  const { plan } = state;
  const held = Object.entries(state.items).filter(([, { status }]) => status === 'held');
  const own = acts.filter(({ act }) => ['give', 'step', 'rate'].includes(act));
  const mine = own[choice % Math.max(1, own.length)];
  if (mine !== undefined && (held.length === 0 || choice % 3 === 0)) {
    if (mine.act === 'give') return { by: '', doing: { act: 'give', item: mine.item ?? '', values: {}, says: '补' } };
    if (mine.act === 'step')
      return { by: '', doing: { act: 'step', step: mine.step ?? '', port: mine.port ?? 'post' } };
    return { by: '', doing: { act: 'rate', grade: ((choice % 5) + 1) as 1, says: '' } };
  }
  const [item, one] = held[choice % Math.max(1, held.length)] ?? [];
  if (item !== undefined && one !== undefined) {
    const planned = plan?.items[item];
    const issued = Object.fromEntries(
      (planned?.issues ?? []).map((id) => [id, elements.elements.get(id)?.examples[0] ?? '']),
    );
    const grant: Doing = { act: 'grant', item, checked: planned?.unknown ?? [], issued };
    const refusal: Doing = { act: 'refuse', item, says: '不符合' };
    const ask: Doing = { act: 'ask', item, says: '请补正', fields: [] };
    const may = planned?.told === true ? [grant] : [grant, grant, ...(one.askedAt === undefined ? [ask] : []), refusal];
    return { by: planned?.authority ?? '', doing: may[choice % may.length] as Doing };
  }
  const task = Object.entries(state.tasks).find(([, { doneAt }]) => doneAt === undefined);
  if (task !== undefined) return { by: task[1].owner, doing: { act: 'settle', task: task[0] } };
  const { rating } = state;
  return rating !== undefined && rating.grade <= 2 && rating.answeredAt === undefined
    ? { by: plan?.authority ?? '', doing: { act: 'answer', says: '已核实' } }
    : undefined;
}

/** What the cases themselves say of an authority. */
function waitsFor(authority: string, all: readonly OpenedCase[]): readonly string[] {
  return all
    .flatMap(({ id, state }) => [
      ...Object.entries(state.items).flatMap(([item, { status }]) =>
        state.plan?.items[item]?.authority === authority && (status === 'held' || status === 'supplement')
          ? [`${id} ${status === 'held' ? 'held' : 'asked'} ${item}`]
          : [],
      ),
      ...Object.entries(state.tasks).flatMap(([task, { owner, doneAt }]) =>
        owner === authority && doneAt === undefined ? [`${id} held ${task}`] : [],
      ),
      ...(state.plan?.authority === authority &&
      state.rating !== undefined &&
      state.rating.grade <= 2 &&
      state.rating.answeredAt === undefined
        ? [`${id} answer rating`]
        : []),
    ])
    .sort();
}

const GROUPS = ['held', 'asked', 'answer'] as const;
async function indexed(index: WaitingIndex, authority: string, now: number): Promise<readonly WaitingLine[]> {
  const found: WaitingLine[] = [];
  for (const group of GROUPS)
    for (let after: string | undefined; ; ) {
      const page = await index.list(authority, { group, limit: 3, ...(after === undefined ? {} : { after }) }, now);
      found.push(...page.lines);
      if (page.next === undefined) break;
      after = page.next;
    }
  return found;
}

async function everyCase(here: Office, ids: ReadonlyMap<string, string>): Promise<readonly OpenedCase[]> {
  const all: OpenedCase[] = [];
  for (const [id, bundle] of ids)
    all.push(await here.cases.get(id, { actor: applicantOf(named(bundle)), record: here.record }));
  return all;
}

/** What somebody writes down who sees every case at the end. */
function tallied(all: readonly OpenedCase[]) {
  const count = (of: (one: OpenedCase) => number): number => all.reduce((sum, one) => sum + of(one), 0);
  return {
    submitted: all.length,
    whole: count(({ state }) => (state.decidedAt === undefined ? 0 : 1)),
    decided: count(
      ({ state }) =>
        Object.entries(state.items).filter(
          ([item, { decidedAt }]) => decidedAt !== undefined && state.plan?.items[item]?.told === false,
        ).length,
    ),
    rated: [1, 2, 3, 4, 5].map((grade) => count(({ state }) => (state.rating?.grade === grade ? 1 : 0))),
    answered: count(({ state }) => (state.rating?.answeredAt === undefined ? 0 : 1)),
  };
}
function figured(all: readonly BundleFigures[]) {
  const sum = (of: (one: BundleFigures) => number): number => all.reduce((n, one) => n + of(one), 0);
  return {
    submitted: sum((one) => one.submitted),
    whole: sum((one) => one.days.all),
    decided: sum((one) => [...one.departments.values()].reduce((n, { granted, refused }) => n + granted + refused, 0)),
    rated: [1, 2, 3, 4, 5].map((grade) => sum((one) => one.ratings.get(grade as 1) ?? 0)),
    answered: sum(({ answered: { inTime, late } }) => inTime + late),
  };
}

t.test('the index and the figures say what the cases say, at any moment', async (t) => {
  const here = await office(t, { registers: saying({}) });
  const ids = new Map<string, string>();
  const choices = fc.sample(fc.nat(1_000_000), { numRuns: 260, seed: 7 });
  let lines = 0;
  let late = 0;
  for (const [at, choice] of choices.entries()) {
    here.now += (choice % 30) * HOUR;
    if (choice % 23 === 0) await here.again();
    if (ids.size < 14 && choice % 4 === 0) {
      const bundle = named(BUNDLES[choice % BUNDLES.length] as string);
      const id = await filledIn(here, bundle, bundle.usual.answers).catch(() => undefined);
      const submitted =
        id !== undefined &&
        (await here.cases.act(id, { act: 'submit' }, { actor: applicantOf(bundle), record: here.record }).then(
          () => true,
          (error: unknown) => !isYitongError(error),
        ));
      if (id !== undefined && submitted) ids.set(id, bundle.id);
    } else if (ids.size > 0) {
      const [id, bundle] = [...ids][choice % ids.size] as [string, string];
      const opened = await here.cases.get(id, { actor: applicantOf(named(bundle)), record: here.record });
      const turn = chosen(opened, choice);
      if (turn !== undefined) {
        const actor = turn.by === '' ? applicantOf(named(bundle)) : officer(turn.by);
        const how = { actor, record: here.record, key: String(at) };
        for (let time = 0; time <= choice % 2; time++) await here.cases.act(id, turn.doing, how);
      }
    }
    if (at % 13 !== 0) continue;
    const all = await everyCase(here, ids);
    const index = new WaitingIndex(here.state, calendar);
    const authorities = new Set(
      all.flatMap(({ state }) => [
        state.plan?.authority ?? '',
        ...Object.values(state.plan?.items ?? {}).map(({ authority }) => authority),
      ]),
    );
    const over = new Map<string, number>();
    for (const authority of authorities) {
      const found = await indexed(index, authority, here.now);
      t.same(
        found.map(({ case: id, group, item, task }) => `${id} ${group} ${item ?? task ?? 'rating'}`).sort(),
        waitsFor(authority, all),
        `${authority}, after ${String(at)} acts`,
      );
      const counts = await index.counts(authority, here.now);
      for (const group of GROUPS)
        t.equal(
          [...counts.bundles[group].values()].reduce((sum, n) => sum + n, 0),
          found.filter((line) => line.group === group).length,
          `${authority} ${group}: the counters`,
        );
      for (const { case: id, item, task, term, bundle, group } of found) {
        const opened = all.find((one) => one.id === id);
        const own = item !== undefined ? opened?.terms[item] : opened?.taskTerms[task ?? ''];
        if (group !== 'answer') t.same(term, own, 'the same term as on the case');
        if (term?.over === true && group !== 'asked')
          over.set(`${authority} ${bundle}`, (over.get(`${authority} ${bundle}`) ?? 0) + 1);
      }
      t.equal(
        counts.over,
        found.filter(({ group, term }) => group === 'held' && term?.over === true).length,
        'what is past its term',
      );
      lines += found.length;
      late += counts.over;
    }
    t.same(new Map([...(await index.over(here.now))].sort()), new Map([...over].sort()), 'of all authorities together');
    const figures = await readFigures(here.state, monthsUntil(here.now, 36));
    t.same(figured([...figures.values()]), tallied(all), `the figures on ${dayOf(here.now)}`);
  }
  t.ok(lines > 100 && late > 10, `${String(lines)} lines, ${String(late)} of them late`);
});

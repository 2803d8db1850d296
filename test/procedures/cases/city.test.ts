/**
 * The six bundles of the reference city: each on its good path, one refusal with what is left standing, one supplement;
 * a deregistration with each of its bars, and what nobody knows.
 */
import t, { type Test } from 'tap';
import type { Answers, Bundle, Json } from '../../../contracts/bundle/types.js';
import { isYitongError } from '../../../contracts/errors.js';
import type { CaseState } from '../../../gateway/procedures/cases/machine.js';
import type { PlannedTerm } from '../../../gateway/procedures/cases/plan.js';
import { nextTurn, type Turns } from '../../../gateway/procedures/cases/play.js';
import { termOf } from '../../../gateway/procedures/cases/terms.js';
import {
  applicantOf,
  bundles,
  calendar,
  elements,
  filledIn,
  named,
  type Office,
  office,
  officer,
  START,
  saying,
} from './office.js';
import { type Registers, registersSaying, usualRows } from './registers.js';

t.setTimeout(120_000);

/** To its end. */
async function play({ cases, record }: Office, bundle: Bundle, id: string, turns: Turns = {}): Promise<CaseState> {
  for (;;) {
    const { state } = await cases.get(id, { actor: applicantOf(bundle), record });
    const turn = nextTurn(state, bundle, elements, turns);
    if (turn === undefined) return state;
    await cases.act(id, turn.doing, {
      actor: turn.by === 'applicant' ? applicantOf(bundle) : officer(turn.by),
      record,
    });
  }
}
const statuses = ({ items }: CaseState): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(items).map(([id, { status }]) => [id, status]));

async function usually(t: Test, bundle: Bundle): Promise<Office> {
  return office(t, { registers: saying(bundle.usual.registers) });
}

t.test('each comes to its good end, and every department got its own form, whole', async (t) => {
  for (const bundle of bundles.values()) {
    const here = await usually(t, bundle);
    const id = await filledIn(here, bundle);
    const state = await play(here, bundle, id);
    t.equal(state.phase, 'delivered', bundle.id);
    t.ok(
      Object.values(state.items).every(({ status }) => status === 'granted'),
      `${bundle.id}: ${JSON.stringify(statuses(state))}`,
    );
    for (const [item, { authority }] of Object.entries(state.plan?.items ?? {})) {
      const { contents } = await here.cases.get(id, { actor: officer(authority), record: here.record });
      const fields = Object.values(contents?.layout[item] ?? {});
      const required =
        bundle.items.get(item)?.form.fields.filter((field) => field.required && field.when.rule.op === 'always') ?? [];
      t.ok(fields.length > 0, `${bundle.id} ${item} has a form`);
      for (const { element } of required) t.ok(contents?.values[element ?? ''] !== undefined, `${item} has ${element}`);
    }
  }
});

t.test('one refusal each leaves what the bundle says', async (t) => {
  const expected: Readonly<
    Record<string, readonly [refused: string, Readonly<Record<string, string>>, phase: string, owner?: string]>
  > = {
    'open-restaurant': [
      'food-licence',
      { 'food-licence': 'refused', 'shop-sign': 'granted', 'fire-check': 'granted' },
      'delivered',
      'samr',
    ],
    'open-transport': [
      'goods-permit',
      { 'scope-change': 'granted', 'goods-permit': 'refused', 'vehicle-certificates': 'dropped' },
      'delivered',
      'transport',
    ],
    'change-company': ['seal', { registration: 'granted', seal: 'refused', tax: 'granted' }, 'delivered', 'police'],
    'deregister-company': [
      'tax',
      {
        tax: 'refused',
        insurance: 'dropped',
        medical: 'dropped',
        fund: 'dropped',
        customs: 'dropped',
        registration: 'dropped',
        seal: 'dropped',
      },
      'decided',
      'tax',
    ],
    'open-company': [
      'tax',
      { registration: 'granted', seal: 'granted', tax: 'refused', insurance: 'granted', fund: 'granted' },
      'delivered',
      'tax',
    ],
    'transfer-real-estate': [
      'taxes',
      { contract: 'undone', taxes: 'refused', registration: 'dropped', water: 'dropped' },
      'decided',
      'tax',
    ],
  };
  for (const [name, [refused, items, phase, owner]] of Object.entries(expected)) {
    const bundle = named(name);
    const here = await usually(t, bundle);
    const id = await filledIn(here, bundle);
    const state = await play(here, bundle, id, { refuse: [refused] });
    t.match(statuses(state), items, name);
    t.equal(state.phase, phase, name);
    t.strictSame(
      Object.values(state.tasks).map((task) => task.owner),
      owner === undefined ? [] : [owner],
      `${name}: who has a task`,
    );
    const { contents, taskTerms } = await here.cases.get(id, { actor: applicantOf(bundle), record: here.record });
    t.match(contents?.items[refused]?.reasons, /不符合/, 'with its reasons');
    t.ok(
      Object.values(taskTerms).every(({ due }) => due.day > '2026-11-26'),
      'and a day',
    );
    const settled = await play(here, bundle, id, { settle: true });
    t.ok(
      Object.values(settled.tasks).every(({ doneAt }) => doneAt !== undefined),
      'until it is done',
    );
  }
});

t.test('one supplement each, asked once and whole; it stops the clock where the bundle says so', async (t) => {
  for (const bundle of bundles.values()) {
    const here = await usually(t, bundle);
    const id = await filledIn(here, bundle);
    const how = { actor: applicantOf(bundle), record: here.record };
    await here.cases.act(id, { act: 'submit' }, how);
    const first = await here.cases.get(id, how);
    const [item = ''] =
      Object.entries(first.state.items).find(
        ([one, { status }]) => status === 'held' && first.state.plan?.items[one]?.told === false,
      ) ?? [];
    const authority = officer(first.state.plan?.items[item]?.authority ?? '');
    const asking = { actor: authority, record: here.record };
    const fields = Object.keys(first.contents?.layout[item] ?? {}).slice(0, 1);
    const element = first.contents?.layout[item]?.[fields[0] ?? ''] ?? '';
    await here.cases.act(id, { act: 'ask', item, says: '请更正', fields }, asking);
    const waiting = await here.cases.get(id, how);
    t.match(waiting.contents?.items[item]?.asked, { says: '请更正', fields }, `${bundle.id}: what is asked for`);
    await t.rejects(
      here.cases.act(id, { act: 'give', item, values: {}, says: 'x' }, how),
      { code: 'act_incomplete' },
      'all of it at once',
    );
    here.now = START + 5 * 86_400_000;
    const value = elements.elements.get(element)?.examples[0] ?? '';
    await here.cases.act(id, { act: 'give', item, values: { [element]: value } }, how);
    const after = await here.cases.get(id, how);
    t.equal(after.state.items[item]?.status, 'held');
    const term = first.state.plan?.items[item]?.term;
    const [before, now] = [first.terms[item]?.due.day ?? '', after.terms[item]?.due.day ?? ''];
    if (term?.stops === true)
      t.ok(waiting.terms[item] === undefined && now > before, `${bundle.id}: ${before} → ${now}`);
    await t.rejects(
      here.cases.act(id, { act: 'ask', item, says: '还有', fields: [] }, asking),
      { code: 'act_refused' },
      'not a second time',
    );
    t.equal((await play(here, bundle, id)).phase, 'delivered');
  }
});

t.test('terms over National Day and make-up days, against dates worked out by hand', async (t) => {
  const bundle = named('open-restaurant');
  const here = await usually(t, bundle);
  // a Monday; Mid-Autumn 25 to 27 September, National Day 1 to 7 October; 10 October is a Saturday on which people work
  here.now = Date.parse('2026-09-21T10:00:00+08:00');
  const id = await filledIn(here, bundle);
  await here.cases.act(id, { act: 'submit' }, { actor: applicantOf(bundle), record: here.record });
  const { terms } = await here.cases.get(id, { actor: applicantOf(bundle), record: here.record });
  t.match(terms['fire-check'], { unit: 'on-the-spot', due: { day: '2026-09-21' }, left: 0 });
  t.match(terms['food-licence'], { due: { day: '2026-10-26', provisional: false }, left: 20 });
  const on = (day: string): number => Date.parse(`${day}T10:00:00+08:00`);
  const due = (
    term: PlannedTerm,
    heldAt: string,
    more: { readonly askedAt?: string; readonly givenAt?: string } = {},
  ): string | undefined =>
    termOf(
      calendar,
      term,
      {
        status: 'held',
        since: on(heldAt),
        heldAt: on(heldAt),
        ...(more.askedAt === undefined ? {} : { askedAt: on(more.askedAt) }),
        ...(more.givenAt === undefined ? {} : { givenAt: on(more.givenAt) }),
      },
      on(more.givenAt ?? heldAt),
    )?.due.day;
  t.equal(
    due({ unit: 'working-days', days: 3 }, '2026-02-12'),
    '2026-02-24',
    'Spring Festival, with the Saturday before it',
  );
  t.equal(
    due({ unit: 'days', days: 20 }, '2026-09-17'),
    '2026-10-08',
    '20 days end on a holiday, so with the day after it',
  );
  t.equal(due({ unit: 'days', days: 20 }, '2026-11-02'), '2026-11-23', 'or with the Monday after a Sunday');
  const stopped = { askedAt: '2026-09-28', givenAt: '2026-10-09' };
  t.equal(
    due({ unit: 'working-days', days: 20, stops: true }, '2026-09-21', stopped),
    '2026-10-30',
    'four days had passed',
  );
  t.equal(due({ unit: 'working-days', days: 20 }, '2026-09-21', stopped), '2026-10-26', 'where it does not stop');
  t.equal(
    due({ unit: 'on-the-spot', else: { unit: 'working-days', days: 3 } }, '2026-09-30', {
      askedAt: '2026-09-30',
      givenAt: '2026-10-08',
    }),
    '2026-10-10',
    'not on the spot after all',
  );
});

const DEREGISTER = named('deregister-company');
/** What a register holds that raises each bar of 细则 48, and whose it is. */
const BARS: readonly (readonly [
  item: string,
  dataset: string,
  row: Readonly<Record<string, never>> | object,
  owner: string,
])[] = [
  ['一', 'samr.abnormal-list', { reason: '通过登记的住所无法联系' }, 'samr'],
  ['一', 'samr.dishonesty-list', { kind: 'x' }, 'samr'],
  ['二', 'samr.equity-pledges', { status: 'valid' }, 'samr'],
  ['三', 'samr.enforcement-measures', { measure: 'x' }, 'samr'],
  ['三', 'court.judgment-debtors', { caseNumber: 'x' }, 'court'],
  ['四', 'samr.penalties', { kinds: ['closure'] }, 'samr'],
  ['五', 'samr.penalty-payments', { status: 'overdue' }, 'samr'],
  ['六', 'tax.tax-arrears', { settled: false }, 'tax'],
  ['六', 'hrss.wage-dishonesty-list', { x: 'x' }, 'hrss'],
];

t.test(
  'each of the six bars is found before anything is filed, with its owner; of a stale register it is unknown',
  async (t) => {
    const answers: Answers = DEREGISTER.usual.answers;
    const rows = usualRows(DEREGISTER);
    const also = (dataset: string, more: Readonly<Record<string, Json>>): Registers => ({
      [dataset]: (rows[dataset] ?? []).map((row) => ({ ...row, ...more })),
    });
    const clear: Registers = {
      ...rows,
      ...also('customs.registrations', { status: 'active', unsettled: false }),
      ...also('samr.company-register', { status: 'active', investments: [], branches: [] }),
      ...also('hrss.social-insurance-accounts', { status: 'active' }),
      ...also('medical-insurance.accounts', { status: 'active' }),
      ...also('housing-fund.fund-accounts', { status: 'active' }),
    };
    const attempt = async (registers: Registers) => {
      const here = await office(t, { registers: registersSaying(registers) });
      const id = await filledIn(here, DEREGISTER, answers);
      const how = { actor: applicantOf(DEREGISTER), record: here.record };
      const form = await here.cases.form(id, how);
      const outcome = await here.cases.act(id, { act: 'submit' }, how).then(
        ({ state }) => state,
        (error: unknown) => (isYitongError(error) ? error : Promise.reject(error)),
      );
      return { form, outcome, here, id };
    };
    const at = (item: string): string => `市场主体登记管理条例实施细则第四十八条第${item}项`;
    const good = await attempt(clear);
    t.strictSame(good.form.obstacles, [], 'nothing in the way');
    t.match(good.outcome, { phase: 'submitted' });
    for (const [item, dataset, row, owner] of BARS) {
      const raised = await attempt({ ...clear, [dataset]: [row as never] });
      const bar = raised.form.obstacles.find(({ basis, state }) => basis.includes(at(item)) && state === 'no');
      t.ok(bar?.owners.includes(owner), `${dataset}: ${item}, of ${owner}`);
      t.match(raised.outcome, { code: 'act_refused' }, 'it is not filed');
      t.match((raised.outcome as Error).message, new RegExp(owner));
      const stale = await attempt({ ...clear, [dataset]: undefined });
      t.match(
        stale.form.obstacles.find(({ basis }) => basis.includes(at(item))),
        { state: 'unknown' },
        `${dataset} is stale`,
      );
      const state = stale.outcome as CaseState;
      t.equal(state.phase, 'submitted', 'it may be filed');
      const unknown = state.plan?.items['registration']?.unknown ?? [];
      t.ok(unknown.length > 0, 'and who registers has to look');
    }
    const stale = await attempt({ ...clear, 'samr.abnormal-list': undefined });
    const turns: string[] = [];
    const { here, id } = stale;
    for (let state = stale.outcome as CaseState; ; ) {
      const turn = nextTurn(state, DEREGISTER, elements);
      if (turn === undefined || (turn.doing.act === 'grant' && turn.doing.item === 'registration')) break;
      turns.push(turn.doing.act);
      ({ state } = await here.cases.act(id, turn.doing, {
        actor: turn.by === 'applicant' ? applicantOf(DEREGISTER) : officer(turn.by),
        record: here.record,
      }));
    }
    const samr = { actor: officer('samr'), record: here.record };
    await t.rejects(
      here.cases.act(id, { act: 'grant', item: 'registration' }, samr),
      { code: 'act_incomplete' },
      'not without looking',
    );
    const prepared = (await here.cases.get(id, samr)).state;
    t.match(
      statuses(prepared),
      { tax: 'prepared', registration: 'held', seal: 'waiting' },
      'nothing is closed before the registration',
    );
    const unknown = prepared.plan?.items['registration']?.unknown ?? [];
    const after = (await here.cases.act(id, { act: 'grant', item: 'registration', checked: unknown }, samr)).state;
    t.match(
      statuses(after),
      { tax: 'granted', registration: 'granted', seal: 'held' },
      'with it the closings take effect, and the seal comes last',
    );
    t.equal(after.items['tax']?.since, after.items['registration']?.since, 'at the same moment');
    await t.rejects(
      here.cases.act(id, { act: 'withdraw' }, { actor: applicantOf(DEREGISTER), record: here.record }),
      { code: 'act_refused' },
      'and nothing brings it back',
    );
  },
);

t.test('whose subject was erased, nobody reads or continues', async (t) => {
  const bundle = named('open-restaurant');
  const here = await usually(t, bundle);
  const id = await filledIn(here, bundle);
  const how = { actor: applicantOf(bundle), record: here.record };
  await here.cases.act(id, { act: 'submit' }, how);
  const stored = JSON.stringify([await here.state.events(`case/${id}`), await here.state.document('case', id)]);
  t.notMatch(stored, /91990105MA0000193X|好味|李明/, 'nothing of it stands there in clear');
  here.erase();
  const left = await here.cases.get(id, { actor: officer('samr'), record: here.record });
  t.equal(left.contents, undefined);
  await t.rejects(
    here.cases.act(id, { act: 'grant', item: 'food-licence' }, { actor: officer('samr'), record: here.record }),
    { code: 'act_refused' },
  );
});

/**
 * Terms of the statute around Spring Festival, National Day and make-up days of 2024 to 2026, counted by hand on the
 * State Council's notices: the day of receipt does not count, a make-up day does, and the last day ends at 24:00.
 */
import t from 'tap';
import { readClocks } from '../../contracts/lifecycle/clocks.js';
import { loadLifecycles } from '../../contracts/lifecycle/load.js';
import { applyMatter, type MatterState } from '../../contracts/lifecycle/matter.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';

const { matters, calendars } = await loadLifecycles(await loadWorkspace(packageRoot()));
const lifecycle = matters.get('application')!;
const calendar = calendars.get('mainland')!;

const PART = 'a.b';
/** Filed at that moment. */
function filed(at: string, variant: 'conditional' | 'unconditional'): MatterState {
  const moment = Date.parse(`${at}:00+08:00`);
  const step = { at: moment, fields: {}, party: 'requester', who: 'one' };
  const draft = applyMatter(lifecycle, undefined, { ...step, act: 'draft', parts: { [PART]: variant } });
  const consented = applyMatter(lifecycle, draft, { ...step, act: 'approve', party: 'requester-head', who: 'two' });
  return applyMatter(lifecycle, consented, { ...step, act: 'file' });
}
/** The last day of the clock that runs. */
function dueOf(state: MatterState, at: string): { readonly day: string; readonly over: boolean } {
  const part = state.parts[PART];
  const running = readClocks(lifecycle, calendar, part!, Date.parse(`${at}:00+08:00`)).find(
    ({ stoppedAt }) => stoppedAt === undefined,
  );
  return { day: running?.due.day ?? '', over: running?.over ?? false };
}

const REPLIES: readonly (readonly [received: string, unconditional: string, conditional: string, why: string])[] = [
  ['2024-02-09T10:00', '2024-02-18', '2024-02-29', 'the eve is worked; 10-17 off; Sunday 18 is worked: 18,19-23,26-29'],
  ['2024-02-03T10:00', '2024-02-04', '2024-02-21', 'received on a Saturday; Sunday 4 is worked; 4-9, 18-21'],
  ['2024-09-27T17:00', '2024-09-29', '2024-10-16', 'Sunday 29; 30; off 1-7; October 8-11; Saturday 12; 14,15,16'],
  ['2025-01-24T09:00', '2025-01-26', '2025-02-13', 'Sunday 26; 27; off to February 4; 5,6,7; Saturday 8; 10-13'],
  ['2025-01-27T23:59', '2025-02-05', '2025-02-17', '5,6,7,8,10,11,12,13,14,17'],
  [
    '2025-09-26T10:00',
    '2025-09-28',
    '2025-10-16',
    'Sunday 28; 29; 30; off to October 8; 9,10; Saturday 11; 13,14,15,16',
  ],
  ['2025-12-31T10:00', '2026-01-04', '2026-01-15', 'off 1-3; Sunday 4 is worked; 4-9, 12-15'],
  ['2026-02-10T09:00', '2026-02-11', '2026-03-02', '11,12,13; Saturday 14; off 15-23; 24-27; Saturday 28; March 2'],
  ['2026-02-14T16:00', '2026-02-24', '2026-03-06', 'on the make-up Saturday itself: 24-27, 28, 2-6'],
  ['2026-09-24T10:00', '2026-09-28', '2026-10-15', 'Mid-Autumn 25-27 off; 28,29,30; off 1-7; 8,9; Saturday 10; 12-15'],
  ['2026-09-30T10:00', '2026-10-08', '2026-10-20', '8,9,10,12-16,19,20'],
];

t.test('replies: one working day, and ten', (t) => {
  for (const [received, one, ten, why] of REPLIES) {
    t.equal(dueOf(filed(received, 'unconditional'), received).day, one, `${received} +1: ${why}`);
    t.equal(dueOf(filed(received, 'conditional'), received).day, ten, `${received} +10: ${why}`);
  }
  t.end();
});

t.test('a term ends with its last day, and not before', (t) => {
  const state = filed('2026-02-13T09:00', 'unconditional');
  t.equal(dueOf(state, '2026-02-14T23:59').day, '2026-02-14');
  t.notOk(dueOf(state, '2026-02-14T23:59').over);
  t.ok(dueOf(state, '2026-02-15T00:00').over);
  t.end();
});

t.test('completion starts the term anew; an extension adds working days to it, once', (t) => {
  let state = filed('2026-02-10T09:00', 'conditional');
  const step = (act: string, at: string, party: string, more: object = {}): MatterState =>
    (state = applyMatter(lifecycle, state, {
      at: Date.parse(`${at}:00+08:00`),
      act,
      party,
      fields: {},
      part: PART,
      ...more,
    }));
  step('tell-missing', '2026-02-12T10:00', 'provider', { fields: { missing: '请补充材料' } });
  t.equal(dueOf(state, '2026-02-25T00:00').day, '', 'nothing runs for the provider while it is incomplete');
  step('complete', '2026-02-24T10:00', 'requester', { fields: { supplement: '已补充说明' } });
  t.equal(dueOf(state, '2026-02-24T10:00').day, '2026-03-09', '25,26,27,28, March 2-6, 9');
  step('extend', '2026-03-02T10:00', 'provider', {
    clock: 'reply-conditional',
    days: 10,
    fields: { reason: '需会商部门' },
  });
  t.equal(dueOf(state, '2026-03-02T10:00').day, '2026-03-09', 'not before the authority agrees');
  step('consent', '2026-03-03T10:00', 'authority', { clock: 'reply-conditional' });
  t.equal(dueOf(state, '2026-03-03T10:00').day, '2026-03-23', '10-13, 16-20, 23');
  t.end();
});

t.test('supplying: twenty working days from the yes, over National Day', (t) => {
  let state = filed('2025-09-22T09:00', 'conditional');
  const at = Date.parse('2025-09-25T09:00:00+08:00');
  state = applyMatter(lifecycle, state, { at, act: 'propose', party: 'provider', who: 'a', fields: {}, part: PART });
  state = applyMatter(lifecycle, state, { at, act: 'agree', party: 'provider-head', who: 'b', fields: {}, part: PART });
  // 26, Sunday 28, 29, 30; October 9, 10, Saturday 11, 13-17, 20-24, 27, 28, 29
  t.equal(dueOf(state, '2025-09-25T09:00').day, '2025-10-29');
  t.end();
});

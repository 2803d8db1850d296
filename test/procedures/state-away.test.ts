/** A shared store that does not answer: what tickets were known to do holds, nothing is lost, nothing is allowed. */
import t from 'tap';
import { YitongError } from '../../contracts/errors.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import type { State } from '../../gateway/ground/state/port.js';
import { openTickets } from '../../gateway/procedures/lifecycles/tickets.js';
import { until } from '../e2e/ask.js';
import { sharedState } from '../support/shared-state.js';
import { act, COMPANY, centre, company, filing, provider, system } from './acts.js';

const workspace = await loadWorkspace(packageRoot());
const RECORD = { ...COMPANY, recordId: '云市监罚〔2026〕18号' };
const OTHER = { ...COMPANY, recordId: '云市监罚〔2026〕19号' };

/** The same store, which can be made to answer nothing. */
function mayBeAway(state: State): { readonly state: State; away: boolean } {
  const gone = new YitongError('state_unavailable', 'the store is away');
  const made = {
    away: false,
    state: new Proxy(state, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function' || name === 'close' || name === 'health' || name === 'onHint') return member;
        return (...given: unknown[]): unknown =>
          made.away ? Promise.reject(gone) : (Reflect.apply(member, target, given) as unknown);
      },
    }),
  };
  return made;
}

t.test('what was hidden stays hidden while the store is away, and acts go on when it is back', async (t) => {
  const open = await sharedState(t, 'embedded');
  if (open === undefined) return;
  const here = mayBeAway(await open());
  const options = { dataDir: t.testdir(), workspace, now: Date.now, lag: 10 };
  const tickets = await openTickets({ ...options, state: here.state });
  const elsewhere = await openTickets({ ...options, state: await open() });
  t.teardown(() => Promise.all([tickets.close(), elsewhere.close()]));
  const { head } = await tickets.open('objection', RECORD, { ...filing, actor: company });
  await tickets.act(head.id, act(centre, 'mark'));
  await tickets.act(head.id, act(centre, 'forward'));
  await tickets.act(head.id, act(provider, 'tell-revoked', { decision: '云复决〔2026〕1号' }));
  await tickets.act(head.id, act(centre, 'delete'));
  t.equal(tickets.effects.hidden(RECORD), 'revoked');

  here.away = true;
  const recorded: string[] = [];
  await t.rejects(
    tickets.open('objection', OTHER, {
      ...filing,
      actor: company,
      record: ({ action }) => {
        recorded.push(action);
        return Promise.resolve({ id: 'w1:1', json: '{}' });
      },
    }),
    { code: 'state_unavailable' },
  );
  t.same(recorded, [], 'of what was refused nothing is on record');
  await t.rejects(tickets.list(company), { code: 'state_unavailable' }, 'never an empty list instead');
  t.equal(tickets.effects.hidden(RECORD), 'revoked', 'known before, so it holds');
  await until(
    'the age to grow',
    async () => tickets.age(),
    (age) => age > 100,
  );

  const late = await openTickets({ ...options, state: here.state });
  t.teardown(() => late.close());
  t.throws(() => late.effects.hidden(RECORD), { code: 'state_unavailable' }, 'who never knew allows nothing');

  const opened = await elsewhere.open('repair', OTHER, act(system, 'tell-revoked', { decision: '云复决〔2026〕2号' }));
  await elsewhere.act(opened.head.id, act(centre, 'delete'));
  here.away = false;
  for (const one of [tickets, late]) {
    await until(
      'both records to be hidden',
      async () => [one.effects.hidden(RECORD), one.effects.hidden(OTHER)],
      (all) => all.every((how) => how === 'revoked'),
    ).catch((error: unknown) => t.fail(String(error)));
  }
  await until(
    'the age of one that reads again',
    async () => tickets.age(),
    (age) => age < 1000,
  );
});

/** A complaint about a use of data is answered and closed by those who are responsible, and by nobody else. */

import t, { type Test } from 'tap';
import { isYitongError } from '../../contracts/errors.js';
import { apply, isOver, mayDo } from '../../contracts/lifecycle/engine.js';
import { loadLifecycles, makeLifecycle } from '../../contracts/lifecycle/load.js';
import type { TicketState } from '../../contracts/lifecycle/types.js';
import { present } from '../../contracts/present.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { complaintsFor } from '../../gateway/procedures/lifecycles/complaints.js';
import { useRef } from '../../gateway/procedures/lifecycles/effects.js';
import type { Actor } from '../../gateway/procedures/lifecycles/parties.js';
import { openTickets, type TicketDeed, type Tickets } from '../../gateway/procedures/lifecycles/tickets.js';
import { stateOfRun } from '../support/shared-state.js';
import { act, COMPANY, company, stranger, system } from './acts.js';
import { declared } from './declared.js';

const workspace = await loadWorkspace(packageRoot());
const { lifecycles } = await loadLifecycles(workspace);
const complaint = lifecycles.get('complaint')!;
const person = (id: string, role: 'auditor' | 'inspector', authority?: string): Actor => ({
  kind: 'person',
  person: { id, name: id, roles: [role], subjects: [], ...present({ authority }) },
});
const [auditor, user, other] = [
  person('lin', 'auditor'),
  person('wu', 'inspector', 'samr'),
  person('li', 'inspector', 'tax'),
];
const USE = useRef('samr', COMPANY.subject, 17);
const START = Date.parse('2026-11-26T10:00:00+08:00');
const TEXT = '本企业从未申请，不知为何被查询';

/**
 * What the declaration is meant to say, written down a second time: by state the acts, who may, and where they lead.
 */
const MODEL: Readonly<Record<string, readonly (readonly [act: string, party: string, to: string])[]>> = {
  '': [['file', 'company', 'filed']],
  filed: [
    ['accept', 'auditor', 'accepted'],
    ['withdraw', 'company', 'withdrawn'],
  ],
  accepted: [
    ['ask', 'auditor', 'explaining'],
    ['uphold', 'auditor', 'upheld'],
    ['reject', 'auditor', 'rejected'],
    ['withdraw', 'company', 'withdrawn'],
  ],
  explaining: [
    ['explain', 'user', 'accepted'],
    ['uphold', 'auditor', 'upheld'],
    ['reject', 'auditor', 'rejected'],
    ['withdraw', 'company', 'withdrawn'],
  ],
  upheld: [],
  rejected: [],
  withdrawn: [],
};
const PARTIES = ['company', 'auditor', 'user'];
const ACTS = ['file', 'accept', 'ask', 'explain', 'uphold', 'reject', 'withdraw'];

t.test('every way through the states, each act by each party: only what is meant happens', (t) => {
  const seen = new Set<string>();
  let tried = 0;
  const walk = (ticket: TicketState | undefined, depth: number): void => {
    const state = ticket?.state ?? '';
    seen.add(state);
    for (const party of PARTIES) {
      t.same(
        [...mayDo(complaint, 'user', ticket, party)].sort(),
        (MODEL[state] ?? [])
          .filter(([, by]) => by === party)
          .map(([name]) => name)
          .sort(),
        `${state || 'new'}: ${party}`,
      );
      for (const name of ACTS) {
        tried++;
        const meant = MODEL[state]?.find(([one, by]) => one === name && by === party);
        const fields = Object.fromEntries((complaint.acts[name]?.requires ?? []).map((field) => [field, TEXT]));
        let next: TicketState | undefined;
        try {
          next = apply(complaint, 'user', ticket, { at: START, act: name, party, fields });
        } catch (error) {
          if (!isYitongError(error)) throw error;
        }
        if (next?.state !== meant?.[2]) t.fail(`${state} ${name} by ${party}: ${String(next?.state)}`);
        if (
          next !== undefined &&
          isOver(complaint, next) &&
          Object.values(next.clocks).some(({ stoppedAt }) => stoppedAt === undefined)
        )
          t.fail(`${state} ${name}: a clock runs on`);
        if (next !== undefined && depth > 0) walk(next, depth - 1);
      }
    }
  };
  walk(undefined, 5);
  t.same([...seen].sort(), Object.keys(MODEL).sort(), 'every state was reached');
  t.ok(tried > 300, `${String(tried)} acts`);
  t.end();
});

async function desk(t: Test): Promise<{
  readonly tickets: Tickets;
  readonly deeds: TicketDeed[];
  readonly how: (deed: TicketDeed) => Promise<{ id: string; json: string }>;
}> {
  const tickets = await openTickets({
    dataDir: t.testdir(),
    workspace,
    now: () => START,
    lag: 0,
    ...present({ state: await (await stateOfRun())?.() }),
  });
  t.teardown(() => tickets.close());
  const deeds: TicketDeed[] = [];
  return { tickets, deeds, how: (deed) => Promise.resolve({ id: `w1:${String(deeds.push(deed))}`, json: '{}' }) };
}

t.test('filed, taken up, explained, answered: each step on record, and the company reads the answer', async (t) => {
  const { tickets, deeds, how } = await desk(t);
  const { head } = await tickets.open('complaint', USE, act(company, 'file', { complaint: TEXT }, how));
  await t.rejects(
    tickets.open('complaint', USE, act(company, 'file', { complaint: TEXT }, how)),
    { code: 'act_refused' },
    'one is under way',
  );
  await t.rejects(
    tickets.get(head.id, user),
    { code: 'not_found' },
    'the authority complained of sees it once it is asked',
  );
  await tickets.act(head.id, act(auditor, 'accept', {}, how));
  await t.rejects(
    tickets.act(head.id, act(auditor, 'uphold', {}, how)),
    { code: 'act_incomplete' },
    'no answer without words',
  );
  await tickets.act(head.id, act(auditor, 'ask', { question: '请说明查询依据' }, how));
  await t.rejects(tickets.get(head.id, other), { code: 'not_found' }, 'another authority');
  await tickets.act(head.id, act(user, 'explain', { explanation: '系例行检查' }, how));
  await tickets.act(head.id, act(auditor, 'uphold', { answer: '查询无依据，已责令整改' }, how));
  t.same(
    deeds.map(({ action, detail }) => [action, detail['act']]),
    ['file', 'accept', 'ask', 'explain', 'uphold'].map((name) => ['ticket_act', name]),
  );
  t.notMatch(
    JSON.stringify(deeds.map(({ detail, target }) => [detail, target])),
    /91990105|从未|依据/,
    'in clear nobody is named and nothing quoted',
  );
  const seen = await tickets.get(head.id, company);
  t.match(seen, { over: true, state: { state: 'upheld' }, acts: [], record: USE });
  t.same(seen.events.at(-1)?.fields, { answer: '查询无依据，已责令整改' });
  if (company.kind === 'person')
    t.match(await complaintsFor(tickets, company.person), [{ id: head.id, about: 17, subject: COMPANY.subject }]);
  await t.resolves(
    tickets.open('complaint', USE, act(company, 'file', { complaint: TEXT }, how)),
    'another one, once that is answered',
  );
});

t.test('it is nobody else’s: no stranger, no system, no record of a register', async (t) => {
  const { tickets, how } = await desk(t);
  await t.rejects(tickets.open('complaint', USE, act(stranger, 'file', { complaint: TEXT }, how)), {
    code: 'act_refused',
  });
  await t.rejects(
    tickets.open('complaint', { ...COMPANY, recordId: 'x' }, act(company, 'file', { complaint: TEXT }, how)),
    { code: 'act_refused' },
  );
  await t.rejects(tickets.open('objection', USE, act(company, 'file', { grounds: TEXT }, how)), {
    code: 'act_refused',
  });
  const { head } = await tickets.open('complaint', USE, act(company, 'file', { complaint: TEXT }, how));
  await tickets.act(head.id, act(auditor, 'accept', {}, how));
  await tickets.act(head.id, act(auditor, 'ask', { question: TEXT }, how));
  await t.rejects(tickets.get(head.id, system), { code: 'not_found' }, 'not for the systems of that authority');
  t.same(await tickets.list(system), []);
  const refused = (change: object): void =>
    void t.throws(() => makeLifecycle('x', { ...declared(), ...change }, { file: 'x' }), { code: 'bad_lifecycle' });
  refused({ about: { kinds: [] } });
  refused({ about: { kinds: ['penalty'], uses: true } });
  refused({ about: { kinds: [], uses: true, missing: true } });
  refused({
    about: { kinds: [], uses: true },
    states: { ...declared().states, filed: { ...declared().states.filed, effect: 'mark' } },
  });
});

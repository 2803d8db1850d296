import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { YitongError } from '../../contracts/errors.js';
import { present } from '../../contracts/present.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import type { State } from '../../gateway/ground/state/port.js';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { destroySharedKey } from '../../gateway/log/entries/sealing-keys.js';
import { OVERDUE, overdueAlerts } from '../../gateway/procedures/lifecycles/overdue.js';
import { openTickets, type TicketDeed, type Tickets } from '../../gateway/procedures/lifecycles/tickets.js';
import { startWatching } from '../../gateway/procedures/watch/follow.js';
import { loadRules } from '../../gateway/procedures/watch/rule.js';
import { stateOfRun } from '../support/shared-state.js';
import {
  act,
  COMPANY,
  centre,
  company,
  filing,
  otherCentre,
  otherProvider,
  provider,
  stranger,
  system,
} from './acts.js';

const workspace = await loadWorkspace(packageRoot());
const RECORD = { ...COMPANY, recordId: '云市监罚〔2026〕18号' };
const START = Date.parse('2026-11-26T10:00:00+08:00');
const DAY = 86_400_000;

interface Desk {
  readonly tickets: Tickets;
  readonly dir: string;
  /** That replicas share, where this run of the suite is on one. */
  readonly state: State | undefined;
  now: number;
  again(): Promise<Tickets>;
}
async function desk(t: Test, dir = t.testdir()): Promise<Desk> {
  const made: { now: number } = { now: START };
  const open = await stateOfRun();
  const again = async (): Promise<Tickets> => {
    const state = await open?.();
    const tickets = await openTickets({ dataDir: dir, workspace, now: () => made.now, lag: 0, ...present({ state }) });
    t.teardown(() => tickets.close());
    return tickets;
  };
  return Object.assign(made, { tickets: await again(), dir, state: await open?.(), again });
}

/** What stands of a ticket. */
async function stored(dir: string, id: string, state: State | undefined): Promise<Buffer> {
  if (state === undefined) return readFileSync(join(dir, 'tickets/tickets'));
  const documents = await Promise.all(['ticket', 'ticket-open', 'subject-key'].map((kind) => state.documents(kind)));
  return Buffer.from(JSON.stringify([documents, await state.events(`ticket/${id}`)]));
}

async function erase(dir: string, subject: string, state: State | undefined): Promise<void> {
  if (state !== undefined) return void (await destroySharedKey(state, subject));
  const keys = openSubjectKeys({ dir: auditLayout(dir).subjectKeys });
  keys.destroy(keys.get(subject)?.pseudonym ?? '');
  await keys.close();
}

t.test('an act is on record before it takes effect; without the record nothing happens', async (t) => {
  const { tickets } = await desk(t);
  const deeds: TicketDeed[] = [];
  const { head } = await tickets.open('objection', RECORD, {
    ...filing,
    actor: company,
    record: async (deed) => {
      deeds.push(deed);
      t.same(await tickets.all(), [], 'there is no ticket yet');
      return { id: 'w1:7', json: '{}' };
    },
  });
  t.match(deeds, [
    {
      action: 'ticket_act',
      role: 'subject',
      target: head.id,
      subject: COMPANY.subject,
      detail: {
        lifecycle: 'objection',
        dataset: 'samr.penalties',
        act: 'file',
        party: 'company',
        to: 'filed',
        event: 0,
      },
      about: { recordId: RECORD.recordId, fields: filing.fields },
    },
  ]);
  t.notMatch(JSON.stringify(deeds[0]?.detail), /91990105|监罚|处罚对象/, 'the clear part names nobody');
  const fails = (): Promise<never> => Promise.reject(new YitongError('audit_unavailable', 'the disk is full'));
  await t.rejects(tickets.act(head.id, act(centre, 'mark', {}, fails)), { code: 'audit_unavailable' });
  t.same([(await tickets.get(head.id, centre)).state.state, tickets.effects.marks(RECORD)], ['filed', []]);
  t.match((await tickets.get(head.id, company)).events, [{ act: 'file', entry: 'w1:7', fields: filing.fields }]);
});

t.test(
  'an objection goes its way: marked, forwarded, told as revoked, deleted; the record shows it in every process',
  async (t) => {
    const { tickets, again } = await desk(t);
    const other = await again();
    const effects = async (): Promise<unknown> => {
      await Promise.all([tickets, other].map((one) => one.upToDate()));
      return [tickets, other].map(({ effects }) => [effects.marks(RECORD), effects.hidden(RECORD)]);
    };
    const { head } = await tickets.open('objection', RECORD, { ...filing, actor: company });
    t.same(await effects(), [
      [[], undefined],
      [[], undefined],
    ]);
    await other.act(head.id, act(centre, 'mark'));
    t.same(await effects(), [
      [['objection'], undefined],
      [['objection'], undefined],
    ]);
    t.same(tickets.effects.marks({ ...RECORD, recordId: 'another' }), [], 'no other record of the company');
    t.same(tickets.effects.marks({ ...RECORD, subject: 'uscc:91990102MA00001692' }), [], 'nobody else’s');
    await tickets.act(head.id, act(centre, 'forward'));
    await other.act(head.id, act(provider, 'tell-revoked', { decision: '云复决〔2026〕1号' }));
    const before = tickets.effects.version();
    await tickets.act(head.id, act(centre, 'delete'));
    t.same(await effects(), [
      [[], 'revoked'],
      [[], 'revoked'],
    ]);
    t.ok(tickets.effects.version() > before);
    const third = await again();
    t.same(
      [(await third.get(head.id, company)).state, third.effects.hidden(RECORD)],
      [(await tickets.get(head.id, company)).state, 'revoked'],
      'read anew from the events',
    );
  },
);

t.test('nobody sees or does what is not a party’s of theirs', async (t) => {
  const { tickets } = await desk(t);
  await t.rejects(tickets.open('objection', RECORD, { ...filing, actor: stranger }), { code: 'act_refused' });
  await t.rejects(tickets.open('objection', RECORD, { ...filing, actor: centre }), { code: 'act_refused' });
  await t.rejects(
    tickets.open('objection', { ...RECORD, dataset: 'samr.company-register' }, { ...filing, actor: company }),
    { code: 'act_refused' },
    'no lifecycle is about a register',
  );
  const { head } = await tickets.open('objection', RECORD, { ...filing, actor: company });
  await t.rejects(
    tickets.open('objection', RECORD, { ...filing, actor: company }),
    { code: 'act_refused' },
    'one at a time',
  );
  for (const actor of [stranger, otherCentre, otherProvider, provider, system]) {
    await t.rejects(tickets.get(head.id, actor), { code: 'not_found' });
    await t.rejects(tickets.act(head.id, act(actor, 'mark')), { code: 'not_found' });
    t.same(await tickets.list(actor), []);
  }
  await t.rejects(tickets.act(head.id, act(company, 'mark')), { code: 'act_refused' });
  await tickets.act(head.id, act(centre, 'mark'));
  await tickets.act(head.id, act(centre, 'forward'));
  await t.rejects(
    tickets.act(head.id, act(centre, 'keep', { reason: '不予更正' })),
    { code: 'act_refused' },
    'the centre does not decide on a provider’s data',
  );
  t.same((await tickets.get(head.id, system)).acts, ['correct', 'keep', 'tell-revoked', 'tell-repaired']);
  t.same((await tickets.act(head.id, act(system, 'keep', { reason: '原决定事实清楚' }))).state.state, 'kept');
  await tickets.open('objection', RECORD, { ...filing, actor: company });
  t.same(
    (await tickets.list(company)).map(({ state }) => state.state),
    ['filed', 'kept'],
    'a new one after the decision',
  );
});

t.test('of two who act at once one is stored, and the log says that the other took no effect', async (t) => {
  const { tickets, again } = await desk(t);
  const other = await again();
  const { head } = await tickets.open('objection', RECORD, { ...filing, actor: company });
  const deeds: string[] = [];
  const late = tickets.act(
    head.id,
    act(centre, 'mark', {}, async ({ action }) => {
      deeds.push(action);
      if (action === 'ticket_act') await other.act(head.id, act(company, 'withdraw'));
      return { id: 'w1:1', json: '{}' };
    }),
  );
  await t.rejects(late, { code: 'ticket_moved' });
  t.same(deeds, ['ticket_act', 'ticket_act_void']);
  t.same((await tickets.get(head.id, company)).state.state, 'withdrawn');
  const twice = async (): Promise<void> => {
    const opened = await other.open('objection', RECORD, { ...filing, actor: company });
    t.equal(opened.state.state, 'filed');
  };
  await t.rejects(
    tickets.open('objection', RECORD, {
      ...filing,
      actor: company,
      record: async ({ action }) =>
        action === 'ticket_act' ? (await twice(), { id: 'w1:1', json: '{}' }) : { id: 'w1:2', json: '{}' },
    }),
    { code: 'ticket_moved' },
  );
  t.equal((await tickets.list(company)).filter(({ over }) => !over).length, 1, 'one open objection a record');
});

t.test('what runs out raises one alert for each clock, counts, and changes nothing', async (t) => {
  const made = await desk(t);
  const { tickets, dir } = made;
  const { head } = await tickets.open('objection', RECORD, { ...filing, actor: company });
  const recorded: string[] = [];
  const rules = await loadRules();
  const watch = () =>
    startWatching({
      dataDir: dir,
      rules,
      thresholds: new Map([[OVERDUE, {}]]),
      now: () => made.now,
      record: ({ id }) => Promise.resolve(void recorded.push(id)),
      onError: (error) => t.fail(String(error)),
      interval: 0,
    });
  const watcher = watch();
  const look = async (now: number, by = watcher): Promise<number> => {
    made.now = now;
    by.raise(await overdueAlerts(tickets, now));
    await by.runOnce();
    return by.counts()[OVERDUE] ?? 0;
  };
  t.equal(await look(Date.parse('2026-11-27T23:59:59+08:00')), 0);
  t.equal(await look(Date.parse('2026-11-28T00:00:00+08:00')), 1, 'marking');
  t.equal(await look(Date.parse('2026-11-28T08:00:00+08:00')), 1, 'once');
  t.equal(await look(START + 30 * DAY), 2, 'forwarding as well');
  t.equal(recorded.length, 2);
  t.same(
    [
      (await tickets.get(head.id, company)).state.state,
      tickets.effects.marks(RECORD),
      (await tickets.get(head.id, centre)).acts,
    ],
    ['filed', [], ['mark']],
    'it decides nothing',
  );
  t.match(await overdueAlerts(tickets, made.now), [
    { facts: { ticket: head.id, clock: 'mark', party: 'centre', due: '2026-11-27' } },
    { facts: { clock: 'forward', due: '2026-11-30' } },
  ]);
  await tickets.act(head.id, act(centre, 'mark'));
  t.equal((await overdueAlerts(tickets, made.now)).length, 1, 'marked at last');
  await watcher.stop();
  const later = watch();
  t.equal(await look(START + 31 * DAY, later), 2, 'the same alerts after a restart');
  await later.stop();
});

t.test(
  'neither a subject nor what was said stands in the file in clear; an erased subject’s ticket is unreadable, ' +
    'and what it did to the record stays',
  async (t) => {
    const { tickets, dir, state, again } = await desk(t);
    const { head } = await tickets.open('objection', RECORD, { ...filing, actor: company });
    await tickets.act(head.id, act(centre, 'mark'));
    await tickets.act(head.id, act(centre, 'forward'));
    await tickets.act(head.id, act(provider, 'tell-repaired', { certificate: '云信修〔2026〕2号' }));
    await tickets.act(head.id, act(centre, 'take-down'));
    const bytes = await stored(dir, head.id, state);
    for (const secret of [COMPANY.subject.slice(5), RECORD.recordId, filing.fields.grounds])
      t.notOk(bytes.includes(secret), secret);
    await erase(dir, COMPANY.subject, state);
    const after = await again();
    const ticket = await after.get(head.id, centre);
    t.same(
      [ticket.record, ticket.events.map(({ fields }) => fields), ticket.acts],
      [undefined, [undefined, undefined, undefined, undefined, undefined], []],
    );
    t.equal(after.effects.hidden(RECORD), 'repaired');
  },
);

t.test('what a ticket did to its record holds also where its lifecycle is gone from the workspace', async (t) => {
  const { tickets, dir, state } = await desk(t);
  const { head } = await tickets.open('repair', RECORD, act(system, 'tell-revoked', { decision: '云复决〔2026〕1号' }));
  await tickets.act(head.id, act(centre, 'delete'));
  const without = await openTickets({
    dataDir: dir,
    workspace: { ...workspace, layers: [] },
    now: () => START,
    ...present({ state }),
  });
  t.teardown(() => without.close());
  t.same([without.effects.hidden(RECORD), await without.unreadable(), await without.list(centre)], ['revoked', 1, []]);
});

t.test('every ticket that a killed process told of is there', async (t) => {
  // in a state this is what its own suites show
  if ((await stateOfRun()) !== undefined) return;
  const dir = t.testdir();
  const child = spawn(process.execPath, [fileURLToPath(new URL('./act-until-killed.js', import.meta.url)), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told: string[] = [];
  await new Promise<void>((resolve) => {
    createInterface({ input: child.stdout })
      .on('line', (line) => {
        told.push(line);
        if (told.length === 25) child.kill('SIGKILL');
      })
      .on('close', resolve);
  });
  const { tickets } = await desk(t, dir);
  for (const id of told) t.equal((await tickets.get(id, company)).state.state, 'filed');
});

t.test(
  'a ticket that is over goes after its term, in every process; one that is open, young, or does something to ' +
    'its record stays',
  async (t) => {
    const here = await desk(t);
    const { tickets, again } = here;
    const about = (n: number): typeof RECORD => ({ ...RECORD, recordId: `云市监罚〔2026〕${String(100 + n)}号` });
    const opened = async (n: number): Promise<string> =>
      (await tickets.open('objection', about(n), { ...filing, actor: company })).head.id;
    const [gone, deleted, open] = [await opened(1), await opened(2), await opened(3)];
    await tickets.act(gone, act(company, 'withdraw'));
    await tickets.act(deleted, act(centre, 'mark'));
    await tickets.act(deleted, act(centre, 'forward'));
    await tickets.act(deleted, act(provider, 'tell-revoked', { decision: '撤销〔2026〕1号' }));
    await tickets.act(deleted, act(centre, 'delete'));
    here.now += 1000 * DAY;
    const young = await opened(4);
    await tickets.act(young, act(company, 'withdraw'));
    const other = await again();
    t.equal((await other.all()).length, 4);
    here.now += 100 * DAY;
    t.equal(await tickets.prune(here.now - 1096 * DAY), 1);
    for (const one of [tickets, other, await again()]) {
      t.strictSame((await one.all()).map(({ head }) => head.id).sort(), [deleted, open, young].sort());
      await t.rejects(one.get(gone, company), { code: 'not_found' });
      t.equal(one.effects.hidden(about(2)), 'revoked', 'what was deleted stays deleted');
      t.equal(await one.unreadable(), 0);
    }
    t.equal(await tickets.prune(here.now - 1096 * DAY), 0);
    t.same(
      (await tickets.open('objection', about(1), { ...filing, actor: company })).state.state,
      'filed',
      'and a new one may be opened about the record',
    );
    t.equal((await other.all()).length, 4);
  },
);

/** 上海市社会信用条例 Art.36: that something is missing can be objected to as well, with nothing on record to name. */

import fc from 'fast-check';
import t from 'tap';
import { isYitongError } from '../../contracts/errors.js';
import { authorityId } from '../../contracts/ids.js';
import { loadLifecycles, makeLifecycle } from '../../contracts/lifecycle/load.js';
import { present } from '../../contracts/present.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import type { RecordRef } from '../../gateway/procedures/lifecycles/effects.js';
import type { Actor } from '../../gateway/procedures/lifecycles/parties.js';
import { concerned, recordReader } from '../../gateway/procedures/lifecycles/records.js';
import { openTickets, type Tickets } from '../../gateway/procedures/lifecycles/tickets.js';
import { openWorld } from '../documents/reports/world.js';
import { client } from '../policies/city.js';
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

t.setTimeout(120_000);
const workspace = await loadWorkspace(packageRoot());
const SAYS = { missing: '2026年3月的不予处罚决定没有登记' };
const of = (dataset: string): RecordRef => ({ dataset, subject: COMPANY.subject, recordId: '', missing: true });
const ABOUT = of('samr.penalties');
/** The client by which companies ask for their reports, for one of them or for its own authority. */
const portal = (subject?: string): Actor => ({
  kind: 'client',
  client: { ...client('credit-report-centre'), authority: authorityId('data-bureau') },
  ...present({ subject }),
});
const codeOf = async (work: () => Promise<unknown>): Promise<string> =>
  work().then(
    () => 'ok',
    (error: unknown) => {
      if (isYitongError(error)) return error.code;
      throw error;
    },
  );

t.test(
  'a company says what is missing in a register; it is marked, forwarded, decided, and the company sees what ' +
    'came of it',
  async (t) => {
    let now = Date.parse('2026-11-26T10:00:00+08:00');
    const dir = t.testdir();
    const state = await (await stateOfRun())?.();
    const open = (): Promise<Tickets> =>
      openTickets({ dataDir: dir, workspace, now: () => now, lag: 0, ...present({ state }) });
    let tickets = await open();
    t.same(
      (await tickets.openings(ABOUT, company)).map(({ lifecycle, acts }) => [lifecycle.id, acts]),
      [['omission', ['file']]],
      'and nothing that needs a record',
    );
    t.same(
      (await tickets.openings({ ...COMPANY, recordId: 'r1' }, company)).map(({ lifecycle }) => lifecycle.id),
      ['objection'],
      'nor of a record that it is missing',
    );
    for (const nobody of [stranger, centre, provider, system, portal()])
      t.same(
        (await tickets.openings(ABOUT, nobody)).filter(({ lifecycle }) => lifecycle.id === 'omission'),
        [],
      );
    const { head } = await tickets.open('omission', ABOUT, act(company, 'file', SAYS));
    await t.rejects(
      tickets.open('omission', ABOUT, act(company, 'file', SAYS)),
      { code: 'act_refused' },
      'one at a time about a register',
    );
    t.equal(
      (await tickets.openings(of('samr.company-register'), company)).length,
      1,
      'that a register does not know the company is another',
    );
    await tickets.open('objection', { ...COMPANY, recordId: 'r1' }, { ...filing, actor: company });
    t.same(tickets.effects.missing(ABOUT), [], 'marked by the centre, not by the company');
    await tickets.act(head.id, act(centre, 'mark'));
    t.same(tickets.effects.missing(ABOUT), ['objection']);
    t.same(tickets.effects.marks({ ...COMPANY, recordId: '' }), [], 'no record is marked, not even one without an id');
    t.same(
      tickets.effects.missing({ ...ABOUT, subject: 'uscc:91990102MA00001692' }),
      [],
      'nor is the register for others',
    );
    await tickets.close();
    tickets = await open();
    t.teardown(() => tickets.close());
    t.same(tickets.effects.missing(ABOUT), ['objection'], 'after a restart too');
    for (const other of [stranger, otherCentre, otherProvider])
      await t.rejects(tickets.get(head.id, other), { code: 'not_found' });
    await t.rejects(tickets.get(head.id, provider), { code: 'not_found' }, 'not before it is forwarded');
    await t.rejects(
      tickets.act(head.id, act(centre, 'add-own', { supplement: '补充登记' })),
      { code: 'act_refused' },
      'what another authority holds is not the centre’s to decide',
    );
    await tickets.act(head.id, act(centre, 'forward'));
    t.match(await tickets.get(head.id, provider), {
      acts: ['add', 'refuse'],
      record: ABOUT,
      events: [{ act: 'file', fields: SAYS }, {}, {}],
    });
    await t.rejects(tickets.act(head.id, act(provider, 'refuse')), { code: 'act_incomplete' });
    now += 3_600_000;
    await tickets.act(head.id, act(provider, 'add', { supplement: '已补充登记，次日更新' }));
    t.same(tickets.effects.missing(ABOUT), []);
    t.match(await tickets.get(head.id, company), {
      over: true,
      state: { state: 'added' },
      events: [{}, {}, {}, { act: 'add', fields: { supplement: '已补充登记，次日更新' } }],
    });
    t.equal((await tickets.openings(ABOUT, company)).length, 1, 'and it may be said again');
  },
);

t.test(
  'a client that the lifecycle names brings what one company says, and sees that company’s tickets alone; no ' +
    'other system speaks for one',
  async (t) => {
    const now = Date.parse('2026-11-26T10:00:00+08:00');
    const tickets = await openTickets({
      dataDir: t.testdir(),
      workspace,
      now: () => now,
      lag: 0,
      ...present({ state: await (await stateOfRun())?.() }),
    });
    t.teardown(() => tickets.close());
    const { head } = await tickets.open('omission', ABOUT, act(portal(COMPANY.subject), 'file', SAYS));
    t.match(
      await tickets.get(head.id, portal(COMPANY.subject)),
      { parties: ['company'], acts: ['withdraw'] },
      'as the company, not as the centre whose authority it has',
    );
    t.match(await tickets.get(head.id, portal()), { parties: ['centre'], acts: ['mark'] });
    await t.rejects(tickets.get(head.id, portal('uscc:91990102MA00001692')), { code: 'not_found' });
    t.equal((await tickets.list(portal('uscc:91990102MA00001692'))).length, 0);
    const another: Actor = {
      kind: 'client',
      client: { ...client('bidding-centre'), authority: authorityId('data-bureau') },
      subject: COMPANY.subject,
    };
    await t.rejects(tickets.get(head.id, another), { code: 'not_found' });
    t.equal(
      await codeOf(() => tickets.open('omission', of('tax.tax-violations'), act(another, 'file', SAYS))),
      'act_refused',
    );
  },
);

t.test(
  'registers of the kinds that it names can be said to lack something, and are read without a record',
  async (t) => {
    const made = await openWorld();
    t.teardown(() => made.close());
    const { lifecycles } = await loadLifecycles(workspace);
    const ids = concerned(workspace, { lifecycles }, true).map(({ id }) => id as string);
    for (const id of [
      'samr.company-register',
      'samr.penalties',
      'samr.enforcement-measures',
      'tax.dishonesty-list',
      'samr.food-licence',
    ])
      t.ok(ids.includes(id), id);
    t.notOk(ids.includes('court.judgment-debtors'), 'a court’s register is the court’s');
    const reader = recordReader({ workspace, view: made.context.view, tickets: { lifecycles } });
    t.match(await reader.one(ABOUT), { record: ABOUT, name: { zh: '市场监管行政处罚信息' }, facts: [] });
    t.equal(await reader.one({ ...ABOUT, dataset: 'no.such' }), undefined);
  },
);

t.test(
  'the sections that the register answers say that it is under objection, whether they have records or not',
  async (t) => {
    const made = await openWorld();
    t.teardown(() => made.close());
    await made.seen();
    const subject = made.request().as;
    made.marks = {
      marks: () => [],
      hidden: () => undefined,
      missing: ({ dataset, subject: whose }) =>
        dataset === 'tax.dishonesty-list' && whose === subject ? ['objection'] : [],
    };
    const { model } = await made.reports.issue(made.request(), made.asking());
    const marked = model.sections.filter(({ marks }) => marks !== undefined);
    t.strictSame(
      marked.map(({ domain, state, marks }) => [model.domains[domain]?.id, state, marks]),
      [['taxation', 'none', ['objection']]],
    );

    // a report that was issued before shows it to whoever verifies, and that it is over
    const other = await made.reports.issue(made.request({ domains: ['water'] }), made.asking());
    made.marks = {
      marks: () => [],
      hidden: () => undefined,
      missing: ({ dataset }) => (dataset === 'water.penalties' ? ['objection'] : []),
    };
    t.match(await made.reports.verifyCode(other.code, made.asking()), {
      outcome: 'changed',
      changes: { sections: [{ domain: 0, added: 0, records: [], lacking: 'objection' }] },
    });
    t.match(await made.reports.part(other.id, ['water'], made.asking()), {
      outcome: 'changed',
      changes: [{ domain: 'water', changes: ['objection'] }],
    });
    const during = await made.reports.issue(made.request({ domains: ['water'] }), made.asking());
    t.match(
      await made.reports.verifyCode(during.code, made.asking()),
      { outcome: 'genuine' },
      'one that says so itself has not changed',
    );
    made.marks = { marks: () => [], hidden: () => undefined };
    t.match(await made.reports.verifyCode(during.code, made.asking()), {
      outcome: 'changed',
      changes: { sections: [{ lacking: 'objection_ended' }] },
    });
  },
);

t.test(
  'a lifecycle about what is missing deletes and hides nothing, waits for no record’s term, and only a subject ' +
    'speaks through a client',
  async (t) => {
    const { lifecycles } = await loadLifecycles(workspace);
    const { id: _, ...omission } = lifecycles.get('omission')!;
    const refused = (change: object, message: RegExp) =>
      t.throws(() => makeLifecycle('omission', { ...omission, ...change }, { file: 'lifecycle.json' }), {
        code: 'bad_lifecycle',
        message,
      });
    refused(
      { states: { ...omission.states, added: { ...omission.states['added'], effect: 'hide' } } },
      /no record that could be deleted or hidden/,
    );
    refused(
      {
        acts: {
          ...omission.acts,
          file: { ...omission.acts['file'], after: { tier: 'displayTier', from: 'decidedOn' } },
        },
      },
      /there is none/,
    );
    refused(
      {
        parties: { ...omission.parties, centre: { ...omission.parties['centre'], through: ['credit-report-centre'] } },
      },
      /no client speaks for it/,
    );
  },
);

t.test(
  'whoever does whatever in whatever order, over restarts, the ticket goes only the ways that there are, and ' +
    'the mark stands exactly while it is under way',
  async (t) => {
    const ways: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      filed: { 'company withdraw': 'withdrawn', 'centre mark': 'marked' },
      marked: { 'company withdraw': 'withdrawn', 'centre forward': 'forwarded' },
      forwarded: { 'company withdraw': 'withdrawn', 'provider add': 'added', 'provider refuse': 'not-added' },
    };
    const actors = { company, centre, provider, stranger, otherProvider } as const;
    const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      file: SAYS,
      add: { supplement: '补充登记' },
      refuse: { reason: '没有遗漏' },
      'add-own': { supplement: '补充登记' },
      'refuse-own': { reason: '没有遗漏' },
    };
    const deed = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          who: fc.constantFrom(...(Object.keys(actors) as (keyof typeof actors)[])),
          what: fc.constantFrom('file', 'mark', 'forward', 'add', 'refuse', 'add-own', 'withdraw'),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          { who: 'company', what: 'file' },
          { who: 'centre', what: 'mark' },
          { who: 'centre', what: 'forward' },
          { who: 'provider', what: 'add' },
          { who: 'provider', what: 'refuse' },
        ) as fc.Arbitrary<{ who: keyof typeof actors; what: string }>,
      },
    );
    const reached = new Set<string>();
    let run = 0;
    const root = t.testdir();
    // chance alone misses a state now and then: each way to its end comes first
    const way = (...deeds: readonly string[]): [[{ who: keyof typeof actors; what: string }, number, number][]] => [
      deeds.map((one) => {
        const [who = '', what = ''] = one.split(' ');
        return [{ who: who as keyof typeof actors, what }, 1, 1];
      }),
    ];
    const examples = [
      way('company file', 'company withdraw'),
      way('company file', 'centre mark', 'centre forward', 'provider add'),
      way('company file', 'centre mark', 'centre forward', 'provider refuse'),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(deed, fc.nat({ max: 4 }), fc.integer({ min: 0, max: 9 })), { minLength: 4, maxLength: 14 }),
        async (story) => {
          let now = Date.parse('2026-02-12T10:00:00+08:00');
          const dataDir = `${root}/${String(run++)}`;
          const shared = await (await stateOfRun())?.();
          const open = (): Promise<Tickets> =>
            openTickets({ dataDir, workspace, now: () => now, lag: 0, ...present({ state: shared }) });
          let tickets = await open();
          let id: string | undefined;
          let state: string | undefined;
          try {
            for (const [{ who, what }, days, chance] of story) {
              now += days * 86_400_000;
              if (chance === 0) {
                await tickets.close();
                tickets = await open();
              }
              const over = state === undefined || ways[state] === undefined;
              if (what === 'file') {
                const opened = await tickets
                  .open('omission', ABOUT, act(actors[who], 'file', SAYS))
                  .catch((error: unknown) => {
                    if (isYitongError(error)) return undefined;
                    throw error;
                  });
                if ((opened !== undefined) !== (who === 'company' && over)) return false;
                if (opened !== undefined) [id, state] = [opened.head.id, 'filed'];
              } else if (id !== undefined && state !== undefined) {
                const outcome = await codeOf(() => tickets.act(id ?? '', act(actors[who], what, fields[what] ?? {})));
                const to: string | undefined = ways[state]?.[`${who} ${what}`];
                if ((outcome === 'ok') !== (to !== undefined)) return false;
                state = to ?? state;
              }
              if (state !== undefined) reached.add(state);
              if (tickets.effects.missing(ABOUT).length !== (state === 'marked' || state === 'forwarded' ? 1 : 0))
                return false;
              if (id !== undefined && (await tickets.get(id, company)).state.state !== state) return false;
            }
            return true;
          } finally {
            await tickets.close();
          }
        },
      ),
      // a store of a server is made anew for each run
      { numRuns: process.env['YITONG_TEST_STATE'] === 'postgres' ? 8 : 120, examples },
    );
    t.same(
      [...reached].sort(),
      ['added', 'filed', 'forwarded', 'marked', 'not-added', 'withdrawn'],
      'the property saw every state',
    );
  },
);

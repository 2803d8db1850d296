/** The rules of objection and repair in the reference city (上海市社会信用条例 Art.36–38), each with dates around its term. */
import t, { type Test } from 'tap';
import { type ClockReading, readClocks } from '../../contracts/lifecycle/clocks.js';
import { effectOf, isOver, mayDo, replay } from '../../contracts/lifecycle/engine.js';
import { loadLifecycles } from '../../contracts/lifecycle/load.js';
import type { Lifecycle, TicketEvent, TicketState } from '../../contracts/lifecycle/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';

const { lifecycles, calendars } = await loadLifecycles(await loadWorkspace(packageRoot()));
const [objection, repair, omission] = ['objection', 'repair', 'omission'].map((id) => lifecycles.get(id)!) as [
  Lifecycle,
  Lifecycle,
  Lifecycle,
];
const calendar = calendars.get('mainland')!;
const at = (local: string): number => Date.parse(`${local.length === 10 ? `${local}T10:00:00` : local}+08:00`);
const said: Readonly<Record<string, string>> = {
  grounds: '处罚对象并非本企业',
  reason: '原决定事实清楚',
  correction: '更正处罚金额',
  decision: '云复决〔2026〕1号',
  certificate: '云信修〔2026〕2号',
  missing: '缺少已作出的不予处罚决定',
  supplement: '补充登记',
};

type Step = readonly [act: string, party: string, on: string];
const events = ({ acts }: Lifecycle, steps: readonly Step[]): TicketEvent[] =>
  steps.map(([act, party, on]) => ({
    at: at(on),
    act,
    party,
    fields: Object.fromEntries((acts[act]?.requires ?? []).map((name) => [name, said[name] ?? ''])),
  }));
const run = (life: Lifecycle, holder: string, ...steps: Step[]): TicketState =>
  replay(life, holder, events(life, steps));
const clock = (life: Lifecycle, ticket: TicketState, id: string, now: string): ClockReading | undefined =>
  readClocks(life, calendar, ticket, at(now)).find((one) => one.clock === id);

/** Not over at the last second of `last`, over with the next one. */
function due(t: Test, life: Lifecycle, ticket: TicketState, id: string, last: string): void {
  t.match(
    clock(life, ticket, id, `${last}T23:59:59`),
    { due: { day: last, provisional: false }, over: false, left: 0 },
    `${id} until ${last}`,
  );
  const next = new Date(at(`${last}T23:59:59`) + 1000 + 8 * 3_600_000).toISOString().slice(0, 19);
  t.match(clock(life, ticket, id, next), { over: true }, `${id} over after ${last}`);
}
const file = (on: string): Step => ['file', 'company', on];

t.test('Art.36: an objection is marked within one working day of its receipt', (t) => {
  for (const [filed, last] of [
    ['2026-11-26', '2026-11-27'],
    ['2026-11-27', '2026-11-30'],
    ['2026-09-19', '2026-09-20'],
    ['2026-09-24', '2026-09-28'],
    ['2026-09-30', '2026-10-08'],
    ['2026-10-09', '2026-10-10'],
    ['2024-02-09', '2024-02-18'],
    ['2024-02-17', '2024-02-18'],
    ['2024-04-03', '2024-04-07'],
    ['2024-09-13', '2024-09-14'],
    ['2025-01-27', '2025-02-05'],
    ['2025-01-25', '2025-01-26'],
    ['2025-02-07', '2025-02-08'],
    ['2025-09-27', '2025-09-28'],
    ['2025-09-30', '2025-10-09'],
    ['2026-02-13', '2026-02-14'],
    ['2026-02-14', '2026-02-24'],
    ['2026-02-27', '2026-02-28'],
    ['2026-01-03', '2026-01-04'],
  ] as const)
    due(t, objection, run(objection, 'provider', file(filed)), 'mark', last);
  const marked = run(objection, 'provider', file('2026-11-26'), ['mark', 'centre', '2026-11-27']);
  t.match(
    clock(objection, marked, 'mark', '2027-01-15'),
    { over: false, stoppedAt: at('2026-11-27') },
    'marked in time is in time for ever',
  );
  t.match(
    clock(
      objection,
      run(objection, 'provider', file('2026-11-26'), ['mark', 'centre', '2026-11-28']),
      'mark',
      '2026-12-01',
    ),
    { over: true },
    'marked late stays late',
  );
  t.end();
});

t.test('Art.36: the mark stands from marking until there is a decision, and not before', (t) => {
  const steps: Step[] = [
    file('2026-03-02'),
    ['mark', 'centre', '2026-03-03'],
    ['forward', 'centre', '2026-03-04'],
    ['keep', 'provider', '2026-03-09'],
  ];
  t.same(
    steps.map((_, n) => effectOf(objection, run(objection, 'provider', ...steps.slice(0, n + 1)))),
    ['none', 'mark', 'mark', 'none'],
  );
  t.end();
});

t.test(
  'Art.36(1): on its own data the centre decides within five working days of receipt; it is not forwarded',
  (t) => {
    for (const [filed, last] of [
      ['2026-11-26', '2026-12-03'],
      ['2024-02-08', '2024-02-21'],
      ['2025-01-24', '2025-02-07'],
      ['2026-02-13', '2026-02-27'],
      ['2026-09-29', '2026-10-12'],
      ['2024-04-30', '2024-05-10'],
    ] as const) {
      const ticket = run(objection, 'centre', file(filed), ['mark', 'centre', filed]);
      due(t, objection, ticket, 'decide-own', last);
      t.equal(clock(objection, ticket, 'forward', filed), undefined);
      t.same(mayDo(objection, 'centre', ticket, 'centre'), ['correct-own', 'keep-own', 'delete-own']);
    }
    t.equal(
      effectOf(
        objection,
        run(
          objection,
          'centre',
          file('2026-03-02'),
          ['mark', 'centre', '2026-03-02'],
          ['delete-own', 'centre', '2026-03-03'],
        ),
      ),
      'delete',
    );
    t.end();
  },
);

t.test(
  'Art.36(2): a provider’s data are forwarded within two working days of receipt, and decided within five of ' +
    'forwarding',
  (t) => {
    for (const [filed, forwardBy, forwarded, decideBy] of [
      ['2026-11-26', '2026-11-30', '2026-11-27', '2026-12-04'],
      ['2024-02-08', '2024-02-18', '2024-02-18', '2024-02-23'],
      ['2025-01-26', '2025-02-05', '2025-01-27', '2025-02-10'],
      ['2026-02-13', '2026-02-24', '2026-02-14', '2026-02-28'],
    ] as const) {
      due(t, objection, run(objection, 'provider', file(filed)), 'forward', forwardBy);
      const ticket = run(
        objection,
        'provider',
        file(filed),
        ['mark', 'centre', filed],
        ['forward', 'centre', forwarded],
      );
      due(t, objection, ticket, 'decide', decideBy);
      t.equal(clock(objection, ticket, 'decide-own', filed), undefined);
      t.same(mayDo(objection, 'provider', ticket, 'provider'), ['correct', 'keep', 'tell-revoked', 'tell-repaired']);
      t.same(mayDo(objection, 'provider', ticket, 'centre'), [], 'the centre does not decide on what is not its own');
    }
    t.end();
  },
);

t.test(
  'Art.36: that something is missing is objected to under the same terms: marked in one working day, forwarded ' +
    'in two, decided in five; its own data in five of receipt',
  (t) => {
    for (const [filed, mark, forward, own] of [
      ['2026-11-26', '2026-11-27', '2026-11-30', '2026-12-03'],
      ['2024-02-08', '2024-02-09', '2024-02-18', '2024-02-21'],
      ['2026-02-13', '2026-02-14', '2026-02-24', '2026-02-27'],
      ['2026-09-29', '2026-09-30', '2026-10-08', '2026-10-12'],
    ] as const) {
      due(t, omission, run(omission, 'provider', file(filed)), 'mark', mark);
      due(t, omission, run(omission, 'provider', file(filed)), 'forward', forward);
      const own_ = run(omission, 'centre', file(filed), ['mark', 'centre', filed]);
      due(t, omission, own_, 'decide-own', own);
      t.same(
        mayDo(omission, 'centre', own_, 'centre'),
        ['add-own', 'refuse-own'],
        'the centre decides on what is its own',
      );
    }
    for (const [filed, forwarded, decideBy] of [
      ['2026-11-26', '2026-11-27', '2026-12-04'],
      ['2024-02-08', '2024-02-18', '2024-02-23'],
      ['2025-01-26', '2025-01-27', '2025-02-10'],
      ['2026-02-13', '2026-02-14', '2026-02-28'],
    ] as const) {
      const ticket = run(
        omission,
        'provider',
        file(filed),
        ['mark', 'centre', filed],
        ['forward', 'centre', forwarded],
      );
      due(t, omission, ticket, 'decide', decideBy);
      t.same(mayDo(omission, 'provider', ticket, 'provider'), ['add', 'refuse']);
      t.same(mayDo(omission, 'provider', ticket, 'centre'), []);
    }
    const steps: Step[] = [
      file('2026-03-02'),
      ['mark', 'centre', '2026-03-03'],
      ['forward', 'centre', '2026-03-04'],
      ['add', 'provider', '2026-03-09'],
    ];
    t.same(
      steps.map((_, n) => effectOf(omission, run(omission, 'provider', ...steps.slice(0, n + 1)))),
      ['none', 'mark', 'mark', 'none'],
    );
    const before = events(omission, steps.slice(0, 3));
    t.throws(
      () =>
        replay(omission, 'provider', [
          ...before,
          { at: at('2026-03-09'), act: 'refuse', party: 'provider', fields: {} },
        ]),
      { code: 'act_incomplete', message: '`reason` is missing' },
      'adding nothing needs a reason',
    );
    t.end();
  },
);

t.test('Art.36: keeping a record needs a reason', (t) => {
  const before = events(objection, [
    file('2026-03-02'),
    ['mark', 'centre', '2026-03-02'],
    ['forward', 'centre', '2026-03-02'],
  ]);
  t.throws(
    () =>
      replay(objection, 'provider', [...before, { at: at('2026-03-03'), act: 'keep', party: 'provider', fields: {} }]),
    { code: 'act_incomplete', message: '`reason` is missing' },
  );
  t.end();
});

t.test(
  'Art.37: what was revoked is deleted within three working days of being told, and is hidden from then on',
  (t) => {
    for (const [told, last] of [
      ['2026-11-26', '2026-12-01'],
      ['2024-02-09', '2024-02-20'],
      ['2025-01-27', '2025-02-07'],
      ['2026-02-14', '2026-02-26'],
      ['2026-09-30', '2026-10-10'],
      ['2024-09-13', '2024-09-19'],
    ] as const) {
      due(t, repair, run(repair, 'provider', ['tell-revoked', 'provider', told]), 'delete', last);
      due(
        t,
        objection,
        run(
          objection,
          'provider',
          file(told),
          ['mark', 'centre', told],
          ['forward', 'centre', told],
          ['tell-revoked', 'provider', told],
        ),
        'delete',
        last,
      );
    }
    const told: Step = ['tell-revoked', 'provider', '2026-03-02'];
    t.equal(effectOf(repair, run(repair, 'provider', told)), 'none', 'there was no objection, so there is no mark');
    const deleted = run(repair, 'provider', told, ['delete', 'centre', '2026-03-03']);
    t.same([effectOf(repair, deleted), isOver(repair, deleted)], ['delete', true]);
    t.end();
  },
);

t.test('Art.38: what was repaired is no longer shown within three working days of the certificate', (t) => {
  for (const [told, last] of [
    ['2026-11-26', '2026-12-01'],
    ['2025-09-26', '2025-09-30'],
    ['2026-05-08', '2026-05-12'],
    ['2025-04-25', '2025-04-29'],
  ] as const) {
    due(t, repair, run(repair, 'provider', ['tell-repaired', 'provider', told]), 'take-down', last);
  }
  const down = run(
    repair,
    'provider',
    ['tell-repaired', 'provider', '2026-03-02'],
    ['take-down', 'centre', '2026-03-03'],
  );
  t.same(
    [effectOf(repair, down), isOver(repair, down)],
    ['hide', false],
    'it is hidden while the conclusion is still to be shared',
  );
  t.end();
});

t.test(
  '上海市优化营商环境条例 Art.67(3): the conclusion is shared within three working days, whoever asked for the repair; ' +
    'the record stays hidden',
  (t) => {
    for (const [told, last] of [
      ['2026-11-26', '2026-12-01'],
      ['2025-09-26', '2025-09-30'],
      ['2026-05-08', '2026-05-12'],
      ['2024-02-09', '2024-02-20'],
    ] as const) {
      due(t, repair, run(repair, 'provider', ['tell-repaired', 'provider', told]), 'share', last);
      const asked = run(repair, 'provider', ['ask', 'company', told], ['certify', 'provider', told]);
      due(t, repair, asked, 'share', last);
      due(t, repair, asked, 'take-down', last);
      due(
        t,
        repair,
        run(repair, 'provider', ['ask', 'company', told], ['certify', 'provider', told], ['take-down', 'centre', told]),
        'share',
        last,
      );
    }
    const shared = run(
      repair,
      'provider',
      ['ask', 'company', '2026-03-02'],
      ['certify', 'provider', '2026-03-03'],
      ['take-down', 'centre', '2026-03-04'],
      ['share', 'centre', '2026-03-05'],
    );
    t.same([effectOf(repair, shared), isOver(repair, shared)], ['hide', true]);
    t.ok(shared.seenBy.includes('company'), 'the company sees that it was');
    t.same(
      readClocks(repair, calendar, shared, at('2026-12-01')).filter(
        ({ over, stoppedAt }) => over || stoppedAt === undefined,
      ),
      [],
    );
    for (const steps of [[['refuse', 'provider', '2026-03-03']], [['withdraw', 'company', '2026-03-03']]] as Step[][]) {
      const ended = run(repair, 'provider', ['ask', 'company', '2026-03-02'], ...steps);
      t.same([effectOf(repair, ended), isOver(repair, ended)], ['none', true]);
    }
    const revoked = run(
      repair,
      'provider',
      ['ask', 'company', '2026-03-02'],
      ['tell-revoked-instead', 'provider', '2026-03-02'],
    );
    due(t, repair, revoked, 'delete', '2026-03-05');
    t.end();
  },
);

t.test('a company may withdraw until there is a decision; then all clocks stand, and the mark goes', (t) => {
  for (const steps of [
    [file('2026-03-02')],
    [file('2026-03-02'), ['mark', 'centre', '2026-03-02']],
    [file('2026-03-02'), ['mark', 'centre', '2026-03-02'], ['forward', 'centre', '2026-03-02']],
  ] as Step[][]) {
    const ticket = run(objection, 'provider', ...steps, ['withdraw', 'company', '2026-03-03']);
    t.same(
      [
        ticket.state,
        effectOf(objection, ticket),
        readClocks(objection, calendar, ticket, at('2026-12-01')).filter(
          ({ over, stoppedAt }) => over || stoppedAt === undefined,
        ),
      ],
      ['withdrawn', 'none', []],
    );
  }
  t.end();
});

t.test('a provider sees an objection once it is forwarded, and the company sees all that concerns it', (t) => {
  const steps: Step[] = [file('2026-03-02'), ['mark', 'centre', '2026-03-02'], ['forward', 'centre', '2026-03-02']];
  t.same(
    steps.map((_, n) => run(objection, 'provider', ...steps.slice(0, n + 1)).seenBy),
    [
      ['company', 'centre'],
      ['company', 'centre'],
      ['company', 'centre', 'provider'],
    ],
  );
  t.same(run(repair, 'provider', ['tell-repaired', 'provider', '2026-03-02']).seenBy, [
    'company',
    'centre',
    'provider',
  ]);
  t.end();
});

t.test(
  'an objection of the last days of a year runs into the next one, provisionally until its notice is there',
  (t) => {
    t.match(clock(objection, run(objection, 'centre', file('2026-12-28')), 'decide-own', '2026-12-30'), {
      due: { day: '2027-01-04', provisional: true },
      over: false,
      left: 3,
    });
    t.end();
  },
);

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { lastMonths } from '../../../gateway/documents/compliance/codes.js';
import { type Scanner, TERMS } from '../../../gateway/documents/compliance/machine.js';
import { MISS_LIMIT } from '../../../gateway/documents/compliance/misses.js';
import { codesIn } from '../../../gateway/documents/compliance/state-store.js';
import { memoryCodes, openCodeStore } from '../../../gateway/documents/compliance/store.js';
import { codesConformance } from '../../support/conformance/codes.js';
import { SHARED, sharedState } from '../../support/shared-state.js';
import {
  bank,
  COMPANY,
  type CodesWorld,
  codeOf,
  codesWorld,
  inspector,
  owner,
  page,
  question,
  stranger,
} from './compliance-world.js';

t.test('the store in memory', (t) => {
  codesConformance(t, { open: async () => async () => memoryCodes(), keeps: false });
  t.end();
});
t.test('the store in LMDB', (t) => {
  codesConformance(t, {
    async open(t) {
      const dir = t.testdir();
      return async () => openCodeStore(dir);
    },
    keeps: true,
  });
  t.end();
});
for (const kind of SHARED)
  t.test(`the store in the state: ${kind}`, (t) => {
    codesConformance(t, {
      async open(t) {
        const open = await sharedState(t, kind);
        return open && (async () => codesIn(await open()));
      },
      keeps: true,
    });
    t.end();
  });

/** Two workers on one folder. */
function replica(t: Test): CodesWorld & { readonly dir: string } {
  const dir = t.testdir();
  const stores = [openCodeStore(dir), openCodeStore(dir)] as const;
  t.teardown(() => Promise.all(stores.map((store) => store.close())));
  return Object.assign(codesWorld(stores), { dir });
}
const ROAD = '192.0.2.1';

t.test('a company shows a code, sees who asks what, confirms; the scanner gets that answer, once', async (t) => {
  for (const scanner of [bank, page, inspector]) {
    const here = replica(t);
    const [one, two] = here.workers;
    const { code, id, until } = await one.create(owner, COMPANY, 'r1');
    t.equal(until - here.clock.now, 60_000);
    t.equal(Buffer.from(code, 'base64url').length, 32);
    t.match(await two.look(id, owner), { state: 'created', asked: undefined });

    const { ticket, number } = await two.scan(code, scanner, ROAD, question, 'r2');
    t.match(await one.collect(id, ticket, scanner, 'r3'), { state: 'waiting' });
    t.same(await two.follow(id, ticket, scanner), {
      state: 'scanned',
      until: here.clock.now + TERMS.scanned,
      question,
      number,
    });
    t.same(here.computed, [], 'nothing is even computed before the company confirms');
    const view = await one.look(id, owner);
    t.match(view, { state: 'scanned', asked: { question, number, scanner: { kind: scanner.kind } } });
    t.equal(view.asked?.scanner.name, scanner.name);
    if (scanner.kind !== 'client')
      t.notOk(JSON.stringify(view).includes(scanner.key), 'the company learns no session and no id of a person');
    t.match(number, /^\d{4}$/);

    await two.confirm(id, owner, view.shown ?? '', 'r4');
    const got = await one.collect(id, ticket, scanner, 'r5');
    t.same(got, {
      state: 'answered',
      answer: {
        subject: COMPANY,
        name: '云州某公司',
        question,
        answeredAt: new Date(here.clock.now).toISOString(),
        domains: [
          { domain: 'food', state: 'none', asOf: '2026-11-25T00:00:00.000Z' },
          { domain: 'fire', state: 'records', count: 2 },
        ],
      },
    });
    t.same(here.computed, [{ subject: COMPANY, question }]);
    t.equal(await codeOf(two.collect(id, ticket, scanner, 'r6')), 'code_used', 'once');
    t.equal((await one.look(id, owner)).state, 'answered');

    t.same(
      here.entries.map(({ body }) => body['step']),
      ['created', 'scanned', 'confirmed', 'answered'],
    );
    t.ok(here.entries.every(({ subject, body }) => subject === COMPANY && body['code'] === id));
    t.match(here.entries[3], {
      body: { report: 'credit', domains: ['food', 'fire'], from: question.from, to: question.to },
      details: { results: [{ domain: 'food', state: 'none' }, {}] },
    });
    const clear = JSON.stringify(here.entries.map(({ body }) => body));
    for (const secret of [
      code,
      ticket,
      owner.id,
      owner.name,
      COMPANY,
      ...(scanner.kind === 'client' ? [] : [scanner.key]),
      ...(scanner.kind === 'person' ? [scanner.name ?? ''] : []),
    ])
      t.notOk(clear.includes(secret), 'the clear part names nobody and opens nothing');
    t.same(
      here.entries.map(({ body }) => body['by']),
      [
        'subject',
        scanner.kind === 'client' ? 'bank' : scanner.kind === 'person' ? 'person' : 'public page',
        'subject',
        scanner.kind === 'client' ? 'bank' : scanner.kind === 'person' ? 'person' : 'public page',
      ],
    );
    if (scanner.kind === 'person')
      t.match(here.entries[1]?.details, { scanner: scanner.key, scannerName: scanner.name });
  }
});

t.test('a code is scanned once, in time, and by whoever was first', async (t) => {
  const here = replica(t);
  const [one, two] = here.workers;
  const { code, id } = await one.create(owner, COMPANY, 'r');
  const scans = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      codeOf((i % 2 === 0 ? one : two).scan(code, i < 4 ? bank : page, ROAD, question, 'r')),
    ),
  );
  t.same(scans.sort(), [...Array<string>(7).fill('code_used'), 'ok']);
  t.equal(here.entries.filter(({ body }) => body['step'] === 'scanned').length, 1);
  here.clock.now += TERMS.scanned;
  t.equal((await one.look(id, owner)).state, 'expired');
  t.equal(
    await codeOf(two.scan(code, bank, ROAD, question, 'r')),
    'code_used',
    'a code that came to nothing is used all the same',
  );

  const late = await one.create(owner, COMPANY, 'r');
  here.clock.now += TERMS.created;
  t.equal(await codeOf(two.scan(late.code, bank, ROAD, question, 'r')), 'code_expired');
  t.equal(await codeOf(two.scan(id, bank, ROAD, question, 'r')), 'code_unknown', 'the digest is not the code');
});

t.test('confirmed is only what was seen, by who made the code, in time', async (t) => {
  const here = replica(t);
  const [one, two] = here.workers;
  const begin = async () => {
    const { code, id } = await one.create(owner, COMPANY, 'r');
    const { ticket } = await two.scan(code, bank, ROAD, question, 'r');
    return { id, ticket, shown: (await one.look(id, owner)).shown ?? '' };
  };
  const first = await begin();
  t.equal(
    await codeOf(two.confirm(first.id, stranger, first.shown, 'r')),
    'code_unknown',
    'somebody else of the same company',
  );
  t.equal(await codeOf(two.look(first.id, stranger)), 'code_unknown');
  t.equal(await codeOf(two.confirm(first.id, owner, 'x', 'r')), 'code_changed');
  const other = await begin();
  t.equal(
    await codeOf(two.confirm(first.id, owner, other.shown, 'r')),
    'code_changed',
    'what another screen showed: its number differs',
  );
  here.clock.now += TERMS.scanned;
  t.equal(await codeOf(two.confirm(first.id, owner, first.shown, 'r')), 'code_expired');
  t.equal(await codeOf(one.collect(first.id, first.ticket, bank, 'r')), 'code_expired');

  const refused = await begin();
  await one.refuse(refused.id, owner, 'r');
  t.equal(await codeOf(two.collect(refused.id, refused.ticket, bank, 'r')), 'code_refused');
  t.equal(await codeOf(two.confirm(refused.id, owner, refused.shown, 'r')), 'code_refused');

  const regretted = await begin();
  await one.confirm(regretted.id, owner, regretted.shown, 'r');
  await two.refuse(regretted.id, owner, 'r');
  t.equal(
    await codeOf(two.collect(regretted.id, regretted.ticket, bank, 'r')),
    'code_refused',
    'up to the answer the company may change its mind',
  );

  const slow = await begin();
  await one.confirm(slow.id, owner, slow.shown, 'r');
  here.clock.now += TERMS.confirmed;
  t.equal(await codeOf(two.collect(slow.id, slow.ticket, bank, 'r')), 'code_expired');
  const unscanned = await one.create(owner, COMPANY, 'r');
  t.equal(await codeOf(two.confirm(unscanned.id, owner, '', 'r')), 'code_changed', 'nothing was asked yet');
  t.same(here.computed, []);
});

t.test('the answer goes to the scanner that asked and to nobody else', async (t) => {
  const here = replica(t);
  const [one, two] = here.workers;
  const { code, id } = await one.create(owner, COMPANY, 'r');
  const { ticket } = await two.scan(code, page, ROAD, question, 'r');
  await one.confirm(id, owner, (await one.look(id, owner)).shown ?? '', 'r');
  const others: readonly Scanner[] = [
    bank,
    { ...page, key: 'another session' },
    { kind: 'client', key: page.key },
    { kind: 'person', key: page.key },
  ];
  for (const scanner of others) t.equal(await codeOf(two.collect(id, ticket, scanner, 'r')), 'code_unknown');
  for (const wrong of ['', code, id, ticket.slice(1)])
    t.equal(await codeOf(two.collect(id, wrong, page, 'r')), 'code_unknown');
  for (const wrong of ['', code, 'x'.repeat(5000), '../..'])
    t.equal(await codeOf(two.collect(wrong, ticket, page, 'r')), 'code_unknown');
  t.same(here.computed, []);
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, (_, i) => codeOf((i % 2 === 0 ? one : two).collect(id, ticket, page, 'r'))),
  );
  t.same(outcomes.sort(), [...Array<string>(5).fill('code_used'), 'ok'], 'of six at once one gets it');
});

t.test('what cannot be put on record is not shown, not confirmed, not answered', async (t) => {
  const here = replica(t);
  const [one, two] = here.workers;
  const full = async (work: () => Promise<unknown>): Promise<void> => {
    here.disk.full = true;
    t.equal(await codeOf(work()), 'audit_unavailable');
    here.disk.full = false;
  };
  await full(() => one.create(owner, COMPANY, 'r'));
  const { code, id } = await one.create(owner, COMPANY, 'r');
  const { ticket } = await two.scan(code, bank, ROAD, question, 'r');
  const { shown = '' } = await one.look(id, owner);
  await full(() => one.confirm(id, owner, shown, 'r'));
  t.match(await two.collect(id, ticket, bank, 'r'), { state: 'waiting' });
  await one.confirm(id, owner, shown, 'r');
  await full(() => two.collect(id, ticket, bank, 'r'));
  t.match(await two.collect(id, ticket, bank, 'r'), { state: 'answered' }, 'and it is not lost by that');
  const next = await one.create(owner, COMPANY, 'r');
  await full(() => two.scan(next.code, bank, ROAD, question, 'r'));
  t.equal(await codeOf(two.scan(next.code, bank, ROAD, question, 'r')), 'code_used');
});

t.test('an answer to another question is released to nobody', async (t) => {
  const here = replica(t);
  const [one, two] = here.workers;
  const { code, id } = await one.create(owner, COMPANY, 'r');
  const { ticket } = await two.scan(code, bank, ROAD, question, 'r');
  await one.confirm(id, owner, (await one.look(id, owner)).shown ?? '', 'r');
  const fire = { domain: 'fire', state: 'none' } as const;
  for (const wrong of [
    [],
    [fire],
    [fire, fire],
    [fire, { domain: 'tax', state: 'none' }],
    [fire, { domain: 'food', state: 'records' }],
    [fire, { domain: 'food', state: 'none', count: 1 }],
    [fire, { domain: 'food', state: 'records', count: 0 }],
    [fire, { domain: 'food', state: 'clean' }],
    [fire, { domain: 'food', state: 'none' }, { domain: 'tax', state: 'none' }],
  ]) {
    here.says = wrong as never;
    t.equal(await codeOf(two.collect(id, ticket, bank, 'r')), 'internal');
  }
  here.says = [fire, { domain: 'food', state: 'not_answered', records: [{ conduct: 'x' }] } as never];
  t.match(
    await two.collect(id, ticket, bank, 'r'),
    { answer: { domains: [{ domain: 'food', state: 'not_answered', records: undefined }, fire] } },
    'and no more of it than an answer may say',
  );
});

t.test('who tries codes is stopped, from new sessions as well, and only for a while', async (t) => {
  const here = replica(t);
  const [one, two] = here.workers;
  const guess = (scanner: Scanner, source: string, n: number) =>
    codeOf((n % 2 === 0 ? one : two).scan(Buffer.alloc(32, n).toString('base64url'), scanner, source, question, 'r'));
  for (let n = 0; n < MISS_LIMIT; n++) t.equal(await guess({ ...page, key: `session ${n}` }, ROAD, n), 'code_unknown');
  t.equal(await guess({ ...page, key: 'new' }, ROAD, 1), 'rate_limited');
  const { code } = await one.create(owner, COMPANY, 'r');
  t.equal(await codeOf(two.scan(code, page, ROAD, question, 'r')), 'rate_limited', 'also with a code that there is');
  t.equal(await codeOf(two.scan(code, bank, '192.0.2.2', question, 'r')), 'ok', 'others are not held up');
  for (let n = 0; n < MISS_LIMIT; n++) await guess(bank, `198.51.100.${n}`, n);
  t.equal(await guess(bank, '203.0.113.1', 1), 'rate_limited', 'one client from many addresses');
  here.clock.now += 10 * 60_000 + 1;
  t.equal(await guess(bank, ROAD, 1), 'code_unknown');
});

t.test('a question that is none uses up no code', async (t) => {
  const here = replica(t);
  const [one, two] = here.workers;
  const { code } = await one.create(owner, COMPANY, 'r');
  for (const wrong of [
    { report: 'food-safety' },
    { domains: [] },
    { domains: ['food', 'food'] },
    { domains: ['unknown'] },
    { domains: ['__proto__'] },
    { from: '2026-02-30' },
    { from: 'x' },
    { from: '2026-11-27' },
    { to: '' },
  ]) {
    t.equal(await codeOf(two.scan(code, bank, ROAD, { ...question, ...wrong }, 'r')), 'bad_request');
  }
  t.equal(await codeOf(two.scan(code, bank, ROAD, question, 'r')), 'ok');
  t.equal(await codeOf(one.create({ ...owner, roles: [] }, COMPANY, 'r')), 'role_missing');
  t.equal(
    await codeOf(one.create(owner, 'uscc:91990101MAEXA0002Y', 'r')),
    'role_missing',
    'a company for which the person does not speak',
  );
  t.same(lastMonths(24, '2026-11-26'), { from: '2024-11-26', to: '2026-11-26' });
  t.same(lastMonths(12, '2024-02-29'), { from: '2023-02-28', to: '2024-02-29' });
  t.same(lastMonths(3, '2026-01-31'), { from: '2025-10-31', to: '2026-01-31' });
});

t.test('the file of codes opens nothing', async (t) => {
  const here = replica(t);
  const [one, two] = here.workers;
  const { code } = await one.create(owner, COMPANY, 'r');
  const { ticket } = await two.scan(code, page, ROAD, question, 'r');
  const files = readdirSync(here.dir).map((name) => join(here.dir, name));
  t.ok(files.length > 0);
  for (const file of files) {
    const bytes = readFileSync(file);
    for (const secret of [code, ticket, page.key]) t.notOk(bytes.includes(secret));
  }
  t.equal(statSync(join(here.dir, 'codes')).mode & 0o077, 0);
});

t.test(
  'of several worker processes that scan one code at the same moment, one gets it, and the company sees that one',
  async (t) => {
    const dir = t.testdir();
    const store = openCodeStore(dir);
    t.teardown(() => store.close());
    const here = codesWorld([store, store]);
    here.clock.now = Date.now();
    const { code, id } = await here.workers[0].create(owner, COMPANY, 'r');
    const processes = ['a', 'b', 'c', 'd'].map((name) => ({
      name,
      child: fork(new URL('./scan-in-process.js', import.meta.url), [dir, code, name]),
    }));
    await Promise.all(processes.map(({ child }) => once(child, 'message')));
    const outcomes = await Promise.all(
      processes.map(async ({ name, child }) => {
        const ended = once(child, 'exit');
        const said = once(child, 'message');
        child.send('go');
        const [outcome] = (await said) as [string];
        await ended;
        return { name, outcome };
      }),
    );
    t.same(outcomes.map(({ outcome }) => outcome).sort(), ['code_used', 'code_used', 'code_used', 'ok']);
    t.equal(
      (await here.workers[0].look(id, owner)).asked?.scanner.key,
      outcomes.find(({ outcome }) => outcome === 'ok')?.name,
    );
  },
);

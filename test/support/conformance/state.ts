/** What every driver of the State port keeps. Run it with a module that exports its driver as `driver`. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Test } from 'tap';
import {
  type Change,
  type Changed,
  REMEMBERED,
  type State,
  StateConflict,
} from '../../../gateway/ground/state/port.js';
import { OUTBOX_LEASE, sendOutbox } from '../../../gateway/ground/state/sending.js';
import { type Transaction, transact } from '../../../gateway/ground/state/transact.js';
import { watch } from '../../../gateway/ground/state/watching.js';

export interface StateDriver {
  /** Where an empty store can be opened, by several at once; undefined where this machine has none. */
  fresh(t: Test): Promise<string | undefined>;
  open(place: string, now?: () => number): Promise<State>;
  /** Whether a client hears of commits of others before it asks. */
  readonly hearsOthers: boolean;
}

const put = (id: string, body: unknown, more: Partial<Extract<Change, { do: 'put' }>> = {}): Change => ({
  do: 'put',
  kind: 'paper',
  id,
  body: body as string,
  ...more,
});

export async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const conflictAt = async (commit: Promise<unknown>): Promise<number | undefined> =>
  commit.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof StateConflict && error.code === 'state_conflict') return error.change;
      throw error;
    },
  );

/** @param module exports `driver: StateDriver`, so that other processes can open it as well */
export function stateConformance(t: Test, driver: StateDriver, module: URL): void {
  /** A store, and a way to open it again as somebody else does. */
  const world = async (t: Test, now?: () => number) => {
    const place = await driver.fresh(t);
    if (place === undefined) return undefined;
    const open = async (clock = now): Promise<State> => {
      const state = await driver.open(place, clock);
      t.teardown(() => state.close());
      return state;
    };
    return { place, open, state: await open() };
  };

  t.test('a commit is made whole, and another client sees all of it at once', async (t) => {
    const { state, open } = (await world(t)) ?? {};
    if (state === undefined || open === undefined) return;
    const other = await open();
    t.equal(await state.revision(), 0);
    const { revision, counts, repeated } = await state.commit([
      { do: 'append', stream: 'ticket 1', after: 0, events: [{ act: 'opened' }, { act: 'read' }] },
      put('a', { n: 1 }, { version: 0, owner: 'uscc:1', links: ['of/1/2026', 'code/x'] }),
      { do: 'count', counter: 'issued', by: 2 },
      { do: 'set', set: 'suspended', version: 0, put: { 'grant-1': { by: 'somebody' } } },
      { do: 'send', topic: 'acts', key: 'k', value: 'AAE=', headers: { a: 'b' } },
    ]);
    t.strictSame({ revision, counts, repeated }, { revision: 1, counts: { issued: 2 }, repeated: false });
    const events = await other.events('ticket 1');
    t.strictSame(
      events.map(({ number, revision, body }) => ({ number, revision, body })),
      [
        { number: 1, revision: 1, body: { act: 'opened' } },
        { number: 2, revision: 1, body: { act: 'read' } },
      ],
    );
    t.strictSame(await other.events('ticket 1', 1, 1), events.slice(1));
    t.strictSame(await other.document('paper', 'a'), {
      kind: 'paper',
      id: 'a',
      version: 1,
      owner: 'uscc:1',
      links: ['code/x', 'of/1/2026'],
      body: { n: 1 },
    });
    t.equal(await other.counter('issued'), 2);
    t.strictSame(await other.set('suspended'), { version: 1, members: new Map([['grant-1', { by: 'somebody' }]]) });
    const [message] = await other.outbox();
    t.match(message, { topic: 'acts', key: 'k', value: 'AAE=', headers: { a: 'b' } });
    t.equal(await other.revision(), 1);
  });

  t.test('a condition that does not hold leaves everything as it was, and the first such is named', async (t) => {
    const { state } = (await world(t)) ?? {};
    if (state === undefined) return;
    await state.commit([
      put('a', 1),
      { do: 'append', stream: 's', events: [1] },
      { do: 'set', set: 'x', put: { m: 1 } },
    ]);
    const harmless: Change[] = [
      { do: 'count', counter: 'c', by: 1 },
      put('b', 2),
      { do: 'append', stream: 'other', events: [1] },
      { do: 'send', topic: 't', key: 'k', value: null },
    ];
    const wrong: readonly Change[] = [
      { do: 'append', stream: 's', after: 0, events: [2] },
      { do: 'append', stream: 's', after: 2, events: [2] },
      { do: 'drop', stream: 's', after: 2 },
      { do: 'expect-events', stream: 's', after: 0 },
      put('a', 2, { version: 0 }),
      put('a', 2, { version: 2 }),
      put('z', 2, { version: 1 }),
      { do: 'remove', kind: 'paper', id: 'a', version: 7 },
      { do: 'remove', kind: 'paper', id: 'z', version: 1 },
      { do: 'expect-document', kind: 'paper', id: 'a', version: 0 },
      { do: 'count', counter: 'd', by: 3, most: 2 },
      { do: 'set', set: 'x', version: 0, put: { n: 1 } },
      { do: 'set', set: 'y', version: 1, put: { n: 1 } },
      { do: 'expect-lease', lease: 'l', token: 1 },
    ];
    for (const change of wrong)
      t.equal(await conflictAt(state.commit([...harmless, change, put('never', 1)])), 4, JSON.stringify(change));
    t.equal(await state.revision(), 1);
    t.equal(await state.counter('c'), 0);
    t.equal(await state.counter('d'), 0);
    t.strictSame(await state.outbox(), []);
    t.equal(await state.document('paper', 'b'), undefined);
    t.strictSame((await state.set('x')).members, new Map([['m', 1]]));
    t.equal((await state.document('paper', 'a'))?.body, 1);
    t.equal((await state.events('s')).length, 1);
    t.equal((await state.events('other')).length, 0);
  });

  t.test('of several who build on the same, one wins', async (t) => {
    const { state, open } = (await world(t)) ?? {};
    if (state === undefined || open === undefined) return;
    const clients = [state, await open(), await open()];
    for (let round = 0; round < 10; round++) {
      const version = (await state.document('paper', 'paper'))?.version ?? 0;
      const outcomes = await Promise.all(
        clients.map((client, who) =>
          conflictAt(
            client.commit([
              { do: 'append', stream: 'ticket', after: round, events: [who] },
              put('paper', who, { version }),
            ]),
          ),
        ),
      );
      t.equal(outcomes.filter((outcome) => outcome === undefined).length, 1, `round ${round}`);
      const winner = outcomes.indexOf(undefined);
      t.equal((await state.document('paper', 'paper'))?.body, winner);
      t.equal((await state.events('ticket')).at(-1)?.body, winner);
    }
  });

  t.test('a version is never one that a document of that name had before', async (t) => {
    const { state } = (await world(t)) ?? {};
    if (state === undefined) return;
    const first = (await state.commit([put('a', 1, { version: 0 })])).revision;
    await state.commit([{ do: 'remove', kind: 'paper', id: 'a', version: first }]);
    t.equal(await state.document('paper', 'a'), undefined);
    await state.commit([put('a', 2, { version: 0 })]);
    t.equal(await conflictAt(state.commit([put('a', 3, { version: first })])), 0, 'who knew the one of before');
    t.equal((await state.document('paper', 'a'))?.body, 2);
  });

  t.test('documents are found by what their links begin with, by their owner, and page by page', async (t) => {
    const { state } = (await world(t)) ?? {};
    if (state === undefined) return;
    const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04', '2026-01-05'];
    await state.commit([
      ...days.map((day, i) => put(`p${i}`, i, { owner: i % 2 === 0 ? 'even' : 'odd', links: [`of/一/${day}`] })),
      put('other', 9, { links: ['of/一二/2026-01-01', 'of/𠀀', 'of/z'] }),
      { do: 'put', kind: 'letter', id: 'p0', body: 'another kind', owner: 'even', links: ['of/一/2026-01-01'] },
    ]);
    const all = async (query: object): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (let after: string | undefined; ; ) {
        const page = await state.documents('paper', { limit: 2, ...query, ...(after === undefined ? {} : { after }) });
        t.ok(page.documents.length <= 2);
        found.push(...page.documents.map(({ body }) => body));
        after = page.next;
        if (after === undefined) return found;
      }
    };
    t.strictSame(await all({ link: 'of/一/' }), [0, 1, 2, 3, 4]);
    t.strictSame(await all({ link: 'of/一/', descending: true }), [4, 3, 2, 1, 0]);
    t.strictSame(await all({ link: 'of/一/2026-01-03' }), [2]);
    t.strictSame(await all({ link: 'of/' }), [9, 0, 1, 2, 3, 4, 9, 9], 'in the order of bytes, under each link');
    t.strictSame(await all({ link: 'nothing' }), []);
    t.strictSame(await all({ owner: 'even' }), [0, 2, 4]);
    t.strictSame(await all({ owner: 'odd', descending: true }), [3, 1]);
    t.strictSame(await all({}), [9, 0, 1, 2, 3, 4]);
    t.strictSame(await all({ descending: true }), [4, 3, 2, 1, 0, 9]);
    await state.commit([put('p1', 1, { links: ['moved/1'] }), { do: 'remove', kind: 'paper', id: 'p2' }]);
    t.strictSame(await all({ link: 'of/一/' }), [0, 3, 4], 'links go with what had them');
    t.strictSame(await all({ owner: 'odd' }), [3]);
    t.strictSame(await all({ link: 'moved' }), [1]);
    const byId = await state.documentsById('paper', ['p3', 'nobody', 'p0', 'p3']);
    t.strictSame(byId.map(({ id }) => id).sort(), ['p0', 'p3']);
  });

  t.test('what is past its end is not there, for reads and conditions, before it is swept and after', async (t) => {
    let now = 1_000_000;
    const { state, open } = (await world(t, () => now)) ?? {};
    if (state === undefined || open === undefined) return;
    await state.commit([
      put('a', 1, { until: 1_001_000, owner: 'o', links: ['l/1'] }),
      put('b', 2, { until: 1_002_000, owner: 'o', links: ['l/2'] }),
      { do: 'count', counter: 'guesses', by: 3, most: 3, until: 1_001_000 },
      { do: 'count', counter: 'lasting', by: 3 },
    ]);
    t.equal(await conflictAt(state.commit([{ do: 'count', counter: 'guesses', by: 1, most: 3, until: 9_000_000 }])), 0);
    now = 1_000_999;
    t.equal((await state.document('paper', 'a'))?.until, 1_001_000);
    now = 1_001_000;
    const look = async (): Promise<unknown> => ({
      a: await state.document('paper', 'a'),
      ids: (await state.documentsById('paper', ['a', 'b'])).map(({ id }) => id),
      links: (await state.documents('paper', { link: 'l/' })).documents.map(({ id }) => id),
      owner: (await state.documents('paper', { owner: 'o' })).documents.map(({ id }) => id),
      guesses: await state.counter('guesses'),
      counters: [...(await state.counters(''))],
    });
    const left = { a: undefined, ids: ['b'], links: ['b'], owner: ['b'], guesses: 0, counters: [['lasting', 3]] };
    t.strictSame(await look(), left);
    t.equal(await conflictAt(state.commit([put('a', 5, { version: 1 })])), 0, 'it is not there any more');
    t.equal(await state.sweep(), 2);
    t.equal(await state.sweep(), 0);
    t.strictSame(await look(), left);
    const { counts } = await state.commit([
      put('a', 5, { version: 0 }),
      { do: 'count', counter: 'guesses', by: 1, most: 3, until: 1_005_000 },
    ]);
    t.equal(counts['guesses'], 1, 'counted from the beginning');
    now = 1_003_000;
    t.strictSame(
      (await state.documents('paper')).documents.map(({ body }) => body),
      [5],
    );
    // put anew over one that is over and was not swept
    await state.commit([put('b', 6, { version: 0, links: ['m/1'] })]);
    t.equal(await state.sweep(), 0, 'what was put anew stays');
    t.strictSame((await state.documents('paper', { link: 'l/' })).documents, []);
    t.equal((await state.document('paper', 'b'))?.body, 6);
    now = 1_005_000;
    t.equal(await state.counter('guesses'), 0);
    await state.commit([{ do: 'count', counter: 'guesses', by: 1 }]);
    now = 9_000_000;
    await state.sweep();
    t.equal(await state.counter('guesses'), 1, 'one that began anew without an end stays');
  });

  t.test('no more is counted than may be, however many count at once', async (t) => {
    const { state, open } = (await world(t)) ?? {};
    if (state === undefined || open === undefined) return;
    const clients = [state, await open(), await open()];
    const outcomes = await Promise.all(
      Array.from({ length: 90 }, (_, i) =>
        conflictAt((clients[i % 3] as State).commit([{ do: 'count', counter: 'codes', by: 1, most: 40 }])),
      ),
    );
    t.equal(outcomes.filter((outcome) => outcome === undefined).length, 40);
    t.equal(await state.counter('codes'), 40);
    await state.commit([{ do: 'count', counter: 'codes', by: -5 }]);
    t.equal(await state.counter('codes'), 35);
    await state.commit([{ do: 'count', counter: 'coda', by: 1 }]);
    t.strictSame(
      [...(await state.counters('cod'))],
      [
        ['coda', 1],
        ['codes', 35],
      ],
    );
  });

  t.test('a set has the version of its last change, and only its own members', async (t) => {
    const { state } = (await world(t)) ?? {};
    if (state === undefined) return;
    t.strictSame(await state.set('s'), { version: 0, members: new Map() });
    const { revision } = await state.commit([{ do: 'set', set: 's', version: 0, put: { b: 1, a: null, 一: 'x' } }]);
    await state.commit([{ do: 'set', set: 'st', put: { other: 1 } }]);
    t.strictSame(await state.set('s'), {
      version: revision,
      members: new Map<string, unknown>([
        ['a', null],
        ['b', 1],
        ['一', 'x'],
      ]),
    });
    await state.commit([{ do: 'set', set: 's', version: revision, put: { b: 2 }, remove: ['a', 'nobody'] }]);
    t.strictSame(
      [...(await state.set('s')).members],
      [
        ['b', 2],
        ['一', 'x'],
      ],
    );
    await state.commit([{ do: 'set', set: 's', remove: ['b', '一'] }]);
    t.match(await state.set('s'), { members: new Map() });
    t.ok((await state.set('s')).version > revision, 'an empty set has a version still');
  });

  t.test('a commit that is made again under its id changes nothing, and says what it said', async (t) => {
    let now = 5_000_000;
    const { state, open } = (await world(t, () => now)) ?? {};
    if (state === undefined || open === undefined) return;
    const other = await open();
    const changes: Change[] = [
      { do: 'count', counter: 'c', by: 1 },
      { do: 'append', stream: 's', after: 0, events: ['x'] },
      { do: 'send', topic: 't', key: 'k', value: null },
    ];
    const all = await Promise.all([state, other, state, other].map((client) => client.commit(changes, 'once')));
    t.equal(all.filter(({ repeated }) => !repeated).length, 1);
    for (const one of all) t.match(one, { revision: 1, at: 5_000_000, counts: { c: 1 } });
    t.equal(await conflictAt(other.commit([{ do: 'append', stream: 's', after: 0, events: ['y'] }], 'refused')), 0);
    await state.commit([{ do: 'drop', stream: 's', after: 1 }]);
    t.equal(
      await conflictAt(state.commit([{ do: 'append', stream: 's', after: 0, events: ['y'] }], 'refused')),
      0,
      'what was refused is refused again, also where it would hold now',
    );
    t.equal(await state.counter('c'), 1);
    t.equal((await state.outbox()).length, 1);
    now += REMEMBERED;
    await state.sweep();
    t.match(await state.commit([{ do: 'count', counter: 'c', by: 1 }], 'once'), { repeated: false, counts: { c: 2 } });
  });

  t.test('changes come complete and in order, however many commit while they are read', async (t) => {
    const { state, open } = (await world(t)) ?? {};
    if (state === undefined || open === undefined) return;
    const clients = [await open(), await open(), await open()];
    const made: number[] = [];
    const writing = Promise.all(
      clients.map(async (client, who) => {
        for (let n = 0; n < 40; n++) {
          const commits = [1, 2, 3].map((k) =>
            client.commit([put(`${who}/${n}/${k}`, k), { do: 'append', stream: `s${who}`, events: [n] }]),
          );
          for (const { revision } of await Promise.all(commits)) made.push(revision);
        }
      }),
    );
    let done = false;
    const finished = writing.then(() => (done = true));
    const seen: Changed[] = [];
    let since = 0;
    for (let last = false; !last; ) {
      last = done;
      await new Promise((resolve) => setImmediate(resolve));
      for (let more = true; more; ) {
        const page = await state.changes(since, 7);
        t.notOk(page.lost);
        seen.push(...page.changes);
        if (page.next < since) t.fail('it goes back');
        since = page.next;
        more = page.more;
      }
    }
    await finished;
    t.strictSame(
      [...new Set(seen.map(({ revision }) => revision))],
      [...made].sort((a, b) => a - b),
    );
    t.equal(seen.length, 2 * 360, 'both of each commit, once');
    t.ok(
      seen.every(({ revision }, i) => revision >= (seen[i - 1]?.revision ?? 0)),
      'in order',
    );
    t.match(seen[0], { of: 'document', name: 'paper', id: String });
  });

  t.test('a reader that was away for longer than changes are kept is told so', async (t) => {
    let now = 5_000_000;
    const { state } = (await world(t, () => now)) ?? {};
    if (state === undefined) return;
    await state.commit([put('a', 1)]);
    await state.commit([put('b', 1)]);
    now += REMEMBERED / 2;
    await state.commit([put('c', 1)]);
    now += REMEMBERED / 2;
    t.equal((await state.changes(0)).changes.length, 3);
    t.ok((await state.sweep()) >= 2);
    t.strictSame(await state.changes(0), { changes: [], next: 3, more: false, lost: true });
    t.match(await state.changes(2), { changes: [{ revision: 3, id: 'c' }], next: 3, lost: false });
    t.match(await state.changes(99), { changes: [], next: 3, lost: true }, 'a store that was put back');
  });

  t.test('who watches hears of what another commits, and of all of it again where it failed', async (t) => {
    const { state, open } = (await world(t)) ?? {};
    if (state === undefined || open === undefined) return;
    const other = await open();
    await other.commit([{ do: 'set', set: 'suspended', put: { before: 1 } }]);
    let known: readonly string[] = [];
    const heard: Changed[] = [];
    let failures = 0;
    const watching = watch(state, {
      wanted: ({ of, name }) => of === 'set' && name === 'suspended',
      everyMs: 50,
      onChange: async (changes) => {
        if (changes !== undefined && failures++ === 0) throw new Error('not now');
        heard.push(...(changes ?? []));
        known = [...(await state.set('suspended')).members.keys()];
      },
    });
    await until(() => known.includes('before'), 'what stood there before');
    await other.commit([{ do: 'set', set: 'suspended', put: { grant: 1 } }, put('unwanted', 1)]);
    await until(() => known.includes('grant'), 'what another committed');
    await until(() => watching.age() < 1000, 'a young age');
    await watching.stop();
    t.equal(failures, 2, 'told again');
    t.equal(heard.length, 1);
  });

  t.test('a hint of a commit wakes who waits for one', async (t) => {
    const { state, open } = (await world(t)) ?? {};
    if (state === undefined || open === undefined) return;
    let hints = 0;
    const unhint = state.onHint(() => void hints++);
    if (state.health().hears !== undefined) await until(() => state.health().hears === true, 'it to listen');
    const committer = driver.hearsOthers ? await open() : state;
    const hinted = async (what: string): Promise<void> => {
      const before = hints;
      await committer.commit([put('hint', what)]);
      await until(() => hints > before, what);
    };
    await hinted('a first one');
    await hinted('another');
    unhint();
    const before = hints;
    await state.commit([put('hint', 'unheard')]);
    t.equal(hints, before, 'not any more');
  });

  t.test('messages are sent by one at a time, in order, and by the next one where it died', async (t) => {
    const { state, open } = (await world(t)) ?? {};
    if (state === undefined || open === undefined) return;
    const other = await open();
    const sent: string[] = [];
    let dying = true;
    const send =
      (who: string) => async (messages: readonly { readonly key: string; readonly value: string | null }[]) => {
        for (const { key, value } of messages) {
          sent.push(`${key} ${value}`);
          if (dying && sent.length === 5) throw new Error(`${who} dies`);
        }
      };
    for (let n = 0; n < 20; n++)
      await state.commit([
        { do: 'send', topic: 't', key: 'a', value: `${n}` },
        { do: 'send', topic: 't', key: 'b', value: `${n}` },
      ]);
    const one = sendOutbox(state, { holder: 'one', send: send('one'), everyMs: 20, leaseMs: 300 });
    await until(() => sent.length >= 5, 'the first ones');
    await one.stop();
    dying = false;
    const both = [other, state].map((client, i) =>
      sendOutbox(client, { holder: `next ${i}`, send: send(`next ${i}`), everyMs: 20, leaseMs: 2000 }),
    );
    await until(async () => (await state.outbox()).length === 0, 'all of them');
    t.equal(both.filter((sender) => sender.sends()).length, 1);
    await Promise.all(both.map((sender) => sender.stop()));
    for (const key of ['a', 'b']) {
      const first = sent.filter((message, i) => message.startsWith(key) && sent.indexOf(message) === i);
      t.strictSame(
        first,
        Array.from({ length: 20 }, (_, n) => `${key} ${n}`),
        'none lost, none before an earlier one',
      );
    }
  });

  t.test('a lease has one holder, a token that only grows, and shuts out who held it before', async (t) => {
    let now = 1_000_000;
    const { state, open } = (await world(t, () => now)) ?? {};
    if (state === undefined || open === undefined) return;
    const other = await open();
    const tries = await Promise.all([state, other].map((client, i) => client.lease('sequencer', `r${i}`, 1000)));
    t.equal(tries.filter((lease) => lease !== undefined).length, 1);
    const holder = tries.findIndex((lease) => lease !== undefined);
    const first = tries[holder]?.token ?? 0;
    const fenced = (token: number): Change[] => [
      { do: 'expect-lease', lease: 'sequencer', token },
      { do: 'count', counter: 'signed', by: 1 },
    ];
    now += 999;
    t.match(await state.lease('sequencer', `r${holder}`, 1000), { token: first, until: now + 1000 }, 'renewed');
    await state.commit(fenced(first));
    now += 1000;
    t.equal(await conflictAt(state.commit(fenced(first))), 0, 'its time is over');
    const second = (await other.lease('sequencer', 'somebody', 1000))?.token ?? 0;
    t.ok(second > first);
    t.equal(await conflictAt(state.commit(fenced(first))), 0);
    t.equal(await state.lease('sequencer', `r${holder}`, 1000), undefined);
    await state.release('sequencer', first);
    await other.commit(fenced(second));
    await other.release('sequencer', second);
    t.equal(await conflictAt(other.commit(fenced(second))), 0, 'given back');
    t.ok(((await state.lease('sequencer', 'somebody', 1000))?.token ?? 0) > second);
    t.equal(await state.counter('signed'), 2);
    t.equal(OUTBOX_LEASE, 'outbox');
  });

  t.test('work over several documents is as if nobody else did anything', async (t) => {
    const { state, open } = (await world(t)) ?? {};
    if (state === undefined || open === undefined) return;
    const clients = [state, await open(), await open()];
    await state.commit([put('left', 50), put('right', 50)]);
    const move = async (client: State, by: number): Promise<number> => {
      const { result } = await transact(client, async (work: Transaction) => {
        const left = (await work.document('paper', 'left'))?.body as number;
        const right = (await work.document('paper', 'right'))?.body as number;
        work.put({ kind: 'paper', id: 'left', body: left - by });
        work.put({ kind: 'paper', id: 'right', body: right + by });
        return left + right;
      });
      return result;
    };
    const sums = await Promise.all(
      clients.flatMap((client, i) => [move(client, i), move(client, 1), move(client, -2)]),
    );
    t.ok(sums.every((sum) => sum === 100));
    t.strictSame(
      [(await state.document('paper', 'left'))?.body, (await state.document('paper', 'right'))?.body],
      [50, 50],
    );
    await t.rejects(
      transact(state, async (work) => {
        work.put({ kind: 'paper', id: 'left', body: 0 });
        throw new Error('the work failed');
      }),
      { message: 'the work failed' },
    );
    t.equal((await state.document('paper', 'left'))?.body, 50);
  });

  t.test('what was written comes back, letter by letter', async (t) => {
    const { state, open } = (await world(t)) ?? {};
    if (state === undefined || open === undefined) return;
    const odd = {
      zero: '\0',
      half: '\ud83d',
      whole: '😀',
      quotes: `'"\\$body$`,
      numbers: [0, -1, 1e21, 0.1, 9007199254740991],
      nothing: null,
      nested: { b: 1, a: [[], {}] },
      long: 'x'.repeat(1_000_000),
    };
    const id = `'"\\ 一😀 $1 %`;
    await state.commit([
      put(id, odd, { owner: id, links: [id] }),
      { do: 'append', stream: id, events: [odd, 'text', 1, null] },
      { do: 'set', set: id, put: { [id]: odd } },
      { do: 'count', counter: id, by: 1 },
      { do: 'send', topic: id, key: id, value: null, headers: { [id]: '\0' } },
    ]);
    const other = await open();
    t.strictSame((await other.document('paper', id))?.body, odd);
    t.equal((await other.documents('paper', { link: id })).documents.length, 1);
    t.equal((await other.documents('paper', { owner: id })).documents.length, 1);
    t.strictSame(
      (await other.events(id)).map(({ body }) => body),
      [odd, 'text', 1, null],
    );
    t.strictSame((await other.set(id)).members.get(id), odd);
    t.equal(await other.counter(id), 1);
    t.match(await other.outbox(), [{ topic: id, key: id, value: null, headers: { [id]: '\0' } }]);
    const text = JSON.stringify((await other.document('paper', id))?.body);
    t.equal(text, JSON.stringify(odd), 'members in their order');
  });

  t.test('what is no name, or twice in a commit, is a fault of the program and changes nothing', async (t) => {
    const { state } = (await world(t)) ?? {};
    if (state === undefined) return;
    for (const name of ['', 'a\0', 'a\n', '\ud800', 'x'.repeat(513), '\u{10ffff}'])
      await t.rejects(state.commit([put(name, 1)]), TypeError, JSON.stringify(name.slice(0, 5)));
    await t.rejects(state.commit([put('a', 1), put('a', 2)]), TypeError);
    await t.rejects(state.commit([]), TypeError);
    await t.rejects(state.commit([put('a', undefined)]), TypeError);
    await t.rejects(state.commit([{ do: 'count', counter: 'c', by: 0.5 }]), TypeError);
    t.equal(await state.revision(), 0);
    await state.commit([put('x'.repeat(512), 1, { owner: 'o'.repeat(512), links: ['l'.repeat(512)] })]);
    t.equal((await state.documents('paper', { link: 'l' })).documents.length, 1);
  });

  t.test('of processes that are killed while they commit, nothing that was acknowledged is lost', async (t) => {
    const { state, place } = (await world(t)) ?? {};
    if (state === undefined || place === undefined) return;
    const children = ['a', 'b'].map((who) => {
      const child = fork(new URL('./state-child.js', import.meta.url), [module.href, place, who]);
      let told = 0;
      child.on('message', ({ n }: { readonly n: number }) => (told = n));
      return { who, child, told: () => told };
    });
    for (const { child, told } of children) {
      await until(() => told() >= 20, 'its commits');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    let sum = 0;
    for (const { who, told } of children) {
      let events = 0;
      for (;;) {
        const page = await state.events(`child ${who}`, events);
        t.ok(page.every(({ number, body }) => number === body));
        events += page.length;
        if (page.length === 0) break;
      }
      t.ok(events >= told(), 'all that it was told of');
      sum += events;
    }
    t.equal(await state.counter('children'), sum, 'each whole, once');
    await state.commit([put('after', 1)]);
  });
}

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type Person, personOf, ROLES } from '../../../gateway/ground/identity/person.js';
import {
  hideSubject,
  openSessions,
  type Sessions,
  sessionFile,
  sessionsIn,
  shownSubject,
} from '../../../gateway/http/people/sessions.js';
import { SHARED, type SharedKind, sharedState } from '../../support/shared-state.js';

const MINUTE = 60_000;
const person: Person = { id: 'https://id.test|1', name: '林', roles: ['auditor'], subjects: [] };

interface World {
  readonly sessions: Sessions;
  /** As another process has it. */
  readonly other: Sessions;
  readonly clock: { now: number };
}

/** Undefined where this machine has no such store. */
async function world(t: Test, kind: 'files' | SharedKind): Promise<World | undefined> {
  const dataDir = t.testdir();
  const clock = { now: 1_700_000_000_000 };
  const open = kind === 'files' ? undefined : await sharedState(t, kind);
  if (kind !== 'files' && open === undefined) return undefined;
  const made = async (): Promise<Sessions> =>
    openSessions({
      map: open === undefined ? sessionFile(dataDir) : sessionsIn(await open()),
      now: () => clock.now,
      idleMs: 15 * MINUTE,
      maxMs: 8 * 60 * MINUTE,
    });
  const [sessions, other] = [await made(), await made()];
  t.teardown(async () => {
    await sessions.close();
    await other.close();
  });
  return { sessions, other, clock };
}

for (const kind of ['files', ...SHARED] as const) {
  t.test(
    `${kind}: a session ends when it is idle, when it is old, and when its person says so; everywhere`,
    async (t) => {
      const made = await world(t, kind);
      if (made === undefined) return;
      const { sessions, other, clock } = made;
      const { token } = await sessions.create(person);
      t.match(await other.find(token), { person: { id: person.id } });
      clock.now += 14 * MINUTE;
      t.ok(await other.find(token));
      clock.now += 14 * MINUTE;
      t.ok(await sessions.find(token), 'used meanwhile');
      clock.now += 15 * MINUTE + 1;
      t.equal(await sessions.find(token), undefined, 'idle');

      const long = (await sessions.create(person)).token;
      for (let minutes = 0; minutes < 480; minutes += 10) {
        t.ok(await sessions.find(long));
        clock.now += 10 * MINUTE;
      }
      clock.now += 1;
      t.equal(await sessions.find(long), undefined, 'old, however busy');

      const left = (await sessions.create(person)).token;
      t.match(await other.end(left), { person: { id: person.id } });
      t.equal(await sessions.find(left), undefined);
      t.equal(await sessions.end(left), undefined);
    },
  );

  t.test(`${kind}: a sign-in comes back once, in time, and is no session`, async (t) => {
    const made = await world(t, kind);
    if (made === undefined) return;
    const { sessions, other, clock } = made;
    const pending = { state: 's', nonce: 'n', verifier: 'v', returnTo: '/console' };
    const token = await sessions.begin(pending);
    t.equal(await sessions.find(token), undefined);
    t.match(await other.take(token), pending);
    t.equal(await sessions.take(token), undefined, 'once');
    const late = await sessions.begin(pending);
    clock.now += 10 * MINUTE + 1;
    t.equal(await sessions.take(late), undefined);
    const session = (await sessions.create(person)).token;
    t.equal(await sessions.take(session), undefined, 'a session is no sign-in');
    for (const wrong of ['', 'x', '../..', token.slice(1), `${token}a`]) t.equal(await sessions.find(wrong), undefined);
  });

  t.test(`${kind}: of many who end one session or come back with one sign-in at once, one does`, async (t) => {
    const { sessions, other } = (await world(t, kind)) ?? {};
    if (sessions === undefined || other === undefined) return;
    const { token } = await sessions.create(person);
    const coming = await sessions.begin({ state: 's', nonce: 'n', verifier: 'v', returnTo: '/' });
    const many = <T>(work: (by: Sessions) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: 12 }, (_, i) => work(i % 2 === 0 ? sessions : other)));
    t.equal((await many((by) => by.end(token))).filter((one) => one !== undefined).length, 1);
    t.equal((await many((by) => by.take(coming))).filter((one) => one !== undefined).length, 1);
  });
}

t.test('the file of sessions signs nobody in, and says of nobody that they are signed in', async (t) => {
  const dataDir = t.testdir();
  const sessions = openSessions({ map: sessionFile(dataDir), now: Date.now, idleMs: MINUTE, maxMs: MINUTE });
  t.teardown(() => sessions.close());
  const { token } = await sessions.create(person);
  const file = join(dataDir, 'people', 'sessions');
  t.equal(statSync(file).mode & 0o077, 0);
  t.notOk(readFileSync(file).includes(token));
  for (const word of [person.id, person.name, ...person.subjects]) t.notOk(readFileSync(file).includes(word), word);
  t.match(await sessions.find(token), { person });
});

t.test("a subject's name in an address is of one session only, and cannot be made up", async (t) => {
  const { sessions } = (await world(t, 'files')) ?? {};
  if (sessions === undefined) return t.fail('files are everywhere');
  const [a, b] = [(await sessions.create(person)).session, (await sessions.create(person)).session];
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), fc.nat(), (subject, at) => {
      const hidden = hideSubject(a, subject);
      const changed = Buffer.from(hidden, 'base64url');
      const place = at % changed.length;
      changed[place] = (changed[place] ?? 0) ^ 1;
      return (
        shownSubject(a, hidden) === Buffer.from(subject).toString('utf8') &&
        hidden === hideSubject(a, subject) &&
        shownSubject(b, hidden) === undefined &&
        shownSubject(a, changed.toString('base64url')) === undefined
      );
    }),
  );
  t.equal(shownSubject(a, 'x'), undefined);
});

t.test('a role counts only if it is spelt exactly and says what it is about', (t) => {
  const names = { roles: 'r', authority: 'a', subjects: 's' };
  const of = (claims: Record<string, unknown>): readonly string[] =>
    personOf('https://id.test', { sub: '1', ...claims }, names).roles;
  t.same(of({}), []);
  t.same(of({ r: 'auditor' }), ['auditor']);
  t.same(of({ r: ['Auditor', 'root', '*', 'auditor ', 5, null] }), []);
  t.same(of({ r: ROLES }), ['auditor', 'sharing-authority'], 'no authority, no subject');
  t.same(of({ r: ROLES, a: 'tax', s: ['uscc:1'] }), ROLES);
  t.same(of({ r: { auditor: true } }), []);
  t.end();
});
